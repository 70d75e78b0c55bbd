# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Statements that come again: the same, corrected, changed, out of order"
import datetime as dt
import unittest
from decimal import Decimal
from unittest.mock import patch

from trytond.exceptions import UserError
from trytond.modules.automatic_settlement.tests.tools import ALFA_ACCOUNT
from trytond.modules.company.tests import create_company
from trytond.modules.mbank.statements import statement_import
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import (
    StatementImportError, StatementKnownWarning)
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, FirmCase, mt940, nrb, tnr, working
from ...tests.reading import Reading

DAY = dt.timedelta(days=1)
D1, D2, D3, D4, D5 = (TODAY - i * DAY for i in range(9, 4, -1))
A, B, C = (
    (amount, title, tnr(900 + i), ALFA_ACCOUNT, 'ALFA')
    for i, (amount, title) in enumerate([
            ('10', 'A'), ('7', 'B'), ('5', 'C')]))


def days(account, opening, closing, entries):
    "One statement of several days: entries are (day, amount, number)"
    data = mt940(
        account, opening, 1, '0',
        [(amount, 'T', number) for _, amount, number in entries])
    lines, entry_days = data.split(b'\r\n'), iter(entries)
    for i, line in enumerate(lines):
        if line.startswith(b':61:'):
            day = next(entry_days)[0]
            lines[i] = b':61:%s%s%s' % (
                day.strftime('%y%m%d').encode(), day.strftime('%m%d').encode(),
                line[14:])
        elif line.startswith((b':62F:', b':64:')):
            head = line.index(b'C') + 1
            lines[i] = line[:head] + closing.strftime(
                '%y%m%d').encode() + line[head + 6:]
    return b'\r\n'.join(lines)


