# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.i18n import gettext
from trytond.model import Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import check_access, without_check_access

from . import gateway, statement_import
from .exceptions import StatementImportError, StatementKnownWarning
from .rights import check_company


class Statement(metaclass=PoolMeta):
    __name__ = 'account.statement'

    mbank_key = fields.Char(
        "mBank Key", readonly=True,
        help="What makes the statement known when it is imported again.")
    mbank_number = fields.Char("Bank's Number", readonly=True)
    mbank_account = fields.Char("Bank's Account Number", readonly=True)
    mbank_report = fields.Many2One(
        'mbank.report', "Bank Report", readonly=True, ondelete='RESTRICT',
        help="The bytes of the bank the statement was read from.")
    mbank_block = fields.Integer(
        "Place in the Report", readonly=True,
        help="Which statement of the report or file this is, from 1.")
    mbank_problems = fields.Text("Problems of the File", readonly=True)

    @classmethod
    def __setup__(cls):
        cls.mbank_key.search_unaccented = False
        super().__setup__()
        t = cls.__table__()
        cls._sql_constraints += [
            ('mbank_key_unique',
                Unique(t, t.journal, t.mbank_key),
                'mbank.msg_statement_key_unique'),
            ]

    @property
    def mbank_serial(self):
        "The number the bank counts by, or None"
        head = (self.mbank_number or '').partition('/')[0]
        return int(head) if head.isascii() and head.isdigit() else None

    def set_import_problems(self, previous):
        "Note what is wrong with the statement in itself and after previous"
        problems = [self.mbank_problems] if self.mbank_problems else []
        if previous:
            problems.extend(self._continuity_problems(previous))
        problems = '\n'.join(problems) or None
        if problems != getattr(self, 'import_problems', None):
            self.import_problems = problems
            self.problems_reviewed = False

    def _continuity_problems(self, previous):
        if (previous.end_balance is not None
                and previous.end_balance != self.start_balance):
            yield gettext(
                'mbank.msg_problem_continuity',
                opening=self.start_balance,
                previous=previous.name,
                closing=previous.end_balance)
        serial, before = self.mbank_serial, previous.mbank_serial
        # The bank counts from 1 each year
        if (serial and before
                and previous.date.year == self.date.year
                and serial > before + 1):
            yield gettext(
                'mbank.msg_problem_gap',
                number=self.mbank_number,
                previous=previous.mbank_number)

    @classmethod
    def copy(cls, statements, default=None):
        default = default.copy() if default is not None else {}
        # The copy is not the statement of the bank
        for name in [
                'mbank_key', 'mbank_report', 'mbank_block', 'mbank_problems',
                'import_problems']:
            default.setdefault(name)
        return super().copy(statements, default=default)


class ImportStatementStart(metaclass=PoolMeta):
    __name__ = 'account.statement.import.start'

    file_name = fields.Char("File Name")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.file_.filename = 'file_name'
        cls.file_format.selection.append(('mbank_mt940', "mBank MT940"))


class ImportStatement(metaclass=PoolMeta):
    __name__ = 'account.statement.import'

    def parse_mbank_mt940(self):
        pool = Pool()
        ModelAccess = pool.get('ir.model.access')
        Warning = pool.get('res.user.warning')
        source = (getattr(self.start, 'file_name', None)
            or gettext('mbank.msg_statement_file'))
        # A wizard runs without access checks, and its groups can be passed by
        with check_access():
            ModelAccess.check('account.statement', 'create')
        check_company(self.start.company)
        with without_check_access():
            parsed = gateway.read_statements(bytes(self.start.file_), source)
            imported = statement_import.prepare(self.start.company, parsed)
        if not imported.statements:
            raise StatementImportError(
                gettext('mbank.msg_statement_nothing', source=source),
                '\n'.join(imported.messages))
        if imported.messages:
            key = Warning.format('mbank_statement_import', [
                    self.start.company])
            if Warning.check(key):
                raise StatementKnownWarning(
                    key, gettext('mbank.msg_statement_part', source=source),
                    '\n'.join(imported.messages))
        return imported.statements

    def do_import_(self, action):
        pool = Pool()
        Statement = pool.get('account.statement')
        file_format = self.start.file_format
        action, data = super().do_import_(action)
        if file_format == 'mbank_mt940':
            statements = Statement.browse(data['res_id'])
            statement_import.recheck_following(statements)
            Statement.settle_later(statements)
        return action, data
