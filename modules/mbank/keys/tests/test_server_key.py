# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Keys on the server: tokens in SoftHSM, and PKCS#12 kept sealed."""
import base64
import datetime as dt
import logging
import ssl
import tempfile
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from unittest.mock import patch

import trytond.config as config
from companynet_sandbox import demo_data
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from trytond.model.exceptions import AccessError
from trytond.model.modelsql import SQLConstraintError
from trytond.modules.mbank.keys import server_key_use
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway, independent
from trytond.modules.mbank.exceptions import (
    CertificateUnusableError, KeptPinError, KeyBusyError, KeyNotAllowedError,
    KeyStoreError, LastTryError, PinLockedError, PinNotKeptError,
    ProfileError, TokenAbsentError, WrongPinError)
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.signing import DB_NAME, SigningCase
from ...tests.tokens import TOKEN_PIN, authority, person, tokens, trust
from ...tests.tools import PIN, create_user, identity, model, wizard

WRONG = 'sejf-0000-PIN'
REGISTER = 'mbank.server_key.register'


class ServerKeyCase(SigningCase):
    "An administrator, and a signatory who is named on the keys"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not config.has_section('mbank'):
            config.add_section('mbank')
        config.set('mbank', 'pkcs11_modules', 'hsm=%s' % tokens().module)
        cls.addClassCleanup(config.set, 'mbank', 'pkcs11_modules', '')
        cls.admin = cls.work(cls._admin)

    @classmethod
    def _admin(cls):
        Company = Pool().get('company.company')
        return create_user(
            'administrator', Company(cls.company), 'group_mbank_admin').id

    def setUp(self):
        super().setUp()
        tokens().quiet()
        self.addCleanup(tokens().quiet)
        self.addCleanup(self.work, self._forget_keys)

    @staticmethod
    def _forget_keys():
        ServerKey = Pool().get('mbank.server_key')
        ServerKey.delete(ServerKey.search([]))

    # The administrator's dialogs

    def step(self, name, state, id_=None, user=None, active=None, **data):
        "One request of a wizard: (its id, the answer)"
        user = user or self.admin

        def execute(id_):
            context = {'action_id': None}
            if active:
                context.update(
                    active_model='mbank.server_key', active_id=active,
                    active_ids=[active])
            if id_ is None:
                id_, _, _ = wizard(user, name, 'create', **context)
            return id_, wizard(
                user, name, 'execute', id_, data, state, **context)
        return self.work(execute, id_)

    def listed(self):
        "What the dialog offers to choose: (its id, {label: value})"
        id_, answer = self.step(
            REGISTER, 'next_', start={'kind': 'token', 'module': 'hsm'})
        return id_, self.choices(answer)

    def choices(self, answer):
        shown = answer['view']['defaults']['choices']

        def ask():
            return model(
                self.admin, REGISTER + '.choose', 'get_choices',
                {'choices': shown})
        return {label: value for value, label in self.work(ask) if value}

    def register(self, label='RSA', pin_way='kept', pin=TOKEN_PIN, users=True):
        "Register the key of a token and name the signatory: its id"
        id_, choices = self.listed()
        choice, = (v for k, v in choices.items() if ', %s ' % label in k)
        _, answer = self.step(REGISTER, 'register', id_, choose={
                'choice': choice, 'pin_way': pin_way, 'pin_password': pin})
        return self.named(answer, users)

    def register_file(self, content, pin_way='kept', pin=TOKEN_PIN):
        _, answer = self.step(REGISTER, 'next_', start={
                'kind': 'pkcs12', 'file_': content, 'pin_way': pin_way,
                'pin_password': pin})
        return self.named(answer)

    def named(self, answer, users=True):
        (_, data), = answer['actions']
        key_id, = data['res_id']
        if users:
            self.name(key_id, 'add')
        self.register_at_bank(key_id)
        return key_id

    def name(self, key_id, how):
        self.work(lambda: model(
                self.admin, 'mbank.server_key', 'write', [key_id],
                {'users': [(how, [self.user])]}))

    def register_at_bank(self, key_id):
        kind, lines = self.key(key_id, 'kind', 'certificates')
        if kind == 'token':
            der = base64.b64decode(lines.split()[0])
            self.bank.post('/certificates', {
                    'user': demo_data.USER_ALFA,
                    'certificate_pem': ssl.DER_cert_to_PEM_cert(der)})

    # What is there

    def key(self, key_id, *names):
        values, = self.read('mbank.server_key', *names,
            domain=[('id', '=', key_id)])
        return values if len(names) > 1 else values[0]

    def column(self, key_id, name):
        def read():
            table = Pool().get('mbank.server_key').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.select(
                    getattr(table, name), where=table.id == key_id))
            return cursor.fetchone()[0]
        return self.work(read)

    def certificate(self, *names):
        "Of the signatory's newest certificate"
        values, *_ = self.read('mbank.certificate', *names)
        return values if len(names) > 1 else values[0]

    def keep(self, key_id, pin):
        "Another PIN is kept: that of the token was changed elsewhere"
        self.work(lambda: Pool().get('mbank.server_key').keep_pin(
                key_id, pin))

    # Signing without anybody

    @contextmanager
    def unattended(self, user=None):
        certificate = self.certificate('id')
        with Transaction().start(DB_NAME, 0), \
                Pool().get('mbank.certificate').unattended_signer(
                    certificate, user or self.user) as signer:
            yield signer

    def sign(self, user=None):
        with self.unattended(user) as signer:
            return signer.sign_detached(b'text')