class AgainCase(Reading, FirmCase):

    def setUp(self):
        super().setUp()

        def new():
            journal, account = self.firm.new_journal()
            return journal.id, account
        self.journal_id, self.account = self.work(new)

    @property
    def journal(self):
        return Pool().get('account.statement.journal')(self.journal_id)

    def day(self, entries, opening='100', day=D1, serial=1, **kwargs):
        return mt940(
            self.account, day, serial, opening, entries, **kwargs)

    def statements(self):
        return Pool().get('account.statement').search([
                ('journal', '=', self.journal_id),
                ('state', '!=', 'cancelled')],
            order=[('date', 'ASC'), ('id', 'ASC')])

    def figures(self):
        "What the accountant sees: start and end of each statement"
        return [
            (int(s.start_balance), int(s.end_balance))
            for s in self.statements()]

    def amounts(self):
        return sorted(
            int(o.amount) for s in self.statements() for o in s.origins)

    def set_state(self, state):
        "As the buttons do, where entries need no lines"
        Statement = Pool().get('account.statement')
        Statement.write(self.statements(), {'state': state})

    @working
    def test_entry_more(self):
        "An entry more of a known day comes as a correction; balances follow"
        self.read(self.day([A]))
        correction, = self.read(self.day([B, A])).statements
        self.assertEqual([o.amount for o in correction.origins], [Decimal(7)])
        self.assertEqual(self.figures(), [(100, 110), (110, 117)])
        first, last = self.statements()
        self.assertEqual(last.mbank_corrected, first)
        self.assertIn("correction 1", last.name)
        self.assertIsNone(last.import_problems)
        following, = self.read(self.day(
                [C], opening='117', day=D2, serial=2)).statements
        self.assertIsNone(following.import_problems)
        again = self.read(self.day([A, B]))
        self.assertEqual(
            (again.statements, again.differing, len(again.known)), ([], [], 1))

    @working
    def test_entry_more_states(self):
        "Draft, validated, posted alike"
        for i, state in enumerate(['draft', 'validated', 'posted']):
            _, self.account = new = self.firm.new_journal()
            self.journal_id = new[0].id
            self.read(self.day([A]))
            self.set_state(state)
            self.assertEqual(self.read(self.day([A])).statements, [])
            self.read(self.day([A, B]))
            self.assertEqual(self.amounts(), [7, 10])

    @working
    def test_entry_more_by_hand(self):
        "A person who imports the corrected file gets the same"
        self.import_file(self.day([A]))
        with self.assertRaises(StatementKnownWarning):
            self.import_file(self.day([A, B]))
        with Transaction().set_context(_skip_warnings=True):
            correction, = self.import_file(self.day([A, B]))
        self.assertTrue(correction.mbank_corrected)
        self.assertEqual(self.figures(), [(100, 110), (110, 117)])

    @working
    def test_corrected_twice(self):
        "Corrections are counted and stay a chain"
        for entries in [[A], [A, B], [A, B, C], [C, B, A]]:
            self.read(self.day(entries))
        self.assertEqual(
            self.figures(), [(100, 110), (110, 117), (117, 122)])
        first, second, third = self.statements()
        self.assertEqual(third.mbank_corrected, first)
        self.assertIn("correction 2", third.name)

    @working
    def test_next_day_is_there(self):
        "The day after that opens otherwise is marked, a draft or not"
        self.read(self.day([A]))
        self.read(self.day([C], opening='110', day=D2, serial=2))
        self.read(self.day([A, B]))
        _, correction, after = self.statements()
        self.assertIn('117', after.import_problems)
        self.assertIsNone(correction.import_problems)
        self.set_state('posted')
        self.read(self.day([A, B, ('1', 'D', tnr(950))]))
        last = self.statements()[2]
        self.assertIn('118', last.import_problems)

    @working
    def test_other_balances(self):
        "The same entries with other balances are a problem, never known"
        self.read(self.day([A]))
        again = self.read(self.day([A], opening='200'))
        self.assertEqual((again.statements, again.known), ([], []))
        self.assertEqual(len(again.differing), 1)
        statement, = self.statements()
        self.assertIn('200', statement.import_problems)
        self.assertIn('210', statement.import_problems)
        self.assertFalse(statement.problems_reviewed)
        self.assertEqual(self.figures(), [(100, 110)])
        statement.problems_reviewed = True
        statement.save()
        again = self.read(self.day([A], opening='200'))
        self.assertEqual((again.differing, len(again.known)), ([], 1))
        self.assertTrue(self.statements()[0].problems_reviewed)

    @working
    def test_other_balances_by_hand(self):
        "A person is told, and sees it on the statement"
        self.import_file(self.day([A]))
        self.set_state('posted')
        with self.assertRaises(StatementKnownWarning) as caught:
            self.import_file(self.day([A], opening='200'))
        self.assertIn('200', caught.exception.description)
        with Transaction().set_context(_skip_warnings=True):
            shown, = self.import_file(self.day([A], opening='200'))
        self.assertEqual(shown, self.statements()[0])
        self.assertIn('200', shown.import_problems)

    @working
    def test_no_entries(self):
        "A day without entries is known by its balances"
        self.read(self.day([]))
        self.assertEqual(len(self.read(self.day([])).known), 1)
        self.assertEqual(
            len(self.read(self.day([], opening='90')).differing), 1)

    @working
    def test_entry_gone(self):
        "An entry that is not in the file any more is a problem"
        self.read(self.day([A, B]))
        again = self.read(self.day([A]))
        self.assertEqual(again.statements, [])
        self.assertEqual(len(again.differing), 1)
        statement, = self.statements()
        self.assertIn(B[2], statement.import_problems)
        self.assertIn('7', statement.import_problems)

    @working
    def test_entry_changed(self):
        "The same number with another amount: both are seen, nothing settles"
        self.read(self.day([A]))
        changed = ('12', *A[1:])
        new, = self.read(self.day([changed])).statements
        self.assertEqual(self.amounts(), [10, 12])
        self.assertIn(A[2], new.import_problems)
        self.assertIn('12', new.import_problems)
        again = self.read(self.day([changed]))
        self.assertEqual(again.statements, [])
        self.assertEqual(self.amounts(), [10, 12])

    @working
    def test_number_typed_by_the_payer(self):
        "The number of another transaction hides no entry of another amount or day"
        self.read(self.day([A]))
        other = mt940(self.account, D2, 2, '110', [
                ('10', 'A', A[2], ALFA_ACCOUNT, 'ALFA'),
                ('30', 'A', A[2], ALFA_ACCOUNT, 'ALFA')])
        new, = self.read(other).statements
        self.assertEqual(self.amounts(), [10, 10, 30])
        self.assertEqual(len(new.origins), 2)

    @working
    def test_cancelled(self):
        "A cancelled or deleted statement gives its entries free"
        Statement = Pool().get('account.statement')
        self.read(self.day([A]))
        cancelled, = self.statements()
        Statement.cancel([cancelled])
        self.read(self.day([A]))
        self.assertEqual(self.figures(), [(100, 110)])
        with self.assertRaises(StatementImportError):
            Statement.draft([Statement(cancelled.id)])
        Statement.delete(self.statements())
        Statement.draft([Statement(cancelled.id)])
        self.assertEqual(self.amounts(), [10])
        Statement.delete(self.statements())
        self.read(self.day([A]))
        self.assertEqual(self.amounts(), [10])

    @working
    def test_cancelled_twice(self):
        "Two cancelled ones of the same entries do not both become drafts"
        Statement = Pool().get('account.statement')
        for _ in range(2):
            self.read(self.day([A]))
            Statement.cancel(self.statements())
        both = Statement.search([('journal', '=', self.journal_id)])
        self.assertEqual(len(both), 2)
        with self.assertRaises(StatementImportError):
            Statement.draft(both)

    @working
    def test_cancelled_beside_correction(self):
        "Entries of a cancelled statement come again beside its correction"
        Statement = Pool().get('account.statement')
        for entries in [[A], [A, B], [A, B, C]]:
            self.read(self.day(entries))
        first, second, _ = self.statements()
        for cancelled, amount in [(first, 10), (second, 7)]:
            Statement.cancel([Statement(cancelled.id)])
            new, = self.read(self.day([A, B, C])).statements
            self.assertEqual([int(o.amount) for o in new.origins], [amount])
        self.assertEqual(self.amounts(), [5, 7, 10])

    @working
    def test_equal_transfers(self):
        "One equal transfer more is one more"
        equal = ('10', 'SKLADKA', None, ALFA_ACCOUNT, 'ALFA')
        self.read(self.day([equal, equal]))
        new, = self.read(self.day([equal, A, equal, equal])).statements
        self.assertEqual(sorted(int(o.amount) for o in new.origins), [10, 10])
        self.assertIsNone(new.import_problems)
        self.assertEqual(self.figures(), [(100, 120), (120, 140)])

    @working
    def test_equal_transfers_of_two_statements(self):
        "Equal transfers on two statements of a day are both real"
        equal = ('10', 'SKLADKA', None, ALFA_ACCOUNT, 'ALFA')
        first = self.day([equal])
        second = self.day([equal], opening='110', serial=2)
        self.read(first)
        self.assertEqual(len(self.read(second).statements), 1)
        self.assertEqual(self.figures(), [(100, 110), (110, 120)])
        for data in [first, second, self.day([equal, equal], serial=3)]:
            again = self.read(data)
            self.assertEqual((again.statements, again.differing), ([], []))

    @working
    def test_number_of_a_period(self):
        "The number of a file over a period is none of the days' numbers"
        self.read(self.day([A], opening='0', day=D1, serial=50))
        self.read(days(self.account, D2, D4, [
                    (D2, '7', B[2]), (D4, '5', C[2])]).replace(
                b'PLN0,00', b'PLN10,00').replace(b'PLN12,00', b'PLN22,00'))
        last, = self.read(self.day(
                [('1', 'D', tnr(990))], opening='22', day=D5,
                serial=53)).statements
        self.assertIsNone(last.import_problems)

    @working
    def test_period_one_entry_new(self):
        "A file over days that are known brings just the new line"
        self.read(self.day([A], opening='0', day=D1, serial=1))
        self.read(self.day([B], opening='10', day=D3, serial=2))
        new, = self.read(days(self.account, D1, D5, [
                    (D1, '10', A[2]), (D2, '5', C[2]), (D3, '7', B[2])]
                )).statements
        self.assertEqual([o.amount for o in new.origins], [Decimal(5)])
        self.assertEqual(new.date, D2)
        self.assertEqual(new.import_problems, None)
        self.assertEqual(self.figures(), [(0, 10), (10, 15), (10, 17)])
        after = self.statements()[-1]
        self.assertIn('15', after.import_problems)

    @working
    def test_period_late_entry(self):
        "An entry more of a known day within a period comes after all others"
        for i, (day, entry, opening) in enumerate(
                [(D1, A, '0'), (D2, B, '10'), (D3, C, '17')], 1):
            self.read(self.day([entry], opening=opening, day=day, serial=i))
        period = days(self.account, D1, D3, [
                (D1, '10', A[2]), (D2, '7', B[2]), (D2, '3', tnr(960)),
                (D3, '5', C[2])])
        new, = self.read(period).statements
        self.assertEqual(new.mbank_corrected, self.statements()[1])
        self.assertIsNone(new.import_problems)
        self.assertEqual(
            self.figures(), [(0, 10), (10, 17), (17, 22), (22, 25)])
        again = self.read(period)
        self.assertEqual((again.statements, again.differing), ([], []))

    @working
    def test_period_missing_days(self):
        "A file over a period fills the days that lack, each at its place"
        self.read(self.day([B], opening='10', day=D2, serial=2))
        period = days(self.account, D1, D5, [
                (D1, '10', A[2]), (D2, '7', B[2]), (D3, '5', C[2]),
                (D4, '1', tnr(970))])
        imported = self.read(period)
        self.assertEqual(len(imported.statements), 2)
        self.assertEqual(self.figures(), [(0, 10), (10, 17), (17, 23)])
        for statement in self.statements():
            self.assertIsNone(statement.import_problems)
        again = self.read(period)
        self.assertEqual((again.statements, again.differing), ([], []))
        single = self.read(self.day([C], opening='17', day=D3, serial=3))
        self.assertEqual((single.statements, single.differing), ([], []))

    @working
    def test_period_entry_gone(self):
        "The only entry of a day within a period that is gone is a problem"
        for i, (day, entry, opening) in enumerate(
                [(D1, A, '0'), (D3, B, '10'), (D5, C, '17')], 1):
            self.read(self.day([entry], opening=opening, day=day, serial=i))
        imported = self.read(days(
                self.account, D1, D5, [(D1, '10', A[2]), (D5, '5', C[2])]))
        self.assertEqual(len(imported.differing), 1)
        self.assertIn(B[2], imported.differing[0])

    @working
    def test_two_blocks_of_one_statement(self):
        "The second block of a file is laid beside the first"
        imported = self.read(self.day([A]) + self.day([A, B]))
        self.assertEqual(len(imported.statements), 2)
        self.assertEqual(self.figures(), [(100, 110), (110, 117)])
        self.assertEqual(
            self.statements()[1].mbank_corrected, self.statements()[0])

    @working
    def test_recoded(self):
        "The same day in another code page imports nothing twice"
        data = self.day([
                ('10', 'ZAŻÓŁĆ GĘŚLĄ', None, ALFA_ACCOUNT, 'ŁÓDŹ'),
                ('11', 'ŹRÓDŁO', tnr(980), ALFA_ACCOUNT, 'ŚWIĄTEK')])
        self.read(data)
        text = data.decode('iso-8859-2')
        for coding in ['cp1250', 'utf-8']:
            again = self.read(text.encode(coding))
            self.assertEqual(again.statements, [], coding)
        self.assertEqual(self.amounts(), [10, 11])

    @working
    def test_two_journals_of_one_account(self):
        "Which journal is meant is not guessed; the others are imported"
        _, other = self.firm.new_journal()
        twin, _ = self.firm.new_journal()
        number, = self.journal.bank_account.numbers
        twin.bank_account.numbers[0].__class__.write(
            list(twin.bank_account.numbers),
            {'type': 'other', 'number': number.number.replace(' ', '')[2:]})
        imported = self.read(
            self.day([A]) + mt940(other, D1, 1, '0', [B]))
        self.assertEqual(len(imported.statements), 1)
        self.assertEqual(len(imported.unknown), 1)
        self.assertIn(twin.rec_name, imported.unknown[0])

    @working
    def test_account_with_two_numbers(self):
        "A journal is found by each number of its account, and known by both"
        Number = Pool().get('bank.account.number')
        second = nrb(77001)
        Number.create([{
                    'account': self.journal.bank_account.id,
                    'type': 'other', 'number': second[2:]}])
        self.read(self.day([A]))
        new = self.read(mt940(second, D2, 2, '110', [B]))
        self.assertEqual(len(new.statements), 1)
        self.assertEqual(self.figures(), [(100, 110), (110, 117)])

    def report(self, task, data, day=D1, fresh=True):
        "A report of the bank, kept and imported: (id, number of new, text)"
        def store():
            return Pool().get('mbank.report').store(
                self.company_id, task, [data], day, day, 1)
        id_, = self.work(store)
        id_, new, text = self.work(
            lambda: Pool().get('mbank.report').take(id_, fresh=fresh))
        return id_, len(new), text

    def of_report(self, id_, *names):
        def read():
            report = Pool().get('mbank.report')(id_)
            return [getattr(report, n) for n in names]
        return self.work(read)

    def again(self, id_):
        def press():
            Report = Pool().get('mbank.report')
            Report.import_again([Report(id_)])
        self.work(press)

    def test_report_differs(self):
        "A report with other balances is to be looked at, not just imported"
        self.report('R1', self.day([A]))
        id_, new, text = self.report('R2', self.day([A], opening='200'))
        state, message = self.of_report(id_, 'state', 'message')
        self.assertEqual((new, state, message), (0, 'differs', text))
        self.assertIn('210', text)
        self.assertIn('210', self.work(
                lambda: self.statements()[0].import_problems))

    def test_report_older(self):
        "An older report imported again takes nothing back from a newer one"
        old, new, _ = self.report('O1', self.day([A]))
        self.assertEqual(new, 1)
        self.assertEqual(self.report('O2', self.day([A, B]))[1], 1)
        self.again(old)
        self.assertEqual(self.of_report(old, 'state'), ['imported'])
        self.assertEqual(self.work(self.figures), [(100, 110), (110, 117)])
        self.assertEqual(
            self.work(lambda: [s.import_problems for s in self.statements()]),
            [None, None])
        # The bank itself gives the older one again: it takes an entry back
        again, new, text = self.report('O3', self.day([A]))
        self.assertEqual((again, new), (old, 0))
        self.assertEqual(self.of_report(old, 'state'), ['differs'])
        self.assertIn(B[2], text)

    def test_report_bad_block(self):
        "One statement that cannot be stored stops no other of its report"
        other = self.work(lambda: self.firm.new_journal()[1])
        origin = statement_import._origin

        def fail(Origin, entry, *args):
            if entry.remittance == 'A':
                raise ArithmeticError
            return origin(Origin, entry, *args)
        with patch.object(statement_import, '_origin', fail):
            id_, new, text = self.report(
                'B1', self.day([A]) + mt940(other, D1, 1, '0', [B]))
        self.assertEqual(new, 1)
        state, message, content = self.of_report(
            id_, 'state', 'message', 'content')
        self.assertEqual((state, message), ('partial', text))
        self.assertIn(self.account, message)
        self.assertIn('ArithmeticError', message)
        self.assertIn(self.account.encode(), bytes(content))
        self.assertEqual(self.work(self.figures), [])
        self.again(id_)
        self.assertEqual(self.of_report(id_, 'state'), ['imported'])
        self.assertEqual(self.work(self.figures), [(100, 110)])

    def test_settled_once(self):
        "What a killed worker left is settled; what a person undid is not"
        def load():
            self.import_file(self.day([A]))
            # The worker takes the task and is killed
            Transaction().tasks.clear()
        self.work(load)

        def origin():
            return self.statements()[0].origins[0]
        self.assertIsNone(self.work(lambda: origin().settlement_decision))

        def recover():
            Pool().get('account.statement').recover_settlements()
        self.work(recover)
        self.assertIsNone(self.work(lambda: origin().settlement_decision))

        def age():
            Statement = Pool().get('account.statement')
            Statement.write(self.statements(), {
                    'settle_waiting_since':
                    dt.datetime.now() - dt.timedelta(hours=2)})
        self.work(age)
        self.work(recover)
        self.assertTrue(self.work(lambda: origin().settlement_decision))
        self.work(lambda: Pool().get('account.statement').undo_settlements(
                self.statements()))
        self.work(recover)
        self.assertIsNone(self.work(lambda: origin().settlement_decision))

    def test_two_head_offices(self):
        "Each head office knows its own statements of one account"
        self.report('H1', self.day([A]))

        def other():
            pool = Pool()
            company = create_company("Druga centrala")
            Journal = pool.get('account.statement.journal')
            # Enough of a journal for the reading, nothing is saved
            return [
                len(statement_import.journals_by_account(
                        c, gateway.read_statements(self.day([A]), 'x')))
                for c in [company, Journal(self.journal_id).company]]
        self.assertEqual(self.work(other), [0, 1])

    @working
    def test_held_by_problem(self):
        "What differs cannot be validated unseen"
        Statement = Pool().get('account.statement')
        self.read(self.day([A]))
        self.read(self.day([A], opening='200'))
        with self.assertRaises(UserError):
            Statement.validate_statement(self.statements())


if __name__ == '__main__':
    unittest.main()
