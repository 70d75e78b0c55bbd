# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is open to be settled, read with a fixed number of queries.

The invoices and payments are not loaded as records: a company may have many
thousands of open documents and only a few of them meet an entry.
"""
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from sql import Null
from sql.conditionals import Coalesce
from sql.operators import Concat, Exists

from trytond.model import fields
from trytond.pool import Pool
from trytond.transaction import Transaction

from .matcher import account_key


@dataclass
class OpenItem:
    "An invoice or a payment with what is still open of it"
    model: str
    record: int
    party: int | None
    account: int
    number: str | None
    kind: str
    # In the currency of the document, positive if the bank account receives
    amount: Decimal
    date: dt.date | None = None
    due_date: dt.date | None = None
    party_name: str | None = None
    party_accounts: tuple = ()
    party_nip: str | None = None
    virtual_account: str | None = None
    ksef: str | None = None
    # Further keys that name it for sure
    references: tuple = ()

    @property
    def id(self):
        return '%s,%s,%s' % (self.model, self.record, self.party or '')

    @property
    def related_to(self):
        return '%s,%s' % (self.model, self.record)


def open_items(
        company, currency, invoices=None, payments=None, accounts=None):
    """Return the open items of the company in the currency

    Amounts taken by lines of draft statements and by payments on their way
    are no longer open. If invoices or payments are given, only these ids are
    returned. For the accounts of counterparties given it is looked up whose
    they proved to be in earlier settlements.
    """
    items = {}
    line2item = {}
    only = invoices is not None or payments is not None
    if not only or invoices:
        _add_invoices(items, line2item, company, currency, invoices)
        _subtract_payment_lines(items, company, currency)
        _subtract_draft_lines(items, company, currency)
        _subtract_payments(items, line2item, company, currency)
    if not only or payments:
        _add_payments(items, company, currency, payments)
    found = [i for i in items.values() if i.amount]
    for item in found:
        if item.model == 'account.invoice':
            item.kind = 'receivable' if item.amount > 0 else 'payable'
    _add_parties(found, _learnt_accounts(company, accounts))
    return found


def _execute(query):
    cursor = Transaction().connection.cursor()
    cursor.execute(*query)
    return cursor.fetchall()


def _amount(row, company, currency):
    debit, credit, second, second_currency = row
    if second_currency == currency.id:
        return Decimal(str(second))
    amount = Decimal(str(debit)) - Decimal(str(credit))
    if company.currency != currency:
        # What was booked in the currency of the company only
        pool = Pool()
        Currency = pool.get('currency.currency')
        amount = Currency.compute(company.currency, amount, currency)
    return amount


def _invoice_where(invoice, company, currency):
    return ((invoice.company == company.id)
        & (invoice.currency == currency.id)
        & (invoice.state == 'posted'))


def _add_invoices(items, line2item, company, currency, ids):
    pool = Pool()
    Invoice = pool.get('account.invoice')
    MoveLine = pool.get('account.move.line')
    AdditionalMove = pool.get('account.invoice-additional-account.move')
    invoice = Invoice.__table__()
    line = MoveLine.__table__()
    additional = AdditionalMove.__table__()

    columns = [
        invoice.id, invoice.type, invoice.number, invoice.reference,
        invoice.supplier_payment_reference, invoice.account,
        invoice.invoice_date, invoice.ksef_number,
        line.id, line.party, line.maturity_date,
        line.debit, line.credit, line.amount_second_currency,
        line.second_currency,
        ]
    where = (_invoice_where(invoice, company, currency)
        & (line.reconciliation == Null))
    if ids is not None:
        where &= fields.SQL_OPERATORS['in'](invoice.id, ids)
    queries = [
        invoice.join(line, condition=(
                (invoice.move == line.move)
                & (invoice.account == line.account))
            ).select(*columns, where=where, order_by=[line.id]),
        invoice.join(additional, condition=(
                additional.invoice == invoice.id)
            ).join(line, condition=(
                (additional.move == line.move)
                & (invoice.account == line.account))
            ).select(*columns, where=where, order_by=[line.id]),
        ]
    for query in queries:
        for (id_, type_, number, reference, payment_reference, account,
                date_, ksef, line_id, party, maturity, *amounts
                ) in _execute(query):
            key = ('account.invoice', id_, party)
            item = items.get(key)
            if not item:
                # The customer writes our number, the supplier is paid with
                # the number the supplier gave
                if type_ == 'in':
                    number = reference or payment_reference or number
                item = items[key] = OpenItem(
                    'account.invoice', id_, party, account, number,
                    '', Decimal(0), date=date_, ksef=ksef)
            item.amount += _amount(amounts, company, currency)
            if maturity and (not item.due_date or maturity < item.due_date):
                item.due_date = maturity
            line2item[line_id] = item


def _subtract_payment_lines(items, company, currency):
    pool = Pool()
    Invoice = pool.get('account.invoice')
    MoveLine = pool.get('account.move.line')
    PaymentLine = pool.get('account.invoice-account.move.line')
    invoice = Invoice.__table__()
    line = MoveLine.__table__()
    payment_line = PaymentLine.__table__()

    for id_, party, *amounts in _execute(
            payment_line.join(invoice, condition=(
                    payment_line.invoice == invoice.id)
                ).join(line, condition=payment_line.line == line.id
                ).select(
                invoice.id, line.party, line.debit, line.credit,
                line.amount_second_currency, line.second_currency,
                where=_invoice_where(invoice, company, currency)
                & (line.reconciliation == Null))):
        item = items.get(('account.invoice', id_, party))
        if item:
            item.amount += _amount(amounts, company, currency)


def _subtract_draft_lines(items, company, currency):
    pool = Pool()
    Statement = pool.get('account.statement')
    StatementLine = pool.get('account.statement.line')
    statement = Statement.__table__()
    line = StatementLine.__table__()

    for related_to, party, amount, second, second_currency in _execute(
            line.join(statement, condition=line.statement == statement.id
                ).select(
                line.related_to, line.party, line.amount,
                line.amount_second_currency, line.second_currency,
                where=(statement.company == company.id)
                & (statement.state == 'draft')
                & line.related_to.like('account.invoice,%'))):
        id_ = int(related_to.split(',', 1)[1])
        item = items.get(('account.invoice', id_, party))
        if item:
            if second_currency == currency.id:
                amount = second
            item.amount -= Decimal(str(amount))


def _clearing(payment, journal, company, currency):
    "Payments sent that the entry of the bank clears"
    return ((payment.company == company.id)
        & (journal.currency == currency.id)
        & (journal.clearing_account != Null)
        & payment.state.in_(['processing', 'succeeded']))


def _subtract_payments(items, line2item, company, currency):
    pool = Pool()
    Payment = pool.get('account.payment')
    Journal = pool.get('account.payment.journal')
    MoveLine = pool.get('account.move.line')
    payment = Payment.__table__()
    journal = Journal.__table__()
    line = MoveLine.__table__()

    for line_id, kind, amount in _execute(
            payment.join(journal, condition=payment.journal == journal.id
                ).join(line, condition=payment.line == line.id
                ).select(
                payment.line, payment.kind, payment.amount,
                where=_clearing(payment, journal, company, currency)
                & (line.reconciliation == Null))):
        item = line2item.get(line_id)
        if item:
            amount = Decimal(str(amount))
            item.amount -= amount if kind == 'receivable' else -amount


def _add_payments(items, company, currency, ids):
    pool = Pool()
    Invoice = pool.get('account.invoice')
    Journal = pool.get('account.payment.journal')
    MoveLine = pool.get('account.move.line')
    Payment = pool.get('account.payment')
    Statement = pool.get('account.statement')
    StatementLine = pool.get('account.statement.line')
    invoice = Invoice.__table__()
    journal = Journal.__table__()
    move_line = MoveLine.__table__()
    payment = Payment.__table__()
    statement = Statement.__table__()
    line = StatementLine.__table__()

    taken = line.join(statement, condition=line.statement == statement.id
        ).select(
        line.id,
        where=(line.related_to == Concat('account.payment,', payment.id))
        & (statement.state != 'cancelled'))
    where = (_clearing(payment, journal, company, currency)
        & (Coalesce(payment.clearing_reconciled, False) == False)  # noqa: E712
        & ~Exists(taken))
    if ids is not None:
        where &= fields.SQL_OPERATORS['in'](payment.id, ids)
    query = payment.join(journal, condition=payment.journal == journal.id
        ).join(move_line, 'LEFT', condition=payment.line == move_line.id
        ).join(invoice, 'LEFT', condition=invoice.move == move_line.move
        ).select(
        payment.id, payment.number, payment.reference, payment.kind,
        payment.party, payment.amount, payment.date,
        journal.clearing_account, invoice.number, invoice.reference,
        invoice.ksef_number,
        where=where, order_by=[payment.id])
    rows = _execute(query)
    references = Payment.settlement_references([r[0] for r in rows])
    for (id_, number, reference, kind, party, amount, date_, account,
            invoice_number, invoice_reference, ksef) in rows:
        amount = Decimal(str(amount))
        if kind == 'payable':
            invoice_number = invoice_reference or invoice_number
        items['account.payment', id_, party] = OpenItem(
            'account.payment', id_, party, account,
            reference or invoice_number or number,
            kind if kind == 'receivable' else 'payment',
            amount if kind == 'receivable' else -amount,
            date=date_, due_date=date_, ksef=ksef,
            references=tuple(references.get(id_, ())))


def _add_parties(items, learnt):
    pool = Pool()
    Account = pool.get('bank.account')
    AccountNumber = pool.get('bank.account.number')
    AccountOwner = pool.get('bank.account-party.party')
    Identifier = pool.get('party.identifier')
    Party = pool.get('party.party')
    account = Account.__table__()
    identifier = Identifier.__table__()
    number = AccountNumber.__table__()
    owner = AccountOwner.__table__()
    party = Party.__table__()

    ids = list({i.party for i in items if i.party})
    if not ids:
        return
    in_ = fields.SQL_OPERATORS['in']

    parties = {
        id_: (name, virtual_account)
        for id_, name, virtual_account in _execute(party.select(
                party.id, party.name, party.virtual_account,
                where=in_(party.id, ids)))}
    nips = {}
    for party_id, code in _execute(identifier.select(
                identifier.party, identifier.code,
                where=in_(identifier.party, ids)
                & identifier.type.in_(Party.tax_identifier_types())
                & (identifier.active == True),  # noqa: E712
                order_by=[identifier.sequence.nulls_first, identifier.id])):
        nips.setdefault(party_id, code)
    accounts = defaultdict(list)
    for party_id, value in _execute(
            owner.join(account, condition=owner.account == account.id
                ).join(number, condition=number.account == account.id
                ).select(
                owner.owner, Coalesce(number.number_compact, number.number),
                where=in_(owner.owner, ids)
                & (account.active == True)  # noqa: E712
                & (number.active == True))):  # noqa: E712
        accounts[party_id].append(value)

    owned = {account_key(a) for values in accounts.values() for a in values}
    for party_id, values in learnt.items():
        accounts[party_id].extend(
            a for a in values if account_key(a) not in owned)

    for item in items:
        item.party_name, item.virtual_account = parties.get(
            item.party, (None, None))
        item.party_nip = nips.get(item.party)
        item.party_accounts = tuple(accounts.get(item.party, ()))


def _learnt_accounts(company, accounts):
    "Return the accounts that paid for one party only, by party"
    learnt = defaultdict(list)
    if not accounts:
        return learnt
    pool = Pool()
    Origin = pool.get('account.statement.origin')
    Statement = pool.get('account.statement')
    StatementLine = pool.get('account.statement.line')
    line = StatementLine.__table__()
    origin = Origin.__table__()
    statement = Statement.__table__()

    parties = defaultdict(set)
    for account, party in _execute(
            line.join(origin, condition=line.origin == origin.id
                ).join(statement, condition=line.statement == statement.id
                ).select(
                origin.counterparty_account, line.party,
                where=(statement.company == company.id)
                & statement.state.in_(['validated', 'posted'])
                & (line.party != Null)
                & (line.related_to != Null)
                & origin.counterparty_account.in_(sorted(accounts)),
                group_by=[origin.counterparty_account, line.party])):
        parties[account].add(party)
    for account, found in parties.items():
        if len(found) == 1:
            party, = found
            learnt[party].append(account)
    return learnt
