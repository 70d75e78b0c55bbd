# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Payments that people note as failed or succeeded, not the bank.

Whether the order of a payment may be at the bank decides what is to be done:
an order that never left is taken out of its batch; any other may still be
executed, so its payment fails only with a right, after the bank was asked,
and with a reason. It is the same for every way in: button, wizard, statement.
"""
from trytond.i18n import gettext
from trytond.model import ModelView, Workflow, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import (
    Transaction, check_access, without_check_access)
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .. import gateway, independent
from ..exceptions import PaymentAtBankError, PaymentAtBankWarning
from ..rights import EntitledMixin, check_company, check_right
from .order_history import note_deed
from .order_states import NOT_AT_BANK
from .order_status import in_words, state_name

# So many payments are named in a sentence
SHOWN = 5
# States of a payment that can still fail
FAILABLE = ['processing', 'succeeded']
# What no client writes to a payment that has an order
_OF_ORDER = {
    'state', 'journal', 'line', 'amount', 'party', 'mbank_batch',
    'mbank_end_to_end_id', 'mbank_status_key', 'mbank_status_text'}


class Payment(metaclass=PoolMeta):
    __name__ = 'account.payment'

    mbank_at_bank = fields.Function(
        fields.Boolean("May Be at mBank"), 'get_mbank_at_bank')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'mbank_fail': {
                    'invisible': (
                        ~Eval('mbank_at_bank', False)
                        | ~Eval('state').in_(FAILABLE)),
                    'depends': ['mbank_at_bank', 'state'],
                    },
                })

    @classmethod
    def check_modification(cls, mode, payments, values=None, external=False):
        "An order stays with its payment, whatever method its journal has now"
        super().check_modification(
            mode, payments, values=values, external=external)
        if external and mode == 'write' and values.keys() & _OF_ORDER:
            with without_check_access():
                for payment in payments:
                    if payment.mbank_batch:
                        raise AccessError(gettext(
                                'mbank.msg_payment_fixed',
                                payment=payment.rec_name))

    @without_check_access
    def get_mbank_at_bank(self, name=None):
        "Whether the bank has the order of the payment, or may have it"
        batch = self.mbank_batch
        if not batch or batch.here or batch.state in NOT_AT_BANK:
            return False
        key = self.mbank_status_key
        return not gateway.is_final(key) or gateway.is_executed(key)

    @classmethod
    @ModelView.button
    @Workflow.transition('failed')
    def fail(cls, payments):
        cls._lock_orders(payments)
        context = Transaction().context
        if not (context.get('_mbank_answer') or context.get('_mbank_reason')):
            if at_bank := [p for p in payments if p.get_mbank_at_bank()]:
                raise PaymentAtBankError(gettext(
                        'mbank.msg_payment_fail_at_bank',
                        payments=_names(at_bank)))
        super().fail(payments)
        cls._take_out(payments, 'mbank.msg_payment_noted_failed')

    @classmethod
    @ModelView.button
    @Workflow.transition('succeeded')
    def succeed(cls, payments):
        cls._lock_orders(payments)
        super().succeed(payments)
        if Transaction().context.get('_mbank_answer'):
            return
        for payment in payments:
            batch = payment.mbank_batch
            if batch and not batch.here:
                note_deed(batch, gettext(
                        'mbank.msg_payment_noted_succeeded',
                        state=in_words(payment.mbank_status_key) or '-'),
                    payment)
        cls._take_out(payments, 'mbank.msg_payment_noted_paid')

    @classmethod
    def _lock_orders(cls, payments):
        "What has not left does not between the decision and its end"
        Batch = Pool().get('mbank.order.batch')
        ids = {
            p.mbank_batch.id for p in payments
            if p.mbank_batch and p.mbank_batch.here}
        if ids:
            Batch.lock(Batch.browse(sorted(ids)))

    @classmethod
    def _take_out(cls, payments, reason):
        Batch = Pool().get('mbank.order.batch')
        Batch.take_out(payments, gettext(reason))

    @classmethod
    @ModelView.button_action('mbank.wizard_payment_fail')
    def mbank_fail(cls, payments):
        "Fail payments whose orders may be at the bank"

    @classmethod
    def mbank_fail_at_bank(cls, payments, reason):
        """Fail payments whose orders may be at the bank, knowingly

        The bank was asked just now; who did it, when and why is kept in the
        history of the batch.
        """
        check_right('group_payment_send')
        for company in {p.company for p in payments}:
            check_company(company)
        reason = ' '.join((reason or '').split())
        if not reason:
            raise PaymentAtBankError(gettext('mbank.msg_payment_fail_reason'))
        with without_check_access():
            cls._lock_orders(payments)
            payments = [
                p for p in cls.browse(payments)
                if p.state in FAILABLE and p.get_mbank_at_bank()]
            for batch in {p.mbank_batch for p in payments}:
                batch.check_answered()
            for payment in payments:
                note_deed(payment.mbank_batch, gettext(
                        'mbank.msg_payment_failed_by_hand',
                        before=state_name(payment), reason=reason,
                        state=in_words(payment.mbank_status_key) or '-'),
                    payment)
            with Transaction().set_context(_mbank_reason=True):
                cls.fail(payments)

    @classmethod
    def copy(cls, payments, default=None):
        Warning = Pool().get('res.user.warning')
        at_bank = [p for p in payments if p.get_mbank_at_bank()]
        if at_bank:
            key = Warning.format('mbank_payment_at_bank', at_bank)
            if Warning.check(key):
                raise PaymentAtBankWarning(key, gettext(
                        'mbank.msg_payment_copy_at_bank',
                        payments=_names(at_bank)))
        return super().copy(payments, default=default)


def _names(payments):
    return ', '.join(p.rec_name for p in payments[:SHOWN])


def _told(ids):
    "What the bank says of the payments, as it is stored now"
    payments = [
        p for p in Pool().get('account.payment').browse(ids)
        if p.state in FAILABLE and p.get_mbank_at_bank()]
    lines = [
        '%s: %s' % (
            p.rec_name, in_words(p.mbank_status_key)
            or gettext('mbank.msg_payment_state_not_told'))
        for p in payments]
    lines += sorted({
            p.mbank_batch.unassigned for p in payments
            if p.mbank_batch.unassigned})
    return {
        'payments': list(map(int, payments)),
        'answer': '\n'.join(lines)
        or gettext('mbank.msg_payment_fail_none'),
        }


class FailPaymentStart(ModelView):
    __name__ = 'mbank.payment.fail.start'

    payments = fields.Many2Many(
        'account.payment', None, None, "Payments", readonly=True)
    answer = fields.Text(
        "What the Bank Says", readonly=True,
        help="The bank was asked just now.")
    reason = fields.Text(
        "Reason", required=True,
        help="Kept in the history of the order batch, with your name.")


class FailPayment(EntitledMixin, Wizard):
    __name__ = 'mbank.payment.fail'
    _right = 'group_payment_send'
    start_state = 'ask'

    ask = StateTransition()
    start = StateView(
        'mbank.payment.fail.start', 'mbank.payment_fail_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel', default=True),
            Button("Fail", 'fail', 'tryton-ok'),
            ])
    fail = StateTransition()

    def _payments(self):
        "The payments chosen that the user may see and that may be at the bank"
        Payment = Pool().get('account.payment')
        context = Transaction().context
        ids = list(map(int, context.get('active_ids') or []))
        with check_access():
            Payment.read(ids, ['id'])
        payments = Payment.browse(ids)
        for company in {p.company for p in payments}:
            check_company(company)
        found = [
            p for p in payments
            if p.state in FAILABLE and p.get_mbank_at_bank()]
        if not found:
            raise PaymentAtBankError(gettext('mbank.msg_payment_fail_none'))
        return found

    def transition_ask(self):
        Batch = Pool().get('mbank.order.batch')
        check_right('group_payment_send')
        batches = {p.mbank_batch.id for p in self._payments()}
        Batch.check_status(Batch.browse(sorted(batches)))
        return 'start'

    def default_start(self, fields):
        # The answer was stored beside this transaction, which does not see it
        return independent.run(_told, list(map(int, self._payments())))

    def transition_fail(self):
        Payment = Pool().get('account.payment')
        check_right('group_payment_send')
        Payment.mbank_fail_at_bank(self._payments(), self.start.reason)
        return 'end'

    def end(self):
        return 'reload'
