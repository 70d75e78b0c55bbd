# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"From a file of the bank to account.statement"
import datetime as dt
import unittest
from decimal import Decimal

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.automatic_settlement.tests.tools import (
    ALFA_ACCOUNT, executed)
from trytond.modules.mbank.exceptions import (
    StatementFormatError, StatementImportError, StatementKnownWarning)
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, FirmCase, mt940, tnr, working
from ...tests.reading import Reading

DAY = dt.timedelta(days=1)


class TextReport(bytes):
    "A report as the library makes it of text"
    code_page = 'iso-8859-2'


class StatementCase(Reading, FirmCase):
    "From a file of the bank to account.statement"

    @working
    def test_entries(self):
        "What the bank says of an entry is on the origin"
        journal, account = self.firm.new_journal()
        statement, = self.import_file(mt940(account, TODAY - DAY, 7, '100', [
                    ('1230.50', 'FV 1/2026', tnr(1), ALFA_ACCOUNT, 'ALFA'),
                    ('-30.50', 'OPLATA', tnr(2)),
                    ]))
        self.assertEqual(statement.journal, journal)
        self.assertEqual(statement.date, TODAY - DAY)
        self.assertEqual(statement.start_balance, Decimal('100.00'))
        self.assertEqual(statement.end_balance, Decimal('1300.00'))
        self.assertEqual(statement.mbank_number, '7/1')
        self.assertIsNone(statement.import_problems)
        self.assertTrue(statement.origin_file.startswith(b'\x01'))
        received, paid = statement.origins
        self.assertEqual(received.amount, Decimal('1230.50'))
        self.assertEqual(received.remittance, 'FV 1/2026')
        self.assertEqual(received.transaction_number, tnr(1))
        self.assertEqual(
            received.entry_identity,
            'tnr:%s:%s:1230.5' % (tnr(1), TODAY - DAY))
        self.assertEqual(received.party, self.firm.alfa)
        self.assertEqual(paid.amount, Decimal('-30.50'))
        self.assertIsNone(paid.party)

    @working
    def test_twice(self):
        "The same statement twice imports nothing again and says so"
        journal, account = self.firm.new_journal()
        data = mt940(account, TODAY - DAY, 1, '0', [('10', 'A', tnr(3))])
        self.import_file(data)
        with self.assertRaises(StatementImportError) as caught:
            self.import_file(data)
        self.assertIn('1/1', caught.exception.description)
        self.assertEqual(self.count(journal), (1, 1))

    @working
    def test_intraday(self):
        "Entries of the running day wait for the statement of their day"
        journal, account = self.firm.new_journal()
        booked = mt940(account, TODAY, 1, '0', [('10', 'A', tnr(3))])
        before, balance, after = booked.partition(b':60F:')
        running = b':34F:PLN0' + after[after.index(b'\r\n'):]
        running = before + running.partition(b':62F:')[0]
        running += b':90D:0PLN0,00\r\n:90C:1PLN10,00\r\n-\x03\r\n'
        imported = self.read(running)
        self.assertEqual(imported.statements, [])
        self.assertEqual(len(imported.intraday), 1)
        self.assertIn(account, imported.intraday[0])
        statement, = self.import_file(booked)
        self.assertEqual(
            statement.origins[0].entry_identity,
            'tnr:%s:%s:10' % (tnr(3), TODAY))
        self.assertEqual(self.count(journal), (1, 1))

    @working
    def test_part_known(self):
        "Entries of a statement that were imported before are left out"
        journal, account = self.firm.new_journal()
        day = TODAY - DAY
        self.import_file(mt940(account, day, 1, '5', [('10', 'A', tnr(4))]))
        imported = self.read(mt940(account, day, 2, '5', [
                    ('10', 'A', tnr(4)), ('7', 'B', tnr(5))]))
        statement, = imported.statements
        self.assertEqual([o.amount for o in statement.origins], [Decimal(7)])
        self.assertEqual(statement.start_balance, Decimal(15))
        self.assertIsNone(statement.import_problems)
        self.assertEqual(len(imported.known), 1)
        self.assertEqual(self.count(journal), (2, 2))

    @working
    def test_two_equal_entries(self):
        "Two equal transfers on one day are both real, and only two"
        journal, account = self.firm.new_journal()
        data = mt940(account, TODAY - DAY, 1, '0', [
                ('10', 'SKLADKA', None, ALFA_ACCOUNT, 'ALFA'),
                ('10', 'SKLADKA', None, ALFA_ACCOUNT, 'ALFA'),
                ])
        statement, = self.import_file(data)
        self.assertEqual(len(statement.origins), 2)
        self.assertEqual(len({o.entry_identity for o in statement.origins}), 2)
        with self.assertRaises(StatementImportError):
            self.import_file(data)
        self.assertEqual(self.count(journal), (1, 2))

    @working
    def test_damaged(self):
        "A damaged file stores nothing and says where and why"
        journal, account = self.firm.new_journal()
        data = mt940(account, TODAY - DAY, 1, '0', [('10', 'A', tnr(6))])
        with self.assertRaises(StatementFormatError) as caught:
            self.import_file(b'\x00\x01garbage' + data[:40], 'zly.sta')
        self.assertIn('zly.sta', caught.exception.message)
        self.assertIn('line 1', caught.exception.message)
        self.assertEqual(self.count(journal), (0, 0))

    @working
    def test_balance(self):
        "Entries that do not make the closing balance are a problem"
        _, account = self.firm.new_journal()
        statement, = self.import_file(mt940(
                account, TODAY - DAY, 1, '0', [('10', 'A', tnr(7))],
                closing='11'))
        self.assertTrue(statement.import_problems)
        self.assertFalse(statement.problems_reviewed)
        with self.assertRaises(UserError):
            statement.__class__.validate_statement([statement])

    @working
    def test_no_closing(self):
        "A statement without a closing balance is stored with its problem"
        _, account = self.firm.new_journal()
        statement, = self.import_file(mt940(
                account, TODAY - DAY, 1, '3', [('10', 'A', tnr(8))],
                with_closing=False))
        self.assertEqual(statement.end_balance, Decimal(13))
        self.assertTrue(statement.import_problems)

    @working
    def test_gap(self):
        "A gap is a problem of the next statement until it is closed"
        _, account = self.firm.new_journal()
        days = [TODAY - 3 * DAY, TODAY - 2 * DAY, TODAY - DAY]
        one = mt940(account, days[0], 1, '0', [('10', 'A', tnr(9))])
        two = mt940(account, days[1], 2, '10', [('10', 'B', tnr(10))])
        three = mt940(account, days[2], 3, '20', [('10', 'C', tnr(11))])
        first, = self.import_file(one)
        third, = self.import_file(three)
        self.assertIsNone(first.import_problems)
        problems = third.import_problems.splitlines()
        self.assertEqual(len(problems), 2)
        self.assertIn('10', problems[0])
        self.assertIn('1/1', problems[1])
        second, = self.import_file(two)
        self.assertIsNone(second.import_problems)
        self.assertIsNone(third.__class__(third.id).import_problems)

    @working
    def test_two_statements_in_a_file(self):
        "Statements of one file follow each other"
        journal, account = self.firm.new_journal()
        _, other = self.firm.new_journal()
        days = [TODAY - 2 * DAY, TODAY - DAY]
        statements = self.import_file(
            mt940(account, days[1], 2, '10', [('10', 'B', tnr(12))])
            + mt940(other, days[1], 1, '0', [])
            + mt940(account, days[0], 1, '0', [('10', 'A', tnr(13))]))
        self.assertEqual(len(statements), 3)
        for statement in statements:
            self.assertIsNone(statement.import_problems)
        self.assertEqual(self.count(journal), (2, 2))

    @working
    def test_unknown_account(self):
        "An account no journal has is said; the others are imported"
        journal, account = self.firm.new_journal()
        number, _ = self.firm.new_account()
        unknown = mt940(number, TODAY - DAY, 1, '0', [('1', 'X', tnr(14))])
        known = mt940(account, TODAY - DAY, 1, '0', [('1', 'Y', tnr(15))])
        with self.assertRaises(StatementImportError) as caught:
            self.import_file(unknown)
        self.assertIn(number, caught.exception.description)
        with self.assertRaises(StatementKnownWarning) as caught:
            self.import_file(unknown + known)
        self.assertIn(number, caught.exception.description)
        with Transaction().set_context(_skip_warnings=True):
            self.import_file(unknown + known)
        self.assertEqual(self.count(journal), (1, 1))

    @working
    def test_copy(self):
        "A copy is not the bank's statement"
        _, account = self.firm.new_journal()
        statement, = self.import_file(mt940(
                account, TODAY - DAY, 1, '0', [('1', 'X', tnr(16))]))
        copy, = statement.__class__.copy([statement])
        self.assertIsNone(copy.mbank_key)

    @working
    def test_query_growth(self):
        "The number of reads does not grow with the number of entries"
        counts = []
        for size in [60, 120]:
            _, account = self.firm.new_journal()
            data = mt940(account, TODAY - DAY, 1, '0', [
                    ('1', 'FV %s' % i, tnr(size * 100 + i), ALFA_ACCOUNT, 'A')
                    for i in range(size)])
            with executed() as queries:
                self.read(data)
            with executed() as again:
                self.read(data)
            counts.append((
                    sum(q.startswith('SELECT') for q in again),
                    sum(q.startswith('SELECT') for q in queries),
                    sum(q.startswith('INSERT INTO "account_statement_origin"')
                        for q in queries)))
        (again, reads, writes), (again_more, reads_more, writes_more) = counts
        self.assertLessEqual(again_more - again, 3, counts)
        self.assertLessEqual(reads_more - reads, 3, counts)
        self.assertLessEqual(writes_more, 2 * writes, counts)

    @working
    def test_report_kept(self):
        "The bytes of the bank are never changed"
        Report = Pool().get('mbank.report')
        id, = Report.store(
            self.company_id, 'T1', [b'bytes'], TODAY, TODAY, 1)
        self.assertEqual(
            Report.store(self.company_id, 'T1', [b'bytes'], TODAY, TODAY, 1),
            [id])
        for change in [
                lambda: Report.write([Report(id)], {'content': b'other'}),
                lambda: Report.delete([Report(id)])]:
            with self.assertRaises(AccessError):
                change()

    def test_report_again(self):
        "A report whose account was unknown is imported once it is known"
        def store():
            pool = Pool()
            Report = pool.get('mbank.report')
            Journal = pool.get('account.statement.journal')
            journal, account = self.firm.new_journal()
            bank_account = journal.bank_account
            Journal.write([journal], {'bank_account': None})
            id, = Report.store(self.company_id, 'T2', [mt940(
                        account, TODAY - DAY, 1, '0', [('1', 'X', tnr(17))])],
                TODAY, TODAY, 1)
            _, statements, text = Report.import_one(id)
            self.assertEqual(statements, [])
            self.assertIn(account, text)
            self.assertEqual(Report(id).state, 'partial')
            return id, journal.id, bank_account.id
        id, journal, bank_account = self.work(store)

        def again():
            pool = Pool()
            pool.get('account.statement.journal').write(
                [pool.get('account.statement.journal')(journal)],
                {'bank_account': bank_account})
        self.work(again)
        self.work(lambda: Pool().get('mbank.report').import_again(
                [Pool().get('mbank.report')(id)]))

        def check():
            pool = Pool()
            self.assertEqual(pool.get('mbank.report')(id).state, 'imported')
            self.assertEqual(self.count(
                    pool.get('account.statement.journal')(journal)), (1, 1))
        self.work(check)

    @working
    def test_report_of_text(self):
        "A report that came as text is read in the page it was kept in"
        Report = Pool().get('mbank.report')
        journal, account = self.firm.new_journal()
        # In another page the title would be Polish too
        content = mt940(
            account, TODAY - DAY, 1, '0', [('1', 'B\u013d\u017bK', tnr(18))])
        id, = Report.store(
            self.company_id, 'T4', [TextReport(content)],
            TODAY, TODAY, 1)
        Report.import_one(id)
        report = Report(id)
        self.assertEqual(report.code_page, 'iso-8859-2')
        statement, = report.statements
        self.assertEqual(statement.origins[0].remittance, 'B\u013d\u017bK')
        self.assertIsNone(statement.mbank_problems)
        with self.assertRaises(AccessError):
            Report.write([report], {'code_page': None})

    @working
    def test_report_damaged(self):
        "A damaged report keeps its bytes and says what is wrong"
        Report = Pool().get('mbank.report')
        id, = Report.store(
            self.company_id, 'T3', [b'\x00not a statement'], TODAY, TODAY,
            1)
        Report.import_one(id)
        report = Report(id)
        self.assertEqual(report.state, 'damaged')
        self.assertIn(report.name, report.message)
        self.assertEqual(bytes(report.content), b'\x00not a statement')


if __name__ == '__main__':
    unittest.main()
