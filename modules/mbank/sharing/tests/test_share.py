# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"External databases, sharing and receiving of sessions"
import datetime as dt
import json
import unittest
import uuid
from pathlib import Path
from unittest.mock import patch

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.mbank.sharing import target
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway, independent
from trytond.modules.mbank.sharing.connection_string import (
    ConnectionString, ConnectionStringError)
from trytond.modules.mbank.exceptions import (
    BankUnreachableError, ConnectionStringValidationError, FingerprintError,
    KeyRingError, OrderRefusedError, PermissionRefusedError,
    SessionInvalidError, ShareError, TargetUnreachableError,
    UnverifiedWarning)
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.sharing.share_message import (
    REVOCATION, SHARE, ShareMessage, read_receiver, receiver_text)
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.bank import configure
from ...tests.firm import working
from ...tests.sharing import (
    DIK, OTHER_DIK, SharingCase, another_identity, compare)
from ...tests.tools import identity, later

PASSWORD = 'ściśle;"tajne"'
CONNECTION = (
    'host=127.0.0.1;port=1;username=mbank;password="ściśle;""tajne""";'
    'Database=beta')


ROOT = identity().certificate_pem
OPERATIONS = ('getMT940Ex', 'getStatus')


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


class ShareCase(SharingCase):
    "Envelopes, and what becomes of them"

    def new_session(self, user=1, **values):
        "A live session, without a bank"
        Session = Pool().get('mbank.session')
        session_id, end, granted = self.begin(user=user, **values)
        Session.activate(session_id, b'TOKEN', end, granted)
        return Session(session_id)

    def envelope(
            self, kind=SHARE, share=None, dik=DIK, user=None,
            head_office=None, days=10, content=None):
        message = ShareMessage(
            kind, share or uuid.uuid4().hex, dik=dik,
            operations=OPERATIONS, bank_user='BANK', token=b'SHARED')
        return vault.seal_share(
            vault.public_identity(), session=1,
            user=user or receiver_text(self.ewa_id, 'ewa'),
            head_office=head_office or receiver_text(self.company_id, dik),
            expires=utcnow() + dt.timedelta(days=days),
            payload=content or message.to_bytes())

    def put(self, envelope, source=None):
        Inbox = Pool().get('mbank.share.inbox')
        Database = Pool().get('mbank.database')
        row, = Inbox.create([{
                    'source': source or Database.get_identity(),
                    'envelope': envelope,
                    }])
        return row.id

    def receive(self, row_id, user=1):
        "The row's state and reason after it was received"
        def press():
            Inbox = Pool().get('mbank.share.inbox')
            Inbox.receive([Inbox(row_id)])

        def read():
            row = Pool().get('mbank.share.inbox')(row_id)
            return row.state, row.reason
        self.work(press, user=user)
        return self.work(read)


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


