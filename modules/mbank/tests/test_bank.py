# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Statements and payments against the sandbox bank, over real HTTP"
import datetime as dt
import json
import unittest
from unittest.mock import patch

from companynet_sandbox import demo_data
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.mbank.payments import order_keeping, order_sending
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import BankError
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction, check_access

from ..payments.tests.test_payment import PaymentMixin
from .bank import BankCase
from .firm import TODAY, nrb

DAY = dt.timedelta(days=1)


class Killed(BaseException):
    "What a killed process does not survive"


def pool_get(name):
    return Pool(DB_NAME).get(name)


class Downloading(BankCase):
    "An account whose statements are downloaded"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def prepare():
            journal, _ = cls.firm.new_journal('PL' + demo_data.ALFA_PLN)
            Account = Pool().get('mbank.statement.account')
            account = Account(
                company=cls.company_id, journal=journal,
                first_day=TODAY - 40 * DAY, alarm_days=None)
            account.save()
            return account.id
        cls.account_id = cls.work(prepare)

    def receive(self, amount, title, day):
        self.bank.post('/incoming', [{
                    'account': demo_data.ALFA_PLN,
                    'amount': amount,
                    'currency': 'PLN',
                    'debtor_name': "Klient S.A.",
                    'debtor_account': nrb(99, '10901014')[2:],
                    'title': title,
                    'date': day.isoformat(),
                    }])

    def download(self, **kwargs):
        def download():
            Company = Pool().get('company.company')
            Account = Pool().get('mbank.statement.account')
            return Account.download(Company(self.company_id), **kwargs)
        return self.work(download)

    def account(self, *names):
        def read():
            account = pool_get('mbank.statement.account')(self.account_id)
            return [getattr(account, n) for n in names]
        return self.work(read)

    def entries(self, title):
        def search():
            return Pool().get('account.statement.origin').search([
                    ('remittance', '=', title)], count=True)
        return self.work(search)

    def rewind(self, day):
        def write():
            Account = Pool().get('mbank.statement.account')
            Account.write([Account(self.account_id)], {'last_day': day})
        self.work(write)


