"""Masking of payment card numbers: the first six and the last four digits stay."""

import re
from collections.abc import Iterable

from stdnum import luhn

_HEAD, _TAIL = 6, 4
_SHORTEST, _LONGEST = 11, 19
# A number may be wrapped over lines or written in groups. The bank's transaction number is digits before a dot.
_GAP = re.compile(r"[\s-]")
_RUN = re.compile(r"\d(?:[\s-]{0,2}\d)+", re.ASCII)
_CANDIDATE = re.compile(rf"(?<!\d)\d(?:\n?\d){{12,{_LONGEST - 1}}}(?!\n?[\d.])", re.ASCII)


def card_digits(value: str | None) -> str | None:
    """The digits of a value that can be a card number, else None."""
    digits = _GAP.sub("", value or "")
    plain = digits.isascii() and digits.isdigit()
    return digits if plain and _SHORTEST <= len(digits) <= _LONGEST else None


def find_card_numbers(text: str) -> set[str]:
    """The digit runs of 13 to 19 in the text whose check digit is a card's."""
    found = (match.group().replace("\n", "") for match in _CANDIDATE.finditer(text))
    return {digits for digits in found if luhn.is_valid(digits)}


def mask_card_numbers(text: str) -> str:
    """The text with every number that looks like a card's masked; in a card entry's line, every long number."""
    numbers = find_card_numbers(text)
    if "//CC" in text:  # L-108
        numbers |= {match.group().replace("\n", "") for match in _CANDIDATE.finditer(text)}
    return Mask(numbers)(text)


class Mask:
    """Masks known card numbers wherever they stand in a text, also wrapped, grouped, or cut at their end.

    mBank's reference of a card entry repeats the first fourteen digits of the number  # L-108
    """

    def __init__(self, numbers: Iterable[str]) -> None:
        self._ends: dict[str, int] = {}
        for number in sorted(numbers, key=len):
            for length in range(_SHORTEST - 1, len(number) + 1):
                self._ends[number[:length]] = len(number) - _TAIL
        self._longest = max(map(len, self._ends), default=0)

    def __bool__(self) -> bool:
        return bool(self._ends)

    def __call__(self, text: str) -> str:
        """The text with each of the numbers masked; its length and line ends stay."""
        return _RUN.sub(self._run, text) if self._ends else text

    def _run(self, match: re.Match[str]) -> str:
        """One run of digits, with its gaps: looked through once, however many numbers there are."""
        written = match.group()
        places = [place for place, sign in enumerate(written) if sign.isdigit()]
        digits = "".join(written[place] for place in places)
        result = list(written)
        at = 0
        while at <= len(digits) - _SHORTEST + 1:
            longest = min(self._longest, len(digits) - at)
            lengths = range(longest, _SHORTEST - 2, -1)
            length = next((length for length in lengths if digits[at : at + length] in self._ends), 0)
            if length:
                end = self._ends[digits[at : at + length]]
                for position in range(_HEAD, min(end, length)):
                    result[places[at + position]] = "*"
            at += length or 1
        return "".join(result)