class ShareTestCase(ShareCase):
    "Who may share what"

    def share(self, session_id, user=1):
        def share():
            pool = Pool()
            Database = pool.get('mbank.external_database')
            Session = pool.get('mbank.session')
            databases = Database.search([('code', '=', 'away')])
            database = (databases[0] if databases
                else self.profile(CONNECTION, 'away', "Away"))
            pool.get('mbank.share').share(
                Session(session_id), database, 'ewa', 1)
        return self.work(share, user=user)

    def test_right(self):
        "Without the right nobody shares, whatever way is taken"
        session_id = self.work(lambda: self.new_session(self.plain_id).id)
        with self.assertRaises(AccessError):
            self.share(session_id, user=self.plain_id)

        def wizard():
            Wizard = Pool().get('mbank.session.share', type='wizard')
            Wizard.create()

        def forged(state):
            Wizard = Pool().get('mbank.session.share', type='wizard')
            Session = Pool().get('ir.session.wizard')
            session, = Session.create([{}])
            with Transaction().set_context(action_id=-1):
                Wizard.execute(session.id, {}, state)
        for function in [
                wizard, lambda: forged('start'), lambda: forged('connect'),
                lambda: forged('share_')]:
            with self.assertRaises(AccessError):
                self.work(function, user=self.plain_id)

    def test_not_own(self):
        "The session of another is not shared, by an administrator neither"
        session_id = self.work(lambda: self.new_session(self.plain_id).id)
        with self.assertRaisesRegex(ShareError, "another user"):
            self.share(session_id)

    def test_received(self):
        "A received session is not shared on"
        session_id = self.work(
            lambda: self.new_session(shared_from='elsewhere').id)
        with self.assertRaisesRegex(ShareError, "was received"):
            self.share(session_id)

    def test_not_live(self):
        session_id = self.work(lambda: self.new_session(days=-1).id)
        with self.assertRaisesRegex(ShareError, "not active"):
            self.share(session_id)

    def test_unreachable(self):
        "Nothing is kept of a share that nobody was told of"
        session_id = self.work(lambda: self.new_session().id)
        with self.assertRaisesRegex(TargetUnreachableError, "127.0.0.1"):
            self.share(session_id)
        self.assertEqual(self.work(
                lambda: Pool().get('mbank.share').search([
                        ('session', '=', session_id)], count=True)), 0)

    def test_end_of_session(self):
        "The end of the session ends its shares"
        def prepare():
            pool = Pool()
            database = self.profile(CONNECTION, name="Away", pinned=True)
            session = self.new_session()
            share, = pool.get('mbank.share').create([{
                        'identity': uuid.uuid4().hex,
                        'session': session.id,
                        'database': database.id,
                        'target_identity': vault.public_identity(),
                        'user_id': 1, 'user_login': 'x', 'head_office_id': 1,
                        'dik': DIK,
                        'shared_at': utcnow(), 'expires': session.end,
                        'state': 'shared',
                        }])
            return session.id, share.id

        def revoke():
            Session = Pool().get('mbank.session')
            Session.revoke([Session(session_id)])

        def read():
            share = Pool().get('mbank.share')(share_id)
            return share.state, share.message
        session_id, share_id = self.work(prepare)
        self.work(revoke)
        state, message = self.work(read)
        self.assertEqual(state, 'revoking')
        self.assertIn("127.0.0.1", message)


