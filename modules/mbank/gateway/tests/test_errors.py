# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The table of the library's errors lacks none, and keeps their tree."""
import gc
from pathlib import Path
from unittest import TestCase

import polib
from trytond.modules.mbank import gateway
from trytond.tests.test_tryton import activate_module, with_transaction

errors = gateway.errors.errors
#: The root is met only as what is not known yet, and nothing here calls a
#: call off.
NOT_MET = {errors.CompanyNetError, errors.Cancelled}
VARIABLES = dict.fromkeys(
    ['reason', 'bank_text', 'operation', 'reference'], 'X')


def tree(root=errors.CompanyNetError):
    """The error and all that are more special.

    Without those of the library's command, which never come here.
    """
    return {root}.union(*(
            tree(e) for e in root.__subclasses__()
            if not e.__module__.startswith('companynet.cli.')))


def ours():
    "The library's errors with the ERP's class of each"
    return {
        **gateway.errors._SIGNING_ERRORS,
        **{e: own for e, (own, _) in gateway.errors._ERRORS.items()}}


def forgotten():
    "The errors that would be told as a more general one"
    return tree() - NOT_MET - set(ours())


class ErrorsTestCase(TestCase):
    "Each error of the library has a class and a sentence of its own"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('mbank')

    def test_no_error_is_forgotten(self):
        self.assertEqual(forgotten(), set())

    def test_one_that_is_forgotten_is_found(self):
        class Planted(errors.Refused):
            pass
        try:
            self.assertEqual(forgotten(), {Planted})
        finally:
            del Planted
            gc.collect()

    def test_no_two_are_one_here(self):
        "Callers branch on the class"
        self.assertEqual(len(set(ours().values())), len(ours()))

    def test_what_is_more_special_there_is_so_here(self):
        for error, own in ours().items():
            for general in error.__mro__[1:]:
                if general in ours():
                    with self.subTest(error=error, general=general):
                        self.assertTrue(issubclass(own, ours()[general]))

    @with_transaction()
    def test_each_has_its_sentence(self):
        "In English and in Polish, with what is known of the call"
        polish = {
            e.msgctxt.rpartition(':')[2]: e.msgstr for e in polib.pofile(
                str(Path(gateway.__file__).parents[1] / 'locale' / 'pl.po'))
            if e.msgctxt.startswith('model:ir.message,text:')}
        rows = gateway.errors._ERRORS.values()
        self.assertEqual(len({message for _, message in rows}), len(rows))
        for Error, message in rows:
            with self.subTest(message=message):
                said = Error.of('mbank.' + message, **VARIABLES).message
                self.assertNotIn('msg_', said)
                self.assertNotIn('%(', said)
                self.assertNotEqual(said, polish[message] % VARIABLES)
