# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""States in words: the bank's keys of an order's, the ERP's own.

The meaning of the keys is read from their names  # L-453
"""
from trytond.i18n import gettext

_MESSAGES = {
    'TO_EDIT': 'mbank.msg_status_to_edit',
    'TO_AUTH': 'mbank.msg_status_to_auth',
    'IN_AUTH': 'mbank.msg_status_in_auth',
    'AUTHORIZED': 'mbank.msg_status_authorized',
    'SIGN_VERIFY': 'mbank.msg_status_sign_verify',
    'REALIZ': 'mbank.msg_status_realiz',
    'IN_REALIZ': 'mbank.msg_status_in_realiz',
    'PROCESSED': 'mbank.msg_status_processed',
    'CONDITIONAL': 'mbank.msg_status_conditional',
    'CONFIRMED': 'mbank.msg_status_confirmed',
    'VALIDATED': 'mbank.msg_status_validated',
    'STOPPED': 'mbank.msg_status_stopped',
    'STOP_CUST_C': 'mbank.msg_status_stopped',
    'STOP_ACC_C': 'mbank.msg_status_stopped',
    'DELETED': 'mbank.msg_status_deleted',
    'REALIZED': 'mbank.msg_status_realized',
    'DENIED': 'mbank.msg_status_denied',
    'REALIZ_AND_COND': 'mbank.msg_status_realiz_and_cond',
    }


def in_words(keys):
    "The keys, parted by commas, in words; one nobody knows as it is"
    if not keys:
        return None
    return ', '.join(
        '%s (%s)' % (gettext(_MESSAGES[k]), k) if k in _MESSAGES else k
        for k in keys.split(', '))


def state_name(record):
    "The state of the record in words"
    return dict(
        record.fields_get(['state'])['state']['selection'])[record.state]
