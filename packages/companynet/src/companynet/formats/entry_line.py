"""Field :61:, the line of an entry with its figures.  # S-102, L-101, L-102"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

_AMOUNT = r"\d{1,15},\d{0,2}"
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<booking>\d{4})?(?P<mark>RC|RD|C|D)(?P<letter>[A-Z])?"
    rf"(?P<amount>{_AMOUNT})(?P<type>[A-Z][A-Z0-9]{{3}})(?P<references>.*)",
    re.ASCII | re.DOTALL,
)
_PLAIN_AMOUNT = re.compile(_AMOUNT, re.ASCII)
_CODE_NAME = re.compile(r"(\d{1,4})-(.*)", re.DOTALL)  # L-112
_NO_REFERENCE = "NONREF"  # L-113
_SIGN = {"C": 1, "RD": 1, "D": -1, "RC": -1}
_CENTURY_TURN = 80
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class EntryLine:
    """The figures of a :61: and the name of its code."""

    value_date: date
    booking_date: date | None
    amount: Decimal
    """Signed."""

    currency_letter: str | None
    """The third letter of the currency."""

    type: str
    customer_reference: str | None
    bank_reference: str | None
    code: str | None
    code_name: str | None
    surplus: tuple[str, ...]
    """Lines that the form does not have."""


def read_entry_line(lines: list[str]) -> EntryLine:
    """Read a :61: with its second line.

    Raises:
        ValueError: the figures cannot be read; the text says which and shows the value.
    """
    match = _LINE.fullmatch(lines[0].rstrip())
    if match is None:
        raise ValueError(
            "it does not begin with YYMMDD, MMDD, one of C D RC RD, a letter, an amount with one comma, and a type"
        )
    value_date = read_date(match["value"])
    customer, parted, bank = match["references"].rpartition("//")
    if not parted:
        customer, bank = bank, ""
    code, code_name = _read_code(lines[1] if len(lines) > 1 else "")
    return EntryLine(
        value_date=value_date,
        booking_date=_booking_date(match["booking"], value_date),
        amount=_SIGN[match["mark"]] * read_amount(match["amount"]),
        currency_letter=match["letter"],
        type=match["type"],
        customer_reference=_reference(customer),
        bank_reference=_reference(bank),
        code=code,
        code_name=code_name,
        surplus=tuple(line for line in lines[2:] if line.strip()),
    )


def read_amount(text: str) -> Decimal:
    """An amount of the standard: digits, one comma, at most two digits.

    Raises:
        ValueError: it is anything else.
    """
    if not _PLAIN_AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount with one comma and at most two decimals")
    return Decimal(text.replace(",", ".")).quantize(_CENT)


def read_date(text: str) -> date:
    """A date YYMMDD of the years 1980 to 2079.

    Raises:
        ValueError: there is no such day.
    """
    year = int(text[:2])
    year += 1900 if year >= _CENTURY_TURN else 2000
    try:
        return date(year, int(text[2:4]), int(text[4:6]))
    except ValueError:
        raise ValueError(f"{text!r} is not a date YYMMDD") from None


def _booking_date(text: str | None, value_date: date) -> date | None:
    """A booking date has no year: it is the one nearest to the value date, so it may lie across the new year."""
    if not text:
        return None
    month, day = int(text[:2]), int(text[2:])
    found = []
    for year in (value_date.year - 1, value_date.year, value_date.year + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:  # 29 February is not in every year
            continue
    if not found:
        raise ValueError(f"{text!r} is not a booking date MMDD")
    return min(found, key=lambda booking: abs(booking - value_date))


def _reference(text: str) -> str | None:
    plain = text.strip()
    return None if not plain or plain.upper() == _NO_REFERENCE else plain


def _read_code(line: str) -> tuple[str | None, str | None]:
    plain = line.strip()
    match = _CODE_NAME.fullmatch(plain)
    if match:
        return match[1], match[2].strip() or None
    return None, plain or None
