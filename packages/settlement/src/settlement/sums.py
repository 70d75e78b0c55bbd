"""Find items whose amounts add up to a total, in bounded time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal


def find_sums(amounts: Sequence[Decimal], total: Decimal, steps: int) -> list[tuple[int, ...]]:
    """Find up to two different sets of at least two amounts that add up to `total`.

    Looked for in this order: neighbours (people pay what fell due together), pairs, and combinations until `steps`
    of them were tried. So a sum may be missed among many amounts, but none is ever found that is not one.

    Args:
        amounts: above zero, oldest item first.
        total: above zero, the same currency.
        steps: how many combinations may be tried; the other ways take one pass each.

    Returns:
        Sets of positions in `amounts`, each in rising order.
    """
    found: list[tuple[int, ...]] = []
    for ways in (_neighbours(amounts, total), _pairs(amounts, total), _combinations(amounts, total, steps)):
        for way in ways:
            if way not in found:
                found.append(way)
                if len(found) == 2:
                    return found
    return found


def _neighbours(amounts: Sequence[Decimal], total: Decimal) -> Iterator[tuple[int, ...]]:
    start, running = 0, total - total
    for end, amount in enumerate(amounts):
        running += amount
        while running > total:
            running -= amounts[start]
            start += 1
        if running == total and end > start:
            yield tuple(range(start, end + 1))


def _pairs(amounts: Sequence[Decimal], total: Decimal) -> Iterator[tuple[int, ...]]:
    seen: dict[Decimal, int] = {}
    for position, amount in enumerate(amounts):
        other = seen.get(total - amount)
        if other is not None:
            yield (other, position)
        seen.setdefault(amount, position)


def _combinations(amounts: Sequence[Decimal], total: Decimal, steps: int) -> Iterator[tuple[int, ...]]:
    # Largest first, so that what cannot be reached with the rest is seen early.
    order = sorted((i for i, amount in enumerate(amounts) if amount < total), key=lambda i: (-amounts[i], i))
    rest = [total - total]
    for i in reversed(order):
        rest.append(rest[-1] + amounts[i])
    rest.reverse()
    stack: list[tuple[int, Decimal, tuple[int, ...]]] = [(0, total, ())]
    while stack and steps > 0:
        steps -= 1
        at, missing, chosen = stack.pop()
        if missing == 0:
            yield tuple(sorted(chosen))
            continue
        if at == len(order) or rest[at] < missing:
            continue
        stack.append((at + 1, missing, chosen))
        if amounts[order[at]] <= missing:
            stack.append((at + 1, missing - amounts[order[at]], (*chosen, order[at])))
