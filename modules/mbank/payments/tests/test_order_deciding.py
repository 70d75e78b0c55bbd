# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What people may decide of a batch and its payments"
import datetime as dt
import json
import unittest
from dataclasses import replace
from types import SimpleNamespace
from unittest.mock import patch

from trytond.modules.mbank.gateway.orders import Event, Fate
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError
from trytond.modules.mbank.payments import order_asking, order_sending
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import (
    OrderBatchError, PaymentAtBankError, PaymentAtBankWarning)
from trytond.pool import Pool
from trytond.transaction import Transaction

from .answering import BatchCase, Status


class DecidingCase(BatchCase):
    "What people decide of orders the bank may have"

    def answered(self, id, minutes=0):
        at = dt.datetime.now() - dt.timedelta(minutes=minutes)
        self.work(lambda: self.Batch.write(
                [self.Batch(id)], {'answered_at': at}))

    def decide(self, id, reason="Usunięte w CompanyNet"):
        Payment = Pool().get('account.payment')
        Payment.mbank_fail_at_bank(list(self.Batch(id).payments), reason)

    def at_bank(self):
        "Batches whose orders may be at the bank, by how"
        found = {}
        for name in ['sending', 'unknown', 'sent', 'accepted', 'executed']:
            id = found[name] = self.work(lambda: self.batch().id)
            if name == 'sending':
                self.take(id)
            elif name == 'unknown':
                self.doubt(id)
            else:
                self.hand_over(id)
            key = {'accepted': 'IN_REALIZ', 'executed': 'REALIZED'}.get(name)
            if key:
                self.answer(id, Status(key, *self.identities(id)))
            self.assertEqual(self.read(id, 'state'), [name])
        return found

    def test_not_by_the_button(self):
        "What may be at the bank fails by no button, nor by a statement"
        for name, id in self.at_bank().items():
            before = self.payment_states(id)
            for context in [{}, {'_skip_warnings': True}]:
                with self.subTest(name=name, context=context):
                    def press():
                        with Transaction().set_context(**context):
                            self.fail(self.payment(id))
                    with self.assertRaises(PaymentAtBankError) as caught:
                        self.work(press)
                    self.assertIn(
                        self.work(lambda: self.payment(id).number),
                        caught.exception.message)
            self.assertEqual(self.payment_states(id), before)

    def give_method(self, journal, method):
        "As an older version let it be done"
        table = journal.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update(
                [table.process_method], [method],
                where=table.id == journal.id))
        Transaction().counter += 1

    def test_not_by_another_method(self):
        "Nor by a write, after the journal was given another method"
        id = self.work(lambda: self.batch().id)
        self.doubt(id)

        def write(values):
            pool = Pool()
            Payment = pool.get('account.payment')
            payment = self.payment(id)
            self.give_method(payment.journal, 'manual')
            with Transaction().set_context(_check_access=True):
                Payment.write([Payment(payment.id)], values)
        for values in [
                {'state': 'failed'}, {'mbank_batch': None},
                {'mbank_end_to_end_id': 'X'}]:
            with self.assertRaises(AccessError):
                self.work(write, values)

        def press():
            self.give_method(self.payment(id).journal, 'manual')
            self.fail(self.payment(id))
        with self.assertRaises(PaymentAtBankError):
            self.work(press)

    def test_with_reason(self):
        "With the right, the bank's fresh answer and a reason; all is kept"
        for name, id in self.at_bank().items():
            with self.subTest(name=name):
                for minutes in [None, 11]:
                    if minutes:
                        self.answered(id, minutes)
                    elif self.read(id, 'answered_at')[0]:
                        continue
                    with self.assertRaises(OrderBatchError):
                        self.work(lambda: self.decide(id))
                self.answered(id)
                for reason in ['', ' \n', None]:
                    with self.assertRaises(PaymentAtBankError):
                        self.work(lambda: self.decide(id, reason))
                self.work(lambda: self.decide(id))
                self.assertEqual(
                    set(self.payment_states(id).values()), {'failed'})
                self.assertEqual(self.read(id, 'state'), [name])
                (text, user, payment), = self.work(lambda: [
                        (h.text, h.user, h.payment)
                        for h in self.Batch(id).history if h.user])
                self.assertIn("Usunięte w CompanyNet", text)
                self.assertEqual(user.id, 1)
                self.assertEqual(payment.id, self.work(
                        lambda: self.payment(id).id))

    def test_right(self):
        "Who may not send fails nothing at the bank"
        id = self.work(lambda: self.batch().id)
        self.doubt(id)
        self.answered(id)

        def clerk():
            pool = Pool()
            ModelData = pool.get('ir.model.data')
            User = pool.get('res.user')
            user = User(name="Clerk", login='clerk-fail')
            user.companies = [self.company_id]
            user.company = self.company_id
            user.groups = [ModelData.get_id(
                    'account_payment', 'group_payment')]
            user.save()
            return user.id
        user = self.work(clerk)
        with self.assertRaises(AccessError):
            self.work(lambda: self.decide(id), user=user)
        with self.assertRaises(AccessError):
            self.work(lambda: self.Batch.decide_give_up(
                    [self.Batch(id)], "because"), user=user)

    def test_failed_then_executed(self):
        "What failed by hand and is executed all the same is shown"
        id = self.work(lambda: self.batch().id)
        self.hand_over(id)
        self.answer(id, Status('TO_AUTH', *self.identities(id)))
        self.work(lambda: self.decide(id))
        self.answer(id, Status('REALIZED', *self.identities(id)))
        self.assertEqual(
            set(self.payment_states(id).values()), {'failed'})
        state, shown = self.read(id, 'state', 'unassigned')
        self.assertEqual(state, 'executed')
        self.assertIn('REALIZED', shown)

    def test_succeeded_then_denied(self):
        "What a person noted as paid is not undone by the bank's no"
        id = self.work(lambda: self.batch().id)
        self.hand_over(id)
        self.work(lambda: Pool().get('account.payment').succeed(
                [self.payment(id)]))
        deed, = self.deeds(id)
        self.assertIn("succeeded", deed)
        self.answer(id, Status('DENIED', *self.identities(id)))
        self.assertEqual(
            set(self.payment_states(id).values()), {'succeeded'})
        self.assertIn('DENIED', self.read(id, 'unassigned')[0])

    def test_denied_is_free(self):
        "What the bank denied fails without questions"
        id = self.work(lambda: self.batch('1', '2').id)
        self.hand_over(id)
        first, second = self.identities(id)
        self.work(lambda: Pool().get('account.payment').succeed(
                [self.payment(id)]))
        denied = self.work(lambda: self.payment(id).mbank_end_to_end_id)
        self.answer(id, Status('DENIED', denied))
        self.work(lambda: self.fail(self.payment(id)))
        self.assertEqual(self.payment_states(id)[denied], 'failed')

    def test_copy_warns(self):
        "A copy of what may be at the bank warns, whatever its state"
        id = self.work(lambda: self.batch().id)
        self.work(lambda: Pool().get('account.payment').copy(
                [self.payment(id)]))
        self.doubt(id)
        self.answered(id)

        def copy():
            return Pool().get('account.payment').copy([self.payment(id)])
        with self.assertRaises(PaymentAtBankWarning):
            self.work(copy)
        self.work(lambda: self.decide(id))
        with self.assertRaises(PaymentAtBankWarning):
            self.work(copy)

    def test_unknown_is_not_cancelled(self):
        "A lost answer is given up only after the bank, or a person, said no"
        id = self.work(lambda: self.batch().id)
        self.doubt(id)
        self.answered(id)
        for press in [
                lambda b: self.Batch.cancel([b]),
                lambda b: self.Batch.send_again([b]),
                lambda b: self.Batch.decide_give_up([b], "because"),
                # Too early: the bank may still be taking it in
                lambda b: self.Batch.decide_absent([b], "because")]:
            with self.assertRaises(UserError):
                self.work(lambda: press(self.Batch(id)))
        self.later(id)
        self.work(lambda: self.Batch.decide_absent(
                [self.Batch(id)], "Nie ma w CompanyNet"))
        self.assertTrue(self.read(id, 'absent_at')[0])
        self.answered(id, 11)
        with self.assertRaises(OrderBatchError):
            self.work(lambda: self.Batch.decide_give_up(
                    [self.Batch(id)], "because"))
        self.answered(id)
        self.work(lambda: self.Batch.decide_give_up(
                [self.Batch(id)], "Zapłacono gotówką"))
        self.assertEqual(self.read(id, 'state'), ['cancelled'])
        self.assertEqual(
            set(self.payment_states(id).values()), {'failed'})
        texts = self.deeds(id)
        for reason in ["Nie ma w CompanyNet", "Zapłacono gotówką"]:
            self.assertTrue([t for t in texts if reason in t])

    def later(self, id):
        "The sending was long ago"
        def write():
            batch = self.Batch(id)
            values = gateway.load_intent(batch.intent).to_json()
            values['begun_at'] = (
                dt.datetime.now(dt.timezone.utc) - dt.timedelta(hours=1)
                ).isoformat()
            batch.intent = json.dumps(values)
            batch.save()
        self.work(write)

    def test_task_is_never_absent(self):
        "What the bank gave a task is neither absent, cancelled nor resent"
        id = self.work(lambda: self.batch().id)
        keeper = self.take(id)
        self.work(lambda: keeper(keeper.known.after(
                    Event.HANDED_IN, task_id='T9')))
        self.later(id)
        self.work(order_asking.store, id, order_asking.Answer(absent="no"))
        self.answered(id)
        for press in [
                lambda b: self.Batch.cancel([b]),
                lambda b: self.Batch.send([b]),
                lambda b: self.Batch.send_again([b]),
                lambda b: self.Batch.decide_absent([b], "because"),
                lambda b: self.Batch.decide_give_up([b], "because")]:
            with self.assertRaises(UserError):
                self.work(lambda: press(self.Batch(id)))
        self.assertEqual(
            self.read(id, 'state', 'task_id', 'absent_at'),
            ['sent', 'T9', None])

    def test_late_answer(self):
        "An answer that comes after its process was thought dead is kept"
        id = self.work(lambda: self.batch().id)
        keeper = self.take(id)
        handed_in = keeper.known.after(
            Event.HANDED_IN, task_id='T5')
        long_ago = dt.datetime.now() - order_sending.CALL_LIMIT * 2
        self.work(lambda: self.Batch.write(
                [self.Batch(id)], {'sending_since': long_ago}))
        self.work(order_sending.mark_interrupted)
        self.assertEqual(self.read(id, 'state'), ['unknown'])
        self.work(lambda: keeper(handed_in))
        self.assertEqual(self.read(id, 'state', 'task_id'), ['sent', 'T5'])

    def told(self, id):
        def read():
            Notification = Pool().get('res.notification')
            return Notification.search([
                    ('label', 'like', '%' + self.Batch(id).rec_name + '%'),
                    ], count=True)
        return self.work(read)

    def give_up(self, id, keeper):
        "A person looks, finds nothing, and the payments fail"
        self.work(lambda: keeper(keeper.known.in_doubt("lost")))
        self.later(id)
        self.answered(id)
        for decide in [self.Batch.decide_absent, self.Batch.decide_give_up]:
            self.work(lambda: decide([self.Batch(id)], "because"))

    def test_late_answer_of_what_was_given_up(self):
        "What the bank has after all is told at once, and asked for"
        self.work(self.firm.give_rights, 'group_payment_send')
        id = self.work(lambda: self.batch().id)
        keeper = self.take(id)
        handed_in = keeper.known.after(Event.HANDED_IN, task_id='T6')
        self.give_up(id, keeper)
        self.assertEqual(self.read(id, 'state'), ['cancelled'])
        before = self.told(id)
        for _ in range(2):
            self.work(lambda: keeper(handed_in))
        self.assertEqual(self.read(id, 'state', 'task_id'), ['sent', 'T6'])
        self.assertEqual(self.told(id), before + 1)
        text, = self.history(id, unassigned=True)
        self.assertIn('T6', text)
        self.answer(id, Status('REALIZED', *self.identities(id)))
        self.assertIn("Executed", self.read(id, 'unassigned')[0])

    def test_late_answer_of_an_earlier_sending(self):
        "That the bank took in both sendings is told, not lost"
        self.work(self.firm.give_rights, 'group_payment_send')
        id = self.work(lambda: self.batch().id)
        keeper = self.take(id)
        handed_in = keeper.known.after(Event.HANDED_IN, task_id='T7')
        self.work(lambda: keeper(keeper.known.in_doubt("lost")))
        self.later(id)
        self.answered(id)
        self.work(lambda: self.Batch.decide_absent(
                [self.Batch(id)], "because"))
        self.take(id)
        before = self.told(id)
        with self.assertRaises(OrderBatchError):
            self.work(lambda: keeper(handed_in))
        self.assertEqual(self.read(id, 'state', 'task_id'), ['sending', None])
        self.assertEqual(self.told(id), before + 1)
        text, = self.history(id, unassigned=True)
        self.assertIn('T7', text)

    def test_nothing_leaves_long_after_the_decision(self):
        "A process that was suspended sends nothing when it wakes up"
        id = self.work(lambda: self.batch().id)
        keeper = self.take(id)
        self.give_up(id, keeper)
        old = gateway.load_intent(self.read(id, 'intent')[0]).begun_at
        asleep = replace(keeper.known, fate=Fate.SENDING, begun_at=old)
        made = []

        def with_session(operation, session, company, function, account):
            "The bank is reached"
            bank = SimpleNamespace(sending=SimpleNamespace(
                    send=lambda *args: made.append(args)))
            return function(bank, 'token', '1')

        def wake(intent):
            with patch.object(gateway.orders, 'with_session', with_session):
                gateway.send_orders(
                    None, None, intent, b'', keeper, account=None)
        with self.assertRaises(OrderBatchError):
            self.work(wake, asleep)
        self.assertFalse(made)
        self.assertEqual(self.read(id, 'state'), ['cancelled'])
        self.work(wake, replace(
                asleep, begun_at=dt.datetime.now(dt.timezone.utc)))
        self.assertTrue(made)


if __name__ == '__main__':
    unittest.main()
