# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What became of an order batch: what the bank said, what people did and why"

from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval, If
from trytond.transaction import Transaction, without_check_access

from ..clock import utcnow
from .order_status import in_words


class OrderBatchStatus(ModelSQL, ModelView):
    __name__ = 'mbank.order.batch.status'

    batch = fields.Many2One(
        'mbank.order.batch', "Order Batch", required=True, readonly=True,
        ondelete='CASCADE')
    at = fields.DateTime("At", required=True, readonly=True)
    user = fields.Many2One(
        'res.user', "By", readonly=True, ondelete='RESTRICT',
        help="Empty for what the bank said.")
    payment = fields.Many2One(
        'account.payment', "Payment", readonly=True, ondelete='RESTRICT')
    key = fields.Char("Key of State at the Bank", readonly=True)
    status = fields.Function(
        fields.Char("State at the Bank"), 'get_status')
    text = fields.Text("Text", readonly=True)
    unassigned = fields.Boolean(
        "Not Assigned", readonly=True,
        help="Checked: what the bank said changed nothing, "
        "a person is to look at it.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('batch')
        cls._order = [('at', 'DESC'), ('id', 'DESC')]

    @classmethod
    def default_unassigned(cls):
        return False

    def get_status(self, name):
        return in_words(self.key)

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual', If(Eval('unassigned', False), 'warning', '')),
            ]


@without_check_access
def note(batch, key=None, text=None, payment=None):
    "Add what the bank said to the history of the batch"
    _add(batch, key=key, text=text, payment=payment)


@without_check_access
def note_deed(batch, text, payment=None):
    "Add what the user of the transaction did to the history of the batch"
    _add(batch, text=text, payment=payment, user=Transaction().user or None)


@without_check_access
def note_unassigned(batch, text, key=None, payment=None):
    """Add what can not be assigned, unless it stands there already.

    Returns whether it is new.
    """
    Status = Pool().get('mbank.order.batch.status')
    known = Status.search([
            ('batch', '=', batch.id),
            ('unassigned', '=', True),
            ('key', '=', key),
            ('text', '=', text),
            ('payment', '=', payment.id if payment else None),
            ], limit=1)
    if not known:
        _add(batch, key=key, text=text, payment=payment, unassigned=True)
    return not known


def _add(batch, payment=None, **values):
    Status = Pool().get('mbank.order.batch.status')
    Status.create([{
                'batch': batch.id,
                'at': utcnow(),
                'payment': payment.id if payment else None,
                **values,
                }])
