# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Receiving of shared sessions"
import datetime as dt
import json
import unittest
import uuid
from unittest.mock import patch

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway, independent
from trytond.modules.mbank.exceptions import (
    BankUnreachableError, FingerprintError, KeyRingError, OrderRefusedError,
    PermissionRefusedError, SessionInvalidError)
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.sharing.share_message import (
    REVOCATION, SHARE, ShareMessage, receiver_text)
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.sharing import DIK, OTHER_DIK, another_identity, compare
from ...tests.tools import later
from .envelopes import OPERATIONS, ShareCase


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

    def test_for_statements_alone(self):
        "A share is for what its source has, and lacks nothing of that"
        def put():
            message = ShareMessage(
                SHARE, uuid.uuid4().hex, dik=DIK,
                operations=tuple(gateway.operations_of(
                        [gateway.STATEMENTS])), token=b'SHARED')
            return self.put(self.envelope(content=message.to_bytes()))
        row = self.work(put)
        self.assertEqual(self.receive(row), ('opened', None))
        session_id = self.session_of(row)

        def read():
            session = Pool().get('mbank.session')(session_id)
            return (session.kinds, session.difference,
                [d.comparison for d in session.diks])
        self.assertEqual(
            self.work(read), (('statements',), None, ['as asked']))

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
                operations=('universalPaymentSend',), token=b'SHARED')
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


if __name__ == '__main__':
    unittest.main()
