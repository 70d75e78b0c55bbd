"""An order file on its way: stored before it is sent, so that a lost answer is never followed by a second sending."""

import enum
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from companynet.domain.json_values import JsonReader
from companynet.domain.order_fate import TRANSITIONS, Event, Fate
from companynet.domain.order_file import OrderFile
from companynet.domain.order_snapshot import OrderGroupSnapshot
from companynet.domain.order_state import DEFAULT_KEYS, StatusKeys
from companynet.errors import FormatError, IntentError
from companynet.profile import BankProfile

__all__ = ["SETTLING", "Event", "Fate", "OrderIntent", "Question"]

_KIND: Final = "companynet.order-intent"
_VERSION: Final = 2
_TEXTS: Final = ("endpoint", "dik", "client_order_group_id", "file_name", "format", "sha256")
_OPTIONAL: Final = ("task_id", "group_id", "reason")
_KEYS: Final = frozenset({*_TEXTS, *_OPTIONAL, "modified_at", "begun_at", "fate", "states", "not_known_at"})

#: So long after the last moment at which a sending can have left the bank may still be taking it in, and its "not
#: known" is not believed.  # L-164
SETTLING: Final = timedelta(minutes=5)


class Question(enum.Enum):
    """By what the bank is asked for a file, in the order in which it is asked."""

    TASK = "the task id"
    GROUP = "the bank's id of the group"
    OWN_ID = "our own id of the group"


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

    not_known_at: datetime | None = None
    """When the bank said last that it knows no group of our own id, aware; whether that is believed is another
    matter."""

    def __post_init__(self) -> None:
        # An empty id is none: nothing could be asked by it.
        for name in ("task_id", "group_id"):
            if not (getattr(self, name) or "").strip():
                object.__setattr__(self, name, None)

    @property
    def is_open(self) -> bool:
        """Whether the bank must still be asked: it may have the file, and has not told the end of every order."""
        if self.fate is Fate.TAKEN:
            return self.states is None or not self.states.final
        return self.fate in {Fate.SENDING, Fate.UNKNOWN, Fate.HANDED_IN}

    @property
    def may_be_sent(self) -> bool:
        """Whether the same file may be sent again without risk of paying twice."""
        return TRANSITIONS[self.fate][Event.BEGIN] is not None

    @property
    def may_be_cancelled(self) -> bool:
        """Whether it may be given up for ever, so that what it pays may be paid otherwise.

        Never while the bank may have it; nor, whatever else is believed, once the bank gave it a task.
        """
        return self.may_be_sent and self.task_id is None

    def settled_at(self, profile: BankProfile) -> datetime:
        """From when "not known" may be believed: the longest a call takes, and the settling time.  L-164"""
        return self.begun_at + timedelta(seconds=profile.call_timeout) + SETTLING

    def may_be_declared_absent(self, now: datetime, profile: BankProfile) -> bool:
        """Whether a person who looked in CompanyNet may say that it is not there.

        Args:
            now: the time, aware.
            profile: the bank.
        """
        declared = TRANSITIONS[self.fate][Event.DECLARED_ABSENT]
        return declared is not None and self.task_id is None and now >= self.settled_at(profile)

    def questions(self, profile: BankProfile) -> tuple[Question, ...]:
        """All by which the bank can be asked for it, in the order in which to ask.

        Empty if only a person can find out: no id of the bank is known, and it finds no group by ours.
        """
        held = []
        if self.task_id and not self.group_id:
            held.append(Question.TASK)
        if self.group_id:
            held.append(Question.GROUP)
        if profile.status_by_client_id:
            held.append(Question.OWN_ID)
        return tuple(held)

    def file(self, data: bytes) -> OrderFile:
        """What is handed in.

        Raises:
            IntentError: the data are not those the intent was made for.
        """
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise IntentError(f"order file {self.client_order_group_id}: its data are not those that were stored")
        return OrderFile(self.client_order_group_id, self.file_name, data, self.modified_at, self.format)

    def begin(self, now: datetime) -> "OrderIntent":
        """The intent to send the same file once more; store it before the call.

        Raises:
            IntentError: the bank may have it.
        """
        fate = self._next(Event.BEGIN)
        return replace(
            self,
            fate=fate,
            begun_at=now,
            task_id=None,
            group_id=None,
            reason=None,
            states=None,
            not_known_at=None,
        )

    def in_doubt(self, reason: str) -> "OrderIntent":
        """It may have left: for what a killed process left behind, or a database that was restored."""
        return self.after(Event.DOUBT, reason)

    def declared_absent(self, now: datetime, profile: BankProfile, reason: str) -> "OrderIntent":
        """A person looked in CompanyNet, and it is not there.

        Raises:
            IntentError: the bank gave it a task or has it, it may just be leaving, or the bank may still be taking it
                in.
        """
        if not self.may_be_declared_absent(now, profile):
            raise IntentError(
                f"order file {self.client_order_group_id} may not be declared absent: it is {self.fate.value}"
                f"{f', task {self.task_id}' if self.task_id else ''}; never before "
                f"{self.settled_at(profile).isoformat()}"
            )
        return self.after(Event.DECLARED_ABSENT, reason)

    def not_known(self, now: datetime, profile: BankProfile, reason: str) -> "OrderIntent":
        """The bank said that it knows no group of our own id.

        It is believed only where the profile says that the bank would know (``absence_by_client_id``), when the bank
        has had the time to take the file in, and never with a task id.
        """
        believed = profile.absence_by_client_id and self.task_id is None and now >= self.settled_at(profile)
        return self.after(Event.ABSENT if believed else Event.NOTHING, reason, not_known_at=now)

    def after(
        self,
        event: Event,
        reason: str | None = None,
        *,
        task_id: str | None = None,
        group_id: str | None = None,
        states: OrderGroupSnapshot | None = None,
        not_known_at: datetime | None = None,
    ) -> "OrderIntent":
        """The intent after something has become known; what was known before and is not told anew stays.

        Raises:
            IntentError: the event must not be caused now.
        """
        fate = self._next(event)
        found = event in {Event.HANDED_IN, Event.TAKEN}
        return replace(
            self,
            fate=fate,
            reason=reason,
            task_id=task_id or self.task_id,
            group_id=group_id or self.group_id,
            states=states or self.states,
            not_known_at=not_known_at or (None if found else self.not_known_at),
        )

    def _next(self, event: Event) -> Fate:
        fate = TRANSITIONS[self.fate][event]
        if fate is None:
            raise IntentError(
                f"order file {self.client_order_group_id} is {self.fate.value}, the bank may have it: "
                f"it cannot be that {event.value}"
            )
        return fate

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
            "not_known_at": self.not_known_at.isoformat() if self.not_known_at else None,
        }

    @classmethod
    def from_json(cls, values: object, source: str = "intent", keys: StatusKeys = DEFAULT_KEYS) -> "OrderIntent":
        """The intent :meth:`to_json` made; ``keys`` are what the keys of its states mean now.

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
            states=None if states is None else OrderGroupSnapshot.from_json(states, source, keys),
            not_known_at=(None if found["not_known_at"] is None else reader.aware_time(found, "not_known_at", _KIND)),
        )
