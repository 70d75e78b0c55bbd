# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"A company with open invoices and statements, for the tests of the module"
import datetime as dt
from contextlib import contextmanager
from decimal import Decimal
from unittest.mock import patch

from trytond.modules.account.tests import create_chart, get_fiscalyear
from trytond.modules.account_invoice.tests import set_invoice_sequences
from trytond.modules.company.tests import create_company, set_company
from trytond.modules.currency.tests import add_currency_rate, create_currency
from trytond.pool import Pool
from trytond.transaction import Transaction

TODAY = dt.date.today()
INVOICE_DATE = TODAY - dt.timedelta(days=20)
ENTRY_DATE = TODAY - dt.timedelta(days=5)
ALFA_ACCOUNT = 'PL61109010140000071219812874'
BETA_ACCOUNT = 'PL27114020040000300201355387'


class Books:
    "A company of its own with its chart, journals and parties"

    def __init__(self, bank_accounts=True):
        pool = Pool()
        Account = pool.get('account.account')
        AccountConfiguration = pool.get('account.configuration')
        AccountJournal = pool.get('account.journal')
        FiscalYear = pool.get('account.fiscalyear')

        self.pln = create_currency('PLN')
        add_currency_rate(self.pln, 1)
        self.company = create_company(currency=self.pln)
        with self.opened():
            create_chart(self.company)
            fiscalyear = set_invoice_sequences(get_fiscalyear(
                    self.company, today=TODAY,
                    start_date=TODAY - dt.timedelta(days=100),
                    end_date=TODAY + dt.timedelta(days=100)))
            fiscalyear.save()
            FiscalYear.create_period([fiscalyear])

            def account(*domain):
                account, = Account.search([
                        ('company', '=', self.company.id),
                        ('closed', '!=', True),
                        *domain,
                        ], limit=1)
                return account
            self.receivable = account(
                ('type.receivable', '=', True), ('party_required', '=', True))
            self.payable = account(
                ('type.payable', '=', True), ('party_required', '=', True))
            self.revenue = account(('type.revenue', '=', True))
            self.expense = account(('type.expense', '=', True))
            self.cash = account(('code', '=', '1.1.1'))
            self.clarification, = Account.copy([self.cash], {
                    'name': "To clarify",
                    'code': '1.1.9',
                    })
            self.clearing, = Account.copy([self.cash], {
                    'name': "Clearing",
                    'code': '1.1.8',
                    'reconcile': True,
                    })
            exchange, = Account.copy([self.revenue], {
                    'name': "Exchange",
                    'code': '4.9',
                    })
            configuration = AccountConfiguration(1)
            configuration.currency_exchange_debit_account = exchange
            configuration.currency_exchange_credit_account = exchange
            configuration.save()
            self.bank_journal, = AccountJournal.search([
                    ('type', '=', 'statement')], limit=1)
            self.expense_journal, = AccountJournal.search([
                    ('type', '=', 'expense')], limit=1)
            self.journal = self.create_journal(self.pln, self.cash)
            # An account has one owner only in a database
            self.alfa = self.create_party(
                "Alfa Hurt sp. z o.o.",
                ALFA_ACCOUNT if bank_accounts else None, 'PL5260001246')
            self.beta = self.create_party(
                "Beta Handel S.A.", BETA_ACCOUNT if bank_accounts else None)

    @contextmanager
    def opened(self):
        with set_company(self.company), \
                Transaction().set_context(company=self.company.id):
            yield self

    def __getstate__(self):
        "Only ids, the records belong to the transaction"
        return {n: (r.__name__, r.id) for n, r in vars(self).items()}

    def __setstate__(self, state):
        pool = Pool()
        for name, (model, id_) in state.items():
            setattr(self, name, pool.get(model)(id_))

    def create_journal(self, currency, account):
        pool = Pool()
        Journal = pool.get('account.statement.journal')
        journal = Journal(
            name="Bank " + currency.code, journal=self.bank_journal,
            currency=currency, company=self.company, account=account,
            validation='amount')
        journal.save()
        return journal

    def create_party(self, name, account=None, nip=None):
        pool = Pool()
        BankAccount = pool.get('bank.account')
        Party = pool.get('party.party')
        party = Party(
            name=name,
            account_receivable=self.receivable,
            account_payable=self.payable)
        party.save()
        Party.write([party], {'addresses': [('create', [{}])]})
        if nip:
            Party.write([party], {
                    'identifiers': [('create', [{
                                    'type': 'eu_vat',
                                    'code': nip,
                                    }])],
                    })
        if account:
            BankAccount.create([{
                        'owners': [('add', [party.id])],
                        'numbers': [('create', [{
                                        'type': 'iban',
                                        'number': account,
                                        }])],
                        }])
        return Party(party.id)

    def create_invoices(
            self, amounts, party=None, type='out', currency=None,
            reference=None, post=True):
        pool = Pool()
        Invoice = pool.get('account.invoice')
        Line = pool.get('account.invoice.line')
        party = party or self.alfa
        journal = self._invoice_journal(type)
        invoices = []
        for amount in amounts:
            invoices.append(Invoice(
                    company=self.company, type=type, party=party,
                    invoice_address=party.addresses[0],
                    currency=currency or self.pln,
                    journal=journal,
                    account=(self.receivable if type == 'out'
                        else self.payable),
                    invoice_date=INVOICE_DATE,
                    reference=reference,
                    lines=[Line(
                            currency=currency or self.pln,
                            company=self.company,
                            type='line', quantity=1,
                            account=(self.revenue if type == 'out'
                                else self.expense),
                            unit_price=Decimal(amount))],
                    ))
        Invoice.save(invoices)
        if post:
            Invoice.post(invoices)
        return Invoice.browse(invoices)

    def create_invoice(self, amount, **kwargs):
        invoice, = self.create_invoices([amount], **kwargs)
        return invoice

    def _invoice_journal(self, type):
        pool = Pool()
        Journal = pool.get('account.journal')
        journal, = Journal.search([
                ('type', '=', 'revenue' if type == 'out' else 'expense'),
                ], limit=1)
        return journal

    def create_statement(self, entries, journal=None, **values):
        """Create a draft statement of (amount, remittance[, values]) entries
        """
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Statement = pool.get('account.statement')
        origins = []
        for i, (amount, remittance, *extra) in enumerate(entries, 1):
            origins.append(Origin(
                    number=str(i), date=ENTRY_DATE, amount=Decimal(amount),
                    remittance=remittance,
                    **(extra[0] if extra else {})))
        statement = Statement(
            name="WB/1", company=self.company,
            journal=journal or self.journal, date=ENTRY_DATE,
            total_amount=sum(o.amount for o in origins),
            origins=origins, **values)
        statement.save()
        return Statement(statement.id)

    def configure(self, **values):
        pool = Pool()
        Configuration = pool.get('automatic_settlement.configuration')
        configuration = Configuration(1)
        for name, value in values.items():
            configuration.set_multivalue(
                name, value, company=self.company.id)


def reload(record):
    return record.__class__(record.id)


def run_queue():
    "Run the tasks as a worker would and return the names of their methods"
    pool = Pool()
    Queue = pool.get('ir.queue')
    methods = []
    while tasks := Queue.search([('finished_at', '=', None)]):
        for task in tasks:
            methods.append(task.data['method'])
            task.run()
    return methods


@contextmanager
def executed():
    "The queries the database is asked meanwhile"
    queries = []
    Cursor = type(Transaction().connection.cursor())
    execute = Cursor.execute

    def note(self, query, *args, **kwargs):
        queries.append(str(query))
        return execute(self, query, *args, **kwargs)
    with patch.object(Cursor, 'execute', note):
        yield queries
