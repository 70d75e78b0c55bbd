# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What may leave"
import unittest
from decimal import Decimal
from itertools import count

from trytond.model.exceptions import AccessButtonError
from trytond.modules.mbank.payments import order_leaving, order_sending
from trytond.modules.mbank.exceptions import OrderBatchError
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY
from .answering import BatchCase, Status

_numbers = count(1)


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


if __name__ == '__main__':
    unittest.main()
