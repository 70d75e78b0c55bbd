# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What the bank's keys of orders mean, with and without a profile"
import datetime as dt
import json
from pathlib import Path
from types import SimpleNamespace
from unittest import TestCase

import trytond.config as config
from trytond.modules.mbank import gateway
from trytond.tests.test_tryton import activate_module, with_transaction

from ...tests.tools import configured, now


class StatusKeysTestCase(TestCase):
    "Keys are the profile's"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('mbank')

    def meant(self, key):
        return gateway.is_final(key), gateway.is_executed(key)

    @with_transaction()
    def test_they_are_those_of_the_profile(self):
        "Another bank's words are a setting"
        with configured() as folder:
            path = Path(folder) / 'bank.json'
            path.write_text(json.dumps({
                        'endpoint': 'https://bank.example/ws',
                        'final_status_keys': ['PAID', 'DENIED'],
                        'executed_status_keys': ['PAID'],
                        }))
            config.set('mbank', 'profile', str(path))
            self.assertEqual(self.meant('PAID'), (True, True))
            self.assertEqual(self.meant('DENIED'), (True, False))
            self.assertEqual(self.meant('REALIZED'), (False, False))
            self.assertEqual(self.meant(None), (False, False))

    @with_transaction()
    def test_without_a_profile_an_order_may_be_at_the_bank(self):
        "What was sent is shown and read, and no key is its end"
        with configured(endpoint='https://bank.example/ws'):
            intent = gateway.new_intent(
                SimpleNamespace(mbank_dik='10000001'),
                client_order_group_id='G', file_name='f.xml', data=b'x',
                modified_at=now())
            text = gateway.dump_intent(intent)
        with configured():
            self.assertEqual(self.meant('REALIZED'), (False, False))
            self.assertEqual(
                gateway.dump_intent(gateway.load_intent(text)), text)
            self.assertGreater(
                intent.begun_at, now() - dt.timedelta(minutes=5))
