# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The calls that a session authorised: its row in the audit, and its use."""
import datetime as dt

from sql.aggregate import Count, Max
from trytond.i18n import gettext
from trytond.model import Index, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.tools import grouped_slice, reduce_ids
from trytond.transaction import Transaction, record_cache_size

from .. import clock


class Call(metaclass=PoolMeta):
    __name__ = 'mbank.call'

    session = fields.Many2One(
        'mbank.session', "Session", readonly=True, ondelete='SET NULL',
        help="Empty once an attempt to make a session is deleted.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._links |= {'session'}
        t = cls.__table__()
        cls._sql_indexes.add(Index(
                t, (t.session, Index.Range()), (t.time, Index.Range()),
                (t.id, Index.Range())))

    @classmethod
    def parties(cls, company=None, authoriser=None, session=None):
        return {
            **super().parties(company, authoriser, session),
            'session': session,
            }


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    last_call = fields.Function(
        fields.DateTime("Last Call",
            states={
                'invisible': ~Eval('last_call'),
                }),
        'get_use')
    calls_today = fields.Function(fields.Integer("Calls Today"), 'get_use')
    use = fields.Function(fields.Char("Use"), 'get_use')

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
            last=clock.local_text(last, company), today=today)
