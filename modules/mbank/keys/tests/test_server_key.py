# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Keys on the server: tokens in SoftHSM, and PKCS#12 kept sealed"
import datetime as dt
import logging

import trytond.config as config
from companynet_sandbox.customers import demo_data
from trytond.model.exceptions import AccessError
from trytond.model.modelsql import SQLConstraintError
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import (
    KeptPinError, KeyNotAllowedError, KeyStoreError, PinNotKeptError,
    WrongPinError)
from trytond.pool import Pool

from ...tests.tokens import TOKEN_PIN, person, tokens
from ...tests.tools import model
from .server_key import REGISTER, WRONG, ServerKeyCase


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
                    operations=gateway.operations_of(gateway.KINDS),
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
