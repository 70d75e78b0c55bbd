# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The operations of the bank by what they are for, in a person's words."""
from trytond.i18n import gettext

STATEMENTS = 'statements'
PAYMENTS = 'payments'
ORDER_STATES = 'order_states'

#: What a person knows of, with the operations of the contract it takes; the
#: first of them begins it.  # L-001 L-015
KINDS = {
    STATEMENTS: (
        'getMT940Ex', 'checkGetMT940Result', 'confirmResponseReceived'),
    PAYMENTS: ('universalPaymentSend', 'checkPaymentSendResult'),
    ORDER_STATES: ('getStatus',),
    }
_MESSAGES = {
    STATEMENTS: 'mbank.msg_operations_statements',
    PAYMENTS: 'mbank.msg_operations_payments',
    ORDER_STATES: 'mbank.msg_operations_states',
    }


def kind_text(kind):
    "The kind of operations in words"
    return gettext(_MESSAGES[kind])


def operations_text(operations):
    """The operations in words, None if there are none.

    A kind of which some are missing names them; an operation of no kind is
    said by its own name.
    """
    operations = set(operations)
    parts = []
    for kind, names in KINDS.items():
        missing = [name for name in names if name not in operations]
        if not missing:
            parts.append(kind_text(kind))
        elif len(missing) < len(names):
            parts.append(gettext(
                    'mbank.msg_operations_part',
                    kind=kind_text(kind), missing=', '.join(missing)))
    known = {name for names in KINDS.values() for name in names}
    parts += sorted(operations - known)
    return ', '.join(parts) or None
