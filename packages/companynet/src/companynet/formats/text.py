"""From a statement's bytes to its text: line ends, joined files, code page, stray characters; what may be shown."""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from companynet.errors import FormatError
from companynet.formats.cards import mask_card_numbers
from companynet.formats.code_pages import BOM, CODE_PAGE, UTF_8, PageChoice, choose_pages

_SHOWN = 60
_MANY = 20

_WIDE = {codecs.BOM_UTF16_LE: "UTF-16LE", codecs.BOM_UTF16_BE: "UTF-16BE"}
# A copy made in text mode twice ends its lines with CR CR LF, one made with the ends turned round with LF CR.
_LINE_END = re.compile(rb"(?<!\r)\r+\n\r?|\n\r")
# A head is a :20: with its :25: below: a title may hold the one, hardly both.
_HEAD = rb":20:[^\n]{0,40}\n:2[15]:"
_FRAME_OR_HEAD = rb"(?:\x01{1,9}\n?:\d\d|" + _HEAD + rb")"
# Joined files have marks of an end, page breaks or byte order marks between them, or not even a line end.
_MARKS_BEFORE_HEAD = re.compile(
    rb"(?<![\x0b\x0c\x1a\xbf])(?:[\x0b\x0c\x1a]|\xef\xbb\xbf)+(?=" + _FRAME_OR_HEAD + rb")"
)
_STRAY_MARKS = re.compile(rb"^[\x0b\x0c\x1a]+(?=[:\x01-]|$)|(?<!\x1a)\x1a+$", re.MULTILINE)
_NO_LINE_END = re.compile(rb"(?<=[^\n\x01])(?<!\xef\xbb\xbf)(?=(\x01{1,9}\n?:\d\d)|" + _HEAD + rb")")
# What a file may end with where the next is joined to it. A title holds a head by the way it is wrapped, hardly at
# such a place: ``12:20:25`` on one line and ``:25:30`` on the next.
_END_OF_FILE = re.compile(rb"(?:-[}\x03]?|\}|\x03|:6[245][FM]?:[ -~]{0,40}|:90[CD]:[ -~]{0,40})[ \t]*")
_PART = re.compile(rb"\n(?=(?:\xef\xbb\xbf)*(?:\x01|" + _HEAD + rb"))")
_HARMLESS = bytes([ord("\t"), ord("\n"), *range(0x20, 0x7F)])
_LETTERS = bytes(code for code in range(0xA0, 0x100) if code != 0xAD)  # S-101
# Controls of both sets, and what cannot be seen. Tab and line feed are allowed, and 0x01 and 0x03 in the frame.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffd]"
)


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a line of a file that a person must know."""

    line: int
    """From 1."""

    code: str
    """As of :class:`companynet.domain.statement.Problem`."""

    text: str
    """A sentence."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file."""

    text: str
    """With line feeds alone, and no control character but tab and those of the frame."""

    notes: tuple[Note, ...]
    """In the order of their lines."""


def decode(data: bytes, source: str, code_page: str | None = None) -> Decoded:
    """The text of a statement.

    Args:
        data: the file as it came.
        source: its name, for messages.
        code_page: the page, where it is certain; None to choose it by what comes out.

    Raises:
        FormatError: the data are empty or are not text.
    """
    if not data.strip(b" \t\r\n\x1a"):
        raise FormatError(source, "line 1", "the file is empty")
    wide = None if code_page else _WIDE.get(data[:2])
    if wide:
        data, code_page = data[2:].decode(wide, "replace").encode(UTF_8), UTF_8
    data = _with_line_feeds(data)
    data = _separated(data, data.translate(None, _HARMLESS))
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise FormatError(source, f"line {line}", "holds the character 0x00, so it is not a text file of a bank")
    parts = _parts(data)
    if code_page:
        choices = [PageChoice(wide or code_page, part.decode(code_page, "replace")) for part in parts]
    else:
        choices = choose_pages(parts)
    text, controls = "".join(choice.text for choice in choices), list[Note]()
    # To look for them in every character of a large file takes as long as much of the reading.
    rest = data.translate(None, _HARMLESS).translate(None, b"" if code_page else _LETTERS)
    if rest.strip(b"\x01\x03") or not _is_framed(data, rest) or any(choice.name != CODE_PAGE for choice in choices):
        text, controls = _without_controls(text)
    notes = [*_page_notes(choices), *controls]
    return Decoded(text, tuple(sorted(notes, key=lambda note: note.line)))


def quoted(text: str) -> str:
    """The whole text fit for a message: on one line, card numbers masked."""
    return repr(mask_card_numbers(text))