class DownloadCase(Downloading):
    "Statements from the bank"

    def test_download(self):
        "Missed days are caught up, once, and confirmed to the bank"
        self.rewind(TODAY - 12 * DAY)
        self.receive('10.00', 'DZIEN 11', TODAY - 11 * DAY)
        self.receive('20.00', 'DZIEN 10', TODAY - 10 * DAY)
        results = self.download(date_to=TODAY - 10 * DAY)
        self.assertEqual(sum(len(ids) for _, ids, _ in results), 2)
        self.assertEqual(
            self.account('last_day', 'last_state'),
            [TODAY - 10 * DAY, 'done'])

        def check():
            for id, _, _ in results:
                report = Pool().get('mbank.report')(id)
                self.assertEqual(report.state, 'imported')
                self.assertTrue(report.confirmed_at)
                for statement in report.statements:
                    self.assertTrue(statement.origins[0].settlement_decision)
        self.work(check)
        self.rewind(TODAY - 12 * DAY)
        results = self.download(date_to=TODAY - 10 * DAY)
        self.assertEqual(sum(len(ids) for _, ids, _ in results), 0)
        self.assertEqual(self.entries('DZIEN 11'), 1)

    def test_days_asked_for(self):
        "From what the bank still keeps up to yesterday, whose day is over"
        asked = []

        def fetch(session, company, date_from, date_to):
            asked.append((date_from, date_to))
            raise BankError("enough")
        self.rewind(TODAY - 400 * DAY)
        with patch.object(gateway, 'fetch_statements', fetch):
            with self.assertRaises(BankError):
                self.download()
            self.rewind(TODAY - 5 * DAY)
            with self.assertRaises(BankError):
                self.download()
        self.assertEqual(asked, [
                (TODAY - 181 * DAY, TODAY - DAY),
                (TODAY - 4 * DAY, TODAY - DAY)])

    def test_nothing(self):
        "No statements is an answer, the cursor moves"
        self.rewind(TODAY - 40 * DAY)
        self.assertEqual(self.download(date_to=TODAY - 38 * DAY), [])
        self.assertEqual(self.account('last_day'), [TODAY - 38 * DAY])

    def test_failure(self):
        "When the bank gives no answer the cursor stays and it is said"
        self.rewind(TODAY - 9 * DAY)
        self.bank.post('/faults', {
                'operation': 'getMT940Ex', 'kind': 'garbage', 'count': 1})
        with self.assertRaises(BankError):
            self.download()
        last_day, state, result = self.account(
            'last_day', 'last_state', 'last_result')
        self.assertEqual((last_day, state), (TODAY - 9 * DAY, 'failed'))
        self.assertTrue(result)

    def test_killed(self):
        "A process killed after the bytes are stored loses nothing"
        self.rewind(TODAY - 8 * DAY)
        self.receive('30.00', 'ZABITY', TODAY - 7 * DAY)
        Report = pool_get('mbank.report')
        with patch.object(Report, 'import_one', side_effect=Killed):
            with self.assertRaises(Killed):
                self.download(date_to=TODAY - 7 * DAY)
        self.assertEqual(self.account('last_day'), [TODAY - 8 * DAY])
        self.assertEqual(self.entries('ZABITY'), 0)
        self.work(Report.recover)
        self.assertEqual(self.entries('ZABITY'), 1)

        def waiting():
            return Report.search([
                    ('confirmed_at', '=', None), ('state', '!=', 'stored')])
        self.assertEqual(self.work(waiting), [])
        self.download(date_to=TODAY - 7 * DAY)
        self.assertEqual(self.entries('ZABITY'), 1)
        self.assertEqual(self.account('last_day'), [TODAY - 7 * DAY])

    def test_unknown_account(self):
        "An account without a journal is said and its bytes are kept"
        self.rewind(TODAY - 6 * DAY)
        self.bank.post('/incoming', [{
                    'account': demo_data.ALFA_EUR,
                    'amount': '5.00',
                    'currency': 'EUR',
                    'debtor_name': "Kunde GmbH",
                    'debtor_account': 'DE89370400440532013000',
                    'title': "RE 1",
                    'date': (TODAY - 5 * DAY).isoformat(),
                    }])
        (id, _, text), = self.download(date_to=TODAY - 5 * DAY)
        self.assertIn(demo_data.ALFA_EUR, text)
        self.assertEqual(self.account('last_state'), ['problem'])

        def check():
            report = Pool().get('mbank.report')(id)
            self.assertEqual(report.state, 'partial')
            self.assertIn(demo_data.ALFA_EUR.encode(), bytes(report.content))
        self.work(check)

    def test_alarm(self):
        "An account whose statement is missing raises an alarm, once"
        def notices():
            return Pool().get('res.notification').search([
                    ('model', '=', 'mbank.statement.account'),
                    ('label', 'like', "No statement%"),
                    ], count=True)

        def set_alarm(days):
            Account = Pool().get('mbank.statement.account')
            Account.write([Account(self.account_id)], {'alarm_days': days})
        before = self.work(notices)
        self.work(set_alarm, 1)
        for _ in range(2):
            self.rewind(TODAY - 40 * DAY)
            self.download(date_to=TODAY - 39 * DAY)
        self.assertEqual(self.account('last_state'), ['missing'])
        self.assertEqual(self.work(notices) - before, 1)
        self.work(set_alarm, None)

    def test_rights(self):
        "Who has not the right downloads nothing, not even by a direct call"
        def check():
            pool = Pool()
            Account = pool.get('mbank.statement.account')
            Download = pool.get('mbank.statement.download', type='wizard')
            User = pool.get('res.user')
            user = User(name="Clerk", login='clerk')
            user.companies = [self.company_id]
            user.company = self.company_id
            user.save()
            session, _, _ = Download.create()
            wizard = Download(session)
            wizard.start.company = self.company_id
            wizard.start.date_from = wizard.start.date_to = TODAY - DAY
            with Transaction().set_user(user.id):
                with self.assertRaises(AccessError):
                    wizard.transition_download()
                with self.assertRaises(AccessError):
                    Account.download_missing([Account(self.account_id)])
        self.work(check)

    def test_wizard(self):
        "A person downloads a range of days"
        self.receive('40.00', 'KREATOR', TODAY - 3 * DAY)

        def download():
            Download = Pool().get('mbank.statement.download', type='wizard')
            session, _, _ = Download.create()
            wizard = Download(session)
            wizard.start.company = self.company_id
            wizard.start.date_from = TODAY - 3 * DAY
            wizard.start.date_to = TODAY - 3 * DAY
            self.assertEqual(wizard.transition_download(), 'result')
            return wizard.default_result([])
        result = self.work(download)
        self.assertEqual(len(result['statements']), 1)
        self.assertTrue(result['result'])


