"""Masking of payment card numbers: the first six and the last four digits stay."""

import re
from collections.abc import Iterable

from stdnum import luhn

_HEAD, _TAIL = 6, 4
_SHORTEST, _LONGEST = 11, 19
# A number may be wrapped over lines or written in groups. The bank's transaction number is digits before a dot.
_GAP = r"[\s-]{0,2}"
_GAPS = re.compile(r"[\s-]+")
_CANDIDATE = re.compile(rf"(?<!\d)\d(?:\n?\d){{12,{_LONGEST - 1}}}(?!\n?[\d.])", re.ASCII)


def card_digits(value: str | None) -> str | None:
    """The digits of a value that can be a card number, else None."""
    digits = re.sub(r"[\s-]", "", value or "")
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
        self._beginnings = [
            (number[:length], len(number) - _TAIL)
            for number in sorted(numbers, key=len, reverse=True)
            for length in range(len(number), _SHORTEST - 2, -1)
        ]

    def __bool__(self) -> bool:
        return bool(self._beginnings)

    def __call__(self, text: str) -> str:
        """The text with each of the numbers masked; its length and line ends stay."""
        if not self._beginnings:
            return text
        plain = _GAPS.sub("", text)
        for digits, end in self._beginnings:
            # Making a pattern costs more than all else an entry needs, and most of them would find nothing.
            if digits in plain:
                pattern = re.compile(_GAP.join(digits))
                text = pattern.sub(lambda match, end=end: _stars(match.group(), end), text)  # type: ignore[misc]
                plain = _GAPS.sub("", text)
        return text


def _stars(written: str, end: int) -> str:
    """Stars for the digits from the seventh up to ``end``; other characters stay."""
    result = []
    position = 0
    for character in written:
        if character.isdigit():
            result.append("*" if _HEAD <= position < end else character)
            position += 1
        else:
            result.append(character)
    return "".join(result)
