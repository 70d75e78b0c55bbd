"""The values of settlement: what comes in (entries, open items), what comes out (proposals), the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping


class Kind(StrEnum):
    """What an open item waits for."""

    RECEIVABLE = "receivable"
    """Money that a party owes us: settled by an incoming entry."""

    PAYABLE = "payable"
    """Money that we owe a party: settled by an outgoing entry."""

    PAYMENT = "payment"
    """A payment already sent to the bank: settled by the outgoing entry that books it."""


class Decision(StrEnum):
    """What is to be done with an entry."""

    AUTOMATIC = "automatic"
    """Identified, the amount agrees, and nothing competes: may be settled without a person."""

    PROPOSE = "propose"
    """Something speaks for these items, but a person decides."""

    NONE = "none"
    """Nothing that could be proposed; the reasons say what was looked at."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation of a bank statement."""

    id: str
    amount: Decimal
    """Signed, in `currency`: above zero the money came in."""
    currency: str
    value_date: dt.date
    remittance: str = ""
    counterparty_account: str | None = None
    """NRB or IBAN, with or without the country and blanks."""
    counterparty_name: str | None = None
    virtual_account: str | None = None
    """The account of mass payments the money came in on, such as `XX000000000001`."""
    customer_reference: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    """Labelled parts of the remittance: split payment (`INV`, `IDC`), tax, KSeF."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice line still to be paid, or a payment sent and not yet booked."""

    id: str
    kind: Kind
    party: str
    """Identity of the party in the caller's books; two items with the same one are of the same party."""
    number: str
    amount: Decimal
    """What is still open, above zero, in `currency`."""
    currency: str
    date: dt.date | None = None
    due_date: dt.date | None = None
    party_name: str | None = None
    """Without it `party` is read as the name."""
    party_accounts: tuple[str, ...] = ()
    party_nip: str | None = None
    ksef: str | None = None
    virtual_account: str | None = None
    references: tuple[str, ...] = ()
    """Further keys that name it for sure, such as the end-to-end id of a payment sent."""

    def __post_init__(self) -> None:
        """Refuse what would break the arithmetic.

        Raises:
            ValueError: the open amount is not above zero.
        """
        if not self.amount.is_finite() or self.amount <= 0:
            raise ValueError(f"open item {self.id}: amount {self.amount} is not above zero")


@dataclass(frozen=True, slots=True)
class Allocation:
    """A part of an entry's amount given to one open item."""

    item_id: str
    amount: Decimal
    """Above zero, in the entry's currency."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for or against a proposal."""

    code: str
    """Stable, for translation: see `settlement.reasons.TEXTS`."""
    params: Mapping[str, str]
    text: str
    """The same in English."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What settlement says of one entry."""

    entry_id: str
    decision: Decision
    allocations: tuple[Allocation, ...] = ()
    score: float = 0.0
    """0 to 1, three decimals."""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchConfig:
    """The settings of a matcher."""

    threshold: float = 0.85
    """Least score of an automatic settlement."""
    propose_from: float = 0.5
    """Least score of a proposal."""
    margin: float = 0.1
    """A competing proposal nearer than this makes an entry ambiguous."""
    tolerance: Decimal = Decimal("5.00")
    """Largest difference that may be a fee, in the entry's currency."""
    automatic_part: bool = False
    """Settle a part payment automatically where number and party both agree."""
    automatic_difference: bool = False
    """Settle automatically with a difference within `tolerance`, where number and party both agree."""
    early_days: int = 30
    """A payment more days than this before the invoice's date is doubtful."""
    bucket_limit: int = 50
    """An invoice number borne by more items than this is looked for only with the parties in question."""
    sum_items: int = 200
    """Among how many of a party's oldest items a sum is looked for."""
    sum_steps: int = 2000
    """How many combinations are tried for a sum."""
