# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Payments of a firm and their batches, for the tests of several rooms"
from decimal import Decimal

from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME

from .firm import TODAY


class PaymentMixin:
    "Makes payments and their batches"

    @property
    def Batch(self):
        return Pool(DB_NAME).get('mbank.order.batch')

    def pay(self, *amounts, journal=None, submit=True, **values):
        Payment = Pool().get('account.payment')
        journal = journal or self.firm.new_payment_journal()
        payments = [
            Payment(company=self.company_id, journal=journal, kind='payable',
                party=values.pop('party', self.firm.alfa),
                date=TODAY, amount=Decimal(a), **{
                    'account': self.firm.payable,
                    'reference': "FV 1/2026", **values})
            for a in amounts]
        Payment.save(payments)
        if submit:
            Payment.submit(payments)
            Payment.approve(payments)
        return payments

    def process(self, payments):
        pool = Pool()
        Group = pool.get('account.payment.group')
        Payment = pool.get('account.payment')

        def group():
            group = Group(
                company=payments[0].company, journal=payments[0].journal,
                kind='payable')
            group.save()
            return group
        batch, = Payment.process(payments, group).mbank_batches
        return batch

    def batch(self, *amounts, **values):
        return self.process(self.pay(*(amounts or ['100.00']), **values))
