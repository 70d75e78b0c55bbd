# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What a share says, and what it needs of the target"
import json
import unittest
from pathlib import Path

from trytond.modules.mbank.sharing import target
from trytond.modules.mbank.sharing.share_message import (
    SHARE, ShareMessage, read_receiver, receiver_text)

from ...tests.sharing import DIK


class ShareMessageTestCase(unittest.TestCase):
    "The content of an envelope"

    def test_round(self):
        message = ShareMessage(
            SHARE, 'x', dik=DIK, operations=('a', 'b'), bank_user='B',
            signed_by='S', token=b'\x00token')
        self.assertEqual(
            ShareMessage.from_bytes(message.to_bytes()), message)
        self.assertNotIn('token=', repr(message))

    def test_wrong(self):
        good = json.loads(
            ShareMessage(SHARE, 'x', dik=DIK, token=b't').to_bytes())
        for change in [
                {'format': 'mbank-share-2'}, {'kind': 'gift'}, {'share': ''},
                {'token': ''}, {'token': '%'}, {'dik': 1}, {'more': 1},
                {'operations': [1]}, {'operations': {}}, {'kind': []},
                {'share': 'x\x00'}, {'share': '\ud800'},
                {'bank_user': 'x' * 301}, {'operations': ['a'] * 101},
                {'token': 'AAAA' * 8000}]:
            with self.subTest(change=change):
                with self.assertRaises(ValueError):
                    ShareMessage.from_bytes(
                        json.dumps({**good, **change}).encode())
        for data in [b'', b'[]', b'\xff', b'{}', b'[' * 30000,
                b'{"format":' * 30000, b' ' * 40000, b'9' * 5000]:
            with self.assertRaises(ValueError):
                ShareMessage.from_bytes(data)

    def test_receiver(self):
        self.assertEqual(
            read_receiver(receiver_text(7, 'ewa b')), (7, 'ewa b'))
        for text in [
                'ewa', '', '0 ewa', '-1 ewa', '2147483648 ewa', '\u0661 ewa',
                '9' * 5000 + ' ewa', '1.0 ewa', '01 ewa']:
            with self.subTest(text=text[:20]):
                with self.assertRaises(ValueError):
                    read_receiver(text)


class GrantsTestCase(unittest.TestCase):
    "The documented minimum"

    def test_no_whole_table(self):
        "Columns only: not the hashes of passwords, not the tokens"
        for statement in target.grants('r'):
            self.assertRegex(statement, r'^GRANT (SELECT|INSERT) \(".*"\) ON')
            self.assertNotIn('password', statement)
            self.assertNotIn('token', statement)

    def test_documented(self):
        "The documentation has exactly these statements"
        text = (
            Path(target.__file__).parent.parent / 'doc' / 'configuration.rst'
            ).read_text()
        documented = [
            line.strip() for line in text.splitlines() if 'GRANT ' in line]
        self.assertEqual(documented, target.grants('mbank_share'))


if __name__ == '__main__':
    unittest.main()
