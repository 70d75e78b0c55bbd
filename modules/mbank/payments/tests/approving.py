# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"People who make and approve payments"
import datetime as dt
from decimal import Decimal
from itertools import count

from trytond.model.exceptions import AccessError
from trytond.modules.mbank.payments import payment_order
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.firm import TODAY, FirmCase, nrb
from ...tests.tools import create_user, model

_logins = count(1)
_accounts = count(5001)


class ApprovalCase(FirmCase):
    "A firm, those who make its payments and those who approve them"

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
    def number(bank='10201026'):
        return nrb(next(_accounts), bank)

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

    # Ways in

    def refused(self, user, method, *args, name='account.payment', **context):
        with self.assertRaises(AccessError):
            model(user, name, method, *args, company=self.company_id,
                **context)

    # Makers

    def two_people(self, **values):
        "A payment in draft where two people are required, and its maker"
        maker = self.maker()
        journal = self.journal(two_people=True)
        return self.submitted(maker, journal, submit=False, **values), maker

    def submit(self, user, payment):
        model(user, 'account.payment', 'submit', [payment.id],
            company=self.company_id)
