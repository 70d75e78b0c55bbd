"""What the words beside a number say it is: the nearest noun decides, and a word not known is none for "invoice"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from settlement.numbers import Gap
from settlement.words import (
    BILLS,
    GENERIC,
    JOINING,
    OTHER,
    OTHER_DEBT,
    PAYING,
    RETURNS,
    SAYS_DAY,
    UNSAID,
    says_invoice,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settlement.numbers import Token


class Context(Enum):
    """What the words before a number say it is."""

    INVOICE = "invoice"
    BARE = "bare"
    """Nothing, or no more than that money is paid."""
    UNKNOWN = "unknown"
    """Something that is not known: an order, a card, a contract, a name."""
    OTHER = "other"
    """Surely something else."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What the words before a number say."""

    context: Context
    prefix: str = ""
    """The word for "invoice" as the title has it."""
    word: str = ""
    """The word that says something else."""
    at: int = -1
    """Where that word, or the one for "invoice", stands; -1 without any."""


_BARE: Final = Naming(Context.BARE)


class Surroundings:
    """The words around the numbers of one text.

    Args:
        tokens: the text's.
        bodies: where each run of tokens written together begins and ends, without a leading word for "invoice".
        run_of: the run of each token.
    """

    def __init__(self, tokens: Sequence[Token], bodies: Sequence[tuple[int, int]], run_of: Sequence[int]) -> None:
        self._tokens = tokens
        self._bodies = bodies
        self._run_of = run_of
        self._numbered = [any(token.digits for token in tokens[start:end]) for start, end in bodies]
        self.namings: list[Naming] = []
        """What the nearest noun before each run says."""
        for run in range(len(bodies)):
            self.namings.append(self._naming(run))

    def _naming(self, run: int) -> Naming:
        """Of a number after others, which may be of one list, what was said of the one before it."""
        start, end = self._bodies[run]
        if start == end:
            return _BARE
        joined, unsaid = False, ""
        at = start - 1
        while at >= 0:
            before = self._run_of[at]
            if self._numbered[before] and at >= self._bodies[before][0]:
                head = self._bodies[before][0]
                series = self._tokens[head]
                if not series.digits and series.text != self._tokens[start].text:
                    other = Context.OTHER if series.text in OTHER else Context.UNKNOWN
                    return Naming(other, word=series.text, at=head)
                of_list = self.namings[before]
                # "faktura 1/2026 z 12/2026": what follows is a month or a day.
                return of_list if not (joined and of_list.context is Context.INVOICE) else _BARE
            word = self._tokens[at].text
            said = self._said(at)
            if said is not None:
                # "faktura za 01/2026" and "faktura do 15/01/2026" give a month and a day.
                return said if not joined else _BARE
            if word in JOINING:
                joined = True
            elif word in UNSAID:
                unsaid = word
            elif word not in PAYING and not RETURNS.match(word):
                return Naming(Context.OTHER if word in OTHER else Context.UNKNOWN, word=word, at=at)
            at -= 1
        return Naming(Context.BARE, unsaid) if unsaid else _BARE

    def _said(self, at: int) -> Naming | None:
        """The naming by a word for "invoice" that ends at a place; `None` if none does."""
        tokens, word = self._tokens, self._tokens[at].text
        parted = tokens[at - 1].text + word if at and len(word) <= 2 and tokens[at - 1].text in ("F", "FV") else ""
        if not says_invoice(word):
            return Naming(Context.INVOICE, parted, at=at) if parted in GENERIC else None
        first = at
        while first and not tokens[first - 1].digits and says_invoice(tokens[first - 1].text):
            first -= 1
        prefix = "".join(token.text for token in tokens[first : at + 1])
        outer = first - 1
        while outer >= 0 and not tokens[outer].digits and tokens[outer].text in JOINING:
            outer -= 1
        if outer >= 0 and not tokens[outer].digits and OTHER_DEBT.fullmatch(tokens[outer].text):
            # "korekta do faktury 1/2026" is no invoice.
            return Naming(Context.OTHER, word=tokens[outer].text, at=outer)
        return Naming(Context.INVOICE, prefix, at=at)

    def right_before(self, run: int, naming: Naming) -> bool:
        """Whether a word for "invoice" stands right before a run: only then is something like a day its number."""
        start = self._bodies[run][0]
        if naming.context is not Context.INVOICE or naming.at != start - 1 or naming.prefix in BILLS:
            return False
        token = self._tokens[start]
        return token.gap is not Gap.LIST and token.noise != "OD" and not self._of_invoice(naming.at)

    def _of_invoice(self, at: int) -> bool:
        """Whether a day is said before the word for "invoice": "data faktury", "termin płatności faktury"."""
        while at >= 0 and not self._tokens[at].digits and self._is_of_payment(self._tokens[at].text):
            at -= 1
        before = self._tokens[at] if at >= 0 else None
        return before is not None and before.text in SAYS_DAY and not self._tokens[at + 1].noise

    @staticmethod
    def _is_of_payment(word: str) -> bool:
        return word in PAYING or says_invoice(word)

    def says_day(self, end: int) -> bool:
        """Whether what follows says that digits were a day: "2026 r.", "15/01/2026 data wystawienia"."""
        words: list[str] = []
        for token in self._tokens[end : end + 3]:
            if token.digits:
                return bool(words) and words[0] in ("R", "ROK", "ROKU", "RB", "GODZ")
            words.append(token.text)
        return any(word in SAYS_DAY for word in words[:2])

    def other_after(self, end: int) -> str:
        """The word for another document right after a number, unless a number of its own follows it."""
        if end >= len(self._tokens) or self._tokens[end].digits or self._tokens[end].text not in OTHER:
            return ""
        following = self._tokens[end + 1 : end + 3]
        return "" if any(token.digits for token in following) else self._tokens[end].text
