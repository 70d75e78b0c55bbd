# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Accounts whose statements are downloaded, and the download by hand."""
import datetime as dt
import logging
from collections import defaultdict
from itertools import groupby

from trytond import backend
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Unique, fields)
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import (
    Transaction, TransactionError, without_check_access)
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .. import gateway, independent, telling
from ..clock import utcnow
from ..company import names_of, offices_with
from ..exceptions import DownloadError, RefusedError
from ..rights import (
    EntitledMixin, check_company, check_right, context_of, has_right)
from ..sessions.authorisation import Authorisation
from . import statement_days
from .statement_days import DAY, Days

logger = logging.getLogger(__name__)
# The bank keeps statements for six months  # S-450, L-454
KEPT_DAYS = 180


class Account(DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'mbank.statement.account'

    company = fields.Many2One(
        'company.company', "Head Office", required=True)
    journal = fields.Many2One(
        'account.statement.journal', "Statement Journal", required=True,
        ondelete='CASCADE',
        domain=[
            ('company', '=', Eval('company', -1)),
            ('bank_account', '!=', None),
            ])
    bank_account = fields.Function(fields.Many2One(
            'bank.account', "Bank Account"), 'on_change_with_bank_account')
    first_day = fields.Date(
        "Download from", required=True,
        help="The first day whose statement is downloaded.")
    last_day = fields.Date(
        "Done up to", readonly=True,
        help="All days up to it are done with: the statement is there, or "
        "none is to come, or it is missing. The days after it that lack a "
        "statement are asked for at each download.")
    statement_days = fields.Selection([
            (statement_days.ENTRIES, "Days with Entries"),
            (statement_days.BANK_DAYS, "Bank Days"),
            (statement_days.EVERY_DAY, "Every Day"),
            ], "Statements of", required=True, sort=False,
        help="The days of which the bank makes a statement. Bank days are "
        "those from Monday to Friday that are no Polish holidays.")
    ask_days = fields.Integer(
        "Ask Again for Days", required=True,
        domain=[
            ('ask_days', '>=', 0),
            ('ask_days', '<=', 30),
            ],
        help="A day without its statement is asked for again on so many "
        "days, then it is missing if a statement was to be expected.")
    missing_days = fields.Function(fields.Char(
            "Missing Days",
            help="The days whose statements did not come and are not asked "
            "for any more by themselves. \"Download Statements\" asks again."),
        'get_missing_days')
    alarm_days = fields.Integer(
        "Alarm after Days",
        domain=['OR',
            ('alarm_days', '=', None),
            ('alarm_days', '>', 0),
            ],
        help="Without a statement for so many days the account is marked. "
        "Leave empty for no alarm.")
    queued_at = fields.DateTime("Download Queued at", readonly=True)
    last_statement = fields.Date("Date of Last Statement", readonly=True)
    last_download = fields.DateTime("Last Download", readonly=True)
    last_state = fields.Selection([
            (None, ""),
            ('done', "Done"),
            ('problem', "Look at the Result"),
            ('missing', "Statement Missing"),
            ('failed', "Failed"),
            ], "State of Last Download", readonly=True, sort=False)
    last_result = fields.Text("Result", readonly=True)
    authorisation = fields.Function(fields.Text(
            "Authorisation",
            help="Whose session would authorise a download by you."),
        'get_authorisation')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints = [
            ('journal_unique', Unique(t, t.journal),
                'mbank.msg_statement_account_unique'),
            ]
        cls._buttons.update({
                'download_missing': {},
                })

    @classmethod
    def default_company(cls):
        return Transaction().context.get('company')

    @classmethod
    def default_first_day(cls):
        return Pool().get('ir.date').today() - DAY

    @classmethod
    def default_alarm_days(cls):
        return 5

    @classmethod
    def default_statement_days(cls):
        return statement_days.ENTRIES

    @classmethod
    def default_ask_days(cls):
        return 7

    @fields.depends('journal')
    def on_change_with_bank_account(self, name=None):
        return self.journal.bank_account if self.journal else None

    @classmethod
    def get_missing_days(cls, accounts, name):
        with without_check_access():
            known = cls._known_days(cls.browse(accounts))
            return {
                a.id: statement_days.shown(a._missing(known[a])) or None
                for a in known}

    def get_authorisation(self, name):
        return _authorisation(self.company)

    def get_rec_name(self, name):
        return self.journal.rec_name

    @classmethod
    def search_rec_name(cls, name, clause):
        return [('journal.rec_name', *clause[1:])]

    @classmethod
    def view_attributes(cls):
        state = Eval('last_state')
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(state == 'failed', 'danger',
                    If(state.in_(['problem', 'missing']), 'warning', ''))),
            ]

    @property
    def next_day(self):
        return self.last_day + DAY if self.last_day else self.first_day

    @classmethod
    @ModelView.button
    def download_missing(cls, accounts):
        check_right('group_statement_download')
        first_error = None
        with without_check_access():
            for company, _ in _by_company(accounts):
                try:
                    cls.download(company, missing=True)
                except Exception as error:
                    if _runs_again(error):
                        raise
                    # Noted on the accounts of this head office
                    first_error = first_error or error
        if first_error:
            raise first_error

    @classmethod
    def download_daily(cls):
        "Queue one task for each head office with accounts to download"
        with without_check_access():
            for _, accounts in _by_company(cls.search([])):
                cls._queue_download(accounts)

    @classmethod
    def _queue_download(cls, accounts):
        cls.write(accounts, {'queued_at': utcnow()})
        cls.__queue__.download_company(accounts)

    @classmethod
    def recover_downloads(cls, lost_after):
        "Queue the downloads again whose tasks a killed worker took along"
        lost = cls.search([
                ('queued_at', '<', utcnow() - lost_after)])
        for _, accounts in _by_company(lost):
            cls._queue_download(accounts)

    @classmethod
    def download_company(cls, accounts):
        "Download what the accounts miss, run by the queue"
        with without_check_access():
            for company, accounts in _by_company(cls.browse(accounts)):
                cls.download(company)

    @classmethod
    def download(cls, company, date_from=None, date_to=None, missing=False):
        """Download the statements of the head office and import them

        Returns for each report a tuple of its id, the ids of its new
        statements and what is to be said.
        Without dates those days up to yesterday are asked for that lack a
        statement and are not done with, and the missing ones too if asked to.
        Each step is committed before the next: the bytes, the statements of
        each report, the last day; and only then the bank is told.
        A download run again, as the server does after a conflict, harms
        nothing.
        """
        pool = Pool()
        Date = pool.get('ir.date')
        with Transaction().set_context(context_of(company)):
            accounts = cls.search([('company', '=', company.id)])
            # All that was booked yesterday is told of today, or on one of
            # the days after it  # L-456
            yesterday = Date.today() - DAY
            if date_from is None:
                if not accounts:
                    raise DownloadError(gettext(
                            'mbank.msg_download_no_account',
                            company=company.rec_name))
                spans = statement_days.spans(
                    d for d in cls._days_to_ask(accounts, missing)
                    if date_to is None or d <= date_to)
            elif date_from > (date_to or yesterday):
                spans = []
            else:
                spans = [(date_from, date_to or yesterday)]
            ids = list(map(int, accounts))
            results, refusal = [], None
            for span in spans:
                try:
                    results += cls._download_days(company, ids, *span)
                except Exception as error:
                    if _runs_again(error):
                        raise
                    independent.run(
                        cls._note_failure, ids,
                        independent.failure_text(error))
                    if not isinstance(error, RefusedError):
                        raise
                    # Of other days it may have statements
                    refusal = refusal or error
            if refusal:
                raise refusal
            if not spans:
                independent.run(
                    cls._move_cursors, ids, [], dt.date.max, dt.date.min,
                    gettext('mbank.msg_download_complete'))
            return results

    @classmethod
    def _days_to_ask(cls, accounts, missing):
        result = set()
        for account, days in cls._known_days(accounts).items():
            result.update(days.awaited(_oldest(days.yesterday)))
            if missing:
                result.update(account._missing(days))
        return result

    @classmethod
    def _download_days(cls, company, accounts, date_from, date_to):
        pool = Pool()
        Report = pool.get('mbank.report')
        session = Authorisation.for_use(company, gateway.FETCH)
        package = gateway.fetch_statements(
            session, company, date_from, date_to)
        reports = independent.run(
            Report.store, company.id, package.task_id,
            package.reports, date_from, date_to, session.user.id)
        results = [Report.take(r, fresh=True) for r in reports]
        independent.run(
            cls._move_cursors, accounts, reports, date_from, date_to,
            '\n'.join(text for _, _, text in results))
        cls.confirm(company, package.task_id)
        return results

    @classmethod
    def _known_days(cls, accounts):
        "What is known of the days of each account, in a few queries"
        pool = Pool()
        Date = pool.get('ir.date')
        Report = pool.get('mbank.report')
        Statement = pool.get('account.statement')
        result = {}
        for company, accounts in _by_company(accounts):
            with Transaction().set_context(context_of(company)):
                yesterday = Date.today() - DAY
            since = _oldest(yesterday)
            unreadable = {}
            for report in Report.search([
                        ('company', '=', company.id),
                        ('state', 'in', ['stored', 'damaged']),
                        ('date_to', '>=', since),
                        ]):
                fetched = report.fetched_at.date()
                for day in statement_days.days_from(
                        max(report.date_from, since), report.date_to):
                    unreadable[day] = min(
                        fetched, unreadable.get(day, fetched))
            there, between = defaultdict(set), defaultdict(set)
            last = {}
            for statement in Statement.search([
                        ('journal', 'in', [a.journal.id for a in accounts]),
                        ('mbank_key', '!=', None),
                        ('state', '!=', 'cancelled'),
                        ('date', '>=', since),
                        ],
                    order=[('date', 'ASC'), ('id', 'ASC')]):
                journal = statement.journal
                first = statement.mbank_first_day or statement.date
                there[journal].update(statement_days.days_from(
                        max(first, since), statement.date))
                before = last.get(journal)
                if before and statement.is_gap_after(before):
                    between[journal].update(statement_days.days_from(
                            before.date + DAY, first - DAY))
                last[journal] = statement
            for account in accounts:
                result[account] = Days(
                    account.statement_days, account.next_day, yesterday,
                    account.ask_days, frozenset(there[account.journal]),
                    frozenset(between[account.journal]), unreadable)
        return result

    def _missing(self, days):
        "The days done with whose statements did not come"
        if not self.last_day:
            return []
        return days.missing(
            max(self.first_day, _oldest(days.yesterday)),
            min(self.last_day, days.yesterday))

    @classmethod
    def _move_cursors(cls, accounts, reports, date_from, date_to, text):
        pool = Pool()
        Report = pool.get('mbank.report')
        accounts = cls.browse(accounts)
        problem = any(r.state != 'imported' for r in Report.browse(reports))
        text = text or gettext(
            'mbank.msg_download_empty', date_from=date_from, date_to=date_to)
        for account, days in cls._known_days(accounts).items():
            oldest = _oldest(days.yesterday)
            missing_before = set(account._missing(days))
            last_over = days.last_over(oldest, date_from, date_to)
            if last_over >= account.next_day:
                account.last_day = last_over
            missing = account._missing(days)
            awaited = [d for d in days.awaited(oldest) if d > last_over]
            account.last_statement = max(filter(None, [
                        account.last_statement,
                        max(days.there, default=None)]), default=None)
            account._note_download('problem' if problem else 'done', [
                    text,
                    awaited and gettext(
                        'mbank.msg_download_awaited',
                        days=statement_days.shown(awaited)),
                    missing and gettext(
                        'mbank.msg_download_missing',
                        days=statement_days.shown(missing)),
                    ], missing, set(missing) - missing_before)
        cls.save(accounts)

    def _note_download(self, state, texts, missing, newly_missing):
        pool = Pool()
        Date = pool.get('ir.date')
        before = self.last_state
        self.last_download = utcnow()
        self.queued_at = None
        self.last_result = '\n'.join(filter(None, texts))
        self.last_state = 'missing' if missing else state
        if newly_missing:
            self._alarm(
                'mbank.msg_alarm_days',
                days=statement_days.shown(newly_missing))
        if self.alarm_days:
            since = self.last_statement or self.first_day - DAY
            if (Date.today() - since).days > self.alarm_days:
                if before != 'missing':
                    self._alarm(
                        'mbank.msg_alarm_missing', date=since.isoformat())
                self.last_state = 'missing'

    @classmethod
    def _note_failure(cls, accounts, text):
        accounts = cls.browse(accounts)
        for account in accounts:
            if account.last_state != 'failed':
                account._alarm('mbank.msg_alarm_failed', text)
        cls.write(accounts, {
                'last_download': utcnow(),
                'queued_at': None,
                'last_state': 'failed',
                'last_result': text,
                })

    def _alarm(self, label, description=None, **variables):
        "Tell the users of the head office who download statements"
        pool = Pool()
        Group = pool.get('res.group')
        ModelData = pool.get('ir.model.data')
        group = Group(ModelData.get_id('mbank', 'group_statement_download'))
        telling.tell(
            self, [u for u in group.users if self.company in u.companies],
            lambda account: gettext(
                label, account=account.rec_name, **variables),
            lambda _: description)

    @classmethod
    def confirm(cls, company, task_id):
        """Tell the bank that the statements are stored

        A failure is not the user's: what is stored stays, and the
        confirmation is tried again with the recovery, for a month at most.
        """
        pool = Pool()
        Report = pool.get('mbank.report')
        try:
            session = Authorisation.for_use(company, gateway.CONFIRM)
            gateway.confirm_statements(session, company, task_id)
        except Exception as error:
            if _runs_again(error):
                raise
            logger.warning(
                "statements of task %s are not confirmed to the bank: %s",
                task_id, independent.failure_text(error))
        else:
            independent.run(Report.confirmed, company.id, task_id)


