"""Fields of the head and foot of a block: balances, totals, limit, time.  # S-102, L-114

Each reader raises ValueError with a sentence that shows the value.
"""

import re
from datetime import datetime
from decimal import Decimal

from companynet.domain.statement import Balance, EntryTotal
from companynet.formats.entry_line import read_amount, read_date
from companynet.formats.text import quoted

_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d{1,15},\d{0,2})", re.ASCII)
_TOTAL = re.compile(r"(\d{1,5})([A-Z]{3})(\d{1,15},\d{0,2})", re.ASCII)
_FLOOR = re.compile(r"([A-Z]{3})[CD]?(\d{1,15}(?:,\d{0,2})?)", re.ASCII)
_CREATED = re.compile(r"(\d{10})([+-]\d{4})?", re.ASCII)


def read_balance(text: str) -> Balance:
    """A balance, ``C260105PLN73011,00``."""
    match = _BALANCE.fullmatch(text)
    if match is None:
        raise ValueError(f"{quoted(text)} is not C or D, YYMMDD, currency, amount with one comma")
    amount = read_amount(match[4])
    return Balance(amount if match[1] == "C" else -amount, match[3], read_date(match[2]))


def read_total(text: str) -> EntryTotal:
    """A total of entries, ``3PLN0,03``."""
    match = _TOTAL.fullmatch(text)
    if match is None:
        raise ValueError(f"{quoted(text)} is not a count, a currency and an amount with one comma")
    return EntryTotal(int(match[1]), read_amount(match[3]), match[2])


def read_floor(text: str) -> tuple[str, Decimal]:
    """The currency and the limit from which entries are reported, ``PLN0``."""
    match = _FLOOR.fullmatch(text)
    if match is None:
        raise ValueError(f"{quoted(text)} is not a currency and an amount")
    return match[1], Decimal(match[2].replace(",", "."))


def read_created(text: str) -> datetime:
    """The time of a report, ``1701191815+0100``; UTC where it has no offset."""
    match = _CREATED.fullmatch(text)
    if match is None:
        raise ValueError(f"{quoted(text)} is not a time YYMMDDhhmm with an offset")
    try:
        return datetime.strptime(match[1] + (match[2] or "+0000"), "%y%m%d%H%M%z")
    except ValueError:
        raise ValueError(f"{quoted(text)} is not a time YYMMDDhhmm with an offset") from None
