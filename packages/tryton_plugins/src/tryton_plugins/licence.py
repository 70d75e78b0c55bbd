"""A licence: who may use which plugin, how long, on which databases; signed by the vendor."""

import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tryton_plugins.archive import text_of
from tryton_plugins.errors import (
    LicenceExhausted,
    LicenceExpired,
    LicenceForged,
    LicenceNotYetValid,
    LicenceOtherDatabase,
    LicenceOtherPlugin,
    LicenceUnreadable,
)
from tryton_plugins.files import read_regular, shown_name
from tryton_plugins.keys import LICENCE_PURPOSE, Signature, TrustedKeys, VendorKey

MAX_LICENCE_BYTES = 64 * 1024
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
#: What reading a file that is no licence may end in; `int` of JSON's Infinity overflows.
_NOT_THE_FORM = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True)
class Licence:
    """What a licence grants. Days are whole, first and last included."""

    number: str
    licensee: str
    nip: str
    """The licensee's Polish tax number, or empty."""
    plugin: str
    valid_from: date
    valid_until: date
    max_databases: int | None
    """How many databases, None if the licence names them."""
    databases: tuple[str, ...]
    """The databases it names, empty if it only counts them."""

    def values(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "format": 1,
            "number": self.number,
            "licensee": self.licensee,
            "nip": self.nip,
            "plugin": self.plugin,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "databases": {"names": list(self.databases)}
            if self.max_databases is None
            else {"max": self.max_databases},
        }

    def check(self, *, plugin: str, database: str, used_by: Collection[str], today: date) -> None:
        """Whether the plugin may be installed on *database* today; *used_by* are the databases that have it.

        Raises: LicenceOtherPlugin, LicenceNotYetValid, LicenceExpired, LicenceOtherDatabase, LicenceExhausted.
        """
        self.check_dates(plugin=plugin, today=today)
        if self.max_databases is None:
            if database not in self.databases:
                raise LicenceOtherDatabase(
                    licensee=self.licensee,
                    plugin=plugin,
                    databases=", ".join(self.databases),
                    database=database,
                )
        elif database not in used_by and len(used_by) >= self.max_databases:
            raise LicenceExhausted(
                licensee=self.licensee,
                plugin=plugin,
                max=self.max_databases,
                databases=", ".join(sorted(used_by)),
            )

    def check_dates(self, *, plugin: str, today: date) -> None:
        """Whether it is for the plugin and valid today. Raises as `check`."""
        if self.plugin != plugin:
            raise LicenceOtherPlugin(licensee=self.licensee, licensed=self.plugin, plugin=plugin)
        if today < self.valid_from:
            raise LicenceNotYetValid(licensee=self.licensee, plugin=plugin, valid_from=self.valid_from, today=today)
        if today > self.valid_until:
            raise LicenceExpired(licensee=self.licensee, plugin=plugin, valid_until=self.valid_until)


def issue(
    key: VendorKey,
    *,
    licensee: str,
    nip: str,
    plugin: str,
    valid_from: date,
    valid_until: date,
    max_databases: int | None = None,
    databases: Collection[str] = (),
) -> bytes:
    """The vendor's side: a licence file. Give *max_databases* or *databases*, not both; else ValueError."""
    if (max_databases is None) == (not databases) or (max_databases is not None and max_databases < 1):
        raise ValueError("A licence either counts databases or names them.")
    if valid_until < valid_from:
        raise ValueError("A licence ends after it begins.")
    licence = Licence(
        number=secrets.token_hex(8),
        licensee=licensee,
        nip=nip,
        plugin=plugin,
        valid_from=valid_from,
        valid_until=valid_until,
        max_databases=max_databases,
        databases=tuple(databases),
    )
    values = licence.values()
    signature = key.sign(LICENCE_PURPOSE, _canonical(values))
    document = {"licence": values, **signature.to_json()}
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _canonical(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def verify_licence(data: bytes, source: str, trusted: TrustedKeys) -> Licence:
    """Verify a licence file's signature and form, not yet its dates.

    Raises: LicenceUnreadable, LicenceForged.
    """
    try:
        if len(data) > MAX_LICENCE_BYTES:
            raise LicenceUnreadable(licence=source)
        document = json.loads(data)
        values = document["licence"]
        signature = Signature.from_json(document)
        canonical = _canonical(values)
    except _NOT_THE_FORM as error:
        raise LicenceUnreadable(licence=source) from error
    if not trusted.verifies(signature, LICENCE_PURPOSE, canonical):
        raise LicenceForged(licence=source)
    try:
        return _licence(values)
    except _NOT_THE_FORM as error:
        raise LicenceUnreadable(licence=source) from error


def _licence(values: dict[str, Any]) -> Licence:
    if values["format"] != 1:
        raise ValueError("another format")
    databases = values["databases"]
    for name in ("number", "plugin"):
        # They become a file's name.
        if not _PLAIN.fullmatch(text_of(values[name])):
            raise ValueError(f"{name} {values[name]!r} is not allowed")
    return Licence(
        number=values["number"],
        licensee=text_of(values["licensee"]),
        nip=text_of(values["nip"]),
        plugin=values["plugin"],
        valid_from=date.fromisoformat(values["valid_from"]),
        valid_until=date.fromisoformat(values["valid_until"]),
        max_databases=int(databases["max"]) if "max" in databases else None,
        databases=tuple(text_of(name) for name in databases.get("names", ())),
    )


def read_licence(path: Path, trusted: TrustedKeys) -> Licence:
    """Read and verify the file at *path*; see `verify_licence`."""
    try:
        data = read_regular(path, MAX_LICENCE_BYTES)
    except OSError as error:
        raise LicenceUnreadable(licence=shown_name(path)) from error
    return verify_licence(data, shown_name(path), trusted)
