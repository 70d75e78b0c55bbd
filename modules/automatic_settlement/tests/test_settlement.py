# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Settlement in the books: decisions, payments, people, languages, cost."""
import string
from contextlib import contextmanager
from copy import copy
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError, AccessButtonError
from trytond.modules.account_statement.exceptions import StatementPostError
from trytond.modules.automatic_settlement.exceptions import (
    ClarificationAccountMissing, ImportProblemsError, SettlementError)
from trytond.modules.automatic_settlement.matcher import REASON_TEXTS
from trytond.modules.automatic_settlement.open_items import open_items
from trytond.modules.automatic_settlement.reasons import MESSAGES
from trytond.modules.currency.tests import add_currency_rate, create_currency
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    TestCase, activate_module, drop_db, with_transaction)
from trytond.transaction import Transaction, check_access

from .tools import (
    ALFA_ACCOUNT, BETA_ACCOUNT, ENTRY_DATE, INVOICE_DATE, Books, reload,
    run_queue)


def in_books(func):
    "Run the test in a transaction with a company and its books"
    @with_transaction()
    def wrapper(self):
        with copy(self.books).opened() as books:
            func(self, books)
    wrapper.__name__ = func.__name__
    wrapper.__doc__ = func.__doc__
    return wrapper


ALFA = {
    'counterparty_account': ALFA_ACCOUNT,
    'counterparty_name': "ALFA HURT SP. Z O.O.",
    }
BETA = {
    'counterparty_account': BETA_ACCOUNT,
    'counterparty_name': "BETA HANDEL S.A.",
    }


