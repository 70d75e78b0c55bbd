"""Which code page the bytes of a statement are in, told by what comes out of them.

The bank writes ISO-8859-2 (L-156); copies that went through other programs come in others. A page is judged by the
words it makes: Polish letters where Polish has them cost nothing, everything else costs the more the less it belongs
into a Polish name or title. The bank's own page wins every tie, and the rarer pages must be better by more.
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

CODE_PAGE: Final = "iso-8859-2"
"""The bank's own.  # S-101, L-156"""

UTF_8: Final = "utf-8"
BOM: Final = codecs.BOM_UTF8

#: Where Mazovia differs from the first page of the PC.  # S-730
_MAZOVIA_LETTERS: Final = dict(
    zip(
        bytes.fromhex("8f 95 90 9c a5 a3 98 a0 a1 86 8d 91 92 a4 a2 9e a6 a7"),
        "ĄĆĘŁŃÓŚŹŻąćęłńóśźż",
        strict=True,
    )
)

_POLISH: Final = frozenset("ĄĆĘŁŃÓŚŹŻąćęłńóśźż")
_NEIGHBOURS: Final = frozenset("ÄÖÜäöüßÉéÈèÁáÀàÍíÇçÑñ")
_SLOVAK: Final = frozenset("ĽľĹĺŔŕ")
_OTHER_NAMES: Final = frozenset("ȘșȚțẞ")
_UMLAUTS: Final = frozenset("ÄÖÜäöü")
_BEHIND_NO_UMLAUT: Final = frozenset("aeio")
_QUOTES: Final = frozenset("„”“‚’‘…€")
_SIGNS: Final = frozenset("–—‹›«»•§°×´·©®™²³½")
_VOWELS: Final = frozenset("aeiouyąęóáäéëíöüý")

_WRONG: Final = 8
"""What a letter costs that no name or title has: one of them outweighs any page's disadvantage."""

_WORD: Final = re.compile(rb"(?<![A-Za-z\x80-\xff])[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")
_BOMS: Final = re.compile(rb"\A(?:\xef\xbb\xbf)+")
_ASCII: Final = bytes(range(0x80))


@dataclass(frozen=True, slots=True)
class _Page:
    name: str
    """As it is named to people, and by Python."""

    table: str
    """Its 256 characters; U+FFFD where it has none."""

    handicap: int
    """By how much it must be better than the bank's own."""


def _page(name: str, handicap: int, letters: dict[int, str] | None = None, base: str = "") -> _Page:
    table = bytes(range(256)).decode(base or name, "replace")
    return _Page(name, "".join((letters or {}).get(code, sign) for code, sign in enumerate(table)), handicap)


#: All but the bank's own are copies' pages.  # S-731
_PAGES: Final = (
    _page(CODE_PAGE, 0),
    _page("cp1250", 1),
    _page("cp852", 2),
    _page("mazovia", 2, _MAZOVIA_LETTERS, "cp437"),
)
_OWN: Final = next(iter(_PAGES))


@dataclass(frozen=True, slots=True)
class PageChoice:
    """The page of a part of a file."""

    name: str
    """For people: ``iso-8859-2``, ``utf-8``, ``cp1250``, ``cp852``, ``mazovia``."""

    text: str
    """What the part says."""

    rival: str | None = None
    """Another page that would make better words of it, by too little to be believed."""


def choose_pages(parts: Sequence[bytes]) -> list[PageChoice]:
    """The page and the text of each part of a file.

    Each part is judged for itself, for files of several origins are joined; where a part does not tell, the page
    that suits the whole file best is taken.
    """
    certain = [part.startswith(BOM) for part in parts]
    parts = [_BOMS.sub(b"", part, count=1) if mark else part for part, mark in zip(parts, certain, strict=True)]
    costs = [_costs(part, marked=marked) for part, marked in zip(parts, certain, strict=True)]
    named = {page.name: page for page in _PAGES}
    sums = {name: sum(cost.get(name, _WRONG) for cost in costs) for name in (CODE_PAGE, UTF_8, *named)}
    handicaps = {name: page.handicap for name, page in named.items()}
    usual = min(sums, key=lambda name: sums[name] + handicaps.get(name, 0))
    handicaps[usual] = 0
    return [_choice(part, cost, usual, handicaps) for part, cost in zip(parts, costs, strict=True)]


def _choice(part: bytes, costs: dict[str, int], usual: str, handicaps: dict[str, int]) -> PageChoice:
    if not costs:
        return PageChoice(CODE_PAGE, part.decode("ascii"))
    total = {name: cost + handicaps.get(name, 0) for name, cost in costs.items()}
    least = min(total.values())
    # The first of those that cost the least: the bank's own stands first.
    best = usual if total.get(usual) == least else next(name for name, cost in total.items() if cost == least)
    text = _text(part, best)
    rivals = [name for name, cost in costs.items() if (cost < costs[best] or cost == 0) and _text(part, name) != text]
    return PageChoice(best, text, min(rivals, key=lambda name: costs[name]) if rivals else None)


