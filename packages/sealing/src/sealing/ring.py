"""The key ring: a file outside the database that holds what opens the database's secrets."""

import dataclasses
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sealing.contents import Contents, RingKey, iso
from sealing.errors import NotServed, RingDamaged, UnknownKey
from sealing.files import Stamp, exclusive, read_owner_only, replace_owner_only, stamp
from sealing.identity import PrivateIdentity, PublicIdentity
from sealing.record import RecordRef, Sealed, open_record, rewrap_record, seal_record


class KeyRing:
    """Keys in versions, the databases they serve, and these databases' identities.

    Made by `create` or `load`. A change by another process is seen at the next use: the file is read
    again when it was replaced. Safe to use from several threads.
    """

    def __init__(self, path: Path, contents: Contents, seen: Stamp | None) -> None:
        """Not for callers: use `create` or `load`."""
        self._path = path
        # One attribute, replaced whole, so that a thread never sees contents and stamp of two files.
        self._state: tuple[Contents, Stamp | None] = (contents, seen)

    def __repr__(self) -> str:
        contents, _ = self._state
        return f"<KeyRing {self._path} key {contents.current}, {len(contents.databases)} databases>"

    @property
    def path(self) -> Path:
        """Where the ring is."""
        return self._path

    # Files

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, now: datetime | None = None) -> "KeyRing":
        """Make a new ring with one key at *path*, mode 0600; its directory must exist.

        *now* (aware) is kept as the key's date.
        Raises: RingDamaged if something is at *path* already, it is never overwritten.
        """
        place = Path(path)
        with exclusive(place):
            if place.exists() or place.is_symlink():
                raise RingDamaged(f"There is a file at {place} already; a key ring is not overwritten.")
            replace_owner_only(place, Contents.create(now).to_bytes())
        return cls.load(place)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "KeyRing":
        """Read the ring at *path*.

        Raises: RingPermissions if anyone but its owner can use the file; RingDamaged if it is missing
        or not a key ring.
        """
        place = Path(path)
        contents, seen = cls._read(place)
        return cls(place, contents, seen)

    @staticmethod
    def _read(path: Path) -> tuple[Contents, Stamp]:
        data, seen = read_owner_only(path)
        try:
            return Contents.from_bytes(data), seen
        except (ValueError, KeyError, TypeError, AttributeError):
            # Without the cause: a JSON error carries the document, keys included.
            raise RingDamaged(f"The file {path} is not a whole key ring; restore it from its backup.") from None

    def _contents(self) -> Contents:
        contents, seen = self._state
        if stamp(self._path) != seen:
            self._state = self._read(self._path)
            contents, _ = self._state
        return contents

    def _change(self, change: Callable[[Contents], Contents]) -> Contents:
        with exclusive(self._path):
            before, _ = self._read(self._path)
            after = change(before)
            if after is not before:
                replace_owner_only(self._path, after.to_bytes())
            self._state = self._read(self._path)
        return self._state[0]

    # Keys

    @property
    def ring_id(self) -> str:
        """The ring's own name, 16 hexadecimal digits; it is in every value it sealed."""
        return self._contents().ring_id.hex()

    @property
    def current_version(self) -> int:
        """The version new values are sealed with."""
        return self._contents().current

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions the ring can open, oldest first."""
        return tuple(sorted(self._contents().keys))

    def add_key(self, *, now: datetime | None = None) -> int:
        """Add a random key and make it the current one; returns its version. Old values still open."""
        return self._change(lambda contents: contents.with_new_key(now)).current

    def retire_key(self, version: int) -> None:
        """Forget an old key for ever, after all values were re-wrapped.

        Raises: UnknownKey if there is no such key or it is the current one.
        """

        def without(contents: Contents) -> Contents:
            if version == contents.current or version not in contents.keys:
                raise UnknownKey(f"Key {version} of the ring {self._path} is in use or does not exist.")
            return contents.without_key(version)

        self._change(without)

    # Databases

    @property
    def databases(self) -> dict[str, str | None]:
        """The databases the ring knows and where each lives (None: not adopted yet)."""
        return {name: served.location for name, served in self._contents().databases.items()}

    def adopt(self, database_id: str, location: str, *, now: datetime | None = None) -> None:
        """Serve the database *database_id* at *location*, and only there.

        A database lives in one place: adopting a copy ends the service of the original.
        """
        if not database_id or not location:
            raise NotServed("A database is adopted by its id and its location; one of them is empty.")

        def adopted(contents: Contents) -> Contents:
            known = contents.database(database_id)
            if known.location == location:
                return contents
            return contents.with_database(dataclasses.replace(known, location=location, adopted=iso(now)))

        self._change(adopted)

    def forget(self, database_id: str) -> None:
        """Stop serving a database and drop its identity."""
        self._change(lambda contents: contents.without_database(database_id))

    def serves(self, database_id: str, location: str) -> bool:
        """Whether the database was adopted at exactly this location."""
        served = self._contents().databases.get(database_id)
        return served is not None and served.location is not None and served.location == location

    def require(self, database_id: str, location: str) -> None:
        """Raises: NotServed unless the database was adopted at this location."""
        if not self.serves(database_id, location):
            known = self._contents().database(database_id).location
            where = f"it lives at {known}" if known else "it was never adopted"
            raise NotServed(
                f"The key ring {self._path} does not serve database {database_id} at {location}: {where}."
                " If this database is meant to use its secrets here, an administrator adopts it."
            )

    def _check(self, contents: Contents, database_id: str, location: str | None) -> None:
        if location is not None:
            self.require(database_id, location)
        elif contents.database(database_id).location is None:
            raise NotServed(f"The key ring {self._path} does not serve database {database_id}; adopt it first.")

    # Intents: what a database restored from a backup does not know any more

    def intents(self, database_id: str) -> int:
        """How many intents of the database are noted; a database that counts fewer was restored from a backup."""
        return self._contents().database(database_id).intents

    def note_intent(self, database_id: str, number: int) -> None:
        """Keep that the database has committed its intent *number*, before anything that follows from it leaves.

        The count never goes down. A database commits its own count first: killed in between, it is ahead of the
        ring, which is no sign of a backup.
        Raises: NotServed if the ring does not know the database; OSError if the file cannot be written.
        """

        def noted(contents: Contents) -> Contents:
            if database_id not in contents.databases:
                raise NotServed(f"The key ring {self._path} does not know database {database_id}; adopt it first.")
            known = contents.database(database_id)
            if known.intents >= number:
                return contents
            return contents.with_database(dataclasses.replace(known, intents=number))

        self._change(noted)

    # Sealed records

    def seal(self, ref: RecordRef, data: bytes, *, location: str | None = None) -> bytes:
        """Seal *data* for one field of one record.

        With *location* the database must be adopted there; callers that know where they run give it.
        Raises: NotServed.
        """
        contents = self._contents()
        self._check(contents, ref.database, location)
        return seal_record(contents.ring_id, contents.keys[contents.current], ref, data)

    def open(self, ref: RecordRef, sealed: bytes, *, location: str | None = None) -> bytes:
        """Open what was sealed for exactly *ref*.

        Raises: NotServed (see `seal`); UnknownKey; Tampered if the bytes were altered, cut or come
        from another place.
        """
        contents = self._contents()
        self._check(contents, ref.database, location)
        parts = Sealed.parse(sealed)
        return open_record(parts, self._key(contents, parts), ref)

    def needs_rewrap(self, sealed: bytes) -> bool:
        """Whether *sealed* is wrapped by an older key. Raises: Tampered, UnknownKey."""
        contents = self._contents()
        return self._key(contents, Sealed.parse(sealed)).version != contents.current

    def rewrap(self, sealed: bytes) -> bytes:
        """The same sealed value under the current key; the data itself is not opened.

        Raises: Tampered, UnknownKey.
        """
        contents = self._contents()
        parts = Sealed.parse(sealed)
        return rewrap_record(parts, self._key(contents, parts), contents.keys[contents.current])

    def _key(self, contents: Contents, parts: Sealed) -> RingKey:
        if parts.ring_id != contents.ring_id:
            raise UnknownKey(
                f"The value was sealed by the key ring {parts.ring_id.hex()}, {self._path} is"
                f" {contents.ring_id.hex()}."
            )
        try:
            return contents.keys[parts.version]
        except KeyError:
            raise UnknownKey(
                f"The value was sealed with key {parts.version}, which the ring {self._path} does not hold."
            ) from None

    # Identities

    def create_identity(self, database_id: str) -> PublicIdentity:
        """Give the database its key pairs; one that has them keeps them. Returns the public half."""

        def with_identity(contents: Contents) -> Contents:
            known = contents.database(database_id)
            if known.identity is not None:
                return contents
            identity = PrivateIdentity.create(database_id)
            return contents.with_database(dataclasses.replace(known, identity=identity))

        self._change(with_identity)
        return self.public_identity(database_id)

    def public_identity(self, database_id: str) -> PublicIdentity:
        """The public half of a database's identity. Raises: NotServed if it has none."""
        return self.private_identity(database_id).public

    def private_identity(self, database_id: str) -> PrivateIdentity:
        """The private half, for `share` only. Raises: NotServed if the database has none."""
        identity = self._contents().database(database_id).identity
        if identity is None:
            raise NotServed(f"The key ring {self._path} holds no identity of database {database_id}.")
        return identity
