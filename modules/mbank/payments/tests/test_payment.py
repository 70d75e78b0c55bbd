# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"From payments to a batch of orders"
import datetime as dt
import hashlib
import unittest
from decimal import Decimal

from trytond.model.exceptions import AccessError, SQLConstraintError
from trytond.modules.mbank.payments import (
    order_batch, order_sending, payment_order)
from trytond.modules.mbank.statements import statement_import
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import MBankPaymentError, OrderBatchError
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, FirmCase, mt940, nrb, working
from .answering import AnsweredMixin, Status


class PaymentCase(AnsweredMixin, FirmCase):
    "From payments to a batch of orders"
    with_queue = False

    def refused(self, *fragments, **values):
        with self.assertRaises(MBankPaymentError) as caught:
            self.pay('10', **values)
        for fragment in fragments:
            self.assertIn(fragment, caught.exception.message)

    @working
    def test_batch(self):
        "The group's payments are one file with identities of its own"
        batch = self.batch('100.00', '23.45')
        self.assertEqual(batch.state, 'prepared')
        self.assertEqual(batch.order_count, 2)
        self.assertEqual(batch.amount, Decimal('123.45'))
        data = bytes(batch.data)
        self.assertEqual(
            batch.md5, hashlib.md5(data, usedforsecurity=False).hexdigest())
        self.assertIn(batch.message_id.encode(), data)
        for payment in batch.payments:
            self.assertEqual(payment.state, 'processing')
            self.assertIn(payment.mbank_end_to_end_id.encode(), data)
        self.assertIn(b'<InstdAmt Ccy="PLN">23.45</InstdAmt>', data)

    @working
    def test_batch_fixed(self):
        "What the bank is given is never changed"
        batch = self.batch()
        Batch = batch.__class__
        for change in [
                lambda: Batch.write([batch], {'data': b'other'}),
                lambda: Batch.write([batch], {'message_id': 'OTHER'}),
                lambda: Batch.delete([batch]),
                lambda: Batch.copy([batch])]:
            with self.assertRaises(AccessError):
                change()

    def book(self, payment, label=True):
        "The entry that books the payment, imported and settled"
        pool = Pool()
        Statement = pool.get('account.statement')
        journal, account = self.firm.new_journal()
        data = mt940(account, TODAY, 1, '0', [
                (-payment.amount, "PRZELEW", None)])
        if label:
            # Before the title, where the bank writes its own
            data = data.replace(b'770 ELIXIR;', (
                    '770 ELIXIR; REF. KLIENTA: %s;'
                    % payment.mbank_end_to_end_id).encode())
        imported = statement_import.prepare(
            payment.company, gateway.read_statements(data, 'test.sta'))
        statement_import.save(imported)
        Statement.settle(imported.statements)
        statement, = Statement.browse(imported.statements)
        origin, = statement.origins
        return origin

    def in_state(self, batch, state):
        "The batch as it is in the state, whatever led to it"
        table = batch.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update(
                [table.state], [state], where=table.id == batch.id))
        Transaction().counter += 1
        return batch.__class__(batch.id)

    @working
    def test_settled_by_identity(self):
        "An entry that bears our own identity settles that very payment"
        batch = self.batch('77.10', '77.10', '77.10')
        batch = self.in_state(batch, 'accepted')
        payment = batch.payments[1]
        origin = self.book(payment)
        self.assertEqual(origin.settlement_decision, 'automatic')
        line, = origin.lines
        self.assertEqual(line.related_to, payment)
        self.assertIn(
            payment.mbank_end_to_end_id.upper(), origin.settlement_reason)
        self.assertEqual(
            origin.entry_details['client_reference'],
            payment.mbank_end_to_end_id)
        self.assertFalse(self.book(payment, label=False).lines)

    @working
    def test_settled_at_bank(self):
        "A payment is settled by itself only if its batch is at the bank"
        states = [s for s, _ in order_batch.STATES]
        amounts = ['78.%02d' % n for n, _ in enumerate(states)]
        batches = [self.batch(a) for a in amounts]
        settled = set()
        for batch, state in zip(batches, states):
            batch = self.in_state(batch, state)
            origin = self.book(batch.payments[0])
            if origin.lines:
                settled.add(state)
            else:
                self.assertEqual(origin.settlement_decision, 'propose')
                self.assertIn(batch.message_id, origin.settlement_reason)
        self.assertEqual(settled, {'sent', 'accepted', 'executed', 'partial'})

    @working
    def test_title_characters(self):
        "A character the bank does not take is named with its field"
        self.refused('"#"', 'Title of Transfer', mbank_title="FV #1")

    @working
    def test_title_length(self):
        "A title that is too long is refused"
        self.refused('141', '140', mbank_title="A" * 141)

    @working
    def test_no_title(self):
        "A payment needs a title"
        self.refused('Title of Transfer', reference=None)

    @working
    def test_no_account(self):
        "A payee without an account is named"
        party = self.firm.create_party("Gamma sp. z o.o.")
        self.refused("Gamma sp. z o.o.", party=party)

    @working
    def test_wrong_account(self):
        "An account whose check digits do not fit is refused"
        BankAccount = Pool().get('bank.account')
        party = self.firm.create_party("Delta sp. z o.o.")
        BankAccount.create([{
                    'owners': [('add', [party.id])],
                    'numbers': [('create', [{
                                    'type': 'other',
                                    'number': '99' + '1140' + '2' * 20,
                                    }])],
                    }])
        number = party.__class__(party.id).bank_accounts[0].numbers[0]
        self.refused(
            number.number, party=party, mbank_account_number=number)

    @working
    def test_foreign_account(self):
        "A transfer in PLN goes to a Polish account"
        party = self.firm.create_party(
            "Epsilon GmbH", 'DE89370400440532013000')
        self.refused('DE89370400440532013000', party=party)

    @working
    def test_journal_of_other_bank(self):
        "The debited account is at mBank, whose sort codes begin with 114"
        for bank in ['10901014', '11502004', '11302004']:
            account = self.firm.create_party("Zeta", nrb(8, bank=bank))
            number = account.bank_accounts[0].numbers[0]
            number.account.owners = [self.firm.company.party]
            number.account.save()
            with self.assertRaises(MBankPaymentError):
                self.firm.new_payment_journal(number.number_compact)

    @working
    def test_name(self):
        "Other letters of a name become what the bank takes"
        party = self.firm.create_party(
            'Müller & "Żabka" S.A.', nrb(7, bank='10901014'))
        batch = self.batch(party=party)
        self.assertIn(
            '<Nm>Muller Żabka S.A.</Nm>', bytes(batch.data).decode())

    @working
    def test_name_length(self):
        "A name has at most 70 characters"
        longest = self.firm.create_party("N" * 70, nrb(9, bank='10901014'))
        self.assertIn(
            '<Nm>%s</Nm>' % ("N" * 70),
            bytes(self.batch(party=longest).data).decode())
        party = self.firm.create_party("N" * 71, nrb(10, bank='10901014'))
        self.refused("N" * 71, '70', party=party)

    @working
    def test_address_length(self):
        "A line of an address is cut to 35 characters"
        party = self.firm.create_party("Omega", nrb(11, bank='10901014'))
        party.addresses[0].street_unstructured = "S" * 40
        party.addresses[0].save()
        self.assertIn(
            '<AdrLine>%s</AdrLine>' % ("S" * 35),
            bytes(self.batch(party=party).data).decode())

    def test_identity_length(self):
        "An order's identity has at most 35 characters and is its own"
        for number in [
                '1', 'A' * 18, 'A' * 19, 'A' * 60, 'FV/2026/0001', '///', '']:
            identities = {
                payment_order.end_to_end_id(number) for _ in range(100)}
            self.assertEqual(len(identities), 100)
            for identity in identities:
                self.assertLessEqual(len(identity), 35)
                self.assertRegex(identity, r'\A[0-9A-Za-z-]{16,}\Z')
                self.assertFalse(identity.startswith('-'))
                readable = number.replace('/', '-').strip('-')[-18:]
                self.assertTrue(identity.startswith(readable))

    @working
    def test_identities(self):
        "Payments of one number, or of one end of it, get identities apart"
        long = 'FV/2026/ZAKUPY/0000000000000001'
        numbers = ['7', '7', long, long, 'X' + long]
        payments = self.pay(*(['10'] * len(numbers)), submit=False)
        for payment, number in zip(payments, numbers):
            payment.number = number
        payments[0].__class__.save(payments)
        payments[0].__class__.submit(payments)
        payments[0].__class__.approve(payments)
        batch = self.process(payments)
        data = bytes(batch.data)
        for name, tag in [
                ('mbank_end_to_end_id', 'EndToEndId'),
                ('mbank_instruction_id', 'InstrId')]:
            identities = [getattr(p, name) for p in batch.payments]
            self.assertEqual(len(set(identities)), len(numbers))
            for identity in identities:
                self.assertIn(
                    ('<%s>%s</%s>' % (tag, identity, tag)).encode(), data)

    def test_identities_unique(self):
        "The database takes no identity of an order twice"
        def make():
            first, = self.batch().payments
            other, = self.pay('10', submit=False)
            return first.id, other.id
        first, other = self.work(make)

        def double(name):
            Payment = Pool().get('account.payment')
            Payment.write([Payment(other)], {
                    name: getattr(Payment(first), name)})
        for name in ['mbank_end_to_end_id', 'mbank_instruction_id']:
            with self.subTest(name=name):
                with self.assertRaises(SQLConstraintError):
                    self.work(double, name)

    @working
    def test_execution_date(self):
        "An order is carried out on its day, or when it is made if later"
        for days, day in [
                (-3, TODAY), (0, TODAY), (3, TODAY + dt.timedelta(days=3))]:
            with self.subTest(days=days):
                payment, = self.pay('10', submit=False)
                payment.date = TODAY + dt.timedelta(days=days)
                payment.save()
                payment.submit([payment])
                payment.approve([payment])
                self.assertIn(
                    '<ReqdExctnDt>%s</ReqdExctnDt>' % day.isoformat(),
                    bytes(self.process([payment]).data).decode())

    @working
    def test_amount_in_words_of_the_user(self):
        "An amount is told as the user writes amounts"
        payment, = self.pay('1000', submit=False)
        payment.journal.currency.digits = 3
        payment.journal.currency.save()
        payment.amount = Decimal('12345.678')
        payment.save()
        with Transaction().set_context(language='pl'), \
                self.assertRaises(MBankPaymentError) as caught:
            payment = payment.__class__(payment.id)
            payment.submit([payment])
        self.assertRegex(caught.exception.message, r'12.?345,678')
        payment.journal.currency.digits = 2
        payment.journal.currency.save()

    @working
    def test_right(self):
        "Who has not the right sends nothing, not even by a direct call"
        User = Pool().get('res.user')
        batch = self.batch()
        user = User(name="Clerk", login='clerk%s' % batch.id)
        user.companies = [self.company_id]
        user.company = self.company_id
        user.save()
        with Transaction().set_user(user.id):
            for name in [
                    'send', 'send_again', 'check_status', 'cancel']:
                with self.subTest(name=name):
                    with self.assertRaises(AccessError):
                        getattr(batch.__class__, name)([batch])
            for decide in [
                    batch.__class__.decide_absent,
                    batch.__class__.decide_give_up]:
                with self.assertRaises(AccessError):
                    decide([batch], "because")
        self.assertEqual(batch.__class__(batch.id).state, 'prepared')

    def test_taken_once(self):
        "A batch that was taken is not taken again"
        id = self.work(lambda: self.batch().id)

        def take():
            Batch = self.Batch
            Batch.write([Batch(id)], {'state': 'waiting'})
            user = Transaction().user
            return [order_sending.take(id, user) for _ in range(2)]
        (attempt, *_), again = self.work(take)
        self.assertEqual((attempt, again), (1, None))
        self.assertEqual(
            self.work(lambda: self.Batch(id).state), 'sending')

    def test_killed(self):
        "What a killed process left is unknown and is not sent again"
        id = self.work(lambda: self.batch().id)
        Batch = self.Batch
        long_ago = dt.datetime.now() - order_sending.CALL_LIMIT * 2

        def kill():
            Batch.write([Batch(id)], {'state': 'waiting'})
            order_sending.take(id, Transaction().user)
            Batch.write([Batch(id)], {'sending_since': long_ago})
        self.work(kill)
        self.work(order_sending.mark_interrupted)

        def check():
            batch = Batch(id)
            self.assertEqual(batch.state, 'unknown')
            self.assertFalse(batch.absent_at)
            for name in ['send', 'send_again', 'cancel']:
                with self.assertRaises(OrderBatchError):
                    getattr(Batch, name)([batch])
            with self.assertRaises(OrderBatchError):
                Batch.decide_give_up([batch], "because")
        self.work(check)

    def test_lost_task(self):
        "A batch whose task was lost is queued again"
        id = self.work(lambda: self.batch().id)
        Batch = self.Batch
        long_ago = dt.datetime.now() - order_sending.TASK_LIMIT * 2

        def lose():
            Batch.write([Batch(id)], {
                    'state': 'waiting', 'waiting_since': long_ago})
            order_sending.queue_lost()
            Queue = Pool().get('ir.queue')
            return [
                t.data['instances'] for t in Queue.search([])
                if t.data['method'] == 'send_waiting']
        self.assertIn([id], [list(i) for i in self.work(lose)])

    def test_executed(self):
        "Executed orders make their payments succeed"
        id = self.work(lambda: self.batch('1', '2').id)
        Batch = self.Batch
        self.hand_over(id)
        self.answer(id, *(Status('REALIZED', i) for i in self.identities(id)))

        def check():
            batch = Batch(id)
            self.assertEqual(batch.state, 'executed')
            self.assertEqual(batch.status_key, 'REALIZED')
            self.assertEqual(batch.status, 'Executed (REALIZED)')
            self.assertEqual(batch.bank_group_id, 'G1')
            for payment in batch.payments:
                self.assertEqual(payment.state, 'succeeded')
                self.assertTrue(payment.clearing_move)
        self.work(check)

    def test_partly_denied(self):
        "A denied order fails its payment with the bank's words"
        id = self.work(lambda: self.batch('1', '2').id)
        Batch = self.Batch
        self.hand_over(id)
        ids = self.identities(id)
        self.answer(id, Status('REALIZED', ids[0]),
            Status('DENIED', ids[1], "Brak środków"))

        def check():
            batch = Batch(id)
            self.assertEqual(batch.state, 'partial')
            self.assertEqual(
                {p.mbank_end_to_end_id: p.state for p in batch.payments},
                {ids[0]: 'succeeded', ids[1]: 'failed'})
            denied, = [p for p in batch.payments if p.state == 'failed']
            self.assertEqual(denied.mbank_status_text, "Brak środków")
        self.work(check)

    def test_unknown_key(self):
        "A state nobody knows is shown as it is and decides nothing"
        id = self.work(lambda: self.batch().id)
        Batch = self.Batch
        self.hand_over(id)
        self.answer(id, Status('W_KOSMOSIE', *self.identities(id)))

        def check():
            batch = Batch(id)
            payment, = batch.payments
            self.assertEqual(batch.state, 'accepted')
            self.assertEqual(batch.status_key, 'W_KOSMOSIE')
            self.assertEqual(payment.mbank_status_key, 'W_KOSMOSIE')
            self.assertEqual(payment.mbank_status, 'W_KOSMOSIE')
            self.assertEqual(payment.state, 'processing')
            self.assertIn('W_KOSMOSIE', [h.key for h in batch.history])
        self.work(check)

    def test_history(self):
        "The history grows when the state changes, not with each question"
        id = self.work(lambda: self.batch().id)
        Batch = self.Batch
        self.hand_over(id)
        for key in ['TO_AUTH', 'TO_AUTH', 'IN_REALIZ']:
            self.answer(id, Status(key, *self.identities(id)))
        self.assertEqual(
            self.work(lambda: [h.key for h in Batch(id).history if h.key]),
            ['IN_REALIZ', 'TO_AUTH'])

    @working
    def test_cancel(self):
        "A batch that was not sent is cancelled and its payments fail"
        batch = self.batch()
        batch.__class__.cancel([batch])
        self.assertEqual(batch.__class__(batch.id).state, 'cancelled')
        payment, = batch.__class__(batch.id).payments
        self.assertEqual(payment.state, 'failed')


if __name__ == '__main__':
    unittest.main()
