# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""A session is asked for what is wanted, and says what was granted of it."""
import json
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import (
    ConfigurationValidationError, SessionCreateError, SessionNotCoveringError)
from trytond.modules.mbank.sessions.authorisation import Authorisation
from trytond.pool import Pool
from trytond.tests.test_tryton import with_transaction
from trytond.transaction import Transaction

from ...tests.tools import model
from .dialog import SessionCase, plain

ROW = ['asked_text', 'operations_text', 'is_less', 'comparison']


class KindsTestCase(SessionCase):
    "Statements, payments, or both"

    def shown(self, user, session):
        "What the form of the session shows of its DIK"
        row, = model(user, 'mbank.session.dik', 'search_read',
            [('session', '=', session.id)], 0, None, None, list(ROW))
        return [row[name] for name in ROW]

    @with_transaction()
    def test_both_are_proposed_where_nothing_is_said(self):
        user = self.user()
        _, values = self.open(user)
        self.assertTrue(values['for_statements'] and values['for_payments'])

    @with_transaction()
    def test_the_settings_say_what_is_proposed(self):
        "And at least one thing must be"
        Configuration = Pool().get('mbank.configuration')
        user = self.user()
        configuration = Configuration(1)
        configuration.for_payments = False
        configuration.save()
        _, values = self.open(user)
        self.assertEqual(
            (values['for_statements'], values['for_payments']), (True, False))
        with self.assertRaises(ConfigurationValidationError):
            Configuration.write([configuration], {'for_statements': False})
        Transaction().rollback()
        Configuration.write([Configuration(1)], {
                'for_statements': True, 'for_payments': True})
        Transaction().commit()

    @with_transaction()
    def test_nothing_ticked_is_refused(self):
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        with self.assertRaisesRegex(SessionCreateError, "Tick what"):
            self.go(user, id_, 'review_', start=plain({
                        **values, 'way': 'server',
                        'bank_user': demo_data.USER_ALFA,
                        'for_statements': False, 'for_payments': False}))

    @with_transaction()
    def test_who_goes_back_finds_the_ticks(self):
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        start = plain({
                **values, 'way': 'server',
                'bank_user': demo_data.USER_ALFA, 'for_statements': False})
        shown = self.go(user, id_, 'review_', start=start)
        self.assertEqual(
            [row['asked_for'] for row in shown['diks']], ['payments'])
        again = self.go(user, id_, 'start', start=start)
        self.assertEqual(
            (again['for_statements'], again['for_payments']), (False, True))

    @with_transaction()
    def test_only_what_was_ticked_is_asked_for(self):
        "It is proven by what it covers, and serves for that alone"
        company = Pool().get('company.company')(self.company)
        for kind, other, use, unused in [
                ('statements', 'payments', gateway.FETCH, gateway.ASK),
                ('payments', 'statements', gateway.SEND, gateway.FETCH)]:
            with self.subTest(kind=kind):
                user = self.user()
                session = self.make(user, **{'for_' + other: False})
                self.assertEqual(session.kinds, (kind,))
                self.assertEqual(
                    self.at_bank()[-1]['permissions'], {
                        demo_data.DIK_ALFA: gateway.operations_of([kind])})
                self.assertEqual(session.state, 'active')
                self.assertIsNone(session.difference)
                self.assertEqual(self.shown(user, session),
                    [kind, kind, False, 'as asked'])
                self.assertEqual(
                    Authorisation.for_use(company, use, user=user), session)
                calls = len(self.bank.get('/calls'))
                with self.assertRaisesRegex(
                        SessionNotCoveringError,
                        r"\(%s\)\. It covers: %s\." % (other, kind)):
                    Authorisation.for_use(company, unused, user=user)
                self.assertEqual(len(self.bank.get('/calls')), calls)

    @with_transaction()
    def test_less_than_was_asked_for_is_marked(self):
        user = self.user()
        create = gateway.create_session

        def with_less(*args, keep, **kwargs):
            create(*args, **kwargs, keep=lambda token, end, granted: keep(
                    token, end, {
                        dik: gateway.operations_of([gateway.STATEMENTS])
                        for dik in granted}))
        with patch.object(gateway, 'create_session', with_less):
            session = self.make(user)
        self.assertEqual(self.shown(user, session),
            ['statements, payments', 'statements', True, 'less than asked'])
        self.assertRegex(session.difference, "not granted are payments")

    @with_transaction()
    def test_what_nobody_asked_for_is_no_lack(self):
        user = self.user()
        session = self.make(user, for_payments=False)
        Dik = Pool().get('mbank.session.dik')
        Dik.write(list(session.diks), {
                'operations': json.dumps(
                    gateway.operations_of(gateway.KINDS))})
        self.assertEqual(self.shown(user, session), [
                'statements', 'statements, payments', False,
                'other than asked'])

    @with_transaction()
    def test_an_old_session_was_asked_for_everything(self):
        "Rows from before there were kinds are read as they are"
        user = self.user()
        session = self.make(user)
        table = session.__table__()
        Transaction().connection.cursor().execute(
            *table.update([table.kinds], [None], where=table.id == session.id))
        Transaction().commit()
        Transaction().cache.clear()
        session, = self.sessions(user)
        self.assertEqual(session.kinds, ())
        self.assertEqual(session.asked_kinds, gateway.KINDS)
        self.assertEqual(self.shown(user, session), [
                'statements, payments', 'statements, payments', False,
                'as asked'])