class SettlementCase(TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('automatic_settlement')
        cls.books = cls.create_books()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        drop_db()

    @staticmethod
    @with_transaction()
    def create_books():
        "The books all the tests of the case start from"
        books = Books()
        Transaction().commit()
        return books

    def settle(self, statement):
        pool = Pool()
        Statement = pool.get('account.statement')
        Statement.settle([statement])
        return reload(statement)

    def post(self, statement):
        pool = Pool()
        Statement = pool.get('account.statement')
        Statement.validate_statement([reload(statement)])
        Statement.post([reload(statement)])
        run_queue()
        return reload(statement)


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


class DecisionTestCase(SettlementCase):
    "People decide: proposals, rules, undoing, the monitor mode, problems"

    def proposed(self, books):
        "Return an entry with a proposal for a part of an invoice"
        invoice = books.create_invoice('1000.00')
        statement = self.settle(books.create_statement([
                    ('400.00', "FV %s" % invoice.number, ALFA),
                    ]))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'propose')
        return invoice, statement, origin

    @in_books
    def test_accept(self, books):
        "A proposal is accepted with one click, once"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        invoice, statement, origin = self.proposed(books)
        self.assertTrue(origin.has_proposal)
        Origin.accept_proposal([origin])
        origin = reload(origin)
        self.assertEqual(origin.settlement_decision, 'manual')
        self.assertFalse(origin.has_proposal)
        line, = origin.lines
        self.assertEqual(line.settlement_source, 'proposal')
        self.assertEqual(line.related_to, invoice)
        Origin.accept_proposal([origin])
        self.assertEqual(len(reload(origin).lines), 1)

    @in_books
    def test_accept_too_late(self, books):
        "A proposal for what is no longer open is refused with a reason"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        invoice, statement, origin = self.proposed(books)
        other = self.settle(books.create_statement([
                    ('1000.00', "FV %s" % invoice.number, ALFA)]))
        self.assertTrue(other.lines)
        with self.assertRaisesRegex(SettlementError, invoice.number):
            Origin.accept_proposal([origin])
        self.assertFalse(reload(origin).lines)

    @in_books
    def test_accept_not_draft(self, books):
        "Nothing is accepted for a posted statement"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Proposal = pool.get('automatic_settlement.proposal')
        invoice, statement, origin = self.proposed(books)
        books.configure(clarification_account=books.clarification)
        statement.__class__.settle_remaining([statement])
        self.post(statement)
        with self.assertRaises(UserError):
            Proposal.accept(reload(origin).proposals)
        with self.assertRaises(SettlementError):
            Origin.undo_settlement([reload(origin)])

    @in_books
    def test_undo(self, books):
        "Undoing removes the lines and opens the invoice again"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        invoice = books.create_invoice('100.00')
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % invoice.number, ALFA)]))
        origin, = statement.origins
        self.assertFalse(open_items(books.company, books.pln))
        Origin.undo_settlement([origin])
        origin = reload(origin)
        self.assertFalse(origin.lines)
        self.assertIsNone(origin.settlement_decision)
        self.assertIn("Administrator", origin.settlement_reasons)
        item, = open_items(books.company, books.pln)
        self.assertEqual(item.amount, Decimal('100.00'))

    @in_books
    def test_not_again(self, books):
        "What was undone is not settled by itself again until a person says so"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Statement = pool.get('account.statement')
        rule = self.create_rule(books)
        one, two = books.create_invoices(['100.00', '200.00'])
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % one.number, ALFA),
                    ('200.00', "FV %s" % two.number, ALFA),
                    ('-5.00', "", {'description': "opłata"}),
                    ('-6.00', "", {'description': "opłata"}),
                    ]))
        entry, other, charge, last = statement.origins
        self.assertEqual(len(statement.lines), 4)
        Origin.undo_settlement([entry, charge])
        statement = self.settle(reload(statement))
        self.assertEqual(
            {l.origin for l in statement.lines}, {other, last})
        for origin, name in [(entry, one.number), (charge, rule.name)]:
            origin = reload(origin)
            self.assertEqual(origin.settlement_decision, 'propose')
            self.assertIn("Left to People", origin.settlement_reason)
            self.assertIn(name, origin.settlement_reasons)
        Statement.undo_settlements([statement])
        statement = self.settle(reload(statement))
        self.assertFalse(statement.lines)

        Origin.write([entry, charge], {'left_to_people': False})
        statement = self.settle(reload(statement))
        self.assertEqual({l.origin for l in statement.lines}, {entry, charge})

    @in_books
    def test_undone_is_accepted(self, books):
        "What was undone is accepted and undone by a person as ever"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        invoice = books.create_invoice('100.00')
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % invoice.number, ALFA)]))
        origin, = statement.origins
        Origin.undo_settlement([origin])
        self.settle(reload(statement))
        Origin.accept_proposal([reload(origin)])
        self.assertEqual(len(reload(origin).lines), 1)
        Origin.undo_settlement([reload(origin)])
        self.assertFalse(reload(origin).lines)

    @in_books
    def test_by_hand_beside(self, books):
        "No line entered by hand comes on top of a settlement"
        pool = Pool()
        Line = pool.get('account.statement.line')
        invoice = books.create_invoice('100.00')
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % invoice.number, ALFA)]))
        origin, = statement.origins

        def enter(amount):
            Line.save([origin.get_settlement_line(
                        None, None, books.expense, Decimal(amount), None)])
        with self.assertRaisesRegex(SettlementError, "settled already"):
            enter('100.00')
        Line.delete(Line.search([
                    ('origin', '=', origin.id),
                    ('settlement_source', '=', None)]))
        enter('-2.00')
        enter('2.00')
        self.assertEqual(len(reload(origin).lines), 3)

    @in_books
    def test_line_without_move(self, books):
        "A line that came after the moves were made is not posted unseen"
        pool = Pool()
        Line = pool.get('account.statement.line')
        Statement = pool.get('account.statement')
        invoice = books.create_invoice('100.00')
        statement = books.create_statement([
                ('100.00', "FV %s" % invoice.number, ALFA)])
        statement.total_amount = Decimal(0)
        statement.save()
        Statement.validate_statement([statement])
        origin, = reload(statement).origins
        Line.save([origin.get_settlement_line(
                    invoice, books.alfa, books.receivable,
                    Decimal('100.00'), None)])
        with self.assertRaisesRegex(SettlementError, "has none"):
            Statement.post([reload(statement)])
        Statement.cancel([reload(statement)])
        Statement.draft([reload(statement)])
        statement = reload(statement)
        statement.total_amount = Decimal('100.00')
        statement.save()
        self.post(statement)
        self.assertEqual(reload(invoice).state, 'paid')

    @in_books
    def test_undo_statement(self, books):
        "A statement is undone in one step but for what a person decided"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Statement = pool.get('account.statement')
        books.configure(clarification_account=books.clarification)
        one, two = books.create_invoices(['100.00', '1000.00'])
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % one.number, ALFA),
                    ('400.00', "FV %s" % two.number, ALFA),
                    ('7.00', "nie wiadomo"),
                    ]))
        Origin.accept_proposal(
            [o for o in statement.origins if o.has_proposal])
        Statement.settle_remaining([reload(statement)])
        self.assertEqual(len(reload(statement).lines), 3)
        Statement.undo_settlements([reload(statement)])
        line, = reload(statement).lines
        self.assertEqual(line.settlement_source, 'proposal')

    @in_books
    def test_remaining(self, books):
        "What is left goes to the clarification account and it posts"
        pool = Pool()
        Statement = pool.get('account.statement')
        statement = self.settle(books.create_statement([
                    ('7.00', "nie wiadomo"), ('-3.00', "opłata")]))
        with self.assertRaises(ClarificationAccountMissing):
            Statement.settle_remaining([statement])
        books.configure(clarification_account=books.clarification)
        Statement.settle_remaining([statement])
        statement = reload(statement)
        self.assertEqual(
            sorted((l.account.code, l.amount) for l in statement.lines),
            [('1.1.9', Decimal('-3.00')), ('1.1.9', Decimal('7.00'))])
        self.assertEqual(self.post(statement).state, 'posted')

    @in_books
    def test_posted_is_undone_by_cancelling_moves(self, books):
        "Cancelling the move of a posted statement opens the invoice again"
        pool = Pool()
        CancelMove = pool.get('account.move.cancel', type='wizard')
        Reconciliation = pool.get('account.move.reconciliation')
        invoice = books.create_invoice('100.00')
        statement = self.post(self.settle(books.create_statement([
                        ('100.00', "FV %s" % invoice.number, ALFA)])))
        self.assertEqual(reload(invoice).state, 'paid')
        move = statement.lines[0].move
        session_id, _, _ = CancelMove.create()
        with Transaction().set_context(
                active_model='account.move', active_id=move.id,
                active_ids=[move.id]):
            Reconciliation.delete([
                    l.reconciliation for l in move.lines
                    if l.reconciliation])
            cancel_move = CancelMove(session_id)
            cancel_move.default.description = "Błędne rozliczenie"
            cancel_move.default.reversal = True
            cancel_move._execute('cancel')
        run_queue()
        self.assertEqual(reload(invoice).state, 'posted')
        item, = open_items(books.company, books.pln)
        self.assertEqual(item.amount, Decimal('100.00'))

    @in_books
    def test_monitor(self, books):
        "The monitor mode shows what it would do and makes no line"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        books.configure(mode='monitor')
        invoice = books.create_invoice('100.00')
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % invoice.number, ALFA)]))
        origin, = statement.origins
        self.assertFalse(statement.lines)
        self.assertEqual(origin.settlement_decision, 'propose')
        self.assertIn("Monitor mode", origin.settlement_reason)
        proposal, = origin.proposals
        self.assertEqual(proposal.related_to, invoice)
        Origin.accept_proposal([origin])
        self.assertEqual(len(reload(statement).lines), 1)

    def create_rule(self, books):
        pool = Pool()
        Rule = pool.get('account.statement.rule')
        rule, = Rule.create([{
                    'name': "Opłaty",
                    'company': books.company.id,
                    'description': 'opłata',
                    'lines': [('create', [{
                                    'amount': 'pending',
                                    'account': books.expense.id,
                                    }])],
                    }])
        return rule

    @in_books
    def test_rule_precedes(self, books):
        "A rule of the user precedes the matching and is named"
        self.create_rule(books)
        invoice = books.create_invoice('100.00')
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % invoice.number, {
                            **ALFA, 'description': "opłata"}),
                    ]))
        origin, = statement.origins
        line, = origin.lines
        self.assertEqual(line.account, books.expense)
        self.assertEqual(line.settlement_source, 'rule')
        self.assertIsNone(line.related_to)
        self.assertEqual(origin.settlement_decision, 'automatic')
        self.assertIn("Opłaty", origin.settlement_reasons)
        self.assertFalse(origin.proposals)

    @in_books
    def test_rule_monitor(self, books):
        "In monitor mode a rule is shown, not applied"
        self.create_rule(books)
        books.configure(mode='monitor')
        statement = self.settle(books.create_statement([
                    ('-5.00', "", {'description': "opłata"})]))
        origin, = statement.origins
        self.assertFalse(origin.lines)
        self.assertEqual(origin.settlement_decision, 'propose')
        self.assertIn("Opłaty", origin.settlement_reasons)

    @in_books
    def test_apply_rules_button(self, books):
        "Lines of Tryton's own button count as made by the rule"
        pool = Pool()
        Origin = pool.get('account.statement.origin')
        Statement = pool.get('account.statement')
        self.create_rule(books)
        statement = books.create_statement([
                ('-5.00', "", {'description': "opłata"})])
        Statement.apply_rules([statement])
        statement = self.settle(reload(statement))
        origin, = statement.origins
        self.assertIn("Opłaty", origin.settlement_reasons)
        Origin.undo_settlement([origin])
        self.assertFalse(reload(statement).lines)

    @in_books
    def test_lines_by_hand(self, books):
        "Lines entered by hand are kept and the entry is left alone"
        pool = Pool()
        Line = pool.get('account.statement.line')
        Origin = pool.get('account.statement.origin')
        invoice = books.create_invoice('100.00')
        statement = books.create_statement([
                ('100.00', "FV %s" % invoice.number, ALFA)])
        origin, = statement.origins
        Line.save([origin.get_settlement_line(
                    None, None, books.expense, Decimal('100.00'), None)])
        statement = self.settle(reload(statement))
        origin, = statement.origins
        self.assertEqual(origin.settlement_decision, 'manual')
        line, = origin.lines
        self.assertEqual(line.account, books.expense)
        Origin.undo_settlement([origin])
        self.assertEqual(len(reload(origin).lines), 1)

    @in_books
    def test_problems(self, books):
        "A statement with import problems settles only after a review"
        pool = Pool()
        Statement = pool.get('account.statement')
        invoice = books.create_invoice('100.00')
        statement = self.settle(books.create_statement([
                    ('100.00', "FV %s" % invoice.number, ALFA)],
                import_problems="Gap: statement 11 is missing"))
        origin, = statement.origins
        self.assertFalse(statement.lines)
        self.assertEqual(origin.settlement_decision, 'propose')
        self.assertIn("import problems", origin.settlement_reason)

        origin.__class__.accept_proposal([origin])
        with self.assertRaisesRegex(ImportProblemsError, "statement 11"):
            Statement.validate_statement([reload(statement)])
        statement = reload(statement)
        self.assertEqual(statement.state, 'draft')
        Statement.write([statement], {'problems_reviewed': True})
        self.post(statement)
        self.assertEqual(reload(invoice).state, 'paid')

    @in_books
    def test_problems_found_after_validation(self, books):
        "Posting is refused too if the problem came to light later"
        pool = Pool()
        Statement = pool.get('account.statement')
        books.configure(clarification_account=books.clarification)
        statement = books.create_statement([('1.00', "")])
        Statement.settle_remaining([statement])
        Statement.validate_statement([reload(statement)])
        Statement.write([reload(statement)], {'import_problems': "Gap"})
        with self.assertRaises(ImportProblemsError):
            Statement.post([reload(statement)])


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


