"""Lists and ranges of numbers that share a part: `12, 13 i 14/2026`, `1-3/2026`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from settlement.numbers import Gap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from settlement.numbers import Token

_WIDEST_RANGE: Final = 100
_FARTHEST: Final = 40
"""Numbers of a list between one and the one it shares a part with."""


class Lists:
    """How the numbers of one text are joined to each other.

    Args:
        tokens: the text's.
        spans: where each run of tokens written together begins and ends.
        bodies: the same without a leading word for "invoice".
    """

    def __init__(
        self, tokens: Sequence[Token], spans: Sequence[tuple[int, int]], bodies: Sequence[tuple[int, int]]
    ) -> None:
        self._tokens = tokens
        self._spans = spans
        self._bodies = bodies
        self._numbers = [self._number(start, end) for start, end in bodies]

    def _number(self, start: int, end: int) -> tuple[str, ...]:
        tokens = self._tokens[start:end]
        return tuple(token.text for token in tokens) if any(token.digits for token in tokens) else ()

    def body(self, run: int) -> tuple[str, ...]:
        """The tokens of a run's number; empty without digits."""
        return self._numbers[run]

    def gap(self, run: int, other: int) -> Gap:
        """What stands between two neighbouring runs."""
        return self._tokens[self._spans[max(run, other)][0]].gap

    def neighbours(self, run: int) -> Iterator[tuple[int, Gap]]:
        """The nearest longer numbers of the same list, after it and before it, and how they are joined."""
        mine = len(self.body(run))
        for step in (1, -1):
            at, joining = run, Gap.LIST
            while 0 <= at + step < len(self._spans) and abs(at - run) < _FARTHEST:
                gap = self.gap(at, at + step)
                at += step
                if not self.body(at):
                    if self._bodies[at][0] == self._bodies[at][1]:
                        joining = gap if gap is not Gap.BLANK else joining
                        continue  # a word for "invoice" repeated within the list
                    break
                if gap is Gap.BLANK and joining is Gap.LIST:
                    joining = Gap.BLANK if self._plain_blank(at, step) else joining
                elif gap in (Gap.DASH, Gap.RANGE):
                    joining = gap
                if len(self.body(at)) > mine or gap in (Gap.DASH, Gap.RANGE):
                    yield at, joining
                    break

    def _plain_blank(self, at: int, step: int) -> bool:
        """Whether the run before the gap ends in digits: then the blank itself is what separates."""
        left = at - 1 if step == 1 else at
        start, end = self._spans[left]
        return start < end and self._tokens[end - 1].digits


def between(left: tuple[str, ...], right: tuple[str, ...]) -> list[tuple[str, ...]]:
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
