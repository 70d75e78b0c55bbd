# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"External databases, sharing and receiving of sessions"
import datetime as dt
import json
import unittest
import uuid
from pathlib import Path

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.mbank import target, vault
from trytond.modules.mbank.connection_string import (
    ConnectionString, ConnectionStringError)
from trytond.modules.mbank.exceptions import (
    ConnectionStringValidationError, ShareError, TargetUnreachableError)
from trytond.modules.mbank.session import utcnow
from trytond.modules.mbank.share_message import (
    REVOCATION, SHARE, ShareMessage, read_receiver, receiver_text)
from trytond.pool import Pool
from trytond.transaction import Transaction

from .firm import working
from .sharing import DIK, OTHER_DIK, SharingCase

PASSWORD = 'ściśle;"tajne"'
CONNECTION = (
    'host=127.0.0.1;port=1;username=mbank;password="ściśle;""tajne""";'
    'Database=beta')


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
                ('host=h;nothing', 'part', ('number', 2)),
                ('host="h', 'quote', ('number', 1)),
                ("password='a'b'", 'quoted', ('key', 'password')),
                ]:
            with self.subTest(text=text):
                with self.assertRaises(ConnectionStringError) as caught:
                    ConnectionString.parse(text)
                self.assertEqual(caught.exception.code, code)
                name, value = parameter
                self.assertEqual(caught.exception.parameters[name], value)

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
                {'operations': [1]}]:
            with self.subTest(change=change):
                with self.assertRaises(ValueError):
                    ShareMessage.from_bytes(
                        json.dumps({**good, **change}).encode())
        for data in [b'', b'[]', b'\xff', b'{}']:
            with self.assertRaises(ValueError):
                ShareMessage.from_bytes(data)

    def test_receiver(self):
        self.assertEqual(
            read_receiver(receiver_text(7, 'ewa b')), (7, 'ewa b'))
        with self.assertRaises(ValueError):
            read_receiver('ewa')


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
            Path(target.__file__).parent / 'doc' / 'configuration.rst'
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
            operations=('getMT940Ex',), bank_user='BANK', token=b'SHARED')
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
                ('username=mbank', 'username=other')]:
            with self.assertRaises(ConnectionStringValidationError):
                Database.write([database], {
                        'connection_secret': same.replace(old, new)})
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
            database = self.profile(CONNECTION, name="Away")
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

    def test_opened(self):
        "A share becomes the active session of its user, in place of the old"
        old = self.work(lambda: self.new_session(self.ewa_id).id)
        self.assertEqual(
            self.receive(self.put_()), ('opened', None))
        session, = self.live()
        self.assertNotEqual(session['id'], old)
        self.assertEqual(session['diks'], [DIK])
        self.assertEqual(session['operations'], ['getMT940Ex'])
        self.assertEqual(session['token'], b'SHARED')
        self.assertTrue(session['shared_from'])
        self.assertLessEqual(
            session['end'], utcnow() + dt.timedelta(days=10))
        state = self.work(
            lambda: Pool().get('mbank.session')(old).state)
        self.assertEqual(state, 'superseded')

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
                (altered(expires='2999-01-01T00:00:00+00:00'), own,
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

    def test_user_busy(self):
        "A user who is making a session gets the share after it"
        def begin():
            Session = Pool().get('mbank.session')
            return Session.begin(
                [(DIK, None)], user=self.ewa_id, context_key='database',
                request=uuid.uuid4().hex)
        pending = self.work(begin)
        row = self.put_()
        state, reason = self.receive(row)
        self.assertIsNone(state)
        self.assertIn("just making", reason)
        self.work(lambda: Pool().get('mbank.session').discard(pending))
        self.assertEqual(self.receive(row)[0], 'opened')

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
        for text in ['', 'x', '{}']:
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


del ShareCase, SharingCase
