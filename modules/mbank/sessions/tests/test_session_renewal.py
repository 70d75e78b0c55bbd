# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Renewal beside the running session, and the processes that die in it."""
import datetime as dt
from contextlib import contextmanager, nullcontext
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.model.exceptions import AccessError
from trytond.model.modelview import AccessButtonError
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway, independent
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.exceptions import (
    MBankError, SessionProofError, SessionRenewError, SigningError)
from trytond.pool import Pool

from ...tests.life import LifeCase
from ...tests.signing import signature_over
from ...tests.tools import PIN, Killed, create_user, identity, model


class RenewalTestCase(LifeCase):
    "A new session takes the place of the old, or nothing changes"

    def setUp(self):
        super().setUp()
        self.before = self.at_bank()

    def running(self, **values):
        "A session in force"
        self.register()
        return self.made(days=90, **values)

    def assertUnchanged(self, old):
        "The old is in force, and nothing else is at the bank"
        self.assertEqual(
            self.session(old, 'state', 'superseded_by', 'finish_pending'),
            ['active', None, False])
        self.assertEqual(self.at_bank(), self.before + 1)
        live = [id_ for id_, state in self.sessions()
            if state in {'active', 'expiring'}]
        self.assertEqual(live, [old])

    def test_prefilled(self):
        "The dialog offers what the running session has"
        old = self.running(diks=[
                {'covered': True, 'dik': demo_data.DIK_ALFA},
                {'covered': True, 'dik': demo_data.DIK_BETA}])
        other = self.register(identity('Inny Podpis', days=300))
        _, values = self.offered(renewing=old)
        self.assertEqual(
            {row['dik'] for row in values['diks'] if row['covered']},
            {demo_data.DIK_ALFA, demo_data.DIK_BETA})
        self.assertEqual(values['bank_user'], demo_data.USER_ALFA)
        self.assertNotEqual(values['certificate'], other)
        self.assertAlmostEqual(
            (values['expires'] - self.now().date()).days, 90, delta=1)

    def test_renewed(self):
        "Proven by one call, switched, and the old ended at the bank"
        old = self.running()
        asked = self.bank_calls('getStatus')
        new = self.make(renewing=old)['session_id']
        self.assertEqual(self.bank_calls('getStatus'), asked + 1)
        self.assertEqual(
            self.session(new, 'state', 'renews', 'reason')[::2],
            ['active', None])
        self.assertEqual(self.session(new, 'renews').id, old)
        self.assertEqual(
            self.session(old, 'state', 'finish_pending'),
            ['superseded', False])
        self.assertEqual(self.session(old, 'superseded_by').id, new)
        self.assertEqual(self.at_bank(), self.before + 1)

    def test_its_kinds_are_kept(self):
        "By hand they are proposed, by itself they are asked for again"
        old = self.running(for_payments=False)
        _, values = self.offered(renewing=old)
        self.assertEqual(
            (values['for_statements'], values['for_payments']), (True, False))
        self.pass_(days=40)

        def wanted():
            Session = Pool().get('mbank.session')
            Session.write([Session(old)], {'renewal_tried': utcnow()})
            return Session._wanted_renewal(old)['kinds']
        self.assertEqual(self.work(wanted), ('statements',))
        new = self.make(renewing=old)['session_id']
        self.assertEqual(
            self.session(new, 'state', 'kinds'), ['active', ('statements',)])

    def test_a_kind_is_given_up_knowingly(self):
        "Who does not ask for payments again loses them, and nothing else"
        old = self.running()
        later = (self.now() + dt.timedelta(days=120)).date()
        new = self.make(
            renewing=old, for_payments=False, expires=later)['session_id']
        self.assertEqual(
            self.session(new, 'state', 'kinds'), ['active', ('statements',)])
        self.assertEqual(self.session(old, 'state'), 'superseded')

    def test_renewed_by_the_signer(self):
        "The signature made elsewhere takes the same way"
        old = self.running()
        id_, values = self.offered(renewing=old)
        answer = self.ask(id_, {**values, 'way': 'workstation'}, old)
        _, job = self.take(self.code_of(answer))
        _, second = self.send(job['ticket'], 1, signature_over(job['text']))
        status, done = self.send(
            job['ticket'], 2, signature_over(second['text']))
        self.assertEqual(status, 200, done)
        self.assertIn('done', done)
        (_, before), (new, state) = self.sessions()
        self.assertEqual((before, state), ('superseded', 'active'))
        self.assertEqual(self.session(new, 'renews').id, old)
        self.assertEqual(self.at_bank(), self.before + 1)

    def test_the_button(self):
        "Its owner renews it, at any time; nobody else, nothing that ended"
        old = self.running()

        def press(user, session_id=old):
            return self.work(
                model, user, 'mbank.session', 'renew', [session_id])
        self.assertTrue(press(self.user))

        def other():
            Company = Pool().get('company.company')
            return create_user(
                'other-of-%s' % self.user, Company(self.company),
                'group_session_create', 'group_session_manage').id
        with self.assertRaisesRegex(SessionRenewError, "Only signatory"):
            press(self.work(other))
        self.pass_(days=91)
        with self.assertRaisesRegex(SessionRenewError, "not in force"):
            press(self.user)
        self.check()
        with self.assertRaises(AccessButtonError):
            press(self.user)

    def test_forged(self):
        "The dialog of one user does not renew the session of another"
        old = self.running()
        self.user = self.work(self._user)
        self.register()
        with self.assertRaises(AccessError):
            self.make(renewing=old)

        def manage():
            pool = Pool()
            pool.get('res.user').write([pool.get('res.user')(self.user)], {
                    'groups': [('add', [pool.get('ir.model.data').get_id(
                                    'mbank', 'group_session_manage')])]})
        # Who manages the sessions of all reads them, and renews their own.
        self.work(manage)
        new = self.make(renewing=old)['session_id']
        self.assertIsNone(self.session(new, 'renews'))
        self.assertEqual(self.session(old, 'state'), 'active')

    def test_backing_out(self):
        "A wrong PIN, a cancelled signature, a closed dialog change nothing"
        old = self.running()
        self.offered(renewing=old)
        self.assertUnchanged(old)
        with self.assertRaises(SigningError):
            self.make(renewing=old, pin_password='wrong-1')
        self.assertUnchanged(old)
        id_, values = self.offered(renewing=old)
        answer = self.ask(id_, {**values, 'way': 'workstation'}, old)
        waiting = answer['view']['defaults']
        self.dialog('cancel_', id_, renewing=old, waiting=waiting)
        self.assertUnchanged(old)
        self.assertEqual([state for _, state in self.sessions()], ['active'])

    def test_proof_fails(self):
        "The new one is ended at the bank, the old stays, the person is told"
        old = self.running()
        self.bank.post('/faults', {
                'operation': 'getStatus', 'kind': 'session_ended', 'count': 1})
        with self.assertRaisesRegex(SessionProofError, "present one stays"):
            self.make(renewing=old)
        self.assertUnchanged(old)
        (_, new) = self.sessions()
        self.assertEqual(new[1], 'refused')
        self.assertIn('present one stays', self.session(new[0], 'reason'))

    def test_proof_is_refused(self):
        "An answer that is no proof is none where there is something to lose"
        old = self.running()
        self.bank.post('/faults', {
                'operation': 'getStatus', 'kind': 'unknown_fault', 'count': 1})
        with self.assertRaises(SessionProofError):
            self.make(renewing=old)
        self.assertUnchanged(old)

    def test_first_with_an_unknown_answer(self):
        "The first session of a user serves all the same"
        self.register()
        self.bank.post('/faults', {
                'operation': 'getStatus', 'kind': 'unknown_fault', 'count': 1})
        self.assertEqual(self.session(self.made(), 'state'), 'active')

    def test_first_that_does_not_live(self):
        "A first session that fails its proof is not put in force"
        self.register()
        self.bank.post('/faults', {
                'operation': 'getStatus', 'kind': 'session_ended', 'count': 1})
        with self.assertRaisesRegex(SessionProofError, "not put in force"):
            self.made()
        self.assertEqual([s for _, s in self.sessions()], ['refused'])
        self.assertEqual(self.at_bank(), self.before)

    def test_less_than_before(self):
        "What would take something away is no renewal"
        old = self.running()
        with self.assertRaisesRegex(SessionProofError, "not later"):
            self.make(renewing=old, expires=(
                    self.now() + dt.timedelta(days=20)).date())
        self.assertUnchanged(old)
        create = gateway.create_session

        def with_less(*args, keep, **kwargs):
            create(*args, **kwargs, keep=lambda token, end, granted: keep(
                    token, end, {
                        dik: [o for o in operations
                            if o != 'universalPaymentSend']
                        for dik, operations in granted.items()}))
        later = (self.now() + dt.timedelta(days=120)).date()
        with patch.object(gateway, 'create_session', with_less), \
                self.assertRaisesRegex(
                    SessionProofError, "sending orders"):
            self.make(renewing=old, expires=later)
        self.assertUnchanged(old)
        # Who wants less says so by a new session.
        with patch.object(gateway, 'create_session', with_less):
            new = self.make(expires=later)['session_id']
        self.assertEqual(self.session(new, 'state'), 'active')
        self.assertEqual(self.session(old, 'state'), 'superseded')

    # The bank cannot give the proof

    def test_no_answer_to_the_proof(self):
        "It is asked again by the check; until then the old is in force"
        for kind in ['lost_answer', 'http503', 'closed']:
            with self.subTest(kind=kind):
                self.user = self.work(self._user)
                self.before = self.at_bank()
                old = self.running()
                self.bank.post('/faults', {
                        'operation': 'getStatus', 'kind': kind, 'count': 1})
                shown = self.make(renewing=old)
                self.assertEqual(shown['state'], 'Being Checked')
                self.assertIn('every hour', shown['reason'])
                self.assertEqual(self.session(old, 'state'), 'active')
                self.check()
                self.assertEqual(
                    [s for _, s in self.sessions()],
                    ['superseded', 'active'])
                self.assertEqual(self.at_bank(), self.before + 1)
                self.assertIn('in force now', self.bell()[-1])

    def test_taken_up_by_the_dialog(self):
        "The dialog opened again goes on with the proof"
        old = self.running()
        self.bank.post('/faults', {
                'operation': 'getStatus', 'kind': 'closed', 'count': 1})
        new = self.make(renewing=old)['session_id']
        _, answer = self.dialog('begin')
        self.assertEqual(
            (answer['view']['state'], answer['view']['defaults']['state']),
            ('result', 'Active'))
        self.assertEqual(self.session(new, 'state'), 'active')

    def test_never_an_answer(self):
        "After a day without a proof it is given up, and ended at the bank"
        old = self.running()
        self.bank.post('/faults', {
                'operation': 'getStatus', 'kind': 'closed', 'count': 3})
        self.make(renewing=old)
        self.pass_(hours=3)
        self.check()
        self.assertEqual(self.sessions()[-1][1], 'proving')
        self.pass_(hours=22)
        self.check()
        self.assertEqual(self.sessions()[-1][1], 'refused')
        self.assertUnchanged(old)
        self.assertIn('not put in force', self.bell()[-1])

    def test_the_bank_goes_away_before_the_ending(self):
        "A new one that failed its proof is ended when the bank is back"
        old = self.running()
        self.bank.post('/faults', {
                'operation': 'getStatus', 'kind': 'duplicate', 'count': 1})
        self.bank.post('/faults', {
                'operation': 'finishBackgroundSession', 'kind': 'closed',
                'count': 1})
        with self.assertRaises(SessionProofError):
            self.make(renewing=old)
        (_, (new, state)) = self.sessions()
        self.assertEqual(state, 'refused')
        self.assertTrue(self.session(new, 'finish_pending'))
        self.assertEqual(self.at_bank(), self.before + 2)
        self.pass_(minutes=6)
        self.finish_all()
        self.assertUnchanged(old)

    # A process that dies

    @contextmanager
    def killed_at(self, name, after):
        "The process ends before, or after, the step of this name"
        steps = {
            'begin': 'mbank.session', 'keep_made': 'mbank.session',
            'to_prove': 'mbank.session', 'switch': 'mbank.session',
            'refuse_made': 'mbank.session', '_finished': 'mbank.session',
            }
        where = self.work(
            lambda: Pool().get(steps[name])) if name in steps else gateway
        function = getattr(where, name)

        def dying(*args, **kwargs):
            if after:
                function(*args, **kwargs)
            raise Killed
        killed = nullcontext() if not after else self._committing(name)
        with killed, patch.object(where, name, dying):
            yield

    @contextmanager
    def _committing(self, name):
        "What is written in the step stays: it dies after its commit"
        run = independent.run

        def run_and_die(function, *args, **kwargs):
            if getattr(function, '__name__', '') != 'dying':
                return run(function, *args, **kwargs)
            run(lambda: self._survive(function, *args, **kwargs))
            raise Killed
        with patch.object(independent, 'run', run_and_die):
            yield

    @staticmethod
    def _survive(function, *args, **kwargs):
        try:
            function(*args, **kwargs)
        except Killed:
            pass

    #: Name of the step, whether after it, and how many sessions may be left
    #: at the bank of which nobody has the token.
    CRASHES = [
        ('begin', False, 0), ('begin', True, 0),
        ('create_session', False, 0), ('keep_made', False, 1),
        ('keep_made', True, 0), ('create_session', True, 0),
        ('to_prove', False, 0),
        ('prove_session', False, 0), ('prove_session', True, 0),
        ('switch', False, 0), ('switch', True, 0),
        ('finish_session', False, 0), ('finish_session', True, 0),
        ('_finished', False, 0), ('_finished', True, 0),
        ]

    def _crash(self, old, name, after):
        with self.killed_at(name, after), self.assertRaises(Killed):
            self.make(renewing=old)

    def test_killed_in_a_renewal(self):
        "Whatever the step, there is one live session at the end, and one only"
        for name, after, lost in self.CRASHES:
            with self.subTest(step=name, after=after):
                self.user = self.work(self._user)
                self.before = self.at_bank()
                old = self.running()
                self._crash(old, name, after)
                self.assertEqual(len(self._live()), 1)
                self.settle()
                states = [s for _, s in self.sessions()]
                self.assertEqual(len(self._live()), 1, states)
                self.assertEqual(
                    self.at_bank(), self.before + 1 + lost, states)
                if lost:
                    # The bank's own: said, and over by itself.
                    self.assertIn('refused', states)
                    self.assertIn('ends by itself', self.session(
                            self.sessions()[-1][0], 'reason'))
                if (name, after) in self.CRASHES_DONE:
                    self.assertEqual(states, ['superseded', 'active'])

    CRASHES_DONE = {
        (name, after) for name, after, _ in CRASHES[4:]}

    def test_killed_in_the_first_creation(self):
        "The same, with no session before"
        for name, after, lost in self.CRASHES[:11]:
            with self.subTest(step=name, after=after):
                self.user = self.work(self._user)
                self.before = self.at_bank()
                self.register()
                self._crash(None, name, after)
                self.settle()
                done = (name, after) in self.CRASHES_DONE
                self.assertEqual(len(self._live()), int(done))
                self.assertEqual(
                    self.at_bank(), self.before + int(done) + lost)

    def test_killed_in_a_failed_proof(self):
        "A session that is not to be is not, and is ended at the bank"
        for name, after in [
                ('refuse_made', False), ('refuse_made', True),
                ('finish_session', False), ('finish_session', True),
                ('_finished', False), ('_finished', True)]:
            with self.subTest(step=name, after=after):
                self.user = self.work(self._user)
                self.before = self.at_bank()
                old = self.running()
                self.bank.post('/faults', {
                        'operation': 'getStatus', 'kind': 'duplicate',
                        'count': 2 if name == 'refuse_made' else 1})
                self._crash(old, name, after)
                self.settle()
                self.bank.post('/faults', {'clear': True})
                self.assertUnchanged(old)

    def test_killed_in_a_revocation(self):
        "Locked is locked; the bank is asked until it is done"
        for name, after in [
                ('finish_session', False), ('finish_session', True),
                ('_finished', False), ('_finished', True)]:
            with self.subTest(step=name, after=after):
                self.user = self.work(self._user)
                self.before = self.at_bank()
                old = self.running()
                with self.killed_at(name, after), \
                        self.assertRaises(Killed):
                    self.revoke(old)
                self.assertEqual(self.session(old, 'state'), 'revoked')
                self.settle()
                self.assertFalse(self.session(old, 'finish_pending'))
                self.assertEqual(self.at_bank(), self.before)

    def _live(self):
        return [
            id_ for id_, state in self.sessions()
            if state in {'active', 'expiring'}]

    def settle(self):
        "What the server does in the next half hour"
        for _ in range(3):
            self.pass_(minutes=16)
            self.check()

    def test_two_provers(self):
        "The dialog and the check at once: one switch, and no harm"
        old = self.running()
        prove = gateway.prove_session
        nested = []

        def prove_twice(*args, **kwargs):
            if not nested:
                nested.append(True)
                Pool().get('mbank.session').check_all()
            return prove(*args, **kwargs)
        with patch.object(gateway, 'prove_session', prove_twice):
            new = self.make(renewing=old)['session_id']
        self.assertEqual(self.session(new, 'state'), 'active')
        self.assertEqual(self.at_bank(), self.before + 1)

    def test_revoked_while_it_is_renewed(self):
        "Lost rights end what is being made as well"
        old = self.running()
        store = independent.run

        def revoke_first(function, *args, **kwargs):
            if getattr(function, '__name__', '') == 'keep_made':
                store(self._deactivate)
            return store(function, *args, **kwargs)
        with patch.object(independent, 'run', revoke_first), \
                self.assertRaises(MBankError):
            self.make(renewing=old)
        self.assertEqual(
            [s for _, s in self.sessions()], ['revoked', 'refused'])
        self.settle()
        self.assertEqual(self.at_bank(), self.before)

    def _deactivate(self):
        User = Pool().get('res.user')
        User.write([User(self.user)], {'active': False})


