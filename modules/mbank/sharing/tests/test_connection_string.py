# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"The connection strings of external databases"
import unittest

from trytond.modules.mbank.sharing.connection_string import (
    ConnectionString, ConnectionStringError)

from .envelopes import CONNECTION, PASSWORD


class ConnectionStringTestCase(unittest.TestCase):
    "Connection strings are read whole or refused by the part that is wrong"

    def test_example(self):
        string = ConnectionString.parse(CONNECTION)
        self.assertEqual(string, ConnectionString(
                '127.0.0.1', 'mbank', 'beta', port=1, password=PASSWORD))
        self.assertNotIn('tajne', repr(string))
        self.assertEqual(
            string.masked,
            'host=127.0.0.1;port=1;username=mbank;password=***;Database=beta')

    def test_forms(self):
        for text, name, value in [
                ('host=/run/pg;username=u;Database=d', 'is_socket', True),
                ('host=[::1];username=u;Database=d', 'host', '::1'),
                ('HOST=h;UserName=u;database=d', 'host', 'h'),
                (' host = h ; username = u ; Database = d ; ', 'host', 'h'),
                ('host=h;username=u;Database=d', 'port', 5432),
                ('host=h;username=u;Database=d', 'password', None),
                ("host=h;username=u;Database=d;password=a'b=c",
                    'password', "a'b=c"),
                ("host=h;username=u;Database=d;password=a''b",
                    'password', "a''b"),
                ("host=h;username=u;Database=d;password='a;''b'",
                    'password', "a;'b"),
                ('host=h;username=u;Database=d;sslmode=Verify-Full',
                    'sslmode', 'verify-full'),
                ]:
            with self.subTest(text=text, name=name):
                string = ConnectionString.parse(text)
                self.assertEqual(getattr(string, name), value)

    def test_wrong(self):
        for text, code, parameter in [
                ('', 'missing', ('key', 'host')),
                ('host=h;username=u', 'missing', ('key', 'Database')),
                ('host=h;Database=d', 'missing', ('key', 'username')),
                ('hots=h', 'key', ('key', 'hots')),
                ('host=h;host=i', 'twice', ('key', 'host')),
                ('host=h;port=five;username=u;Database=d',
                    'port', ('value', 'five')),
                ('host=h;port=65536;username=u;Database=d',
                    'port', ('value', '65536')),
                ('host=h;username=u;Database=d;sslmode=maybe',
                    'sslmode', ('value', 'maybe')),
                ('host=h;username=u;Database=d;sslmode=Prefer',
                    'fallback', ('value', 'prefer')),
                ('host=h;username=u;Database=d;sslmode=allow',
                    'fallback', ('value', 'allow')),
                ('host=h;username=u;Database=d;sslrootcert=/etc/x',
                    'rootcert', None),
                ('host=a,b;username=u;Database=d', 'host', ('value', 'a,b')),
                ('host=::1%lo;username=u;Database=d',
                    'host', ('value', '::1%lo')),
                ('host=a b;username=u;Database=d', 'host', ('value', 'a b')),
                ('host=postgresql://h;username=u;Database=d',
                    'host', ('value', 'postgresql://h')),
                ('host=h;username=u;Database=a\nb',
                    'quoted', ('key', 'Database')),
                ('host=h;nothing', 'part', ('number', 2)),
                ('host="h', 'quote', ('number', 1)),
                ("password='a'b'", 'quoted', ('key', 'password')),
                ]:
            with self.subTest(text=text):
                with self.assertRaises(ConnectionStringError) as caught:
                    ConnectionString.parse(text)
                self.assertEqual(caught.exception.code, code)
                name, value = parameter or (None, None)
                if not name:
                    continue
                self.assertEqual(caught.exception.parameters[name], value)

    def test_what_leaves_the_machine_is_verified(self):
        "Only addresses of the machine itself are; names found there are not"
        for host, mode, local in [
                ('db.example.com', 'verify-full', False),
                ('203.0.113.7', 'verify-full', False),
                ('2001:db8::7', 'verify-full', False),
                ('localhost', 'disable', True),
                ('LocalHost.', 'disable', True),
                ('127.0.0.1', 'disable', True),
                ('127.9.9.9', 'disable', True),
                ('[::1]', 'disable', True),
                ('localhost.localdomain', 'verify-full', False),
                ('localhost.example.com', 'verify-full', False),
                ('127.0.0.1.example.com', 'verify-full', False),
                ('127.1', 'verify-full', False),
                ('0x7f000001', 'verify-full', False),
                ('2130706433', 'verify-full', False),
                ('0.0.0.0', 'verify-full', False),
                ('::ffff:127.0.0.1', 'verify-full', False),
                ]:
            with self.subTest(host=host):
                text = 'host=%s;username=u;Database=d' % host
                string = ConnectionString.parse(text)
                self.assertEqual(string.mode, mode)
                self.assertEqual(string.is_local, local)
                self.assertTrue(string.is_safe)
                for weak in ['disable', 'require', 'verify-ca']:
                    string = ConnectionString.parse(
                        text + ';sslmode=' + weak)
                    self.assertEqual(string.mode, weak)
                    self.assertEqual(string.is_safe, local)

    def test_no_password_in_errors(self):
        "A password with a semicolon and no quotes is not repeated"
        for text in [
                'host=h;password=se;cret;Database=d',
                'host=h;password=se;cr=et;Database=d',
                ]:
            with self.assertRaises(ConnectionStringError) as caught:
                ConnectionString.parse(text)
            self.assertNotIn('cr', str(caught.exception.parameters))


if __name__ == '__main__':
    unittest.main()
