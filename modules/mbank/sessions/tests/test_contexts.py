# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What becomes of sessions when their context changes"
from unittest import TestCase

from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError, ValidationError
from trytond.modules.mbank.sessions import contexts
from trytond.modules.mbank import independent
from trytond.modules.mbank.exceptions import (
    ConfigurationContextError, ConfigurationValidationError,
    SessionCreateError)
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    activate_module, drop_db, with_transaction)
from trytond.transaction import Transaction

from ...tests.sessions import make_session, naive
from ...tests.tools import (
    adopt, configured, create_firm, create_user, model, wizard)


class ContextsCase(TestCase):
    "Two head offices, and who works in them"

    def setUp(self):
        super().setUp()
        settings = configured()
        settings.__enter__()
        self.addCleanup(settings.__exit__, None, None, None)

    def prepare(self):
        # A test that asks for a lock is run again by with_transaction
        adopt()
        User = Pool().get('res.user')
        self.alfa = create_firm()
        self.beta = create_firm('10000002', "Beta")
        self.jan = create_user('jan', self.alfa, 'group_session_create')
        self.ewa = create_user('ewa', self.beta, 'group_session_create')
        self.admin = create_user('admin2', self.alfa, 'group_mbank_admin')
        User.write([self.jan, self.admin], {
                'companies': [('add', [self.beta.id])]})

    @property
    def configuration(self):
        return Pool().get('mbank.configuration')(1)

    def per_company(self, value=True):
        configuration = self.configuration
        configuration.credentials_per_company = value
        configuration.save()

    def change(self, per_company):
        "Change the setting as the dialog does, told what it says"
        plan = contexts.plan(per_company)
        with Transaction().set_user(self.admin.id):
            return contexts.change(per_company, plan.digest)

    def facts(self, session):
        session = Pool().get('mbank.session')(session.id)
        return session.state, session.company, session.context_key

    def default_of(self, company):
        pool = Pool()
        _, default_id = pool.get('mbank.configuration').authorising_for(
            company.id)
        return pool.get('res.user')(default_id) if default_id else None


