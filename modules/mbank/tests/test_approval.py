# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Who approves payments for mBank"
import unittest
from decimal import Decimal
from itertools import count

from trytond.model.exceptions import AccessError
from trytond.modules.mbank.exceptions import PaymentApprovalError
from trytond.pool import Pool
from trytond.transaction import Transaction

from .firm import TODAY, FirmCase, working
from .tools import create_user, model

_logins = count(1)


class ApprovalCase(FirmCase):
    "Approving as a right of its own, by two people if the journal says so"

    def person(self, *groups):
        "A user of the firm with groups of any module"
        pool = Pool()
        ModelData = pool.get('ir.model.data')
        User = pool.get('res.user')
        user = create_user('person%s' % next(_logins), self.firm.company)
        User.write([user], {
                'groups': [('add', [
                            ModelData.get_id(*g.split('.')) for g in groups])],
                })
        return user

    def maker(self, *groups):
        return self.person('account_payment.group_payment', *groups)

    def approver(self):
        return self.person('mbank.group_payment_approve')

    def journal(self, two_people=False, method='mbank'):
        journal = self.firm.new_payment_journal()
        journal.mbank_two_people = two_people
        journal.process_method = method
        journal.save()
        return journal

    def submitted(self, maker, journal):
        "A payment made and submitted by the maker's client"
        id_, = model(maker, 'account.payment', 'create', [{
                    'company': self.company_id, 'journal': journal.id,
                    'kind': 'payable', 'party': self.firm.alfa.id,
                    'date': TODAY, 'amount': Decimal(10),
                    'reference': "FV 1/2026",
                    }], company=self.company_id)
        model(maker, 'account.payment', 'submit', [id_],
            company=self.company_id)
        return Pool().get('account.payment')(id_)

    def approve(self, user, payment):
        model(user, 'account.payment', 'approve', [payment.id],
            company=self.company_id)
        return Pool().get('account.payment')(payment.id)

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


if __name__ == '__main__':
    unittest.main()
