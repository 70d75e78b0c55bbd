# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What may leave: looked at in the transaction that commits the intent.

Between the making of a batch and its sending payments fail, invoices are paid
otherwise or stand in draft statements. An order leaves only if its payment is
still to be paid at this moment.
"""
from collections import defaultdict
from decimal import Decimal

from trytond.i18n import gettext
from trytond.modules.automatic_settlement import turn
from trytond.pool import Pool
from trytond.transaction import Transaction

from . import payment_order
from .order_status import state_name

# States of a payment whose money leaves, or has left
LIVE = ['processing', 'succeeded']
# So many of what takes a debt are named
SHOWN = 5


def lock(batch):
    """Lock all that the decision reads, for the rest of the transaction.

    A payment that fails, a line that is reconciled and a statement that is
    validated write to these rows: who comes second waits or begins anew. A
    line of a statement that takes a debt takes the turn of its company.

    The transaction may be begun anew for that. Raises SettlementBusyError if
    others have had the turn for long.
    """
    pool = Pool()
    Batch = pool.get('mbank.order.batch')
    Invoice = pool.get('account.invoice')
    Line = pool.get('account.move.line')
    Payment = pool.get('account.payment')
    turn.take([batch.company])
    Batch.lock([batch])
    payments = list(batch.payments)
    Payment.lock(payments)
    lines = {p.line for p in payments if p.line}
    Line.lock(sorted(lines, key=int))
    Invoice.lock(sorted(filter(None, map(_invoice, lines)), key=int))


def obstacles(batch):
    """Why the batch may not leave: a sentence for each payment, or ().

    The order of the sentences is that of the payments.
    """
    found = []
    if reason := _not_whole(batch):
        found.append(reason)
    with Transaction().set_context(company=batch.company.id):
        debts = _Debts(batch.payments)
        for payment in batch.payments:
            reason = _unfit(payment) or debts.obstacle(payment)
            if reason:
                found.append(gettext(
                        'mbank.msg_leaving_payment', payment=payment.rec_name,
                        party=payment.party.rec_name, reason=reason))
    return tuple(found)


def _not_whole(batch):
    "The bytes of the batch are fixed: they hold the orders of its payments"
    data = bytes(batch.data)
    payments = batch.payments
    if (len(payments) != batch.order_count
            or sum(p.amount for p in payments) != batch.amount
            or not all(
                (p.mbank_end_to_end_id or '').encode() in data
                for p in payments)):
        return gettext(
            'mbank.msg_leaving_not_whole', batch=batch.rec_name,
            count=len(payments), orders=batch.order_count)


def _unfit(payment):
    "What the payment itself says"
    if payment.state != 'processing':
        return gettext('mbank.msg_leaving_state', state=state_name(payment))
    if not payment.mbank_end_to_end_id:
        return gettext('mbank.msg_leaving_no_identity')
    if not payment_order.approved(payment):
        return gettext(
            'mbank.msg_payment_not_approved', payment=payment.rec_name)


def _invoice(line):
    "The invoice the line is a debt of"
    origin = line.move.origin
    if origin and origin.__name__ == 'account.invoice':
        return origin
    for invoice in Pool().get('account.invoice').search([
                ('additional_moves', '=', line.move.id)], limit=1):
        return invoice


class _Debts:
    """The debts the payments pay, and what else pays them.

    Several payments of one batch may share a debt: each is a payment beside
    the others.
    """

    def __init__(self, payments):
        pool = Pool()
        Payment = pool.get('account.payment')
        StatementLine = pool.get('account.statement.line')
        lines = {p.line for p in payments if p.line}
        self._invoices = {line: _invoice(line) for line in lines}
        invoices = set(filter(None, self._invoices.values()))
        for invoice in invoices:
            lines.update(invoice.lines_to_pay)
        self._payments = defaultdict(list)
        beside = Payment.search([('line', 'in', list(map(int, lines)))])
        for payment in beside:
            self._payments[payment.line].append(payment)
        groups = {p.group for p in payments if p.group}
        # The lines of statements in draft, by what they take
        self._drafts = defaultdict(list)
        for line in StatementLine.search([
                    ('statement.state', '=', 'draft'),
                    ('related_to', 'in', [
                            str(record) for record in
                            {*payments, *beside, *groups, *invoices}]),
                    ]):
            self._drafts[str(line.related_to)].append(line)

    def obstacle(self, payment):
        "Why the payment is not to be paid any more, or None"
        for record in filter(None, [payment, payment.group]):
            for draft in self._drafts[str(record)]:
                return gettext(
                    'mbank.msg_leaving_entry',
                    statement=draft.statement.rec_name)
        line, currency = payment.line, payment.currency
        if not line:
            return None
        if line.reconciliation:
            return gettext('mbank.msg_leaving_reconciled', line=line.rec_name)
        debtor, (open_, taken) = line, self._of_line(payment)
        if invoice := self._invoices[line]:
            of_invoice = self._of_invoice(invoice, payment)
            if of_invoice[0] < open_:
                debtor, (open_, taken) = invoice, of_invoice
        if open_ < payment.amount:
            lang = Pool().get('ir.lang').get()
            return gettext(
                'mbank.msg_leaving_open',
                amount=lang.currency(payment.amount, currency),
                open=lang.currency(max(open_, Decimal(0)), currency),
                debt=debtor.rec_name,
                taken='; '.join(
                    '%s: %s' % (name, lang.currency(amount, currency))
                    for name, amount in taken[:SHOWN]) or '-')

    def _of_line(self, payment):
        "What is open of the line beside the payment, and what takes it"
        taken = [
            (p.rec_name, p.amount) for p in self._payments[payment.line]
            if p != payment and p.state in LIVE]
        return _debt(payment.line, payment.currency) - _total(taken), taken

    def _of_invoice(self, invoice, payment):
        "What is open of the invoice beside the payment, and what takes it"
        currency = payment.currency
        lines = [
            line for line in invoice.lines_to_pay if not line.reconciliation]
        entries = [
            (line.move.rec_name, -_debt(line, currency))
            for line in invoice.payment_lines if not line.reconciliation]
        drafts = list(self._drafts[str(invoice)])
        paid, booked = [], []
        for other in (p for line in lines for p in self._payments[line]):
            if other == payment:
                continue
            if other.state == 'failed':
                drafts += self._drafts[str(other)]
            elif (other.state == 'succeeded'
                    and not other.journal.clearing_account):
                booked.append((other.rec_name, other.amount))
            elif other.state in LIVE:
                paid.append((other.rec_name, other.amount))
        entries += [
            (line.statement.rec_name, _paid(line, currency))
            for line in drafts]
        entries = [(name, amount) for name, amount in entries if amount > 0]
        # The entry of a payment whose journal has no clearing account is
        # booked on the invoice itself: which one it is, the books do not say.
        taken = paid + max(entries, booked, key=_total)
        debt = sum((_debt(line, currency) for line in lines), Decimal(0))
        return debt - _total(taken), taken


def _total(taken):
    return sum((amount for _, amount in taken), Decimal(0))


def _debt(line, currency):
    "What is owed by the line to the payee"
    if line.second_currency == currency:
        return -line.amount_second_currency
    return _converted(
        line.credit - line.debit, line.account.company.currency, currency)


def _paid(line, currency):
    "What leaves the account by a line of a statement"
    if line.second_currency == currency:
        return -line.amount_second_currency
    return _converted(-line.amount, line.statement.journal.currency, currency)


def _converted(amount, from_, to):
    if from_ == to:
        return amount
    return Pool().get('currency.currency').compute(from_, amount, to)
