# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a person sees of the order that is made of a payment.

Before the approval it is what the bank would get now, after it what was
approved.
"""
import datetime as dt
from decimal import Decimal

from stdnum import iban

from trytond.i18n import gettext
from trytond.model import fields
from trytond.modules.currency.fields import Monetary
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval

from . import payment_order
from .payment import money

# Every part of an order is shown: a test sees to it.
PARTS = {
    'mbank_payee_name': 'creditor.name',
    'mbank_payee_account': 'creditor.account',
    'mbank_payee_bic': 'creditor.bic',
    'mbank_payee_address': 'creditor.address_lines',
    'mbank_payee_country': 'creditor.country',
    'mbank_order_amount': 'amount',
    'mbank_order_currency': 'currency',
    'mbank_order_title': 'remittance',
    'mbank_order_date': 'execution_date',
    'mbank_order_kind': 'kind',
    'mbank_debited_account': 'debtor.account',
    'mbank_debited_bic': 'debtor.bic',
    'mbank_debited_name': 'debtor.name',
    'mbank_debited_address': 'debtor.address_lines',
    'mbank_debited_country': 'debtor.country',
    }


class Payment(metaclass=PoolMeta):
    __name__ = 'account.payment'

    _mbank_shown = {'invisible': Eval('process_method') != 'mbank'}
    mbank_payee_name = fields.Function(fields.Char(
            "Payee", states=_mbank_shown), 'get_mbank_shown')
    mbank_payee_account = fields.Function(fields.Char(
            "Account to Be Paid", states=_mbank_shown), 'get_mbank_shown')
    mbank_payee_bic = fields.Function(fields.Char(
            "Payee's BIC", states=_mbank_shown), 'get_mbank_shown')
    mbank_payee_address = fields.Function(fields.Char(
            "Payee's Address", states=_mbank_shown), 'get_mbank_shown')
    mbank_payee_country = fields.Function(fields.Char(
            "Payee's Country", states=_mbank_shown), 'get_mbank_shown')
    mbank_order_amount = fields.Function(Monetary(
            "Order's Amount", currency='currency', digits='currency',
            states=_mbank_shown), 'get_mbank_shown')
    mbank_order_currency = fields.Function(fields.Char(
            "Order's Currency", states=_mbank_shown), 'get_mbank_shown')
    mbank_order_title = fields.Function(fields.Char(
            "Order's Title", states=_mbank_shown), 'get_mbank_shown')
    mbank_order_date = fields.Function(fields.Date(
            "Not Before", states=_mbank_shown,
            help="The bank carries the order out on this day, or on the day "
            "it is made if that is later."), 'get_mbank_shown')
    mbank_order_kind = fields.Function(fields.Selection([
                (None, ""),
                ('domestic', "Domestic"),
                ('sepa', "SEPA"),
                ], "Kind of Order", states=_mbank_shown), 'get_mbank_shown')
    mbank_debited_account = fields.Function(fields.Char(
            "Debited Account", states=_mbank_shown), 'get_mbank_shown')
    mbank_debited_bic = fields.Function(fields.Char(
            "Payer's BIC", states=_mbank_shown), 'get_mbank_shown')
    mbank_debited_name = fields.Function(fields.Char(
            "Payer", states=_mbank_shown), 'get_mbank_shown')
    mbank_debited_address = fields.Function(fields.Char(
            "Payer's Address", states=_mbank_shown), 'get_mbank_shown')
    mbank_debited_country = fields.Function(fields.Char(
            "Payer's Country", states=_mbank_shown), 'get_mbank_shown')
    del _mbank_shown

    @classmethod
    def get_mbank_shown(cls, payments, names):
        result = {name: {p.id: None for p in payments} for name in names}
        orders, to_build = {}, []
        for payment in payments:
            if content := payment_order.approved(payment):
                orders[payment.id] = content['order']
            elif payment.process_method == 'mbank':
                to_build.append(payment)
        orders.update(payment_order.built(to_build))
        for id_, order in orders.items():
            leaves = payment_order.flat(order)
            for name in names:
                result[name][id_] = _value(PARTS[name], leaves[PARTS[name]])
        return result


def _value(path, value):
    if not value:
        return None
    if path == 'amount':
        return Decimal(value)
    if path == 'execution_date':
        return dt.date.fromisoformat(value)
    if path.endswith('.account'):
        return iban.format(value)
    if isinstance(value, list):
        return ', '.join(value)
    return value


def _text(payment, path, value):
    "The value as the user reads it"
    Lang = Pool().get('ir.lang')
    value = _value(path, value)
    if value is None:
        return gettext('mbank.msg_order_nothing')
    if isinstance(value, Decimal):
        return money(value, payment.journal.currency)
    if isinstance(value, dt.date):
        return Lang.get().strftime(value)
    return str(value)


def shown_change(payment, path, before, now):
    "The label of a part of an order and its two values, as the user reads"
    return (
        _label(payment, path), _text(payment, path, before),
        _text(payment, path, now))


def shown_order(payment, order):
    "All parts of an order that are filled in, a line each"
    leaves = payment_order.flat(order)
    return '\n'.join(
        '%s: %s' % (_label(payment, path), _text(payment, path, leaves[path]))
        for path in [*PARTS.values(), *sorted(leaves.keys() - PARTS.values())]
        if leaves.get(path))


def _label(payment, path):
    for name, part in PARTS.items():
        if part == path:
            return payment.__names__(name)['field']
    return path
