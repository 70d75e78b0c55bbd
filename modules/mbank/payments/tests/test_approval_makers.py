# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Who is a maker of a payment, and does not approve it"
import datetime as dt
import unittest
from decimal import Decimal

from trytond.modules.mbank.exceptions import PaymentApprovalError
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, working
from ...tests.tools import model
from .approving import ApprovalCase


class MakersTestCase(ApprovalCase):
    "Where two people are required"

    def both(self, *groups):
        return self.maker('mbank.group_payment_approve', *groups)

    @working
    def test_who_changes_is_a_maker(self):
        "Who has changed what the bank gets does not approve it, ever after"
        for values in [
                {'amount': Decimal(11)}, {'reference': "FV 2"},
                {'date': TODAY + dt.timedelta(days=1)},
                {'mbank_title': "FV 2"}]:
            with self.subTest(values=values):
                payment, maker = self.two_people()
                editor = self.both()
                model(editor, 'account.payment', 'write', [payment.id],
                    values)
                self.submit(maker, payment)
                with self.assertRaises(PaymentApprovalError):
                    self.approve(editor, payment)
                # A new round does not make others of them
                model(maker, 'account.payment', 'draft', [payment.id])
                self.submit(maker, payment)
                with self.assertRaises(PaymentApprovalError):
                    self.approve(editor, payment)
                self.assertEqual(
                    self.approve(self.both(), payment).state, 'approved')

    @working
    def test_who_changes_before_it_is_for_mbank(self):
        "Who changed it in another journal has made it too"
        maker, editor = self.maker(), self.both()
        payment = self.submitted(
            maker, self.journal(method='manual'), submit=False)
        model(editor, 'account.payment', 'write', [payment.id],
            {'amount': Decimal(11)})
        model(maker, 'account.payment', 'write', [payment.id],
            {'journal': self.journal(two_people=True).id})
        self.submit(maker, payment)
        with self.assertRaises(PaymentApprovalError):
            self.approve(editor, payment)

    @working
    def test_who_changes_before_it_is_to_be_paid(self):
        "Who changed it while it was one to be received has made it too"
        payment, maker = self.two_people(kind='receivable')
        editor = self.both()
        model(editor, 'account.payment', 'write', [payment.id],
            {'amount': Decimal(11)})
        model(maker, 'account.payment', 'write', [payment.id],
            {'kind': 'payable'})
        self.submit(maker, payment)
        with self.assertRaises(PaymentApprovalError):
            self.approve(editor, payment)

    @working
    def test_who_copies_is_a_maker(self):
        "Who copies a payment has made the copy"
        payment, _ = self.two_people()
        copier = self.both()
        id_, = model(copier, 'account.payment', 'copy', [payment.id],
            {'reference': "FV 3"}, company=self.company_id)
        copied = payment.__class__(id_)
        self.submit(self.maker(), copied)
        with self.assertRaises(PaymentApprovalError):
            self.approve(copier, copied)

    @working
    def test_who_changes_the_payee_is_a_maker(self):
        "Who gives the payee another account does not approve what goes there"
        def number(payment, user):
            self.by(user, payment.party.bank_accounts[0].numbers[0],
                number=self.number())

        def name(payment, user):
            self.by(user, payment.party, name="Inny")

        def debited(payment, user):
            self.by(user, payment.journal, name="Inny")

        for change in [number, name, debited]:
            with self.subTest(change=change.__name__):
                payment, maker = self.two_people(party=self.payee().id)
                changer = self.both()
                change(payment, changer)
                self.submit(maker, payment)
                with self.assertRaises(PaymentApprovalError):
                    self.approve(changer, payment)
                self.assertEqual(
                    self.approve(self.both(), payment).state, 'approved')

    def test_who_changed_the_payee_before_another(self):
        "Not the last alone who changed the payee's account has made it"
        def prepare():
            payment, maker = self.two_people(party=self.payee().id)
            groups = ['party.group_party_admin', 'bank.group_bank_admin']
            first = self.both(*groups)
            last = self.person(*groups)
            return payment.id, maker.id, first.id, last.id
        id_, maker, *changers = self.work(prepare)

        def change(user):
            Payment = Pool().get('account.payment')
            number = Payment(id_).party.bank_accounts[0].numbers[0]
            model(user, 'bank.account.number', 'write', [number.id],
                {'number': self.number()})
        for user in changers:
            self.work(change, user, user=user)

        def check():
            payment = Pool().get('account.payment')(id_)
            self.submit(maker, payment)
            with self.assertRaises(PaymentApprovalError):
                self.approve(changers[0], payment)
        self.work(check)

    def test_who_takes_the_rule_away(self):
        "What was made under the rule of two people stays under it"
        def prepare():
            Journal = Pool().get('account.payment.journal')
            payment, _ = self.two_people()
            maker = self.both('account.group_account_admin')
            other, = Journal.copy([payment.journal])
            mine = self.submitted(maker, payment.journal)
            other_mine = self.submitted(maker, other, submit=False)
            return [r.id for r in (
                    maker, payment.journal, mine, other, other_mine)]
        maker, journal, mine, other, other_mine = self.work(prepare)
        for id_ in [journal, other]:
            self.work(
                lambda: model(maker, 'account.payment.journal', 'write',
                    [id_], {'mbank_two_people': False}), user=maker)

        def approve(id_):
            self.approve(maker, Pool().get('account.payment')(id_))
        with self.assertRaises(PaymentApprovalError):
            self.work(approve, mine, user=maker)

        def submit():
            self.submit(maker, Pool().get('account.payment')(other_mine))
        self.work(submit, user=maker)
        with self.assertRaises(PaymentApprovalError):
            self.work(approve, other_mine, user=maker)

        def another():
            other_person = self.both()
            return self.approve(
                other_person, Pool().get('account.payment')(mine)).state
        self.assertEqual(self.work(another), 'approved')

    @working
    def test_on_behalf(self):
        "What is done as root on behalf of a user is the user's"
        payment, maker = self.two_people()
        editor = self.both()
        with Transaction().set_user(editor.id), \
                Transaction().set_user(0, set_context=True):
            record = payment.__class__(payment.id)
            record.amount = Decimal(12)
            record.save()
        self.submit(maker, payment)
        with self.assertRaises(PaymentApprovalError):
            self.approve(editor, payment)


if __name__ == '__main__':
    unittest.main()