class EdgeCase(Downloading):
    """Days whose statements are late, lost work

    The bank books nothing before a day it has told of: the tests are in the
    order of their days.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def prepare():
            Configuration = Pool().get('mbank.configuration')
            configuration = Configuration(1)
            configuration.default_authorising_user = 1
            configuration.save()
        cls.work(prepare)

    def set_clock(self, day=None):
        "Let the bank's time be on the day, or as it is"
        now = dt.datetime.now(dt.timezone.utc)
        if day:
            now -= dt.timedelta(days=(TODAY - day).days)
        self.bank.post('/clock', {'now': now.isoformat()})

    def set_account(self, **values):
        def write():
            Account = Pool().get('mbank.statement.account')
            Account.write([Account(self.account_id)], values)
        self.work(write)

    def daily(self):
        "What the cron does, and the tasks it queues"
        self.work(
            lambda: Pool().get('mbank.statement.account').download_daily(),
            user=0)

    def reports(self):
        return self.work(
            lambda: Pool().get('mbank.report').search([], count=True))

    def late(self, age, **settings):
        """The day of that age has a statement that is not there yet

        Returns its title. The days after it are quiet.
        """
        title = 'POZNO %s %s' % (age, len(settings))
        day = TODAY - age * DAY
        self.rewind(day - DAY)
        self.set_account(last_state=None, **settings)
        self.set_clock(day)
        self.addCleanup(self.set_clock)
        self.receive('10.00', title, day)
        return title

    def check_late(self, age):
        title = self.late(age)
        self.daily()
        self.assertEqual(self.entries(title), 0)
        self.assertEqual(
            self.account('last_day', 'last_state', 'queued_at'),
            [TODAY - (age + 1) * DAY, 'done', None])
        self.assertIn(
            (TODAY - age * DAY).isoformat(), self.account('last_result')[0])
        before = self.reports()
        self.daily()
        self.assertEqual(self.reports(), before)
        self.set_clock()
        self.daily()
        self.assertEqual(self.entries(title), 1)

    def test_late_3(self):
        "A statement that appears three days late comes by itself"
        self.check_late(3)

    def test_late_5_one(self):
        "A statement that appears a day late comes by itself"
        self.check_late(1)

    def test_late_4_never(self):
        "A day whose statement never comes is listed, alarmed, asked again"
        day = TODAY - 2 * DAY
        title = self.late(2, ask_days=1, statement_days='every_day')
        self.addCleanup(
            self.set_account, ask_days=7, statement_days='entries')
        self.daily()
        last_day, state, missing = self.account(
            'last_day', 'last_state', 'missing_days')
        self.assertEqual((last_day, state), (day, 'missing'))
        self.assertIn(day.isoformat(), missing)

        def alarms():
            return Pool().get('res.notification').search([
                    ('model', '=', 'mbank.statement.account'),
                    ('label', 'like', "%did not come%"),
                    ], count=True)
        before = self.work(alarms)
        self.assertEqual(before, 1)
        self.daily()
        self.assertEqual(self.work(alarms), before)
        self.set_clock()
        self.daily()
        self.assertEqual(self.entries(title), 0)
        self.work(lambda: Pool().get('mbank.statement.account')
            .download_missing([
                    Pool().get('mbank.statement.account')(self.account_id)]))
        self.assertEqual(self.entries(title), 1)
        self.assertNotIn(
            day.isoformat(), self.account('missing_days')[0] or '')

    def test_bytes(self):
        "The same bytes of another task are kept once, and serve again"
        self.receive('60.00', 'BAJTY', TODAY - 20 * DAY)
        days = {'date_from': TODAY - 20 * DAY, 'date_to': TODAY - 20 * DAY}
        (id, new, _), = self.download(**days)
        (again, nothing, text), = self.download(**days)
        self.assertEqual((again, nothing), (id, []))
        self.assertTrue(text)

        def cancel():
            Statement = Pool().get('account.statement')
            Statement.cancel(Statement.browse(new))
        self.work(cancel)
        (_, new, _), = self.download(**days)
        self.assertEqual(len(new), 1)

    def test_too_old(self):
        "Days the bank keeps no more do not hold the cursor"
        self.rewind(TODAY - 400 * DAY)
        self.daily()
        last_day, = self.account('last_day')
        self.assertGreater(last_day, TODAY - 30 * DAY)

    def test_task_lost(self):
        "The download of a worker that was killed is queued again, once"
        def lose():
            Account = Pool().get('mbank.statement.account')
            Account.write([Account(self.account_id)], {
                    'queued_at': dt.datetime.now() - dt.timedelta(hours=2),
                    'last_download': None})
        self.work(lose)
        self.work(
            lambda: Pool().get('mbank.report').recover(), user=0)
        queued, downloaded = self.account('queued_at', 'last_download')
        self.assertIsNone(queued)
        self.assertTrue(downloaded)

    def test_bad_report(self):
        "A report that fails with any error stops no other, nor the recovery"
        Report = pool_get('mbank.report')
        self.rewind(TODAY - 33 * DAY)
        for age in [32, 31]:
            self.receive('70.00', 'SERIA', TODAY - age * DAY)
        read = gateway.read_statements
        bad = []

        def fail(data, source, *args):
            if not bad:
                bad.append(source)
            if source == bad[0]:
                raise KeyError("a fault of the program")
            return read(data, source, *args)
        with patch.object(gateway, 'read_statements', fail):
            results = self.download(date_to=TODAY - 31 * DAY)
            self.assertEqual([len(ids) for _, ids, _ in results], [0, 1])
            self.assertEqual(self.account('last_state'), ['problem'])
            self.work(Report.recover)
        state, message = self.work(lambda: [
                (r.state, r.message) for r in [Report(results[0][0])]][0])
        self.assertEqual(state, 'stored')
        self.assertIn('KeyError', message)
        self.assertNotIn("a fault", message)
        self.work(Report.recover)
        self.assertEqual(self.entries('SERIA'), 2)


class SendingCase(PaymentMixin, BankCase):
    "Orders to the bank"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def prepare():
            cls.firm.new_account('PL' + demo_data.ALFA_PLN)
        cls.work(prepare)

    def new_batch(self, *amounts):
        def make():
            Journal = Pool().get('account.payment.journal')
            journals = Journal.search([
                    ('mbank_account_number.number_compact', '=',
                        'PL' + demo_data.ALFA_PLN)])
            journal = journals[0] if journals else (
                self.firm.new_payment_journal('PL' + demo_data.ALFA_PLN))
            return self.batch(*amounts, journal=journal).id
        return self.work(make)

    def press(self, id, button):
        self.work(lambda: getattr(self.Batch, button)([self.Batch(id)]))

    def read(self, id, *names):
        def read():
            return [getattr(self.Batch(id), n) for n in names]
        return self.work(read)

    def payment_states(self, id):
        return self.work(
            lambda: [p.state for p in self.Batch(id).payments])

    def at_bank(self, id):
        "How many of the batch's orders the bank has"
        ids = self.work(lambda: [
                p.mbank_end_to_end_id for p in self.Batch(id).payments])
        orders = str(self.bank.get('/orders'))
        return sum(orders.count(repr(i)) for i in ids)

    def fault(self, operation, kind):
        self.bank.post('/faults', {
                'operation': operation, 'kind': kind, 'count': 1})

    def test_sent(self):
        "Orders are sent, authorised, executed, and their payments succeed"
        id = self.new_batch('11.00', '12.00')
        self.press(id, 'send')
        state, group, requested = self.read(
            id, 'state', 'bank_group_id', 'requested_by')
        self.assertEqual(state, 'sent')
        self.assertTrue(group)
        self.assertEqual(requested.id, 1)
        self.assertEqual(self.at_bank(id), 2)
        self.press(id, 'check_status')
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        self.bank.post('/authorise', {'group_id': group})
        self.bank.post('/book', {})
        self.press(id, 'check_status')
        self.assertEqual(self.read(id, 'state'), ['executed'])
        self.assertEqual(self.payment_states(id), ['succeeded'] * 2)
        with self.assertRaises(UserError):
            self.press(id, 'send')

    def unknown(self, id):
        "Only the bank can tell: nothing is paid, sent or given up here"
        self.assertEqual(
            self.read(id, 'state', 'absent_at'), ['unknown', None])
        self.undecided(id)

    def undecided(self, id):
        self.assertEqual(set(self.payment_states(id)), {'processing'})
        for button in ['send', 'send_again', 'cancel']:
            with self.assertRaises(UserError):
                self.press(id, button)
        for wizard in ['declare_absent', 'give_up']:
            with self.assertRaises(UserError):
                self.decide(id, wizard)

    def decide(self, id, name, reason="Sprawdzono w CompanyNet"):
        "Go through the wizard of a decision as its client does"
        model, ids = 'mbank.order.batch', [id]
        if name == 'fail':
            model = 'account.payment'
            ids = self.work(lambda: [p.id for p in self.Batch(id).payments])
            name, state, start = 'mbank.payment.fail', 'fail', 'ask'
        else:
            state = {'declare_absent': 'declare'}.get(name, name)
            name, start = 'mbank.order.batch.' + name, 'start'
        context = {
            'active_model': model, 'active_ids': ids, 'active_id': ids[0]}

        def execute(data, state):
            with Transaction().set_context(**context):
                Wizard = Pool().get(name, type='wizard')
                session, _, _ = Wizard.create()
                return Wizard.execute(session, data, state)
        first = self.work(execute, {}, start)
        self.work(execute, {'start': {'reason': reason}}, state)
        return first['view']['defaults']

    def test_lost_answer(self):
        "A lost answer is unknown; the bank is asked and has it once"
        id = self.new_batch('13.00')
        self.fault('universalPaymentSend', 'lost_answer')
        self.press(id, 'send')
        self.unknown(id)
        self.press(id, 'check_status')
        state, group = self.read(id, 'state', 'bank_group_id')
        self.assertEqual(state, 'accepted')
        self.assertTrue(group)
        self.assertEqual(self.at_bank(id), 1)

    def test_work_done_and_any_answer(self):
        "Whatever comes after the work was done, only the bank can tell"
        for kind in [
                'cut', 'garbage', 'done_empty_fault', 'done_unknown_fault',
                'done_client_fault', 'done_server_fault', 'done_http404',
                'done_http429', 'done_http502', 'done_http503',
                'done_redirect', 'done_page']:
            with self.subTest(kind=kind):
                id = self.new_batch('13.10')
                self.fault('universalPaymentSend', kind)
                self.press(id, 'send')
                self.unknown(id)
                self.assertTrue(self.read(id, 'message')[0])
                self.press(id, 'check_status')
                self.assertEqual(self.read(id, 'state'), ['accepted'])
                self.assertEqual(self.at_bank(id), 1)

    def test_question_lost(self):
        "The task is kept before it is asked about: it is asked for again"
        for kind in ['lost_answer', 'done_unknown_fault']:
            with self.subTest(kind=kind):
                id = self.new_batch('13.20')
                # A bank that does not find our own identity
                self.set_profile(status_by_client_id=False)
                try:
                    self.fault('checkPaymentSendResult', kind)
                    self.press(id, 'send')
                    state, task, group = self.read(
                        id, 'state', 'task_id', 'bank_group_id')
                    self.assertEqual((state, group), ('sent', None))
                    self.assertTrue(task)
                    self.undecided(id)
                    self.fault('checkPaymentSendResult', kind)
                    with self.assertRaises(UserError):
                        self.press(id, 'check_status')
                    self.undecided(id)
                    self.press(id, 'check_status')
                finally:
                    self.set_profile()
                self.assertEqual(
                    self.read(id, 'state', 'task_id'), ['accepted', task])
                self.assertEqual(self.at_bank(id), 1)

    def test_own_id_not_found(self):
        "A bank that does not know our identity says nothing by that"
        for profile in [{}, {'status_by_client_id': False}]:
            with self.subTest(profile=profile):
                id = self.new_batch('13.30')
                self.fault('universalPaymentSend', 'lost_answer')
                self.set_profile(**profile)
                try:
                    self.press(id, 'send')
                    self.age(id)
                    if profile:
                        # Nothing is held by which it could be asked
                        self.press(id, 'check_status')
                    else:
                        self.fault('getStatus', 'unknown_fault')
                        with self.assertRaises(UserError):
                            self.press(id, 'check_status')
                    self.assertIsNone(self.read(id, 'answered_at')[0])
                    self.assertEqual(
                        self.read(id, 'state', 'absent_at'),
                        ['unknown', None])
                    for button in ['send', 'send_again', 'cancel']:
                        with self.assertRaises(UserError):
                            self.press(id, button)
                finally:
                    self.set_profile()
                self.press(id, 'check_status')
                self.assertEqual(self.read(id, 'state'), ['accepted'])
                self.assertEqual(self.at_bank(id), 1)

    def test_not_known(self):
        """What the bank does not know just after a lost sending may yet come;
        later a person looks, unless the profile says that the bank would know
        """
        id = self.new_batch('13.50')
        self.fault('universalPaymentSend', 'closed')
        self.press(id, 'send')
        self.press(id, 'check_status')
        state, absent, message = self.read(
            id, 'state', 'absent_at', 'message')
        self.assertEqual((state, absent), ('unknown', None))
        self.assertIn('yet', message)
        self.undecided(id)
        self.age(id)
        self.press(id, 'check_status')
        state, absent, message = self.read(
            id, 'state', 'absent_at', 'message')
        self.assertEqual((state, absent), ('unknown', None))
        self.assertIn('absence_by_client_id', message)
        with self.assertRaises(UserError):
            self.press(id, 'send_again')
        with self.assertRaises(UserError):
            self.decide(id, 'declare_absent', " ")
        self.set_profile(absence_by_client_id=True)
        try:
            self.press(id, 'check_status')
        finally:
            self.set_profile()
        self.assertTrue(self.read(id, 'absent_at')[0])
        self.decide(id, 'give_up', "Zapłacono inaczej")
        self.assertEqual(self.read(id, 'state'), ['cancelled'])
        self.assertEqual(self.payment_states(id), ['failed'])
        self.assertTrue(self.work(lambda: [
                    h for h in self.Batch(id).history
                    if h.user and "Zapłacono inaczej" in h.text]))

    def test_killed(self):
        "Killed after the intent: asked, absent, sent again by a person, once"
        id = self.new_batch('14.00')
        data, = self.read(id, 'data')
        with patch.object(gateway, 'send_orders', side_effect=Killed):
            with self.assertRaises(Killed):
                self.press(id, 'send')
        self.assertEqual(self.read(id, 'state'), ['sending'])
        self.work(self.Batch.follow)
        self.assertEqual(self.read(id, 'state'), ['sending'])
        self.age(id)
        self.work(self.Batch.follow)
        self.work(self.Batch.follow)
        self.assertEqual(
            self.read(id, 'state', 'absent_at'), ['unknown', None])
        self.assertEqual(self.at_bank(id), 0)
        self.decide(id, 'declare_absent')
        # Its answer is lost again: what was known before counts no more
        self.fault('universalPaymentSend', 'closed')
        self.press(id, 'send_again')
        self.unknown(id)
        self.age(id)
        self.press(id, 'check_status')
        self.decide(id, 'declare_absent')
        self.press(id, 'send_again')
        self.assertEqual(self.read(id, 'state', 'data'), ['sent', data])
        self.assertEqual(self.at_bank(id), 1)

    def test_killed_after_bank(self):
        "Killed at each step after the bank took the orders: they are found"
        for step in range(3):
            with self.subTest(step=step):
                id = self.new_batch('15.00')
                keep = order_keeping.Keeper.__call__
                kept = []

                def keep_and_die(keeper, intent):
                    if len(kept) == step:
                        raise Killed
                    kept.append(intent)
                    keep(keeper, intent)
                with patch.object(
                        order_keeping.Keeper, '__call__', keep_and_die):
                    if step < 2:
                        with self.assertRaises(Killed):
                            self.press(id, 'send')
                    else:
                        self.press(id, 'send')
                self.assertEqual(
                    self.read(id, 'state'), [['sending', 'sent', 'sent'][step]])
                if step:
                    self.assertTrue(self.read(id, 'task_id')[0])
                self.age(id)
                self.work(self.Batch.follow)
                self.work(self.Batch.follow)
                self.assertEqual(self.read(id, 'state'), ['accepted'])
                self.assertEqual(self.at_bank(id), 1)

    def test_sent_again_but_there(self):
        "Declared absent by mistake: asked once more before it leaves"
        id = self.new_batch('15.50')
        self.fault('universalPaymentSend', 'lost_answer')
        self.press(id, 'send')
        self.age(id)
        self.work(lambda: self.Batch.write(
                [self.Batch(id)], {'answered_at': dt.datetime.now()}))
        self.decide(id, 'declare_absent')
        self.press(id, 'send_again')
        self.assertEqual(
            self.read(id, 'state', 'absent_at', 'attempts'),
            ['accepted', None, 1])
        self.assertEqual(self.at_bank(id), 1)

    def test_fail_by_hand(self):
        "The bank is asked first; without its answer nothing fails"
        id = self.new_batch('15.60')
        self.fault('universalPaymentSend', 'lost_answer')
        self.press(id, 'send')
        self.fault('getStatus', 'http500')
        with self.assertRaises(UserError):
            self.decide(id, 'fail', "Nie wysłano")
        self.assertEqual(self.payment_states(id), ['processing'])
        shown = self.decide(id, 'fail', "Usunięte w CompanyNet")
        self.assertIn('TO_AUTH', shown['answer'])
        self.assertEqual(self.payment_states(id), ['failed'])
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        group, = self.read(id, 'bank_group_id')
        self.bank.post('/authorise', {'group_id': group})
        self.bank.post('/book', {})
        self.press(id, 'check_status')
        state, shown = self.read(id, 'state', 'unassigned')
        self.assertEqual(state, 'executed')
        self.assertIn('REALIZED', shown)
        self.assertEqual(self.payment_states(id), ['failed'])

    def test_sender(self):
        """Who has only the right to send sends, through the access checks,
        on the session of the default authorising user"""
        id = self.new_batch('19.00')

        def prepare():
            pool = Pool()
            Configuration = pool.get('mbank.configuration')
            ModelData = pool.get('ir.model.data')
            User = pool.get('res.user')
            configuration = Configuration(1)
            configuration.default_authorising_user = 1
            configuration.save()
            user = User(name="Sender", login='sender')
            user.companies = [self.company_id]
            user.company = self.company_id
            user.groups = [ModelData.get_id('mbank', 'group_payment_send')]
            user.save()
            return user.id
        user = self.work(prepare)

        @check_access
        def press(button):
            getattr(self.Batch, button)([self.Batch(id)])
        self.work(press, 'send', user=user)
        state, requested = self.read(id, 'state', 'requested_by')
        self.assertEqual((state, requested.id), ('sent', user))
        self.work(press, 'check_status', user=user)
        self.assertEqual(self.read(id, 'state'), ['accepted'])

        def calls():
            return [
                (c.requester.id, c.authoriser.id)
                for c in Pool().get('mbank.call').search([
                        ('operation', '=', 'universalPaymentSend')],
                    limit=1)]
        self.assertEqual(self.work(calls), [(user, 1)])

    def test_refused(self):
        "Orders the bank refuses fail with its words"
        def make():
            return self.batch('16.00').id
        id = self.work(make)
        self.press(id, 'send')
        state, message = self.read(id, 'state', 'message')
        self.assertEqual(state, 'refused')
        self.assertIn('DEBTOR_ACCOUNT', message)
        self.assertEqual(self.payment_states(id), ['failed'])

    def test_not_sent(self):
        "What never left can be sent again"
        id = self.new_batch('17.00')
        self.set_profile(endpoint='http://127.0.0.1:9/ws')
        try:
            self.press(id, 'send')
        finally:
            self.set_profile()
        state, message = self.read(id, 'state', 'message')
        self.assertEqual(state, 'prepared')
        self.assertTrue(message)
        self.press(id, 'send')
        self.assertEqual(self.read(id, 'state'), ['sent'])
        self.assertEqual(self.at_bank(id), 1)

    def test_duplicate(self):
        "A duplicate at the bank is asked for, never failed"
        id = self.new_batch('18.00')
        self.press(id, 'send')

        def forget():
            # As a database that was restored has it
            batch = self.Batch.__table__()
            Transaction().connection.cursor().execute(*batch.update(
                    [batch.state, batch.intent, batch.bank_group_id,
                        batch.task_id],
                    ['waiting', None, None, None], where=batch.id == id))
        self.work(forget)
        self.work(lambda: order_sending.send(self.Batch(id)))
        self.unknown(id)
        self.press(id, 'check_status')
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        self.assertEqual(self.at_bank(id), 1)

    def age(self, id):
        "The sending was long ago"
        past = dt.timedelta(hours=1)

        def write():
            batch = self.Batch(id)
            values = json.loads(batch.intent)
            values['begun_at'] = (
                dt.datetime.now(dt.timezone.utc) - past).isoformat()
            batch.intent = json.dumps(values)
            batch.sending_since = dt.datetime.now() - past
            batch.save()
        self.work(write)


if __name__ == '__main__':
    unittest.main()
