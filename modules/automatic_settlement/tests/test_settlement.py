# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Entries of statements are settled against what is open."""
from decimal import Decimal

from trytond.modules.account_statement.exceptions import StatementPostError
from trytond.modules.automatic_settlement.open_items import open_items
from trytond.modules.currency.tests import add_currency_rate, create_currency
from trytond.pool import Pool

from .settling import ALFA, BETA, SettlementCase, in_books
from .tools import (
    ENTRY_DATE, INVOICE_DATE, reload)


class SettlementTestCase(SettlementCase):
    "Entries of statements are settled against what is open"

    @in_books
    def test_by_number(self, books):
        "An invoice named in the title is settled and paid by posting"
        invoice = books.create_invoice('1230.00')
        statement = self.settle(books.create_statement([
                    ('1230.00', "Zapłata za FV %s" % invoice.number, ALFA),
                    ]))

        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'automatic')
        self.assertGreaterEqual(origin.settlement_score, Decimal('0.85'))
        self.assertIn(invoice.number, origin.settlement_reasons)
        self.assertEqual(
            origin.settlement_reason,
            origin.settlement_reasons.splitlines()[0])
        line, = origin.lines
        self.assertEqual(line.related_to, invoice)
        self.assertEqual(line.amount, Decimal('1230.00'))
        self.assertEqual(line.party, books.alfa)
        self.assertEqual(line.account, books.receivable)
        self.assertEqual(line.number, '1')
        self.assertEqual(line.date, ENTRY_DATE)
        self.assertEqual(line.settlement_source, 'match')
        self.assertEqual(origin.pending_amount, 0)

        statement = self.post(statement)
        self.assertEqual(statement.state, 'posted')
        self.assertEqual(reload(invoice).state, 'paid')

    @in_books
    def test_supplier_by_reference(self, books):
        "A payment to a supplier is settled by the number of the supplier"
        invoice = books.create_invoice(
            '500.00', type='in', party=books.beta, reference="FS/77/2026")
        statement = self.settle(books.create_statement([
                    ('-500.00', "FS/77/2026", BETA),
                    ]))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'automatic')
        line, = origin.lines
        self.assertEqual(line.related_to, invoice)
        self.assertEqual(line.amount, Decimal('-500.00'))
        self.assertEqual(line.account, books.payable)
        self.post(statement)
        self.assertEqual(reload(invoice).state, 'paid')

    @in_books
    def test_several_invoices(self, books):
        "One entry pays several invoices"
        one, two = books.create_invoices(['100.00', '250.50'])
        statement = self.settle(books.create_statement([
                    ('350.50', "Faktury %s, %s" % (one.number, two.number),
                        ALFA),
                    ]))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'automatic')
        self.assertEqual(
            {l.related_to: l.amount for l in origin.lines},
            {one: Decimal('100.00'), two: Decimal('250.50')})
        self.post(statement)
        self.assertEqual(reload(one).state, 'paid')
        self.assertEqual(reload(two).state, 'paid')

    @in_books
    def test_part(self, books):
        "A part payment is proposed, what is left stays open"
        invoice = books.create_invoice('1000.00')
        statement = self.settle(books.create_statement([
                    ('400.00', "Część FV %s" % invoice.number, ALFA),
                    ]))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'propose')
        self.assertFalse(origin.lines)
        proposal, = origin.proposals
        self.assertEqual(proposal.amount, Decimal('400.00'))

        origin.__class__.accept_proposal([origin])
        self.post(statement)
        invoice = reload(invoice)
        self.assertEqual(invoice.state, 'posted')
        self.assertEqual(invoice.amount_to_pay, Decimal('600.00'))

        item, = open_items(books.company, books.pln)
        self.assertEqual(item.amount, Decimal('600.00'))
        books.configure(automatic_part=True)
        statement = self.settle(books.create_statement([
                    ('200.00', "Część FV %s" % invoice.number, ALFA),
                    ('400.00', "FV %s reszta" % invoice.number, ALFA),
                    ]))
        self.assertEqual(
            [o.settlement_decision for o in statement.origins
                if o.amount == Decimal('200.00')],
            ['automatic'])

    @in_books
    def test_amount_only(self, books):
        "The amount alone never settles"
        books.create_invoice('77.77')
        statement = self.settle(books.create_statement([
                    ('77.77', "Dziękuję"),
                    ]))
        origin, = statement.origins
        self.assertIn(origin.settlement_decision, ['propose', 'none'])
        self.assertFalse(origin.lines)
        self.assertTrue(origin.settlement_reasons)

    @in_books
    def test_overpayment(self, books):
        "Not more is settled than is open, the rest stays pending"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        invoice = books.create_invoice('100.00')
        statement = self.settle(books.create_statement([
                    ('130.00', "FV %s" % invoice.number, ALFA),
                    ]))
        origin, = statement.origins
        if origin.settlement_decision == 'propose':
            Origin.accept_proposal([origin])
        origin = reload(origin)
        self.assertEqual(
            [l.amount for l in origin.lines], [Decimal('100.00')])
        self.assertEqual(origin.pending_amount, Decimal('30.00'))
        with self.assertRaises(StatementPostError):
            books.configure(clarification_account=None)
            statement.total_amount = Decimal('100.00')
            statement.save()
            self.post(statement)

    @in_books
    def test_invoice_taken_once(self, books):
        "What a draft statement takes is not open for another one"
        invoice = books.create_invoice('100.00')
        entry = ('100.00', "FV %s" % invoice.number, ALFA)
        first = self.settle(books.create_statement([entry]))
        second = self.settle(books.create_statement([entry]))
        self.assertTrue(first.origins[0].lines)
        self.assertFalse(second.origins[0].lines)
        self.assertNotEqual(
            second.origins[0].settlement_decision, 'automatic')

    @in_books
    def test_same_entry_twice(self, books):
        "Two equal entries of a statement do not take one invoice twice"
        invoice = books.create_invoice('100.00')
        entry = ('100.00', "FV %s" % invoice.number, ALFA)
        statement = self.settle(books.create_statement([entry, entry]))
        self.assertEqual(
            sum(l.amount for o in statement.origins for l in o.lines),
            Decimal('100.00'))

    @in_books
    def test_settle_again(self, books):
        "Settling again adds nothing to what is settled"
        invoice = books.create_invoice('100.00')
        books.create_invoice('55.00')
        statement = books.create_statement([
                ('100.00', "FV %s" % invoice.number, ALFA),
                ('55.00', "czynsz"),
                ])
        statement = self.settle(self.settle(statement))
        self.assertEqual(len(statement.lines), 1)
        origin, = [o for o in statement.origins if not o.lines]
        self.assertEqual(
            len(origin.proposals),
            len({p.related_to for p in origin.proposals}))

    @in_books
    def test_foreign_currency(self, books):
        "An invoice in euro is paid on the account in euro"
        eur = create_currency('EUR')
        add_currency_rate(eur, Decimal('0.25'), INVOICE_DATE)
        add_currency_rate(eur, Decimal('0.20'), ENTRY_DATE)
        invoice = books.create_invoice('100.00', currency=eur)
        pln_invoice = books.create_invoice('100.00')
        Account = Pool().get('account.account')
        account, = Account.copy([books.cash], {
                'name': "Bank EUR",
                'code': '1.1.7',
                'second_currency': eur.id,
                })
        journal = books.create_journal(eur, account)

        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % invoice.number, ALFA),
                    ('100.00', "FV %s" % pln_invoice.number, ALFA),
                    ], journal=journal))
        first, second = sorted(statement.origins, key=lambda o: o.number)
        self.assertEqual(first.settlement_decision, 'automatic')
        line, = first.lines
        self.assertEqual(line.related_to, invoice)
        self.assertEqual(line.amount, Decimal('100.00'))
        self.assertFalse(second.lines)

        books.configure(clarification_account=account)
        statement.__class__.settle_remaining([statement])
        self.post(statement)
        self.assertEqual(reload(invoice).state, 'paid')
        self.assertEqual(reload(pln_invoice).state, 'posted')

    @in_books
    def test_ksef(self, books):
        "An entry that names an invoice by its KSeF number settles it"
        pool = Pool()
        Invoice = pool.get('account.invoice')
        ksef = '5265877635-20250826-0100001AF629-AF'
        one, two = books.create_invoices(['100.00', '100.00'])
        Invoice.write([two], {'ksef_number': ksef})
        statement = self.settle(books.create_statement([
                    ('100.00', "zapłata", {
                            'entry_details': {'ksef': ksef}}),
                    ]))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'automatic')
        line, = origin.lines
        self.assertEqual(line.related_to, two)
        self.assertIn(ksef, origin.settlement_reasons)

    @in_books
    def test_customer_reference(self, books):
        "The number may stand in the reference of the customer"
        one, two = books.create_invoices(
            ['100.00', '100.00'], type='in', reference=None)
        statement = self.settle(books.create_statement([
                    ('-100.00', "zapłata", {
                            'customer_reference': two.number, **ALFA}),
                    ]))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'automatic')
        line, = origin.lines
        self.assertEqual(line.related_to, two)

    @in_books
    def test_learnt_account(self, books):
        "The account of an earlier settlement speaks for its party"
        gamma = books.create_party("Gamma Serwis")
        invoice = books.create_invoice('10.00', party=gamma)
        entry = {
            'counterparty_account': '02114020040000320012345678',
            'counterparty_name': "JAN KOWALSKI",
            }
        first = self.settle(books.create_statement([
                    ('10.00', "FV %s" % invoice.number, entry)]))
        origin, = first.origins
        if not origin.lines:
            origin.__class__.accept_proposal([origin])
        self.post(first)
        books.create_invoice('20.00', party=gamma)
        items = open_items(
            books.company, books.pln,
            accounts={'02114020040000320012345678'})
        self.assertEqual(
            [i.party_accounts for i in items],
            [('02114020040000320012345678',)])


    @in_books
    def test_virtual_account(self, books):
        "What comes in on the virtual account of a party is from the party"
        pool = Pool()
        Party = pool.get('party.party')
        Party.write([books.beta], {'virtual_account': 'XX000000000017'})
        books.create_invoice('64.00')
        invoice = books.create_invoice('64.00', party=books.beta)
        statement = self.settle(books.create_statement([
                    ('64.00', "przelew", {
                            'virtual_account': 'XX000000000017'})]))
        origin, = statement.origins
        documents = [
            r.related_to for r in origin.lines or origin.proposals]
        self.assertEqual(documents, [invoice])
        self.assertIn("XX000000000017", origin.settlement_reasons)


del SettlementCase
