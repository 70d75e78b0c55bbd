# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Sessions made at the sandbox bank, which runs in a process of its own.

What is done here is committed, as it is in life: each test has a user of its
own, and the database is thrown away at the end.
"""
import datetime as dt
from contextlib import contextmanager

import trytond.config as config
from companynet_sandbox.customers import demo_data
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.modules.mbank.sessions.authorisation import Authorisation
from trytond.modules.mbank.exceptions import (
    BankUnreachableError, CertificateRefusedError, CertificateUnusableError,
    DIKRefusedError, LoginRefusedError, NoSessionError, SessionCreateError,
    SessionInvalidError, WrongPinError)
from trytond.pool import Pool
from trytond.tests.test_tryton import with_transaction
from trytond.transaction import Transaction

from ...tests.tools import PIN, identity, later, model, now
from .dialog import SessionCase

NOWHERE = 'http://127.0.0.1:9/nowhere'


class SessionTestCase(SessionCase):
    "The dialog, the bank, and what stays when something goes wrong"

    @with_transaction()
    def test_whole_way(self):
        "The dialog offers the head office, makes the session and forgets"
        user = self.user()
        certificate = self.register(user)
        self.assertIsNone(certificate.content)
        id_, values = self.open(user)
        self.assertEqual(values['certificate'], certificate.id)
        offered, = values['diks']
        self.assertEqual(offered['dik'], demo_data.DIK_ALFA)
        self.assertTrue(offered['covered'])
        made = self.press(user, id_, values, diks=[
                *values['diks'],
                {'covered': True, 'dik': demo_data.DIK_BETA},
                {'covered': False, 'dik': demo_data.DIK_ALFA_SERVICE}])
        session, = self.sessions(user)
        self.assertEqual(made['session_id'], session.id)
        self.assertEqual(session.state, 'active')
        self.assertIsNone(session.difference)
        self.assertEqual(
            sorted(d.dik for d in session.diks if d.granted),
            [demo_data.DIK_ALFA, demo_data.DIK_BETA])
        self.assertEqual(session.end.date(), values['expires'])
        calls = Pool().get('mbank.call').search([
                ('session', '=', session.id)], order=[('id', 'ASC')])
        self.assertEqual([(c.operation, c.dik) for c in calls], [
                ('initLoginWithSignature', demo_data.DIK_ALFA),
                ('loginWithSignature', demo_data.DIK_ALFA),
                ('initCreateBackgroundSessionWithSignature',
                    demo_data.DIK_ALFA),
                ('createBackgroundSessionWithSignature', demo_data.DIK_ALFA),
                ('logout', None),
                ('getStatus', demo_data.DIK_ALFA),
                ])
        self.assertEqual(
            {(c.outcome, c.requester, c.authoriser) for c in calls},
            {('accepted', user, user)})
        self.assertNoTrace(
            PIN, vault.open_stored(session, 'token').decode())
        _, values = self.open(user)
        self.assertEqual(values['bank_user'], demo_data.USER_ALFA)
        self.assertIn('signatory', values['current'])

    @with_transaction()
    def test_wrong_pin(self):
        "A wrong PIN says so; nothing is sent and nothing stays"
        user = self.user()
        self.register(user)
        calls = len(self.bank.get('/calls'))
        id_, values = self.open(user)
        with self.assertRaises(WrongPinError):
            self.press(user, id_, values, pin='9137-wrong')
        self.assertEqual(self.sessions(user), [])
        self.assertEqual(len(self.bank.get('/calls')), calls)
        self.assertNoTrace(PIN, '9137-wrong')
        self.press(user, id_, values)
        self.assertEqual([s.state for s in self.sessions(user)], ['active'])

    @with_transaction()
    def test_refusals(self):
        "Each refusal of the bank is a sentence, and nothing half-made stays"
        user = self.user()
        self.register(user)
        unknown = self.register(user, identity('Nieznana Osoba'))
        id_, values = self.open(user)
        values['certificate'] = [
            c.id for c in Pool().get('mbank.certificate').search([
                    ('user', '=', user.id), ('id', '!=', unknown.id)])][0]
        foreign = [{'covered': True, 'dik': '99999999'}]
        for Error, text, changed in [
                (CertificateRefusedError, "not registered",
                    {'certificate': unknown.id}),
                (DIKRefusedError, "99999999", {'diks': foreign}),
                (LoginRefusedError, "user id", {'bank_user': 'NOBODY'}),
                (SessionCreateError, "99x",
                    {'diks': [{'covered': True, 'dik': '99x'}]}),
                (SessionCreateError, "at least one", {'diks': []}),
                (SessionCreateError, "certificate is valid until",
                    {'expires': now().date() + dt.timedelta(days=300)}),
                (SessionCreateError, "has not passed",
                    {'expires': now().date() - dt.timedelta(days=2)}),
                ]:
            with self.subTest(text=text), \
                    self.assertRaises(Error) as error:
                self.press(user, id_, values, **changed)
            self.assertIn(text, error.exception.message)
            self.assertEqual(self.sessions(user), [])

    @with_transaction()
    def test_longest_life(self):
        "No session outlives the longest life that is set"
        Configuration = Pool().get('mbank.configuration')
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        configuration = Configuration(1)
        configuration.longest_life = 10
        configuration.default_life = 5
        configuration.save()
        with self.assertRaisesRegex(SessionCreateError, "longest life"):
            self.press(user, id_, values,
                expires=now().date() + dt.timedelta(days=20))

    @with_transaction()
    def test_expired_certificate(self):
        "A certificate past its time is neither registered nor used"
        user = self.user()
        with self.assertRaises(CertificateUnusableError):
            self.register(user, identity('Dawno Temu', days=-1))
        certificate = self.register(user)
        id_, values = self.open(user)
        Pool().get('mbank.certificate').write([certificate], {
                'valid_to': dt.datetime(2020, 1, 1)})
        Transaction().commit()
        with self.assertRaisesRegex(CertificateUnusableError, "expired on"):
            self.press(user, id_, values)
        self.assertEqual(self.sessions(user), [])

    @with_transaction()
    def test_certificate_of_another(self):
        "Nobody signs with the certificate of another user"
        certificate = self.register(self.user())
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        with self.assertRaisesRegex(SessionCreateError, "own certificates"):
            self.press(user, id_, values, certificate=certificate.id)

    @with_transaction()
    def test_unreachable(self):
        "Without the bank nothing stays"
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        with configured_endpoint(NOWHERE), \
                self.assertRaises(BankUnreachableError):
            self.press(user, id_, values)
        self.assertEqual(self.sessions(user), [])

    @with_transaction()
    def test_run_again(self):
        "A request that the server runs again does not ask the bank again"
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        first = self.press(user, id_, values)
        calls = len(self.bank.get('/calls'))
        again = self.press(user, id_, values)
        self.assertEqual(again['session_id'], first['session_id'])
        self.assertEqual(len(self.bank.get('/calls')), calls)

    @with_transaction()
    def test_lost_answer(self):
        """When the bank may have acted the row stays, refused, and says so

        Whatever it answered: a fault nobody listed is no refusal, nor is a
        balancer's page.
        """
        for kind in ['lost_answer', 'done_unknown_fault', 'done_http503']:
            with self.subTest(kind=kind):
                user = self.user()
                self.register(user)
                id_, values = self.open(user)
                before = len(self.at_bank())
                self.bank.post('/faults', {
                        'operation': 'createBackgroundSessionWithSignature',
                        'kind': kind, 'count': 1})
                with self.assertRaisesRegex(
                        SessionCreateError, "may have made"):
                    self.press(user, id_, values)
                session, = self.sessions(user)
                self.assertEqual(session.state, 'refused')
                self.assertIn("ends by itself", session.reason)
                self.assertEqual(len(self.at_bank()), before + 1)

    @with_transaction()
    def test_superseded(self):
        "A new session takes the place of the old, which ends at the bank"
        user = self.user()
        old = self.make(user)
        before = len(self.at_bank())
        id_, values = self.open(user)
        self.press(user, id_, values)
        new, other = self.sessions(user)
        self.assertEqual(other, old)
        self.assertEqual(
            [new.state, other.state, other.superseded_by.id,
                other.finish_pending],
            ['active', 'superseded', new.id, False])
        self.assertIsNone(vault.stored(other, 'token'))
        self.assertEqual(len(self.at_bank()), before)

    @with_transaction()
    def test_revoke(self):
        "Revoked is locked at once; the bank is asked until it has ended it"
        user = self.user()
        session = self.make(user)
        before = len(self.at_bank())
        with configured_endpoint(NOWHERE):
            model(user, 'mbank.session', 'revoke', [session.id])
            Transaction().commit()
        session, = self.sessions(user)
        self.assertEqual(session.state, 'revoked')
        self.assertTrue(session.finish_pending)
        self.assertIn("cannot be reached", session.finish_message)
        Company = Pool().get('company.company')
        with self.assertRaises(NoSessionError):
            Authorisation.for_use(
                Company(self.company), gateway.FETCH, user=user)
        self.assertEqual(len(self.at_bank()), before)
        with later(minutes=6):
            Pool().get('mbank.session').check_all()
        session, = self.sessions(user)
        self.assertFalse(session.finish_pending)
        self.assertIsNone(vault.stored(session, 'token'))
        self.assertEqual(len(self.at_bank()), before - 1)

    @with_transaction()
    def test_session_invalid(self):
        "What the bank does not know is marked, the owner is told, once"
        Company = Pool().get('company.company')
        user = self.user()
        session = self.make(user)
        company = Company(self.company)
        day = now().date()
        package = gateway.fetch_statements(session, company, day, day)
        self.assertIsInstance(package.reports, tuple)
        self.bank.post('/sessions/end', {'all': True})
        with self.assertRaises(SessionInvalidError) as error:
            gateway.fetch_statements(session, company, day, day)
        self.assertEqual(error.exception.outcome, 'refused')
        session, = self.sessions(user)
        self.assertEqual(session.state, 'revoked')
        Notification = Pool().get('res.notification')
        self.assertEqual(
            Notification.search([('user', '=', user.id)], count=True), 1)
        calls = Pool().get('mbank.call').search([
                ('session', '=', session.id),
                ('operation', '=', 'getMT940Ex')])
        self.assertEqual(
            [c.outcome for c in calls], ['refused', 'accepted'])

    @with_transaction()
    def test_left_by_a_dead_process(self):
        """An intent nobody finished is refused after a while, with the reason,
        and its user is told until when the bank may have a session"""
        Session = Pool().get('mbank.session')
        Notification = Pool().get('res.notification')
        user = self.user()
        session_id = Session.begin([('1', None)], user=user.id,
            context_key='database', asked_end=dt.datetime(2030, 5, 6, 12))
        Session.write([Session(session_id)], {
                'requested': dt.datetime(2020, 1, 1)})
        Transaction().commit()
        Session.check_all()
        session, = self.sessions(user)
        self.assertEqual(session.state, 'refused')
        self.assertIn("interrupted", session.reason)
        self.assertIn("05/06/2030", session.reason)
        told, = Notification.search([('user', '=', user.id)])
        self.assertIn("interrupted", told.label)
        self.assertIn("05/06/2030", told.description)


@contextmanager
def configured_endpoint(url):
    "The bank at another address"
    profile = config.get('mbank', 'profile')
    config.set('mbank', 'profile', '')
    config.set('mbank', 'endpoint', url)
    try:
        yield
    finally:
        config.set('mbank', 'profile', profile)
        config.set('mbank', 'endpoint', '')
