# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What may leave, what the bank's states change, what people may decide"
import datetime as dt
import json
import unittest
from dataclasses import replace
from decimal import Decimal
from itertools import count
from types import SimpleNamespace
from unittest.mock import patch

from trytond.modules.mbank.gateway.orders import Event, Fate
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.modules.mbank.payments import (
    order_asking, order_leaving, order_sending)
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import (
    OrderBatchError, PaymentAtBankError, PaymentAtBankWarning)
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, FirmCase
from .test_payment import AnsweredMixin, Status


_numbers = count(1)


class BatchCase(AnsweredMixin, FirmCase):
    with_queue = False

    def payment(self, id, number=0):
        return self.Batch(id).payments[number]

    def history(self, id, **wanted):
        "The texts of the history with the values"
        def read():
            return [
                h.text for h in self.Batch(id).history
                if all(getattr(h, n) == v for n, v in wanted.items())]
        return self.work(read)

    def deeds(self, id):
        "What the history says that people did"
        def read():
            return [h.text for h in self.Batch(id).history if h.user]
        return self.work(read)

    def fail(self, *payments):
        Payment = Pool().get('account.payment')
        Payment.fail(list(payments))


class LeavingCase(BatchCase):
    "An order leaves only if its payment is still to be paid"

    def invoice(self, amount='100.00'):
        "An invoice of a supplier: its id and that of the line to pay"
        def create():
            invoice = self.firm.create_invoice(
                amount, type='in', reference="FV %s/2026" % next(_numbers))
            line, = invoice.lines_to_pay
            return invoice.id, line.id
        return self.work(create)

    def paying(self, line, *amounts, clearing=True):
        "The ids of batches, each of one payment of the line"
        def make():
            Line = Pool().get('account.move.line')
            journal = self.firm.new_payment_journal()
            if not clearing:
                journal.clearing_account = journal.clearing_journal = None
                journal.save()
            return [
                self.batch(a, journal=journal, line=Line(line), account=None
                    ).id for a in amounts]
        return self.work(make)

    def statement(self, amount, related_to, validate=False, **values):
        "A statement with one line: its id"
        def create():
            pool = Pool()
            Line = pool.get('account.statement.line')
            Statement = pool.get('account.statement')
            statement = Statement(
                name="WB/7", company=self.firm.company,
                journal=self.firm.journal, date=TODAY,
                total_amount=Decimal(amount))
            statement.save()
            model, id_ = related_to
            line = Line(
                statement=statement, number='1', date=TODAY,
                amount=Decimal(amount), party=self.firm.alfa,
                account=self.firm.payable,
                related_to=pool.get(model)(id_), **values)
            line.on_change_related_to()
            line.save()
            if validate:
                Statement.validate_statement([Statement(statement.id)])
            return statement.id
        return self.work(create)

    def leaves(self, id):
        """Whether the batch is taken when it is to be sent

        What a person is told on pressing the button is what the taking says.
        """
        def press():
            Batch = self.Batch
            batch = Batch(id)
            found = order_leaving.obstacles(batch)
            Batch.write([batch], {'state': 'waiting'})
            return found, order_sending.take(id, Transaction().user)
        found, taken = self.work(press)
        self.assertEqual(bool(found), taken is None)
        state, message = self.read(id, 'state', 'message')
        if taken:
            self.assertEqual((state, found), ('sending', ()))
            return True
        self.assertEqual(state, 'prepared')
        number = self.work(lambda: self.payment(id).number)
        self.assertIn(number, message)
        self.refusal = message
        return False

    def test_open(self):
        "A payment of an open line leaves, in full or in part"
        for amount in ['100.00', '60.00']:
            _, line = self.invoice()
            id, = self.paying(line, amount)
            self.assertTrue(self.leaves(id))

    def test_failed_meanwhile(self):
        "A payment that failed behind the batch's back does not leave"
        id = self.work(lambda: self.batch('1', '2').id)

        def fail():
            Payment = Pool().get('account.payment')
            Payment.write([self.payment(id)], {'state': 'failed'})
        self.work(fail)
        self.assertFalse(self.leaves(id))
        self.assertIn("Failed", self.refusal)

    def test_not_approved_any_more(self):
        "Without approval nothing leaves"
        id = self.work(lambda: self.batch().id)

        def forget():
            Payment = Pool().get('account.payment')
            Payment.write([self.payment(id)], {'mbank_approved_by': None})
        self.work(forget)
        self.assertFalse(self.leaves(id))

    def test_not_whole(self):
        "A batch whose bytes hold an order without its payment stays"
        id = self.work(lambda: self.batch('1', '2').id)

        def lose():
            Payment = Pool().get('account.payment')
            Payment.write([self.payment(id, 1)], {'mbank_batch': None})
            batch = self.Batch(id)
            self.Batch.write([batch], {'state': 'waiting'})
            return order_sending.take(id, Transaction().user)
        self.assertIsNone(self.work(lose))
        state, message = self.read(id, 'state', 'message')
        self.assertEqual(state, 'prepared')
        self.assertIn('2', message)

    def test_paid_otherwise(self):
        "An invoice that an entry has paid is not paid again"
        invoice, line = self.invoice()
        id, = self.paying(line, '100.00')
        self.statement(
            '-100.00', ('account.invoice', invoice), validate=True)
        self.assertFalse(self.leaves(id))
        self.assertIn("reconciled", self.refusal)

    def test_paid_in_part(self):
        "An entry leaves less open than the payment"
        invoice, line = self.invoice()
        all_, rest = self.paying(line, '100.00')[0], None
        self.statement('-40.00', ('account.invoice', invoice), validate=True)
        self.assertFalse(self.leaves(all_))
        self.assertIn("60", self.refusal)
        self.work(lambda: self.fail(self.payment(all_)))
        rest, = self.paying(line, '60.00')
        self.assertTrue(self.leaves(rest))

    def test_draft_statement(self):
        "What a statement in draft takes is not paid again"
        invoice, line = self.invoice()
        id, = self.paying(line, '100.00')
        self.statement('-100.00', ('account.invoice', invoice))
        self.assertFalse(self.leaves(id))
        self.assertIn("WB/7", self.refusal)

    def test_draft_statement_takes_payment(self):
        "An entry in draft that takes the payment itself keeps it here"
        id = self.work(lambda: self.batch().id)
        payment, group = self.work(lambda: (
                self.payment(id).id, self.payment(id).group.id))
        for related_to in [
                ('account.payment', payment),
                ('account.payment.group', group)]:
            statement = self.statement('-100.00', related_to)
            self.assertFalse(self.leaves(id))
            self.assertIn("WB/7", self.refusal)
            self.work(lambda: Pool().get('account.statement').cancel(
                    [Pool().get('account.statement')(statement)]))
        self.assertTrue(self.leaves(id))

    def test_draft_statement_takes_failed_payment(self):
        "The entry of a payment that failed by mistake pays its invoice"
        _, line = self.invoice()
        first, = self.paying(line, '100.00')
        payment = self.work(lambda: self.payment(first).id)
        self.work(lambda: self.fail(self.payment(first)))
        second, = self.paying(line, '100.00')
        self.statement('-100.00', ('account.payment', payment))
        self.assertFalse(self.leaves(second))

    def test_other_payment(self):
        "Of two payments of one line none leaves, until one fails"
        _, line = self.invoice()
        first, second = self.paying(line, '100.00', '60.00')
        self.assertFalse(self.leaves(first))
        other = self.work(lambda: self.payment(second).number)
        self.assertIn(other, self.refusal)
        self.assertFalse(self.leaves(second))
        self.work(lambda: self.fail(self.payment(second)))
        self.assertTrue(self.leaves(first))

    def test_parts(self):
        "Parts of one line leave together, in one batch or in two"
        _, line = self.invoice()
        for id in self.paying(line, '60.00', '40.00'):
            self.assertTrue(self.leaves(id))
        _, line = self.invoice()

        def one_batch():
            line_ = Pool().get('account.move.line')(line)
            return self.batch('60', '40', line=line_, account=None).id
        self.assertTrue(self.leaves(self.work(one_batch)))

    def test_parts_without_clearing(self):
        "A part that was booked on the invoice itself counts once"
        invoice, line = self.invoice()
        first, = self.paying(line, '40.00', clearing=False)
        self.hand_over(first)
        self.answer(first, Status('REALIZED', *self.identities(first)))
        self.statement('-40.00', ('account.invoice', invoice), validate=True)
        second, = self.paying(line, '60.00', clearing=False)
        self.assertTrue(self.leaves(second))

    def test_too_much(self):
        "No more leaves than the line is open"
        _, line = self.invoice()
        id, = self.paying(line, '100.01')
        self.assertFalse(self.leaves(id))

    def test_turn(self):
        "Who enters a line that takes a debt and who sends wait in turn"
        def taken():
            Turn = Pool().get('automatic_settlement.turn')
            return sum(t.taken for t in Turn.search([
                        ('company', '=', self.company_id)]))
        id = self.work(lambda: self.batch().id)
        before = self.work(taken)
        self.take(id)
        self.assertGreater(self.work(taken), before)

    def test_told_at_once(self):
        "Who presses the button is told; the batch stays prepared"
        invoice, line = self.invoice()
        id, = self.paying(line, '100.00')
        self.statement('-100.00', ('account.invoice', invoice))
        with self.assertRaises(OrderBatchError) as caught:
            self.work(lambda: self.Batch.send([self.Batch(id)]))
        self.assertIn("WB/7", caught.exception.message)
        self.assertEqual(self.read(id, 'state'), ['prepared'])

    def test_fail_takes_out(self):
        "The rest of a prepared batch is a new one with new identities"
        for state in ['prepared', 'waiting']:
            with self.subTest(state=state):
                id = self.work(lambda: self.batch('1', '2', '3').id)
                self.work(lambda: self.Batch.write(
                        [self.Batch(id)], {'state': state}))
                old = self.identities(id)
                failed, group = self.work(lambda: (
                        self.payment(id, 1).id, self.Batch(id).group.id))
                self.work(lambda: self.fail(self.payment(id, 1)))

                def check():
                    batch = self.Batch(id)
                    self.assertEqual(batch.state, 'cancelled')
                    self.assertEqual([p.id for p in batch.payments], [failed])
                    self.assertEqual(batch.payments[0].state, 'failed')
                    new, = self.Batch.search([
                            ('group', '=', group), ('id', '!=', id)])
                    self.assertIn(new.message_id, batch.message)
                    self.assertEqual(
                        (new.state, new.order_count, new.amount),
                        ('prepared', 2, Decimal('4')))
                    for payment in new.payments:
                        self.assertEqual(payment.state, 'processing')
                        self.assertNotIn(payment.mbank_end_to_end_id, old)
                    self.assertNotIn(
                        failed, [p.id for p in new.payments])
                    self.assertEqual(new.history[0].user.id, 1)
                    return new.id
                new = self.work(check)
                self.assertIsNone(self.work(order_sending.take, id, 1))
                self.assertTrue(self.leaves(new))

    def test_fail_all(self):
        "A batch of which nothing is left is cancelled"
        id = self.work(lambda: self.batch('1', '2').id)
        group = self.work(lambda: self.Batch(id).group.id)
        self.work(lambda: self.fail(*self.Batch(id).payments))
        self.assertEqual(self.read(id, 'state'), ['cancelled'])
        self.assertEqual(self.work(lambda: self.Batch.search(
                    [('group', '=', group)], count=True)), 1)

    def test_succeed_takes_out(self):
        "Paid otherwise, noted by hand: its order does not leave"
        id = self.work(lambda: self.batch('1', '2').id)
        payment = self.work(lambda: self.payment(id).id)
        self.work(lambda: Pool().get('account.payment').succeed(
                [self.payment(id)]))
        self.assertEqual(self.read(id, 'state'), ['cancelled'])

        def rest():
            Payment = Pool().get('account.payment')
            self.assertEqual(Payment(payment).state, 'succeeded')
            group = self.Batch(id).group
            return {
                (p.state, p.mbank_batch.state) for p in group.payments
                if p.id != payment}
        self.assertEqual(self.work(rest), {('processing', 'prepared')})

    def test_not_back_by_button(self):
        "A payment that failed is not put back into process by a request"
        id = self.work(lambda: self.batch().id)
        self.work(lambda: self.fail(self.payment(id)))

        def proceed():
            Payment = Pool().get('account.payment')
            with Transaction().set_context(_check_access=True):
                Payment.proceed([Payment(self.payment(id).id)])
        with self.assertRaises(AccessButtonError):
            self.work(proceed)


