"""Texts from outside: only what a person can see as it is."""

import unicodedata
from typing import Final

#: Kinds of characters that show nothing, or change how others are shown: controls, formats (among them those that
#: turn the direction of writing), surrogates, private and unassigned ones, separators of lines and paragraphs.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINE_ENDS: Final = frozenset("\r\n\t")


def is_text(text: str, *, lines: bool = False) -> bool:
    """Whether every character can be seen as it is.

    Args:
        text: from outside.
        lines: whether line ends and tabs are allowed.
    """
    allowed = _LINE_ENDS if lines else frozenset()
    return all(letter in allowed or unicodedata.category(letter) not in _UNSEEN for letter in text)
