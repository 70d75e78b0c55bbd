# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Payments that entries settle."""
from decimal import Decimal
from unittest.mock import patch

from trytond.modules.automatic_settlement.open_items import open_items
from trytond.pool import Pool

from .settling import BETA, SettlementCase, in_books
from .tools import (
    ENTRY_DATE, reload)


class PaymentTestCase(SettlementCase):
    "Payments sent to the bank"

    def create_payment(self, books, invoice, clearing=True):
        pool = Pool()
        Journal = pool.get('account.payment.journal')
        Payment = pool.get('account.payment')
        Group = pool.get('account.payment.group')
        journal = Journal(
            name="mBank", company=books.company, currency=books.pln,
            process_method='manual')
        if clearing:
            journal.clearing_account = books.clearing
            journal.clearing_journal = books.expense_journal
        journal.save()
        line, = invoice.lines_to_pay
        payment = Payment(
            company=books.company, journal=journal, kind='payable',
            party=invoice.party, date=ENTRY_DATE, line=line,
            amount=Decimal('300.00'))
        payment.save()
        Payment.submit([payment])
        Payment.approve([payment])
        group = Group(
            company=books.company, journal=journal, kind='payable')
        group.save()
        Payment.process([payment], lambda: group)
        return reload(payment)

    @in_books
    def test_payment(self, books):
        "An entry that books a payment settles the payment"
        invoice = books.create_invoice(
            '300.00', type='in', party=books.beta, reference="FS/9/2026")
        payment = self.create_payment(books, invoice)
        self.assertEqual(payment.state, 'processing')
        item, = open_items(books.company, books.pln)
        self.assertEqual(item.model, 'account.payment')
        statement = self.settle(books.create_statement([
                    ('-300.00', "FS/9/2026", BETA)]))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'automatic')
        line, = origin.lines
        self.assertEqual(line.related_to, payment)
        self.assertEqual(line.account, books.clearing)
        self.assertFalse(open_items(books.company, books.pln))
        self.post(statement)
        self.assertEqual(reload(payment).state, 'succeeded')
        self.assertEqual(reload(invoice).state, 'paid')
        self.assertTrue(reload(payment).clearing_reconciled)
        self.assertFalse(open_items(books.company, books.pln))

    @in_books
    def test_payment_by_reference(self, books):
        "Of two like payments the one whose identity the entry bears"
        pool = Pool()
        Payment = pool.get('account.payment')
        one, two = [
            self.create_payment(books, books.create_invoice(
                    '300.00', type='in', party=books.beta,
                    reference=reference))
            for reference in ["FS/9/2026", "FS/10/2026"]]

        def references(cls, ids):
            return {i: ['PAY-%05d-abcdef01' % i] for i in ids}
        for values in [
                {'entry_details': {
                        'client_reference': 'PAY-%05d-abcdef01' % one.id}},
                {'customer_reference': 'PAY-%05d-abcdef01' % two.id}]:
            with patch.object(
                    Payment, 'settlement_references',
                    classmethod(references)):
                statement = self.settle(books.create_statement([
                            ('-300.00', "FS/9/2026, FS/10/2026", {
                                    **BETA, **values})]))
            origin, = statement.origins
            self.assertEqual(origin.settlement_decision, 'automatic')
            self.assertIn(
                "abcdef01", origin.settlement_reason.lower())
            line, = origin.lines
            self.assertEqual(
                line.related_to, one if 'entry_details' in values else two)

    @in_books
    def test_doubtful_payment(self, books):
        "A payment that its method has doubts of is proposed with the reason"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Payment = pool.get('account.payment')
        Rule = pool.get('account.statement.rule')
        payment = self.create_payment(books, books.create_invoice(
                '300.00', type='in', party=books.beta,
                reference="FS/9/2026"))
        doubts = classmethod(lambda cls, payments: {
                p.id: "not at the bank" for p in payments})
        rules = [None, {
                'name': "Przelewy",
                'company': books.company.id,
                'description': '(?P<payment>.+)',
                'lines': [('create', [{'amount': 'pending'}])],
                }]
        for rule in rules:
            if rule:
                Rule.create([rule])
            with patch.object(Payment, 'settlement_doubts', doubts):
                statement = self.settle(books.create_statement([
                            ('-300.00', "FS/9/2026", {
                                    **BETA,
                                    'description': payment.rec_name})]))
            origin, = statement.origins
            self.assertFalse(origin.lines)
            self.assertEqual(origin.settlement_decision, 'propose')
            self.assertEqual(origin.settlement_reason, "not at the bank")
            if rule:
                self.assertIn("Przelewy", origin.settlement_reasons)
            else:
                proposed = origin
        origin = reload(proposed)
        Origin.accept_proposal([origin])
        line, = reload(origin).lines
        self.assertEqual(line.related_to, payment)

    @in_books
    def test_payment_without_clearing(self, books):
        "Without a clearing account the entry settles the invoice"
        invoice = books.create_invoice(
            '300.00', type='in', party=books.beta, reference="FS/9/2026")
        self.create_payment(books, invoice, clearing=False)
        item, = open_items(books.company, books.pln)
        self.assertEqual(item.related_to, str(invoice))
        self.assertEqual(item.amount, Decimal('-300.00'))


del SettlementCase
