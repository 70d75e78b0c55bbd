# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a person reads of a session: what it may do, and how it is used."""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import PoolMeta
from trytond.pyson import Eval, If

from .. import gateway
from ..clock import local_text
from ..company import names_of, offices_with
from . import session_states


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    context_name = fields.Function(
        fields.Char("Context",
            help="The head office the session is kept for, or the database."),
        'get_context_name')

    difference = fields.Function(fields.Text(
            "Granted Otherwise",
            states={
                'invisible': ~Eval('difference'),
                },
            help="What the bank granted other than it was asked for."),
        'get_difference')

    @classmethod
    def view_attributes(cls):
        state = Eval('state')
        return super().view_attributes() + [
            ('/tree/field[@name="state"]', 'visual',
                If(state == session_states.ACTIVE, 'success',
                    If(state.in_([
                                session_states.EXPIRING,
                                session_states.AWAITING,
                                session_states.PROVING]), 'warning',
                        If(state.in_([
                                    session_states.EXPIRED,
                                    session_states.REVOKED,
                                    session_states.REFUSED]), 'danger',
                            'muted'))))]

    def get_context_name(self, name):
        if self.company:
            return self.company.rec_name
        return gettext('mbank.msg_session_of_database')

    @classmethod
    def order_context_name(cls, tables):
        return cls.company.convert_order('company', tables, cls)

    def get_difference(self, name):
        if self.state in session_states.PENDING or not self.activated:
            return None
        lines = []
        if self.end and self.asked_end and self.end < self.asked_end:
            lines.append(gettext(
                    'mbank.msg_session_shorter',
                    end=local_text(self.end, self.company),
                    asked=local_text(self.asked_end, self.company)))
        if self.end and self.bank_end and self.end < self.bank_end:
            lines.append(gettext(
                    'mbank.msg_session_longer',
                    end=local_text(self.end, self.company),
                    bank_end=local_text(self.bank_end, self.company)))
        for dik in self.diks:
            if not dik.asked:
                lines.append(gettext(
                        'mbank.msg_session_dik_unasked', dik=dik.dik))
            elif not dik.granted:
                lines.append(gettext(
                        'mbank.msg_session_dik_refused', dik=dik.dik))
            elif missing := gateway.missing_text(
                    dik.operation_names, self.asked_operations):
                lines.append(gettext(
                        'mbank.msg_session_operations_missing',
                        dik=dik.dik, operations=missing))
        return '\n'.join(lines) or None

    @classmethod
    def search_rec_name(cls, name, clause):
        return ['OR',
            super().search_rec_name(name, clause),
            ('bank_user', *clause[1:]),
            ('diks.dik', *clause[1:]),
            ('diks.company.rec_name', *clause[1:]),
            ('company.rec_name', *clause[1:]),
            ]


class SessionDik(metaclass=PoolMeta):
    __name__ = 'mbank.session.dik'

    asked_text = fields.Function(
        fields.Char("Asked For"), 'get_asked_text')
    operations_text = fields.Function(
        fields.Char("Granted"), 'get_operations_text')
    is_less = fields.Function(
        fields.Boolean("Granted Less"), 'get_is_less')
    comparison = fields.Function(
        fields.Char("Comparison"), 'get_comparison')
    offices = fields.Function(
        fields.Char("Head Offices with This DIK",
            help="A session and its statements are of all of them."),
        'get_offices')

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree/field[@name="operations_text"]', 'visual',
                If(Eval('is_less'), 'danger', '')),
            ('/tree/field[@name="comparison"]', 'visual',
                If(Eval('is_less'), 'danger',
                    If(Eval('granted'), 'success', '')))]

    def get_offices(self, name):
        return names_of(offices_with(self.dik)) or None

    def get_asked_text(self, name):
        if not self.asked:
            return gettext('mbank.msg_result_nothing')
        return gateway.operations_text(self.session.asked_operations)

    def get_operations_text(self, name):
        return (gateway.operations_text(self.granted_names)
            or gettext('mbank.msg_result_nothing'))

    def get_is_less(self, name):
        return bool(self.asked and self.session.is_answered
            and gateway.missing_text(
                self.granted_names, self.session.asked_operations))

    def get_comparison(self, name):
        if not self.session.is_answered:
            return None
        if self.is_less:
            return gettext('mbank.msg_session_dik_less')
        if self.operations_text == self.asked_text:
            return gettext('mbank.msg_session_dik_same')
        return gettext('mbank.msg_session_dik_more')
