# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Statements from the sandbox bank, over real HTTP"
import datetime as dt
import unittest
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.model.exceptions import AccessError
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import BankError
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction

from ...tests.bank import BankCase
from ...tests.firm import TODAY, nrb
from ...tests.tools import Killed

DAY = dt.timedelta(days=1)


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


if __name__ == '__main__':
    unittest.main()
