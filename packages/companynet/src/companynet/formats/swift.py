"""The frame of MT940 and MT942 files: lines become blocks (one an account) of fields.  # S-102, L-100

Nothing is dropped: a line that belongs to no block is handed back as loose.
"""

import re
from dataclasses import dataclass, field

from companynet.formats.information import FULL_LINE
from companynet.formats.subfields import SUBFIELDS
from companynet.formats.text import quoted

_START, _END = "\x01", "\x03"
_TAG = re.compile(r":(\d{2}[A-Z]?):")
_HEAD = frozenset({"20", "21", "25", "28", "28C", "60F", "60M", "34F", "13D"})
_FOOT = frozenset({"62F", "62M", "64", "65", "90D", "90C"})
_KNOWN = _HEAD | _FOOT | {"61", "86"}
# A title is anybody's text, and folding may put any of it at the start of a line of :86:. What begins like a field
# there must also go on like one.  # L-730
_FIGURES = re.compile(r":\d\d[A-Z]?:\W{0,2}\w?\d{6}[A-Z]{3}")
_LOOKS = {
    "21": re.compile(r"(?!)"),
    "25": re.compile(r":25:[A-Z/0-9]{8,}"),
    "28": re.compile(r":28:\d+/\d+\s*$"),
    "28C": re.compile(r":28C:\d+(?:/\d+)?\s*$"),
    "34F": re.compile(r":34F:[A-Z]{3}"),
    "13D": re.compile(r":13D:\d{10}"),
    "61": re.compile(r":61:\d{6}[\d ]{0,4}R?[CD]", re.IGNORECASE),
    "86": re.compile(rf":86:{SUBFIELDS}"),
    **dict.fromkeys(("60F", "60M", "62F", "62M", "64", "65"), _FIGURES),
    **dict.fromkeys(("90D", "90C"), re.compile(r":90[DC]:\d{1,5}[A-Z]{3}")),
}
_WHOLE = re.compile(r"TNR:\s*\d{15}\.\d{6}\s*$", re.IGNORECASE)  # L-104
_CODE_LINE = re.compile(r"\d{1,4}-")


@dataclass(slots=True)
class Field:
    """A field of a block."""

    tag: str
    """Without colons: ``28C``."""

    line: int
    """The line of the file where it starts, from 1."""

    lines: list[str]
    """Its lines without the tag and without line ends; trailing blanks kept."""

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return f"line {self.line}, :{self.tag}:"

    @property
    def text(self) -> str:
        """Its first line without blanks around it."""
        return self.lines[0].strip()


@dataclass(slots=True)
class Block:
    """The lines of one account."""

    line: int
    """Where it starts, from 1."""

    framed: bool
    """It began with 0x01."""

    fields: list[Field] = field(default_factory=list)
    """In the order of the file."""

    tags: set[str] = field(default_factory=set)
    """The tags of the fields."""

    ended: bool = False
    """Its end mark was there."""

    cut: bool = False
    """It is the last of a file that ends in the middle of a line."""

    loose: list[tuple[int, str]] = field(default_factory=list)
    """Lines near the block that belong to no field, with their numbers."""


def split_blocks(text: str) -> tuple[list[Block], list[tuple[int, str]]]:
    """Part the text of a file into blocks.

    Args:
        text: decoded, with line feeds.

    Returns:
        The blocks, and the lines before the first of them that belong to none.
    """
    splitter = _Splitter(text.split("\n"))
    for index in range(len(splitter.lines)):
        splitter.take(index)
    splitter.close(ended=False)
    if splitter.blocks:
        last = splitter.blocks[-1]
        last.cut = not last.ended and splitter.lines[-1] != ""
    return splitter.blocks, splitter.before


