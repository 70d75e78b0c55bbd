# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The dialog that waits for a signature, and signing by hand."""
import base64
import datetime as dt
import textwrap
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.model.exceptions import AccessError
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import (
    CertificateRegisterError, CertificateUnusableError,
    ConfigurationValidationError, KeyStoreError, SessionCreateError,
    SigningError, SigningJobBusyError, SigningJobError)
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.signing import SigningCase, embedding_signature, signature_over
from ...tests.tools import PIN, Killed, identity, model, now, wizard


class SigningDialogTestCase(SigningCase):
    "What the person sees and may do"

    def view(self, answer):
        view = answer['view']
        return view['state'], view['defaults']

    def press(self, state, id_, values, name='waiting', user=None, **changed):
        "Press a button of the view with the values it shows"
        return self.dialog(
            state, id_, user=user, **{name: {**values, **changed}})[1]

    # On the workstation

    def test_waits_until_it_is_signed(self):
        "The dialog waits, says how far it is, and shows what was granted"
        id_, answer = self.choose()
        state, values = self.view(answer)
        self.assertEqual(state, 'waiting')
        self.assertIn('Waiting', values['message'])
        self.assertFalse(values['hint'])
        _, job = self.take(self.code_of(answer))
        state, values = self.view(self.press('check_', id_, values))
        self.assertEqual(state, 'waiting')
        self.assertIn('signer has', values['message'])
        self.assertFalse(values['untaken'])
        _, second = self.send(job['ticket'], 1, signature_over(job['text']))
        state, values = self.view(self.press('check_', id_, values))
        self.assertIn('once of twice', values['message'])
        self.send(job['ticket'], 2, signature_over(second['text']))
        state, shown = self.view(self.press('check_', id_, values))
        self.assertEqual(state, 'result')
        self.assertEqual(shown['state'], 'Active')
        self.assertIn(demo_data.DIK_ALFA, shown['granted'][1]['what'])

    def test_hint_after_a_while(self):
        "Who waits too long is told of the installer and of the other way"
        def set_url(url):
            Configuration = Pool().get('mbank.configuration')
            configuration = Configuration(1)
            configuration.signer_url = url
            configuration.save()
        self.work(set_url, 'https://erp.example/signer')
        self.addCleanup(self.work, set_url, None)
        id_, answer = self.choose()
        _, values = self.view(answer)
        self.assertFalse(values.get('installer'))
        self.age(seconds=25)
        _, values = self.view(self.press('check_', id_, values))
        self.assertIn('not installed', values['hint'])
        self.assertIn('by hand', values['hint'])
        self.assertEqual(values['installer'], 'https://erp.example/signer')
        with self.assertRaises(ConfigurationValidationError):
            self.work(set_url, 'javascript:alert(1)')

    def test_left_and_taken_up_again(self):
        "The dialog opened again shows the signing that waits"
        id_, answer = self.choose()
        _, values = self.view(answer)
        again, answer = self.dialog('begin')
        self.assertNotEqual(again, id_)
        state, other = self.view(answer)
        self.assertEqual((state, other['job']), ('waiting', values['job']))
        code = self.code_of(self.press('signer_', again, other))
        self.assertEqual(self.take(code)[0], 200)

    def test_the_button_says_that_it_waits(self):
        "The main bar tells of the signing that was left"
        self.choose()

        def preferences():
            with Transaction().set_user(self.user):
                return Pool().get('res.user').get_preferences()
        shown = self.work(preferences)['mbank_session']
        self.assertEqual(shown['state'], 'signing')
        self.assertIn('waits for its signature', shown['title'])

    def test_cancel(self):
        "Cancelled is cancelled: the code is worthless, nothing stays"
        id_, answer = self.choose()
        _, values = self.view(answer)
        code = self.code_of(answer)
        self.press('cancel_', id_, values)
        self.assertEqual(self.job_state()[0], 'cancelled')
        self.assertEqual(self.session_states(), [])
        self.assertEqual(self.take(code)[0], 404)
        self.assertEqual(self.view(self.dialog('begin')[1])[0], 'start')

    def test_cancel_between_the_rounds(self):
        "The login of a cancelled signing is closed at the bank"
        id_, answer = self.choose()
        _, values = self.view(answer)
        _, job = self.take(self.code_of(answer))
        _, second = self.send(job['ticket'], 1, signature_over(job['text']))
        self.press('cancel_', id_, values)
        self.assertEqual(self.calls()[-1], ('logout', 'accepted'))
        self.assertIsNone(self.sealed_login())
        self.assertEqual(self.send(
                job['ticket'], 2, signature_over(second['text']))[0], 404)

    def test_no_cancelling_of_the_last_call(self):
        "While the bank makes the session nothing is taken back"
        id_, answer = self.choose()
        _, values = self.view(answer)
        _, job = self.take(self.code_of(answer))
        ticket = job['ticket']
        self.send(ticket, 1, signature_over(job['text']))

        def use():
            SigningJob = Pool().get('mbank.signing.job')
            SigningJob.use_signature(values['job'], 'half_signed', 2)
        self.work(use)
        with self.assertRaises(SigningJobBusyError):
            self.press('cancel_', id_, values)
        self.assertEqual(
            self.post('declined', {'v': 1, 'reason': 'failed'},
                ticket=ticket)[0], 409)
        self.assertEqual(self.job_state()[0], 'half_signed')

    def test_the_reason_is_shown(self):
        "What ended a signing is said in the dialog"
        id_, answer = self.choose()
        _, values = self.view(answer)
        _, job = self.take(self.code_of(answer))
        self.post('declined', {'v': 1, 'reason': 'pin_locked'},
            ticket=job['ticket'])
        state, over = self.view(self.press('check_', id_, values))
        self.assertEqual(state, 'over')
        self.assertIn('PUK', over['reason'])

    def test_the_job_of_another(self):
        "A forged job in the dialog shows and moves nothing"
        id_, answer = self.choose()
        _, values = self.view(answer)
        owner, self.user = self.user, self.work(self._user)
        mine, answer = self.choose()
        _, my_values = self.view(answer)
        for state in ['check_', 'signer_', 'cancel_', 'to_hand_', 'waiting']:
            with self.subTest(state=state), \
                    self.assertRaises(SigningJobError):
                self.press(state, mine, my_values, job=values['job'])
        self.user = owner
        self.assertEqual(self.job_state()[0], 'waiting')

    def test_job_through_rpc(self):
        "A user reads the own jobs alone, without what is secret, and no more"
        _, answer = self.choose()
        _, values = self.view(answer)
        id_ = values['job']
        other = self.work(self._user)
        names = ['state', 'code_hash', 'ticket_hash', 'login_token']

        def rpc(user, method, *args):
            return self.work(model, user, 'mbank.signing.job', method, *args,
                _check_access=True)
        self.assertEqual(rpc(self.user, 'read', [id_], names), [{
                    'id': id_, 'state': 'waiting', 'code_hash': None,
                    'ticket_hash': None, 'login_token': None}])
        self.assertEqual(rpc(other, 'search', []), [])
        with self.assertRaises(AccessError):
            rpc(other, 'read', [id_], ['state'])
        for method, args in [
                ('write', [[id_], {'text': 'x'}]),
                ('create', [[{'user': self.user}]]),
                ('delete', [[id_]]), ('copy', [[id_]])]:
            with self.subTest(method=method), self.assertRaises(AccessError):
                rpc(self.user, method, *args)

    # The ways

    def test_ways_that_are_not_allowed(self):
        "A way the administrator has not allowed is refused by the server"
        def allow(**ways):
            Configuration = Pool().get('mbank.configuration')
            configuration = Configuration(1)
            for name, value in ways.items():
                setattr(configuration, name, value)
            configuration.save()
        self.addCleanup(self.work, allow, sign_on_workstation=True,
            sign_by_hand=True, sign_on_server=True)
        self.work(allow, sign_on_workstation=False, sign_on_server=False)
        for way in ['workstation', 'server', None, 'x']:
            with self.subTest(way=way), \
                    self.assertRaisesRegex(SessionCreateError, "not allowed"):
                self.choose(way)
        _, answer = self.dialog('begin')
        self.assertEqual(self.view(answer)[1]['way'], 'by_hand')
        self.work(allow, sign_on_workstation=True, sign_by_hand=False)
        id_, answer = self.choose()
        _, values = self.view(answer)
        self.assertFalse(values['may_sign_by_hand'])
        with self.assertRaisesRegex(SessionCreateError, "not allowed"):
            self.press('to_hand_', id_, values)
        with self.assertRaises(ConfigurationValidationError):
            self.work(allow, sign_on_workstation=False)

    def test_a_certificate_without_its_key(self):
        "With the key kept here signs only a certificate that has it here"
        self.register_file(identity().certificate_pem.encode())
        (certificate,), = self.read('mbank.certificate', 'id')
        with self.assertRaisesRegex(SessionCreateError, "not kept here"):
            self.choose('server', certificate=certificate, pin_password=PIN)
        self.assertEqual(self.session_states(), [])

    # By hand

    def start_by_hand(self, **changed):
        id_, answer = self.choose('by_hand', **changed)
        state, values = self.view(answer)
        self.assertEqual(state, 'by_hand')
        return id_, values

    def upload(self, id_, values, signature):
        return self.view(self.press(
                'use_signature', id_, values, name='by_hand',
                signature=signature, signature_name='signed.p7s'))

    @staticmethod
    def text_of(values):
        return values['text_file'].decode('utf-16-le')

    def test_by_hand(self):
        "Both texts are downloaded, signed elsewhere and uploaded"
        id_, values = self.start_by_hand()
        self.assertEqual(values['step'], 'Step 1 of 2')
        self.assertEqual(values['encoding'], 'UTF-16-LE')
        self.assertTrue(values['text_file_name'].endswith('.txt'))
        text = self.text_of(values)
        self.assertTrue(text.startswith('CompanyNet'))
        der = signature_over(text)
        pem = '\n'.join([
                '-----BEGIN PKCS7-----',
                *textwrap.wrap(base64.b64encode(der).decode(), 64),
                '-----END PKCS7-----', ''])
        state, values = self.upload(id_, values, pem.encode())
        self.assertEqual((state, values['step']), ('by_hand', 'Step 2 of 2'))
        self.assertFalse(values.get('signature'))
        second = self.text_of(values)
        self.assertNotEqual(second, text)
        signature = base64.b64encode(signature_over(second))
        state, shown = self.upload(id_, values, signature)
        self.assertEqual((state, shown['state']), ('result', 'Active'))
        self.assertEqual(self.session_states(), ['active'])
        self.assertEqual(self.job_state(), ('done', None))
        self.assertNoTrace(signature.decode(), PIN)

    def test_by_hand_by_a_program_that_puts_the_text_inside(self):
        "A signature that carries its text, of another program, is taken"
        id_, values = self.start_by_hand()
        for _ in range(2):
            state, values = self.upload(
                id_, values, embedding_signature(values['text_file']))
        self.assertEqual((state, values['state']), ('result', 'Active'))

    def test_by_hand_mistakes_keep_the_step(self):
        "A signature that is not right can be chosen again; nothing is sent"
        id_, values = self.start_by_hand()
        text = self.text_of(values)
        calls = self.calls()
        for signature, words in [
                (b'', 'signature'), (b'%PDF-1.7', 'signature'),
                (signature_over('else' + text), 'another text'),
                (signature_over(text + '\r\n'), 'unopened'),
                (signature_over(text, encoding='utf-8'), 'saved as UTF-8'),
                (signature_over(
                        text, identity('Dawno Temu', days=-1)), 'expired')]:
            with self.subTest(words=words), \
                    self.assertRaises(SigningError) as error:
                self.upload(id_, values, signature)
            self.assertIn(words, error.exception.message)
        self.assertEqual(self.calls(), calls)
        state, values = self.upload(id_, values, signature_over(text))
        with self.assertRaises(SigningError):
            self.upload(id_, values, signature_over(text))
        state, _ = self.upload(
            id_, values, signature_over(self.text_of(values)))
        self.assertEqual(state, 'result')

    def test_by_hand_left_and_taken_up_again(self):
        "The dialog opened again offers the text that is due"
        id_, values = self.start_by_hand()
        state, values = self.upload(
            id_, values, signature_over(self.text_of(values)))
        again, answer = self.dialog('begin')
        state, other = self.view(answer)
        self.assertEqual((state, other['round']), ('by_hand', 2))
        self.assertEqual(other['text_file'], values['text_file'])
        state, _ = self.upload(
            again, other, signature_over(self.text_of(other)))
        self.assertEqual(state, 'result')

    def test_by_hand_in_two_windows(self):
        "A signature of a round that is over shows how far it is"
        id_, first = self.start_by_hand()
        signature = signature_over(self.text_of(first))
        self.upload(id_, first, signature)
        calls = self.calls()
        state, values = self.upload(id_, first, signature)
        self.assertEqual((state, values['round']), ('by_hand', 2))
        self.assertEqual(self.calls(), calls)

    def test_by_hand_the_bank_says_no(self):
        "A refusal ends the signing and its reason is shown"
        id_, values = self.start_by_hand()
        state, over = self.upload(id_, values, signature_over(
                self.text_of(values), identity('Inna Osoba')))
        self.assertEqual(state, 'over')
        self.assertIn('not registered', over['reason'])
        self.assertEqual(self.session_states(), [])
        self.user = self.work(self._user)
        _, answer = self.choose('by_hand', bank_user='NOBODY')
        state, over = self.view(answer)
        self.assertEqual(state, 'over')
        self.assertIn('user id', over['reason'])

    def test_from_the_workstation_to_by_hand(self):
        "Who has no signer signs by hand; the link is worthless then"
        id_, answer = self.choose()
        _, values = self.view(answer)
        code = self.code_of(answer)
        state, values = self.view(self.press('to_hand_', id_, values))
        self.assertEqual(state, 'by_hand')
        self.assertEqual(self.take(code)[0], 404)

    def test_by_hand_too_late(self):
        "After half an hour it is over and says so; a new one can start"
        id_, values = self.start_by_hand()
        self.age(minutes=31)
        state, over = self.upload(
            id_, values, signature_over(self.text_of(values)))
        self.assertEqual(state, 'over')
        self.assertIn('in time', over['reason'])
        self.assertEqual(self.session_states(), ['refused'])
        self.start_by_hand()

    def test_a_session_that_is_being_signed_is_not_dropped(self):
        "The hourly check leaves a session its open job holds"
        self.start_by_hand()

        def check():
            Session = Pool().get('mbank.session')
            table = Session.__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.update(
                    [table.requested],
                    [now().replace(tzinfo=None) - dt.timedelta(minutes=20)],
                    where=table.user == self.user))
            Session.check_all()
        self.work(check)
        self.assertEqual(self.session_states(), ['awaiting_signature'])

    def test_the_dialog_keeps_no_secret(self):
        "Neither code, PIN, signature nor text is in the dialog's memory"
        id_, answer = self.choose(pin_password=PIN)
        code = self.code_of(answer)
        _, values = self.view(answer)
        _, values = self.view(self.press('to_hand_', id_, values))
        text = self.text_of(values)
        signature = signature_over(text)
        self.upload(id_, values, signature)

        def stored():
            Session = Pool().get('ir.session.wizard')
            return Session(id_).data
        data = self.work(stored)
        self.assertIn('ALFA01', data)
        for secret in [code, PIN, text, base64.b64encode(signature).decode()]:
            self.assertNotIn(secret[:60], data)

    # A process that dies

    def test_crash_points(self):
        "Whatever the step at which the process dies, the cron ends it right"
        SigningJob = 'mbank.signing.job'
        nothing = ('outdated', 'in time')
        unknown = ('failed', 'interrupted')
        for where, name, (state, words), left in [
                (None, None, nothing, []),
                (gateway, 'begin_login', nothing, []),
                (SigningJob, 'keep_challenge', nothing, []),
                (gateway, 'complete_login', nothing, []),
                (SigningJob, 'keep_login', nothing, []),
                (gateway, 'check_signature', nothing, ['logout']),
                (gateway, 'complete_session', unknown, ['logout']),
                (SigningJob, 'finish', unknown, ['logout']),
                ]:
            with self.subTest(at=name):
                self.user = self.work(self._user)
                code = self.begin()
                at_bank = len(self.bank.get('/sessions'))
                if where:
                    if isinstance(where, str):
                        where = self.work(lambda: Pool().get(SigningJob))
                    self._die(where, name, code)
                before = len(self.calls())
                self.clean()
                self.assertEqual(len(self.calls()), before)
                self.age(minutes=20)
                self.clean()
                ended, reason = self.job_state()
                self.assertEqual(ended, state)
                self.assertIn(words, reason)
                self.assertEqual(self.session_states(), ['refused'])
                self.assertIsNone(self.sealed_login())
                self.assertEqual(
                    [o for o, _ in self.calls()[before:]], left)
                self.assertLessEqual(
                    len(self.bank.get('/sessions')) - at_bank, 1)
                self.clean()
                self.assertEqual(len(self.calls()), before + len(left))
                told = self.read('res.notification', 'label')
                self.assertEqual(len(told), int(words == 'interrupted'))
                # The way is free again.
                self.assertEqual(
                    self.view(self.dialog('begin')[1])[0], 'start')

    def _die(self, where, name, code):
        "Go on until the process dies at that call"
        second_round = name in {
            'check_signature', 'complete_session', 'finish'}
        ticket = None
        if second_round or name in {'complete_login', 'keep_login'}:
            _, job = self.take(code)
            ticket, round_, text = job['ticket'], 1, job['text']
        if second_round:
            _, job = self.send(ticket, 1, signature_over(text))
            round_, text = 2, job['text']
        with patch.object(where, name, side_effect=Killed), \
                self.assertRaises(Killed):
            if ticket is None:
                self.take(code)
            else:
                self.send(ticket, round_, signature_over(text))

    def test_a_login_that_could_not_be_closed(self):
        "The cron closes it later; after an hour it is over by itself"
        ticket, _ = self.half()
        self.bank.post('/faults', {
                'operation': 'logout', 'kind': 'http500', 'count': 1})
        self.post('declined', {'v': 1, 'reason': 'failed'}, ticket=ticket)
        self.assertIsNotNone(self.sealed_login())
        self.clean()
        self.assertIsNone(self.sealed_login())
        self.assertEqual(self.calls()[-1], ('logout', 'accepted'))

    def test_a_copy_with_an_identity_of_its_own(self):
        "Its signings are over; the bank and the original are not touched"
        ticket, second = self.half()
        calls = self.calls()

        def give_up():
            Pool().get('mbank.signing.job').give_up("A copy.")
        self.work(give_up)
        self.assertEqual(self.job_state(), ('cancelled', "A copy."))
        self.assertEqual(self.session_states(), ['refused'])
        self.assertIsNone(self.sealed_login())
        self.clean()
        self.assertEqual(self.calls(), calls)
        self.assertEqual(
            self.send(ticket, 2, signature_over(second['text']))[0], 404)

    # Certificates

    def register_file(self, content, kind='public', pin=''):
        def register():
            id_, start, _ = wizard(
                self.user, 'mbank.certificate.register', 'create')
            wizard(self.user, 'mbank.certificate.register', 'execute', id_, {
                    'start': {
                        'kind': kind, 'file_': content,
                        'file_name': 'x', 'pin_password': pin,
                        }}, 'register')
        self.work(register)

    def test_register_the_public_part(self):
        "A certificate serves without its key; the key may be added later"
        pem = identity().certificate_pem
        der = base64.b64decode(''.join(pem.strip().splitlines()[1:-1]))
        self.register_file(der)
        self.assertEqual(
            self.read('mbank.certificate', 'name', 'key_kept', 'expired',
                'expires_soon'),
            [['Jan Kowalski', False, False, False]])
        self.register_file(identity().p12, 'pkcs12', PIN)
        self.assertEqual(
            self.read('mbank.certificate', 'name', 'key_kept'),
            [['Jan Kowalski', True]])
        self.assertEqual(
            self.read('mbank.certificate', 'id', domain=[
                    ('user', '=', self.user), ('key_kept', '=', False)]), [])
        self.assertNoTrace(PIN)

    def test_what_is_no_public_part(self):
        "A private key, an expired certificate and anything else is refused"
        for content, Error in [
                (b'-----BEGIN PRIVATE KEY-----\nAA==\n',
                    CertificateRegisterError),
                (identity('Dawno Temu', days=-1).certificate_pem.encode(),
                    CertificateUnusableError),
                (b'hello', KeyStoreError), (b'', KeyStoreError),
                ]:
            with self.subTest(content=content[:30]), \
                    self.assertRaises(Error):
                self.register_file(content)
        self.assertEqual(self.read('mbank.certificate', 'id'), [])

    def test_warned_once_for_each_threshold(self):
        "Sixty, thirty and seven days before its end, once each"
        self.register_file(identity().certificate_pem.encode())

        def days_left(days):
            Certificate = Pool().get('mbank.certificate')
            Certificate.write(
                Certificate.search([('user', '=', self.user)]), {
                    'valid_to': now().replace(tzinfo=None, microsecond=0)
                    + dt.timedelta(days=days, hours=1)})

        def warn():
            Certificate = Pool().get('mbank.certificate')
            Certificate.warn()
        told = []
        for days in [61, 59, 58, 31, 29, 8, 6, 1, -2]:
            self.work(days_left, days)
            self.work(warn)
            told.append(len(self.read('res.notification', 'id')))
        self.assertEqual(told, [0, 1, 1, 1, 2, 2, 3, 3, 3])
        (label,), *_ = self.read('res.notification', 'label')
        self.assertIn('Jan Kowalski', label)
        self.assertEqual(
            self.read('mbank.certificate', 'expired', 'expires_soon'),
            [[True, False]])
