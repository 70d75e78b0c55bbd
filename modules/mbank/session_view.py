# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a person reads of a session: what it may do, and how it is used."""
import datetime as dt

from sql.aggregate import Count, Max
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval, If
from trytond.tools import grouped_slice, reduce_ids
from trytond.transaction import Transaction, record_cache_size

from . import clock, session_states
from .clock import local_text
from .company import names_of, offices_with
from .operation_words import operations_text


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    context_name = fields.Function(
        fields.Char("Context",
            help="The head office the session is kept for, or the database."),
        'get_context_name')
    last_call = fields.Function(
        fields.DateTime("Last Call",
            states={
                'invisible': ~Eval('last_call'),
                }),
        'get_use')
    calls_today = fields.Function(fields.Integer("Calls Today"), 'get_use')
    use = fields.Function(fields.Char("Use"), 'get_use')
    sharing = fields.Function(fields.Char("Sharing"), 'get_sharing_text')

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

    @classmethod
    def get_use(cls, sessions, names):
        "From the audit: with two queries for any number of sessions"
        table = Pool().get('mbank.call').__table__()
        transaction = Transaction()
        cursor = transaction.connection.cursor()
        midnight = clock.midnight(clock.today())
        last = dict.fromkeys(map(int, sessions))
        today = dict.fromkeys(map(int, sessions), 0)
        for part in grouped_slice(
                sessions, record_cache_size(transaction)):
            where = reduce_ids(table.session, [s.id for s in part])
            cursor.execute(*table.select(
                    table.session, Max(table.time), where=where,
                    group_by=table.session))
            for id_, time in cursor.fetchall():
                # SQLite gives the text.
                if isinstance(time, str):
                    time = dt.datetime.fromisoformat(time)
                last[id_] = time
            cursor.execute(*table.select(
                    table.session, Count(table.id),
                    where=where & (table.time >= midnight),
                    group_by=table.session))
            today.update(cursor.fetchall())
        values = {'last_call': last, 'calls_today': today}
        if 'use' in names:
            values['use'] = {
                s.id: cls._use_text(last[s.id], today[s.id], s.company)
                for s in sessions}
        return {name: values[name] for name in names}

    @classmethod
    def _use_text(cls, last, today, company):
        if last is None:
            return gettext('mbank.msg_session_unused')
        return gettext(
            'mbank.msg_session_used',
            last=local_text(last, company), today=today)

    def get_sharing_text(self, name):
        if self.shared_from:
            return gettext('mbank.msg_session_received')
        if not self.shares:
            return gettext('mbank.msg_session_unshared')
        return gettext('mbank.msg_session_shares', count=len(self.shares))

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

    operations_text = fields.Function(
        fields.Char("Operations Granted"), 'get_operations_text')
    offices = fields.Function(
        fields.Char("Head Offices with This DIK",
            help="A session and its statements are of all of them."),
        'get_offices')

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree/field[@name="granted"]', 'visual',
                If(Eval('granted'), 'success', 'danger'))]

    def get_offices(self, name):
        return names_of(offices_with(self.dik)) or None

    def get_operations_text(self, name):
        if not self.granted:
            return gettext('mbank.msg_result_nothing')
        return (operations_text(self.operation_names)
            or gettext('mbank.msg_result_nothing'))
