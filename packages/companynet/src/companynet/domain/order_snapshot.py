"""The states of an order group at one time: to be stored, and compared with what the bank says later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from companynet.domain.json_values import JsonReader
from companynet.domain.order_state import DEFAULT_KEYS, OrderStatus, StatusKeys

_KIND: Final = "companynet.order-states"
_VERSION: Final = 1
_KEYS: Final = frozenset({"asked_for", "asked_at", "states"})
_STATE: Final = frozenset({"key", "group_id", "end_to_end_id", "text"})


@dataclass(frozen=True)
class OrderGroupSnapshot:
    """What the bank said of a group of orders."""

    asked_for: str
    """The id it was asked by: the bank's, or our own."""

    asked_at: datetime
    """When it was asked, aware."""

    states: tuple[OrderStatus, ...]
    """As the bank listed them. If it lists an order more than once that is its history, the newest last.  L-161"""

    @property
    def current(self) -> Mapping[str | None, OrderStatus]:
        """The newest state of each order by its end-to-end id; under None that of the whole group."""
        return {state.end_to_end_id: state for state in self.states}

    def history(self, end_to_end_id: str | None) -> tuple[OrderStatus, ...]:
        """The states of one order in the bank's sequence; empty if the bank does not name it."""
        return tuple(state for state in self.states if state.end_to_end_id == end_to_end_id)

    @property
    def final(self) -> bool:
        """Whether there are orders and none of them will change any more."""
        return bool(self.states) and all(state.final for state in self.current.values())

    def to_json(self) -> dict[str, object]:
        """Plain values for a JSON file, with their version."""
        return {
            "snapshot": _KIND,
            "version": _VERSION,
            "asked_for": self.asked_for,
            "asked_at": self.asked_at.isoformat(),
            "states": [
                {
                    "key": state.key,
                    "group_id": state.group_id,
                    "end_to_end_id": state.end_to_end_id,
                    "text": state.text,
                }
                for state in self.states
            ],
        }

    @classmethod
    def from_json(
        cls, values: object, source: str = "snapshot", keys: StatusKeys = DEFAULT_KEYS
    ) -> "OrderGroupSnapshot":
        """The snapshot :meth:`to_json` made; ``keys`` are what its keys mean now.

        Raises:
            FormatError: it is not one of this version; names the key.
        """
        reader = JsonReader(source)
        found = reader.snapshot(values, _KIND, _VERSION, _KEYS)
        return cls(
            asked_for=reader.text(found, "asked_for", _KIND),
            asked_at=reader.aware_time(found, "asked_at", _KIND),
            states=tuple(
                _state(reader, item, f"states[{index}]", keys)
                for index, item in enumerate(reader.items(found, "states", _KIND))
            ),
        )


def _state(reader: JsonReader, values: object, place: str, keys: StatusKeys) -> OrderStatus:
    state = reader.mapping(values, place, _STATE)
    return OrderStatus(
        key=reader.text(state, "key", place),
        group_id=reader.text(state, "group_id", place),
        end_to_end_id=reader.optional(state, "end_to_end_id", place),
        text=reader.optional(state, "text", place),
        keys=keys,
    )


@dataclass(frozen=True)
class OrderChange:
    """An order whose newest state is another than it was."""

    end_to_end_id: str | None
    """Which order; None for the whole group."""

    before: OrderStatus | None
    """None if the bank did not name the order before."""

    after: OrderStatus | None
    """None if the bank does not name the order any more."""


def order_changes(before: OrderGroupSnapshot | None, after: OrderGroupSnapshot) -> tuple[OrderChange, ...]:
    """Which orders changed between two snapshots, in the order of the later one; all of them if there is none before.

    A change is another key or another text: a reason may come later than the key it explains.
    """
    old = before.current if before else {}
    new = after.current
    changed = [
        OrderChange(name, old.get(name), state)
        for name, state in new.items()
        if name not in old or (old[name].key, old[name].text) != (state.key, state.text)
    ]
    return (*changed, *(OrderChange(name, state, None) for name, state in old.items() if name not in new))
