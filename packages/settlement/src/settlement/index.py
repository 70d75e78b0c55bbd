"""The open items, found by key instead of by looking at each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from settlement.folding import ksef_key, reference_key, virtual_key
from settlement.numbers import NumberForm, number_form
from settlement.values import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from settlement.values import OpenItem

_NEVER = "9999-99-99"


def _when(day: date | None) -> str:
    return day.isoformat() if day else _NEVER


def age_key(item: OpenItem) -> tuple[str, str, str, str]:
    """Oldest first; the same whatever order the items came in."""
    return (_when(item.due_date or item.date), _when(item.date), item.number, item.id)


class Pool:
    """The items of one party (or one virtual account), oldest first."""

    def __init__(self, side: Side, positions: Sequence[int]) -> None:
        self.side = side
        self.order = sorted(positions, key=lambda at: age_key(side.items[at]))
        self.members = frozenset(positions)
        self.parties = frozenset(side.items[at].party for at in positions)
        self.by_amount: dict[Decimal, list[int]] = {}
        for at in self.order:
            self.by_amount.setdefault(side.items[at].amount, []).append(at)
        self._by_key: dict[str, list[int]] | None = None
        self._weak: dict[str, list[int]] | None = None

    def by_key(self, key: str) -> Sequence[int]:
        """Items with this number key, whole or with a short year."""
        if self._by_key is None:
            self._by_key = {}
            for at in self.order:
                form = self.side.form(at)
                for own in {form.key, form.short}:
                    self._by_key.setdefault(own, []).append(at)
        return self._by_key.get(key, ())

    def by_weak_key(self, key: str) -> Sequence[int]:
        """Items of whose number this is a part."""
        if self._weak is None:
            self._weak = {}
            for at in self.order:
                for own in self.side.form(at).weak:
                    self._weak.setdefault(own, []).append(at)
        return self._weak.get(key, ())


class Side:
    """The items of one currency that are settled by money going one way."""

    def __init__(self, items: Sequence[OpenItem]) -> None:
        self.items = items
        self.numbers: dict[str, list[int]] = {}
        self.compact: dict[str, list[int]] = {}
        self.ksef: dict[str, list[int]] = {}
        self.references: dict[str, list[int]] = {}
        self.virtual: dict[str, list[int]] = {}
        self.by_party: dict[str, list[int]] = {}
        self.by_amount: dict[Decimal, list[int]] = {}
        self._pools: dict[tuple[str, str], Pool] = {}

    def add(self, at: int) -> None:
        """Take in the item at a position of `items`."""
        item = self.items[at]
        form = number_form(item.number)
        if form.key:
            self.numbers.setdefault(form.key, []).append(at)
            if form.short != form.key:
                self.numbers.setdefault(form.short, []).append(at)
            for text in form.compact:
                self.compact.setdefault(text, []).append(at)
        key = ksef_key(item.ksef)
        if key:
            self.ksef.setdefault(key, []).append(at)
        for reference in {reference_key(text) for text in item.references}:
            if reference:
                self.references.setdefault(reference, []).append(at)
        virtual = virtual_key(item.virtual_account)
        if virtual:
            self.virtual.setdefault(virtual, []).append(at)
        self.by_party.setdefault(item.party, []).append(at)
        self.by_amount.setdefault(item.amount, []).append(at)

    def form(self, at: int) -> NumberForm:
        """The number of an item, read anew: keeping a million of them costs more than reading a few."""
        return number_form(self.items[at].number)

    def party_pool(self, party: str) -> Pool | None:
        """The items of a party."""
        return self._pool("party", party, self.by_party.get(party))

    def virtual_pool(self, account: str) -> Pool | None:
        """The items paid to a virtual account."""
        return self._pool("virtual", account, self.virtual.get(account))

    def pools_of(self, at: int) -> list[Pool]:
        """The pools already made that hold an item."""
        item = self.items[at]
        names = [("party", item.party), ("virtual", virtual_key(item.virtual_account) or "")]
        return [self._pools[name] for name in names if name in self._pools]

    def _pool(self, sort: str, name: str, positions: Sequence[int] | None) -> Pool | None:
        if not positions:
            return None
        pool = self._pools.get((sort, name))
        if pool is None:
            pool = self._pools[sort, name] = Pool(self, positions)
        return pool


def build_sides(items: Sequence[OpenItem]) -> dict[tuple[bool, str], Side]:
    """Index items by way (`True` for incoming) and currency."""
    sides: dict[tuple[bool, str], Side] = {}
    for at, item in enumerate(items):
        way = (item.kind is Kind.RECEIVABLE, item.currency)
        side = sides.get(way)
        if side is None:
            side = sides[way] = Side(items)
        side.add(at)
    return sides


class Ledger:
    """What is still open while entries are settled one after the other."""

    def __init__(self, items: Sequence[OpenItem]) -> None:
        self._items = items
        self._open: dict[int, Decimal] = {}
        self._taken: dict[int, str] = {}
        self._parts: dict[str, set[int]] = {}
        self._moved: dict[tuple[int, Decimal], int] = {}
        self._dead: dict[int, int] = {}
        self._lists: dict[int, list[int]] = {}

    def open(self, at: int) -> Decimal:
        """The amount of an item that is still open."""
        left = self._open.get(at)
        return self._items[at].amount if left is None else left

    def taken_by(self, at: int) -> str | None:
        """The entry that settled the last of an item."""
        return self._taken.get(at)

    def part_settled(self, party: str) -> set[int]:
        """The party's items of which a part was settled."""
        return self._parts.get(party, set())

    def alive(self, positions: list[int]) -> list[int]:
        """One of a pool's lists, mostly without what is settled."""
        return self._lists.get(id(positions), positions)

    def with_amount(self, side: Side, amount: Decimal) -> int:
        """How many items of a side are open with exactly this amount; counted, not looked through."""
        return len(side.by_amount.get(amount, ())) + self._moved.get((id(side), amount), 0)

    def settle(self, at: int, amount: Decimal, entry: str, side: Side) -> None:
        """Take an amount off an item of a side."""
        before = self.open(at)
        left = before - amount
        self._open[at] = left
        for moved, by in ((before, -1), (left, 1)):
            if moved:
                self._moved[id(side), moved] = self._moved.get((id(side), moved), 0) + by
        party = self._items[at].party
        if left:
            self._parts.setdefault(party, set()).add(at)
            return
        self._taken[at] = entry
        self._parts.get(party, set()).discard(at)
        for pool in side.pools_of(at):
            for positions in (pool.order, pool.by_amount[self._items[at].amount]):
                self._bury(positions)

    def _bury(self, positions: list[int]) -> None:
        # Half of a list is settled before it is copied: each item is copied a bounded number of times.
        name = id(positions)
        dead = self._dead.get(name, 0) + 1
        current = self._lists.get(name, positions)
        if 2 * dead >= len(current):
            self._lists[name] = [at for at in current if self.open(at)]
            dead = 0
        self._dead[name] = dead
