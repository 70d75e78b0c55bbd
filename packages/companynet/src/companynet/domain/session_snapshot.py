"""A session as its holder keeps it."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from companynet.domain.json_values import JsonReader
from companynet.domain.session import Permission, PermissionConfig, Secret
from companynet.errors import FormatError

_KIND: Final = "companynet.session"
_VERSION: Final = 1
_KEYS: Final = frozenset({"endpoint", "kind", "dik", "bank_user", "opened_at", "token", "asked", "granted"})
_CONFIG: Final = frozenset({"end_time", "permissions"})
_PERMISSION: Final = frozenset({"dik", "operations"})


class SessionKind(enum.Enum):
    """How a token came about, and with it how it ends."""

    BACKGROUND = "background"
    """A long-lived session: it ends with ``finishBackgroundSession``."""

    LOGIN = "login"
    """A login by one-time password: it ends with ``logout``, or by itself soon."""


@dataclass(frozen=True)
class SessionSnapshot:
    """A session with all that is needed to use it later."""

    endpoint: str
    """Of the bank that gave the token; it must be shown to no other."""

    kind: SessionKind
    """Long-lived session or login."""

    dik: str
    """The DIK it was opened for."""

    bank_user: str
    """Who opened it."""

    opened_at: datetime
    """Aware."""

    token: Secret
    """Authorises calls."""

    asked: PermissionConfig | None
    """What was asked for; None for a login, which the bank says nothing of."""

    granted: PermissionConfig | None
    """What was granted; None for a login."""

    @property
    def diks(self) -> tuple[str, ...]:
        """The DIKs it may be used for."""
        return self.granted.diks if self.granted else (self.dik,)

    def to_json(self) -> dict[str, object]:
        """Plain values for a JSON file, with their version. **The token is among them**: write them only to where
        nobody else reads.
        """
        return {
            "snapshot": _KIND,
            "version": _VERSION,
            "endpoint": self.endpoint,
            "kind": self.kind.value,
            "dik": self.dik,
            "bank_user": self.bank_user,
            "opened_at": self.opened_at.isoformat(),
            "token": self.token.reveal(),
            "asked": config_to_json(self.asked),
            "granted": config_to_json(self.granted),
        }

    @classmethod
    def from_json(cls, values: object, source: str = "session") -> "SessionSnapshot":
        """The snapshot :meth:`to_json` made.

        Raises:
            FormatError: it is not one of this version; names the key, never the token.
        """
        reader = ConfigReader(source, _KIND)
        found = reader.snapshot(values, _KIND, _VERSION, _KEYS)
        token = found["token"]
        if not isinstance(token, str) or not token:
            raise reader.wrong("token", "is not text")
        return cls(
            endpoint=reader.text(found, "endpoint", _KIND),
            kind=reader.session_kind(found),
            dik=reader.text(found, "dik", _KIND),
            bank_user=reader.text(found, "bank_user", _KIND),
            opened_at=reader.aware_time(found, "opened_at", _KIND),
            token=Secret(token),
            asked=reader.config(found["asked"], "asked"),
            granted=reader.config(found["granted"], "granted"),
        )


def config_to_json(config: PermissionConfig | None) -> dict[str, object] | None:
    """A permission config as plain values."""
    if config is None:
        return None
    return {
        "end_time": config.end_time.isoformat(),
        "permissions": [
            {"dik": permission.dik, "operations": sorted(permission.operations)} for permission in config.permissions
        ],
    }


class ConfigReader(JsonReader):
    """Reads snapshots that hold permission configs.

    Args:
        source: the name of the file, for errors.
        kind: of the snapshot.
    """

    def __init__(self, source: str, kind: str) -> None:
        super().__init__(source)
        self._kind = kind

    def wrong(self, key: str, reason: str) -> FormatError:
        """The error about a key of the snapshot."""
        return FormatError(self.source, f"{self._kind}.{key}", reason)

    def session_kind(self, found: Mapping[str, object]) -> SessionKind:
        """How the session came about, or was to."""
        kind = self.text(found, "kind", self._kind)
        if kind not in {item.value for item in SessionKind}:
            raise self.wrong("kind", f"{kind!r} is not known")
        return SessionKind(kind)

    def config(self, values: object, place: str) -> PermissionConfig | None:
        """A permission config, or none."""
        if values is None:
            return None
        found = self.mapping(values, place, _CONFIG)
        permissions = []
        for index, item in enumerate(self.items(found, "permissions", place)):
            spot = f"{place}.permissions[{index}]"
            permission = self.mapping(item, spot, _PERMISSION)
            operations = self.items(permission, "operations", spot)
            if not all(isinstance(name, str) for name in operations):
                raise self.wrong(f"{spot}.operations", "is not a list of texts")
            permissions.append(Permission(self.text(permission, "dik", spot), frozenset(operations)))
        try:
            return PermissionConfig(self.aware_time(found, "end_time", place), tuple(permissions))
        except ValueError as error:
            reason = str(error)
        raise self.wrong(place, reason)
