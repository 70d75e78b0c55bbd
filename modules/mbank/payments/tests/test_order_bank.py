# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Orders to the sandbox bank, over real HTTP"
import datetime as dt
import json
import unittest
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.exceptions import UserError
from trytond.modules.mbank.payments import (
    order_asking, order_keeping, order_sending)
from trytond.modules.mbank import gateway
from trytond.pool import Pool
from trytond.transaction import Transaction, check_access

from ...tests.bank import BankCase
from ...tests.paying import PaymentMixin
from ...tests.sessions import make_session
from ...tests.tools import Killed


class SendingCase(PaymentMixin, BankCase):
    "Orders to the bank"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def prepare():
            cls.firm.new_account('PL' + demo_data.ALFA_PLN)
        cls.work(prepare)

    def new_batch(self, *amounts):
        def make():
            Journal = Pool().get('account.payment.journal')
            journals = Journal.search([
                    ('mbank_account_number.number_compact', '=',
                        'PL' + demo_data.ALFA_PLN)])
            journal = journals[0] if journals else (
                self.firm.new_payment_journal('PL' + demo_data.ALFA_PLN))
            return self.batch(*amounts, journal=journal).id
        return self.work(make)

    def press(self, id, button):
        self.work(lambda: getattr(self.Batch, button)([self.Batch(id)]))

    def read(self, id, *names):
        def read():
            return [getattr(self.Batch(id), n) for n in names]
        return self.work(read)

    def payment_states(self, id):
        return self.work(
            lambda: [p.state for p in self.Batch(id).payments])

    def at_bank(self, id):
        "How many of the batch's orders the bank has"
        ids = self.work(lambda: [
                p.mbank_end_to_end_id for p in self.Batch(id).payments])
        orders = str(self.bank.get('/orders'))
        return sum(orders.count(repr(i)) for i in ids)

    def fault(self, operation, kind):
        self.bank.post('/faults', {
                'operation': operation, 'kind': kind, 'count': 1})

    def test_sent(self):
        "Orders are sent, authorised, executed, and their payments succeed"
        id = self.new_batch('11.00', '12.00')
        self.press(id, 'send')
        state, group, requested = self.read(
            id, 'state', 'bank_group_id', 'requested_by')
        self.assertEqual(state, 'sent')
        self.assertTrue(group)
        self.assertEqual(requested.id, 1)
        self.assertEqual(self.at_bank(id), 2)
        self.press(id, 'check_status')
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        self.bank.post('/authorise', {'group_id': group})
        self.bank.post('/book', {})
        self.press(id, 'check_status')
        self.assertEqual(self.read(id, 'state'), ['executed'])
        self.assertEqual(self.payment_states(id), ['succeeded'] * 2)
        with self.assertRaises(UserError):
            self.press(id, 'send')

    def unknown(self, id):
        "Only the bank can tell: nothing is paid, sent or given up here"
        self.assertEqual(
            self.read(id, 'state', 'absent_at'), ['unknown', None])
        self.undecided(id)

    def undecided(self, id):
        self.assertEqual(set(self.payment_states(id)), {'processing'})
        for button in ['send', 'send_again', 'cancel']:
            with self.assertRaises(UserError):
                self.press(id, button)
        for wizard in ['declare_absent', 'give_up']:
            with self.assertRaises(UserError):
                self.decide(id, wizard)

    def decide(self, id, name, reason="Sprawdzono w CompanyNet"):
        "Go through the wizard of a decision as its client does"
        model, ids = 'mbank.order.batch', [id]
        if name == 'fail':
            model = 'account.payment'
            ids = self.work(lambda: [p.id for p in self.Batch(id).payments])
            name, state, start = 'mbank.payment.fail', 'fail', 'ask'
        else:
            state = {'declare_absent': 'declare'}.get(name, name)
            name, start = 'mbank.order.batch.' + name, 'start'
        context = {
            'active_model': model, 'active_ids': ids, 'active_id': ids[0]}

        def execute(data, state):
            with Transaction().set_context(**context):
                Wizard = Pool().get(name, type='wizard')
                session, _, _ = Wizard.create()
                return Wizard.execute(session, data, state)
        first = self.work(execute, {}, start)
        self.work(execute, {'start': {'reason': reason}}, state)
        return first['view']['defaults']

    def test_lost_answer(self):
        "A lost answer is unknown; the bank is asked and has it once"
        id = self.new_batch('13.00')
        self.fault('universalPaymentSend', 'lost_answer')
        self.press(id, 'send')
        self.unknown(id)
        self.press(id, 'check_status')
        state, group = self.read(id, 'state', 'bank_group_id')
        self.assertEqual(state, 'accepted')
        self.assertTrue(group)
        self.assertEqual(self.at_bank(id), 1)

    def test_work_done_and_any_answer(self):
        "Whatever comes after the work was done, only the bank can tell"
        for kind in [
                'cut', 'garbage', 'done_empty_fault', 'done_unknown_fault',
                'done_client_fault', 'done_server_fault', 'done_http404',
                'done_http429', 'done_http502', 'done_http503',
                'done_redirect', 'done_page']:
            with self.subTest(kind=kind):
                id = self.new_batch('13.10')
                self.fault('universalPaymentSend', kind)
                self.press(id, 'send')
                self.unknown(id)
                self.assertTrue(self.read(id, 'message')[0])
                self.press(id, 'check_status')
                self.assertEqual(self.read(id, 'state'), ['accepted'])
                self.assertEqual(self.at_bank(id), 1)

    def test_question_lost(self):
        "The task is kept before it is asked about: it is asked for again"
        for kind in ['lost_answer', 'done_unknown_fault']:
            with self.subTest(kind=kind):
                id = self.new_batch('13.20')
                # A bank that does not find our own identity
                self.set_profile(status_by_client_id=False)
                try:
                    self.fault('checkPaymentSendResult', kind)
                    self.press(id, 'send')
                    state, task, group = self.read(
                        id, 'state', 'task_id', 'bank_group_id')
                    self.assertEqual((state, group), ('sent', None))
                    self.assertTrue(task)
                    self.undecided(id)
                    self.fault('checkPaymentSendResult', kind)
                    with self.assertRaises(UserError):
                        self.press(id, 'check_status')
                    self.undecided(id)
                    self.press(id, 'check_status')
                finally:
                    self.set_profile()
                self.assertEqual(
                    self.read(id, 'state', 'task_id'), ['accepted', task])
                self.assertEqual(self.at_bank(id), 1)

    def test_own_id_not_found(self):
        "A bank that does not know our identity says nothing by that"
        for profile in [{}, {'status_by_client_id': False}]:
            with self.subTest(profile=profile):
                id = self.new_batch('13.30')
                self.fault('universalPaymentSend', 'lost_answer')
                self.set_profile(**profile)
                try:
                    self.press(id, 'send')
                    self.age(id)
                    if profile:
                        # Nothing is held by which it could be asked
                        self.press(id, 'check_status')
                    else:
                        self.fault('getStatus', 'unknown_fault')
                        with self.assertRaises(UserError):
                            self.press(id, 'check_status')
                    self.assertIsNone(self.read(id, 'answered_at')[0])
                    self.assertEqual(
                        self.read(id, 'state', 'absent_at'),
                        ['unknown', None])
                    for button in ['send', 'send_again', 'cancel']:
                        with self.assertRaises(UserError):
                            self.press(id, button)
                finally:
                    self.set_profile()
                self.press(id, 'check_status')
                self.assertEqual(self.read(id, 'state'), ['accepted'])
                self.assertEqual(self.at_bank(id), 1)

    def test_not_known(self):
        """What the bank does not know just after a lost sending may yet come;
        later a person looks, unless the profile says that the bank would know
        """
        id = self.new_batch('13.50')
        self.fault('universalPaymentSend', 'closed')
        self.press(id, 'send')
        self.press(id, 'check_status')
        state, absent, message = self.read(
            id, 'state', 'absent_at', 'message')
        self.assertEqual((state, absent), ('unknown', None))
        self.assertIn('yet', message)
        self.undecided(id)
        self.age(id)
        self.press(id, 'check_status')
        state, absent, message = self.read(
            id, 'state', 'absent_at', 'message')
        self.assertEqual((state, absent), ('unknown', None))
        self.assertIn('absence_by_client_id', message)
        with self.assertRaises(UserError):
            self.press(id, 'send_again')
        with self.assertRaises(UserError):
            self.decide(id, 'declare_absent', " ")
        self.set_profile(absence_by_client_id=True)
        try:
            self.press(id, 'check_status')
        finally:
            self.set_profile()
        self.assertTrue(self.read(id, 'absent_at')[0])
        self.decide(id, 'give_up', "Zapłacono inaczej")
        self.assertEqual(self.read(id, 'state'), ['cancelled'])
        self.assertEqual(self.payment_states(id), ['failed'])
        self.assertTrue(self.work(lambda: [
                    h for h in self.Batch(id).history
                    if h.user and "Zapłacono inaczej" in h.text]))

    def test_killed(self):
        "Killed after the intent: asked, absent, sent again by a person, once"
        id = self.new_batch('14.00')
        data, = self.read(id, 'data')
        with patch.object(gateway, 'send_orders', side_effect=Killed):
            with self.assertRaises(Killed):
                self.press(id, 'send')
        self.assertEqual(self.read(id, 'state'), ['sending'])
        self.work(self.Batch.follow)
        self.assertEqual(self.read(id, 'state'), ['sending'])
        self.age(id)
        self.work(self.Batch.follow)
        self.work(self.Batch.follow)
        self.assertEqual(
            self.read(id, 'state', 'absent_at'), ['unknown', None])
        self.assertEqual(self.at_bank(id), 0)
        self.decide(id, 'declare_absent')
        # Its answer is lost again: what was known before counts no more
        self.fault('universalPaymentSend', 'closed')
        self.press(id, 'send_again')
        self.unknown(id)
        self.age(id)
        self.press(id, 'check_status')
        self.decide(id, 'declare_absent')
        self.press(id, 'send_again')
        self.assertEqual(self.read(id, 'state', 'data'), ['sent', data])
        self.assertEqual(self.at_bank(id), 1)

    def test_killed_after_bank(self):
        "Killed at each step after the bank took the orders: they are found"
        for step in range(3):
            with self.subTest(step=step):
                id = self.new_batch('15.00')
                keep = order_keeping.Keeper.__call__
                kept = []

                def keep_and_die(keeper, intent):
                    if len(kept) == step:
                        raise Killed
                    kept.append(intent)
                    keep(keeper, intent)
                with patch.object(
                        order_keeping.Keeper, '__call__', keep_and_die):
                    if step < 2:
                        with self.assertRaises(Killed):
                            self.press(id, 'send')
                    else:
                        self.press(id, 'send')
                self.assertEqual(
                    self.read(id, 'state'), [['sending', 'sent', 'sent'][step]])
                if step:
                    self.assertTrue(self.read(id, 'task_id')[0])
                self.age(id)
                self.work(self.Batch.follow)
                self.work(self.Batch.follow)
                self.assertEqual(self.read(id, 'state'), ['accepted'])
                self.assertEqual(self.at_bank(id), 1)

    def test_sent_again_but_there(self):
        "Declared absent by mistake: asked once more before it leaves"
        id = self.new_batch('15.50')
        self.fault('universalPaymentSend', 'lost_answer')
        self.press(id, 'send')
        self.age(id)
        self.work(lambda: self.Batch.write(
                [self.Batch(id)], {'answered_at': dt.datetime.now()}))
        self.decide(id, 'declare_absent')
        self.press(id, 'send_again')
        self.assertEqual(
            self.read(id, 'state', 'absent_at', 'attempts'),
            ['accepted', None, 1])
        self.assertEqual(self.at_bank(id), 1)

    def test_fail_by_hand(self):
        "The bank is asked first; without its answer nothing fails"
        id = self.new_batch('15.60')
        self.fault('universalPaymentSend', 'lost_answer')
        self.press(id, 'send')
        self.fault('getStatus', 'http500')
        with self.assertRaises(UserError):
            self.decide(id, 'fail', "Nie wysłano")
        self.assertEqual(self.payment_states(id), ['processing'])
        shown = self.decide(id, 'fail', "Usunięte w CompanyNet")
        self.assertIn('TO_AUTH', shown['answer'])
        self.assertEqual(self.payment_states(id), ['failed'])
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        group, = self.read(id, 'bank_group_id')
        self.bank.post('/authorise', {'group_id': group})
        self.bank.post('/book', {})
        self.press(id, 'check_status')
        state, shown = self.read(id, 'state', 'unassigned')
        self.assertEqual(state, 'executed')
        self.assertIn('REALIZED', shown)
        self.assertEqual(self.payment_states(id), ['failed'])

    def test_sender(self):
        """Who has only the right to send sends, through the access checks,
        on the session of the default authorising user"""
        id = self.new_batch('19.00')

        def prepare():
            pool = Pool()
            Configuration = pool.get('mbank.configuration')
            ModelData = pool.get('ir.model.data')
            User = pool.get('res.user')
            configuration = Configuration(1)
            configuration.default_authorising_user = 1
            configuration.save()
            user = User(name="Sender", login='sender')
            user.companies = [self.company_id]
            user.company = self.company_id
            user.groups = [ModelData.get_id('mbank', 'group_payment_send')]
            user.save()
            return user.id
        user = self.work(prepare)

        @check_access
        def press(button):
            getattr(self.Batch, button)([self.Batch(id)])
        self.work(press, 'send', user=user)
        state, requested = self.read(id, 'state', 'requested_by')
        self.assertEqual((state, requested.id), ('sent', user))
        self.work(press, 'check_status', user=user)
        self.assertEqual(self.read(id, 'state'), ['accepted'])

        def calls():
            return [
                (c.requester.id, c.authoriser.id)
                for c in Pool().get('mbank.call').search([
                        ('operation', '=', 'universalPaymentSend')],
                    limit=1)]
        self.assertEqual(self.work(calls), [(user, 1)])

        # A session for statements alone, made since, takes nothing from it
        def own():
            pool = Pool()
            User = pool.get('res.user')
            ModelData = pool.get('ir.model.data')
            User.write([User(user)], {'groups': [('add', [
                                ModelData.get_id(
                                    'mbank', 'group_session_create')])]})
            return make_session(
                User(user), pool.get('company.company')(self.company_id),
                diks=[demo_data.DIK_ALFA]).id
        self.work(own)
        asked = len(self.bank.get('/calls?operation=getStatus'))
        self.work(order_asking.ask_all)
        self.assertGreater(
            len(self.bank.get('/calls?operation=getStatus')), asked)
        self.assertEqual(self.read(id, 'message'), [None])

    def test_refused(self):
        "Orders the bank refuses fail with its words"
        def make():
            return self.batch('16.00').id
        id = self.work(make)
        self.press(id, 'send')
        state, message = self.read(id, 'state', 'message')
        self.assertEqual(state, 'refused')
        self.assertIn('DEBTOR_ACCOUNT', message)
        self.assertEqual(self.payment_states(id), ['failed'])

    def test_not_sent(self):
        "What never left can be sent again"
        id = self.new_batch('17.00')
        self.set_profile(endpoint='http://127.0.0.1:9/ws')
        try:
            self.press(id, 'send')
        finally:
            self.set_profile()
        state, message = self.read(id, 'state', 'message')
        self.assertEqual(state, 'prepared')
        self.assertTrue(message)
        self.press(id, 'send')
        self.assertEqual(self.read(id, 'state'), ['sent'])
        self.assertEqual(self.at_bank(id), 1)

    def test_duplicate(self):
        "A duplicate at the bank is asked for, never failed"
        id = self.new_batch('18.00')
        self.press(id, 'send')

        def forget():
            # As a database that was restored has it
            batch = self.Batch.__table__()
            Transaction().connection.cursor().execute(*batch.update(
                    [batch.state, batch.intent, batch.bank_group_id,
                        batch.task_id],
                    ['waiting', None, None, None], where=batch.id == id))
        self.work(forget)
        self.work(lambda: order_sending.send(self.Batch(id)))
        self.unknown(id)
        self.press(id, 'check_status')
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        self.assertEqual(self.at_bank(id), 1)

    def age(self, id):
        "The sending was long ago"
        past = dt.timedelta(hours=1)

        def write():
            batch = self.Batch(id)
            values = json.loads(batch.intent)
            values['begun_at'] = (
                dt.datetime.now(dt.timezone.utc) - past).isoformat()
            batch.intent = json.dumps(values)
            batch.sending_since = dt.datetime.now() - past
            batch.save()
        self.work(write)


if __name__ == '__main__':
    unittest.main()