class ContextTestCase(SettlementCase):
    "Who settles, in which language, at which cost"

    @with_transaction(user=0)
    def test_no_context(self):
        "Settling needs neither user nor company in the context"
        pool = Pool()
        Statement = pool.get('account.statement')
        with Transaction().set_user(1):
            with copy(self.books).opened() as books:
                invoice = books.create_invoice('100.00')
                statement = books.create_statement([
                        ('100.00', "FV %s" % invoice.number, ALFA)])
        self.assertNotIn('company', Transaction().context)
        Statement.settle([Statement(statement.id)])
        self.assertTrue(reload(statement).lines)

    @in_books
    def test_companies_apart(self, books):
        "The invoices of another company are not settled"
        invoice = books.create_invoice('100.00')
        other = Books(bank_accounts=False)
        with other.opened():
            other.create_invoice('100.00')
            statement = other.create_statement([
                    ('100.00', "FV %s" % invoice.number, ALFA)])
            self.settle(statement)
            for item in open_items(other.company, other.pln):
                self.assertNotEqual(item.record, invoice.id)
        for proposal in reload(statement).origins[0].proposals:
            self.assertNotEqual(proposal.related_to, invoice)

    @in_books
    def test_access(self, books):
        "Who is in no account group settles, accepts and undoes nothing"
        pool = Pool()
        Group = pool.get('res.group')
        Origin = pool.get('account.statement.origin')
        Proposal = pool.get('automatic_settlement.proposal')
        Statement = pool.get('account.statement')
        User = pool.get('res.user')
        ModelData = pool.get('ir.model.data')

        books.configure(clarification_account=books.clarification)
        invoice = books.create_invoice('1000.00')
        statement = self.settle(books.create_statement([
                    ('400.00', "FV %s" % invoice.number, ALFA)]))
        origin, = statement.origins
        proposal, = origin.proposals
        stranger, accountant = User.create([{
                    'name': name, 'login': name,
                    'companies': [('add', [books.company.id])],
                    'company': books.company.id,
                    } for name in ['stranger', 'accountant']])
        group = Group(ModelData.get_id('account', 'group_account'))
        User.write([accountant], {'groups': [('add', [group.id])]})

        @contextmanager
        def as_user(user):
            with Transaction().set_user(user.id), \
                    Transaction().set_context(
                        User.get_preferences(context_only=True)), \
                    check_access():
                yield

        calls = [
            (Statement.settle, Statement, statement),
            (Statement.settle_remaining, Statement, statement),
            (Statement.undo_settlements, Statement, statement),
            (Origin.accept_proposal, Origin, origin),
            (Origin.undo_settlement, Origin, origin),
            (Proposal.accept, Proposal, proposal),
            ]
        with as_user(stranger):
            for method, Model, record in calls:
                with self.subTest(method=method.__name__):
                    with self.assertRaises((AccessError, AccessButtonError)):
                        method([Model(record.id)])
            with self.assertRaises(AccessError):
                Proposal.read([proposal.id], ['amount'])
            with self.assertRaises(AccessError):
                pool.get('automatic_settlement.configuration').write(
                    [pool.get('automatic_settlement.configuration')(1)],
                    {'mode': 'monitor'})
        self.assertFalse(reload(statement).lines)

        with as_user(accountant):
            Origin.accept_proposal([Origin(origin.id)])
            Origin.undo_settlement([Origin(origin.id)])
            Statement.settle([Statement(statement.id)])
            with self.assertRaises(AccessError):
                pool.get('automatic_settlement.configuration').write(
                    [pool.get('automatic_settlement.configuration')(1)],
                    {'mode': 'monitor'})

    @with_transaction()
    def test_reasons_of_matcher(self):
        "Each reason of the matcher has a sentence that takes its parameters"
        pool = Pool()
        Message = pool.get('ir.message')
        for code, text in REASON_TEXTS.items():
            with self.subTest(code=code):
                names = {
                    n for _, n, _, _ in string.Formatter().parse(text) if n}
                self.assertIn(code, MESSAGES)
                sentence = Message.gettext(
                    *MESSAGES[code].split('.'), 'en',
                    **{n: '<%s>' % n for n in names})
                for name in names:
                    self.assertIn('<%s>' % name, sentence)

    def count_queries(self, books, statement):
        pool = Pool()
        Statement = pool.get('account.statement')
        transaction = Transaction()
        connection = CountingConnection(transaction.connection)
        with patch.object(transaction, 'connection', connection):
            Statement.settle([Statement(statement.id)])
        return connection.queries

    @in_books
    def test_queries(self, books):
        "The queries per entry grow neither with the entries nor the invoices"
        def entries(invoices):
            return [('10.00', "FV %s" % i.number, ALFA) for i in invoices]

        few = books.create_statement(
            entries(books.create_invoices(['10.00'] * 60)))
        few_queries = self.count_queries(books, few)
        self.assertEqual(len(reload(few).lines), 60)

        many = books.create_statement(
            entries(books.create_invoices(['10.00'] * 120)))
        many_queries = self.count_queries(books, many)
        self.assertEqual(len(reload(many).lines), 120)
        self.assertLess(many_queries / 120, few_queries / 60 * 1.1)

        invoices = books.create_invoices(['10.00'] * 180)
        crowded = books.create_statement(entries(invoices[:60]))
        crowded_queries = self.count_queries(books, crowded)
        self.assertEqual(len(reload(crowded).lines), 60)
        self.assertLess(crowded_queries, few_queries * 1.1)


