# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"The audit of the calls to the bank: written by what calls really do"
import datetime as dt
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import (
    AnswerInvalidError, BankUnreachableError, NotRecordedError,
    SessionInvalidError)
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from ...tests.bank import PIN, BankCase
from ...tests.firm import TODAY
from ...tests.paying import PaymentMixin
from ...tests.tools import Killed

DAY = dt.timedelta(days=1)
FETCH = ['getMT940Ex', 'checkGetMT940Result']


class CallCase(PaymentMixin, BankCase):
    "Calls over real HTTP and their rows"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.work(lambda: cls.firm.new_account('PL' + demo_data.ALFA_PLN))

    def setUp(self):
        super().setUp()
        self.before = self.work(
            lambda: max(map(int, self.Call.search([])), default=0))

    @property
    def Call(self):
        return Pool(DB_NAME).get('mbank.call')

    def fetch(self):
        def fetch():
            pool = Pool()
            session, = pool.get('mbank.session').search([
                    ('state', 'in', ['active', 'expiring'])])
            company = pool.get('company.company')(self.company_id)
            return gateway.fetch_statements(
                session, company, TODAY - DAY, TODAY - DAY)
        return self.work(fetch)

    def rows(self, *names):
        "The rows of the test's calls, in their order"
        def read():
            calls = Pool().get('mbank.call').search(
                [('id', '>', self.before)], order=[('id', 'ASC')])
            return [tuple(getattr(c, n) for n in names) for c in calls]
        return self.work(read)

    def sql(self, statement, *values):
        def run():
            cursor = Transaction().connection.cursor()
            cursor.execute(statement, values)
        self.work(run)

    def at_bank(self):
        return len(self.bank.get('/calls'))

    def fault(self, operation, kind):
        self.bank.post('/faults', {
                'operation': operation, 'kind': kind, 'count': 1})

    def clean(self):
        self.work(self.Call.clean)

    def test_each_call_has_its_row(self):
        "Who asked, whose session, for whom, with what outcome, for each call"
        package = self.fetch()
        self.assertIsNotNone(package.task_id)
        operations = [o for o, in self.rows('operation')]
        self.assertEqual(operations[:2], FETCH)
        self.assertLessEqual(set(operations), set(FETCH))

        def check():
            pool = Pool()
            User = pool.get('res.user')
            company = pool.get('company.company')(self.company_id)
            calls = pool.get('mbank.call').search([('id', '>', self.before)])
            for call in calls:
                self.assertEqual(call.purpose, 'getMT940Ex')
                # Shown in words, found by them, kept as the bank calls it
                self.assertEqual(call.what, call.operation)
                self.assertNotIn(call.operation, call.what_string)
                self.assertNotIn(call.operation, call.rec_name)
                self.assertEqual(call.what_for_string, "Ordering statements")
                self.assertIn(call, call.search([
                            ('what', '=', call.operation),
                            ('what_for', 'in', ['getMT940Ex'])]))
                self.assertEqual(call.company, company)
                self.assertEqual(call.company_name, company.rec_name)
                self.assertEqual(call.dik, demo_data.DIK_ALFA)
                self.assertEqual(call.requester, User(1))
                self.assertEqual(call.requester_name, User(1).rec_name)
                self.assertEqual(call.authoriser, call.session.user)
                self.assertEqual(
                    call.authoriser_name, call.session.user.rec_name)
                self.assertEqual(call.session_number, call.session.id)
                self.assertEqual(call.outcome, 'accepted')
                self.assertGreater(call.duration, dt.timedelta())
                self.assertIsNone(call.account)
            self.assertEqual(
                len({c.reference for c in calls}), len(operations))
        self.work(check)

    def test_a_name_is_kept_as_it_was(self):
        "A head office that is renamed has the old name in old rows"
        self.fetch()
        (name,), *_ = self.rows('company_name')

        def rename(name):
            party = Pool().get('company.company')(self.company_id).party
            party.name = name
            party.save()
        self.work(rename, "Another Name")
        try:
            self.assertEqual(self.rows('company_name')[0], (name,))
            self.fetch()
            self.assertEqual(
                self.rows('company_name')[-1], ("Another Name",))
        finally:
            self.work(rename, name)

    def test_without_its_row_no_call_is_made(self):
        "When the row cannot be written nothing reaches the bank"
        before = self.at_bank()
        self.sql('CREATE TRIGGER full BEFORE INSERT ON mbank_call '
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        try:
            with self.assertRaises(NotRecordedError) as caught:
                self.fetch()
        finally:
            self.sql('DROP TRIGGER full')
        self.assertEqual(caught.exception.outcome, 'not_sent')
        self.assertNotIn('disk full', caught.exception.message)
        self.assertEqual(self.at_bank(), before)
        self.assertEqual(self.rows('operation'), [])
        self.fetch()

    def test_a_row_in_the_middle_that_cannot_be_written(self):
        "The calls before it stay as they were, the next one is not made"
        self.sql('CREATE TRIGGER full BEFORE INSERT ON mbank_call '
            "WHEN NEW.operation = 'checkGetMT940Result' "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        before = self.at_bank()
        try:
            with self.assertRaises(NotRecordedError):
                self.fetch()
        finally:
            self.sql('DROP TRIGGER full')
        self.assertEqual(self.at_bank(), before + 1)
        self.assertEqual(
            self.rows('operation', 'outcome'), [('getMT940Ex', 'accepted')])

    def test_outcomes(self):
        "Refused, lost and never sent, each with what is known of the bank"
        self.fault('getMT940Ex', 'garbage')
        with self.assertRaises(AnswerInvalidError):
            self.fetch()
        self.set_profile(endpoint='http://127.0.0.1:9/ws')
        try:
            with self.assertRaises(BankUnreachableError):
                self.fetch()
        finally:
            self.set_profile()
        self.assertEqual(
            self.rows('operation', 'outcome'), [
                ('getMT940Ex', 'unknown'), ('getMT940Ex', 'not_sent')])

    def test_refused_with_the_code_of_the_bank(self):
        "A refusal has the bank's code; the ended session is locked"
        def lose():
            Session = Pool().get('mbank.session')
            session, = Session.search([
                    ('state', 'in', ['active', 'expiring'])])
            sealed = vault.seal(session, 'token', b'of-nobody')
            table = Session.__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.update(
                    [table.token], [sealed], where=table.id == session.id))
        self.work(lose)
        try:
            with self.assertRaises(SessionInvalidError):
                self.fetch()
        finally:
            self.work(self.open_session)
        (outcome, code), *_ = self.rows('outcome', 'bank_code')
        self.assertEqual(outcome, 'refused')
        self.assertTrue(code)

    def test_what_a_killed_process_leaves(self):
        "It is under way, and unknown after a while; it is never lost"
        with patch.object(self.Call, 'end', side_effect=Killed), \
                self.assertRaises(Killed):
            self.fetch()
        self.assertEqual(self.rows('outcome'), [('pending',)])
        self.clean()
        self.assertEqual(self.rows('outcome'), [('pending',)])
        self.sql('UPDATE mbank_call SET time = ? WHERE id > ?',
            dt.datetime.now() - dt.timedelta(hours=2), self.before)
        self.clean()
        self.assertEqual(self.rows('outcome'), [('unknown',)])

    def test_an_answer_is_worth_more_than_its_record(self):
        "When the row cannot be completed the answer is used all the same"
        with patch.object(self.Call, 'end', side_effect=OSError("gone")), \
                self.assertLogs(level='ERROR'):
            package = self.fetch()
        self.assertTrue(package.task_id)
        self.assertEqual({o for o, in self.rows('outcome')}, {'pending'})

    def test_completed_once(self):
        "A row that has its outcome keeps it"
        self.fetch()
        self.work(lambda: self.Call.end(self.before + 1, 'refused'))
        self.assertEqual(self.rows('outcome')[0], ('accepted',))

    def press(self, id, button):
        self.work(lambda: getattr(self.Batch, button)([self.Batch(id)]))

    def send(self, journal_account):
        def make():
            Journal = Pool().get('account.payment.journal')
            journals = Journal.search([
                    ('mbank_account_number.number_compact', '=',
                        journal_account)])
            journal = journals[0] if journals else (
                self.firm.new_payment_journal(journal_account))
            return self.batch('21.00', journal=journal).id
        id = self.work(make)
        self.press(id, 'send')
        return id

    def test_orders(self):
        "Orders have the debited account, and who authorised them stays"
        account = 'PL' + demo_data.ALFA_PLN
        id = self.send(account)
        self.press(id, 'check_status')
        rows = self.rows('operation', 'purpose', 'account', 'outcome')
        self.assertEqual(rows[0], (
                'universalPaymentSend', 'universalPaymentSend', account,
                'accepted'))
        self.assertEqual(rows[1][0], 'checkPaymentSendResult')
        self.assertEqual(rows[-1][:3], ('getStatus', 'getStatus', account))

        def check():
            batch = self.Batch(id)
            self.assertEqual(batch.authorised_by.id, 1)
            self.assertEqual(batch.debited_account, account)
        self.work(check)

    def test_orders_the_bank_refuses(self):
        "An answer that says no is a refusal, whatever the call was"
        def make():
            return self.batch('22.00').id
        id = self.work(make)
        self.press(id, 'send')
        self.assertEqual(
            self.work(lambda: self.Batch(id).state), 'refused')
        (operation, outcome), = self.rows('operation', 'outcome')[-1:]
        self.assertEqual(
            (operation, outcome), ('checkPaymentSendResult', 'refused'))

    def test_no_secret_in_any_row(self):
        "Neither token nor PIN nor signature is in any column of the audit"
        self.work(self.open_session)
        self.fetch()
        self.send('PL' + demo_data.ALFA_PLN)

        def look():
            session, = Pool().get('mbank.session').search([
                    ('state', 'in', ['active', 'expiring'])])
            token = vault.open_stored(session, 'token').decode()
            cursor = Transaction().connection.cursor()
            cursor.execute('SELECT * FROM mbank_call')
            rows = cursor.fetchall()
            self.assertGreater(len(rows), 8)
            for value in map(str, (v for row in rows for v in row)):
                self.assertNotIn(token, value)
                self.assertNotEqual(PIN, value)
                # A signature is longer by far
                self.assertLess(len(value), 200)
        self.work(look)
