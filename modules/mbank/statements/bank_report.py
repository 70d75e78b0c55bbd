# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The bank's reports as they came: kept, imported, confirmed."""
import datetime as dt
import hashlib

from trytond import backend
from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction, without_check_access

from .. import gateway, independent
from ..clock import utcnow
from ..rights import check_right, context_of, error_text
from . import statement_import

# A task of the queue that a killed worker took is never run again
LOST_AFTER = dt.timedelta(minutes=30)
# The bank is told for so long that it may forget a task
CONFIRM_WITHIN = dt.timedelta(days=30)

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
            ('differs', "Differs from Earlier Import"),
            ('damaged', "Damaged"),
            ], "State", required=True, readonly=True, sort=False)
    message = fields.Text("Result", readonly=True)
    confirmed_at = fields.DateTime("Confirmed at", readonly=True)
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
        cls._sql_indexes.add(Index(
                t, (t.company, Index.Equality()),
                (t.sha256, Index.Equality())))
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
                    If(Eval('state').in_(['partial', 'differs']), 'warning',
                        ''))),
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
        So are the same bytes in another package: days are asked for again.
        """
        reports = cls.search([
                ('company', '=', company),
                ('task_id', '=', task_id),
                ])
        stored = {r.position: r for r in reports}
        digests = [hashlib.sha256(c).hexdigest() for c in contents]
        same = {
            r.sha256: r for r in cls.search([
                    ('company', '=', company),
                    ('sha256', 'in', digests),
                    ],
                order=[('id', 'DESC')])}
        result = []
        for position, (content, digest) in enumerate(
                zip(contents, digests), 1):
            report = stored.get(position) or same.get(digest)
            if not report:
                report = same[digest] = cls(
                    name='%s-%s.mt940' % (task_id, position),
                    company=company,
                    task_id=task_id,
                    position=position,
                    fetched_at=utcnow(),
                    requested_by=Transaction().user or None,
                    authorised_by=authoriser,
                    date_from=date_from,
                    date_to=date_to,
                    content=bytes(content),
                    code_page=gateway.code_page_of(content),
                    sha256=digest)
            result.append(report)
        cls.save([r for r in result if r.id is None or r.id < 0])
        return list(dict.fromkeys(r.id for r in result))

    @classmethod
    def take(cls, id, fresh=False):
        """Import a report in transactions of its own

        fresh says that the bank has given it just now, if not for the first
        time: then no other report is newer.
        Returns the tuple of its id, the ids of its new statements and what is
        to be said. Where it cannot be imported as a whole its statements are
        imported one by one: one that is bad stops no other.
        """
        result, error = independent.attempt(cls.import_one, id, fresh)
        if error is None:
            return result
        if not isinstance(error, backend.DatabaseOperationalError):
            result, error = independent.attempt(
                cls._import_blocks, id, fresh)
            if error is None:
                return result
        text = independent.failure_text(error)
        independent.attempt(cls._note_failure, id, text)
        return id, [], text

    @classmethod
    def import_one(cls, id, fresh=False):
        """Import a report: what the journals have already is left out

        Returns the tuple of its id, the ids of its new statements and the
        result.
        """
        report = cls(id)
        parsed = report._read()
        if parsed is None:
            return id, [], cls(id).message
        imported = statement_import.prepare(
            report.company, parsed, report=report, fresh=fresh)
        statement_import.save(imported)
        return report._note(imported, [])

    @classmethod
    def _import_blocks(cls, id, fresh):
        "Import the statements of a report each for itself"
        report = cls(id)
        parsed = report._read()
        if parsed is None:
            return id, [], cls(id).message
        imported, failures = statement_import.Imported(), []
        for block, statement in enumerate(parsed, 1):
            one, error = independent.attempt(
                cls._import_block, id, block, fresh)
            if error is None:
                imported.add(one)
            else:
                failures.append(gettext(
                        'mbank.msg_statement_failed',
                        source=report.name, block=block,
                        account=statement.account,
                        reason=independent.failure_text(error)))
        return report._note(imported, failures)

    @classmethod
    def _import_block(cls, id, block, fresh):
        report = cls(id)
        imported = statement_import.prepare(
            report.company, report._parse(), report=report, fresh=fresh,
            only={block})
        statement_import.save(imported)
        imported.keep_ids()
        return imported

    def _parse(self):
        return gateway.read_statements(
            bytes(self.content), self.name, self.code_page)

    def _read(self):
        "The statements of the report, or None if it cannot be read"
        try:
            return self._parse()
        except UserError as error:
            self.state = 'damaged'
            self.message = error_text(error)
            self.save()

    def _note(self, imported, failures):
        "Note what became of the report, unless all is as it was"
        cls = self.__class__
        imported.keep_ids()
        messages = failures + imported.messages
        text = '\n'.join([
                gettext('mbank.msg_statement_imported',
                    statement=name, count=count)
                for _, name, count in imported.new]
            + messages) or gettext('mbank.msg_report_empty')
        state = 'imported'
        if failures or imported.unknown:
            state = 'partial'
        elif imported.differing:
            state = 'differs'
        report = cls(self.id)
        if imported.new or report.state != state or state != 'imported':
            report.state = state
            report.message = text
            report.save()
        return self.id, [i for i, _, _ in imported.new], text

    @classmethod
    @ModelView.button
    def import_again(cls, reports):
        check_right('group_statement_download')
        with without_check_access():
            for report in cls.browse(reports):
                with Transaction().set_context(context_of(report.company)):
                    cls.take(report.id)

    @classmethod
    def recover(cls):
        """Go on with what a killed process left

        The oldest first, for a report is laid beside what came before it.
        """
        pool = Pool()
        Account = pool.get('mbank.statement.account')
        with without_check_access():
            for report in cls.search(
                    [('state', '=', 'stored')], order=[('id', 'ASC')]):
                with Transaction().set_context(context_of(report.company)):
                    cls.take(report.id)
            cls._confirm_imported()
            independent.attempt(Account.recover_downloads, LOST_AFTER)

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
                ('fetched_at', '>', utcnow() - CONFIRM_WITHIN),
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
                'confirmed_at': utcnow(),
                })