class CountingConnection:
    "A database connection that counts the queries"

    def __init__(self, connection):
        self._connection = connection
        self.queries = 0

    def cursor(self, *args, **kwargs):
        return CountingCursor(
            self, self._connection.cursor(*args, **kwargs))

    def __getattr__(self, name):
        return getattr(self._connection, name)


class CountingCursor:

    def __init__(self, connection, cursor):
        self._connection = connection
        self._cursor = cursor

    def execute(self, *args, **kwargs):
        self._connection.queries += 1
        return self._cursor.execute(*args, **kwargs)

    def __iter__(self):
        return iter(self._cursor)

    def __getattr__(self, name):
        return getattr(self._cursor, name)


class PolishTestCase(SettlementCase):
    "What a Polish user reads"

    def load_polish(self):
        pool = Pool()
        Lang = pool.get('ir.lang')
        Translation = pool.get('ir.translation')
        Lang.write(
            Lang.search([('code', '=', 'pl')]), {'translatable': True})
        Translation.translation_import('pl', 'automatic_settlement', str(
                Path(__file__).parent.parent / 'locale' / 'pl.po'))

    @in_books
    def test_reasons(self, books):
        "The reasons are in the language of who settles"
        self.load_polish()
        invoice = books.create_invoice('1230.00')
        statement = books.create_statement([
                ('1230.00', "FV %s" % invoice.number, ALFA)])
        with Transaction().set_context(language='pl'):
            statement = self.settle(statement)
        reasons = statement.origins[0].settlement_reasons
        self.assertIn("Numer faktury", reasons)
        self.assertRegex(reasons, r"1\s?230,00")

    @with_transaction()
    def test_all_is_translated(self):
        "Every label and sentence of the module has its Polish form"
        pool = Pool()
        Set = pool.get('ir.translation.set', type='wizard')
        Translation = pool.get('ir.translation')
        session_id, _, _ = Set.create()
        Set(session_id).transition_set_()
        self.load_polish()
        sources = Translation.search([
                ('lang', '=', 'en'),
                ('module', '=', 'automatic_settlement'),
                ('src', '!=', None),
                ('src', '!=', ''),
                ])
        self.assertTrue(sources)
        done = {
            (t.type, t.name, t.res_id, t.src)
            for t in Translation.search([
                    ('lang', '=', 'pl'),
                    ('module', '=', 'automatic_settlement'),
                    ('value', '!=', None),
                    ('value', '!=', ''),
                    ('fuzzy', '=', False),
                    ])}
        missing = [
            (t.type, t.name, t.src) for t in sources
            if (t.type, t.name, t.res_id, t.src) not in done]
        self.assertEqual(missing, [])


del SettlementCase
