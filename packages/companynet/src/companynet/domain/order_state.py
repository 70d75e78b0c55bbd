"""The state of an order at the bank."""

from dataclasses import dataclass, field
from typing import Final, Self

from companynet.profile import DEFAULT_EXECUTED_KEYS, DEFAULT_FINAL_KEYS, BankProfile


@dataclass(frozen=True)
class StatusKeys:
    """What the bank's status keys mean for an order; a key that is in neither set is open."""

    final: frozenset[str]
    """After these it does not change any more."""

    executed: frozenset[str]
    """Of the final ones, those that say the money left."""

    @classmethod
    def of(cls, profile: BankProfile) -> Self:
        """As the profile has them."""
        return cls(frozenset(profile.final_status_keys), frozenset(profile.executed_status_keys))


#: Those of a profile that says nothing else.
DEFAULT_KEYS: Final = StatusKeys(frozenset(DEFAULT_FINAL_KEYS), frozenset(DEFAULT_EXECUTED_KEYS))

#: Every key that public material names. Another key is kept as text and shown, never an error.  # L-002
KNOWN_KEYS: Final = DEFAULT_KEYS.final | frozenset(
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

    keys: StatusKeys = field(default=DEFAULT_KEYS, repr=False, compare=False)
    """What the keys mean, by the profile it was read with."""

    @property
    def final(self) -> bool:
        """Whether the state will not change any more."""
        return self.key in self.keys.final

    @property
    def executed(self) -> bool:
        """Whether the order was carried out."""
        return self.key in self.keys.executed
