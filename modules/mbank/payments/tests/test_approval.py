# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Who approves payments for mBank, and what of them"
import datetime as dt
import unittest
from decimal import Decimal

from trytond.model.exceptions import AccessError
from trytond.modules.mbank.payments import payment_order
from trytond.modules.mbank.exceptions import PaymentApprovalError
from trytond.modules.mbank.payments.payment_shown import PARTS
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, working
from ...tests.tools import model
from .approving import ApprovalCase


class ApprovalTestCase(ApprovalCase):
    "Approving as a right of its own, by two people if the journal says so"

    @working
    def test_the_right(self):
        "The host's right to approve does not suffice, that of mBank does"
        maker = self.maker('account_payment.group_payment_approval')
        payment = self.submitted(maker, self.journal())
        self.assertEqual(payment.mbank_submitted_by, maker)
        with self.assertRaises(AccessError):
            self.approve(maker, payment)
        approver = self.approver()
        payment = self.approve(approver, payment)
        self.assertEqual(
            (payment.state, payment.mbank_approved_by),
            ('approved', approver))

    @working
    def test_payments_of_other_journals(self):
        "Who approves for mBank approves nothing else"
        payment = self.submitted(self.maker(), self.journal(method='manual'))
        with self.assertRaises(AccessError):
            self.approve(self.approver(), payment)
        other = self.person('account_payment.group_payment_approval')
        self.assertEqual(self.approve(other, payment).state, 'approved')

    @working
    def test_two_people(self):
        "If the journal says so the maker does not approve, others do"
        maker = self.maker('mbank.group_payment_approve')
        alone = self.submitted(maker, self.journal())
        self.assertEqual(self.approve(maker, alone).state, 'approved')
        payment = self.submitted(maker, self.journal(two_people=True))
        with self.assertRaises(PaymentApprovalError):
            self.approve(maker, payment)
        self.assertEqual(
            self.approve(self.approver(), payment).state, 'approved')

    @working
    def test_who_submits_is_a_maker(self):
        "Nor does who submitted what another has made"
        journal = self.journal(two_people=True)
        payment = self.submitted(self.maker(), journal)
        second = self.maker('mbank.group_payment_approve')
        model(second, 'account.payment', 'draft', [payment.id])
        model(second, 'account.payment', 'submit', [payment.id],
            company=self.company_id)
        with self.assertRaises(PaymentApprovalError):
            self.approve(second, payment)

    @working
    def test_no_change_after_submitting(self):
        "What was submitted is changed in draft only, and approved anew"
        maker = self.maker()
        payment = self.submitted(maker, self.journal())
        with self.assertRaises(AccessError):
            model(maker, 'account.payment', 'write', [payment.id],
                {'amount': Decimal(1000)})
        self.approve(self.approver(), payment)
        model(maker, 'account.payment', 'draft', [payment.id])
        model(maker, 'account.payment', 'write', [payment.id],
            {'amount': Decimal(11)})
        payment = Pool().get('account.payment')(payment.id)
        self.assertIsNone(payment.mbank_approved_by)
        self.assertIsNone(payment.mbank_order)
        self.assertIsNone(payment.mbank_submitted_by)

    @working
    def test_no_batch_without_approval(self):
        "A payment that is approved in name only comes into no batch"
        pool = Pool()
        Group = pool.get('account.payment.group')
        Payment = pool.get('account.payment')
        journal = self.journal()
        payment = self.submitted(self.maker(), journal)
        table = Payment.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [table.state], ['approved'], where=table.id == payment.id))

        def group():
            group = Group(
                company=self.firm.company, journal=journal, kind='payable')
            group.save()
            return group
        with self.assertRaises(PaymentApprovalError):
            Payment.process([Payment(payment.id)], group)

    @working
    def test_all_of_the_order_is_approved_and_shown(self):
        "The approver sees each part of the order, before and afterwards"
        payment = self.submitted(
            self.maker(), self.journal(), party=self.payee().id)
        value = payment_order.built([payment])[payment.id]
        self.assertEqual(set(payment_order.flat(value)), set(PARTS.values()))
        approver = self.approver()
        names = sorted(PARTS)

        def read():
            row, = model(approver, 'account.payment', 'read', [payment.id],
                names, company=self.company_id)
            return {name: row[name] for name in names}
        before = read()
        number, = payment.party.bank_accounts[0].numbers
        self.assertEqual(before['mbank_payee_account'], number.number)
        self.assertEqual(before['mbank_payee_name'], payment.party.name)
        self.assertEqual(before['mbank_order_amount'], Decimal(10))
        self.assertEqual(before['mbank_order_title'], "FV 1/2026")
        self.assertEqual(before['mbank_order_date'], TODAY)
        self.assertEqual(
            before['mbank_debited_account'],
            payment.journal.mbank_account_number.number)
        payment = self.approve(approver, payment)
        self.by(self.person(), number, number=self.number())
        self.assertEqual(read(), before)
        content = payment_order.approved(payment)
        self.assertEqual(content['order'], value)
        order = payment_order.order(payment, 'I', TODAY)
        self.assertEqual(
            set(order), set(value) | {'end_to_end_id', 'instruction_id'})

    @working
    def test_context_of_a_client(self):
        "What a client claims chooses no account"
        party = self.payee()
        account, = party.bank_accounts
        account.numbers[0].active = False
        account.numbers[0].save()
        account.active = False
        account.save()
        Pool().get('bank.account').create([{
                    'owners': [('add', [party.id])],
                    'numbers': [('create', [{
                                    'type': 'iban',
                                    'number': self.number()}])],
                    }])
        maker, approver = self.maker(), self.approver()
        payment = self.submitted(maker, self.journal(), party=party.id)
        model(approver, 'account.payment', 'approve', [payment.id],
            company=self.company_id, active_test=False, language='pl')
        payment = payment.__class__(payment.id)
        self.assertEqual(
            payment_order.differences(
                payment_order.approved(payment),
                payment_order.built([payment])[payment.id]), [])

    @working
    def test_no_forged_approval(self):
        "Fields of approval are filled in by no client, whatever the journal"
        maker = self.maker()
        approver = self.approver()
        payment = self.approved()
        forged = [
            {'mbank_approved_by': approver.id},
            {'mbank_approved_at': dt.datetime(2026, 1, 1)},
            {'mbank_submitted_by': approver.id},
            {'mbank_order': payment.mbank_order},
            {'mbank_order_hash': payment.mbank_order_hash},
            {'mbank_status_key': 'REALIZED'},
            {'mbank_status_text': 'X'},
            {'mbank_voided': 'X'},
            {'state': 'approved'}, {'state': 'processing'},
            {'mbank_batch': self.process(
                    [self.approved()]).mbank_batches[0].id},
            {'mbank_events': [('create', [{
                                'at': dt.datetime(2026, 1, 1),
                                'text': 'X'}])]}]
        forged += [
            {name: 'X%s' % i} for i in range(2)
            for name in ['mbank_end_to_end_id', 'mbank_instruction_id']]
        for method in ['mbank', 'manual']:
            journal = self.journal(method=method)
            mine = self.submitted(maker, journal, submit=False)
            for values in forged:
                with self.subTest(method=method, values=values):
                    whole = {
                        'company': self.company_id, 'journal': journal.id,
                        'kind': 'payable', 'party': self.firm.alfa.id,
                        'date': TODAY, 'amount': Decimal(10)}
                    self.refused(maker, 'create', [{**whole, **values}])
                    self.refused(maker, 'write', [mine.id], values)
                    if 'mbank_events' in values:
                        continue
                    self.refused(maker, 'copy', [mine.id], values)
                    (name, value), = values.items()
                    # Of a context nothing is taken
                    id_, = model(maker, 'account.payment', 'create', [whole],
                        company=self.company_id, **{'default_' + name: value})
                    made = mine.__class__(id_)
                    self.assertEqual(made.state, 'draft')
                    if name != 'state':
                        self.assertIsNone(getattr(made, name))
            for column, value in [
                    ('state', 'approved'),
                    ('mbank_order_hash', 'X'),
                    ('mbank_approved_by', approver.rec_name)]:
                with self.subTest(method=method, column=column):
                    self.refused(maker, 'import_data',
                        ['company', 'journal', 'kind', 'party', 'date',
                            'amount', column],
                        [[self.firm.company.rec_name, journal.rec_name,
                                'payable', self.firm.alfa.rec_name,
                                TODAY.isoformat(), '10', value]])

    @working
    def test_copy(self):
        "A copy is approved by nobody and made by who copied"
        payment = self.approved()
        self.process([payment])
        copier = self.maker()
        id_, = model(copier, 'account.payment', 'copy', [payment.id],
            company=self.company_id)
        copied = payment.__class__(id_)
        self.assertEqual(copied.state, 'draft')
        for name in [
                'mbank_approved_by', 'mbank_order', 'mbank_order_hash',
                'mbank_submitted_by', 'mbank_batch', 'mbank_end_to_end_id',
                'mbank_instruction_id', 'mbank_approved_at', 'group']:
            self.assertIsNone(getattr(copied, name), name)
        self.assertEqual(list(copied.mbank_makers), [copier])
        self.assertFalse(copied.mbank_events)

    @working
    def test_journal_stays(self):
        "What was submitted or approved moves to no other journal or method"
        maker = self.maker()
        manual, mbank = self.journal(method='manual'), self.journal()
        for journal, other in [(manual, mbank), (mbank, manual)]:
            payment = self.submitted(maker, journal)
            for _ in range(2):
                self.refused(
                    maker, 'write', [payment.id], {'journal': other.id})
                for method in {'manual', 'mbank'} - {journal.process_method}:
                    with self.assertRaises(AccessError):
                        journal.__class__.write(
                            [journal], {'process_method': method})
                user = (
                    self.approver() if journal == mbank
                    else self.person('account_payment.group_payment_approval'))
                if payment.state == 'submitted':
                    payment = self.approve(user, payment)

    @working
    def test_approval_of_another_method(self):
        "An approval given for another method is none for mBank"
        payment = self.approve(
            self.person('account_payment.group_payment_approval'),
            self.submitted(self.maker(), self.journal(method='manual')))
        payment = self.sql(payment, journal=self.journal().id)
        with self.assertRaises(PaymentApprovalError):
            self.process([payment])

    @working
    def test_groups(self):
        "No client puts payments into groups, nor changes them through one"
        maker = self.maker()
        payment = self.approved()
        other = self.approved(journal=payment.journal)
        batch, = self.process([other]).mbank_batches
        group = batch.group.id
        for values in [
                {'payments': [('add', [payment.id])]},
                {'payments': [('write', [payment.id], {
                                'mbank_approved_by': maker.id})]},
                {'payments': [('write', [other.id], {'state': 'failed'})]},
                {'journal': self.journal().id},
                {'kind': 'receivable'},
                {'mbank_batches': [('add', [batch.id])]}]:
            with self.subTest(values=values):
                self.refused(maker, 'write', [group], values,
                    name='account.payment.group')
        self.refused(maker, 'write', [batch.id],
            {'payments': [('add', [payment.id])]}, name='mbank.order.batch')
        self.refused(maker, 'create', [{
                    'payment': payment.id, 'at': dt.datetime(2026, 1, 1),
                    'text': 'X'}], name='mbank.payment.event')

    @working
    def test_nobody_approves_nothing(self):
        "A process of the server approves nothing for mBank"
        payment = self.submitted(self.maker(), self.journal())
        with Transaction().set_user(0), \
                self.assertRaises(PaymentApprovalError):
            payment.__class__.approve([payment.__class__(payment.id)])


if __name__ == '__main__':
    unittest.main()