def _text(part: bytes, name: str) -> str:
    if name == UTF_8:
        return part.decode(UTF_8, "replace")
    table = next(page.table for page in _PAGES if page.name == name)
    return codecs.charmap_decode(part, "strict", table)[0]


def _costs(part: bytes, *, marked: bool) -> dict[str, int]:
    """What each page that comes into question costs; empty if all is ASCII.

    Args:
        part: without byte order marks.
        marked: it had one.
    """
    high = set(part.translate(None, _ASCII))
    if not high:
        return {}
    if marked and _is_utf_8(part):
        return {UTF_8: 0}
    polish = all(_OWN.table[code] in _POLISH for code in high)
    rest = [page for page in _PAGES[1:] if any(page.table[code] != _OWN.table[code] for code in high)]
    if polish:
        # The usual case, and files are large: what has a wrong letter in another page needs no look at its words.
        rest = [page for page in rest if not any(_letter_cost(page.table[code]) >= _WRONG for code in high)]
    unicode = _is_utf_8(part)
    if polish and not rest and not unicode:
        return {CODE_PAGE: 0}
    words = set(_WORD.findall(part.translate(None, b"\r\n")))
    costs = {CODE_PAGE: sum(_word_cost(codecs.charmap_decode(word, "strict", _OWN.table)[0]) for word in words)}
    if unicode and costs[CODE_PAGE]:
        costs[UTF_8] = sum(_word_cost(word.decode(UTF_8, "replace")) for word in words)
    for page in rest:
        costs[page.name] = sum(_word_cost(codecs.charmap_decode(word, "strict", page.table)[0]) for word in words)
    return costs


def _is_utf_8(part: bytes) -> bool:
    try:
        # A file may be cut in the middle of a letter.
        codecs.getincrementaldecoder(UTF_8)().decode(part, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _letter_cost(sign: str) -> int:
    if sign in _POLISH or sign.isascii():
        return 0
    if sign in _NEIGHBOURS or sign == "\xa0":
        return 1
    if sign in _QUOTES or sign in _SIGNS:
        return 2
    if sign in _SLOVAK:
        return 3
    if sign.isalpha():
        return 2 if sign < "\u0180" or sign in _OTHER_NAMES else _WRONG - 2
    return _WRONG


def _word_cost(word: str) -> int:
    """What a word costs: its letters, and letters where no Polish word has them."""
    if word.isascii():
        return 0
    cost = 0
    # A small letter may be two characters: İ.
    small = "".join(sign.lower()[0] for sign in word)
    for index, sign in enumerate(word):
        if sign.isascii():
            continue
        cost += _letter_cost(sign)
        before, after = word[index - 1 : index], word[index + 1 : index + 2]
        if sign.isalpha():
            cost += _case_cost(sign, before, after)
            if sign in _UMLAUTS and (before.lower() in _VOWELS or after.lower() in _BEHIND_NO_UMLAUT):
                cost += 2
        elif sign in _SIGNS and (before.isalpha() or after.isalpha()):
            cost += 3
        if sign in _POLISH and not _is_at_home(small, index):
            # An ą or ę that begins a word or stands before a vowel is none.
            none = sign in "ĄĘąę" and (not before or after.lower() in _VOWELS)
            cost += 4 if none else 2
    return cost


def _case_cost(sign: str, before: str, after: str) -> int:
    if sign.islower():
        return 3 if after.isupper() or (before.isupper() and not after.islower()) else 0
    return 3 if before.islower() or (before.isupper() and after.islower()) else 0


def _is_at_home(word: str, index: int) -> bool:
    """Whether Polish writes this letter of its own at this place of a word in small letters."""
    letter, before, after = word[index], word[index - 1 : index], word[index + 1 : index + 2]
    if letter in "ąę":
        return bool(before) and (before not in _VOWELS or before == "i") and after not in _VOWELS
    if letter == "ó":
        # It begins hardly any word, and ends none.
        begins = bool(before) or after in ("s", "w")
        return begins and bool(after) and after not in _VOWELS and (before not in _VOWELS or before == "i")
    if letter == "ł":
        return not after or before in _VOWELS or after in _VOWELS
    if letter == "ż":
        return _has_room(word, index, before, after)
    return not before or _is_soft_at_home(letter, before, after) if letter != "ź" else _begins(word, before)


def _begins(word: str, before: str) -> bool:
    return bool(before) or word.startswith(("źró", "źreb", "źren", "źdź")) or word == "źle"


def _is_soft_at_home(letter: str, before: str, after: str) -> bool:
    # Before a vowel the soft consonants are written with an i.
    follows = letter == "ś" or before in _VOWELS or (letter == "ć" and before in "śrlłńj")
    return after not in _VOWELS and follows


def _has_room(word: str, index: int, before: str, after: str) -> bool:
    """Whether a ż can be where in another page an ą would be: niżej, bliższy, Elżbieta, but no miesiżc or bżk."""
    if not before or after in _VOWELS:
        return True
    if before == "i":
        return not after or word[index - 2 : index - 1] in ("n", "l")
    return before in _VOWELS or before == "l"
