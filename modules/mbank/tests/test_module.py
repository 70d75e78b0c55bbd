from pathlib import Path

import polib

from trytond.modules import mbank
from trytond.pool import Pool
from trytond.tests.test_tryton import ModuleTestCase, with_transaction


class MbankTestCase(ModuleTestCase):
    "The module keeps the rules every Tryton module keeps"
    module = 'mbank'

    @with_transaction()
    def test_polish(self):
        "Each label, help and choice of the module's fields is in Polish"
        catalogue = polib.pofile(
            str(Path(mbank.__file__).parent / 'locale' / 'pl.po'))
        polish = {
            (entry.msgctxt, entry.msgid)
            for entry in catalogue.translated_entries()}
        strings = Pool().get('ir.translation').search([
                ('lang', '=', 'en'),
                ('module', '=', self.module),
                ('type', 'in', ['field', 'help', 'selection']),
                ])
        self.assertIn(
            ('field:mbank.server_key,subject:', "Subject"), polish)
        missing = {
            (f'{string.type}:{string.name}:', string.src)
            for string in strings} - polish
        self.assertEqual(missing, set())


del ModuleTestCase
