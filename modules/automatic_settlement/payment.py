# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What settlement asks of a payment, for the payment methods to answer"
from trytond.i18n import gettext
from trytond.pool import PoolMeta


class Payment(metaclass=PoolMeta):
    __name__ = 'account.payment'

    @classmethod
    def settlement_references(cls, ids):
        """Return the keys that name a payment for sure, by its id

        Such as the identity it was sent to the bank with.
        """
        return {}

    @classmethod
    def settlement_doubts(cls, payments):
        """Return why no entry settles the payment by itself, by its id

        A sentence for each payment that a person must look at; a payment
        without one may be settled by itself.
        """
        return {
            p.id: gettext(
                'automatic_settlement.msg_payment_not_processing',
                payment=p.rec_name)
            for p in payments
            if p.state not in {'processing', 'succeeded'}
            or p.clearing_reconciled}