class ServerKeyTestCase(ServerKeyCase):
    "Who signs with a key on the server, and what stays of its PIN"

    def test_the_token_is_chosen_from_what_there_is(self):
        "The dialog names what is on the tokens; nothing is typed"
        _, choices = self.listed()
        for label in ['RSA', 'EC', 'cloud']:
            self.assertTrue(any(
                    k.startswith('Anna %s, valid until' % label)
                    and 'hsm, %s ' % label in k for k in choices), choices)
        self.assertTrue(any(
                'hidden' in k and 'after its PIN' in k for k in choices))

    def test_session_without_anybody(self):
        "A kept PIN signs a session: nobody is there, and no trace of the PIN"
        kept = []
        with self.assertNoLogs(level=logging.WARNING):
            key_id = self.register()
            self.assertTrue(self.certificate('unattended'))
            tokens().quiet()
            with self.unattended() as signer:
                gateway.create_session(
                    signer, diks=[demo_data.DIK_ALFA],
                    bank_user=demo_data.USER_ALFA,
                    end=dt.datetime.utcnow() + dt.timedelta(days=30),
                    session_id=None, keep=lambda *made: kept.append(made))
        (_, _, granted), = kept
        self.assertIn(demo_data.DIK_ALFA, granted)
        self.assertEqual(tokens().proxy.calls, 'LSSO')
        self.assertEqual(
            self.key(key_id, 'claim', 'pin_tried'), [None, False])
        self.assertNoTrace(TOKEN_PIN)
        self.assertIsNotNone(self.column(key_id, 'pin'))

    def test_dialog_without_a_pin(self):
        "The user sees the certificate in the list and presses the button"
        self.register('EC')
        rec_name, asked = self.certificate('rec_name', 'pin_asked')
        self.assertIn('key on the server', rec_name)
        self.assertFalse(asked)
        _, answer = self.choose(way='server')
        self.assertEqual(answer['view']['state'], 'result')
        self.assertEqual(self.session_states(), ['active'])
        self.assertNoTrace(TOKEN_PIN)

    def test_pin_asked_each_time(self):
        "A PIN that is not kept is asked for in the dialog, and forgotten"
        key_id = self.register(pin_way='asked')
        self.assertIsNone(self.column(key_id, 'pin'))
        self.assertEqual(
            self.certificate('pin_asked', 'unattended'), [True, False])
        with self.assertRaises(PinNotKeptError):
            self.sign()

        with self.assertRaises(WrongPinError):
            self.choose(way='server')
        self.assertEqual(self.session_states(), [])
        self.choose(way='server', pin_password=TOKEN_PIN)
        self.assertEqual(self.session_states(), ['active'])
        self.assertNoTrace(TOKEN_PIN)

    def test_tries_left(self):
        "The sentence on a wrong PIN says what the token tells; it is sent once"
        self.register(pin_way='asked')
        for words, text in [
                ('', 'The PIN is wrong.'), ('low', 'at least two more'),
                ('last', 'One try is left'),
                ]:
            tokens().quiet()
            tokens().proxy.play(words)
            with self.subTest(words=words), \
                    self.assertRaisesRegex(WrongPinError, text):
                self.choose(way='server', pin_password=WRONG)
            self.assertEqual(tokens().logins, 1)
        tokens().proxy.play('locked')
        with self.assertRaises(PinLockedError):
            self.choose(way='server', pin_password=TOKEN_PIN)
        self.assertEqual(self.session_states(), [])
        self.assertNoTrace(WRONG)

    def test_not_named(self):
        "Who is not named, or named no more, does not sign"
        key_id = self.register()
        certificate = self.certificate('id')
        self.name(key_id, 'remove')
        self.assertFalse(self.certificate('key_kept'))
        with self.assertRaises(PinNotKeptError):
            self.sign()
        with self.assertRaisesRegex(Exception, 'is not kept here'):
            self.choose(way='server', certificate=certificate)
        # A certificate that was left by accident does not help.
        self.work(lambda: Pool().get('mbank.certificate').write(
                [Pool().get('mbank.certificate')(certificate)],
                {'server_key': key_id}))
        with self.assertRaises(KeyNotAllowedError):
            self.sign()
        with self.assertRaises(KeyNotAllowedError):
            self.choose(way='server', certificate=certificate)
        self.assertEqual(tokens().logins, 1)

    def test_another_user(self):
        "The certificate of one is of no use to another"
        self.register()
        owner, certificate = self.user, self.certificate('id')
        self.user = self.work(self._user)
        with self.assertRaisesRegex(Exception, 'own certificates'):
            self.choose(way='server', certificate=certificate)
        user, self.user = self.user, owner
        with self.assertRaises(PinNotKeptError):
            self.sign(user)

    def test_right_lost(self):
        "A named user who lost the right to create sessions does not sign"
        self.register()

        def lose(values):
            User = Pool().get('res.user')
            User.write([User(self.user)], values)
        groups = self.work(lambda: [
                g.id for g in Pool().get('res.user')(self.user).groups])
        self.work(lose, {'groups': [('remove', groups)]})
        with self.assertRaises(KeyNotAllowedError):
            self.sign()
        self.work(lose, {'groups': [('add', groups)], 'active': False})
        with self.assertRaises(KeyNotAllowedError):
            self.sign()

    def test_only_the_administrator(self):
        "Others neither see keys on the server nor name users, by RPC too"
        key_id = self.register()
        self.assertFalse(self.work(lambda: Pool().get(
                    'mbank.server_key.user').__rpc__.keys())
            & {'create', 'write', 'delete', 'read', 'search'})
        for name, method, *args in [
                ('mbank.server_key', 'read', [key_id], ['name']),
                ('mbank.server_key', 'search', [], 0, None, None),
                ('mbank.server_key', 'write', [key_id], {'name': 'x'}),
                ('mbank.server_key', 'delete', [key_id]),
                ('mbank.server_key', 'test', [key_id]),
                ('mbank.server_key', 'set_pin', [key_id]),
                ]:
            with self.subTest(model=name, method=method), \
                    self.assertRaises(AccessError):
                self.work(lambda name=name, method=method, args=args: model(
                        self.user, name, method, *args))
        for name, state in [
                (REGISTER, 'next_'), (REGISTER, 'register'),
                (REGISTER, 'show'), ('mbank.server_key.pin', 'set_'),
                ('mbank.server_key.test', 'try_')]:
            id_, _ = self.step(name, 'end', active=key_id)
            with self.subTest(wizard=name, state=state), \
                    self.assertRaises(AccessError):
                self.step(name, state, id_, user=self.user, active=key_id)

    def test_where_a_key_is_is_not_written(self):
        "Nobody points a key elsewhere or puts a PIN in by RPC"
        key_id = self.register()
        for values in [
                {'module': '/tmp/evil.so'}, {'pin': b'1'},
                {'certificates': 'x'}, {'pin_way': 'none'},
                {'name': 'x', 'content': b'x'}]:
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.work(lambda values=values: model(
                        self.admin, 'mbank.server_key', 'write', [key_id],
                        values))
        with self.assertRaises(AccessError):
            self.work(lambda: model(
                    self.admin, 'mbank.server_key', 'create',
                    [{'name': 'x'}]))

    def test_only_modules_of_the_configuration(self):
        "A path that comes from a client is not loaded"
        for module in [tokens().module, 'other', None]:
            with self.subTest(module=module), \
                    self.assertRaisesRegex(KeyStoreError, 'pkcs11_modules'):
                self.step(REGISTER, 'next_',
                    start={'kind': 'token', 'module': module})
        self.addCleanup(
            config.set, 'mbank', 'pkcs11_modules', 'hsm=' + tokens().module)
        for entry in ['hsm', 'hsm=relative.so', '=/x.so', 'a=/x,a=/y']:
            config.set('mbank', 'pkcs11_modules', entry)
            with self.subTest(entry=entry), \
                    self.assertRaisesRegex(KeyStoreError, 'not right at'):
                self.work(gateway.token_modules)

    def test_pin_never_leaves(self):
        "PIN and PKCS#12 are blank in read and search, for anybody"
        key_id = self.register_file(person('Ewa Plik')[0])
        for name in ['pin', 'content']:
            row, = self.work(lambda name=name: model(
                    self.admin, 'mbank.server_key', 'read', [key_id],
                    [name]))
            self.assertIsNone(row[name])
            self.assertIsNotNone(self.column(key_id, name))
        self.assertNoTrace(TOKEN_PIN)

    def test_wrong_kept_pin_is_tried_once(self):
        "A kept PIN that is wrong is dropped at once and never tried again"
        key_id = self.register()
        self.keep(key_id, WRONG)
        tokens().quiet()
        with self.assertRaisesRegex(KeptPinError, 'is not tried again'):
            self.sign()
        self.assertEqual(tokens().logins, 1)
        self.assertIsNone(self.column(key_id, 'pin'))
        self.assertIn('PIN is wrong', self.key(key_id, 'pin_problem'))
        for _ in range(2):
            with self.assertRaises(PinNotKeptError):
                self.sign()
        self.assertEqual(tokens().logins, 1)
        told = self.read('res.notification', 'label',
            domain=[('user', '=', self.admin)])
        self.assertIn('was removed', told[0][0])
        # The administrator sets it anew.
        self.step('mbank.server_key.pin', 'set_', active=key_id, start={
                'kind': 'token', 'pin_way': 'kept',
                'pin_password': TOKEN_PIN})
        self.assertIsNone(self.key(key_id, 'pin_problem'))
        self.sign()

    def test_wrong_pin_is_not_kept(self):
        "A PIN is kept only after it has signed a probe"
        with self.assertRaises(WrongPinError):
            self.register(pin=WRONG)
        self.assertEqual(tokens().logins, 1)
        self.assertEqual(self.read('mbank.server_key', 'id',
                domain=[('id', '>', 0)]), [])
        key_id = self.register()
        before = self.column(key_id, 'pin')
        with self.assertRaises(WrongPinError) as error:
            self.step('mbank.server_key.pin', 'set_', active=key_id, start={
                    'kind': 'token', 'pin_way': 'kept',
                    'pin_password': WRONG})
        self.assertNotIsInstance(error.exception, KeptPinError)
        self.assertEqual(self.column(key_id, 'pin'), before)
        self.assertNoTrace(WRONG)

    def test_process_died_while_trying(self):
        "What a dead process was trying is dropped, not tried again"
        key_id = self.register()
        self.claim(key_id, minutes=20, pin_tried=True)
        tokens().quiet()
        with self.assertRaises(PinNotKeptError):
            self.sign()
        self.assertEqual(tokens().logins, 0)
        self.assertIsNone(self.column(key_id, 'pin'))
        self.assertIn('interrupted', self.key(key_id, 'pin_problem'))

    def test_process_died_after_the_login(self):
        "A PIN that was right before the process died is used again"
        key_id = self.register()
        self.claim(key_id, minutes=20, pin_tried=False)
        self.sign()

    def test_one_process_at_a_time(self):
        "While another process signs with the key nobody else does"
        key_id = self.register()
        self.claim(key_id, minutes=1, pin_tried=True)
        tokens().quiet()
        with patch.object(server_key_use, 'WAIT', 0), \
                self.assertRaises(KeyBusyError):
            self.sign()
        self.assertEqual(tokens().logins, 0)
        self.assertEqual(
            self.key(key_id, 'claim', 'pin_tried'), ['other', True])

    def claim(self, key_id, pin_tried, **age):
        def write():
            ServerKey = Pool().get('mbank.server_key')
            ServerKey.write([ServerKey(key_id)], {
                    'claim': 'other', 'pin_tried': pin_tried,
                    'claimed': dt.datetime.utcnow().replace(microsecond=0)
                    - dt.timedelta(**age)})
        self.work(write)

    def test_intent_before_the_token_has_the_pin(self):
        "That a kept PIN is being tried is stored before it is sent"
        key_id = self.register()
        seen = []

        def look(*args):
            seen.append(independent.run(
                    lambda: Pool().get('mbank.server_key')(key_id).pin_tried))
            raise KeyboardInterrupt
        with patch.object(gateway, 'unlocked', look), \
                self.assertRaises(KeyboardInterrupt):
            self.sign()
        self.assertEqual(seen, [True])

    def test_last_try_is_a_persons(self):
        "With one try left a kept PIN is not risked"
        key_id = self.register()
        tokens().quiet()
        tokens().proxy.play('low', 'last')
        with self.assertRaises(LastTryError):
            self.sign()
        self.assertEqual(tokens().logins, 0)
        self.assertIsNotNone(self.column(key_id, 'pin'))

    def test_token_removed(self):
        "A token that is not there has its sentence; its PIN stays"
        key_id = self.register()
        tokens().proxy.play('removed')
        with self.assertRaisesRegex(TokenAbsentError, 'There is no token'):
            self.sign()
        self.assertIsNotNone(self.column(key_id, 'pin'))
        self.assertIsNone(self.key(key_id, 'claim'))
        with self.assertRaises(KeyStoreError):
            self.listed()
        tokens().quiet()
        self.sign()

    def test_removed_between_the_signatures(self):
        "A token that goes while the session is made leaves nothing"
        self.register()
        calls = []
        sign = resolve_name('companynet.sessions:signature_for_bank')

        def once(*args, **kwargs):
            calls.append(args)
            if len(calls) == 2:
                tokens().proxy.play('removed')
            return sign(*args, **kwargs)
        with patch('companynet.sessions.signature_for_bank', once), \
                self.assertRaises(TokenAbsentError):
            self.choose(way='server')
        self.assertEqual(self.session_states(), [])

    def test_typed_at_the_device(self):
        "A PIN typed at the device is asked for nowhere here, and by nobody"
        tokens().proxy.play('pad')
        self.register(pin_way='device', pin=None)
        self.assertEqual(
            self.certificate('pin_asked', 'unattended'), [False, False])
        with self.assertRaises(PinNotKeptError):
            self.sign()
        self.choose(way='server')
        self.assertEqual(self.session_states(), ['active'])
        self.assertEqual(tokens().logins, 0)

    def test_cloud_without_a_pin(self):
        "A module that asks for no PIN signs unattended"
        self.register('cloud', pin_way='none', pin=None)
        self.assertTrue(self.certificate('unattended'))
        self.sign()
        self.assertEqual(tokens().logins, 0)

    def test_certificates_behind_the_pin(self):
        "A token that hides its certificates shows them for its PIN"
        id_, choices = self.listed()
        choice, = (v for k, v in choices.items() if 'after its PIN' in k)
        self.assertTrue(self.work(lambda: model(
                    self.admin, REGISTER + '.choose', 'on_change_with_hidden',
                    {'choice': choice}))['hidden'])
        values = {'choice': choice, 'pin_way': 'kept'}
        with self.assertRaises(WrongPinError):
            self.step(REGISTER, 'show', id_, choose={
                    **values, 'pin_password': WRONG})
        _, answer = self.step(REGISTER, 'show', id_, choose={
                **values, 'pin_password': TOKEN_PIN})
        (name, choice), = self.choices(answer).items()
        self.assertIn('Anna hidden', name)
        _, answer = self.step(REGISTER, 'register', id_, choose={
                'choice': choice, 'pin_way': 'kept',
                'pin_password': TOKEN_PIN})
        self.named(answer)
        self.sign()
        self.assertNoTrace(TOKEN_PIN, WRONG)

    def test_forged_choice(self):
        "A choice says which key of those that are there, and nothing else"
        id_, choices = self.listed()
        for choice in [None, '', '[]', '{"a": 1}', '["x", "RSA", "1", 0, ""]']:
            with self.subTest(choice=choice), \
                    self.assertRaises(KeyStoreError):
                self.step(REGISTER, 'register', id_, choose={
                        'choice': choice, 'pin_way': 'kept',
                        'pin_password': TOKEN_PIN})
        self.assertEqual(tokens().logins, 0)

    def test_pkcs12_kept_with_its_pin(self):
        "A PKCS#12 with its PIN kept signs a session without anybody"
        content, pem = person('Ewa Plik')
        self.bank.post('/certificates', {
                'user': demo_data.USER_ALFA, 'certificate_pem': pem})
        key_id = self.register_file(content)
        self.assertTrue(self.certificate('unattended'))
        self.choose(way='server')
        self.assertEqual(self.session_states(), ['active'])
        self.assertNoTrace(TOKEN_PIN)
        self.keep(key_id, WRONG)
        with self.assertRaises(KeptPinError):
            self.sign()
        self.assertIsNone(self.column(key_id, 'pin'))
        with self.assertRaises(KeyStoreError):
            self.step('mbank.server_key.pin', 'set_', active=key_id, start={
                    'kind': 'pkcs12', 'pin_way': 'none'})

    def test_pin_kept_no_more(self):
        "The administrator takes the PIN out again"
        key_id = self.register()
        self.step('mbank.server_key.pin', 'set_', active=key_id,
            start={'kind': 'token', 'pin_way': 'asked'})
        self.assertIsNone(self.column(key_id, 'pin'))
        self.assertTrue(self.certificate('pin_asked'))

    def test_the_test(self):
        "The test says that the key works, with its certificate's end"
        key_id = self.register()
        _, answer = self.step('mbank.server_key.test', 'begin', active=key_id)
        text = answer['view']['defaults']['message']
        self.assertIn('Anna RSA', text)
        self.assertIn('2027', text)
        self.step('mbank.server_key.pin', 'set_', active=key_id,
            start={'kind': 'token', 'pin_way': 'asked'})
        id_, answer = self.step(
            'mbank.server_key.test', 'begin', active=key_id)
        self.assertEqual(answer['view']['state'], 'ask')
        _, answer = self.step('mbank.server_key.test', 'try_', id_,
            active=key_id, ask={'pin_password': TOKEN_PIN})
        self.assertIn('works', answer['view']['defaults']['message'])
        self.assertNoTrace(TOKEN_PIN)

    def test_registered_once(self):
        "A key is registered once"
        self.register()
        with self.assertRaises(SQLConstraintError):
            self.register()

    def test_certificate_that_was_there(self):
        "The user's public part gets the key, and stays when it is taken"
        content, pem = person('Ewa Plik')
        self.work(lambda: Pool().get('mbank.certificate').register(
                self.user, gateway.read_certificate_file(pem.encode())))
        certificate = self.certificate('id')
        key_id = self.register_file(content)
        self.assertEqual(
            self.read('mbank.certificate', 'id', 'key_kept'),
            [[certificate, True]])
        with self.assertRaises(AccessError):
            self.work(lambda: model(
                    self.user, 'mbank.certificate', 'delete', [certificate]))
        self.work(lambda: model(
                self.admin, 'mbank.server_key', 'delete', [key_id]))
        self.assertEqual(
            self.read('mbank.certificate', 'id', 'key_kept'),
            [[certificate, False]])

    def test_expired(self):
        "A key whose certificate is over does not sign"
        key_id = self.register()
        self.work(lambda: Pool().get('mbank.server_key').write(
                [Pool().get('mbank.server_key')(key_id)],
                {'valid_to': dt.datetime(2020, 1, 1)}))
        self.assertFalse(self.certificate('unattended'))
        with self.assertRaises(PinNotKeptError):
            self.sign()

    def test_rewrapped(self):
        "mbank-admin brings PINs and keys under a new key of the ring"
        from trytond.modules.mbank.keyring.admin import _rewrap
        key_id = self.register_file(person('Ewa Plik')[0])
        before = self.column(key_id, 'pin')
        self.work(vault.add_key)
        self.assertGreaterEqual(
            self.work(lambda: _rewrap()), 2)
        self.assertNotEqual(self.column(key_id, 'pin'), before)
        self.sign()


