# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The operations of the contract in a person's words."""
from trytond.i18n import gettext

#: In the order in which they come up.  # L-015
_MESSAGES = {
    'login': 'mbank.msg_operation_password',
    'initLoginWithSignature': 'mbank.msg_operation_challenge',
    'loginWithSignature': 'mbank.msg_operation_login',
    'initCreateBackgroundSessionWithSignature': (
        'mbank.msg_operation_session_text'),
    'createBackgroundSessionWithSignature': 'mbank.msg_operation_create',
    'logout': 'mbank.msg_operation_logout',
    'finishBackgroundSession': 'mbank.msg_operation_finish',
    'getMT940Ex': 'mbank.msg_operation_request',
    'checkGetMT940Result': 'mbank.msg_operation_fetch',
    'confirmResponseReceived': 'mbank.msg_operation_confirm',
    'universalPaymentSend': 'mbank.msg_operation_send',
    'checkPaymentSendResult': 'mbank.msg_operation_result',
    'getStatus': 'mbank.msg_operation_status',
    }


def operation_text(name):
    "The operation in words; one that is not known by its own name"
    return gettext(_MESSAGES[name]) if name in _MESSAGES else name


def operation_selection():
    "The operations with their words, as a selection"
    return [
        (name, words[:1].upper() + words[1:])
        for name, message in _MESSAGES.items() if (words := gettext(message))]
