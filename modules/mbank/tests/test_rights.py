# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who may do what, asked as a client asks."""

from trytond.model.exceptions import AccessError
from trytond.model.modelsql import SQLConstraintError
from trytond.modules.mbank import gateway
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank.sessions.authorisation import Authorisation
from trytond.modules.mbank.exceptions import (
    DatabaseNotAdoptedError, DIKValidationError, MissingDIKError,
    NoSessionError, SealedValueError, SessionNotCoveringError,
    SessionNotLiveError, TransitionError)
from trytond.pool import Pool
from trytond.tests.test_tryton import with_transaction
from trytond.transaction import Transaction

from .sessions import TOKEN, make_session, naive
from .tools import (
    ConfiguredCase, adopt, create_firm, create_user, model, wizard)


class RightsTestCase(ConfiguredCase):
    "Who may do what, asked as a client asks"

    def prepare(self):
        # A test that asks for a lock is run again by with_transaction
        adopt()
        self.company = create_firm()
        self.jan = create_user('jan', self.company, 'group_session_create')
        self.ewa = create_user('ewa', self.company)
        self.piotr = create_user(
            'piotr', self.company, 'group_session_create')
        self.boss = create_user(
            'boss', self.company, 'group_session_manage')

    @with_transaction()
    def test_wizard_needs_the_right(self):
        "Without the right the dialog does not open, nor with a forged action"
        self.prepare()
        Action = Pool().get('ir.action')
        other = Action.search([], limit=1)[0].id
        wizard(self.jan, 'mbank.session.create', 'create')
        for context in [{}, {'action_id': other}, {'action_id': 10 ** 6}]:
            with self.subTest(context=context), \
                    self.assertRaises(AccessError):
                wizard(self.ewa, 'mbank.session.create', 'create', **context)

    @with_transaction()
    def test_transitions_need_the_right(self):
        "Every transition checks it again: a session of the wizard is no right"
        self.prepare()
        id_, _, _ = wizard(self.jan, 'mbank.session.create', 'create')
        for name, state in [
                ('mbank.session.create', 'start'),
                ('mbank.session.create', 'create_'),
                ('mbank.session.create', 'result'),
                ('mbank.session.create', 'open_'),
                ('mbank.certificate.register', 'register')]:
            with self.subTest(wizard=name, state=state), \
                    self.assertRaises(AccessError):
                wizard(self.ewa, name, 'execute', id_, {}, state,
                    action_id=10 ** 6)

    @with_transaction()
    def test_no_direct_calls(self):
        "Nobody writes a session, its DIKs, a certificate or the audit by RPC"
        self.prepare()
        session = make_session(self.jan, self.company)
        values = {
            'mbank.session': {
                'user': self.jan.id, 'context_key': 'x'},
            'mbank.session.dik': {'session': session.id, 'dik': '1'},
            'mbank.certificate': {
                'user': self.jan.id, 'name': 'x', 'fingerprint': 'x'},
            'mbank.call': {'operation': 'x'},
            }
        for user in [self.jan, self.ewa, self.boss]:
            for name, record in values.items():
                with self.subTest(user=user.login, model=name), \
                        self.assertRaises(AccessError):
                    model(user, name, 'create', [record])
            for record in [session, session.diks[0]]:
                name = record.__name__
                with self.subTest(user=user.login, write=name), \
                        self.assertRaises(AccessError):
                    model(user, name, 'write', [record.id], {'dik': '2'}
                        if name.endswith('dik') else {'bank_user': 'x'})
                with self.subTest(user=user.login, delete=name), \
                        self.assertRaises(AccessError):
                    model(user, name, 'delete', [record.id])

    @with_transaction()
    def test_own_sessions(self):
        "A user sees the own sessions, a manager all, others none"
        self.prepare()
        session = make_session(self.jan, self.company)

        def find(user):
            return model(
                user, 'mbank.session', 'search', [], 0, None, None)
        self.assertEqual(list(find(self.jan)), [session.id])
        self.assertEqual(list(find(self.piotr)), [])
        self.assertEqual(list(find(self.boss)), [session.id])
        with self.assertRaises(AccessError):
            find(self.ewa)
        with self.assertRaises(AccessError):
            model(self.piotr, 'mbank.session', 'revoke', [session.id])
        with self.assertRaises(AccessError):
            model(self.ewa, 'mbank.session', 'revoke', [session.id])
        self.assertEqual(Pool().get('mbank.session')(session.id).state,
            'active')

    @with_transaction()
    def test_token_never_leaves(self):
        "The token is sealed in its column and blank in read, search, export"
        self.prepare()
        Session = Pool().get('mbank.session')
        session = make_session(self.jan, self.company)
        stored = vault.stored(session, 'token')
        self.assertNotIn(TOKEN, stored)
        self.assertEqual(vault.open(session, 'token', stored), TOKEN)
        for user in [self.jan, self.boss]:
            row, = model(user, 'mbank.session', 'read', [session.id],
                ['token', 'state'])
            self.assertIsNone(row['token'])
            row, = model(user, 'mbank.session', 'search_read', [], 0, None,
                None, ['token'])
            self.assertIsNone(row['token'])
            rows = model(user, 'mbank.session', 'export_data', [session.id],
                ['token'])
            self.assertFalse(rows[0][0])
            row, = model(user, 'mbank.session.dik', 'read',
                [session.diks[0].id], ['session.token'])
            self.assertIsNone(row['session.'].get('token'))
        self.assertIsNone(Session(session.id).token)

    @with_transaction()
    def test_swapped_row(self):
        "A token moved to another record does not open"
        self.prepare()
        one = make_session(self.jan, self.company)
        other = make_session(self.piotr, self.company)
        with self.assertRaises(SealedValueError):
            vault.open(other, 'token', vault.stored(one, 'token'))

    @with_transaction()
    def test_one_session_in_a_context(self):
        "A second active session in the context is refused by the database"
        self.prepare()
        Session = Pool().get('mbank.session')
        one = make_session(self.jan, self.company)
        second = make_session(self.jan, self.company)
        self.assertEqual(
            [Session(one.id).state, second.state], ['superseded', 'active'])
        self.assertEqual(Session(one.id).superseded_by, second)
        Session.begin([('1', None)], user=self.jan.id,
            context_key='database', asked_end=naive(days=1))
        with self.assertRaises(SQLConstraintError):
            Session.begin([('1', None)], user=self.jan.id,
                context_key='database', asked_end=naive(days=1))

    @with_transaction()
    def test_states_only_by_the_table(self):
        "A write that leaves the table is refused"
        self.prepare()
        Session = Pool().get('mbank.session')
        session = make_session(self.jan, self.company)
        with self.assertRaises(TransitionError):
            Session.write([session], {'state': 'draft'})
        with self.assertRaises(TransitionError):
            Session.create([{
                        'user': self.ewa.id, 'context_key': 'x',
                        'state': 'active'}])

    @with_transaction()
    def test_for_use(self):
        "The own session, else that of the default user, else a refusal"
        self.prepare()
        Configuration = Pool().get('mbank.configuration')
        configuration = Configuration(1)

        def choose(user, use=gateway.FETCH):
            return Authorisation.for_use(
                self.company, use, user=user)
        with self.assertRaisesRegex(NoSessionError, "default authorising"):
            choose(self.ewa)
        configuration.default_authorising_user = self.jan
        configuration.save()
        with self.assertRaisesRegex(NoSessionError, "jan"):
            choose(self.ewa)
        session = make_session(self.jan, self.company)
        self.assertEqual(choose(self.ewa), session)
        own = make_session(self.piotr, self.company, diks=['20000001'])
        with self.assertRaisesRegex(SessionNotCoveringError, "10000001"):
            choose(self.piotr)
        self.assertEqual(own.state, 'active')
        with self.assertRaisesRegex(SessionNotCoveringError, r"\(payments\).*It covers: statements"):
            choose(self.ewa, gateway.ASK)
        self.company.mbank_dik = None
        self.company.save()
        with self.assertRaises(MissingDIKError) as error:
            choose(self.ewa)
        self.assertIn('[mBank] mBankDIK', error.exception.message)
        self.assertIn(self.company.rec_name, error.exception.message)

    @with_transaction()
    def test_context_of_the_head_office(self):
        "With credentials per company a session serves its head office only"
        self.prepare()
        Configuration = Pool().get('mbank.configuration')
        configuration = Configuration(1)
        configuration.credentials_per_company = True
        configuration.save()
        other = create_firm('10000002', "Alfa Serwis")
        session = make_session(
            self.jan, self.company, diks=['10000001', '10000002'])
        self.assertEqual(session.company, self.company)
        self.assertEqual(Authorisation.for_use(
                self.company, gateway.FETCH, user=self.jan), session)
        with self.assertRaises(NoSessionError):
            Authorisation.for_use(other, gateway.FETCH, user=self.jan)

    @with_transaction()
    def test_past_session(self):
        "A session past its end authorises nothing, before the check runs too"
        self.prepare()
        Session = Pool().get('mbank.session')
        session = make_session(self.jan, self.company, seconds=-1)
        with self.assertRaises(SessionNotLiveError):
            Authorisation.for_use(
                self.company, gateway.FETCH, user=self.jan)
        Session._check_one(session.id)
        session = Session(session.id)
        self.assertEqual(session.state, 'expired')
        self.assertIsNone(vault.stored(session, 'token'))

    @with_transaction()
    def test_expiring(self):
        "A session near its end is marked, and still authorises"
        self.prepare()
        Session = Pool().get('mbank.session')
        session = make_session(self.jan, self.company, days=3)
        # Made long ago: who makes one for three days is not told of the end.
        Session.write([session], {'warned': None})
        Session._check_one(session.id)
        self.assertEqual(Session(session.id).state, 'expiring')
        self.assertEqual(Authorisation.for_use(
                self.company, gateway.FETCH, user=self.jan), session)
        self.assertTrue(Transaction().user_notifications)

    @with_transaction()
    def test_copied_database(self):
        "A database the ring does not serve here names mbank-admin adopt"
        self.prepare()
        make_session(self.jan, self.company)
        Database = Pool().get('mbank.database')
        place = Database.get_location
        Database.get_location = classmethod(lambda cls: 'elsewhere')
        self.addCleanup(setattr, Database, 'get_location', place)
        with self.assertRaises(DatabaseNotAdoptedError) as error:
            Authorisation.for_use(
                self.company, gateway.FETCH, user=self.jan)
        self.assertIn('mbank-admin adopt', error.exception.message)

    @with_transaction()
    def test_dik_digits(self):
        "A DIK with anything but digits is refused with its value"
        self.prepare()
        for wrong in ['1000x', '1 2', '１２']:
            self.company.mbank_dik = wrong
            with self.subTest(dik=wrong), self.assertRaises(
                    DIKValidationError):
                self.company.save()

    @with_transaction()
    def test_button_on_the_main_bar(self):
        "The preferences hold the button for those with the right only"
        self.prepare()
        User = Pool().get('res.user')
        for user, shown in [(self.jan, True), (self.ewa, False)]:
            with Transaction().set_user(user.id):
                preferences = User.get_preferences(context_only=False)
                self.assertEqual('mbank_session' in preferences, shown)
                self.assertNotIn('mbank_session',
                    User.get_preferences(context_only=True))