def shown(text: str) -> str:
    """The text fit for a message: short, on one line, card numbers masked."""
    plain = mask_card_numbers(text)
    return repr(plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…")


def _with_line_feeds(data: bytes) -> bytes:
    plain = data.replace(b"\r\n", b"\n")
    if b"\r" not in plain:
        return plain
    return _LINE_END.sub(b"\n", data).replace(b"\r", b"\n")


def _separated(data: bytes, unusual: bytes) -> bytes:
    """The data with each file that was joined to another beginning on a line of its own, and no marks between.

    Args:
        data: with line feeds.
        unusual: those of its bytes that are not harmless.
    """
    if any(mark in unusual for mark in (b"\x1a", b"\x0c", b"\x0b", BOM)):
        data = _MARKS_BEFORE_HEAD.sub(_on_new_line, data)
        data = _STRAY_MARKS.sub(b"", data).rstrip(b"\x1a")
    starts = data.count(b"\n\x01") + data.startswith(b"\x01")
    if unusual.count(b"\x01") > starts or data.count(b":20:") > data.count(b"\n:20:") + data.startswith(b":20:"):
        data = _NO_LINE_END.sub(_on_line_of_its_own, data)
    return data


def _is_framed(data: bytes, unusual: bytes) -> bool:
    """Whether the frame's characters stand only where the frame has them."""
    starts = data.count(b"\n\x01") + data.startswith(b"\x01")
    return (unusual.count(b"\x01"), unusual.count(b"\x03")) == (starts, data.count(b"\n-\x03\n"))


def _on_line_of_its_own(match: re.Match[bytes]) -> bytes:
    """A line end before a head, where a file can have ended."""
    text, begin = match.string, match.start()
    # A longer line ends no file.
    start = text.rfind(b"\n", max(0, begin - 64), begin)
    before = text[start + 1 : begin] if start >= 0 else b""
    return b"\n" if match[1] or _END_OF_FILE.fullmatch(before) else b""


def _on_new_line(match: re.Match[bytes]) -> bytes:
    begins = match.start() == 0 or match.string[match.start() - 1] == ord("\n")
    return (b"" if begins else b"\n") + (BOM if BOM in match[0] else b"")


def _parts(data: bytes) -> list[bytes]:
    """The accounts of the files: their code pages may differ, for files are joined."""
    borders = [0, *(match.end() for match in _PART.finditer(data)), len(data)]
    return [data[start:end] for start, end in pairwise(borders)]


def _page_notes(choices: Sequence[PageChoice]) -> Iterator[Note]:
    line = 1
    for choice in choices:
        if choice.name != CODE_PAGE and choice.text.strip("\x01\n"):
            text = f"the letters are read as those of the code page {choice.name}, not of the bank's {CODE_PAGE}"
            yield Note(_first_letter(choice.text, line), "code_page", text)
        elif choice.rival:
            text = (
                f"the letters are read as those of the bank's code page {CODE_PAGE}, but they would be likelier in"
                f" {choice.rival}: it cannot be told which is right"
            )
            yield Note(_first_letter(choice.text, line), "code_page", text)
        line += choice.text.count("\n")


def _first_letter(text: str, line: int) -> int:
    """The line of the first character beyond ASCII, of a text that begins at this line."""
    for number, content in enumerate(text.split("\n")):
        if not content.isascii():
            return line + number
    return line


def _without_controls(text: str) -> tuple[str, list[Note]]:
    """The text without control characters, and a note for each line that held one."""
    stray = [match.start() for match in _CONTROL.finditer(text) if not _is_frame(text, match.start())]
    if not stray:
        return text, []
    found: dict[int, list[int]] = {}
    pieces = []
    line, done = 1, 0
    for position in stray:
        piece = text[done:position]
        pieces.append(piece)
        line += piece.count("\n")
        found.setdefault(line, []).append(position)
        done = position + 1
    pieces.append(text[done:])
    cleaned = "".join(pieces)
    lines = cleaned.split("\n")
    notes = []
    for number, positions in found.items():
        names = dict.fromkeys(_name(text[position]) for position in positions)
        listed = ", ".join([*names][:_MANY])
        word = f"{len(positions)} control characters" if len(positions) > 1 else "the control character"
        notes.append(Note(number, "control_character", f"{word} {listed} taken out of {shown(lines[number - 1])}"))
    return cleaned, notes


def _is_frame(text: str, position: int) -> bool:
    start = text.rfind("\n", 0, position) + 1
    if text[position] == "\x01":
        return position - start < _MANY and not text[start:position].strip("\x01")
    if text[position] == "\x03":
        behind = text[position + 1 : position + 1 + _MANY].partition("\n")[0]
        return text[start:position] in ("", "-") and not behind.strip()
    return False


def _name(sign: str) -> str:
    return f"0x{ord(sign):02X}" if ord(sign) < 0x100 else f"U+{ord(sign):04X}"
