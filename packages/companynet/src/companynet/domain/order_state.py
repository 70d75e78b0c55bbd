"""The state of an order at the bank."""

from dataclasses import dataclass
from typing import Final

#: Keys after which an order does not change any more.  # L-002
FINAL_KEYS: Final = frozenset({"REALIZED", "DENIED", "REALIZ_AND_COND", "DELETED"})

#: Final keys that say the money left.  # L-003
EXECUTED_KEYS: Final = frozenset({"REALIZED", "REALIZ_AND_COND"})

#: Every key that public material names. Another key is kept as text and shown, never an error.  # L-002
KNOWN_KEYS: Final = FINAL_KEYS | frozenset(
    {
        "TO_EDIT",
        "TO_AUTH",
        "IN_AUTH",
        "AUTHORIZED",
        "SIGN_VERIFY",
        "REALIZ",
        "IN_REALIZ",
        "PROCESSED",
        "CONDITIONAL",
        "CONFIRMED",
        "VALIDATED",
        "STOPPED",
        "STOP_CUST_C",
        "STOP_ACC_C",
    }
)


@dataclass(frozen=True)
class OrderStatus:
    """One order of a group, as ``getStatus`` tells it."""

    key: str
    """The bank's status key, as it came."""

    group_id: str = ""
    """The bank's id of the group."""

    end_to_end_id: str | None = None
    """Which order of the batch, where the bank says so; None for the whole group."""

    text: str | None = None
    """The bank's words: a reason of refusal, say."""

    @property
    def final(self) -> bool:
        """Whether the state will not change any more."""
        return self.key in FINAL_KEYS

    @property
    def executed(self) -> bool:
        """Whether the order was carried out."""
        return self.key in EXECUTED_KEYS