class UnattendedTestCase(LifeCase):
    "Sessions that renew themselves, with a stand-in for the key"

    def setUp(self):
        super().setUp()
        self.before = self.at_bank()
        self.wrong = None
        case = self

        @contextmanager
        def signer(certificate_id, user):
            if case.wrong:
                raise MBankError(case.wrong)
            certificate = Pool().get('mbank.certificate')(certificate_id)
            yield gateway.load_signer(
                vault.open_stored(certificate, 'content'), PIN)
        Certificate = self.work(lambda: Pool().get('mbank.certificate'))
        self.enterContext(patch.object(
                Certificate, 'unattended', True, create=True))
        self.enterContext(patch.object(
                Certificate, 'unattended_signer', signer, create=True))

    def test_renews_itself(self):
        "From the day that is set on, once, and its owner is told"
        self.register()
        old = self.made(days=50)
        self.pass_until(old, 30.5)
        self.check()
        self.assertEqual(self.session(old, 'state'), 'active')
        self.pass_until(old, 29.5)
        self.check()
        (_, state), (new, new_state) = self.sessions()
        self.assertEqual((state, new_state), ('superseded', 'active'))
        self.assertEqual(self.session(new, 'renews').id, old)
        self.assertEqual(self.at_bank(), self.before + 1)
        (label,) = self.bell()
        self.assertIn('renewed by itself', label)
        self.check()
        self.assertEqual(len(self.sessions()), 2)

    def test_one_try_a_day(self):
        "A failure is told; the next try is the next day"
        self.register()
        self.setting(session_warnings='1')
        old = self.made(days=50)
        self.pass_until(old, 29.5)
        self.wrong = "The key is locked."
        for _ in range(5):
            self.check()
            self.pass_(hours=1)
        self.assertEqual(
            [label.split(':')[0] for label in self.bell()],
            ['mBank session could not be renewed by itself'])
        self.assertEqual(
            self.session(old, 'state', 'renewal_message'),
            ['active', "The key is locked."])
        self.wrong = None
        self.pass_(hours=20)
        self.check()
        self.assertEqual(
            [s for _, s in self.sessions()], ['superseded', 'active'])

    def test_a_lost_task(self):
        "A task the queue has lost is warned of, and queued the next day"
        self.register()
        old = self.made(days=50)
        self.pass_until(old, 29.5)
        with patch.object(LifeCase, 'with_queue', False):
            self.check()
            self.assertEqual(self.bell(), [])
            self.pass_(hours=2)
            self.check()
        self.assertIn('ends soon', self.bell()[0])
        self.assertEqual(self.session(old, 'state'), 'expiring')
        self.pass_(hours=22)
        self.check()
        self.assertEqual(
            [s for _, s in self.sessions()], ['superseded', 'active'])

    def test_a_task_that_comes_twice(self):
        "The second finds nothing to do"
        self.register()
        old = self.made(days=50)
        self.pass_until(old, 29.5)
        self.check()

        def again():
            Session = Pool().get('mbank.session')
            Session.renew_by_itself([Session(old)])
        self.work(again)
        self.assertEqual(len(self.sessions()), 2)
