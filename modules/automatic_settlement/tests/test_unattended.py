# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What is done by queue and cron, run as Tryton runs it"
import datetime as dt
from decimal import Decimal
from unittest.mock import patch

from trytond.modules.account_statement.exceptions import (
    StatementValidateWarning)
from trytond.modules.automatic_settlement import statement as statement_file
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, TestCase, activate_module, drop_db)
from trytond.transaction import Transaction, TransactionError
from trytond.worker import run_task

from .tools import ALFA_ACCOUNT, ENTRY_DATE, Books

ALFA = {
    'counterparty_account': ALFA_ACCOUNT,
    'counterparty_name': "ALFA HURT SP. Z O.O.",
    }


class UnattendedTestCase(TestCase):
    """Steps without a person

    Each is committed, so each test takes documents of its own.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('automatic_settlement')
        cls.addClassCleanup(drop_db)
        cls.books = cls.lost = None

        def prepare():
            books = Books()
            with books.opened():
                books.configure(
                    post_settled=True,
                    clarification_account=books.clarification)
            return books
        cls.books = cls.work(prepare)

    @classmethod
    def work(cls, function, *args, user=1, tasks=True):
        """What the function returns, committed, as a request

        Then its tasks run as a worker runs them, or are lost.
        """
        extras = {}
        while True:
            with Transaction().start(DB_NAME, user, **extras) as transaction:
                try:
                    if cls.books:
                        state = cls.books.__getstate__()
                        cls.books.__setstate__(state)
                        with cls.books.opened(), transaction.set_user(user):
                            result = function(*args)
                    else:
                        result = function(*args)
                except TransactionError as error:
                    transaction.rollback()
                    transaction.tasks.clear()
                    error.fix(extras)
                    continue
                except BaseException:
                    transaction.rollback()
                    transaction.tasks.clear()
                    raise
            break
        while transaction.tasks:
            task = transaction.tasks.pop()
            if tasks:
                run_task(DB_NAME, task)
        return result

    def get(self, model, id, *names):
        "The values of the fields as they are in the database"
        def read():
            value = Pool().get(model)(id)
            return tuple(getattr(value, n) for n in names)
        return self.work(read)

    def settled(self, *amounts, tasks=False):
        "A settled statement that waits to be posted, and its invoices"
        def settle():
            Statement = Pool().get('account.statement')
            invoices = self.books.create_invoices(amounts)
            statement = self.books.create_statement([
                    (amount, "FV %s" % invoice.number, ALFA)
                    for amount, invoice in zip(amounts, invoices)])
            Statement.settle([statement])
            return statement.id, [i.id for i in invoices]
        return self.work(settle, tasks=tasks)

    def post_settled(self, *ids):
        "Post by a task of the queue"
        self.work(lambda: Pool().get('account.statement').__queue__
            .post_settled(ids))

    def pay(self, invoice_id, amount=None):
        "A person pays or refunds the invoice otherwise, all or a part"
        def pay():
            pool = Pool()
            Invoice = pool.get('account.invoice')
            Move = pool.get('account.move')
            MoveLine = pool.get('account.move.line')
            Period = pool.get('account.period')
            invoice = Invoice(invoice_id)
            paid = Decimal(amount) if amount else invoice.total_amount
            move = Move(
                company=self.books.company, journal=self.books.bank_journal,
                date=ENTRY_DATE,
                period=Period.find(self.books.company, date=ENTRY_DATE))
            move.save()
            line = MoveLine(
                move=move, account=invoice.account, party=invoice.party,
                debit=Decimal(0), credit=paid)
            other = MoveLine(
                move=move, account=self.books.clarification,
                debit=paid, credit=Decimal(0))
            MoveLine.save([line, other])
            Move.post([move])
            Invoice.add_payment_lines({invoice: [line]})
            if not amount:
                MoveLine.reconcile([*invoice.lines_to_pay, line])
        self.work(pay)

    def test_posted(self):
        "A settled statement is posted by the queue and nothing is noted"
        statement, (invoice,) = self.settled('101.00', tasks=True)
        self.assertEqual(
            self.get('account.statement', statement, 'state'), ('posted',))
        self.assertEqual(
            self.get('account.invoice', invoice, 'state'), ('paid',))

    def test_only_settled(self):
        "Neither what is not settled nor where the company does not want it"
        def settle(want):
            Statement = Pool().get('account.statement')
            self.books.configure(post_settled=want)
            invoice = self.books.create_invoice('117.00')
            statements = [
                self.books.create_statement([
                        ('117.00', "FV %s" % invoice.number, ALFA)]),
                self.books.create_statement([('9.17', "nie wiadomo")])]
            Statement.settle(statements)
            return [s.id for s in statements]
        ids = self.work(settle, False) + self.work(settle, True)
        self.assertEqual(
            [self.get('account.statement', i, 'state')[0] for i in ids],
            ['draft', 'draft', 'posted', 'draft'])

    def test_warning_stops(self):
        """An invoice paid in between is not cut off the line

        Tryton asks a person that; without one the statement is not posted
        and says why, and the other statements are.
        """
        statement, (invoice, _) = self.settled('102.00', '103.00')
        other, _ = self.settled('104.00')
        self.pay(invoice)
        self.post_settled(statement, other)
        state, problem, waiting, lines = self.get(
            'account.statement', statement, 'state', 'settlement_problem',
            'post_waiting_since', 'lines')
        self.assertEqual(state, 'draft')
        self.assertIn("Not posted by itself", problem)
        self.assertIn("paid", problem)
        self.assertIsNone(waiting)
        for line in lines:
            related_to, = self.get(
                'account.statement.line', line.id, 'related_to')
            self.assertIsNotNone(related_to)
        self.assertEqual(
            self.get('account.statement', other, 'state'), ('posted',))

    def test_other_draft(self):
        "Nor is it cut off a line of another person's draft statement"
        statement, (invoice,) = self.settled('105.00')

        def enter():
            "A person enters the invoice too and has not validated it yet"
            Invoice = Pool().get('account.invoice')
            other = self.books.create_statement([('105.00', "ręcznie")])
            origin, = other.origins
            line = origin.get_settlement_line(
                Invoice(invoice), self.books.alfa, self.books.receivable,
                Decimal('105.00'), None)
            line.save()
            return line.id
        line = self.work(enter)
        self.post_settled(statement)
        related_to, = self.get('account.statement.line', line, 'related_to')
        self.assertIsNotNone(related_to)
        state, problem = self.get(
            'account.statement', statement, 'state', 'settlement_problem')
        self.assertEqual(state, 'draft')
        self.assertTrue(problem)

    def test_user_answers_before(self):
        "What a user chose never to be asked again is no answer here"
        statement, (invoice,) = self.settled('106.00')
        self.pay(invoice)

        def skip():
            pool = Pool()
            Statement = pool.get('account.statement')
            try:
                Statement.validate_statement([Statement(statement)])
            except StatementValidateWarning as warning:
                return warning.name
        name = self.work(skip)
        self.work(lambda: Pool().get('res.user.warning').skip(name, True))
        self.post_settled(statement)
        self.assertEqual(
            self.get('account.statement', statement, 'state'), ('draft',))

    def test_cron(self):
        "Cron, who is no user, answers no warning either"
        statement, (invoice,) = self.settled('107.00')
        self.pay(invoice)

        def validate():
            Statement = Pool().get('account.statement')
            with Transaction().set_context(_skip_warnings=True):
                Statement.validate_statement([Statement(statement)])
        with self.assertRaises(StatementValidateWarning):
            self.work(validate, user=0)
        with self.assertRaises(StatementValidateWarning):
            self.work(validate)

    def test_refunded(self):
        "What was refunded or reconciled in part in between is not posted"
        statement, (invoice,) = self.settled('108.00')
        self.pay(invoice, '8.00')
        self.post_settled(statement)
        state, problem = self.get(
            'account.statement', statement, 'state', 'settlement_problem')
        self.assertEqual(state, 'draft')
        self.assertIn('8.00', problem)

    def test_person_posts(self):
        "A person answers and posts; then nothing is left to say"
        statement, (invoice,) = self.settled('109.00')
        self.pay(invoice)
        self.post_settled(statement)

        def post():
            pool = Pool()
            Statement = pool.get('account.statement')
            Warning = pool.get('res.user.warning')
            with patch.object(Warning, 'check', lambda name: False):
                Statement.validate_statement([Statement(statement)])
            Statement.post([Statement(statement)])
        self.work(post)
        self.assertEqual(
            self.get(
                'account.statement', statement, 'state',
                'settlement_problem'),
            ('posted', None))

    def lose(self, *ids, **values):
        "The tasks of the statements were lost an hour ago"
        def age():
            Statement = Pool().get('account.statement')
            for statement in Statement.browse(ids):
                Statement.write([statement], {
                        name: getattr(statement, name) - dt.timedelta(hours=1)
                        for name in [
                            'settle_waiting_since', 'post_waiting_since']
                        if getattr(statement, name)})
        self.work(age)

    def recover(self):
        self.work(
            lambda: Pool().get('account.statement').recover_settlements(),
            user=0)

    def test_lost_posting(self):
        "A posting whose task was lost is found"
        statement, _ = self.settled('110.00')
        self.recover()
        self.assertEqual(
            self.get('account.statement', statement, 'state'), ('draft',))
        self.lose(statement)
        self.recover()
        self.assertEqual(
            self.get(
                'account.statement', statement, 'state',
                'post_waiting_since'),
            ('posted', None))

    def test_posting_not_wanted_any_more(self):
        "What waits is not posted once the company does not want it"
        statement, _ = self.settled('111.00')

        def want(wanted):
            self.books.configure(post_settled=wanted)
        self.work(want, False)
        self.addCleanup(self.work, want, True)
        self.post_settled(statement)
        self.assertEqual(
            self.get(
                'account.statement', statement, 'state',
                'post_waiting_since'),
            ('draft', None))

    def wait(self, *titles):
        "Statements that wait to be settled, their tasks lost"
        def make():
            Statement = Pool().get('account.statement')
            statements = [
                self.books.create_statement([(amount, title, ALFA)])
                for amount, title in titles]
            Statement.settle_later(statements)
            return [s.id for s in statements]
        ids = self.work(make, tasks=False)
        self.lose(*ids)
        return ids

    def test_lost_settlement(self):
        """A settlement whose task was lost is found, by cron as Tryton runs it

        A statement that can not be settled stops none of the others.
        """
        one, bad, two = self.wait(('1.11', "a"), ('2.22', "b"), ('3.33', "c"))
        settle = statement_file.Statement.__dict__['_settle']

        def fail(cls, company, statements):
            if any(s.id == bad for s in statements):
                raise ZeroDivisionError("told to nobody: 5260001246")
            return settle.__func__(cls, company, statements)
        Statement = Pool(DB_NAME).get('account.statement')

        def due():
            Cron = Pool().get('ir.cron')
            crons = Cron.search([])
            Cron.write(crons, {'active': False})
            cron, = Cron.search([
                    ('method', '=', 'account.statement|recover_settlements'),
                    ('active', '=', False),
                    ])
            Cron.write([cron], {
                    'active': True,
                    'next_call': dt.datetime.now() - dt.timedelta(days=1)})
        self.work(due)
        with patch.object(Statement, '_settle', classmethod(fail)):
            with self.assertLogs(
                    'trytond.modules.automatic_settlement.unattended',
                    'ERROR'):
                Pool(DB_NAME).get('ir.cron').run(DB_NAME)
                while tasks := Transaction._local.tasks:
                    run_task(DB_NAME, tasks.pop())
        for id in [one, two]:
            waiting, problem, (origin,) = self.get(
                'account.statement', id, 'settle_waiting_since',
                'settlement_problem', 'origins')
            self.assertEqual((waiting, problem), (None, None))
            self.assertEqual(
                self.get(
                    'account.statement.origin', origin.id,
                    'settlement_decision'),
                ('none',))
        waiting, problem = self.get(
            'account.statement', bad, 'settle_waiting_since',
            'settlement_problem')
        self.assertTrue(waiting)
        self.assertIn("ZeroDivisionError", problem)
        self.assertNotIn("5260001246", problem)
        self.lose(bad)
        self.recover()
        self.assertEqual(
            self.get(
                'account.statement', bad, 'settle_waiting_since',
                'settlement_problem'),
            (None, None))


del TestCase
