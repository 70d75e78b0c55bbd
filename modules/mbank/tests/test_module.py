"""Tryton's own tests of every module."""
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
        "Each text of the module that a user may read is in Polish"
        catalogue = polib.pofile(
            str(Path(mbank.__file__).parent / 'locale' / 'pl.po'))
        polish = {
            (entry.msgctxt, entry.msgid)
            for entry in catalogue.translated_entries()}
        strings = Pool().get('ir.translation').search([
                ('lang', '=', 'en'),
                ('module', '=', self.module),
                # Their identities are those of their kinds of actions
                ('name', '!=', 'ir.action,name'),
                ])
        names = {
            (data.model, data.db_id): data.fs_id
            for data in Pool().get('ir.model.data').search([
                    ('module', '=', self.module),
                    ])}
        self.assertIn(
            ('field:mbank.server_key,subject:', "Subject"), polish)
        missing = {
            ('%s:%s:%s' % (
                    string.type, string.name, names.get(
                        (string.name.split(',')[0], string.res_id), '')),
                string.src)
            for string in strings} - polish
        self.assertEqual(missing, set())


del ModuleTestCase
