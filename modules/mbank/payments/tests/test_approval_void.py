# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What was changed after its approval is not approved"
import datetime as dt
import json
import unittest
from decimal import Decimal

from trytond.modules.mbank.payments import payment_order
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, working
from ...tests.tools import model, wizard
from .approving import ApprovalCase


class VoidTestCase(ApprovalCase):
    "An approval is of all that the order says"

    def changes(self):
        "(what changes, how, by fragments of the sentence)"
        pool = Pool()
        Account = pool.get('bank.account')

        def number(payment, user):
            account, = payment.party.bank_accounts
            old, new = account.numbers[0].number, self.number()
            self.by(user, account.numbers[0], number=new)
            return old, account.numbers[0].__class__(
                account.numbers[0].id).number

        def other_account_first(payment, user):
            old, = payment.party.bank_accounts
            with Transaction().set_user(user.id):
                account, = Account.create([{
                            'owners': [('add', [payment.party.id])],
                            'numbers': [('create', [{
                                            'type': 'iban',
                                            'number': self.number()}])],
                            }])
                Account.write([Account(old.id)], {'owners_sequence': 2})
                Account.write([account], {'owners_sequence': 1})
            return old.numbers[0].number, account.numbers[0].number

        def account_taken_away(payment, user):
            account, = payment.party.bank_accounts
            old = account.numbers[0].number
            with Transaction().set_user(user.id):
                new, = Account.create([{
                            'owners': [('add', [payment.party.id])],
                            'numbers': [('create', [{
                                            'type': 'iban',
                                            'number': self.number()}])],
                            }])
            self.by(user, account, owners=[('remove', [payment.party.id])])
            return old, new.numbers[0].number

        def name(payment, user):
            old = payment.party.name
            self.by(user, payment.party, name="Wilk sp. z o.o.")
            return old, "Wilk sp. z o.o."

        def address(payment, user):
            address, = payment.party.addresses
            self.by(user, address, street_unstructured="Krzywa 2")
            return "Prosta 1, 00-001 Warszawa", "Krzywa 2, 00-001 Warszawa"

        def address_before(payment, user):
            address, = payment.party.addresses
            self.by(user, payment.party, addresses=[
                    ('write', [address.id], {'sequence': 2}),
                    ('create', [{'sequence': 1, 'city': "Radom"}])])
            return "Warszawa", "Radom"

        def bic(payment, user):
            bank = payment.party.bank_accounts[0].bank
            self.by(user, bank, bic='BREXPLPW')
            return 'BPKOPLPW', 'BREXPLPW'

        def debited(payment, user):
            old = payment.journal.mbank_account_number.number
            with Transaction().set_user(user.id):
                _, account = self.firm.new_account()
            self.by(user, payment.journal,
                mbank_account_number=account.numbers[0].id)
            return old, account.numbers[0].number

        def debited_number(payment, user):
            number = payment.journal.mbank_account_number
            old = number.number
            self.by(user, number, number=self.number(bank='11402004'))
            return old, number.__class__(number.id).number

        def payer(payment, user):
            party = payment.company.party
            old = party.name
            self.by(user, party, name="Nowa nazwa")
            return old, "Nowa nazwa"

        def currency(payment, user):
            Currency = pool.get('currency.currency')
            with Transaction().set_user(user.id):
                eur, = Currency.create([{
                            'name': "Euro", 'code': 'EUR', 'symbol': 'E'}])
            self.by(user, payment.journal, currency=eur.id)
            return 'PLN', 'EUR'
        return [
            number, other_account_first, account_taken_away, name, address,
            address_before, bic, debited, debited_number, payer, currency]

    @working
    def test_changed_master_data_void_the_approval(self):
        "What would go elsewhere, or otherwise, than approved does not go"
        for number, change in enumerate(self.changes()):
            with self.subTest(change=change.__name__):
                payment = self.approved()
                other = self.approved(journal=payment.journal)
                changer = self.person()
                changer.name = "Zmiana %s" % number
                changer.save()
                old, new = change(payment, changer)
                company = payment.company.party
                group = self.process([payment])
                self.assertIsNone(group)
                self.assertVoid(payment, old, new, changer.name)
                if change.__name__ in {
                        'debited', 'debited_number', 'payer', 'currency'}:
                    # They are of the journal and so of all its payments
                    self.process([other])
                    self.assertVoid(other, changer.name)
                company.name = self.firm.company.party.name
                if change.__name__ != 'currency':
                    again = self.approve(self.approver_id, payment)
                    self.assertIsNone(again.mbank_voided)
                    batch, = self.process([again]).mbank_batches
                    self.assertEqual(batch.order_count, 1)

    @working
    def test_changed_rows_void_the_approval(self):
        "Whatever way a payment was changed, it leaves as approved or not"
        other = self.payee()
        for values in [
                {'amount': Decimal(99)},
                {'date': TODAY + dt.timedelta(days=4)},
                {'date': TODAY - dt.timedelta(days=4)},
                {'reference': "Inny tytuł"},
                {'mbank_title': "Inny tytuł"},
                {'party': other.id},
                {'mbank_account_number':
                    other.bank_accounts[0].numbers[0].id}]:
            with self.subTest(values=values):
                payment = self.sql(self.approved(), **values)
                self.assertIsNone(self.process([payment]))
                self.assertVoid(payment)

    @working
    def test_changed_title_of_invoice(self):
        "A title that is the invoice's reference is approved with the payment"
        invoice = self.firm.create_invoice(
            100, type='in', party=self.payee(), post=False)
        invoice.supplier_payment_reference = "FV 17/2026"
        invoice.save()
        invoice.post([invoice])
        line, = invoice.lines_to_pay
        payment = self.approved(
            party=invoice.party.id, line=line.id, reference=None,
            amount=Decimal(100))
        self.assertEqual(payment.mbank_order_title, "FV 17/2026")
        self.sql(invoice, supplier_payment_reference="FV 18/2026")
        self.assertIsNone(self.process([payment]))
        self.assertVoid(payment, "FV 17/2026", "FV 18/2026")

    @working
    def test_the_others_go_on(self):
        "A payment whose approval is void stops no other"
        journal = self.journal()
        good = [self.approved(journal=journal) for _ in range(2)]
        bad = self.approved(journal=journal)
        changer = self.person()
        account, = bad.party.bank_accounts
        self.by(changer, account.numbers[0], number=self.number())
        batch, = self.process([good[0], bad, good[1]]).mbank_batches
        self.assertEqual(set(batch.payments), set(good))
        self.assertEqual(batch.amount, Decimal(20))
        self.assertVoid(bad, changer.rec_name)

    def test_voiding_is_told_and_stays(self):
        "Who made and who approved are told; the wizard's request commits it"
        def prepare():
            payment = self.approved()
            account, = payment.party.bank_accounts
            self.by(self.person(), account.numbers[0], number=self.number())
            return payment.id
        id_ = self.work(prepare)

        def press():
            Payment = Pool().get('account.payment')
            payment = Payment(id_)
            people = {payment.mbank_approved_by.id, *map(
                    int, payment.mbank_makers), 1}
            session, *_ = wizard(1, 'account.payment.process', 'create')
            wizard(1, 'account.payment.process', 'execute', session, {},
                'process', active_model='account.payment', active_id=id_,
                active_ids=[id_], company=self.company_id)
            return people
        people = self.work(press)

        def told():
            payment = Pool().get('account.payment')(id_)
            self.assertVoid(payment)
            Notification = Pool().get('res.notification')
            return {
                n.user.id for n in Notification.search([
                        ('model', '=', 'account.payment')])
                if id_ in json.loads(n.records)}
        self.assertEqual(self.work(told), people)

    @working
    def test_changed_back(self):
        "What is again as it was approved leaves"
        payment = self.approved()
        number = payment.party.bank_accounts[0].numbers[0]
        before = number.number
        for value in [self.number(), before]:
            self.by(self.person(), number, number=value)
        batch, = self.process([payment]).mbank_batches
        self.assertIn(
            number.number_compact, bytes(batch.data).decode())

    def test_deleted_source(self):
        "Who deleted a record of what was approved is found in the log"
        def prepare():
            payment = self.approved()
            changer = self.person(
                'party.group_party_admin', 'bank.group_bank_admin')
            return payment.id, changer.id, changer.name
        id_, changer, name = self.work(prepare)

        def change():
            Payment = Pool().get('account.payment')
            account, = Payment(id_).party.bank_accounts
            model(changer, 'bank.account', 'write', [account.id], {
                    'numbers': [
                        ('delete', [account.numbers[0].id]),
                        ('create', [{
                                    'type': 'iban', 'number': self.number(),
                                    }])]})
        self.work(change, user=changer)
        # Of the record that is there another is the last
        self.work(lambda: self.sql(
                Pool().get('account.payment')(
                    id_).party.bank_accounts[0].numbers[0], create_uid=0))

        def check():
            payment = Pool().get('account.payment')(id_)
            self.assertIsNone(self.process([payment]))
            self.assertVoid(payment, name)
        self.work(check)

    @working
    def test_stored_approval_is_the_approval(self):
        "What was not stored by an approval of this payment is none"
        payment, other = self.approved(), self.approved()
        content = json.loads(payment.mbank_order)
        content['order']['creditor']['account'] = self.number()
        forged = json.dumps(content)
        for values in [
                {'mbank_order': forged},
                {'mbank_order': other.mbank_order},
                {'mbank_order': other.mbank_order,
                    'mbank_order_hash': other.mbank_order_hash},
                {'mbank_order': None}]:
            with self.subTest(values=values):
                payment = self.sql(self.approved(), **values)
                self.assertIsNone(self.process([payment]))
                self.assertVoid(payment)

    @working
    def test_another_version(self):
        "An approval of another version of the program is void"
        payment = self.approved()
        content = json.loads(payment.mbank_order)
        content['version'] = 0
        text = json.dumps(content)
        payment = self.sql(
            payment, mbank_order=text,
            mbank_order_hash=payment_order.hash_of(text))
        self.assertIsNone(self.process([payment]))
        self.assertVoid(payment)


if __name__ == '__main__':
    unittest.main()
