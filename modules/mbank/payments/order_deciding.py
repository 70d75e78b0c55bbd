# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What a person decides on a batch that is unknown, with a reason"
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction, check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from ..exceptions import OrderBatchError
from ..rights import EntitledMixin, check_company, check_right


class OrderBatchReason(ModelView):
    __name__ = 'mbank.order.batch.reason'

    reason = fields.Text(
        "Reason", required=True,
        help="Kept in the history of the order batch, with your name.")


class _Deciding(EntitledMixin):
    _right = 'group_payment_send'

    def _decide(self, decide):
        Batch = Pool().get('mbank.order.batch')
        check_right('group_payment_send')
        ids = list(map(int, Transaction().context.get('active_ids') or []))
        with check_access():
            Batch.read(ids, ['id'])
        batches = Batch.browse(ids)
        for company in {b.company for b in batches}:
            check_company(company)
        reason = ' '.join((self.start.reason or '').split())
        if not reason:
            raise OrderBatchError(gettext('mbank.msg_batch_reason'))
        decide(batches, reason)
        return 'end'

    def end(self):
        return 'reload'


class DeclareAbsent(_Deciding, Wizard):
    __name__ = 'mbank.order.batch.declare_absent'

    start = StateView(
        'mbank.order.batch.reason',
        'mbank.order_batch_declare_absent_view_form', [
            Button("Cancel", 'end', 'tryton-cancel', default=True),
            Button("It Is Not There", 'declare', 'tryton-ok'),
            ])
    declare = StateTransition()

    def transition_declare(self):
        Batch = Pool().get('mbank.order.batch')
        return self._decide(Batch.decide_absent)


class GiveUp(_Deciding, Wizard):
    __name__ = 'mbank.order.batch.give_up'

    start = StateView(
        'mbank.order.batch.reason', 'mbank.order_batch_give_up_view_form', [
            Button("Back", 'end', 'tryton-back', default=True),
            Button("Cancel the Batch", 'give_up', 'tryton-ok'),
            ])
    give_up = StateTransition()

    def transition_give_up(self):
        Batch = Pool().get('mbank.order.batch')
        return self._decide(Batch.decide_give_up)