class AnswerCase(BatchCase):
    "What the bank's states change, and what they do not"

    def batch_at_bank(self, *amounts):
        id = self.work(lambda: self.batch(*(amounts or ['1', '2'])).id)
        self.hand_over(id)
        return id, self.identities(id)

    def unchanged(self, id, state='accepted'):
        "The batch is open, its payments are as they were, it is shown"
        self.assertEqual(self.read(id, 'state'), [state])
        self.assertEqual(
            set(self.payment_states(id).values()), {'processing'})
        shown, = self.read(id, 'unassigned')
        self.assertTrue(shown)
        for line in shown.splitlines():
            self.assertIn(line, self.history(id, unassigned=True))
        return shown

    def test_stranger(self):
        "A stranger's order makes nothing executed"
        id, _ = self.batch_at_bank('1')
        for status in [
                Status('REALIZED', 'OBCY-1'),
                Status('REALIZED', 'OBCY-1', group_id='G2'),
                Status('REALIZED', *self.identities(id), group_id='G2')]:
            self.answer(id, status)
            self.assertIn(status.end_to_end_id, self.unchanged(id, 'sent'))

    def test_without_reference(self):
        "States without reference change no payment, not even of one order"
        for amounts in [['1'], ['1', '2']]:
            id, _ = self.batch_at_bank(*amounts)
            self.answer(id, *[
                    Status(key) for key in
                    ['REALIZED', 'DENIED'][:len(amounts)]])
            self.assertIn('REALIZED', self.unchanged(id))

    def test_one_of_two(self):
        "A batch is executed only when each of its orders is"
        id, (first, second) = self.batch_at_bank()
        self.answer(id, Status('REALIZED', first))
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        self.assertEqual(
            self.payment_states(id),
            {first: 'succeeded', second: 'processing'})
        number = self.work(lambda: next(
                p.number for p in self.Batch(id).payments
                if p.mbank_end_to_end_id == second))
        self.assertIn(number, self.read(id, 'unassigned')[0])
        # The bank may have left it out once: what was said holds
        self.answer(id, Status('REALIZED', second))
        self.assertEqual(self.read(id, 'state'), ['executed'])
        self.assertEqual(
            set(self.payment_states(id).values()), {'succeeded'})

    def test_contradiction(self):
        "Executed and denied at once: a person looks, nothing is settled"
        id, (first, second) = self.batch_at_bank()
        self.answer(id, Status('REALIZED', first), Status('DENIED', first),
            Status('REALIZED', second))
        self.assertEqual(
            self.payment_states(id),
            {first: 'processing', second: 'succeeded'})
        self.assertEqual(self.read(id, 'state'), ['accepted'])
        self.assertIn('DENIED', self.read(id, 'unassigned')[0])
        self.answer(id, Status('DENIED', first), Status('REALIZED', second))
        self.assertEqual(
            self.payment_states(id), {first: 'failed', second: 'succeeded'})
        self.assertEqual(
            self.read(id, 'state', 'unassigned'), ['partial', None])

    def test_after_final(self):
        "After a final state another is flagged, not applied"
        for key in ['DENIED', 'IN_REALIZ']:
            id, (order,) = self.batch_at_bank('1')
            self.answer(id, Status('REALIZED', order))
            self.answer(id, Status(key, order))
            self.assertEqual(
                self.payment_states(id), {order: 'succeeded'})
            self.assertEqual(self.read(id, 'state'), ['executed'])
            self.assertIn(key, self.read(id, 'unassigned')[0])
            self.assertEqual(
                self.work(lambda: self.payment(id).mbank_status_key),
                'REALIZED')

    def test_told_once(self):
        "The history holds a finding once, the people are told once"
        def notices():
            return Pool().get('res.notification').search([
                    ('model', '=', 'mbank.order.batch')], count=True)
        id, (order,) = self.batch_at_bank('1')
        before = self.work(notices)
        for _ in range(2):
            self.answer(
                id, Status('REALIZED', order), Status('DENIED', order))
        self.assertEqual(len(self.history(id, unassigned=True)), 1)
        told = self.work(notices) - before
        self.assertTrue(told)
        self.answer(id, Status('REALIZED', order), Status('DENIED', order))
        self.assertEqual(self.work(notices) - before, told)

    def test_nothing_listed(self):
        "An empty answer is no state"
        id, _ = self.batch_at_bank('1')
        self.answer(id)
        self.assertEqual(self.read(id, 'state'), ['sent'])
        self.assertEqual(
            set(self.payment_states(id).values()), {'processing'})

    def test_stored_by_table(self):
        "No way leads to a state but the table"
        id, _ = self.batch_at_bank('1')
        for state in ['prepared', 'executed', 'cancelled']:
            with self.assertRaises(OrderBatchError):
                self.work(lambda: self.Batch.write(
                        [self.Batch(id)], {'state': state}))


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


del BatchCase

if __name__ == '__main__':
    unittest.main()
