# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The sentences on signatures that were not made."""
import datetime as dt
from itertools import product
from pathlib import Path
from unittest import TestCase

import polib
from trytond.modules.mbank import exceptions, gateway
from trytond.tests.test_tryton import activate_module, with_transaction

errors = gateway.errors.errors
ReasonCode = gateway.reasons.ReasonCode
WHEN = dt.datetime(2026, 11, 25, 23, tzinfo=dt.timezone.utc)
VALUES = {
    'tries_left': None,
    'valid_from': WHEN,
    'valid_to': WHEN,
    'revoked_at': WHEN,
    'mark': False,
    'change': '',
    }


class ReasonsTestCase(TestCase):
    "Each reason of the library has a sentence of its own"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('mbank')
        catalogue = polib.pofile(
            str(Path(gateway.__file__).parents[1] / 'locale' / 'pl.po'))
        cls.polish = {
            e.msgctxt.rpartition(':')[2]: e.msgstr for e in catalogue
            if e.msgctxt.startswith('model:ir.message,text:')}

    def error(self, code, **changed):
        parameters = {
            name: VALUES.get(name, 'X%sX' % name) for name in code.parameters}
        parameters.update(changed)
        return errors.SigningError(
            "the library's own words", reason_code=code, **parameters)

    @with_transaction()
    def test_every_reason_is_said(self):
        "In English and in Polish, without the library's own words"
        for code in ReasonCode:
            message, variables = gateway.reasons.message_of(self.error(code))
            said = gateway.errors.user_error(self.error(code)).message
            polish = self.polish[message.partition('.')[2]] % variables
            for text in [said, polish]:
                with self.subTest(code=code, text=text):
                    self.assertNotIn('msg_', text)
                    self.assertNotIn('%(', text)
                    self.assertNotIn("own words", text)
            with self.subTest(code=code):
                self.assertNotEqual(said, polish)

    @with_transaction()
    def test_what_may_be_done_is_said(self):
        "Tries, days and what was saved otherwise are in the sentence"
        Tries = errors.TriesLeft
        for code, changed, words in [
                (ReasonCode.PIN_WRONG, {'tries_left': Tries.LAST}, 'One try'),
                (ReasonCode.PIN_WRONG, {'tries_left': Tries.LOW},
                    'at least two more tries'),
                (ReasonCode.CERTIFICATE_EXPIRED, {}, '11/25/2026'),
                (ReasonCode.SIGNATURE_TEXT_SAVED, {'encoding': 'utf-8'},
                    'saved as UTF-8; '),
                *((ReasonCode.SIGNATURE_TEXT_SAVED,
                    {'mark': mark, 'change': change}, 'line ends changed')
                    for mark, change in product([False, True], ['', 'x'])
                    if mark or change),
                ]:
            with self.subTest(code=code, words=words):
                self.assertIn(words, gateway.errors.user_error(
                        self.error(code, **changed)).message)

    @with_transaction()
    def test_a_sentence_in_a_sentence(self):
        "A reason inside another sentence is said in its language too"
        inner = exceptions.SigningError.of('mbank.msg_reason_declined')
        outer = exceptions.SigningError.of(
            'mbank.msg_signing_not_right', reason=inner)
        self.assertIn(inner.message, outer.message)
        self.assertIn(inner.in_language('en'), outer.in_language('en'))
