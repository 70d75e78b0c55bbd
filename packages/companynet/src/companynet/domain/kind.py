"""What a long-lived session is for, as a person knows it: a closed list."""

import enum


class Kind(enum.Enum):
    """A kind of work, with the operations of the contract it needs. No operation is of two kinds.  # L-001"""

    STATEMENTS = "statements"
    """Statements are asked for, fetched and confirmed."""

    PAYMENTS = "payments"
    """Orders are handed in, and it is asked what became of them."""

    @property
    def operations(self) -> frozenset[str]:
        """Names of operations of the contract; the kind is covered by all of them together."""
        return _OPERATIONS[self]


_OPERATIONS = {
    Kind.STATEMENTS: frozenset({"getMT940Ex", "checkGetMT940Result", "confirmResponseReceived"}),
    Kind.PAYMENTS: frozenset({"universalPaymentSend", "checkPaymentSendResult", "getStatus"}),
}

#: The operations of all kinds: what an ERP asks for that asks for everything.  # L-001
ERP_OPERATIONS = frozenset[str]().union(*_OPERATIONS.values())