class _Splitter:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.blocks: list[Block] = []
        self.before: list[tuple[int, str]] = []
        self._block: Block | None = None
        self._framed = False
        self._opened = 0

    def take(self, index: int) -> None:
        """Put one line where it belongs."""
        line = self.lines[index]
        if line.startswith(_START):
            self.close(ended=False)
            self._framed, self._opened = True, index + 1
            line = line.lstrip(_START)
        elif self._is_end(index, line):
            self.close(ended=True)
            return
        match = _TAG.match(line)
        if match and self._is_field(index, line, match[1]):
            self._open_for(match[1], index)
            assert self._block is not None  # noqa: S101  # _open_for has just opened it
            self._block.tags.add(match[1])
            self._block.fields.append(Field(match[1], index + 1, [line[match.end() :]]))
        else:
            self._continue(index, line)

    def close(self, *, ended: bool) -> None:
        """End the block at hand."""
        if self._block is not None:
            self._block.ended = ended
            self.blocks.append(self._block)
            self._block = None
        elif self._framed:
            # An account was begun and nothing of it is there.
            (self.blocks[-1].loose if self.blocks else self.before).append((self._opened, _START))
        self._framed = False

    def _is_end(self, index: int, line: str) -> bool:
        mark = line.rstrip()
        if mark == "-" + _END or mark == _END:
            return True
        # A title may leave a lone dash on a line: it ends a block only where a block can end.
        return mark in ("-", "-}") and self._new_block_follows(index)

    def _new_block_follows(self, index: int) -> bool:
        for number in range(index + 1, len(self.lines)):
            line = self.lines[number]
            if line.strip():
                return line.startswith((_START, ":25:", "{")) or (line.startswith(":20:") and self._is_head(number))
        return True

    def _is_field(self, index: int, line: str, tag: str) -> bool:
        block = self._block
        if block is None or not block.fields or block.fields[-1].tag != "86":
            return True
        if tag not in _KNOWN or self._is_fold(index, line, tag):
            return False
        if tag == "20":
            return self._is_head(index)
        return bool(_LOOKS[tag].match(line)) or self._stands_like_field(index, tag)

    def _is_fold(self, index: int, line: str, tag: str) -> bool:
        """Whether the folding of a :86: put this line there, and a payer what is in it, however much like a field.

        The line before it is full, and it is as full itself or ends the text, as no line of these fields does.
        """
        before = self._block.fields[-1].lines[-1] if self._block else ""
        if tag == "86" or len(before) != FULL_LINE:
            return False
        following = self.lines[index + 1] if index + 1 < len(self.lines) else ""
        is_entry = tag == "61" and len(following) < FULL_LINE and bool(_CODE_LINE.match(following))
        return bool(_WHOLE.search(line)) or (len(line) == FULL_LINE and not is_entry)

    def _is_head(self, index: int) -> bool:
        return index + 1 < len(self.lines) and self.lines[index + 1].startswith((":25:", ":21:"))

    def _stands_like_field(self, index: int, tag: str) -> bool:
        """Whether a field whose own text is damaged is known by what follows."""
        following = self.lines[index + 1 : index + 3]
        if tag == "61":
            return len(following) == 2 and bool(_CODE_LINE.match(following[0])) and following[1].startswith(":86:")
        if tag == "86":
            # The entry's own text was whole already, so its entry is lost.
            return bool(_WHOLE.search("".join(self._block.fields[-1].lines[-2:]))) if self._block else False
        if tag in _FOOT:
            return not following or following == [""] or following[0].startswith((":64:", ":65:", "-", _END, _START))
        return False

    def _open_for(self, tag: str, index: int) -> None:
        block = self._block
        if block is not None and block.fields:
            tags = block.tags
            if tag == "20" or (tag == "25" and "25" in tags) or (tag in _HEAD and tags & _FOOT):
                self.close(ended=False)
        if self._block is None:
            self._block = Block(line=index + 1, framed=self._framed)

    def _continue(self, index: int, line: str) -> None:
        block = self._block
        if block is not None and block.fields and (line.strip() or block.fields[-1].tag == "86"):
            block.fields[-1].lines.append(line)
        elif line.strip():
            (self.blocks[-1].loose if self.blocks and block is None else self.before).append((index + 1, line))


def loose_text(line: int, text: str) -> str:
    """The sentence about a line that belongs to no field."""
    return f"the line {quoted(text)} at line {line} belongs to no field"
