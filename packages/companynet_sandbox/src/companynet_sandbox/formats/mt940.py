"""Statements written as MT940 in the exact form of mBank.  # S-204, L-200"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

CODE_PAGE: Final = "iso-8859-2"  # L-200
_LINE_LENGTH: Final = 65  # L-202
_LINES: Final = 6  # L-202
_EPOCH: Final = date(1967, 12, 31)  # L-201
#: Signs people type that the code page does not have.
_PLAIN: Final = str.maketrans({"„": '"', "”": '"', "“": '"', "’": "'", "–": "-", "—": "-", "…": "...", "\t": " "})


@dataclass(frozen=True)
class StatementEntry:
    """One entry of a statement. Amounts are in hundredths, signed: + came in."""

    booked: date
    valued: date
    amount: int
    reversal: bool
    """Whether it takes an earlier entry back: RC takes money away, RD gives it back."""

    type: str
    code: str
    code_name: str
    customer_reference: str
    bank_reference: str
    information: str
    """:86: before it is wrapped, with the transaction number at its end."""

    tnr: str = ""
    """The transaction number by itself."""

    fields: tuple[tuple[str, str], ...] = ()
    """Label and value of :86:, whole."""


@dataclass(frozen=True)
class StatementDay:
    """One account on one day. The opening balance is in hundredths, signed."""

    account: str
    currency: str
    day: date
    number: int
    opening: int
    entries: Sequence[StatementEntry]
    owner: str = ""
    """Name of the account's customer."""

    @property
    def closing(self) -> int:
        """The balance at the day's end, hundredths."""
        return self.opening + sum(entry.amount for entry in self.entries)


def write(statement: StatementDay) -> bytes:
    """The account's block: a line with 0x01, the fields, a line with ``-`` and 0x03; CRLF, ISO-8859-2.  # L-200"""
    day = f"{statement.day:%y%m%d}"
    lines = [
        "\x01",
        f":20:ST{day}CYC/1",
        f":25:PL{statement.account}",
        f":28C:{statement.number}/1",
        f":60F:{_balance(statement.opening, statement.currency, day)}",
    ]
    for entry in statement.entries:
        lines += entry_lines(entry, statement.currency)
    closing = _balance(statement.closing, statement.currency, day)
    lines += [f":62F:{closing}", f":64:{closing}", "-\x03"]
    return "".join(f"{line}\r\n" for line in lines).encode(CODE_PAGE)


def bank_text(text: str) -> str:
    """A text as the bank prints it: upper case, letters of its code page, one line, no semicolon.

    A semicolon parts the segments of :86:, so one in a title becomes a comma.  # L-242
    """
    plain = " ".join(text.translate(_PLAIN).upper().replace(";", ",").split())
    plain = "".join(sign for sign in plain if sign.isprintable())
    return plain.encode(CODE_PAGE, "replace").decode(CODE_PAGE)


def transaction_number(stem: str, leg: int) -> str:
    """The number of an entry: the stem is the same for both legs of one transfer.  # L-201"""
    return f"{stem}.{leg:06d}"


def transaction_stem(day: date, counter: int) -> str:
    """15 digits: five of the days since 1967-12-31, ten of a counter.  # L-201"""
    return f"{(day - _EPOCH).days:05d}{counter:010d}"


def compose(code: str, heading: str, fields: Sequence[tuple[str, str]], tnr: str) -> str:
    """The text of :86:, at most six lines long; the longest value is shortened if it has to be.  # L-202

    Raises:
        ValueError: even without values it is too long.
    """
    values = [(label, value) for label, value in fields if value]
    while True:
        parts = [f"{code} {heading}", *(f"{label}: {value}" for label, value in values), f"TNR: {tnr}"]
        text = "; ".join(parts)
        surplus = len(text) - _LINE_LENGTH * _LINES
        if surplus <= 0 and len(_wrap_hard(text)) <= _LINES:
            return text
        longest = max(range(len(values)), key=lambda index: len(values[index][1]), default=None)
        if longest is None or not values[longest][1]:
            raise ValueError(f"{heading!r} with its labels is too long for six lines of 65 characters")
        label, value = values[longest]
        values[longest] = (label, value[: len(value) - max(surplus, 1)].rstrip())


def wrap(text: str) -> list[str]:
    """Lines of at most 65 characters that give the text again when joined with nothing.  # L-202

    Between words where it fits into six lines so, else wherever 65 characters end. No line begins with a sign that
    means a field or the end of the block.
    """
    soft = _wrap_words(text)
    return soft if len(soft) <= _LINES else _wrap_hard(text)


def _wrap_words(text: str) -> list[str]:
    lines = []
    while len(text) > _LINE_LENGTH:
        blank = text.rfind(" ", 0, _LINE_LENGTH)
        cut = blank + 1 if blank > 0 else _LINE_LENGTH
        cut = _safe(text, cut)
        lines.append(text[:cut])
        text = text[cut:]
    return [*lines, text]


def _wrap_hard(text: str) -> list[str]:
    lines = []
    while len(text) > _LINE_LENGTH:
        cut = _safe(text, _LINE_LENGTH)
        lines.append(text[:cut])
        text = text[cut:]
    return [*lines, text]


def _safe(text: str, cut: int) -> int:
    while cut > 1 and text[cut] in ":-":
        cut -= 1
    return cut


def entry_lines(entry: StatementEntry, currency: str) -> list[str]:
    """The lines of one entry: figures, code with its name, :86: wrapped."""
    mark = "C" if entry.amount > 0 else "D"
    if entry.reversal:
        # Taking money away reverses a credit, giving it back reverses a debit.
        mark = "RD" if entry.amount > 0 else "RC"
    reference = entry.customer_reference or "NONREF"
    figures = (
        f":61:{entry.valued:%y%m%d}{entry.booked:%m%d}{mark}{currency[2]}{amount_text(entry.amount)}"
        f"{entry.type}{reference}//{entry.bank_reference}"
    )
    first, *rest = wrap(entry.information)
    return [figures, f"{entry.code}-{entry.code_name}"[:34], f":86:{first}", *rest]


def _balance(minor: int, currency: str, day: str) -> str:
    return f"{'C' if minor >= 0 else 'D'}{day}{currency}{amount_text(minor)}"


def amount_text(minor: int) -> str:
    """Hundredths without a sign, with a comma."""
    return f"{abs(minor) // 100},{abs(minor) % 100:02d}"
