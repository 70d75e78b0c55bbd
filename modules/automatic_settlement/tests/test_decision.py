# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What people decide on proposals, and how it is undone."""
from decimal import Decimal

from trytond.exceptions import UserError
from trytond.modules.automatic_settlement.exceptions import (
    ClarificationAccountMissing, ImportProblemsError, SettlementError)
from trytond.modules.automatic_settlement.open_items import open_items
from trytond.pool import Pool
from trytond.transaction import Transaction

from .settling import ALFA, SettlementCase, in_books
from .tools import (
    reload,
    run_queue)


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


del SettlementCase
