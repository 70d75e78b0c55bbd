# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Companies and people apart, and what settling costs."""
import string
from contextlib import contextmanager
from copy import copy

from trytond.model.exceptions import AccessError, AccessButtonError
from trytond.modules.automatic_settlement.matcher import REASON_TEXTS
from trytond.modules.automatic_settlement.open_items import open_items
from trytond.modules.automatic_settlement.reasons import MESSAGES
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    with_transaction)
from trytond.transaction import Transaction, check_access

from .settling import ALFA, SettlementCase, in_books
from .tools import (
    Books, executed,
    reload)


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
        with executed() as queries:
            Statement.settle([Statement(statement.id)])
        return len(queries)

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


del SettlementCase
