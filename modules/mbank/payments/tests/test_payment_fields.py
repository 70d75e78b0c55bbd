# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Which fields of a payment no client writes"
from unittest import TestCase

from trytond.model import fields
from trytond.modules.mbank.payments.payment_approval import _OF_BUTTONS
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module, with_transaction


class PaymentFieldsTestCase(TestCase):
    "Fields that buttons and the server write"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('mbank')

    @with_transaction()
    def test_what_the_host_keeps_from_people_is_left_to_buttons(self):
        "A field the host shows as readonly for good, in this version or a next"
        Payment = Pool().get('account.payment')
        fixed = {
            name for name, field in Payment._fields.items()
            if field.readonly
            and not isinstance(field, (fields.Function, fields.One2Many))
            and name not in {'id', 'create_uid', 'create_date', 'write_uid',
                'write_date'}}
        # A number names the record, and is nothing of what the bank gets
        fixed.remove('number')
        self.assertLessEqual(fixed, Payment._mbank_of_server())
        self.assertTrue(_OF_BUTTONS <= Payment._fields.keys() | {
                'clearing_move', 'clearing_reconciled'})
