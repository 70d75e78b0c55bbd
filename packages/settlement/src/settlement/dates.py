"""Whether digits that could be an invoice's number could as well be a day or a month."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from settlement.words import MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settlement.numbers import Token

_NEAR: Final = dt.timedelta(days=366)
_COMPACT: Final = {8: ((2, 2, 4), (4, 2, 2)), 7: ((1, 2, 4),), 6: ((2, 2, 2),)}
"""How a run of so many digits is cut into day, month and year, from either end."""


def may_be_day(tokens: Sequence[Token], around: dt.date) -> bool:
    """Whether tokens can be a calendar day, whatever parts them: `15/1/26`, `2026-01-15`, `15 I 2026`, `15012026`.

    Joined by slashes, blanks or nothing it must lie within a year of the entry, or every serial with month and year
    were one; dots and dashes are how people write days of any year.
    """
    if len(tokens) == 1 and tokens[0].digits:
        cuts = _COMPACT.get(len(tokens[0].raw), ())
        return any(_is_day(_cut(tokens[0].raw, sizes), around, near=True) for sizes in cuts)
    if len(tokens) != 3 or not (tokens[0].digits and tokens[2].digits):
        return False
    month = tokens[1].text if tokens[1].digits else str(MONTHS.get(tokens[1].text, ""))
    if not month or max(len(tokens[0].text), len(month), len(tokens[2].text)) > 4:
        return False
    written = tokens[1].joint in (".", "-") and tokens[2].joint in (".", "-")
    return _is_day((tokens[0].text, month, tokens[2].text), around, near=not written)


def may_be_month(tokens: Sequence[Token]) -> bool:
    """Whether tokens can be a month: `12/2026`, `2026-12`, `12/26`, `122026`."""
    if len(tokens) == 1 and len(tokens[0].raw) == 6 and tokens[0].digits:
        raw = tokens[0].raw
        return any(
            1 <= int(month) <= 12 and year[:2] == "20" for month, year in ((raw[:2], raw[2:]), (raw[4:], raw[:4]))
        )
    if len(tokens) != 2 or not all(token.digits and len(token.text) <= 4 for token in tokens):
        return False
    low, high = sorted((int(token.text) for token in tokens), key=lambda value: value > 2000)
    return low <= 12 and (2000 < high < 2100 or high < 100)


def _cut(digits: str, sizes: tuple[int, ...]) -> tuple[str, str, str]:
    first, second = sizes[0], sizes[0] + sizes[1]
    return digits[:first], digits[first:second], digits[second:]


def _is_day(parts: tuple[str, str, str], around: dt.date, *, near: bool) -> bool:
    first, month, last = map(int, parts)
    for day, year in ((first, last), (last, first)):
        if 100 <= year < 2000 or year >= 2100:
            continue
        try:
            found = dt.date(year if year > 99 else 2000 + year, month, day)
        except ValueError:
            continue
        if not near or abs(found - around) <= _NEAR:
            return True
    return False
