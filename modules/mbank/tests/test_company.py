# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"The DIK on the card of a head office"
import unittest
from dataclasses import replace
from types import SimpleNamespace

from trytond.modules.company.tests import create_company
from trytond.modules.mbank.exceptions import (
    DIKSharedWarning, DIKValidationError)
from trytond.modules.mbank.dialog.session_place import place_of
from trytond.modules.mbank.statements.statement_import import (
    journals_by_account)
from trytond.pool import Pool
from trytond.transaction import Transaction

from .firm import FirmCase, working


class CompanyCase(FirmCase):
    "The custom value mBankDIK"

    def company(self):
        return Pool().get('company.company')(self.company_id)

    @working
    def test_digits(self):
        "A DIK is digits, of any length the bank may give"
        for dik in ['1', '10000001', '12345678901234567890', '', None]:
            company = self.company()
            company.mbank_dik = dik
            company.save()

    @working
    def test_no_dik(self):
        "Anything else is refused, with the value"
        for dik in ['DIK 10000001', '1000 0001', '١٢٣', '1' * 21]:
            company = self.company()
            company.mbank_dik = dik
            with self.assertRaises(DIKValidationError) as caught:
                company.save()
            self.assertIn(dik, str(caught.exception))

    def beta(self, dik):
        "Let another head office have the DIK"
        company = create_company("Beta sp. z o.o.")
        company.mbank_dik = dik
        company.save()
        return company

    @working
    def test_shared_knowingly(self):
        "Two head offices share a DIK only if somebody was asked and said so"
        Warning = Pool().get('res.user.warning')
        Company = Pool().get('company.company')
        beta = self.beta('30000003')
        for dik in ['30000003', '030000003']:
            with self.subTest(dik=dik):
                with self.assertRaises(DIKSharedWarning) as caught:
                    Company.write([self.company()], {'mbank_dik': dik})
                self.assertIn(beta.rec_name, caught.exception.message)
                self.assertIn(dik, caught.exception.message)
                self.assertIn(
                    self.company().rec_name, caught.exception.message)
        Warning.skip(caught.exception.name)
        Company.write([self.company()], {'mbank_dik': '30000003'})
        # Another one is another question.
        with self.assertRaises(DIKSharedWarning):
            self.beta('30000003')
        Company.write([beta, self.company()], {'mbank_dik': None})

    def test_shared_new(self):
        "The question about a new head office is answered once"
        currency = self.work(lambda: self.beta('30000004').currency.id)

        def gamma():
            # Each try makes the record anew
            pool = Pool()
            party = pool.get('party.party')(name="Gamma")
            party.save()
            pool.get('company.company').create([{
                        'party': party.id,
                        'currency': currency,
                        'mbank_dik': '30000004',
                        }])
        with self.assertRaises(DIKSharedWarning) as caught:
            self.work(gamma)
        self.work(
            lambda: Pool().get('res.user.warning').skip(caught.exception.name))
        self.work(gamma)

    @working
    def test_shared_unattended(self):
        "Where nobody can be asked the DIK of another head office is refused"
        Company = Pool().get('company.company')
        self.beta('30000005')
        with Transaction().set_context(_skip_warnings=True), \
                self.assertRaises(DIKValidationError):
            Company.write([self.company()], {'mbank_dik': '30000005'})
        with Transaction().set_user(0), \
                self.assertRaises(DIKValidationError):
            Company.write([self.company()], {'mbank_dik': '30000005'})

    @working
    def test_shared_is_said(self):
        "Sessions and downloads name who shares a DIK; accounts stay apart"
        pool = Pool()
        beta = self.beta('30000006')
        company = self.company()
        table = company.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [table.mbank_dik], ['30000006'], where=table.id == company.id))
        for cache in Transaction().cache.values():
            cache.pop('company.company', None)
        company = self.company()
        row = pool.get('mbank.session.dik')(dik='30000006')
        for office in [company, beta]:
            self.assertIn(office.rec_name, row.get_offices('offices'))
        start = pool.get('mbank.statement.download.start')(company=company)
        self.assertEqual(
            start.on_change_with_sharing_offices(), beta.rec_name)
        _, number = self.firm.new_journal()
        statements = [SimpleNamespace(account=number)]
        self.assertTrue(journals_by_account(company, statements))
        self.assertFalse(journals_by_account(beta, statements))

        place = replace(place_of(), companies=(beta, company))
        # One row of the dialog, or the DIK would count as given twice
        self.assertEqual(place.by_dik(), {'30000006': [company, beta]})


if __name__ == '__main__':
    unittest.main()
