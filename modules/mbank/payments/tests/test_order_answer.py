# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What the bank's states change"
import unittest

from trytond.modules.mbank.exceptions import OrderBatchError
from trytond.pool import Pool

from .answering import BatchCase, Status


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


if __name__ == '__main__':
    unittest.main()