class ContextsTestCase(ContextsCase):
    "The setting is changed with sessions in place"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('mbank')

    @with_transaction()
    def test_one_head_office(self):
        "A session that covers one head office moves to it, whoever owns it"
        self.prepare()
        jan = make_session(self.jan, self.alfa, ['10000002', '77777777'])
        ewa = make_session(self.ewa, self.beta, ['10000001'])
        self.assertEqual(self.change(True), [])
        self.assertEqual(self.facts(jan), (
                'active', self.beta, 'company,%s' % self.beta.id))
        self.assertEqual(self.facts(ewa), (
                'active', self.alfa, 'company,%s' % self.alfa.id))
        self.assertTrue(self.configuration.credentials_per_company)
        Session = Pool().get('mbank.session')
        self.assertEqual(Session.live_of(self.jan, self.beta), jan)
        self.assertIsNone(Session.live_of(self.jan, self.alfa))

    @with_transaction()
    def test_several_head_offices(self):
        "One that covers several stays with that of its first DIK, and says so"
        self.prepare()
        session = make_session(
            self.jan, self.alfa, ['77777777', '10000002', '10000001'])
        plan = contexts.plan(True)
        fate, = plan.fates
        self.assertEqual(
            (fate.company, fate.without), (self.beta.id, (self.alfa.id,)))
        self.assertIn(self.alfa.rec_name, contexts.describe(fate))
        self.change(True)
        self.assertEqual(self.facts(session)[1], self.beta)
        told = [str(n) for n in Transaction().user_notifications]
        self.assertEqual(len(told), 1)

    @with_transaction()
    def test_no_head_office(self):
        "One that covers none of them stays with the one its user works in"
        self.prepare()
        session = make_session(self.jan, self.alfa, ['77777777'])
        self.change(True)
        self.assertEqual(self.facts(session)[1], self.alfa)

    @with_transaction()
    def test_to_the_database(self):
        "Of a user's several the one of most head offices, then latest, stays"
        self.prepare()
        self.per_company()
        late = make_session(self.jan, self.alfa, ['10000001'], days=90)
        both = make_session(
            self.jan, self.beta, ['10000002', '10000001'], days=3)
        other = make_session(self.ewa, self.beta, ['10000002'])
        self.assertEqual(self.change(False), [late.id])
        self.assertEqual(self.facts(both), ('active', None, 'database'))
        self.assertEqual(self.facts(other), ('active', None, 'database'))
        self.assertEqual(self.facts(late)[0], 'revoked')
        Session = Pool().get('mbank.session')
        self.assertTrue(Session(late.id).finish_pending)
        self.assertFalse(self.configuration.credentials_per_company)

    @with_transaction()
    def test_to_the_database_own(self):
        "What the user has made stays, however much a received one covers"
        self.prepare()
        self.per_company()
        own = make_session(self.jan, self.alfa, ['10000001'], days=3)
        received = make_session(
            self.jan, self.beta, ['10000001', '10000002'], days=90)
        received.shared_from = 'elsewhere'
        received.save()
        self.change(False)
        self.assertEqual(self.facts(own)[0], 'active')
        self.assertEqual(self.facts(received)[0], 'revoked')

    @with_transaction()
    def test_to_the_database_latest(self):
        "Of two that cover as much the one that ends last stays"
        self.prepare()
        self.per_company()
        late = make_session(self.jan, self.beta, ['10000002'], days=90)
        soon = make_session(self.jan, self.alfa, ['10000001'], days=3)
        self.assertEqual(self.change(False), [soon.id])
        self.assertEqual(self.facts(late)[0], 'active')

    @with_transaction()
    def test_past_and_pending(self):
        "What is over is marked so, what is being made is cancelled"
        self.prepare()
        Session = Pool().get('mbank.session')
        past = make_session(self.jan, self.alfa, seconds=-1)
        pending = Session.begin(
            [('10000002', None)], user=self.ewa.id, context_key='database',
            asked_end=naive(days=1))
        self.assertEqual(self.change(True), [pending])
        self.assertEqual(self.facts(past)[0], 'expired')
        self.assertEqual(Session(pending).state, 'refused')
        # Its maker in another process comes too late.
        with self.assertRaises(UserError):
            Session.keep_made(pending, b'T', naive(days=1), {})

    @with_transaction()
    def test_not_what_was_shown(self):
        "Nothing is done if the sessions are others than those shown"
        self.prepare()
        digest = contexts.plan(True).digest
        session = make_session(self.jan, self.alfa)
        self.assertIsNone(contexts.change(True, digest))
        self.assertEqual(self.facts(session)[2], 'database')
        self.assertFalse(self.configuration.credentials_per_company)

    @with_transaction()
    def test_context_that_is_no_more(self):
        "A session for a context that was left is neither begun nor stored"
        self.prepare()
        Session = Pool().get('mbank.session')
        values = {'user': self.jan.id, 'asked_end': naive(days=1)}
        with self.assertRaises(SessionCreateError):
            Session.begin([('1', None)],
                context_key='company,%s' % self.alfa.id, **values)
        pending = Session.begin([('1', None)], context_key='database', **values)
        self.per_company()
        with self.assertRaises(SessionCreateError):
            Session.keep_made(pending, b'T', naive(days=1), {})

    @with_transaction()
    def test_default_user_of_the_database(self):
        "The user becomes the default of each head office the user works in"
        self.prepare()
        configuration = self.configuration
        configuration.default_authorising_user = self.ewa
        configuration.save()
        self.change(True)
        self.assertIsNone(self.default_of(self.alfa))
        self.assertEqual(self.default_of(self.beta), self.ewa)
        self.change(False)
        self.assertEqual(self.default_of(self.alfa), self.ewa)

    @with_transaction()
    def test_default_user_without_the_right(self):
        "Who may have no session any more is the default of nothing"
        self.prepare()
        User = Pool().get('res.user')
        configuration = self.configuration
        configuration.default_authorising_user = self.ewa
        configuration.save()
        User.write([self.ewa], {
                'groups': [('remove', [g.id for g in self.ewa.groups])]})
        self.change(True)
        self.assertIsNone(self.default_of(self.beta))

    @with_transaction()
    def test_default_users_of_head_offices(self):
        "Of several the one stays whose session does"
        self.prepare()
        self.per_company()
        for company, user in [(self.alfa, self.jan), (self.beta, self.ewa)]:
            self.configuration.set_multivalue(
                'default_authorising_user', user, company=company.id)
        make_session(self.ewa, self.beta, ['10000002'])
        self.change(False)
        self.assertEqual(self.default_of(self.alfa), self.ewa)

    @with_transaction()
    def test_not_past_the_dialog(self):
        "The setting itself is written only if nothing comes of it"
        self.prepare()
        model(self.admin, 'mbank.configuration', 'write', [1],
            {'credentials_per_company': True, 'default_life': 60})
        model(self.admin, 'mbank.configuration', 'write', [1],
            {'credentials_per_company': False})
        make_session(self.jan, self.alfa)
        with self.assertRaises(ConfigurationContextError):
            model(self.admin, 'mbank.configuration', 'write', [1],
                {'credentials_per_company': True})
        # Nor is anything else kept from being written.
        model(self.admin, 'mbank.configuration', 'write', [1],
            {'credentials_per_company': False, 'default_life': 61})
        for user in [self.jan, self.ewa]:
            with self.assertRaises(AccessError):
                wizard(user, 'mbank.context.change', 'create',
                    action_id=10 ** 6)

    @with_transaction()
    def test_parameters(self):
        "A parameter that cannot be is refused by its name and its value"
        self.prepare()
        self.per_company(False)
        right = {
            'longest_life': 365, 'default_life': 90, 'signer_url': None,
            'sign_on_workstation': True, 'sign_by_hand': True,
            'sign_on_server': True, 'default_authorising_user': None,
            'renewal_days': 30, 'audit_keep_days': 2192,
            'session_warnings': '30, 7, 1'}
        for values, words in [
                ({'longest_life': 0}, 'Longest Life.* at least 1 .* not 0'),
                ({'default_life': -1}, 'Default Life.* not -1'),
                ({'renewal_days': 0}, 'Renewal.* not 0'),
                ({'longest_life': 10 ** 7}, 'at most 36525'),
                ({'audit_keep_days': 30}, 'Keep the Audit.* not 30'),
                ({'session_warnings': '7; 1'}, 'Warnings.* not "7; 1"'),
                ({'default_life': 400}, "longer than the longest"),
                ({'sign_on_workstation': False, 'sign_by_hand': False,
                        'sign_on_server': False}, "at least one way"),
                ({'signer_url': 'ftp://x'}, "https://"),
                ({'default_authorising_user': self.admin.id}, "the right"),
                ]:
            with self.subTest(values=values), \
                    self.assertRaisesRegex(ValidationError, words):
                # A refused write is not rolled back here: all are written
                model(self.admin, 'mbank.configuration', 'write', [1],
                    {**right, **values})
        model(self.admin, 'mbank.configuration', 'write', [1], right)
        self.per_company()
        with self.assertRaisesRegex(
                ConfigurationValidationError, "head office"):
            self.configuration.set_multivalue(
                'default_authorising_user', self.ewa, company=self.alfa.id)


