"""From a statement's bytes to its text: code page, stray bytes, and what may be shown of it."""

import re

from companynet.errors import FormatError
from companynet.formats.cards import mask_card_numbers

CODE_PAGE = "iso-8859-2"  # S-101, L-156

_SHOWN = 60
# Tab, line ends, the frame's 0x01 and 0x03, and the end-of-file mark of old systems are allowed.
_FORBIDDEN = re.compile("[\x00\x02\x04-\x08\x0b\x0c\x0e-\x19\x1b-\x1f\x7f]")
_C1 = re.compile("[\x80-\x9f\ufffd]")


def decode(data: bytes, source: str) -> str:
    """The text of a statement: UTF-8 where it holds valid UTF-8 beyond ASCII, else ISO-8859-2; line feeds only.

    Raises:
        FormatError: the data are empty or are not text.
    """
    if not data.strip():
        raise FormatError(source, "line 1", "the file is empty")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode(CODE_PAGE)
    text = text.rstrip("\x1a").replace("\r\n", "\n")
    if "\n" not in text:
        text = text.replace("\r", "\n")
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        raise FormatError(
            source,
            f"line {line_of(text, forbidden.start())}",
            f"holds the control character 0x{ord(forbidden.group()):02X}, so it is not a text file of a bank",
        )
    return text


def foreign_characters(text: str) -> list[int]:
    """The lines (from 1) that hold characters which ISO-8859-2 text never has: another code page."""
    if not _C1.search(text):
        return []
    return [number for number, line in enumerate(text.split("\n"), 1) if _C1.search(line)]


def line_of(text: str, position: int) -> int:
    """The line, from 1, of a position in the text."""
    return text.count("\n", 0, position) + 1


def quoted(text: str) -> str:
    """The whole text fit for a message: on one line, card numbers masked."""
    return repr(mask_card_numbers(text))


def shown(text: str) -> str:
    """The text fit for a message: short, on one line, card numbers masked."""
    plain = mask_card_numbers(text)
    return repr(plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…")
