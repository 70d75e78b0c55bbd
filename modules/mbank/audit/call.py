# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The audit: one row for each call of the bank's web service.

The gateway writes a row, and commits it, before a call leaves and completes
it after; nothing else writes here. See docs/adr/0008.
"""
import datetime as dt
import logging

from sql import Column, Expression
from sql.conditionals import Coalesce
from trytond import backend
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction, without_check_access

from .. import independent
from ..clock import utcnow
from . import call_guard

logger = logging.getLogger(__name__)

PENDING = 'pending'
OUTCOMES = [
    (PENDING, "Under Way"),
    ('accepted', "Accepted"),
    ('refused', "Refused"),
    ('not_sent', "Not Sent"),
    ('unknown', "Unknown"),
    ]
#: No call takes so long: what is under way then was left by a killed process.
PENDING_LIFE = dt.timedelta(hours=1)
#: Rows the retention deletes in one transaction.
BATCH = 5000
#: The only column with an index by which all rows can be sorted.
_SORTABLE = {'time'}


class Call(ModelSQL, ModelView):
    __name__ = 'mbank.call'
    _rec_name = 'operation'
    #: What completing a row fills in.
    _completed = frozenset(['outcome', 'duration', 'bank_code'])
    #: Links that are emptied with what they name.
    _links = frozenset()

    time = fields.DateTime("Time", required=True, readonly=True)
    operation = fields.Char("Operation", required=True, readonly=True,
        translate=False)
    purpose = fields.Char("Part of", readonly=True,
        help="The operation the call was made for: the bank is asked several "
        "times until one is done.")
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True, ondelete='RESTRICT')
    company_name = fields.Char("Name of Head Office", readonly=True,
        help="As it was then.")
    dik = fields.Char("DIK", readonly=True)
    account = fields.Char("Account", readonly=True,
        help="The account the call was for, if it was for one: the bank "
        "gives the statements of all accounts of a DIK at once.")
    requester = fields.Many2One(
        'res.user', "Requester", readonly=True, ondelete='RESTRICT',
        help="The user who asked for the operation.\n"
        "Empty when the program did it by itself.")
    requester_name = fields.Char("Name of Requester", readonly=True,
        help="As it was then.")
    authoriser = fields.Many2One(
        'res.user', "Authoriser", readonly=True, ondelete='RESTRICT',
        help="The user whose session authorised the operation.")
    authoriser_name = fields.Char("Name of Authoriser", readonly=True,
        help="As it was then.")
    session_number = fields.Integer("Number of Session", readonly=True)
    reference = fields.Char("Reference", readonly=True,
        help="The same as in the message of an error.")
    duration = fields.TimeDelta("Duration", readonly=True)
    seconds = fields.Function(
        fields.Float("Duration (s)", digits=(None, 3)), 'get_seconds')
    outcome = fields.Selection(
        OUTCOMES, "Outcome", required=True, readonly=True, sort=False)
    bank_code = fields.Char("Bank Code", readonly=True)

    @classmethod
    def __setup__(cls):
        for name in ['operation', 'purpose', 'company_name', 'dik', 'account',
                'requester_name', 'authoriser_name', 'reference',
                'bank_code']:
            getattr(cls, name).search_unaccented = False
        super().__setup__()
        cls._order = [('time', 'DESC'), ('id', 'DESC')]
        t = cls.__table__()
        newest = [(t.time, Index.Range()), (t.id, Index.Range())]
        cls._sql_indexes.update({
                Index(t, *newest),
                Index(t, (t.company, Index.Range()), *newest),
                Index(t, (t.authoriser, Index.Range()), *newest),
                # The few that are looked for among the many
                Index(t, *newest, where=t.outcome != 'accepted'),
                })

    @classmethod
    def __register__(cls, module_name):
        super().__register__(module_name)
        if backend.name == 'postgresql':
            call_guard.install(
                cls._table,
                [name for name, field in cls._fields.items()
                    if field.sql_type()
                    and not isinstance(field, fields.Function)],
                cls._completed, cls._links)

    @classmethod
    def fields_get(cls, fields_names=None, level=0):
        definitions = super().fields_get(fields_names, level=level)
        for name, definition in definitions.items():
            if name not in _SORTABLE:
                definition['sortable'] = False
        return definitions

    def get_seconds(self, name):
        if self.duration is not None:
            return self.duration.total_seconds()

    @classmethod
    def search_rec_name(cls, name, clause):
        _, operator, value = clause
        none = operator.startswith('!') or operator.startswith('not ')
        return ['AND' if none else 'OR',
            ('operation', operator, value),
            ('reference', operator, value),
            ]

    @classmethod
    def view_attributes(cls):
        outcome = Eval('outcome')
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(outcome == 'refused', 'danger',
                    If(outcome == 'unknown', 'warning',
                        If(outcome.in_(['not_sent', PENDING]), 'muted',
                            '')))),
            ]

    # Nobody changes the audit through the ERP

    @classmethod
    def create(cls, vlist):
        raise AccessError(gettext('mbank.msg_call_fixed'))

    @classmethod
    def write(cls, *args):
        # Only what the deletion of a record does to a link to it
        if Transaction().check_access or not all(
                values.keys() <= cls._links
                and set(values.values()) == {None}
                for values in args[1::2]):
            raise AccessError(gettext('mbank.msg_call_fixed'))
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        for calls, values in zip(args[::2], args[1::2]):
            cursor.execute(*table.update(
                    [Column(table, name) for name in values],
                    [None] * len(values),
                    where=table.id.in_([c.id for c in calls])))

    @classmethod
    def delete(cls, calls):
        raise AccessError(gettext('mbank.msg_call_fixed'))

    # What the gateway does, each in a transaction of its own

    @classmethod
    def parties(cls, company=None, authoriser=None, session=None):
        """Whom calls are for and by, with the names they have when written.

        company, authoriser and session are ids or None; the requester is the
        user of the transaction.
        """
        requester = Transaction().user or None
        return {
            'company': company,
            'company_name': cls._name_of_company(company),
            'requester': requester,
            'requester_name': cls._name_of_user(requester),
            'authoriser': authoriser,
            'authoriser_name': cls._name_of_user(authoriser),
            'session_number': session,
            }

    # The names are read by the statement that writes the row

    @classmethod
    def _name_of_company(cls, id_):
        pool = Pool()
        company = pool.get('company.company').__table__()
        party = pool.get('party.party').__table__()
        return id_ and Coalesce(
            company.join(
                party, condition=company.party == party.id).select(
                party.name, where=company.id == id_),
            None)

    @classmethod
    def _name_of_user(cls, id_):
        user = Pool().get('res.user').__table__()
        # The root user of tasks and crons has an id and no name
        return (id_ or None) and Coalesce(
            user.select(
                Coalesce(user.name, user.login), where=user.id == id_),
            None)

    @classmethod
    def begin(cls, **values):
        "Record that a call is about to be made; returns the row's id"
        transaction = Transaction()
        cursor = transaction.connection.cursor()
        table = cls.__table__()
        values['outcome'] = PENDING
        query = table.insert(*cls._columns(table, values, lambda v: [v]))
        if transaction.database.has_returning():
            query.returning = [table.id]
            cursor.execute(*query)
            id_, = cursor.fetchone()
            return id_
        cursor.execute(*query)
        return transaction.database.lastid(cursor)

    @classmethod
    def end(cls, call_id, outcome, **values):
        "Record what came of the call; a row is completed once"
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        cursor.execute(*table.update(
                *cls._columns(table, {'outcome': outcome, **values}),
                where=(table.id == call_id) & (table.outcome == PENDING)))

    @classmethod
    def _columns(cls, table, values, rows=list):
        return (
            [Column(table, name) for name in values],
            rows([
                    value if isinstance(value, Expression)
                    else cls._fields[name].sql_format(value)
                    for name, value in values.items()]))

    # What the cron does

    @classmethod
    def clean(cls):
        "Mark what killed processes left, delete what was kept long enough"
        Configuration = Pool().get('mbank.configuration')
        now = utcnow()
        interrupted = independent.run(
            cls._mark_interrupted, now - PENDING_LIFE)
        if interrupted:
            logger.warning(
                "%s calls to the bank were interrupted: unknown", interrupted)
        with without_check_access():
            days = Configuration(1).audit_keep_days
        before = now - dt.timedelta(days=max(days, call_guard.LEAST_DAYS))
        deleted = 0
        while count := independent.run(cls._delete_old, before):
            deleted += count
        if deleted:
            logger.info("%s calls before %s deleted", deleted, before)

    @classmethod
    def _mark_interrupted(cls, before):
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        cursor.execute(*table.update(
                [table.outcome], ['unknown'],
                where=(table.outcome == PENDING) & (table.time < before)))
        return cursor.rowcount

    @classmethod
    def _delete_old(cls, before):
        cursor = Transaction().connection.cursor()
        table = cls.__table__()
        old = cls.__table__()
        cursor.execute(*table.delete(where=table.id.in_(
                    old.select(
                        old.id,
                        where=(old.time < before) & (old.outcome != PENDING),
                        order_by=[old.time, old.id],
                        limit=BATCH))))
        return cursor.rowcount
