# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The life of a session after it was made: the year's clock, warnings, the
bank that ends it early, the bank that cannot be reached."""
import datetime as dt
import smtplib
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.modules.mbank.sessions import session_ending
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.modules.mbank.sessions.authorisation import Authorisation
from trytond.modules.mbank.exceptions import (
    ConfigurationValidationError, MBankError, NoSessionError,
    SessionInvalidError, SessionNotLiveError)
from trytond.pool import Pool

from ...tests.bank import BankCase
from ...tests.firm import TODAY
from ...tests.life import LifeCase
from ...tests.tools import create_user, identity


class SessionLifeTestCase(LifeCase):
    "What happens to a session with time"

    def manager(self, polish=False):
        "One who manages the sessions of all"
        def create():
            pool = Pool()
            Company = pool.get('company.company')
            Lang = pool.get('ir.lang')
            user = create_user(
                'manager-of-%s' % self.user, Company(self.company),
                'group_session_manage')
            user.email = 'manager@example.com'
            if polish:
                user.language, = Lang.search([('code', '=', 'pl')])
                Lang.write([user.language], {'translatable': True})
            user.save()
            return user.id
        return self.work(create)

    def test_a_year(self):
        """Made, warned at 30, 7 and 1 days once each, renewed, the old ended;
        the new runs until its certificate ends, and expires."""
        self.register(identity('Rok Cały', days=400))
        before = self.at_bank()
        self.setting(longest_life=365)
        first = self.made(days=200)
        self.check()
        self.assertEqual(self.session(first, 'state'), 'active')
        self.assertEqual(self.bell(), [])
        for left, told in [(31, 0), (29.5, 1), (28, 1), (8, 1), (6.5, 2),
                (1.5, 2), (.5, 3)]:
            self.pass_until(first, left)
            self.check()
            self.check()
            self.assertEqual(len(self.bell()), told, (left, self.bell()))
        self.assertEqual(
            self.session(first, 'state', 'warned'), ['expiring', 1])
        for label in self.bell():
            self.assertIn('ends soon', label)

        second = self.make(renewing=first)['session_id']
        self.assertEqual(
            self.session(first, 'state', 'finish_pending'),
            ['superseded', False])
        self.assertEqual(self.session(second, 'state'), 'active')
        self.assertEqual(self.at_bank(), before + 1)
        ends = self.session(second, 'end')
        self.assertAlmostEqual(
            (ends.date() - self.now().date()).days, 200, delta=1)

        # It cannot outlive its certificate: the bell says so.
        certificate = self.session(second, 'certificate').id

        def end_of_certificate():
            Certificate = Pool().get('mbank.certificate')
            Certificate.write([Certificate(certificate)], {
                    'valid_to': ends})
        self.work(end_of_certificate)
        self.pass_until(second, 29)
        self.check()
        self.assertIn('register the new certificate', self.told()[-1])
        self.pass_until(second, -.01)
        self.check()
        self.assertEqual(self.session(second, 'state'), 'expired')
        self.assertIn('ended', self.bell()[-1])
        self.assertEqual(self.at_bank(), before)
        told = len(self.bell())
        for _ in range(3):
            self.pass_(days=1)
            self.check()
        self.assertEqual(len(self.bell()), told)

    def told(self):
        "The sentences of the bell"
        return [
            text for text, in reversed(self.read(
                    'res.notification', 'description',
                    domain=[('user', '=', self.user)]))]

    def test_what_to_do(self):
        "A warning says what to do, to each in their language"
        self.register()
        polish = self.manager(polish=True)
        self.pass_until(self.made(days=20), 6.5)
        self.check()
        self.assertIn('presses "Renew"', self.told()[-1])
        # The test's database has no Polish messages; dates are told apart.
        self.assertRegex(self.bell(polish)[-1], r'\d\d\.\d\d\.\d{4}')
        self.assertRegex(self.bell()[-1], r'\d\d/\d\d/\d{4}')

    def test_no_warning_of_what_was_asked_for(self):
        "Who asks for five days is not warned at once that five are left"
        self.register()
        session_id = self.made(days=5)
        self.check()
        self.assertEqual(self.bell(), [])
        self.assertEqual(self.session(session_id, 'state'), 'expiring')
        self.pass_until(session_id, .5)
        self.check()
        self.assertEqual(len(self.bell()), 1)

    def test_the_days_are_set(self):
        "The days of the warnings are a setting; nonsense is refused"
        for text in [',', '30;7', '-1', '0', '1000', 'seven']:
            with self.subTest(text=text), \
                    self.assertRaises(ConfigurationValidationError):
                self.setting(session_warnings=text)
        self.setting(session_warnings='3, 60')
        self.register()
        session_id = self.made(days=90)
        for left, told in [(61, 0), (59, 1), (4, 1), (2.5, 2)]:
            self.pass_until(session_id, left)
            self.check()
            self.assertEqual(len(self.bell()), told, left)

    def test_e_mail(self):
        "If it is set the warning goes by mail too, without any secret"
        sent = []

        class Server:
            uri = 'smtp://localhost'

            def send_message(self, message, *args):
                sent.append(message)

            def quit(self):
                pass

            close = quit
        self.register()
        session_id = self.made(days=20)
        self.manager()
        self.pass_until(session_id, 6.5)
        with patch('trytond.sendmail.get_smtp_server', lambda *a, **k: Server()):
            self.check()
            self.assertEqual(sent, [])
            self.setting(warn_by_email=True)
            self.pass_until(session_id, .5)
            self.check()
        message, = sent
        self.assertEqual(message['To'], 'manager@example.com')
        self.assertIn('ends soon', message['Subject'])
        content = message.get_content()
        self.assertIn('Renew', content)
        self.assertNotIn(self.work(self._token, session_id), str(message))

    def test_no_mail_server(self):
        "A mail that cannot be sent does not stop the check"
        self.register()
        session_id = self.made(days=20)
        self.manager()
        self.setting(warn_by_email=True)
        self.pass_until(session_id, 6.5)
        with patch('smtplib.SMTP', side_effect=smtplib.SMTPException):
            self.check()
        self.assertEqual(self.session(session_id, 'warned'), 7)

    @staticmethod
    def _token(session_id):
        return vault.open_stored(
            Pool().get('mbank.session')(session_id), 'token').decode()

    def test_the_main_bar_is_told(self):
        "Each change of state is published to the session's user"
        said = []
        with patch('trytond.bus.Bus.publish',
                lambda channel, message: said.append((channel, message))):
            self.register()
            session_id = self.made(days=20)
            self.revoke(session_id)
        mine = [m for c, m in said if c == 'user:%s' % self.user
            and m['type'] == 'mbank_session']
        # awaiting, proving, active, revoked
        self.assertEqual(
            [m['session'] for m in mine], [session_id] * 4)

    # The bank ends it early

    def fetch(self):
        "What a task of the user does: the statements of today"
        def fetch():
            company = Pool().get('company.company')(self.company)
            session = Authorisation.for_use(
                company, gateway.FETCH, user=self.user)
            day = self.now().date()
            gateway.fetch_statements(session, company, day, day)
        self.work(fetch)

    def test_ended_by_the_bank(self):
        "One refusal marks it; later runs do not ask the bank, nor tell again"
        self.register()
        session_id = self.made()
        self.fetch()
        self.bank.post('/sessions/end', {'all': True})
        with self.assertRaises(SessionInvalidError):
            self.fetch()
        self.assertEqual(
            self.session(session_id, 'state', 'finish_pending'),
            ['revoked', False])
        calls = len(self.bank.get('/calls'))
        for _ in range(5):
            self.pass_(hours=1)
            with self.assertRaises(NoSessionError):
                self.fetch()
            self.check()
        self.assertEqual(len(self.bank.get('/calls')), calls)
        self.assertEqual(len(self.bell()), 1)
        self.assertIn('creates a new session', self.told()[0])

    def test_ended_by_the_bank_with_a_default(self):
        """The default authorising user's session takes over; when the bank
        has ended that too each was tried once, and there is no third call."""
        self.register()
        own = self.made()
        other_user, self.user = self.user, self.work(self._user)
        self.register()
        default = self.made()
        self.setting(default_authorising_user=self.user)
        default_user, self.user = self.user, other_user
        self.bank.post('/sessions/end', {'all': True})
        before = self.bank_calls('getMT940Ex')
        with self.assertRaises(SessionInvalidError):
            self.fetch()
        with self.assertRaises(SessionInvalidError):
            self.fetch()
        for _ in range(3):
            with self.assertRaises(NoSessionError):
                self.fetch()
        self.assertEqual(self.bank_calls('getMT940Ex'), before + 2)
        self.assertEqual(self.session(own, 'state'), 'revoked')
        self.assertEqual(self.session(default, 'state'), 'revoked')
        self.assertEqual(len(self.bell()), 1)
        self.assertEqual(len(self.bell(default_user)), 1)

    # The bank lets it live longer than it lasts here

    def granted_longer(self):
        "A session of three days here, of sixty at the bank; its id"
        self.bank.post('/settings', {'least_session_days': 60})
        self.addCleanup(
            self.bank.post, '/settings', {'least_session_days': 0})
        self.register()
        return self.made(days=3)

    def test_ended_at_the_bank_with_its_end_here(self):
        "Granted longer than asked for, it is ended there when it ends here"
        before = self.at_bank()
        session_id = self.granted_longer()
        end, bank_end, difference = self.session(
            session_id, 'end', 'bank_end', 'difference')
        self.assertGreater(bank_end - end, dt.timedelta(days=50))
        self.assertIn('ended at the bank', difference)
        self.assertEqual(self.at_bank(), before + 1)
        self.pass_(days=5)
        with self.assertRaises(SessionNotLiveError):
            self.fetch()
        self.check()
        self.assertEqual(
            self.session(session_id, 'state', 'finish_pending'),
            ['expired', False])
        self.assertEqual(self.at_bank(), before)

    def test_ended_here_while_the_bank_is_away(self):
        "The end at the bank is tried again until its own end there"
        before = self.at_bank()
        session_id = self.granted_longer()
        self.pass_(days=5)
        with self.bank_away():
            self.check()
        self.assertEqual(
            self.session(session_id, 'state', 'finish_pending'),
            ['expired', True])
        self.assertEqual(self.at_bank(), before + 1)
        self.pass_(hours=1)
        self.finish_all()
        self.assertFalse(self.session(session_id, 'finish_pending'))
        self.assertEqual(self.at_bank(), before)

    def test_over_at_the_bank_too(self):
        "One that ends here as at the bank is not asked about"
        self.register()
        session_id = self.made(days=3)
        self.assertEqual(
            *self.session(session_id, 'end', 'bank_end'))
        self.pass_(days=5)
        calls = len(self.bank.get('/calls'))
        self.check()
        self.assertEqual(
            self.session(session_id, 'state', 'finish_pending'),
            ['expired', False])
        self.assertEqual(len(self.bank.get('/calls')), calls)

    # Revoked while the bank cannot be reached

    def test_revoked_without_the_bank(self):
        "Locked at once; asked again with longer and longer pauses until done"
        self.register()
        before = self.at_bank()
        session_id = self.made()
        with self.bank_away():
            self.revoke(session_id)
            self.assertEqual(
                self.session(
                    session_id, 'state', 'finish_pending', 'finish_tries'),
                ['revoked', True, 1])
            with self.assertRaises(MBankError):
                self.fetch()
            # Not due yet.
            self.finish_all()
            self.assertEqual(self.session(session_id, 'finish_tries'), 1)
            pauses = []
            for tries in range(2, 12):
                due = self.session(session_id, 'finish_next')
                naive = self.now().replace(tzinfo=None)
                pauses.append(round((due - naive).total_seconds() / 60))
                self.passed += due - naive + dt.timedelta(seconds=1)
                self.finish_all()
                self.assertEqual(
                    self.session(session_id, 'finish_tries'), tries)
        self.assertEqual(
            pauses, [5, 10, 20, 40, 80, 160, 320, 360, 360, 360])
        self.assertIn(
            'cannot be reached', self.session(session_id, 'finish_message'))
        self.assertEqual(
            [label.split(':')[0] for label in self.bell()],
            ['mBank session not yet ended at the bank'])
        self.assertEqual(self.at_bank(), before + 1)
        self.pass_(hours=7)
        self.finish_all()
        self.assertEqual(
            self.session(session_id, 'finish_pending', 'finish_next'),
            [False, None])
        self.assertEqual(self.at_bank(), before)
        calls = len(self.bank.get('/calls'))
        self.finish_all()
        self.check()
        self.assertEqual(len(self.bank.get('/calls')), calls)

    def test_revoked_until_past_its_end(self):
        "A session that came to its end meanwhile is not asked about any more"
        self.register()
        session_id = self.made(days=2)
        with self.bank_away():
            self.revoke(session_id)
        self.pass_(days=4)
        calls = len(self.bank.get('/calls'))
        self.finish_all()
        self.assertFalse(self.session(session_id, 'finish_pending'))
        self.assertIn('time', self.session(session_id, 'finish_message'))
        self.assertEqual(len(self.bank.get('/calls')), calls)

    def test_ended_at_the_bank_before(self):
        "That the bank does not know the session any more is an end too"
        self.register()
        session_id = self.made()
        self.bank.post('/sessions/end', {'all': True})
        self.revoke(session_id)
        self.assertFalse(self.session(session_id, 'finish_pending'))

    def test_pauses(self):
        "The pauses grow and have a limit, however many the tries"
        pauses = [session_ending.pause_after(n) for n in range(1, 1000)]
        self.assertEqual(pauses, sorted(pauses))
        self.assertEqual(pauses[-1], session_ending.LONGEST_PAUSE)


class JobsStopTestCase(BankCase):
    "The regular jobs when the bank has ended the session they use"

    def test_no_loop(self):
        "However often the jobs run, the bank is asked once; people are told"
        def prepare():
            pool = Pool()
            Account = pool.get('mbank.statement.account')
            Configuration = pool.get('mbank.configuration')
            journal, _ = self.firm.new_journal('PL' + demo_data.ALFA_PLN)
            Account.create([{
                        'company': self.company_id,
                        'journal': journal.id,
                        'first_day': TODAY - dt.timedelta(days=5),
                        }])
            configuration = Configuration(1)
            configuration.default_authorising_user = 1
            configuration.save()
        self.work(prepare)

        def jobs():
            pool = Pool()
            pool.get('mbank.statement.account').download_daily()
            pool.get('mbank.report').recover()
            pool.get('mbank.order.batch').follow()
            pool.get('mbank.session').check_all()

        def told():
            return [n.label for n in Pool().get('res.notification').search([
                        ('user', '=', 1)])]

        def run(times):
            for _ in range(times):
                try:
                    self.work(jobs, user=0)
                except MBankError:
                    # Of the task; a worker writes it to its log.
                    pass
            return len(self.bank.get('/calls')), self.work(told)
        calls = len(self.bank.get('/calls'))
        self.bank.post('/sessions/end', {'all': True})
        after, first = run(1)
        self.assertEqual(after, calls + 1, first)
        again, later_told = run(4)
        self.assertEqual(again, after)
        self.assertEqual(later_told, first)
        self.assertEqual(
            len([t for t in first if 'session ended' in t]), 1, first)
