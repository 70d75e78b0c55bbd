# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What a person is told of who authorises, and owners who may not any more"
import json

from trytond.modules.automatic_settlement.tests.tools import executed
from trytond.modules.mbank import gateway
from trytond.modules.mbank.sessions.authorisation import Authorisation
from trytond.modules.mbank.exceptions import (
    SessionNotCoveringError, SessionNotLiveError)
from trytond.pool import Pool
from trytond.tests.test_tryton import with_transaction
from trytond.transaction import Transaction

from ...tests.sessions import make_session
from ...tests.tools import (
    ConfiguredCase, adopt, create_firm, create_user, model)

FETCH = gateway.FETCH


class AuthorisationTestCase(ConfiguredCase):

    def prepare(self):
        adopt()
        self.company = create_firm()
        self.jan = create_user('jan', self.company, 'group_session_create')
        self.ewa = create_user(
            'ewa', self.company, 'group_statement_download')
        configuration = Pool().get('mbank.configuration')(1)
        configuration.default_authorising_user = self.jan
        configuration.save()

    def explain(self, user):
        return Authorisation.explain(self.company, FETCH, user=user)

    @with_transaction()
    def test_explained(self):
        "Whose session and until when, or the sentence of the refusal"
        self.prepare()
        self.assertIn("no active long-lived session", self.explain(self.ewa))
        session = make_session(self.jan, self.company)
        year = str(session.end.year)
        for user, words in [
                (self.jan, "your own session"),
                (self.ewa, "the session of the user jan")]:
            text = self.explain(user)
            self.assertIn(words, text)
            self.assertIn(year, text)
        self.company.mbank_dik = None
        self.company.save()
        self.assertIn('[mBank] mBankDIK', self.explain(self.ewa))

    @with_transaction()
    def test_owner_may_not_any_more(self):
        """A session of one who left, or lost the right, authorises nothing,
        even where it was not locked when that happened"""
        self.prepare()
        make_session(self.jan, self.company)
        User = Pool().get('res.user')
        UserGroup = Pool().get('res.user-res.group')
        user, member = User.__table__(), UserGroup.__table__()
        for change, back in [
                (user.update(
                        [user.active], [False], where=user.id == self.jan.id),
                    user.update(
                        [user.active], [True], where=user.id == self.jan.id)),
                (member.delete(where=member.user == self.jan.id), None)]:
            self.past_the_erp(change)
            with self.assertRaisesRegex(SessionNotLiveError, 'jan'):
                Authorisation.for_use(
                    self.company, FETCH, user=self.ewa)
            self.assertIn("authorises nothing", self.explain(self.ewa))
            if back:
                self.past_the_erp(back)
                self.assertTrue(Authorisation.for_use(
                        self.company, FETCH, user=self.ewa))

    def past_the_erp(self, query):
        "Change what the ERP would have acted upon"
        Transaction().connection.cursor().execute(*query)
        Transaction().cache.clear()
        Pool().get('res.user')._get_groups_cache.clear()

    @with_transaction()
    def test_a_session_for_statements_alone_is_none_for_payments(self):
        """Who has one is authorised for payments like who has none; if nobody
        covers them the sentence is on one's own session"""
        self.prepare()
        jan = make_session(
            self.jan, self.company, kinds=(gateway.PAYMENTS,))
        piotr = create_user('piotr', self.company, 'group_session_create')
        own = make_session(piotr, self.company)

        def choose(use):
            return Authorisation.for_use(self.company, use, user=piotr)
        for use in [gateway.SEND, gateway.ASK]:
            self.assertEqual(choose(use), jan)
        for use in [gateway.FETCH, gateway.CONFIRM]:
            self.assertEqual(choose(use), own)
        self.assertIn("the session of the user jan", Authorisation.explain(
                self.company, gateway.SEND, user=piotr))
        make_session(self.jan, self.company)
        with self.assertRaisesRegex(
                SessionNotCoveringError, "piotr.*It covers: statements"):
            choose(gateway.SEND)
        # In part is not none: its owner is told what it lacks.
        own = make_session(piotr, self.company, kinds=gateway.KINDS)
        make_session(self.jan, self.company, kinds=gateway.KINDS)
        Dik = Pool().get('mbank.session.dik')
        Dik.write(list(own.diks), {
                'operations': json.dumps(sorted(gateway.ASK.operations))})
        self.assertEqual(choose(gateway.ASK), own)
        with self.assertRaisesRegex(
                SessionNotCoveringError, "without: sending orders"):
            choose(gateway.SEND)

    @with_transaction()
    def test_shown_before_a_download(self):
        "To who may download there; others are told nothing"
        self.prepare()
        make_session(self.jan, self.company)
        other = create_firm('20000002', "Beta")
        stranger = create_user('stranger', self.company)

        def shown(user, company):
            return model(
                user, 'mbank.statement.download.start',
                'on_change_with', {'company': company.id},
                ['authorisation'])['authorisation']
        self.assertIn('jan', shown(self.ewa, self.company))
        self.assertIsNone(shown(self.ewa, other))
        self.assertIsNone(shown(stranger, self.company))

    @with_transaction()
    def test_constant_number_of_queries(self):
        "However many users, sessions and DIKs there are"
        self.prepare()
        make_session(self.jan, self.company)
        counts = []
        for size in [1, 20]:
            for n in range(size):
                user = create_user(
                    'more%s-%s' % (size, n), self.company,
                    'group_session_create')
                make_session(user, self.company)
            Authorisation.for_use(self.company, FETCH, user=self.ewa)
            Transaction().cache.clear()
            with executed() as queries:
                Authorisation.for_use(
                    self.company, FETCH, user=self.ewa)
            counts.append(len(queries))
        self.assertGreater(counts[0], 0)
        self.assertEqual(counts[1], counts[0])
