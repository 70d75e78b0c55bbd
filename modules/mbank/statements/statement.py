# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Statements with the bank's number, and their import from a file."""
from sql.operators import Equal

from trytond.i18n import gettext
from trytond.model import Exclude, ModelView, Workflow, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import check_access, without_check_access

from .. import gateway
from ..exceptions import StatementImportError, StatementKnownWarning
from ..rights import check_company
from . import statement_import, statement_known

class Statement(metaclass=PoolMeta):
    __name__ = 'account.statement'

    mbank_key = fields.Char(
        "mBank Key", readonly=True,
        help="Account, number and days: the bank's name of the statement.")
    mbank_part = fields.Integer(
        "Part", readonly=True,
        help="Counts the statements made of the one the bank names so: "
        "its corrections, and the parts of a longer period.")
    mbank_corrected = fields.Many2One(
        'account.statement', "Correction of", readonly=True,
        ondelete='SET NULL',
        states={
            'invisible': ~Eval('mbank_corrected'),
            },
        help="The statement of the same days that was imported before, "
        "without these entries.")
    mbank_first_day = fields.Date(
        "First Day", readonly=True,
        states={
            'invisible': ~Eval('mbank_key'),
            },
        help="The statement tells of all days from it to its date.")
    mbank_imported_at = fields.DateTime("Imported at", readonly=True)
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
            ('mbank_key_exclude',
                Exclude(t,
                    (t.journal, Equal),
                    (t.mbank_key, Equal),
                    (t.mbank_part, Equal),
                    where=t.state != 'cancelled'),
                'mbank.msg_statement_key_unique'),
            ]

    @property
    def mbank_serial(self):
        "The number the bank counts by, or None; a longer period's is another"
        if statement_import.is_period(self.mbank_key):
            return None
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

    def is_gap_after(self, previous):
        "Whether the bank has counted statements between"
        serial, before = self.mbank_serial, previous.mbank_serial
        # The bank counts from 1 each year
        return bool(
            serial and before
            and previous.date.year == self.date.year
            and serial > before + 1)

    def add_import_problems(self, problems):
        "Note what a later statement of the bank says otherwise"
        for name in ['mbank_problems', 'import_problems']:
            lines = (getattr(self, name, None) or '').splitlines()
            setattr(
                self, name, '\n'.join(dict.fromkeys([*lines, *problems])))
        self.problems_reviewed = False

    def _continuity_problems(self, previous):
        if (previous.end_balance is not None
                and previous.end_balance != self.start_balance):
            yield gettext(
                'mbank.msg_problem_continuity',
                opening=self.start_balance,
                previous=previous.name,
                closing=previous.end_balance)
        if self.is_gap_after(previous):
            yield gettext(
                'mbank.msg_problem_gap',
                number=self.mbank_number,
                previous=previous.mbank_number)

    @classmethod
    @ModelView.button
    @Workflow.transition('draft')
    def draft(cls, statements):
        # While they were cancelled their entries were free
        with without_check_access():
            cls._check_not_again([
                    s for s in cls.browse(statements)
                    if s.state == 'cancelled'])
        super().draft(statements)

    @classmethod
    def _check_not_again(cls, statements):
        "Refuse statements whose entries were imported again meanwhile"
        statements = [s for s in statements if s.mbank_key]
        if not statements:
            return
        statement_import.hold({s.journal for s in statements})
        seen = {}
        for statement in statements + list(cls.browse(
                    statement_known.with_entries(statements))):
            for origin in statement.origins:
                if not origin.entry_identity:
                    continue
                key = statement.journal, statement_known.Content.of_origin(
                    origin, statement.journal)
                if key in seen:
                    raise StatementImportError(gettext(
                            'mbank.msg_statement_again',
                            statement=seen[key].rec_name,
                            other=statement.rec_name))
                seen[key] = statement

    @classmethod
    def copy(cls, statements, default=None):
        default = default.copy() if default is not None else {}
        # The copy is not the statement of the bank
        for name in [
                'mbank_key', 'mbank_part', 'mbank_corrected',
                'mbank_first_day', 'mbank_report', 'mbank_block',
                'mbank_problems', 'mbank_imported_at', 'import_problems']:
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
        if not imported.statements and not imported.differing:
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
        self._mbank_imported = imported
        return imported.statements

    def do_import_(self, action):
        pool = Pool()
        Statement = pool.get('account.statement')
        file_format = self.start.file_format
        action, data = super().do_import_(action)
        if file_format == 'mbank_mt940':
            imported = self._mbank_imported
            with without_check_access():
                statement_import.save_marks(imported)
            if data['res_id']:
                Statement.settle_later(Statement.browse(data['res_id']))
            else:
                # Nothing is new: those of which the bank says otherwise
                data['res_id'] = list(map(int, imported.marked))
        return action, data
