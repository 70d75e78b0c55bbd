"""An order file on its way: stored before it is sent, so that a lost answer is never followed by a second sending."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from companynet.domain.json_values import JsonReader
from companynet.domain.order_snapshot import OrderGroupSnapshot
from companynet.errors import FormatError

_KIND: Final = "companynet.order-intent"
_VERSION: Final = 1
_TEXTS: Final = ("endpoint", "dik", "client_order_group_id", "file_name", "format", "sha256")
_OPTIONAL: Final = ("task_id", "group_id", "reason")
_KEYS: Final = frozenset({*_TEXTS, *_OPTIONAL, "modified_at", "begun_at", "fate", "states"})


class Fate(enum.Enum):
    """What is known of a file that was to be sent."""

    SENDING = "sending"
    """Stored, and perhaps sent: only the bank knows. Never send it again before it was asked."""

    HANDED_IN = "handed_in"
    """The bank has the file; whether it takes the orders is not told yet."""

    TAKEN = "taken"
    """The bank took the orders."""

    REFUSED = "refused"
    """The bank took none of them."""

    NOT_SENT = "not_sent"
    """It never reached the bank."""


@dataclass(frozen=True)
class OrderIntent:
    """A file of orders, all that its sending is made of, and what became of it. The data are not in it."""

    endpoint: str
    """Of the bank."""

    dik: str
    """Whose orders."""

    client_order_group_id: str
    """Our id of the file, used once ever."""

    file_name: str
    """Its name at the bank."""

    format: str
    """The bank's name of the format."""

    sha256: str
    """Hex digest of the data: another try must be the same, byte for byte."""

    modified_at: datetime
    """When the file was made, aware; sent with it."""

    begun_at: datetime
    """When this sending began, aware."""

    fate: Fate
    """What is known."""

    task_id: str | None = None
    """The bank's id of the handing-in."""

    group_id: str | None = None
    """The bank's id of the order group."""

    reason: str | None = None
    """The last thing that went wrong."""

    states: OrderGroupSnapshot | None = None
    """What the bank said last of the orders."""

    @property
    def may_be_sent(self) -> bool:
        """Whether the same file may be sent again without risk of paying twice."""
        return self.fate in {Fate.REFUSED, Fate.NOT_SENT}

    def to_json(self) -> dict[str, object]:
        """Plain values for a JSON file, with their version."""
        return {
            "snapshot": _KIND,
            "version": _VERSION,
            **{name: getattr(self, name) for name in (*_TEXTS, *_OPTIONAL)},
            "modified_at": self.modified_at.isoformat(),
            "begun_at": self.begun_at.isoformat(),
            "fate": self.fate.value,
            "states": self.states.to_json() if self.states else None,
        }

    @classmethod
    def from_json(cls, values: object, source: str = "intent") -> "OrderIntent":
        """The intent :meth:`to_json` made.

        Raises:
            FormatError: it is not one of this version; names the key.
        """
        reader = JsonReader(source)
        found = reader.snapshot(values, _KIND, _VERSION, _KEYS)
        fate = reader.text(found, "fate", _KIND)
        if fate not in {item.value for item in Fate}:
            raise FormatError(source, f"{_KIND}.fate", f"{fate!r} is not known")
        states = found["states"]
        return cls(
            endpoint=reader.text(found, "endpoint", _KIND),
            dik=reader.text(found, "dik", _KIND),
            client_order_group_id=reader.text(found, "client_order_group_id", _KIND),
            file_name=reader.text(found, "file_name", _KIND),
            format=reader.text(found, "format", _KIND),
            sha256=reader.text(found, "sha256", _KIND),
            task_id=reader.optional(found, "task_id", _KIND),
            group_id=reader.optional(found, "group_id", _KIND),
            reason=reader.optional(found, "reason", _KIND),
            modified_at=reader.aware_time(found, "modified_at", _KIND),
            begun_at=reader.aware_time(found, "begun_at", _KIND),
            fate=Fate(fate),
            states=None if states is None else OrderGroupSnapshot.from_json(states, source),
        )