class DownloadStart(ModelView):
    __name__ = 'mbank.statement.download.start'

    company = fields.Many2One(
        'company.company', "Head Office", required=True)
    date_from = fields.Date("From", required=True)
    date_to = fields.Date(
        "To", required=True,
        domain=[('date_to', '>=', Eval('date_from', None))])
    authorisation = fields.Text("Authorisation", readonly=True)
    sharing_offices = fields.Char(
        "Head Offices with the Same DIK", readonly=True,
        states={
            'invisible': ~Eval('sharing_offices'),
            },
        help="The bank gives their statements too. Each is imported only "
        "into the head office that has the account.")

    @fields.depends('company')
    def on_change_with_authorisation(self, name=None):
        return _authorisation(self.company)

    @fields.depends('company')
    def on_change_with_sharing_offices(self, name=None):
        if self.company and self.company.mbank_dik:
            return names_of([
                    c for c in offices_with(self.company.mbank_dik)
                    if c != self.company]) or None

    @classmethod
    def default_company(cls):
        return Transaction().context.get('company')

    @classmethod
    def default_date_to(cls):
        return Pool().get('ir.date').today() - DAY

    @classmethod
    def default_date_from(cls):
        pool = Pool()
        Account = pool.get('mbank.statement.account')
        yesterday = pool.get('ir.date').today() - DAY
        days = [
            a.next_day for a in Account.search([
                    ('company', '=', Transaction().context.get('company'))])]
        return min(days + [yesterday])


