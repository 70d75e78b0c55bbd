# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Orders: written, sent, asked after.

Operations have the names of the contract  # L-015
"""
from companynet.domain.order import (
    CreditTransfer, OrderBatch, OrderKind, Party)
from companynet.domain.order_file import OrderFile
from companynet.domain.order_state import OrderStatus
from companynet.formats import pain001

from .connection import bank_profile, with_session
from .errors import translated


def send_orders(session, company, *, client_order_group_id, file_name, data,
        modified_at, account):
    """Send an order file and wait for the bank's answer.

    modified_at is an aware datetime, account the number that is debited. Returns the library's task_id and
    group_id. An error whose outcome is 'unknown' or 'accepted' means that
    the bank may have the orders: ask order_status, never send again.
    """
    file = OrderFile(
        client_order_group_id=client_order_group_id,
        file_name=file_name,
        data=data,
        modified_at=modified_at)
    return with_session(
        'universalPaymentSend', session, company,
        lambda bank, token, dik: bank.orders.send(token, dik, file),
        account=account)


def order_result(session, company, task_id, *, account):
    "Ask again for the result of a sending; task_id and group_id"
    return with_session(
        'checkPaymentSendResult', session, company,
        lambda bank, token, dik: bank.orders.result(token, dik, task_id),
        account=account)


def order_status(session, company, group_id, *, account):
    """The states of the orders of a group, by the bank's id or by ours.

    Raises OrderGroupUnknownError if the bank knows no such group.
    """
    return with_session(
        'getStatus', session, company,
        lambda bank, token, dik: bank.orders.status(token, dik, group_id),
        account=account)


def knows_own_ids():
    "Whether the bank finds an order group by the identity we gave it"  # L-011
    return bank_profile().status_by_client_id


def is_final(key):
    "Whether an order does not change any more after the bank's key"
    return OrderStatus(key or '').final


def is_executed(key):
    "Whether the bank's key says that the money left"
    return OrderStatus(key or '').executed


def write_orders(batch):
    """The bytes of an order file, validated.

    batch is a dictionary named as the library's OrderBatch, its orders and
    their parties, with dates, Decimals and an aware created_at.
    """
    with translated():
        return pain001.write(OrderBatch(
                message_id=batch['message_id'],
                created_at=batch['created_at'],
                initiating_party=batch['initiating_party'],
                orders=tuple(map(_order, batch['orders']))))


def _order(values):
    return CreditTransfer(**{
            **values,
            'kind': OrderKind[values['kind'].upper()],
            'debtor': _party(values['debtor']),
            'creditor': _party(values['creditor']),
            })


def _party(values):
    return Party(**{
            **values,
            'address_lines': tuple(values.get('address_lines') or ()),
            })
