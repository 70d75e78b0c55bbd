"""What a key ring's file holds, and its JSON."""

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sealing.encoding import from_base64, to_base64
from sealing.identity import PrivateIdentity

_FORMAT = "sealing-ring-1"
KEY_BYTES = 32
RING_ID_BYTES = 8


@dataclass(frozen=True)
class RingKey:
    """One version of the ring's wrapping key."""

    version: int
    key: bytes = field(repr=False)
    created: str | None
    """ISO time the caller gave, None if it gave none."""


@dataclass(frozen=True)
class Served:
    """A database the ring knows."""

    database_id: str
    location: str | None
    """Where it lives; None until it is adopted."""
    adopted: str | None
    """ISO time of the adoption, if the caller gave one."""
    identity: PrivateIdentity | None
    intents: int = 0
    """How many intents of this database are known to have been committed; see `KeyRing.note_intent`."""


@dataclass(frozen=True)
class Contents:
    """The whole ring as one value; each change makes a new one."""

    ring_id: bytes
    current: int
    keys: Mapping[int, RingKey] = field(repr=False)
    databases: Mapping[str, Served] = field(repr=False)

    @classmethod
    def create(cls, now: datetime | None) -> "Contents":
        """A ring with one key and no database."""
        return cls(os.urandom(RING_ID_BYTES), 0, {}, {}).with_new_key(now)

    def with_new_key(self, now: datetime | None) -> "Contents":
        """The same ring whose current key is a new random one."""
        version = max(self.keys, default=0) + 1
        key = RingKey(version, os.urandom(KEY_BYTES), iso(now))
        return dataclasses.replace(self, current=version, keys={**self.keys, version: key})

    def without_key(self, version: int) -> "Contents":
        """The same ring without an old key."""
        keys = {number: key for number, key in self.keys.items() if number != version}
        return dataclasses.replace(self, keys=keys)

    def database(self, database_id: str) -> Served:
        """What the ring knows of *database_id*, an empty entry if nothing."""
        return self.databases.get(database_id) or Served(database_id, None, None, None)

    def with_database(self, served: Served) -> "Contents":
        """The same ring with *served* in place of what it knew."""
        return dataclasses.replace(self, databases={**self.databases, served.database_id: served})

    def without_database(self, database_id: str) -> "Contents":
        """The same ring that no longer knows *database_id*."""
        databases = {name: served for name, served in self.databases.items() if name != database_id}
        return dataclasses.replace(self, databases=databases)

    def to_bytes(self) -> bytes:
        """The file's content."""
        databases: dict[str, Any] = {}
        for name, served in self.databases.items():
            entry: dict[str, Any] = {
                "location": served.location,
                "adopted": served.adopted,
                "intents": served.intents,
            }
            if served.identity is not None:
                hpke, sign = served.identity.raw()
                entry["identity"] = {"hpke": to_base64(hpke), "sign": to_base64(sign)}
            databases[name] = entry
        value = {
            "format": _FORMAT,
            "ring": self.ring_id.hex(),
            "current": self.current,
            "keys": {
                str(version): {"created": key.created, "key": to_base64(key.key)}
                for version, key in self.keys.items()
            },
            "databases": databases,
        }
        return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Contents":
        """Read a file's content; raises ValueError, KeyError, TypeError or AttributeError if it is none."""
        value = json.loads(data)
        if value["format"] != _FORMAT:
            raise ValueError("another format")
        keys: dict[int, RingKey] = {}
        for number, entry in value["keys"].items():
            key = from_base64(entry["key"])
            if len(key) != KEY_BYTES:
                raise ValueError("a key of the wrong length")
            keys[int(number)] = RingKey(int(number), key, entry["created"])
        databases: dict[str, Served] = {}
        for name, entry in value["databases"].items():
            identity = None
            if raw := entry.get("identity"):
                identity = PrivateIdentity.from_raw(name, from_base64(raw["hpke"]), from_base64(raw["sign"]))
            databases[name] = Served(
                name, entry["location"], entry["adopted"], identity, int(entry.get("intents", 0))
            )
        contents = cls(bytes.fromhex(value["ring"]), int(value["current"]), keys, databases)
        if contents.current not in keys or len(contents.ring_id) != RING_ID_BYTES:
            raise ValueError("the current key is missing")
        return contents


def iso(now: datetime | None) -> str | None:
    """An aware time as ISO text."""
    if now is None:
        return None
    if now.tzinfo is None:
        raise ValueError("The time must carry its time zone.")
    return now.isoformat()
