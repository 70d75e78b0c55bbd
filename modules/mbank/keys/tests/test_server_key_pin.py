# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"The PIN of a key on the server: kept, asked for, tried"
import datetime as dt
from pkgutil import resolve_name
from unittest.mock import patch

from trytond.modules.mbank.keys import server_key_use
from trytond.modules.mbank import gateway, independent
from trytond.modules.mbank.exceptions import (
    KeptPinError, KeyBusyError, KeyStoreError, LastTryError, PinLockedError,
    PinNotKeptError, TokenAbsentError, WrongPinError)
from trytond.pool import Pool

from ...tests.tokens import TOKEN_PIN, tokens
from .server_key import WRONG, ServerKeyCase


class PinTestCase(ServerKeyCase):
    "What a try may cost, and who makes it"

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

    def test_pin_kept_no_more(self):
        "The administrator takes the PIN out again"
        key_id = self.register()
        self.step('mbank.server_key.pin', 'set_', active=key_id,
            start={'kind': 'token', 'pin_way': 'asked'})
        self.assertIsNone(self.column(key_id, 'pin'))
        self.assertTrue(self.certificate('pin_asked'))
