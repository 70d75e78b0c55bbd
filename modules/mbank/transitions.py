# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The only moves between the states of a record, whoever writes it."""
from trytond.i18n import gettext

from .exceptions import TransitionError


class Transitions(frozenset):
    "A table of moves: pairs of the state before and the one after"

    def allow(self, before, after):
        "Whether a record may go from the one state to the other"
        return (before, after) in self


class MovingMixin:
    """A model whose state moves along a table and in no other way.

    It holds for the server's own code too, not only for clients: what is
    wrong there is found before it is stored.
    """
    __slots__ = ()
    _transitions = Transitions()
    #: The states a record may be made in.
    _first_states = frozenset()
    #: Whether the state a record has may be written again.
    _state_may_stay = True
    _transition_error = TransitionError

    @classmethod
    def check_modification(cls, mode, records, values=None, external=False):
        super().check_modification(
            mode, records, values=values, external=external)
        if mode == 'create':
            for record in records:
                if record.state not in cls._first_states:
                    record._refuse_transition(None, record.state)
        elif mode == 'write' and 'state' in values:
            after = values['state']
            for record in records:
                before = record.state
                if before == after and cls._state_may_stay:
                    continue
                if not cls._transitions.allow(before, after):
                    record._refuse_transition(before, after)

    def _refuse_transition(self, before, after):
        cls = self.__class__
        names = dict(cls.fields_get(['state'])['state']['selection'])
        raise cls._transition_error(gettext(
                'mbank.msg_transition',
                record='%s (%s)' % (cls.__names__()['model'], self.id),
                before=names.get(before, before or '-'),
                after=names.get(after, after)))
