"""A bank statement as values, whatever file it came from."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that a person must look at before its figures are used."""

    code: str
    """A stable word to branch on, such as ``balance``."""

    text: str
    """A sentence with the values that do not fit."""

    place: str | None = None
    """Where in the file, in words ("line 12, :61:")."""


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance of an account at the end or the start of a day."""

    amount: Decimal
    """Signed: positive is the customer's money."""

    currency: str
    """ISO 4217."""

    date: date
    """The day of the balance."""


@dataclass(frozen=True, slots=True)
class EntryTotal:
    """How many entries of one direction the bank says there are, and their sum."""

    count: int
    """The number of entries."""

    amount: Decimal
    """Their sum, not negative."""

    currency: str
    """ISO 4217."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement on an account. Numbers of payment cards are masked in every field."""

    value_date: date
    """The day from which the money counts."""

    booking_date: date | None
    """The day of booking."""

    amount: Decimal
    """Signed: positive comes in, negative goes out."""

    currency: str
    """ISO 4217."""

    type: str
    """The type of the standard, with its first letter: ``NTRF``."""

    code: str | None
    """The bank's own code, such as ``944``; the list is open."""

    code_name: str | None
    """The bank's name of the code."""

    customer_reference: str | None
    """The customer's reference; None where the bank wrote NONREF."""

    bank_reference: str | None
    """The bank's reference."""

    counterparty_account: str | None
    """26 digits, an IBAN, or what the bank wrote; its check digits are not verified."""

    counterparty_name: str | None
    """Payer or payee."""

    counterparty_address: str | None
    """The address of the payer or payee, where it can be told from the name."""

    remittance: str
    """The title; empty if there is none."""

    transaction_number: str | None
    """The bank's unique number of the transaction (TNR)."""

    virtual_account: str | None
    """The virtual account of a mass payment (ID IPH)."""

    details: Mapping[str, str] = field(hash=False)
    """What else the text says, by stable name; dates ISO, amounts plain decimals."""

    raw: str
    """The entry's lines as in the file, parted by a line feed."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The entries of one account from one statement."""

    source: str
    """The name of the file or report."""

    format: str
    """``MT940``, ``MT942``, ..."""

    account: str
    """The account as the bank writes it: ``PL`` and 26 digits, or another bank's form."""

    currency: str
    """ISO 4217."""

    number: str | None
    """The statement's number as written, such as ``8/1``."""

    reference: str | None
    """The bank's reference of the message."""

    opening_balance: Balance | None
    """None for an intraday report, or if the file lacks it."""

    closing_balance: Balance | None
    """None for an intraday report, or if the file lacks it."""

    available_balance: Balance | None
    """None where the bank does not give it."""

    entries: tuple[Entry, ...]
    """In the order of the file."""

    problems: tuple[Problem, ...]
    """Empty if all was read and the figures agree."""

    created_at: datetime | None = None
    """When an intraday report was made."""

    floor_limit: Decimal | None = None
    """The amount from which an intraday report shows entries."""

    debits: EntryTotal | None = None
    """The bank's own total of what went out, in an intraday report."""

    credits: EntryTotal | None = None
    """The bank's own total of what came in, in an intraday report."""

    @property
    def serial(self) -> int | None:
        """The number before the slash, for finding gaps; None if there is none."""
        head = (self.number or "").partition("/")[0]
        return int(head) if head.isascii() and head.isdigit() else None


def entry_identities(statement: Statement) -> tuple[str, ...]:
    """One identity for each entry of the statement, in their order; no two are equal.

    ``tnr:<number>:<day>:<amount>`` where the bank numbered the transaction (L-104): a number alone may be one that a
    payer typed. Else ``fp:<fingerprint>:<occurrence>``: two equal transfers on one day are both real. A number that a
    statement repeats with day and amount (which is also one of its problems) has the occurrence appended from the
    second on.

    An identity depends on the account and what the bank wrote of the entry, not on the file, its code page, its line
    ends, the folding of its lines, blanks or the letter case.
    """
    seen: Counter[str] = Counter()
    identities = []
    for entry in statement.entries:
        key = _numbered(entry) if entry.transaction_number else f"fp:{_print(statement, entry)}"
        seen[key] += 1
        plain = key.startswith("tnr:") and seen[key] == 1
        identities.append(key if plain else f"{key}:{seen[key]}")
    return tuple(identities)


def _numbered(entry: Entry) -> str:
    return f"tnr:{entry.transaction_number}:{entry.booking_date or entry.value_date}:{entry.amount.normalize():f}"


def _print(statement: Statement, entry: Entry) -> str:
    parts = (
        statement.account,
        entry.value_date.isoformat(),
        entry.booking_date.isoformat() if entry.booking_date else "",
        f"{entry.amount.normalize():f}",
        entry.currency,
        entry.raw,
    )
    return hashlib.sha256("\x1f".join(map(_unmistakable, parts)).encode()).hexdigest()[:24]


def _unmistakable(text: str) -> str:
    """What no code page, line end or wrapping changes: digits and the letters that all pages share."""
    return "".join(character for character in text.upper() if character.isascii() and character.isalnum())
