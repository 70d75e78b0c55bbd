# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Batches without a bank: the tests say what it answered"
import tempfile
from pathlib import Path

from trytond.modules.mbank.gateway.orders import Event
from companynet_sandbox.customers import demo_data
from trytond.modules.mbank.payments import (
    order_asking, order_keeping, order_sending)
from trytond.modules.mbank import gateway
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.bank import configure
from ...tests.firm import FirmCase
from ...tests.paying import PaymentMixin
from ...tests.tools import adopt


class Status:
    "What the bank says of one order, with the names of the library"

    def __init__(self, key, end_to_end_id=None, text=None, group_id='G1'):
        self.key = key
        self.end_to_end_id = end_to_end_id
        self.text = text
        self.group_id = group_id
        self.final = key in {
            'REALIZED', 'DENIED', 'REALIZ_AND_COND', 'DELETED'}
        self.executed = key in {'REALIZED', 'REALIZ_AND_COND'}


class AnsweredMixin(PaymentMixin):
    "Batches without a bank: the tests say what it answered"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.addClassCleanup(configure, keyring='')
        configure(
            profile='', endpoint='http://127.0.0.1:9/ws',
            keyring=Path(folder.name) / 'keyring')
        super().setUpClass()
        cls.work(adopt)

        def set_dik():
            company = Pool().get('company.company')(cls.company_id)
            company.mbank_dik = demo_data.DIK_ALFA
            company.save()
        cls.work(set_dik)

    def take(self, id):
        "The intent to send the batch is stored: a keeper of what comes of it"
        def take():
            self.Batch.write([self.Batch(id)], {'state': 'waiting'})
            return order_sending.take(id, Transaction().user)
        attempt, intent, _ = self.work(take)
        return order_keeping.Keeper(
            id, attempt, gateway.load_intent(intent))

    def hand_over(self, id, group_id='G1'):
        "The bank takes the batch"
        keeper = self.take(id)
        for event, ids in [
                (Event.HANDED_IN, {'task_id': 'T1'}),
                (Event.TAKEN, {'group_id': group_id})]:
            self.work(lambda: keeper(keeper.known.after(event, **ids)))

    def doubt(self, id):
        "The answer is lost"
        keeper = self.take(id)
        self.work(lambda: keeper(keeper.known.in_doubt("lost")))

    def answer(self, id, *statuses):
        self.work(
            order_asking.store, id, order_asking.Answer(statuses=statuses))

    def identities(self, id):
        return self.work(lambda: [
                p.mbank_end_to_end_id for p in self.Batch(id).payments])

    def read(self, id, *names):
        def read():
            return [getattr(self.Batch(id), n) for n in names]
        return self.work(read)

    def payment_states(self, id):
        def read():
            return {
                p.mbank_end_to_end_id: p.state
                for p in self.Batch(id).payments}
        return self.work(read)


class BatchCase(AnsweredMixin, FirmCase):
    with_queue = False

    def payment(self, id, number=0):
        return self.Batch(id).payments[number]

    def history(self, id, **wanted):
        "The texts of the history with the values"
        def read():
            return [
                h.text for h in self.Batch(id).history
                if all(getattr(h, n) == v for n, v in wanted.items())]
        return self.work(read)

    def deeds(self, id):
        "What the history says that people did"
        def read():
            return [h.text for h in self.Batch(id).history if h.user]
        return self.work(read)

    def fail(self, *payments):
        Payment = Pool().get('account.payment')
        Payment.fail(list(payments))
