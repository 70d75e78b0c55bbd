"""The opening of a session, as its holder writes it down before the bank is asked."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from companynet.domain.session import PermissionConfig
from companynet.domain.session_snapshot import ConfigReader, SessionKind, config_to_json

_VERSION: Final = 1
_KEYS: Final = frozenset({"endpoint", "kind", "dik", "bank_user", "begun_at", "asked", "reference"})

#: What its JSON is marked with.
KIND: Final = "companynet.session_opening"


@dataclass(frozen=True)
class SessionOpening:
    """An opening that has begun and of whose end nothing is known. It holds no secret."""

    endpoint: str
    """Of the bank."""

    kind: SessionKind
    """What was to be made."""

    dik: str
    """The DIK it is for."""

    bank_user: str
    """Who opens it."""

    begun_at: datetime
    """Aware."""

    asked: PermissionConfig | None
    """What is asked for; None for a login, which the bank says nothing of."""

    reference: str | None
    """Our reference of the call that makes a long-lived session, written down before it leaves; None as long as it
    has not left."""

    @property
    def session_may_exist(self) -> bool:
        """Whether the bank may have a long-lived session whose token never came.  # L-167"""
        return self.reference is not None

    def to_json(self) -> dict[str, object]:
        """Plain values for a JSON file, with their version."""
        return {
            "snapshot": KIND,
            "version": _VERSION,
            "endpoint": self.endpoint,
            "kind": self.kind.value,
            "dik": self.dik,
            "bank_user": self.bank_user,
            "begun_at": self.begun_at.isoformat(),
            "asked": config_to_json(self.asked),
            "reference": self.reference,
        }

    @classmethod
    def from_json(cls, values: object, source: str = "session opening") -> "SessionOpening":
        """The opening :meth:`to_json` made.

        Raises:
            FormatError: it is not one of this version; names the key.
        """
        reader = ConfigReader(source, KIND)
        found = reader.snapshot(values, KIND, _VERSION, _KEYS)
        return cls(
            endpoint=reader.text(found, "endpoint", KIND),
            kind=reader.session_kind(found),
            dik=reader.text(found, "dik", KIND),
            bank_user=reader.text(found, "bank_user", KIND),
            begun_at=reader.aware_time(found, "begun_at", KIND),
            asked=reader.config(found["asked"], "asked"),
            reference=reader.optional(found, "reference", KIND),
        )
