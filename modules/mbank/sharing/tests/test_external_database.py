# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Profiles of external databases"
import unittest

from trytond.model.exceptions import AccessError
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank.exceptions import (
    ConnectionStringValidationError, FingerprintError, UnverifiedWarning)
from trytond.modules.mbank.clock import utcnow
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.bank import configure
from ...tests.firm import working
from ...tests.sharing import another_identity, compare
from ...tests.tools import identity
from .envelopes import CONNECTION, PASSWORD, ShareCase

ROOT = identity().certificate_pem


class ExternalDatabaseTestCase(ShareCase):
    "Profiles of target databases"

    def create(self, code, text=CONNECTION):
        return self.profile(text, code)

    @working
    def test_password_sealed(self):
        "The password is in no column that can be read, only sealed"
        Database = Pool().get('mbank.external_database')
        database = self.create('sealed')
        values, = Database.read(
            [database.id], ['connection_secret', 'password'])
        self.assertIn('password=***', values['connection_secret'])
        self.assertIsNone(values['password'])
        cursor = Transaction().connection.cursor()
        table = Database.__table__()
        cursor.execute(*table.select(
                table.connection_secret, table.password,
                where=table.id == database.id))
        row = cursor.fetchone()
        self.assertNotIn('tajne', str(row[0]))
        self.assertNotIn('tajne'.encode(), bytes(row[1]))
        self.assertEqual(database.connection_string().password, PASSWORD)

    @working
    def test_password_kept(self):
        "*** keeps the password for the same server only"
        Database = Pool().get('mbank.external_database')
        database = self.create('kept')
        same = database.connection_secret
        Database.write([database], {
                'connection_secret': same.replace('beta', 'gamma')})
        string = Database(database.id).connection_string()
        self.assertEqual(string.database, 'gamma')
        self.assertEqual(string.password, PASSWORD)
        for old, new in [
                ('127.0.0.1', 'evil.example'), ('port=1', 'port=2'),
                ('username=mbank', 'username=other'),
                ('Database=beta', 'Database=beta;sslmode=disable')]:
            with self.assertRaises(ConnectionStringValidationError):
                Database.write([database], {
                        'connection_secret': same.replace(old, new)})
        # Nor for one that is verified in another way.
        for values in [
                {'unverified': True},
                {'root_certificates': ROOT, 'connection_secret': same}]:
            with self.assertRaises(ConnectionStringValidationError):
                Database.write([database], values)
        with self.assertRaises(ConnectionStringValidationError):
            self.create('new', same)
        Database.write([database], {
                'connection_secret': 'host=h;username=u;Database=d'})
        self.assertIsNone(Database(database.id).connection_string().password)

    @working
    def test_copy(self):
        Database = Pool().get('mbank.external_database')
        database, = Database.copy([self.create('copied')])
        self.assertEqual(database.code, 'copied (2)')
        self.assertIsNone(database.connection_string().password)

    @working
    def test_wrong(self):
        "The sentence names the part"
        for text, part in [
                ('host=h;username=u', "Database"),
                ('host=h;port=x;username=u;Database=d', '"x"'),
                ('server=h', '"server"'),
                ]:
            with self.assertRaisesRegex(
                    ConnectionStringValidationError, part):
                self.create('wrong', text)

    @working
    def test_unreachable(self):
        "Nobody answers: profile, host and reason, and no password"
        Database = Pool().get('mbank.external_database')
        database = self.create('away')
        Database.check_connection([database])
        self.assertFalse(database.check_passed)
        for word in ['[away] Beta', '127.0.0.1', 'port 1']:
            self.assertIn(word, database.check_result)
        self.assertNotIn('tajne', database.check_result)

    @working
    def test_unverified(self):
        "It takes a setting of the profile, which warns and is shown"
        weak = 'host=db.example.com;username=u;Database=d;sslmode=require'
        with self.assertRaisesRegex(
                ConnectionStringValidationError, "nobody knows who answers"):
            self.profile(weak)
        with self.assertRaises(UnverifiedWarning):
            self.profile(weak, unverified=True)
        with Transaction().set_context(_skip_warnings=True):
            database = self.profile(weak, unverified=True)
        self.assertIn("NOT VERIFIED", database.protection)
        for text, shown in [
                ('host=db.example.com;username=u;Database=d', "verified"),
                (CONNECTION, "Stays on this server")]:
            self.assertIn(shown, self.profile(text).protection)
        # The setting cannot be taken back from under the connection.
        with self.assertRaises(ConnectionStringValidationError):
            database.__class__.write([database], {'unverified': False})

    @working
    def test_sockets(self):
        "A client reaches only the sockets the server's settings name"
        for host in ['/run/other', '@hidden', '/run/named/../other']:
            with self.assertRaisesRegex(
                    ConnectionStringValidationError, "target_sockets"):
                self.profile('host=%s;username=u;Database=d' % host)
        configure(target_sockets='/run/named, /srv')
        self.addCleanup(configure, target_sockets='')
        database = self.profile(
            'host=/run/named/;username=u;Database=d')
        configure(target_sockets='')
        Database = Pool().get('mbank.external_database')
        Database.check_connection([database])
        self.assertIn("target_sockets", database.check_result)

    @working
    def test_root_certificates(self):
        "They are certificates and nothing else, above all no key"
        for text in [
                '/etc/ssl/cert.pem', 'x', ROOT.replace('M', '!'),
                ROOT + '-----BEGIN PRIVATE KEY-----', ROOT * 200]:
            with self.assertRaises(ConnectionStringValidationError):
                self.profile(CONNECTION, root_certificates=text)
        self.profile(CONNECTION, root_certificates=ROOT * 2)

    @working
    def test_key_pinned(self):
        "A key is taken for the target's when what was read out agrees"
        Database = Pool().get('mbank.external_database')
        database = self.create('pin')
        self.assertEqual(database.key_state, 'unread')
        with self.assertRaises(FingerprintError):
            Database.fingerprints_agree([database])
        one, two = another_identity(), another_identity()
        _, _, fingerprint = vault.read_identity(one)
        Database._offer(database.id, one)
        database = Database(database.id)
        self.assertEqual(database.key_state, 'offered')
        self.assertEqual(database.offered_fingerprint, fingerprint)
        for told in [None, '', fingerprint[:-1], fingerprint[:24]]:
            database.told_fingerprint = told
            database.save()
            with self.assertRaises(FingerprintError):
                Database.fingerprints_agree([database])
        # Another key came in between: it was not the one that was read out.
        database.told_fingerprint = fingerprint
        database.save()
        Database._offer(database.id, two)
        database = Database(database.id)
        self.assertIsNone(database.told_fingerprint)
        with self.assertRaises(FingerprintError):
            compare(database, one)
        compare(Database(database.id), two)
        database = Database(database.id)
        self.assertEqual(
            (database.target_identity, database.key_state), (two, 'pinned'))
        self.assertEqual(database.compared_by.id, 1)
        self.assertTrue(database.compared_at)
        Database._offer(database.id, one)
        self.assertEqual(Database(database.id).key_state, 'changed')
        copied, = Database.copy([database])
        self.assertEqual(copied.key_state, 'unread')

    @working
    def test_key_is_not_written(self):
        "No client writes what the comparison writes, in any way"
        pool = Pool()
        Database = pool.get('mbank.external_database')
        Source = pool.get('mbank.trusted_source')
        forged = {
            'target_identity': another_identity(),
            'offered_identity': another_identity(),
            'compared_at': utcnow(), 'compared_by': 1}
        identity = another_identity()
        with Transaction().set_context(_check_access=True):
            self.firm.give_rights('group_mbank_admin')
            database = self.profile(CONNECTION, 'forged', **forged)
            Database.write([database], dict(forged))
            source, = Source.create([{
                        'name': "Forged", 'public_identity': identity,
                        'compared_at': utcnow(), 'compared_by': 1}])
            Source.write([source], {'compared_at': utcnow()})
        for name in forged:
            self.assertIsNone(getattr(Database(database.id), name))
        self.assertIsNone(Source(source.id).compared_at)

    def test_rights(self):
        "Only the administrator of the plugin has profiles"
        def create():
            with Transaction().set_context(_check_access=True):
                self.create('denied')

        def check():
            Database = Pool().get('mbank.external_database')
            Database.check_connection(Database.search([]))
        for function in [create, check]:
            with self.assertRaises(AccessError):
                self.work(function, user=self.plain_id)


if __name__ == '__main__':
    unittest.main()
