# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Reasons as a Polish accountant reads them."""
from pathlib import Path

from trytond.pool import Pool
from trytond.tests.test_tryton import (
    with_transaction)
from trytond.transaction import Transaction

from .settling import ALFA, SettlementCase, in_books


class PolishTestCase(SettlementCase):
    "What a Polish user reads"

    def load_polish(self):
        pool = Pool()
        Lang = pool.get('ir.lang')
        Translation = pool.get('ir.translation')
        Lang.write(
            Lang.search([('code', '=', 'pl')]), {'translatable': True})
        Translation.translation_import('pl', 'automatic_settlement', str(
                Path(__file__).parent.parent / 'locale' / 'pl.po'))

    @in_books
    def test_reasons(self, books):
        "The reasons are in the language of who settles"
        self.load_polish()
        invoice = books.create_invoice('1230.00')
        statement = books.create_statement([
                ('1230.00', "FV %s" % invoice.number, ALFA)])
        with Transaction().set_context(language='pl'):
            statement = self.settle(statement)
        reasons = statement.origins[0].settlement_reasons
        self.assertIn("Numer faktury", reasons)
        self.assertRegex(reasons, r"1\s?230,00")

    @with_transaction()
    def test_all_is_translated(self):
        "Every label and sentence of the module has its Polish form"
        pool = Pool()
        Set = pool.get('ir.translation.set', type='wizard')
        Translation = pool.get('ir.translation')
        session_id, _, _ = Set.create()
        Set(session_id).transition_set_()
        self.load_polish()
        sources = Translation.search([
                ('lang', '=', 'en'),
                ('module', '=', 'automatic_settlement'),
                ('src', '!=', None),
                ('src', '!=', ''),
                ])
        self.assertTrue(sources)
        done = {
            (t.type, t.name, t.res_id, t.src)
            for t in Translation.search([
                    ('lang', '=', 'pl'),
                    ('module', '=', 'automatic_settlement'),
                    ('value', '!=', None),
                    ('value', '!=', ''),
                    ('fuzzy', '=', False),
                    ])}
        missing = [
            (t.type, t.name, t.src) for t in sources
            if (t.type, t.name, t.res_id, t.src) not in done]
        self.assertEqual(missing, [])


del SettlementCase
