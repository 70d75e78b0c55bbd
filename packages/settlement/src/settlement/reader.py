"""One text cut into numbers, each with what the words beside it say and how surely it names an item."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from settlement.contexts import Context, Surroundings
from settlement.dates import may_be_day, may_be_month
from settlement.lists import Lists, between
from settlement.numbers import INSIDE, Gap, is_year, key_of, shorten, tokens_of
from settlement.readings import Candidate, Doubt, Run, Strength
from settlement.words import GENERIC, JOINING, PAYING, says_invoice

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from settlement.numbers import Token

_LONGEST: Final = 8
"""Tokens of the longest number looked for."""
_MOST_TOKENS: Final = 160


class _Day(Enum):
    """Digits that can be a day."""

    LOOSE = "loose"
    """Nothing says that they are a number."""
    LISTED = "listed"
    """They stand behind numbers of invoices, as one more of them or as the day of one."""


Grade = tuple[Strength, Doubt | None, str]
"""How surely digits name an item, what makes them doubtful, and by which word."""


class Reader:
    """One text being read.

    Args:
        folded: the text.
        day: of the entry.
        first_run: the place of its first number among those of all texts.
        says_so: whether it is written for us: what it calls an invoice and is none open is told.
    """

    def __init__(self, folded: str, day: dt.date, first_run: int, *, says_so: bool) -> None:
        self._says_so = says_so
        self._day = day
        self._first_run = first_run
        self._text, tokens = tokens_of(folded)
        self._tokens = tokens[:_MOST_TOKENS]
        self.whole = len(tokens) <= _MOST_TOKENS
        self._spans: list[tuple[int, int]] = []
        self._run_of: list[int] = []
        for at, token in enumerate(self._tokens):
            if at and token.gap in INSIDE and (token.digits or not self._is_word(at)):
                self._spans[-1] = (self._spans[-1][0], at + 1)
            else:
                self._spans.append((at, at + 1))
            self._run_of.append(len(self._spans) - 1)
        self._bodies = [self._body_span(*span) for span in self._spans]
        self._around = Surroundings(self._tokens, self._bodies, self._run_of)
        self._namings = self._around.namings
        self._lists = Lists(self._tokens, self._spans, self._bodies)

    def _body_span(self, start: int, end: int) -> tuple[int, int]:
        while start < end and not self._tokens[start].digits and self._is_word(start):
            start += 1
        return start, end

    def _is_word(self, at: int) -> bool:
        """Whether a token only says "invoice"."""
        word = self._tokens[at].text
        return word in GENERIC or says_invoice(word)

    def _found(self, start: int, end: int) -> str:
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]

    def runs(self) -> Iterator[Run]:
        """What is written as one number each, in order."""
        for run, (start, end) in enumerate(self._bodies):
            naming = self._namings[run]
            numerals = tuple(token.text for token in self._tokens[start:end] if token.digits)
            if not numerals:
                yield Run("", claims=False, weak_keys=(), context=naming.context)
                continue
            keys = tuple(dict.fromkeys((key_of(numerals), key_of(shorten(numerals)))))
            day = self._day_of(start, end)
            # Only the first number after the word, or one of its form, is surely said to be an invoice.
            said = naming.at == start - 1 or len(numerals) > 1
            claims = self._says_so and naming.context is Context.INVOICE and said and day is not _Day.LOOSE
            doubt = None
            if naming.context is Context.UNKNOWN:
                doubt = Doubt.WORD
            elif day or (naming.context is Context.BARE and self._lone_month(start, end)):
                doubt = Doubt.DAY
            yield Run(self._found(start, end), claims, keys, naming.context, doubt, naming.word)

    def candidates(self) -> Iterator[Candidate]:
        """Every reading of every number."""
        yield from self._direct()
        yield from self._glued()
        yield from self._compact()
        for run in range(len(self._spans)):
            yield from self._ranges_within(run)
        yield from self._listed()

    # numbers as they stand

    def _direct(self) -> Iterator[Candidate]:
        tokens = self._tokens
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
                grade = self._grade(start, end + 1, blank=blank)
                if grade is not None:
                    yield from self._forms(body, grade, start, end + 1)

    def _forms(self, body: Sequence[str], grade: Grade, start: int, end: int) -> Iterator[Candidate]:
        strength, doubt, word = grade
        run, last = self._first_run + self._run_of[start], self._first_run + self._run_of[end - 1]
        naming = self._namings[self._run_of[start]]
        only_exact = naming.context is Context.OTHER and doubt is Doubt.WORD
        found = self._found(start, end)
        key, short = key_of(body), key_of(shorten(body))
        for form in dict.fromkeys((key, short)):
            sure = strength if form == key else min(strength, Strength.FAIR)
            yield Candidate(
                form, sure, run, last, found, prefix=naming.prefix, doubt=doubt, word=word, only_exact=only_exact
            )

    def _grade(self, start: int, end: int, *, blank: bool) -> Grade | None:
        run = self._run_of[start]
        naming = self._namings[run]
        first = self._tokens[start]
        series = self._series_before(start)
        if series:
            return Strength.WEAK, Doubt.WORD, series
        if naming.context is Context.OTHER and (start == self._bodies[run][0] or first.digits):
            return (Strength.WEAK, Doubt.WORD, naming.word) if not blank else None
        if not first.digits:
            return self._lettered(start, end, blank=blank)
        day = self._day_of(start, end)
        if day or self._cut_short(end):
            doubt, word = self._doubt(start)
            return Strength.FAIR if day is _Day.LISTED else Strength.WEAK, doubt or (Doubt.DAY if day else None), word
        if naming.context is Context.INVOICE:
            return self._after_invoice(start, end, blank=blank)
        return self._bare(start, end, blank=blank)

    def _series_before(self, start: int) -> str:
        """The letters of another series right before digits, a word for "invoice" between them or not: `K/FV/1`."""
        at = start
        while at and self._tokens[start].digits and (at == start or self._tokens[at].gap in INSIDE):
            at -= 1
            word = self._tokens[at].text
            if not self._is_word(at):
                if at == start - 1 and self._tokens[start].gap not in INSIDE:
                    return ""
                # "e-faktura" and "za-fv" are no series.
                plain = at < start - 1 and (word == "E" or (len(word) > 1 and word in JOINING | PAYING))
                return "" if plain or self._tokens[at].digits else word
        return ""

    def _doubt(self, start: int) -> tuple[Doubt | None, str]:
        naming = self._namings[self._run_of[start]]
        return (Doubt.WORD, naming.word) if naming.context is Context.UNKNOWN else (None, "")

    def _lettered(self, start: int, end: int, *, blank: bool) -> Grade:
        """A number that begins with the letters of a series that the books have."""
        if self._cut_short(end) or (self._tokens[start].gap in INSIDE and not self._is_word(start - 1)):
            return Strength.WEAK, None, ""
        strength = Strength.FAIR if blank and end - start > 2 else Strength.STRONG
        naming = self._namings[self._run_of[start]]
        if naming.context is not Context.UNKNOWN:
            return strength, None, ""
        # One letter may be that of any document; more are nearly a word of their own.
        letters = sum(len(token.text) for token in self._tokens[start:end] if not token.digits)
        return (strength, Doubt.BARE, naming.word) if letters > 1 else (Strength.WEAK, Doubt.WORD, naming.word)

    def _after_invoice(self, start: int, end: int, *, blank: bool) -> Grade:
        follows = self._namings[self._run_of[start]].at == start - 1
        if not follows and self._tokens[start].gap is Gap.BLANK and end - start == 1 and not self._like_head(start):
            return Strength.WEAK, None, ""
        return (Strength.STRONG if not blank or follows else Strength.FAIR), None, ""

    def _like_head(self, start: int) -> bool:
        """Whether a lone number has as many digits as the one before it."""
        before = self._tokens[start - 1]
        alone = start < 2 or self._tokens[start - 1].gap not in INSIDE
        return before.digits and alone and len(before.raw) == len(self._tokens[start].raw)

    def _cut_short(self, end: int) -> bool:
        """Whether a letter suffix follows that would belong to the number."""
        if end >= len(self._tokens):
            return False
        following = self._tokens[end]
        return (
            not following.digits
            and following.text not in GENERIC
            and len(following.text) <= 4
            and (following.gap is Gap.JOINED or (following.gap is Gap.TIGHT and following.joint in "/-_"))
        )

    def _bare(self, start: int, end: int, *, blank: bool) -> Grade | None:
        """Digits without a word for "invoice" before them."""
        tokens = self._tokens[start:end]
        digits = [token for token in tokens if token.digits]
        naming = self._namings[self._run_of[start]]
        unknown = naming.context is Context.UNKNOWN
        word = naming.word or self._around.other_after(end)
        doubt = Doubt.WORD if word else None
        if len(tokens) == 1:
            return (Strength.WEAK, doubt, word) if len(digits[0].text) >= 4 and not is_year(digits[0].text) else None
        if self._lone_month(start, end):
            return Strength.WEAK, doubt or Doubt.DAY, word
        if blank:
            return Strength.WEAK, doubt, word
        if sum(len(token.text) for token in tokens if not token.digits) > 1:
            # The letters inside are a series of the books.
            return Strength.FAIR, Doubt.BARE if unknown else None, word
        if len(tokens) == len(digits) == 2:
            postal_code = tokens[1].joint == "-" and (len(tokens[0].raw), len(tokens[1].raw)) == (2, 3)
            if postal_code or max(int(token.text) for token in tokens) < 100:
                return Strength.WEAK, doubt, word
        return Strength.FAIR, doubt or (Doubt.BARE if len(tokens) == len(digits) else None), word

    def _lone_month(self, start: int, end: int) -> bool:
        """Whether it can be a month and no number of its list tells that it is none."""
        return may_be_month(self._tokens[start:end]) and not self._in_list(start)

    def _in_list(self, start: int) -> bool:
        """Whether another number of more than one token, which is no month, stands beside it in a list."""
        run = self._run_of[start]
        for other in (run - 1, run + 1):
            if not 0 <= other < len(self._spans):
                continue
            first, last = self._bodies[other]
            listed = self._lists.gap(run, other) in (Gap.LIST, Gap.RANGE)
            if listed and last - first > 1 and not may_be_month(self._tokens[first:last]):
                return True
        return False

    def _day_of(self, start: int, end: int) -> _Day | None:
        """What lets digits be a day; `None` if they cannot be one, or are said right before to be an invoice's."""
        if not may_be_day(self._tokens[start:end], self._day):
            return None
        if self._around.says_day(end) or not self._says_so:
            return _Day.LOOSE
        run = self._run_of[start]
        head, blank = self._head(run)
        if not self._around.right_before(head, self._namings[head]):
            return _Day.LOOSE
        first, last = self._bodies[head]
        if head == run or (last - first == end - start and self._joint(last) == self._joint(end)):
            return _Day.LISTED if blank else None
        return _Day.LISTED if last - first == 1 and not blank else _Day.LOOSE

    def _joint(self, end: int) -> str:
        return self._tokens[end - 1].joint

    def _head(self, run: int) -> tuple[int, bool]:
        """The first number of the list that a number is in, and whether blanks alone part them."""
        blank = False
        while run and self._lists.body(run - 1):
            blank = blank or self._lists.gap(run - 1, run) is Gap.BLANK
            run -= 1
        return run, blank

    # numbers the bank's folding broke, and numbers without separators

    def _glued(self) -> Iterator[Candidate]:
        tokens = self._tokens
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
            context = self._namings[self._run_of[start]].context
            if context is Context.OTHER or end - start < 2:
                continue
            sure = context is Context.INVOICE or not tokens[start].digits
            strength, (doubt, word) = Strength.FAIR if sure else Strength.WEAK, self._doubt(start)
            whole = [
                *tokens[start : at - 1],
                replace(left, text=glued, raw=left.raw + right.raw),
                *tokens[at + 1 : end],
            ]
            if may_be_day(whole, self._day) or (not sure and may_be_month(whole)):
                strength, doubt = Strength.WEAK, doubt or Doubt.DAY
            yield from self._forms([token.text for token in whole], (strength, doubt, word), start, end)

    def _compact(self) -> Iterator[Candidate]:
        tokens = self._tokens
        for run, (start, end) in enumerate(self._bodies):
            joined = start < end and all(token.gap is Gap.JOINED for token in tokens[start + 1 : end])
            if not joined or max((len(t.raw) for t in tokens[start:end] if t.digits), default=0) < 5:
                continue
            naming = self._namings[run]
            if naming.context is Context.OTHER:
                continue
            raw = "".join(token.raw for token in tokens[start:end])
            sure = naming.context is Context.INVOICE or not tokens[start].digits
            strength, (doubt, word) = Strength.FAIR if sure else Strength.WEAK, self._doubt(start)
            if self._day_of(start, end) or (not sure and may_be_month(tokens[start:end])):
                strength, doubt = Strength.WEAK, doubt or Doubt.DAY
            place = self._first_run + run
            for text in dict.fromkeys((raw, raw.lstrip("0"))):
                yield Candidate(
                    text, strength, place, place, self._found(start, end),
                    compact=True, prefix=naming.prefix, doubt=doubt, word=word,
                )  # fmt: skip

    # lists and ranges

    def _shared(self, body: Sequence[str], run: int, grade: Grade, upto: int | None = None) -> Iterator[Candidate]:
        """A number that takes a part from another of its list, or lies between two."""
        strength, doubt, word = grade
        end = self._bodies[run if upto is None else upto][1]
        found, prefix = self._found(self._bodies[run][0], end), self._namings[run].prefix
        # A range over two numbers is a place of its own: what lies between does not compete with its ends.
        place = self._first_run + run if upto is None else -2 - self._first_run - run
        for form in dict.fromkeys((tuple(body), shorten(body))):
            yield Candidate(key_of(form), strength, place, place, found, prefix=prefix, doubt=doubt, word=word)

    def _list_grade(self, run: int, other: Sequence[Token]) -> Grade | None:
        """How surely a run names an item by what it shares with another number, given as its tokens."""
        naming = self._namings[run]
        start, end = self._bodies[run]
        if naming.context is Context.OTHER:
            return None
        if naming.context is Context.UNKNOWN:
            return Strength.WEAK, Doubt.WORD, naming.word
        dated = self._is_period(other)
        if naming.context is Context.INVOICE:
            # "faktury od 01/01/2026 do 31/01/2026" tells a time.
            period = dated and self._tokens[start].noise == "OD" and self._is_period(self._tokens[start:end])
            return (Strength.WEAK, Doubt.DAY, "") if period else (Strength.FAIR, None, "")
        return Strength.WEAK, Doubt.DAY if dated else None, ""

    def _is_period(self, tokens: Sequence[Token]) -> bool:
        return may_be_day(tokens, self._day) or may_be_month(tokens)

    def _ranges_within(self, run: int) -> Iterator[Candidate]:
        """`1-3/2026`, `2026/1-3` and `1/2026-3/2026`, written without blanks."""
        start, end = self._bodies[run]
        tokens = self._tokens[start:end]
        dashes = [at for at, token in enumerate(tokens) if at and token.joint == "-"]
        if len(dashes) != 1 or len(tokens) < 2:
            return
        grade = self._list_grade(run, tokens[dashes[0] :])
        if grade is None:
            return
        od = tokens[0].noise == "OD" and self._is_period(tokens[: dashes[0]])
        # "13.01-15/01/2026" is from one day to another.
        days = self._is_period(tokens[dashes[0] :]) and any(token.joint == "." for token in tokens[: dashes[0]])
        if grade[1] is None and (od or days):
            grade = Strength.WEAK, Doubt.DAY, ""
        left = tuple(token.text for token in tokens[: dashes[0]])
        right = tuple(token.text for token in tokens[dashes[0] :])
        for body in between(left, right):
            yield from self._shared(body, run, grade)

    def _listed(self) -> Iterator[Candidate]:
        for run in range(len(self._spans)):
            body = self._lists.body(run)
            if not body:
                continue
            for other, gap in self._lists.neighbours(run):
                full = self._lists.body(other)
                first, last = self._bodies[other]
                grade = self._list_grade(run, self._tokens[first:last])
                if grade is None:
                    break
                if gap in (Gap.DASH, Gap.RANGE):
                    for one in between(body, full) if run < other else ():
                        yield from self._shared(one, run, grade, upto=other)
                elif len(body) < len(full) and all(token.isdigit() for token in body):
                    sure = (Strength.WEAK, *grade[1:]) if gap is Gap.BLANK else grade
                    yield from self._shared((*body, *full[len(body) :]), run, sure)
                    yield from self._shared((*full[: -len(body)], *body), run, sure)
