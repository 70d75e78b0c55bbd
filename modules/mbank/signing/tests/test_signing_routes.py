# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The signer's routes, asked as the signer asks them, with real signatures."""
import base64
import datetime as dt
import hashlib
import json

import trytond.config as config
from companynet_sandbox.customers import demo_data
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.pool import Pool
from trytond.protocols.wrappers import Response
from trytond.transaction import Transaction
from werkzeug.test import Client

from ...tests.signing import SERVER, SigningCase, signature_over
from ...tests.tools import PIN, identity, now

WHOLE_WAY = [
    ('initLoginWithSignature', 'accepted'),
    ('loginWithSignature', 'accepted'),
    ('initCreateBackgroundSessionWithSignature', 'accepted'),
    ('createBackgroundSessionWithSignature', 'accepted'),
    ('logout', 'accepted'),
    # The proof.
    ('getStatus', 'accepted'),
    ]


class SigningRoutesTestCase(SigningCase):
    "On the workstation"

    def test_whole_way(self):
        "Two signatures make a session; what was shown is what was asked"
        code = self.begin()
        status, job = self.take(code)
        self.assertEqual(status, 200)
        ticket = job['ticket']
        content = job['content']
        self.assertEqual(
            (job['v'], job['round'], job['encoding']), (1, 1, 'utf-16-le'))
        self.assertEqual(content['bank_user'], demo_data.USER_ALFA)
        self.assertEqual(
            content['diks'],
            [{'dik': demo_data.DIK_ALFA, 'head_office': 'Alfa'}])
        self.assertEqual(content['endpoint'], self.bank.soap_url)
        self.assertIsNone(content['certificate'])
        status, second = self.send(ticket, 1, signature_over(job['text']))
        self.assertEqual((status, second['round']), (200, 2))
        self.assertEqual(second['content'], content)
        self.assertNotEqual(second['text'], job['text'])
        self.assertEqual(self.job_state()[0], 'half_signed')
        status, answer = self.send(ticket, 2, signature_over(second['text']))
        self.assertEqual(status, 200)
        self.assertEqual(answer['done'], {
                'end': content['end'],
                'diks': [demo_data.DIK_ALFA],
                'difference': None})
        self.assertEqual(self.job_state(), ('done', None))
        self.assertEqual(self.session_states(), ['active'])
        self.assertEqual(self.calls(), WHOLE_WAY)
        # The certificate is known now, without its key.
        self.assertEqual(
            self.read('mbank.certificate', 'name', 'key_kept'),
            [['Jan Kowalski', False]])
        (certificate, subject), = self.read(
            'mbank.session', 'certificate.name', 'certificate_subject')
        self.assertEqual(certificate, 'Jan Kowalski')
        self.assertIn('Jan Kowalski', subject)
        self.assertIsNone(self.sealed_login())

    def test_nothing_secret_is_kept(self):
        "Neither code, ticket nor tokens are in any table, log or job"
        with self.assertLogs(level='DEBUG') as logs:
            code = self.begin()
            _, job = self.take(code)
            ticket = job['ticket']
            _, second = self.send(ticket, 1, signature_over(job['text']))

            def tokens():
                SigningJob = Pool().get('mbank.signing.job')
                found, = SigningJob.search([('user', '=', self.user)])
                self.assertIsNone(found.login_token)
                self.assertIsNone(found.code_hash)
                self.assertIsNone(found.ticket_hash)
                return vault.open_stored(found, 'login_token').decode()
            login = self.work(tokens)
            signature = signature_over(second['text'])
            self.assertNoTrace(code, ticket, login)
            self.send(ticket, 2, signature)

        def token():
            Session = Pool().get('mbank.session')
            session, = Session.search([('user', '=', self.user)])
            return vault.open_stored(session, 'token').decode()
        secrets = [code, ticket, login, self.work(token)]
        self.assertNoTrace(*secrets)
        text = '\n'.join(logs.output)
        for secret in [*secrets, base64.b64encode(signature).decode()]:
            self.assertNotIn(secret, text)
        self.assertIn('mbank/signing/job', text)

    def test_missing_used_and_outdated_are_the_same(self):
        "Nobody learns from the answer whether there was such a code"
        used = self.begin()
        self.take(used)
        self.user = self.work(self._user)
        outdated = self.begin()
        self.age(minutes=6)
        missing = base64.urlsafe_b64encode(bytes(32)).decode().rstrip('=')
        answers = [
            self.take(code) for code in [missing, used, outdated, 'x']]
        self.assertEqual(answers[0][0], 404)
        self.assertEqual(answers, [answers[0]] * 4)
        self.assertEqual(set(answers[0][1]['error']), {'pl', 'en'})

    def test_a_code_serves_once(self):
        "The second who comes with a code gets nothing, the first goes on"
        code = self.begin()
        _, job = self.take(code)
        calls = self.calls()
        self.assertEqual(self.take(code)[0], 404)
        self.assertEqual(self.calls(), calls)
        self.assertEqual(
            self.send(job['ticket'], 1, signature_over(job['text']))[0], 200)

    def test_two_at_once(self):
        "Of two requests that saw the same waiting job one takes it"
        code = self.begin()

        def take_twice():
            SigningJob = Pool().get('mbank.signing.job')
            first, second = SigningJob.of_code(code), SigningJob.of_code(code)
            self.assertEqual(first, second)
            SigningJob.take(first, 'one')
            try:
                SigningJob.take(second, 'two')
            except Exception as error:
                return type(error).__name__
        self.assertEqual(self.work(take_twice), 'SigningJobUnknownError')
        self.assertEqual(self.read('mbank.signing.job', 'client'), [['one']])

    def test_a_signature_at_once_twice(self):
        "Of two signatures of a round one goes to the bank"
        _, job = self.take(self.begin())

        def use_twice():
            SigningJob = Pool().get('mbank.signing.job')
            found, = SigningJob.search([('user', '=', self.user)])
            SigningJob.use_signature(found.id, 'taken', 1)
            try:
                SigningJob.use_signature(found.id, 'taken', 1)
            except Exception as error:
                return type(error).__name__
        self.assertEqual(self.work(use_twice), 'SigningJobBusyError')
        status, answer = self.send(
            job['ticket'], 1, signature_over(job['text']))
        self.assertEqual(status, 409)
        self.assertIn(('initLoginWithSignature', 'accepted'), self.calls())
        self.assertEqual(len(self.calls()), 1)

    def test_a_new_code_takes_the_place_of_the_old(self):
        "Opening the signer again makes the link before it worthless"
        id_, answer = self.choose()
        old = self.code_of(answer)
        _, answer = self.dialog('signer_', id_)
        new = self.code_of(answer)
        self.assertEqual(self.take(old)[0], 404)
        self.assertEqual(self.take(new)[0], 200)

    def test_rounds(self):
        "A round that is not due, or was sent already, is refused"
        _, job = self.take(self.begin())
        ticket = job['ticket']
        signature = signature_over(job['text'])
        self.assertEqual(self.send(ticket, 2, signature)[0], 409)
        _, second = self.send(ticket, 1, signature)
        calls = self.calls()
        self.assertEqual(self.send(ticket, 1, signature)[0], 409)
        self.assertEqual(self.calls(), calls)
        last = signature_over(second['text'])
        self.assertEqual(self.send(ticket, 2, last)[0], 200)
        self.assertEqual(self.send(ticket, 2, last)[0], 409)
        self.assertEqual(self.calls(), WHOLE_WAY)
        self.assertEqual(self.session_states(), ['active'])

    def test_a_used_ticket(self):
        "A ticket of a job that came to nothing is as one that never was"
        _, job = self.take(self.begin())
        self.post('declined', {'v': 1, 'reason': 'declined'},
            ticket=job['ticket'])
        missing = self.send('x' * 43, 1, b'')
        self.assertEqual(missing[0], 404)
        self.assertEqual(
            self.send(job['ticket'], 1, signature_over(job['text'])), missing)
        self.assertEqual(self.post('signature', {}), missing)

    def test_signature_over_something_else(self):
        "What was signed must be the very text; nothing is sent else"
        _, job = self.take(self.begin())
        calls = self.calls()
        for wrong in [
                signature_over(job['text'] + ' '),
                signature_over(job['text'], encoding='utf-8'),
                signature_over('\ufeff' + job['text']),
                b'no signature',
                ]:
            status, answer = self.send(job['ticket'], 1, wrong)
            self.assertEqual(status, 400)
            self.assertIn('signature', answer['error']['en'])
        self.assertEqual(self.calls(), calls)
        self.assertEqual(self.job_state()[0], 'taken')
        self.assertEqual(
            self.send(job['ticket'], 1, signature_over(job['text']))[0], 200)

    def test_certificate_past_its_time(self):
        "A certificate that has expired signs nothing"
        _, job = self.take(self.begin())
        status, answer = self.send(
            job['ticket'], 1,
            signature_over(job['text'], identity('Dawno Temu', days=-1)))
        self.assertEqual(status, 400)
        self.assertIn('expired', answer['error']['en'])

    def register(self):
        "Register the public part of a certificate: its id"
        def register():
            Certificate = Pool().get('mbank.certificate')
            return Certificate.register(
                self.user, gateway.read_certificate_file(
                    identity().certificate_pem.encode())).id
        return self.work(register)

    def test_the_chosen_certificate(self):
        "Only the certificate chosen in the dialog may sign"
        chosen = self.register()
        _, job = self.take(self.begin(certificate=chosen))
        self.assertEqual(
            [[job['content']['certificate']]],
            self.read('mbank.certificate', 'fingerprint'))
        status, answer = self.send(
            job['ticket'], 1, signature_over(job['text'], identity('Inna Osoba')))
        self.assertEqual(status, 400)
        self.assertIn('Inna Osoba', answer['error']['en'])
        _, second = self.send(job['ticket'], 1, signature_over(job['text']))
        self.assertEqual(
            self.send(
                job['ticket'], 2, signature_over(second['text']))[0], 200)
        (certificate,), = self.read('mbank.session', 'certificate')
        self.assertEqual(certificate.id, chosen)
        self.assertEqual(len(self.read('mbank.certificate', 'id')), 1)

    def test_another_certificate_in_the_second_round(self):
        "Who logs in also signs the session"
        ticket, second = self.half()
        status, _ = self.send(
            ticket, 2, signature_over(second['text'], identity('Inna Osoba')))
        self.assertEqual(status, 400)
        self.assertEqual(self.session_states(), ['awaiting_signature'])

    def test_the_code_of_another_person(self):
        "Who got at a code cannot sign it with a certificate of his own"
        _, job = self.take(self.begin())
        status, answer = self.send(
            job['ticket'], 1, signature_over(job['text'], identity('Inna Osoba')))
        self.assertEqual(status, 502)
        self.assertIn('not registered', answer['error']['en'])
        state, reason = self.job_state()
        self.assertEqual(state, 'failed')
        self.assertIn('not registered', reason)
        self.assertEqual(self.session_states(), [])
        self.assertEqual(self.read('mbank.certificate', 'id'), [])

    def test_another_origin(self):
        "A job is for the address it was started at"
        code = self.begin()
        for options in [
                {'base_url': 'http://other.example'},
                {'base_url': 'https://localhost'},
                ]:
            status, answer = self.take(code, **options)
            self.assertEqual(status, 403)
        _, job = self.take(code)
        status, _ = self.send(
            job['ticket'], 1, signature_over(job['text']),
            base_url='http://other.example')
        self.assertEqual(status, 403)
        self.assertEqual(self.job_state()[0], 'taken')

    def test_another_database(self):
        "A code copied with its database serves in the original alone"
        code = self.begin()

        def copied():
            table = Pool().get('mbank.signing.job').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.update(
                    [table.database], ['original'],
                    where=table.user == self.user))
        self.work(copied)
        self.assertEqual(self.take(code)[0], 404)
        self.assertEqual(self.calls(), [])

    def test_messages_that_are_not_right(self):
        "Each member is checked, and nothing of the job moves"
        code = self.begin()
        good = {'v': 1, 'code': code, 'client': 'test'}
        for wrong in [
                {**good, 'v': 2}, {**good, 'v': True}, {**good, 'v': '1'},
                {**good, 'code': None}, {**good, 'code': [code]},
                {**good, 'client': 'x' * 101}, {**good, 'client': 'a\nb'},
                {'v': 1, 'code': code}, [good], 'text', None,
                ]:
            with self.subTest(wrong=wrong):
                self.assertEqual(self.post('job', wrong)[0], 400)
        for raw in [b'', b'{', b'\xff', b'[' * 50000]:
            with self.subTest(raw=raw[:5]):
                status, answer = self.post('job', None, raw=raw)
                self.assertEqual(status, 400)
                self.assertTrue(answer['error']['pl'])
        self.assertEqual(
            self.post('job', good, content_type='text/plain')[0], 400)
        self.assertEqual(self.job_state()[0], 'waiting')
        _, job = self.post('job', {**good, 'unknown': 1})
        ticket = job['ticket']
        good = {'v': 1, 'round': 1, 'signature': 'AAAA'}
        for wrong in [
                {**good, 'round': 3}, {**good, 'round': '1'},
                {**good, 'round': True}, {**good, 'signature': 'ą'},
                {**good, 'signature': 'A'}, {**good, 'signature': 1}, {},
                ]:
            with self.subTest(wrong=wrong):
                self.assertEqual(
                    self.post('signature', wrong, ticket=ticket)[0], 400)
        for reason in ['because', None, 1]:
            self.assertEqual(
                self.post('declined', {'v': 1, 'reason': reason},
                    ticket=ticket)[0], 400)
        self.assertEqual(self.job_state()[0], 'taken')

    def test_a_message_too_long(self):
        "More than 64 KiB are not read"
        code = self.begin()
        message = {'v': 1, 'code': code, 'client': 'x', 'more': 'x' * 65536}
        status, answer = self.post('job', message)
        self.assertEqual(status, 413)
        self.assertIn('65536', answer['error']['en'])
        self.assertEqual(self.take(code)[0], 200)

    def test_too_many_wrong_codes(self):
        "So many wrong codes from a network as wrong passwords, then none"
        code = self.begin()
        before = config.get('session', 'max_attempt_ip_network')
        config.set('session', 'max_attempt_ip_network', '2')
        self.addCleanup(
            config.set, 'session', 'max_attempt_ip_network', before)
        statuses = [self.take('%043d' % n)[0] for n in range(5)]
        self.assertEqual(statuses, [404, 404, 404, 429, 429])
        self.assertEqual(self.take(code)[0], 429)

    def take_right(self):
        # Past the models, which would end the job with the right.
        def write():
            pool = Pool()
            table = pool.get('res.user-res.group').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.delete(where=table.user == self.user))
            pool.get('res.user')._get_groups_cache.clear()
        self.work(write)

    def test_right_lost_before_the_first_round(self):
        "Who lost the right meanwhile gets nothing to sign"
        code = self.begin()
        self.take_right()
        status, answer = self.take(code)
        self.assertEqual(status, 403)
        self.assertIn('not the right', answer['error']['en'])
        self.assertEqual(self.job_state()[0], 'failed')
        self.assertEqual((self.calls(), self.session_states()), ([], []))

    def test_right_lost_between_the_rounds(self):
        "Who lost the right meanwhile makes no session; the login is closed"
        ticket, second = self.half()
        self.take_right()
        status, _ = self.send(ticket, 2, signature_over(second['text']))
        self.assertEqual(status, 403)
        self.assertEqual(self.job_state()[0], 'failed')
        self.assertEqual(self.session_states(), [])
        self.assertEqual(self.calls(), [*WHOLE_WAY[:3], (
                    'logout', 'accepted')])
        self.assertIsNone(self.sealed_login())

    def test_outdated_between_the_rounds(self):
        "A job whose time is over takes no signature; the cron closes it"
        ticket, second = self.half()
        self.age(minutes=11)
        self.assertEqual(
            self.send(ticket, 2, signature_over(second['text']))[0], 404)
        self.age(minutes=5)
        self.clean()
        state, reason = self.job_state()
        self.assertEqual(state, 'outdated')
        self.assertIn('in time', reason)
        self.assertEqual(self.session_states(), ['refused'])
        self.assertEqual(self.calls()[-1], ('logout', 'accepted'))
        self.assertIsNone(self.sealed_login())

    def test_declined(self):
        "The reason is shown, the login closed and nothing half-made stays"
        for reason, words in [
                ('declined', 'declined'), ('wrong_pin', 'PIN was wrong'),
                ('pin_locked', 'locked'), ('no_token', 'no card'),
                ('certificate', 'certificate'), ('driver', 'driver'),
                ('changed', 'changed'), ('failed', 'could not sign')]:
            with self.subTest(reason=reason):
                self.user = self.work(self._user)
                ticket, _ = self.half()
                self.assertEqual(
                    self.post('declined', {'v': 1, 'reason': reason},
                        ticket=ticket),
                    (200, {'v': 1}))
                state, said = self.job_state()
                self.assertEqual(state, 'declined')
                self.assertIn(words, said)
                self.assertEqual(self.session_states(), [])
                self.assertEqual(self.calls()[-1], ('logout', 'accepted'))
                self.assertIsNone(self.sealed_login())

    def test_the_bank_says_no(self):
        "A refusal of the bank is told to the signer and in the ERP"
        status, answer = self.take(self.begin(bank_user='NOBODY'))
        self.assertEqual(status, 502)
        self.assertEqual(answer['error']['en'], self.job_state()[1])
        self.assertEqual(self.job_state()[0], 'failed')
        self.assertEqual(self.session_states(), [])

    def test_answer_lost(self):
        "A session that may have been made stays, refused, and is not retried"
        ticket, second = self.half()
        self.bank.post('/faults', {
                'operation': 'createBackgroundSessionWithSignature',
                'kind': 'lost_answer', 'count': 1})
        status, _ = self.send(ticket, 2, signature_over(second['text']))
        self.assertEqual(status, 502)
        state, reason = self.job_state()
        self.assertEqual(state, 'failed')
        self.assertIn('may have made', reason)
        self.assertEqual(self.session_states(), ['refused'])
        self.assertEqual(
            self.send(ticket, 2, signature_over(second['text']))[0], 404)

    def test_the_end_of_the_certificate(self):
        "A session does not outlive the certificate that signed it"
        expires = now().date() + dt.timedelta(days=300)
        ticket, second = self.half(expires=expires)
        status, answer = self.send(ticket, 2, signature_over(second['text']))
        self.assertEqual(status, 200)
        self.assertTrue(answer['done']['difference'])
        (end, last), = self.read(
            'mbank.session', 'end', 'certificate.valid_to')
        self.assertEqual(end, last)

    def test_only_a_hash_is_kept_of_the_code(self):
        "The stored hash is that of the code in the link"
        code = self.begin()

        def read():
            table = Pool().get('mbank.signing.job').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.select(
                    table.code_hash, where=table.user == self.user))
            return cursor.fetchone()[0]
        self.assertEqual(
            self.work(read), hashlib.sha256(code.encode()).hexdigest())
        self.assertEqual(len(base64.urlsafe_b64decode(code + '=')), 32)

    def test_an_unknown_database(self):
        "A database without the module, or none, has no such route"
        answer = Client(SERVER, Response).post(
            '/nowhere/mbank/signing/job', data=json.dumps({'v': 1}),
            content_type='application/json')
        self.assertEqual(answer.status_code, 404)

    def test_the_pin_is_not_the_servers(self):
        "No field of the dialog holds the PIN of a signature made elsewhere"
        ticket, second = self.half()
        self.send(ticket, 2, signature_over(second['text']))
        self.assertNoTrace(PIN)