class PolicyTestCase(ServerKeyCase):
    "What the server's settings ask of a certificate"

    @contextmanager
    def setting(self, **values):
        for name, value in values.items():
            config.set('mbank', name, value)
        try:
            yield
        finally:
            for name in values:
                config.set('mbank', name, '')

    def test_qualified_required(self):
        "Without the word of being qualified a certificate is refused"
        plain, _ = person('Ewa Zwykła', statements=b'')
        self.register_file(plain)
        with self.setting(certificate_requirement='own_word'):
            with self.assertRaisesRegex(
                    CertificateUnusableError, 'qualified one is required'):
                self.register_file(person('Jan Zwykły', statements=b'')[0])
            with self.assertRaises(CertificateUnusableError):
                self.choose(way='server')
            self.register_file(person('Jan Kwalifikowany')[0])
        self.assertEqual(self.session_states(), [])

    def test_on_the_trust_list(self):
        "Where a list is required a certificate of another issuer is refused"
        publisher = trust().ListSigner()
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / 'list.xml').write_bytes(publisher.sign(trust().list_of(
                        trust().service(authority().certificate),
                        next_update='2099-01-01T00:00:00Z')))
            (folder / 'signer.pem').write_bytes(publisher.pem)
            with self.setting(
                    certificate_requirement='listed',
                    trust_list=str(folder / 'list.xml'),
                    trust_list_signers=str(folder / 'signer.pem')):
                key_id = self.register_file(person('Anna Listowa')[0])
                self.assertIsNotNone(self.column(key_id, 'pin'))
                with self.assertRaisesRegex(
                        CertificateUnusableError, 'trust list does not tell'):
                    self.register_file(identity().p12, pin=PIN)

    def test_revoked(self):
        "What a CRL of its issuer calls revoked signs nothing"
        content, pem = person('Ewa Odwołana')
        key_id = self.register_file(content)
        serial = load_pem_x509_certificate(pem.encode()).serial_number
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / 'issuer.pem').write_bytes(
                authority().certificate.public_bytes(Encoding.PEM))
            (folder / 'issuer.crl').write_bytes(trust().crl_of(
                    authority(), SimpleNamespace(serial_hex='%X' % serial),
                    'with it'))
            with self.setting(revocation=str(folder)):
                with self.assertRaisesRegex(
                        CertificateUnusableError, 'issuer revoked it'):
                    self.step(
                        'mbank.server_key.test', 'begin', active=key_id)
                with self.assertRaises(CertificateUnusableError):
                    self.choose(way='server')
                self.register_file(person('Ewa Ważna')[0])
        self.assertEqual(self.session_states(), [])

    def test_setting_that_cannot_be_used(self):
        "Nothing is signed by less than what is set, and the setting is named"
        self.register()
        for values in [
                {'certificate_requirement': 'perhaps'},
                {'certificate_requirement': 'listed'},
                {'trust_list': '/nowhere/list.xml'},
                {'revocation': '/nowhere'}]:
            with self.subTest(values=values), self.setting(**values), \
                    self.assertRaises(ProfileError) as error, \
                    self.assertLogs(level=logging.ERROR):
                self.choose(way='server')
            self.assertIn('[mbank]', error.exception.message)
        self.assertEqual(self.session_states(), [])
