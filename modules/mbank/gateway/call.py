# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The audit in words: its rows keep the names of the contract."""
from trytond.model import fields
from trytond.pool import PoolMeta

from .operations import operation_selection, operation_text


class Call(metaclass=PoolMeta):
    __name__ = 'mbank.call'

    what = fields.Function(
        fields.Selection('get_whats', "What Was Asked", readonly=True,
            sort=False),
        'get_words', searcher='search_words')
    what_string = what.translated('what')
    what_for = fields.Function(
        fields.Selection('get_whats', "In the Course of", readonly=True,
            sort=False,
            help="What the call was made for: the bank is asked several "
            "times until one thing is done."),
        'get_words', searcher='search_words')

    what_for_string = what_for.translated('what_for')

    @classmethod
    def get_whats(cls):
        return [(None, ''), *operation_selection()]

    @classmethod
    def get_words(cls, calls, names):
        known = dict(operation_selection())
        columns = {'what': 'operation', 'what_for': 'purpose'}
        return {
            name: {
                c.id: value if (value := getattr(c, columns[name])) in known
                else None
                for c in calls}
            for name in names}

    @classmethod
    def search_words(cls, name, clause):
        column = {'what': 'operation', 'what_for': 'purpose'}[name]
        return [(column, *clause[1:])]

    def get_rec_name(self, name):
        return operation_text(self.operation)
