"""Read the invoice numbers out of a title, in all the forms people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

from settlement.folding import fold
from settlement.numbers import INSIDE, Gap, Token, is_year, key_of, shorten, tokens_of
from settlement.words import CORRECTIONS, GENERIC, OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LONGEST: Final = 8
"""Tokens of the longest number looked for."""
_WIDEST_RANGE: Final = 100
_MOST_TOKENS: Final = 80
# S-252: /VAT/ amount /IDC/ NIP /INV/ number /TXT/ text; a bank's folding may put a blank inside a tag.
_SPLIT_PAYMENT = re.compile(r"/ ?I ?N ?V ?/(?P<inv>.*?)(?:/ ?T ?X ?T ?/|$)")
_SPLIT_PAYMENT_LEAD = re.compile(r"/ ?V ?A ?T ?/ ?[0-9 ]+(?:,[0-9 ]+)? ?/ ?I ?D ?C ?/[^/]*")
# Amounts, accounts and KSeF numbers hold digits that are no invoice's.
_NO_NUMBERS = re.compile(
    r"[0-9][0-9 ]*[.,][0-9]{2} ?(?:PLN|ZL|EUR|USD|GBP|CHF)\b|\bKWOT[AYE] ?:? ?[0-9 ]+(?:[.,][0-9]{2})?|"
    r"\b(?:PL)?[0-9]{26}\b|\b(?:PL)?[0-9]{2}(?: [0-9]{4}){6}\b|"
    r"[0-9]{10}-20[0-9]{6}-[0-9A-F ]{12,14}- ?[0-9A-F]{2}\b|"
    r"\bNIP:? ?(?:PL)? ?[0-9]{3}[- ]?[0-9]{2,3}[- ]?[0-9]{2}[- ]?[0-9]{2,3}\b"
)


class Strength(IntEnum):
    """How surely the title names an item."""

    WEAK = 1
    """A part of the number, or digits that may be something else: needs the party to be known."""
    FAIR = 2
    """The whole number, written unusually or without a word saying that it is one."""
    STRONG = 3
    """The whole number after a word for "invoice", or with its own letters."""


class Context(Enum):
    """What the words before a number say it is."""

    INVOICE = "invoice"
    BARE = "bare"
    OTHER = "other"


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


@dataclass(frozen=True, slots=True)
class Run:
    """Tokens written as one number."""

    found: str
    claims: bool
    """Said to be an invoice number."""
    weak_keys: tuple[str, ...]
    """Its digits as they stand and with a short year, for comparison with parts of numbers."""
    context: Context


@dataclass(frozen=True, slots=True)
class TitleReading:
    """All that a title can be read as."""

    candidates: tuple[Candidate, ...]
    runs: tuple[Run, ...]


def split_payment_invoice(folded: str) -> str | None:
    """What stands in /INV/ of a split-payment title."""
    match = _SPLIT_PAYMENT.search(folded)
    return match["inv"].strip() if match else None


def read_title(folded: str, labelled: Sequence[str] = (), references: Sequence[str] = ()) -> TitleReading:
    """Read a title.

    Args:
        folded: the remittance text, folded.
        labelled: invoice numbers that a field of their own holds.
        references: numbers that may be an item's, or anything else of the payer's.
    """
    inv = split_payment_invoice(folded)
    labels = dict.fromkeys(fold(text) for text in ((inv, *labelled) if inv else labelled) if text.strip())
    rest = _SPLIT_PAYMENT_LEAD.sub(" ", _SPLIT_PAYMENT.sub(" ", folded)) if inv else folded
    candidates: dict[tuple[str, int], Candidate] = {}
    runs: list[Run] = []
    texts = [(f"FV {_NO_NUMBERS.sub(' # ', text)}", True) for text in labels]
    texts.append((_NO_NUMBERS.sub(" # ", rest), True))
    texts.extend((f"FV {fold(text)}", False) for text in references if text.strip())
    for text, may_claim in texts:
        reader = _Reader(text, len(runs), may_claim=may_claim)
        for candidate in reader.candidates():
            known = candidates.get((candidate.key, candidate.run))
            if known is None or known.strength < candidate.strength:
                candidates[candidate.key, candidate.run] = candidate
        runs.extend(reader.runs())
    return TitleReading(tuple(candidates.values()), tuple(runs))


class _Reader:
    """One text being read."""

    def __init__(self, folded: str, first_run: int, *, may_claim: bool) -> None:
        self.may_claim = may_claim
        self.text, tokens = tokens_of(folded)
        self.tokens = tokens[:_MOST_TOKENS]
        self.first_run = first_run
        self.spans: list[tuple[int, int]] = []
        self.run_of: list[int] = []
        for at, token in enumerate(self.tokens):
            if at and token.gap in INSIDE and not (not token.digits and token.text in GENERIC):
                self.spans[-1] = (self.spans[-1][0], at + 1)
            else:
                self.spans.append((at, at + 1))
            self.run_of.append(len(self.spans) - 1)
        self.bodies = [self._body_span(*span) for span in self.spans]
        self.contexts = [self._context(start, end) for start, end in self.bodies]

    def _body_span(self, start: int, end: int) -> tuple[int, int]:
        while start < end and not self.tokens[start].digits and self.tokens[start].text in GENERIC:
            start += 1
        return start, end

    def _context(self, start: int, end: int) -> tuple[Context, str]:
        """What the nearest word before says; numbers of the same list are passed over."""
        if start == end:
            return Context.BARE, ""
        at = start - 1
        while at >= 0:
            token = self.tokens[at]
            if not token.digits:
                break
            at -= 1
        if at < 0:
            return Context.BARE, ""
        token = self.tokens[at]
        word = token.text
        if word in GENERIC:
            first = at
            while first and not self.tokens[first - 1].digits and self.tokens[first - 1].text in GENERIC:
                first -= 1
            if first and self.tokens[first - 1].text in CORRECTIONS:
                return Context.OTHER, ""
            return Context.INVOICE, "".join(token.text for token in self.tokens[first : at + 1])
        if len(word) == 1 and at and self.tokens[at - 1].text + word in GENERIC:
            return Context.INVOICE, self.tokens[at - 1].text + word
        return (Context.OTHER, "") if word in OTHER else (Context.BARE, "")

    def found(self, start: int, end: int) -> str:
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]

    def runs(self) -> Iterator[Run]:
        for (start, end), (context, _) in zip(self.bodies, self.contexts, strict=True):
            numerals = tuple(token.text for token in self.tokens[start:end] if token.digits)
            if not numerals:
                yield Run("", claims=False, weak_keys=(), context=context)
                continue
            keys = dict.fromkeys((key_of(numerals), key_of(shorten(numerals))))
            # Only the first number after the word, or one of its form, is surely said to be an invoice.
            said = self._follows_word(start) or (len(numerals) > 1 and not self._loose_date(start, end))
            claims = self.may_claim and context is Context.INVOICE and said
            yield Run(self.found(start, end), claims, tuple(keys), context)

    def _follows_word(self, start: int) -> bool:
        return start > 0 and not self.tokens[start - 1].digits

    def candidates(self) -> Iterator[Candidate]:
        yield from self._direct()
        yield from self._glued()
        yield from self._compact()
        for run in range(len(self.spans)):
            yield from self._ranges_within(run)
        yield from self._lists()

    # numbers as they stand

    def _direct(self) -> Iterator[Candidate]:
        tokens = self.tokens
        for start, first in enumerate(tokens):
            if not first.digits and first.text in GENERIC:
                continue
            if start and first.digits and tokens[start - 1].digits and first.gap in INSIDE:
                continue
            body: list[str] = []
            has_digits = blank = False
            for end in range(start, min(start + _LONGEST, len(tokens))):
                token = tokens[end]
                if end > start and token.gap in (Gap.LIST, Gap.RANGE):
                    break
                blank = blank or (end > start and token.gap not in INSIDE)
                body.append(token.text)
                has_digits = has_digits or token.digits
                following = tokens[end + 1] if end + 1 < len(tokens) else None
                if not has_digits or (following and token.digits and following.digits and following.gap in INSIDE):
                    continue
                strength = self._strength(start, end + 1, blank=blank)
                if strength is not None:
                    yield from self._forms(body, strength, start, end + 1)

    def _forms(self, body: Sequence[str], strength: Strength, start: int, end: int) -> Iterator[Candidate]:
        run, last = self.first_run + self.run_of[start], self.first_run + self.run_of[end - 1]
        found, prefix = self.found(start, end), self.contexts[self.run_of[start]][1]
        key, short = key_of(body), key_of(shorten(body))
        yield Candidate(key, strength, run, last, found, prefix=prefix)
        if short != key:
            yield Candidate(short, min(strength, Strength.FAIR), run, last, found, prefix=prefix)

    def _strength(self, start: int, end: int, *, blank: bool) -> Strength | None:
        tokens = self.tokens
        context = self.contexts[self.run_of[start]][0]
        first = tokens[start]
        if first.digits and context is Context.OTHER:
            return None
        lead = tokens[start - 1] if start else None
        # Letters of another series may stand right before it.
        other_series = lead and first.digits and first.gap in INSIDE and lead.text not in GENERIC
        if other_series or self._cut_short(end) or (context is Context.INVOICE and self._loose_date(start, end)):
            return Strength.WEAK
        if not first.digits:
            return Strength.FAIR if blank and end - start > 2 else Strength.STRONG
        if context is Context.BARE:
            return self._bare(start, end, blank=blank)
        return Strength.STRONG if not blank or self._follows_word(start) else Strength.FAIR

    def _cut_short(self, end: int) -> bool:
        """Whether a letter suffix follows that would belong to the number."""
        if end >= len(self.tokens):
            return False
        following = self.tokens[end]
        return (
            not following.digits
            and following.text not in GENERIC
            and len(following.text) <= 4
            and (following.gap is Gap.JOINED or (following.gap is Gap.TIGHT and following.joint in "/-_"))
        )

    def _bare(self, start: int, end: int, *, blank: bool) -> Strength | None:
        tokens = self.tokens[start:end]
        digits = [token for token in tokens if token.digits]
        if len(tokens) == 1:
            return Strength.WEAK if len(digits[0].text) >= 4 and not is_year(digits[0].text) else None
        if blank:
            return Strength.WEAK
        if len(tokens) == 2 and len(digits) == 2:
            # 12/2026 and 2026/12 may be a month.
            values = sorted((int(token.text) for token in digits), key=lambda value: value > 2000)
            month_like = values[0] <= 12 and (2000 < values[1] < 2100 or values[1] < 100)
            listed = self._in_list(start)
            return Strength.WEAK if (month_like and not listed) or max(values) < 100 else Strength.FAIR
        if _date_like(tokens):
            return Strength.WEAK
        return Strength.FAIR

    def _loose_date(self, start: int, end: int) -> bool:
        """Whether it has the form of a date and follows a number, not the word that would make it one."""
        follows = self.tokens[start].gap is Gap.BLANK and not self._follows_word(start)
        return follows and _date_like(self.tokens[start:end])

    def _in_list(self, start: int) -> bool:
        """Whether another number of more than one token stands beside it in a list."""
        run = self.run_of[start]
        for other in (run - 1, run + 1):
            if not 0 <= other < len(self.spans):
                continue
            joining = self.tokens[self.spans[max(run, other)][0]].gap
            if joining in (Gap.LIST, Gap.RANGE) and self.bodies[other][1] - self.bodies[other][0] > 1:
                return True
        return False

    # numbers the bank's folding broke, and numbers without separators

    def _glued(self) -> Iterator[Candidate]:
        tokens = self.tokens
        for at in range(1, len(tokens)):
            left, right = tokens[at - 1], tokens[at]
            if not (left.digits and right.digits and right.gap is Gap.BLANK):
                continue
            glued = (left.raw + right.raw).lstrip("0") or "0"
            start = at - 1
            while start and at - start < _LONGEST and tokens[start].gap in INSIDE:
                start -= 1
            end = at + 1
            while end < len(tokens) and end - at < _LONGEST and tokens[end].gap in INSIDE:
                end += 1
            start, _ = self._body_span(start, at)
            context = self.contexts[self.run_of[start]][0]
            if context is Context.OTHER or end - start < 2:
                continue
            body = [*(t.text for t in tokens[start : at - 1]), glued, *(t.text for t in tokens[at + 1 : end])]
            lettered = not tokens[start].digits
            strength = Strength.FAIR if context is Context.INVOICE or lettered or len(body) > 2 else Strength.WEAK
            yield from self._forms(body, strength, start, end)

    def _compact(self) -> Iterator[Candidate]:
        tokens = self.tokens
        for start, end in self.bodies:
            joined = start < end and all(token.gap is Gap.JOINED for token in tokens[start + 1 : end])
            if not joined or max((len(t.raw) for t in tokens[start:end] if t.digits), default=0) < 5:
                continue
            context, prefix = self.contexts[self.run_of[start]]
            if context is Context.OTHER:
                continue
            raw = "".join(token.raw for token in tokens[start:end])
            strength = Strength.FAIR if context is Context.INVOICE or not tokens[start].digits else Strength.WEAK
            run = self.first_run + self.run_of[start]
            for text in dict.fromkeys((raw, raw.lstrip("0"))):
                yield Candidate(text, strength, run, run, self.found(start, end), compact=True, prefix=prefix)

    # lists and ranges

    def _listed(
        self, body: Sequence[str], run: int, strength: Strength, upto: int | None = None
    ) -> Iterator[Candidate]:
        end = self.bodies[run if upto is None else upto][1]
        found, prefix = self.found(self.bodies[run][0], end), self.contexts[run][1]
        # A range over two numbers is a place of its own: what lies between does not compete with its ends.
        place = self.first_run + run if upto is None else -2 - self.first_run - run
        for form in dict.fromkeys((tuple(body), shorten(body))):
            yield Candidate(key_of(form), strength, place, place, found, prefix=prefix)

    def _list_strength(self, run: int) -> Strength | None:
        context = self.contexts[run][0]
        if context is Context.OTHER:
            return None
        return Strength.FAIR if context is Context.INVOICE else Strength.WEAK

    def _ranges_within(self, run: int) -> Iterator[Candidate]:
        """`1-3/2026`, `2026/1-3` and `1/2026-3/2026`, written without blanks."""
        start, end = self.bodies[run]
        strength = self._list_strength(run)
        tokens = self.tokens[start:end]
        dashes = [at for at, token in enumerate(tokens) if at and token.joint == "-"]
        if strength is None or len(dashes) != 1 or len(tokens) < 2:
            return
        left = tuple(token.text for token in tokens[: dashes[0]])
        right = tuple(token.text for token in tokens[dashes[0] :])
        for body in _between(left, right):
            yield from self._listed(body, run, strength)

    def _lists(self) -> Iterator[Candidate]:
        for run in range(len(self.spans)):
            body = self._run_body(run)
            if not body:
                continue
            for other, gap in self._neighbours(run):
                strength = self._list_strength(run)
                full = self._run_body(other)
                if strength is None or not full:
                    continue
                if gap in (Gap.DASH, Gap.RANGE):
                    for between in _between(body, full) if run < other else ():
                        yield from self._listed(between, run, strength, upto=other)
                elif len(body) < len(full) and all(token.isdigit() for token in body):
                    if gap is Gap.BLANK:
                        strength = Strength.WEAK
                    yield from self._listed((*body, *full[len(body) :]), run, strength)
                    yield from self._listed((*full[: -len(body)], *body), run, strength)

    def _run_body(self, run: int) -> tuple[str, ...]:
        start, end = self.bodies[run]
        if not any(token.digits for token in self.tokens[start:end]):
            return ()
        return tuple(token.text for token in self.tokens[start:end])

    def _neighbours(self, run: int) -> Iterator[tuple[int, Gap]]:
        """The nearest longer numbers of the same list, after it and before it, and how they are joined."""
        mine = len(self._run_body(run))
        for step in (1, -1):
            at, joining = run, Gap.LIST
            while 0 <= at + step < len(self.spans):
                gap = self.tokens[self.spans[max(at, at + step)][0]].gap
                at += step
                if not self._run_body(at):
                    if self.bodies[at][0] == self.bodies[at][1]:
                        joining = gap if gap is not Gap.BLANK else joining
                        continue  # a word for "invoice" repeated within the list
                    break
                if gap is Gap.BLANK and joining is Gap.LIST:
                    joining = Gap.BLANK if self._plain_blank(at, step) else joining
                elif gap in (Gap.DASH, Gap.RANGE):
                    joining = gap
                if len(self._run_body(at)) > mine or gap in (Gap.DASH, Gap.RANGE):
                    yield at, joining
                    break

    def _plain_blank(self, at: int, step: int) -> bool:
        """Whether the run before the gap ends in digits: then the blank itself is what separates."""
        left = at - 1 if step == 1 else at
        start, end = self.spans[left]
        return start < end and self.tokens[end - 1].digits


def _date_like(tokens: Sequence[Token]) -> bool:
    """Whether three tokens joined by dots or dashes can be a day, written from either end."""
    if len(tokens) != 3 or any(not token.digits for token in tokens) or tokens[1].joint not in (".", "-"):
        return False
    values = [int(token.text) for token in tokens]
    if values[0] > 31:
        values.reverse()
    return 1 <= values[0] <= 31 and 1 <= values[1] <= 12 and (values[2] > 2000 or values[2] < 100)


def _between(left: tuple[str, ...], right: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The numbers from `left` to `right` where all but one token agree; a short side takes the rest
    from the other.
    """
    pairs = []
    if len(left) < len(right):
        pairs = [((*left, *right[len(left) :]), right), ((*right[: -len(left)], *left), right)]
    elif len(left) > len(right):
        pairs = [(left, (*left[: -len(right)], *right)), (left, (*right, *left[len(right) :]))]
    else:
        pairs = [(left, right)]
    found: list[tuple[str, ...]] = []
    for low, high in pairs:
        places = [at for at, (a, b) in enumerate(zip(low, high, strict=True)) if a != b]
        if len(places) != 1 or not (low[places[0]].isdigit() and high[places[0]].isdigit()):
            continue
        place = places[0]
        first, last = int(low[place]), int(high[place])
        if first < last <= first + _WIDEST_RANGE:
            found.extend((*low[:place], str(value), *low[place + 1 :]) for value in range(first, last + 1))
    return list(dict.fromkeys(found))
