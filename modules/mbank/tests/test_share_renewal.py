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

from trytond.modules.mbank import independent, vault
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.exceptions import (
    TargetUnreachableError, TargetUserError)
from trytond.modules.mbank.target import HeadOffice, Identity, Receiver
from trytond.pool import Pool

from .sharing import DIK, OTHER_DIK, SharingCase

CONNECTION = 'host=127.0.0.1;port=1;username=mbank;Database=beta'


class Target:
    "What the profile's connection leads to: this database"

    def __init__(self, case):
        self.case = case
        self.away = self.user_gone = False

    @contextmanager
    def connect(self):
        if self.away:
            raise TargetUnreachableError("The database cannot be reached.")
        yield self

    def identity(self, own=None):
        return Identity('ourselves', vault.public_identity())

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
        database_id = self.work(lambda: self.profile(CONNECTION).id)
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
        self.assertEqual(self.shares(old, 'state'), [['revoked']])
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

    def test_replaced_by_a_received_one(self):
        "A session that was received is not shared on"
        self.shared()
        new = self.made(b'NEW', days=60, shared_from='elsewhere')
        self.switch(new)
        self.assertEqual(self.shares(new, 'state'), [])


del SharingCase
