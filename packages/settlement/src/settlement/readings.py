"""What a title can be read as: keys to look items up by, and how surely they name one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settlement.contexts import Context


class Strength(IntEnum):
    """How surely the title names an item."""

    WEAK = 1
    """A part of the number, or digits that may be something else: needs the party to be known."""
    FAIR = 2
    """The whole number, written unusually or without a word saying that it is one."""
    STRONG = 3
    """The whole number after a word for "invoice", or with its own letters."""


class Doubt(Enum):
    """Why digits that agree with a number do not decide by themselves."""

    BARE = "bare"
    """No word says that they are an invoice's number: something must speak for the party."""
    DAY = "day"
    """They can be a day or a month: the party must be known, and nothing of its own be in question beside them."""
    WORD = "word"
    """A word before them says that they are something else, or is not known: they never decide."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key to look an item up by."""

    key: str
    strength: Strength
    run: int
    """The place in the title: candidates of one run are readings of the same signs."""
    last_run: int
    """Where it ends: the same place unless it goes over a blank."""
    found: str
    compact: bool = False
    prefix: str = ""
    """The word for "invoice" as the title has it."""
    doubt: Doubt | None = None
    word: str = ""
    """The word that makes it doubtful."""
    whole: bool = True
    """Not a part of a number."""
    only_exact: bool = False
    """Surely something else: shown where the amount agrees, for a person to see, and nowhere else."""

    @property
    def rank(self) -> tuple[int, bool]:
        """Which of two readings of the same signs is the surer."""
        return self.strength, self.doubt is None


@dataclass(frozen=True, slots=True)
class Run:
    """Tokens written as one number."""

    found: str
    claims: bool
    """Said to be an invoice number."""
    weak_keys: tuple[str, ...]
    """Its digits as they stand and with a short year, for comparison with parts of numbers."""
    context: Context
    doubt: Doubt | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class TitleReading:
    """All that a title can be read as."""

    candidates: tuple[Candidate, ...]
    runs: tuple[Run, ...]
    whole: bool = True
    """Nothing was left unread for its length."""
