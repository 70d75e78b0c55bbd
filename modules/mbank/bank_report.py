# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
import datetime as dt
import hashlib

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction, without_check_access

from . import gateway, independent, statement_import
from .rights import check_right, context_of, error_text

# A task of the queue that a killed worker took is never run again
LOST_AFTER = dt.timedelta(minutes=30)

_kept = {
    'company', 'task_id', 'position', 'fetched_at', 'date_from', 'date_to',
    'content', 'code_page', 'sha256', 'requested_by', 'authorised_by'}


class Report(ModelSQL, ModelView):
    __name__ = 'mbank.report'
    _rec_name = 'name'

    name = fields.Char("Name", required=True, readonly=True)
    company = fields.Many2One(
        'company.company', "Head Office", required=True, readonly=True)
    task_id = fields.Char("Task at the Bank", required=True, readonly=True)
    position = fields.Integer("Position", required=True, readonly=True)
    fetched_at = fields.DateTime("Fetched at", required=True, readonly=True)
    requested_by = fields.Many2One(
        'res.user', "Downloaded by", readonly=True, ondelete='RESTRICT',
        help="Empty when the program did it by itself.")
    authorised_by = fields.Many2One(
        'res.user', "Authorised by", readonly=True, ondelete='RESTRICT',
        help="The user whose session the statements were downloaded on.")
    date_from = fields.Date("From", required=True, readonly=True)
    date_to = fields.Date("To", required=True, readonly=True)
    content = fields.Binary(
        "Content", required=True, readonly=True, filename='name',
        help="The bytes as the bank gave them.")
    code_page = fields.Char("Code Page", readonly=True,
        help="The code page a report that came as text was kept in. "
        "Empty when it came as bytes.")
    sha256 = fields.Char("SHA-256", required=True, readonly=True)
    state = fields.Selection([
            ('stored', "Stored"),
            ('imported', "Imported"),
            ('partial', "Partly Imported"),
            ('damaged', "Damaged"),
            ], "State", required=True, readonly=True, sort=False)
    message = fields.Text("Result", readonly=True)
    confirmed_at = fields.DateTime("Confirmed at", readonly=True)
    settled_at = fields.DateTime("Settled at", readonly=True)
    statements = fields.One2Many(
        'account.statement', 'mbank_report', "Statements", readonly=True)

    @classmethod
    def __setup__(cls):
        cls.task_id.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._order.insert(0, ('fetched_at', 'DESC'))
        cls._sql_indexes.add(Index(
                t, (t.state, Index.Equality(cardinality='low')),
                where=t.state == 'stored'))
        cls._buttons.update({
                'import_again': {
                    'invisible': Eval('state') == 'imported',
                    'depends': ['state'],
                    },
                })

    @classmethod
    def default_state(cls):
        return 'stored'

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('state') == 'damaged', 'danger',
                    If(Eval('state') == 'partial', 'warning', ''))),
            ]

    @classmethod
    def check_modification(cls, mode, reports, values=None, external=False):
        super().check_modification(
            mode, reports, values=values, external=external)
        if mode == 'delete' or (mode == 'write' and values.keys() & _kept):
            for report in reports:
                raise AccessError(gettext(
                        'mbank.msg_report_kept', report=report.rec_name))

    @classmethod
    def store(cls, company, task_id, contents, date_from, date_to,
            authoriser):
        """Keep the bytes of a package and return the ids of the reports

        authoriser is the id of the user whose session they came by.

        The package of a task is stored once, whenever it is fetched again.
        """
        reports = cls.search([
                ('company', '=', company),
                ('task_id', '=', task_id),
                ])
        stored = {r.position for r in reports}
        for position, content in enumerate(contents, 1):
            if position not in stored:
                reports.append(cls(
                        name='%s-%s.mt940' % (task_id, position),
                        company=company,
                        task_id=task_id,
                        position=position,
                        fetched_at=dt.datetime.now(),
                        requested_by=Transaction().user or None,
                        authorised_by=authoriser,
                        date_from=date_from,
                        date_to=date_to,
                        content=bytes(content),
                        code_page=gateway.code_page_of(content),
                        sha256=hashlib.sha256(content).hexdigest()))
        cls.save(reports)
        return [r.id for r in sorted(reports, key=lambda r: r.position)]

    @classmethod
    def import_one(cls, id):
        """Import a stored report, unless it was imported meanwhile

        Returns the tuple of its id, the ids of its statements and the result.
        """
        report = cls(id)
        if report.state == 'stored':
            report.import_()
            report = cls(id)
        return id, [s.id for s in report.statements], report.message or ''

    @classmethod
    @ModelView.button
    def import_again(cls, reports):
        check_right('group_statement_download')
        with without_check_access():
            reports = cls.browse(reports)
            for report in reports:
                report.import_()
            cls.__queue__.settle(reports)

    def import_(self):
        "Import the statements of the report and note the result"
        cls = self.__class__
        try:
            parsed = gateway.read_statements(
                bytes(self.content), self.name, self.code_page)
        except UserError as error:
            self.state = 'damaged'
            self.message = error_text(error)
            self.save()
            return []
        imported = statement_import.prepare(self.company, parsed, report=self)
        statement_import.save(imported)
        report = cls(self.id)
        report.state = 'partial' if imported.unknown else 'imported'
        report.settled_at = None
        report.message = '\n'.join(
            [gettext('mbank.msg_statement_imported',
                    statement=s.name, count=s.number_of_lines)
                for s in imported.statements]
            + imported.messages) or gettext('mbank.msg_report_empty')
        report.save()
        return imported.statements

    @classmethod
    def settle(cls, reports):
        "Settle the statements of the reports, run by the queue"
        pool = Pool()
        Statement = pool.get('account.statement')
        with without_check_access():
            reports = [r for r in cls.browse(reports) if not r.settled_at]
            statements = [
                s for r in reports for s in r.statements if s.state == 'draft']
            if statements:
                Statement.settle(statements)
            cls.write(reports, {'settled_at': dt.datetime.now()})

    @classmethod
    def recover(cls):
        "Go on with what a killed process left"
        with without_check_access():
            for report in cls.search([('state', '=', 'stored')]):
                with Transaction().set_context(context_of(report.company)):
                    try:
                        independent.run(cls.import_one, report.id)
                    except UserError as error:
                        # The next report is not to wait for this one
                        independent.run(
                            cls._note_failure, report.id, error_text(error))
            cls._confirm_imported()
            for report in cls.search([
                        ('state', 'in', ['imported', 'partial']),
                        ('settled_at', '=', None),
                        ('fetched_at', '<', dt.datetime.now() - LOST_AFTER),
                        ]):
                cls.__queue__.settle([report])

    @classmethod
    def _confirm_imported(cls):
        pool = Pool()
        Account = pool.get('mbank.statement.account')
        Company = pool.get('company.company')
        # What was just imported is not in this transaction's snapshot
        for company, task_id in independent.run(cls._unconfirmed):
            company = Company(company)
            with Transaction().set_context(context_of(company)):
                Account.confirm(company, task_id)

    @classmethod
    def _unconfirmed(cls):
        reports = cls.search([
                ('state', '!=', 'stored'),
                ('confirmed_at', '=', None),
                ])
        return list(dict.fromkeys((r.company.id, r.task_id) for r in reports))

    @classmethod
    def _note_failure(cls, id, text):
        cls.write([cls(id)], {'message': text})

    @classmethod
    def confirmed(cls, company, task_id):
        cls.write(cls.search([
                    ('company', '=', company),
                    ('task_id', '=', task_id),
                    ]), {
                'confirmed_at': dt.datetime.now(),
                })
