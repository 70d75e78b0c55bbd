# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What automatic settlement asks of a payment by mBank"
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.tools import grouped_slice
from trytond.transaction import Transaction

from .order_states import SURELY_AT_BANK


class Payment(metaclass=PoolMeta):
    __name__ = 'account.payment'

    @classmethod
    def settlement_references(cls, ids):
        "The bank gives back our own identity of the order  # L-770"
        result = super().settlement_references(ids)
        payment = cls.__table__()
        cursor = Transaction().connection.cursor()
        for sub_ids in grouped_slice(ids):
            cursor.execute(*payment.select(
                    payment.id, payment.mbank_end_to_end_id,
                    where=fields.SQL_OPERATORS['in'](
                        payment.id, list(sub_ids))))
            for id_, reference in cursor:
                if reference:
                    result.setdefault(id_, []).append(reference)
        return result

    @classmethod
    def settlement_doubts(cls, payments):
        pool = Pool()
        Batch = pool.get('mbank.order.batch')
        doubts = super().settlement_doubts(payments)
        states = dict(Batch.fields_get(['state'])['state']['selection'])
        for payment in payments:
            if payment.process_method != 'mbank':
                continue
            batch = payment.mbank_batch
            if not batch:
                doubts.setdefault(payment.id, gettext(
                        'mbank.msg_payment_settlement_no_batch',
                        payment=payment.rec_name))
            elif batch.state not in SURELY_AT_BANK:
                doubts.setdefault(payment.id, gettext(
                        'mbank.msg_payment_settlement_not_at_bank',
                        payment=payment.rec_name,
                        batch=batch.rec_name,
                        state=states[batch.state]))
        return doubts