class DownloadResult(ModelView):
    __name__ = 'mbank.statement.download.result'

    result = fields.Text("Result", readonly=True)
    statements = fields.Many2Many(
        'account.statement', None, None, "Statements", readonly=True)
    reports = fields.Many2Many(
        'mbank.report', None, None, "Bank Reports", readonly=True)


class Download(EntitledMixin, Wizard):
    __name__ = 'mbank.statement.download'
    _right = 'group_statement_download'

    start = StateView(
        'mbank.statement.download.start',
        'mbank.statement_download_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Download", 'download', 'tryton-ok', default=True),
            ])
    download = StateTransition()
    result = StateView(
        'mbank.statement.download.result',
        'mbank.statement_download_result_view_form', [
            Button("Close", 'end', 'tryton-close', default=True),
            ])

    def transition_download(self):
        pool = Pool()
        Account = pool.get('mbank.statement.account')
        check_right('group_statement_download')
        company = self.start.company
        check_company(company)
        date_from, date_to = self.start.date_from, self.start.date_to
        with without_check_access():
            results = Account.download(company, date_from, date_to)
        self.result.reports = [report for report, _, _ in results]
        self.result.statements = [s for _, ids, _ in results for s in ids]
        self.result.result = '\n'.join(text for _, _, text in results) or (
            gettext('mbank.msg_download_empty',
                date_from=date_from, date_to=date_to))
        return 'result'

    def default_result(self, fields):
        return {
            'result': self.result.result,
            'statements': list(map(int, self.result.statements)),
            'reports': list(map(int, self.result.reports)),
            }


def _authorisation(company):
    "Whose session would authorise a download by the user, if it is allowed"
    user = Pool().get('res.user')(Transaction().user)
    if (company and company in user.companies
            and has_right('group_statement_download')):
        return Authorisation.explain(company, gateway.FETCH)


def _oldest(yesterday):
    "The first day whose statement the bank still keeps"
    return yesterday - dt.timedelta(days=KEPT_DAYS)


def _runs_again(error):
    "Whether the server runs the request or task again"
    return isinstance(
        error, (TransactionError, backend.DatabaseOperationalError))


def _by_company(accounts):
    for company, group in groupby(
            sorted(accounts, key=lambda a: a.company.id),
            key=lambda a: a.company):
        yield company, list(group)
