# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Who approves payments for mBank, and what of them"
import datetime as dt
import json
import unittest
from decimal import Decimal
from itertools import count

from trytond.model.exceptions import AccessError
from trytond.modules.mbank.payments import payment_order
from trytond.modules.mbank.exceptions import PaymentApprovalError
from trytond.modules.mbank.payments.payment_shown import PARTS
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, FirmCase, nrb, working
from ...tests.tools import create_user, model, wizard

_logins = count(1)
_accounts = count(5001)


class ApprovalCase(FirmCase):
    "Approving as a right of its own, by two people if the journal says so"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Of payments whose people do not matter
        cls.maker_id = cls.work(lambda: cls.maker(cls).id)
        cls.approver_id = cls.work(lambda: cls.approver(cls).id)

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
        return ApprovalCase.person(
            self, 'account_payment.group_payment', *groups)

    def approver(self):
        return ApprovalCase.person(self, 'mbank.group_payment_approve')

    def journal(self, two_people=False, method='mbank'):
        journal = self.firm.new_payment_journal()
        journal.mbank_two_people = two_people
        journal.process_method = method
        journal.name = "mBank %s" % next(_logins)
        journal.save()
        return journal

    def submitted(self, maker, journal, submit=True, **values):
        "A payment made and submitted by the maker's client"
        id_, = model(maker, 'account.payment', 'create', [{
                    'company': self.company_id, 'journal': journal.id,
                    'kind': 'payable', 'party': self.firm.alfa.id,
                    'date': TODAY, 'amount': Decimal(10),
                    'reference': "FV 1/2026",
                    **values,
                    }], company=self.company_id)
        if submit:
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

    # What is approved

    def payee(self):
        "A new payee with an account, an address and a bank"
        pool = Pool()
        Bank = pool.get('bank')
        party = self.firm.create_party(
            "Omega %s sp. z o.o." % next(_logins), self.number())
        address, = party.addresses
        address.street_unstructured = "Prosta 1"
        address.postal_code = "00-001"
        address.city = "Warszawa"
        address.save()
        bank = Bank(party=party, bic='BPKOPLPW')
        bank.save()
        account, = party.bank_accounts
        account.bank = bank
        account.save()
        return party.__class__(party.id)

    @staticmethod
    def number():
        return nrb(next(_accounts), bank='10201026')

    def approved(self, **values):
        "A payment of its own payee, made and approved by two people"
        payment = self.submitted(
            self.maker_id, values.pop('journal', None) or self.journal(),
            **{'party': self.payee().id, **values})
        # The master data are older than the payment
        before = dt.datetime.now() - dt.timedelta(days=1)
        for records in payment_order.sources(payment).values():
            for record in records:
                self.sql(record, create_date=before, write_date=None)
        return self.approve(
            self.approver_id, payment.__class__(payment.id))

    def process(self, payments):
        "Make groups of the payments as the wizard of the host does"
        pool = Pool()
        Group = pool.get('account.payment.group')
        Payment = pool.get('account.payment')

        def group():
            group = Group(
                company=payments[0].company, journal=payments[0].journal,
                kind='payable')
            group.save()
            return group
        return Payment.process(
            Payment.browse([p.id for p in payments]), group)

    @staticmethod
    def by(user, record, **values):
        "Let the user change the record"
        with Transaction().set_user(user.id):
            record = record.__class__(record.id)
            record.__class__.write([record], values)

    @staticmethod
    def sql(record, **values):
        "Change the row past the model, as another program would"
        table = record.__table__()
        Transaction().connection.cursor().execute(*table.update(
                [getattr(table, n) for n in values], list(values.values()),
                where=table.id == record.id))
        for cache in Transaction().cache.values():
            cache.pop(record.__name__, None)
        return record.__class__(record.id)

    def assertVoid(self, payment, *fragments):
        payment = payment.__class__(payment.id)
        self.assertEqual(payment.state, 'submitted')
        for name in [
                'mbank_approved_by', 'mbank_approved_at', 'mbank_order',
                'mbank_order_hash', 'mbank_batch', 'mbank_end_to_end_id',
                'approved_by', 'group']:
            self.assertIsNone(getattr(payment, name), name)
        for fragment in fragments:
            self.assertIn(fragment, payment.mbank_voided)
        self.assertEqual(payment.mbank_events[0].text, payment.mbank_voided)

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
            self.by(user, number, number=nrb(next(_accounts)))
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

    # Ways in

    def refused(self, user, method, *args, name='account.payment', **context):
        with self.assertRaises(AccessError):
            model(user, name, method, *args, company=self.company_id,
                **context)

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

    # Makers

    def two_people(self, **values):
        "A payment in draft where two people are required, and its maker"
        maker = self.maker()
        journal = self.journal(two_people=True)
        return self.submitted(maker, journal, submit=False, **values), maker

    def submit(self, user, payment):
        model(user, 'account.payment', 'submit', [payment.id],
            company=self.company_id)

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

    @working
    def test_nobody_approves_nothing(self):
        "A process of the server approves nothing for mBank"
        payment = self.submitted(self.maker(), self.journal())
        with Transaction().set_user(0), \
                self.assertRaises(PaymentApprovalError):
            payment.__class__.approve([payment.__class__(payment.id)])


if __name__ == '__main__':
    unittest.main()