class ContextDialogTestCase(ContextsCase):
    "The dialog commits what it does: its database is thrown away"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('mbank')
        cls.addClassCleanup(drop_db)

    def press(self, id_, state, **values):
        return wizard(
            self.admin, 'mbank.context.change', 'execute', id_,
            {'start': values} if values else {}, state)

    @with_transaction()
    def test_dialog(self):
        "It shows each session and its fate, again if they change, then does it"
        self.prepare()
        Session = Pool().get('mbank.session')
        session = make_session(
            self.jan, self.alfa, ['10000001', '10000002'])
        id_, _, _ = wizard(self.admin, 'mbank.context.change', 'create')
        shown = self.press(id_, 'start')['view']['defaults']
        row, = shown['sessions']
        self.assertEqual(row['user'], self.jan.id)
        self.assertIn(self.alfa.rec_name, row['fate'])
        self.assertEqual(row['without'], self.beta.rec_name)
        self.assertIsNone(shown['anew'])

        again = self.press(id_, 'change', per_company=True, agreed='other')
        self.assertTrue(again['view']['defaults']['anew'])
        self.assertFalse(self.configuration.credentials_per_company)

        agreed = {k: shown[k] for k in ['per_company', 'agreed']}
        for _ in range(2):
            # The server runs a request again after a conflict.
            self.assertNotIn('view', self.press(id_, 'change', **agreed))
        self.assertEqual(independent.run(
                lambda: Session(session.id).company.id), self.alfa.id)
