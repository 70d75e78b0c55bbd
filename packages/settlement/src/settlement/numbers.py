"""Invoice numbers cut into tokens, so that every way of writing one gives the same key."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from settlement.folding import fold
from settlement.words import GENERIC, NOISE

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOKEN = re.compile(r"[0-9]+|[A-Z]+")
# People type the letter O for zero: between digits, before a digit after no letter, after a digit before no letter.
_O_FOR_ZERO = re.compile(r"(?<![A-Z])O+(?=[0-9])|(?<=[0-9])O+(?![A-Z])|(?<=[0-9])O+(?=[0-9])")
_JOINTS = frozenset("/\\_.-")
_LISTING = re.compile(r"[,;+&]")


class Gap(Enum):
    """What stands between a token and the one before it."""

    START = 0
    JOINED = 1
    """Nothing: letters meet digits."""
    TIGHT = 2
    """One of `/ - . _ \\`: the same number goes on."""
    DASH = 3
    """A dash between blanks: a range or a pause."""
    BLANK = 4
    LIST = 5
    """A comma, "and" and the like."""
    RANGE = 6
    """The word "do" between digits."""


INSIDE: Final = frozenset({Gap.JOINED, Gap.TIGHT})


@dataclass(slots=True)
class Token:
    """A run of digits or of letters."""

    text: str
    """Digits without leading zeros, or letters."""
    raw: str
    digits: bool
    gap: Gap
    joint: str
    """The sign between it and the token before, for `TIGHT`."""
    start: int
    end: int
    noise: str = ""
    """The word of no meaning that was left out before it."""


def tokens_of(folded: str) -> tuple[str, list[Token]]:
    """Cut a folded text into tokens.

    Returns:
        The text with letters O turned to zeros, which positions refer to, and its tokens.
    """
    text = _O_FOR_ZERO.sub(lambda match: "0" * len(match[0]), folded)
    tokens: list[Token] = []
    end = 0
    noise = ""
    pending: Gap | None = None
    matches = list(_TOKEN.finditer(text))
    for at, match in enumerate(matches):
        raw = match[0]
        digits = raw[0].isdigit()
        gap, joint = _gap(text[end : match.start()]) if tokens or pending else (Gap.START, "")
        end = match.end()
        if not digits and tokens:
            word = _joining_word(gap, tokens[-1], matches[at : at + 2], text)
            if word is not None:
                pending = word
                continue
        if raw in NOISE or (raw == "OD" and tokens and tokens[-1].text in GENERIC):
            pending = pending or (gap if gap in (Gap.LIST, Gap.RANGE) else Gap.BLANK)
            noise = raw
            continue
        if pending is not None:
            gap, joint = (pending, "") if tokens else (Gap.START, "")
            pending = None
        text_ = raw.lstrip("0") or "0" if digits else raw
        tokens.append(Token(text_, raw, digits, gap, joint, match.start(), end, noise))
        noise = ""
    return text, tokens


def _gap(between: str) -> tuple[Gap, str]:
    if not between:
        return Gap.JOINED, ""
    sign = between.strip()
    if _LISTING.search(sign):
        return Gap.LIST, ""
    if sign == "-" and between.startswith(" "):
        return Gap.DASH, ""
    if sign not in _JOINTS or (sign == "." and between != sign):
        return Gap.BLANK, ""
    return Gap.TIGHT, sign


def _joining_word(gap: Gap, before: Token, words: Sequence[re.Match[str]], text: str) -> Gap | None:
    """The gap that a word such as "i" or "do" stands for between two numbers; `None` if it is none."""
    raw = words[0][0]
    if raw not in ("I", "ORAZ", "AND", "DO") or gap not in (Gap.BLANK, Gap.LIST) or len(words) < 2:
        return None
    after = words[1][0]
    if not before.digits or text[words[0].end()] != " ":
        return None
    if not (after[0].isdigit() or after in GENERIC or after in NOISE):
        return None
    return Gap.RANGE if raw == "DO" else Gap.LIST


@dataclass(frozen=True, slots=True)
class NumberForm:
    """An open item's number, ready to be looked up."""

    prefix: str
    """The leading words that only say "invoice", as the number has them."""
    body: tuple[str, ...]
    """The tokens that tell it from others."""
    key: str
    short: str
    """The key with the year in two digits; the key itself if it has no year."""
    compact: tuple[str, ...]
    """The body without separators, with its zeros and without; empty if it is one token anyway."""
    weak: frozenset[str]
    """Keys that leave a part out, letters or the year, or turn the parts round."""


def key_of(body: Sequence[str]) -> str:
    """The key of a body."""
    return "|".join(body)


def is_year(token: str) -> bool:
    """Whether a token is a year of this century, in four digits."""
    return len(token) == 4 and token.startswith("20") and token.isdigit()


def shorten(body: Sequence[str]) -> tuple[str, ...]:
    """The body with its years in two digits."""
    return tuple(token[2:].lstrip("0") or "0" if is_year(token) else token for token in body)


@lru_cache(maxsize=8192)
def number_form(number: str) -> NumberForm:
    """Read an open item's number; one without digits keeps all its words."""
    _, tokens = tokens_of(fold(number))
    lead = 0
    while lead < len(tokens) and not tokens[lead].digits and tokens[lead].text in GENERIC:
        lead += 1
    prefix = "".join(token.text for token in tokens[:lead])
    told = tokens[lead:] or tokens
    body = tuple(token.text for token in told)
    key = key_of(body)
    compact: tuple[str, ...] = ()
    if len(body) > 1:
        raw, bare = "".join(token.raw for token in told), "".join(body)
        compact = (raw,) if raw == bare else (raw, bare)
    numerals = tuple(token.text for token in told if token.digits)
    yearless = tuple(token for token in numerals if not is_year(token))
    # The serial number is what stands farthest from the year.
    serial = numerals[-1:] if numerals and is_year(numerals[0]) else numerals[:1]
    turned = numerals[::-1]
    weak = {key_of(numerals), key_of(shorten(numerals)), key_of(yearless), key_of(serial)} - {""}
    if len(numerals) > 1 and (is_year(numerals[0]) or is_year(numerals[-1])):
        # People put the year last that the number has first, and the other way round.
        weak |= {key_of(turned), key_of(shorten(turned))}
    return NumberForm(prefix, body, key, key_of(shorten(body)), compact, frozenset(weak))
