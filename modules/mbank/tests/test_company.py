# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"The DIK on the card of a head office"
import unittest

from trytond.modules.mbank.exceptions import DIKValidationError
from trytond.pool import Pool

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


if __name__ == '__main__':
    unittest.main()
