# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a session is for, in kinds a person knows, and what uses it.

The names of operations that a session was granted are stored as they came;
outside this room nobody looks into them.
"""
from dataclasses import dataclass

from companynet.domain.kind import Kind
from companynet.domain.session import Permission
from companynet.sessions import proof_of
from trytond.i18n import gettext

from .operations import operation_text

STATEMENTS = Kind.STATEMENTS.value
PAYMENTS = Kind.PAYMENTS.value
#: The closed list, in the order it is shown.
KINDS = tuple(kind.value for kind in Kind)

_MESSAGES = {
    STATEMENTS: 'mbank.msg_kind_statements',
    PAYMENTS: 'mbank.msg_kind_payments',
    }


@dataclass(frozen=True)
class Use:
    "What is done on a session that covers the operations it takes"

    kind: str
    """The kind it belongs to."""

    operations: frozenset
    """Names of operations of the contract."""

    def is_covered(self, operations):
        "Whether the granted operations are enough for it"
        return self.operations <= set(operations)


# L-001 L-015
FETCH = Use(STATEMENTS, frozenset(['getMT940Ex', 'checkGetMT940Result']))
CONFIRM = Use(STATEMENTS, frozenset(['confirmResponseReceived']))
SEND = Use(
    PAYMENTS, frozenset(['universalPaymentSend', 'checkPaymentSendResult']))
ASK = Use(PAYMENTS, frozenset(['checkPaymentSendResult', 'getStatus']))


def whole(kind):
    "The use of everything the kind needs"
    return Use(kind, Kind(kind).operations)


def operations_of(kinds):
    "The names of the operations the kinds need, to be asked for"
    return sorted(Permission.of('', map(Kind, kinds)).operations)


def kinds_of(operations):
    "The kinds of which the operations cover anything"
    return tuple(
        kind.value for kind in Kind if kind.operations & set(operations))


def can_prove(operations):
    "Whether a session that was granted the operations can be proven"
    return proof_of(operations) is not None


def kinds_text(kinds):
    "The kinds in words, None if there are none"
    return ', '.join(gettext(_MESSAGES[kind]) for kind in kinds) or None


def operations_text(operations):
    """What the operations cover in words, None if there are none.

    A kind of which some are missing says what; an operation of no kind is
    said by the bank's own name.
    """
    granted = Permission('', frozenset(operations))
    parts = []
    for kind in Kind:
        if kind in granted.kinds:
            parts.append(kinds_text([kind.value]))
        elif kind in granted.kinds_in_part:
            parts.append(gettext(
                    'mbank.msg_kind_part',
                    kind=kinds_text([kind.value]),
                    missing=_words(granted.missing(kind))))
    parts += sorted(granted.of_no_kind)
    return ', '.join(parts) or None


def missing_text(operations, wanted):
    """What of the wanted operations is missing in words, None if nothing is.

    A kind that is missing whole is said by its name.
    """
    missing = Permission('', frozenset(wanted) - frozenset(operations))
    parts = [
        kinds_text([kind.value]) if kind in missing.kinds
        else _words(missing.operations & kind.operations)
        for kind in Kind if missing.operations & kind.operations]
    parts += sorted(missing.of_no_kind)
    return ', '.join(parts) or None


def _words(operations):
    return ', '.join(sorted(map(operation_text, operations)))
