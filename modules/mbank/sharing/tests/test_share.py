# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Sharing of sessions"
import unittest
import uuid

from trytond.model.exceptions import AccessError
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank.exceptions import ShareError, TargetUnreachableError
from trytond.modules.mbank.clock import utcnow
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.sharing import DIK
from .envelopes import CONNECTION, ShareCase


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
                        'state': 'sending',
                        }])
            share.__class__.write([share], {'state': 'shared'})
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


if __name__ == '__main__':
    unittest.main()
