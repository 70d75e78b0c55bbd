# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who was deactivated, or lost the right, has no session any more."""
from trytond.model.exceptions import AccessError
from trytond.modules.mbank import gateway
from trytond.modules.mbank.sessions.authorisation import Authorisation
from trytond.modules.mbank.exceptions import NoSessionError
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.life import LifeCase
from ...tests.signing import signature_over
from ...tests.tools import create_user


class OwnerTestCase(LifeCase):
    "The session goes with the right"

    def setUp(self):
        super().setUp()
        self.before = self.at_bank()

    @staticmethod
    def group_id():
        return Pool().get('ir.model.data').get_id(
            'mbank', 'group_session_create')

    def deactivate(self):
        User = Pool().get('res.user')
        User.write([User(self.user)], {'active': False})

    def take_from_user(self):
        User = Pool().get('res.user')
        User.write([User(self.user)], {
                'groups': [('remove', [self.group_id()])]})

    def take_from_group(self):
        Group = Pool().get('res.group')
        Group.write([Group(self.group_id())], {
                'users': [('remove', [self.user])]})

    def delete_row(self):
        UserGroup = Pool().get('res.user-res.group')
        UserGroup.delete(UserGroup.search([
                    ('user', '=', self.user),
                    ('group', '=', self.group_id())]))

    def change_row(self):
        pool = Pool()
        UserGroup = pool.get('res.user-res.group')
        other = pool.get('ir.model.data').get_id('mbank', 'group_audit')
        UserGroup.write(UserGroup.search([
                    ('user', '=', self.user),
                    ('group', '=', self.group_id())]), {'group': other})

    def assertGone(self, session_id, words):
        self.assertEqual(
            self.session(session_id, 'state', 'finish_pending'),
            ['revoked', False])
        self.assertIn(words, self.session(session_id, 'reason'))
        self.assertEqual(self.at_bank(), self.before)

        def authorise():
            Company = Pool().get('company.company')
            Authorisation.for_use(
                Company(self.company), gateway.FETCH, user=self.user)
        with self.assertRaises(NoSessionError):
            self.work(authorise)

    def test_every_way(self):
        "However the right is taken away the session is locked, and ended"
        for change, words in [
                (self.deactivate, 'deactivated'),
                (self.take_from_user, 'right'),
                (self.take_from_group, 'right'),
                (self.delete_row, 'right'),
                (self.change_row, 'right'),
                ]:
            with self.subTest(change=change.__name__):
                self.user = self.work(self._user)
                self.register()
                session_id = self.made()
                self.work(change)
                self.assertGone(session_id, words)

    def test_group_deactivated(self):
        "A group that is inactive gives no right"
        self.register()
        session_id = self.made()

        def set_active(active):
            Group = Pool().get('res.group')
            Group.write([Group(self.group_id())], {'active': active})
        self.addCleanup(self.work, set_active, True)
        self.work(set_active, False)
        self.assertGone(session_id, 'right')

    def test_inherited_right(self):
        "A right by a child group counts, and is lost with its parent"
        def create():
            pool = Pool()
            Group = pool.get('res.group')
            User = pool.get('res.user')
            child, = Group.create([{
                        'name': 'signatories of %s' % self.user,
                        'parent': self.group_id()}])
            User.write([User(self.user)], {'groups': [
                        ('add', [child.id]), ('remove', [self.group_id()])]})
            return child.id
        self.register()
        session_id = self.made()
        child = self.work(create)
        self.assertEqual(self.session(session_id, 'state'), 'active')

        def orphan():
            Group = Pool().get('res.group')
            Group.write([Group(child)], {'parent': None})
        self.work(orphan)
        self.assertGone(session_id, 'right')

    def test_rolled_back(self):
        "A change that is not made locks nothing"
        self.register()
        session_id = self.made()

        def change():
            self.deactivate()
            raise AccessError("no")
        with self.assertRaises(AccessError):
            self.work(change)
        self.assertEqual(self.session(session_id, 'state'), 'active')

    def test_other_changes(self):
        "Other rights come and go, and other users"
        self.register()
        session_id = self.made()

        def change():
            pool = Pool()
            User = pool.get('res.user')
            ModelData = pool.get('ir.model.data')
            audit = ModelData.get_id('mbank', 'group_audit')
            User.write([User(self.user)], {'groups': [('add', [audit])]})
            User.write([User(self.user)], {'groups': [('remove', [audit])]})
            User.write([User(self.user)], {'name': "Another Name"})
        self.work(change)

        def change_other():
            User = Pool().get('res.user')
            User.write([User(other)], {'active': False})
        other = self.work(lambda: create_user(
                'other-of-%s' % self.user,
                Pool().get('company.company')(self.company),
                'group_session_create').id)
        self.work(change_other)
        self.assertEqual(self.session(session_id, 'state'), 'active')

    def test_without_the_bank(self):
        "Locked at once; ended when the bank is back"
        self.register()
        session_id = self.made()
        with self.bank_away():
            self.work(self.deactivate)
            self.assertEqual(
                self.session(session_id, 'state', 'finish_pending'),
                ['revoked', True])
        self.pass_(minutes=6)
        self.finish_all()
        self.assertGone(session_id, 'deactivated')

    def test_a_lost_task(self):
        "What the queue lost is ended by the regular check"
        self.register()
        session_id = self.made()
        self.addCleanup(setattr, self.__class__, 'with_queue', True)
        self.__class__.with_queue = False
        self.work(self.deactivate)
        self.assertTrue(self.session(session_id, 'finish_pending'))
        self.check()
        self.assertGone(session_id, 'deactivated')

    def test_past_the_models(self):
        "A right taken away in the database is noticed by the check"
        self.register()
        session_id = self.made()

        def update():
            table = Pool().get('res.user').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.update(
                    [table.active], [False], where=table.id == self.user))
        self.work(update)
        self.check()
        self.assertGone(session_id, 'deactivated')

    def test_pending_signing(self):
        "A signing that waits ends too; a signature comes too late"
        ticket, second = self.half()
        self.work(self.deactivate)
        self.assertEqual(self.job_state()[0], 'failed')
        self.assertEqual(self.session_states(), ['refused'])
        status, _ = self.send(ticket, 2, signature_over(second['text']))
        self.assertNotEqual(status, 200)
        self.assertEqual(self.at_bank(), self.before)
        self.clean()
        self.assertIsNone(self.sealed_login())

    def test_who_is_told(self):
        "Those who manage sessions are told; whose it was, if still active"
        def manager():
            Company = Pool().get('company.company')
            return create_user(
                'boss-of-%s' % self.user, Company(self.company),
                'group_session_manage', 'group_mbank_admin').id
        boss = self.work(manager)
        self.setting(default_authorising_user=self.user)
        self.register()
        self.made()
        self.work(self.deactivate)
        self.assertEqual(self.bell(), [])
        told = self.bell(boss)
        self.assertEqual(len(told), 2, told)
        self.assertTrue(any('session ended' in t for t in told))
        self.assertTrue(
            any('default authorising user' in t for t in told))