class InboxTestCase(ShareCase):
    "What is opened, and what is refused"

    def put_(self, *args, source=None, **kwargs):
        return self.work(
            lambda: self.put(self.envelope(*args, **kwargs), source=source))

    def setUp(self):
        super().setUp()
        # Nothing of the test before.
        self.work(lambda: Pool().get('mbank.session').give_up("over"))

    def state(self, session_id):
        "The session's state and the reason of it"
        def read():
            session = Pool().get('mbank.session')(session_id)
            return session.state, session.reason
        return self.work(read)

    def session_of(self, row_id):
        return self.work(
            lambda: Pool().get('mbank.share.inbox')(row_id).session.id)

    def answer(self, row_id):
        return self.work(
            lambda: Pool().get('mbank.share.inbox')(row_id).answer)

    def check(self):
        "The regular check of all sessions"
        self.work(lambda: Pool().get('mbank.session').check_all(), user=0)

    def test_opened(self):
        "A share becomes the active session of its user, after one call"
        row = self.put_()
        self.assertEqual(self.receive(row), ('opened', None))
        self.assertEqual(self.asked, [b'SHARED'])
        session, = self.live()
        self.assertEqual(self.answer(row), 'active')
        self.assertEqual(session['diks'], [DIK])
        self.assertEqual(session['operations'], sorted(OPERATIONS))
        self.assertEqual(session['token'], b'SHARED')
        self.assertTrue(session['shared_from'])
        self.assertLessEqual(
            session['end'], utcnow() + dt.timedelta(days=10))

    def test_own_session_stays(self):
        "What its user has made serves on; the share comes after it"
        own = self.work(lambda: self.new_session(self.ewa_id).id)
        row = self.put_()
        self.assertEqual(self.receive(row), ('opened', None))
        self.check()
        self.assertEqual([s['id'] for s in self.live()], [own])
        shared = self.session_of(row)
        state, reason = self.state(shared)
        self.assertEqual(state, 'proving')
        self.assertIn("a session of your own", reason)
        self.assertEqual(self.asked, [])
        self.assertEqual(self.answer(row), 'waiting')

        def revoke():
            Session = Pool().get('mbank.session')
            Session.lock_here(own, "over")
        self.work(revoke)
        self.check()
        self.assertEqual([s['id'] for s in self.live()], [shared])
        self.assertEqual(self.asked, [b'SHARED'])

    def test_own_session_in_making_stays(self):
        "Neither is what its user is making kept up or thrown over"
        def begin():
            Session = Pool().get('mbank.session')
            return Session.begin(
                [(DIK, None)], user=self.ewa_id, context_key='database',
                request=uuid.uuid4().hex)
        row = self.put_()
        pending = self.work(begin)
        self.assertEqual(self.receive(row)[0], 'opened')
        self.assertEqual(self.live(), [])
        self.assertEqual(self.state(pending)[0], 'awaiting_signature')
        # The other way round: one that waits is no hindrance.
        self.work(lambda: Pool().get('mbank.session').discard(pending))
        self.work(begin)
        self.assertIsNone(self.work(
                lambda: Pool().get('mbank.session').unproven_of(
                    self.ewa_id, Pool().get('company.company')(
                        self.company_id))))

    def test_own_session_comes_while_the_bank_is_asked(self):
        "Then it is in force, and the share waits"
        def prove(token, **values):
            made.append(independent.run(
                    lambda: self.new_session(self.ewa_id).id))
        made = []
        with patch.object(gateway, 'prove_session', prove):
            row = self.put_()
            self.work(lambda: Pool().get(
                    'mbank.share.inbox').receive_all(), user=0)
        self.assertEqual([s['id'] for s in self.live()], made)
        self.assertEqual(self.state(self.session_of(row))[0], 'proving')

    def test_own_session_takes_the_place(self):
        "What its user makes is meant: the share has ended"
        row = self.put_()
        self.receive(row)
        own = self.work(lambda: self.new_session(self.ewa_id).id)
        self.assertEqual([s['id'] for s in self.live()], [own])
        self.assertEqual(
            self.state(self.session_of(row))[0], 'superseded')
        self.assertEqual(self.answer(row), 'ended')

    def test_other_source(self):
        "A source takes the place of nothing another has shared"
        first = self.work(lambda: self.new_session(
                self.ewa_id, shared_from='elsewhere').id)
        row = self.put_()
        self.receive(row)
        self.assertEqual([s['id'] for s in self.live()], [first])
        self.assertIn(
            "another database", self.state(self.session_of(row))[1])

    def test_same_source(self):
        "Of one source the later counts, also of those that wait"
        own = self.work(lambda: self.new_session(self.ewa_id).id)
        rows = [self.put_(), self.put_()]
        for row in rows:
            self.receive(row)
        self.work(lambda: Pool().get('mbank.session').lock_here(own, "x"))
        self.check()
        self.check()
        first, second = map(self.session_of, rows)
        self.assertEqual(self.state(first)[0], 'superseded')
        self.assertEqual([s['id'] for s in self.live()], [second])

    def test_bank_away(self):
        "It waits for its proof, as long as it may, and is asked for again"
        self.bank_says(BankUnreachableError("away"))
        row = self.put_()
        self.receive(row)
        self.assertEqual(self.live(), [])
        with later(days=3):
            self.check()
        state, reason = self.state(self.session_of(row))
        self.assertEqual(state, 'proving')
        self.assertIn("away", reason)
        self.bank_says(None)
        self.check()
        self.assertEqual(
            [s['id'] for s in self.live()], [self.session_of(row)])

    def test_bank_refuses(self):
        "It is not used, its user is told, and its source can read it"
        for error in [
                SessionInvalidError("unknown"),
                PermissionRefusedError("not granted"),
                OrderRefusedError("no code we know")]:
            error.outcome = 'refused'
            with self.subTest(error=error.message):
                self.bank_says(error)
                row = self.put_()
                self.receive(row)
                self.assertEqual(self.live(), [])
                state, reason = self.state(self.session_of(row))
                self.assertEqual(state, 'refused')
                self.assertIn(error.message, reason)
                self.assertEqual(self.answer(row), 'refused')
        self.assertEqual(self.work(
                lambda: Pool().get('res.notification').search([
                        ('user', '=', self.ewa_id),
                        ('label', 'like', '%not put in force%')],
                    count=True)), 3)

    def test_not_provable(self):
        "A share that no call can prove is not used"
        def put():
            message = ShareMessage(
                SHARE, uuid.uuid4().hex, dik=DIK,
                operations=('getMT940Ex',), token=b'SHARED')
            return self.put(self.envelope(content=message.to_bytes()))
        row = self.work(put)
        self.receive(row)
        self.assertEqual(self.state(self.session_of(row))[0], 'refused')
        self.assertEqual(self.asked, [])

    def test_waiting_is_taken_back(self):
        "The source takes back what does not serve yet"
        self.bank_says(BankUnreachableError("away"))
        share = uuid.uuid4().hex
        row = self.put_(share=share)
        self.receive(row)
        self.receive(self.put_(REVOCATION, share=share))
        self.assertEqual(self.state(self.session_of(row))[0], 'refused')
        self.bank_says(None)
        self.check()
        self.assertEqual(self.live(), [])

    def test_waiting_is_revoked(self):
        "Its user, and who manages sessions, can take it away before it serves"
        self.bank_says(BankUnreachableError("away"))
        row = self.put_()
        self.receive(row)
        session = self.session_of(row)

        def revoke():
            with Transaction().set_context(_check_access=True):
                Session = Pool().get('mbank.session')
                Session.revoke([Session(session)])
        self.work(revoke, user=self.ewa_id)
        self.assertEqual(self.state(session)[0], 'refused')
        self.bank_says(None)
        self.check()
        self.assertEqual(self.live(), [])

    def rows(self, *envelopes, source=None):
        "Put them in as the connection's role can, past the models"
        def insert():
            pool = Pool()
            table = pool.get('mbank.share.inbox').__table__()
            own = pool.get('mbank.database').get_identity()
            cursor = Transaction().connection.cursor()
            for envelope in envelopes:
                cursor.execute(*table.insert(
                        [table.source, table.envelope],
                        [[source or own, envelope]]))
        self.work(insert)

    def states(self, count):
        def read():
            return [(row.state, row.reason) for row in Pool().get(
                    'mbank.share.inbox').search([], limit=count)]
        return self.work(read)

    def receive_all(self):
        return self.work(
            lambda: Pool().get('mbank.share.inbox').receive_all(), user=0)

    def test_odd_rows(self):
        "Each is refused with a sentence, and all others are opened"
        share = uuid.uuid4().hex
        self.receive(self.put_(share=share))
        whole = json.loads(self.work(self.envelope))

        def altered(**changes):
            return json.dumps({
                    **whole, 'info': {**whole['info'], **changes}}).encode()
        odd = [
            None, b'', b'\x00', b'{', b'[' * 60000, b'{"a":' * 12000,
            b'{"format": 1' + b'0' * 60000 + b'}', b'{"format": 1e99999}',
            altered(user='\ud800'), altered(user='\x00'), altered(user=1),
            altered(user=[]), altered(expires='0001-01-01T00:00:00+14:00'),
            altered(expires='9999-12-31T23:59:59-14:00'), altered(more='x'),
            json.dumps({**whole, 'signature': '\ud800'}).encode(),
            json.dumps({**whole, 'sealed': 'AAAA'}).encode(),
            b'x' * 10_000_000,
            ]
        self.rows(*odd)
        self.rows(b'{}', source='nobody')
        self.rows(b'{}', source='x' * 1_000_000)
        self.rows(self.work(lambda: self.envelope(REVOCATION, share=share)))
        self.rows(*odd)
        self.assertEqual(self.receive_all(), (1, 2 * len(odd) + 2))
        self.assertEqual(self.live(), [])
        states = self.states(2 * len(odd) + 3)
        self.assertEqual([s for s, _ in states].count('refused'), 2 * len(odd) + 2)
        self.assertTrue(all(r for s, r in states if s == 'refused'))
        self.assertEqual(self.receive_all(), (0, 0))

    def test_flood(self):
        "It costs no bell a row, is forgotten, and nothing waits behind it"
        def bells():
            return self.work(
                lambda: Pool().get('res.notification').search([
                        ('label', 'like', '%were refused%')], count=True))
        self.work(lambda: self.firm.give_rights('group_mbank_admin'))
        self.receive_all()
        self.work(lambda: Pool().get('mbank.database').write(
                [Pool().get('mbank.database').get_singleton()],
                {'inbox_told': None}))
        before = bells()
        share = uuid.uuid4().hex
        self.receive(self.put_(share=share))
        self.rows(*[b'{"format": %d}' % n for n in range(1500)])
        self.rows(self.work(lambda: self.envelope(REVOCATION, share=share)))
        self.assertEqual(self.receive_all(), (1, 1500))
        self.assertEqual(self.live(), [])
        self.rows(b'{}')
        self.receive_all()
        self.assertEqual(bells(), before + 1)
        self.assertLessEqual(self.work(
                lambda: Pool().get('mbank.share.inbox').search([
                        ('state', '=', 'refused'),
                        ('share_identity', '=', None)], count=True)), 1000)

    def test_revocations_first(self):
        "What is taken back later in the same run is never in force"
        share = uuid.uuid4().hex
        self.rows(*self.work(lambda: [
                    self.envelope(share=share),
                    self.envelope(REVOCATION, share=share)]))
        self.assertEqual(self.receive_all(), (1, 1))
        self.assertEqual(self.asked, [])

    def test_replayed_in_one_run(self):
        "A thousand copies of a genuine envelope are one"
        envelope = self.work(self.envelope)
        self.rows(*[envelope] * 300)
        self.assertEqual(self.receive_all(), (1, 299))
        self.assertEqual(len(self.live()), 1)

    def test_any_exception(self):
        "It marks its row, is tried a few times, and the rest goes on"
        share = uuid.uuid4().hex
        self.receive(self.put_(share=share))
        broken = self.put_()
        self.put_(REVOCATION, share=share)
        Inbox = self.work(lambda: Pool().get('mbank.share.inbox'))
        take = Inbox._take_share

        def fail(row, *args):
            if row.id == broken:
                raise ZeroDivisionError
            return take(row, *args)
        with patch.object(Inbox, '_take_share', fail), \
                self.assertLogs('trytond.modules.mbank.sharing.inbox', 'ERROR'):
            self.assertEqual(self.receive_all(), (1, 0))
            self.assertEqual(self.live(), [])
            self.assertEqual(self.receive_all(), (0, 0))
            self.assertEqual(self.receive_all(), (0, 1))
        state, reason = self.states(2)[1]
        self.assertEqual(state, 'refused')
        self.assertIn("log", reason)

    def test_key_ring_away(self):
        "It is nobody's fault: the rows wait, with the reason"
        row = self.put_()
        with patch.object(
                vault, 'check', side_effect=KeyRingError("no ring")):
            self.assertEqual(self.receive_all(), (0, 0))
        self.assertEqual(self.states(1), [(None, "no ring")])
        self.assertEqual(self.receive_all(), (1, 0))
        self.assertEqual(self.session_of(row), self.live()[0]['id'])

    def test_refused(self):
        "Each for its own reason, and nothing is left of it"
        self.receive(self.put_())
        before = self.live()
        own = self.work(
            lambda: Pool().get('mbank.database').get_identity())
        whole = self.work(self.envelope)

        def altered(**changes):
            envelope = json.loads(whole)
            envelope['info'].update(changes)
            return json.dumps(envelope).encode()
        for envelope, source, reason in [
                (whole, 'unknown', "not among the trusted"),
                (b'', own, "damaged"),
                (b'{}', own, "damaged"),
                (altered(user='1 admin'), own, "not signed"),
                (altered(expires='2099-01-01T00:00:00+00:00'), own,
                    "not signed"),
                (altered(target='elsewhere'), own, "another database"),
                (altered(source='elsewhere'), own, "not signed"),
                ]:
            with self.subTest(reason=reason):
                row = self.work(lambda: self.put(envelope, source=source))
                state, text = self.receive(row)
                self.assertEqual(state, 'refused')
                self.assertIn(reason, text)
        for values, reason in [
                ({'days': -1}, "had ended"),
                ({'user': '%s nobody' % self.ewa_id}, "nobody"),
                ({'user': '999999 ewa'}, "not an active user"),
                ({'user': receiver_text(self.plain_id, 'plain')},
                    "has not the right"),
                ({'user': 'ewa'}, "cannot be read"),
                ({'dik': OTHER_DIK}, OTHER_DIK),
                ({'head_office': '999999 ' + DIK}, DIK),
                ({'dik': OTHER_DIK, 'head_office': receiver_text(
                            self.company_id, DIK)}, OTHER_DIK),
                ({'content': b'{}'}, "cannot be read"),
                ]:
            with self.subTest(reason=reason):
                state, text = self.receive(self.put_(**values))
                self.assertEqual(state, 'refused')
                self.assertIn(reason, text)
        self.assertEqual(self.live(), before)

    def test_replayed(self):
        "The same share opens once, also after its session has ended"
        share = uuid.uuid4().hex
        self.assertEqual(
            self.receive(self.put_(share=share))[0], 'opened')
        before = self.live()
        state, reason = self.receive(self.put_(share=share))
        self.assertEqual(state, 'refused')
        self.assertIn("before", reason)
        self.assertEqual(self.live(), before)

    def test_revoked(self):
        "The source takes the share back"
        share = uuid.uuid4().hex
        self.receive(self.put_(share=share))
        row = self.put_(REVOCATION, share=share)
        self.assertEqual(self.receive(row)[0], 'opened')
        self.assertEqual(self.live(), [])

    def test_revoked_first(self):
        "A share that was taken back before it was opened does not open"
        share = uuid.uuid4().hex
        self.receive(self.put_(REVOCATION, share=share))
        state, reason = self.receive(self.put_(share=share))
        self.assertEqual(state, 'refused')

    def test_trust_later(self):
        "A source that is trusted later is received again"
        def trust(active):
            Source = Pool().get('mbank.trusted_source')
            sources = Source.search([
                    ('active', 'in', [True, False])])
            Source.write(sources, {'active': active})
        self.work(trust, False)
        try:
            row = self.put_()
            self.assertEqual(self.receive(row)[0], 'refused')
        finally:
            self.work(trust, True)
        self.assertEqual(self.receive(row)[0], 'opened')

    def test_receive_all(self):
        "The cron opens what waits and looks at nothing twice"
        self.work(lambda: [
                self.put(self.envelope()), self.put(b'{}')])

        def receive():
            return Pool().get('mbank.share.inbox').receive_all()
        self.assertEqual(self.work(receive, user=0), (1, 1))
        self.assertEqual(self.work(receive, user=0), (0, 0))

    def test_rights(self):
        "Nobody receives or puts without a right"
        with self.assertRaises(AccessError):
            self.receive(self.put_(), user=self.plain_id)

        def put():
            with Transaction().set_context(_check_access=True):
                self.put(b'{}')
        for user in [1, self.ewa_id, self.plain_id]:
            with self.assertRaises(AccessError):
                self.work(put, user=user)

    def test_trusted_source(self):
        "What is no identity is not trusted; the id is that of the identity"
        def create(**values):
            Source = Pool().get('mbank.trusted_source')
            source, = Source.create([{'name': "X", **values}])
            return source
        for text in ['', 'x', '{}', '[' * 900, '\ud800', '9' * 999]:
            with self.assertRaises(UserError):
                self.work(lambda: create(public_identity=text))
        identity = json.loads(self.work(vault.public_identity))
        identity['database_id'] = 'another'

        def check():
            source = create(
                public_identity=json.dumps(identity), identity='spoofed')
            self.assertEqual(source.identity, 'another')
            self.assertEqual(len(source.fingerprint.split()), 10)
        self.work(check)

    def test_source_not_compared(self):
        "Nothing of a source is opened before its fingerprint was compared"
        def source():
            Source = Pool().get('mbank.trusted_source')
            source, = Source.search([('name', '=', "Ourselves")])
            return source

        def another_key():
            record = source()
            record.public_identity = another_identity(record.identity)
            record.save()
            self.assertIsNone(record.compared_at)
            record.public_identity = vault.public_identity()
            record.save()
        self.work(another_key)
        row = self.put_()
        state, reason = self.receive(row)
        self.assertEqual(state, 'refused')
        self.assertIn("not compared", reason)

        def wrong():
            compare(source(), another_identity())
        with self.assertRaises(FingerprintError):
            self.work(wrong)
        self.assertEqual(self.receive(row)[0], 'refused')
        self.work(lambda: compare(source()))
        self.assertEqual(self.receive(row)[0], 'opened')


del ShareCase, SharingCase
