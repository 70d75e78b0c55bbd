# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
import datetime as dt
import logging
from itertools import groupby

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Unique, fields)
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from . import gateway, independent, telling
from .authorisation import Authorisation
from .company import names_of, offices_with
from .exceptions import DownloadError
from .rights import (
    check_company, check_right, context_of, error_text, has_right)

logger = logging.getLogger(__name__)
DAY = dt.timedelta(days=1)
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
        "Downloaded up to", readonly=True,
        help="The last day whose statements are stored. "
        "The next download begins after it.")
    alarm_days = fields.Integer(
        "Alarm after Days",
        domain=['OR',
            ('alarm_days', '=', None),
            ('alarm_days', '>', 0),
            ],
        help="Without a statement for so many days the account is marked. "
        "Leave empty for no alarm.")
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

    @fields.depends('journal')
    def on_change_with_bank_account(self, name=None):
        return self.journal.bank_account if self.journal else None

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
        with without_check_access():
            for company, _ in _by_company(accounts):
                cls.download(company)

    @classmethod
    def download_daily(cls):
        "Queue one task for each head office with accounts to download"
        with without_check_access():
            for _, accounts in _by_company(cls.search([])):
                cls.__queue__.download_company(accounts)

    @classmethod
    def download_company(cls, accounts):
        "Download what the accounts miss, run by the queue"
        with without_check_access():
            for company, accounts in _by_company(cls.browse(accounts)):
                cls.download(company)

    @classmethod
    def download(cls, company, date_from=None, date_to=None):
        """Download the statements of the head office and import them

        Returns for each report a tuple of its id, the ids of its statements
        and what is to be said.
        Without dates every day since the last one stored up to yesterday.
        Each step is committed before the next: the bytes, the statements of
        each report, the last day; and only then the bank is told.
        A download run again, as the server does after a conflict, harms
        nothing.
        """
        pool = Pool()
        Date = pool.get('ir.date')
        Report = pool.get('mbank.report')
        with Transaction().set_context(context_of(company)):
            accounts = cls.search([('company', '=', company.id)])
            # All that was booked yesterday is told of today  # L-456
            yesterday = Date.today() - DAY
            if date_from is None:
                if not accounts:
                    raise DownloadError(gettext(
                            'mbank.msg_download_no_account',
                            company=company.rec_name))
                date_from = max(
                    min(a.next_day for a in accounts),
                    yesterday - dt.timedelta(days=KEPT_DAYS))
            if date_to is None:
                date_to = yesterday
            if date_from > date_to:
                return []
            ids = list(map(int, accounts))
            try:
                # L-001
                session = Authorisation.for_operation(company, 'getMT940Ex')
                package = gateway.fetch_statements(
                    session, company, date_from, date_to)
                reports = independent.run(
                    Report.store, company.id, package.task_id,
                    package.reports, date_from, date_to, session.user.id)
                results = [
                    independent.run(Report.import_one, r) for r in reports]
            except UserError as error:
                independent.run(cls._note_failure, ids, error_text(error))
                raise
            independent.run(
                cls._move_cursors, ids, reports,
                date_from, min(date_to, yesterday))
            cls.confirm(company, package.task_id)
            if reports:
                Report.__queue__.settle(reports)
            return results

    @classmethod
    def _move_cursors(cls, accounts, reports, date_from, last_day):
        pool = Pool()
        Date = pool.get('ir.date')
        Report = pool.get('mbank.report')
        accounts, reports = cls.browse(accounts), Report.browse(reports)
        dates = {}
        for report in reports:
            for statement in report.statements:
                dates[statement.journal] = max(
                    statement.date, dates.get(statement.journal, dt.date.min))
        problem = any(r.state != 'imported' for r in reports)
        result = '\n'.join(r.message for r in reports if r.message) or gettext(
            'mbank.msg_download_empty', date_from=date_from, date_to=last_day)
        # A damaged report may hold the statement of any account
        damaged = any(r.state == 'damaged' for r in reports)
        for account in accounts:
            if not damaged and date_from <= account.next_day <= last_day:
                account.last_day = last_day
            account.last_statement = max(filter(None, [
                        account.last_statement, dates.get(account.journal)]),
                default=None)
            account.last_download = dt.datetime.now()
            account.last_result = result
            before = account.last_state
            account.last_state = 'problem' if problem else 'done'
            if account.alarm_days:
                since = account.last_statement or account.first_day - DAY
                if (Date.today() - since).days > account.alarm_days:
                    if before != 'missing':
                        account._alarm(
                            'mbank.msg_alarm_missing', date=since.isoformat())
                    account.last_state = 'missing'
        cls.save(accounts)

    @classmethod
    def _note_failure(cls, accounts, text):
        accounts = cls.browse(accounts)
        for account in accounts:
            if account.last_state != 'failed':
                account._alarm('mbank.msg_alarm_failed', text)
        cls.write(accounts, {
                'last_download': dt.datetime.now(),
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
        confirmation is tried again with the recovery.
        """
        pool = Pool()
        Report = pool.get('mbank.report')
        try:
            session = Authorisation.for_operation(
                company, 'confirmResponseReceived')
            gateway.confirm_statements(session, company, task_id)
        except UserError as error:
            logger.warning(
                "statements of task %s are not confirmed to the bank: %s",
                task_id, error)
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


class Download(Wizard):
    __name__ = 'mbank.statement.download'

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

    @classmethod
    def check_access(cls):
        # The groups of the action can be left out by a forged action_id.
        super().check_access()
        check_right('group_statement_download')

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
        return Authorisation.explain(company, 'getMT940Ex')  # L-001


def _by_company(accounts):
    for company, group in groupby(
            sorted(accounts, key=lambda a: a.company.id),
            key=lambda a: a.company):
        yield company, list(group)
