# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What was shared of a session is shared of the one that takes its place.

The database trusts itself: what it shares comes into its own inbox. The
connection to a database on PostgreSQL is tested where there is one
(tests/integration/test_sharing_rights.py); here a stand-in answers for it.
"""
import datetime as dt
from contextlib import contextmanager
from unittest.mock import patch

from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import independent
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.exceptions import (
    BankUnreachableError, SessionInvalidError, TargetUnreachableError,
    TargetUserError)
from trytond.modules.mbank.sharing.target import HeadOffice, Identity, Receiver
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.sharing import (
    DIK, OTHER_DIK, SharingCase, another_identity, compare)
from ...tests.tools import later

CONNECTION = 'host=127.0.0.1;port=1;username=mbank;Database=beta'


class Target:
    "What the profile's connection leads to: this database"

    def __init__(self, case):
        self.case = case
        self.away = self.user_gone = False
        self.other_key = None

    @contextmanager
    def connect(self):
        if self.away:
            raise TargetUnreachableError("The database cannot be reached.")
        yield self

    def identity(self, own=None):
        return self.key()

    def key(self, own=None):
        return Identity(
            'ourselves', self.other_key or vault.public_identity())

    def answers(self, shares):
        def read():
            return [
                (row.share_identity, row.answer)
                for row in Pool().get('mbank.share.inbox').search([
                        ('share_identity', 'in', shares)])
                if row.answer]
        return independent.run(read)

    def user(self, login):
        if self.user_gone:
            raise TargetUserError("ewa has no right there.")
        return Receiver(self.case.ewa_id, 'ewa', 'ewa')

    def head_office(self, id):
        return HeadOffice(id, DIK, 'Beta')

    def post(self, source, envelope):
        independent.run(lambda: Pool().get('mbank.share.inbox').create([{
                        'source': source, 'envelope': envelope}]) and None)


class ShareAgainTestCase(SharingCase):
    "Shares of a session that is renewed"

    def setUp(self):
        super().setUp()
        # Nothing of the test before.
        self.work(lambda: Pool().get('mbank.session').give_up("over"))
        self.target = Target(self)
        Database = self.work(lambda: Pool().get('mbank.external_database'))
        self.enterContext(patch.object(
                Database, 'connect', lambda database: self.target.connect()))

    def made(self, token, days=30, dik=DIK, renews=None, **values):
        "A session the bank has made: its id"
        def make():
            session_id, end, granted = self.begin(
                [dik], days=days, renews=renews, **values)
            Pool().get('mbank.session').keep_made(
                session_id, token, end, granted)
            return session_id
        return self.work(make)

    def switch(self, session_id):
        "Put it in force, and what follows"
        def switch():
            Session = Pool().get('mbank.session')
            old = independent.run(Session.switch, session_id)
            if old is not None:
                Session.after_switch(session_id, old)
        self.work(switch)

    def shared(self, until=None):
        "A session in force that ewa has opened a share of"
        old = self.made(b'OLD')
        self.switch(old)

        def share():
            pool = Pool()
            return pool.get('mbank.share').share(
                pool.get('mbank.session')(old),
                pool.get('mbank.external_database')(database_id), 'ewa',
                self.company_id, until=until)
        database_id = self.work(lambda: self.profile(CONNECTION, pinned=True).id)
        share_id = self.work(share)
        self.receive()
        self.assertEqual(self.of_ewa(), [b'OLD'])
        return old, share_id

    def receive(self):
        self.work(
            lambda: Pool().get('mbank.share.inbox').receive_all(), user=0)

    def deliver(self):
        self.work(lambda: Pool().get('mbank.share').deliver_all(), user=0)

    def of_ewa(self):
        "The tokens of the live sessions of ewa"
        return [session['token'] for session in self.live()]

    def shares(self, session_id, *names):
        def read():
            return [
                [getattr(share, name) for name in names]
                for share in Pool().get('mbank.share').search([
                        ('session', '=', session_id)])]
        return self.work(read)

    def session(self, session_id, *names):
        def read():
            session = Pool().get('mbank.session')(session_id)
            return [getattr(session, name) for name in names]
        return self.work(read)

    def told(self):
        def read():
            return [n.label for n in Pool().get('res.notification').search([
                        ('user', '=', 1)])]
        return self.work(read)

    def test_shared_again(self):
        "The same user has the new session, without a gap"
        old, _ = self.shared()
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        # It is told of the end of the old when it has taken the new.
        self.assertEqual(self.shares(old, 'state'), [['revoking']])
        (state, again, expires), = self.shares(
            new, 'state', 'again', 'expires')
        self.assertEqual((state, again), ('shared', True))
        self.assertEqual([expires], self.session(new, 'end'))
        # Until the target has looked the old serves it, and lives at the bank.
        self.assertEqual(self.of_ewa(), [b'OLD'])
        pending, due = self.session(old, 'finish_pending', 'finish_next')
        self.assertTrue(pending)
        self.assertGreater(due, utcnow() + dt.timedelta(minutes=10))
        self.receive()
        self.assertEqual(self.of_ewa(), [b'NEW'])

        def states():
            return [s.state for s in Pool().get('mbank.session').search([
                        ('user', '=', self.ewa_id)], order=[('id', 'DESC')],
                    limit=2)]
        self.assertEqual(self.work(states), ['active', 'superseded'])
        self.deliver()
        self.deliver()
        self.assertEqual(self.shares(old, 'state'), [['revoked']])
        self.receive()
        self.assertEqual(self.of_ewa(), [b'NEW'])

    def test_target_does_not_answer(self):
        "It is told of the end of the old all the same, a little later"
        old, _ = self.shared()
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        self.deliver()
        self.assertEqual(self.shares(old, 'state'), [['revoking']])
        with later(minutes=16):
            self.deliver()
        self.assertEqual(self.shares(old, 'state'), [['revoked']])

    def test_end_of_its_own(self):
        "A share that was to end before its session still does"
        until = utcnow() + dt.timedelta(days=5)
        old, _ = self.shared(until)
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        self.assertEqual(self.shares(new, 'expires'), [[until]])

    def test_precondition_lost(self):
        "What does not hold at the target any more is told, and not shared"
        old, _ = self.shared()
        self.target.user_gone = True
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        self.assertEqual(
            self.shares(new, 'state', 'message'),
            [['revoked', "ewa has no right there."]])
        self.receive()
        self.assertEqual(self.of_ewa(), [])
        self.assertTrue(
            any('not shared again' in label for label in self.told()))

    def test_not_covered(self):
        "A session without the DIK is not shared again, and that is told"
        old, _ = self.shared()
        before = len(self.told())
        new = self.made(b'NEW', days=60, dik=OTHER_DIK)
        self.switch(new)
        self.assertEqual(self.shares(new, 'state'), [])
        self.assertIn('not shared again', self.told()[0])
        self.assertGreater(len(self.told()), before)

    def test_target_away(self):
        "It is told as soon as it can be reached"
        old, _ = self.shared()
        self.target.away = True
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        self.assertEqual(self.shares(new, 'state'), [['sending']])
        self.assertEqual(self.shares(old, 'state'), [['revoking']])
        self.target.away = False
        self.deliver()
        self.assertEqual(self.shares(new, 'state'), [['shared']])
        self.receive()
        self.assertEqual(self.of_ewa(), [b'NEW'])

    def test_not_replaced_by_a_received_one(self):
        "A received session takes no place, and is not shared on"
        old, _ = self.shared()
        new = self.made(b'NEW', days=60, shared_from='elsewhere')
        self.switch(new)
        self.assertEqual(self.shares(new, 'state'), [])
        self.assertEqual(self.shares(old, 'state'), [['shared']])
        self.assertEqual(self.session(new, 'state'), ['proving'])
        self.assertEqual(self.session(old, 'state'), ['active'])

    def test_renewed_share_is_proven_first(self):
        "The older share serves until the bank has taken the new one"
        old, _ = self.shared()
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        self.bank_says(BankUnreachableError("away"))
        self.receive()
        self.assertEqual(self.of_ewa(), [b'OLD'])
        self.bank_says(None)
        self.receive()
        self.assertEqual(self.of_ewa(), [b'NEW'])

    def test_renewed_share_the_bank_refuses(self):
        "It is told on both sides, and the older one serves on"
        old, _ = self.shared()
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        error = SessionInvalidError("unknown session")
        error.outcome = 'refused'
        self.bank_says(error)
        self.receive()
        self.assertEqual(self.of_ewa(), [b'OLD'])
        self.deliver()
        self.assertEqual(self.shares(new, 'answer'), [['refused']])
        self.deliver()
        self.assertEqual(
            len([t for t in self.told() if "not used in the target" in t]), 1)

    def test_target_is_asked_less_and_less(self):
        "What became of a share is read back, and in the end no more"
        old, share_id = self.shared()
        self.deliver()
        self.assertEqual(self.shares(old, 'answer'), [['active']])
        self.assertEqual(self.work(
                lambda: Pool().get('mbank.share')._unanswered()), {})
        with later(days=1):
            self.assertNotEqual(self.work(
                    lambda: Pool().get('mbank.share')._unanswered()), {})

    def test_another_key_is_refused_and_told_once(self):
        "No renewal and no revocation goes to a key nobody has compared"
        old, _ = self.shared()
        self.target.other_key = another_identity()
        new = self.made(b'NEW', days=60, renews=old)
        self.switch(new)
        (state, message), = self.shares(new, 'state', 'message')
        self.assertEqual(state, 'revoked')
        self.assertIn("another key", message)
        self.assertEqual(self.shares(old, 'state'), [['revoking']])
        self.target.other_key = another_identity()
        self.deliver()
        self.assertEqual(len([
                    t for t in self.told() if "shows another key" in t]), 1)
        self.target.other_key = None
        self.deliver()
        self.assertEqual(self.shares(old, 'state'), [['revoked']])

    def test_pinned_again(self):
        "What was shared with the old key is sealed to no other"
        old, share_id = self.shared()

        def send_again():
            pool = Pool()
            share = pool.get('mbank.share')(share_id)
            # As it is in a database of before the target had it.
            table = share.__table__()
            Transaction().connection.cursor().execute(*table.update(
                    [table.state], ['sending'], where=table.id == share_id))
            database = share.database
            database.__class__._offer(database.id, self.target.other_key)
            compare(
                database.__class__(database.id), self.target.other_key)
        self.target.other_key = another_identity()
        self.work(send_again)
        self.deliver()
        (state, message), = self.shares(old, 'state', 'message')
        self.assertEqual(state, 'sending')
        self.assertIn("another one than when this was shared", message)
        # Nor is another database told of its end in place of that one.
        self.work(lambda: Pool().get('mbank.share')._begin_revocation(
                share_id))
        self.deliver()
        self.assertEqual(self.shares(old, 'state'), [['revoking']])


del SharingCase
