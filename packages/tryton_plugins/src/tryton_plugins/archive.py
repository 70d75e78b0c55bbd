"""The plugin archive: a zip with `plugin.json`, its signature `plugin.sig`, and wheels.

`plugin.json` names each wheel with its SHA-256 and is signed with Ed25519: nothing in an archive is
looked at before signature and sums hold. An archive is read once, into memory, and what was verified
is what is unpacked.
"""

import hashlib
import io
import json
import re
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tryton_plugins.errors import ArchiveTampered, ArchiveTooLarge, ArchiveUnreadable, ArchiveUnsafe, UntrustedKey
from tryton_plugins.keys import ARCHIVE_PURPOSE, Signature, TrustedKeys

MANIFEST = "plugin.json"
SIGNATURE = "plugin.sig"
#: Our own plugins are below a megabyte; these limits stop a bomb, not a plugin.
MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_MANIFEST_BYTES = 1024 * 1024
MAX_ENTRIES = 20_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+!_-]{0,63}")
_MODULE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Manifest:
    """What `plugin.json` says."""

    name: str
    """The plugin's name, as in the licence: MBankPluginV2."""
    version: str
    series: str
    """The Tryton series it is made for: 8.0."""
    module: str
    """The Tryton module that is activated."""
    requires_modules: Mapping[str, str]
    """Modules that must be activated before, with the name users know each by."""
    requires_python: tuple[str, ...]
    """Requirement strings of libraries that are not in the archive."""
    files: Mapping[str, str]
    """SHA-256 of each wheel by its name in the archive."""

    def to_bytes(self) -> bytes:
        """The content of `plugin.json`; the same manifest gives the same bytes."""
        value = {
            "format": 1,
            "name": self.name,
            "version": self.version,
            "series": self.series,
            "module": self.module,
            "requires_modules": list(self.requires_modules),
            "module_titles": dict(self.requires_modules),
            "requires_python": list(self.requires_python),
            "files": dict(self.files),
        }
        return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Manifest":
        """Read `plugin.json`; raises ValueError, KeyError or TypeError if it is not one."""
        value: dict[str, Any] = json.loads(data)
        if value["format"] != 1:
            raise ValueError("another format")
        titles = value.get("module_titles", {})
        manifest = cls(
            name=value["name"],
            version=value["version"],
            series=value["series"],
            module=value["module"],
            requires_modules={name: titles.get(name, name) for name in value["requires_modules"]},
            requires_python=tuple(value["requires_python"]),
            files=dict(value["files"]),
        )
        for pattern, text in ((_NAME, manifest.name), (_VERSION, manifest.version), (_MODULE, manifest.module)):
            # The texts become folder names.
            if not pattern.fullmatch(text):
                raise ValueError(f"{text!r} is not allowed")
        return manifest


@dataclass(frozen=True)
class Archive:
    """A verified archive in memory."""

    source: str
    """File name, for messages."""
    manifest: Manifest
    signed_by: str
    """The vendor key's fingerprint."""
    sha256: str
    """Of the whole archive."""
    wheels: Mapping[str, bytes] = field(repr=False)


def read_archive(path: Path, trusted: TrustedKeys) -> Archive:
    """Read and verify the archive at *path*; see `verify_archive`."""
    try:
        size = path.stat().st_size
        if size > MAX_ARCHIVE_BYTES:
            raise ArchiveTooLarge(archive=path.name, file=path.name, limit=MAX_ARCHIVE_BYTES)
        data = path.read_bytes()
    except OSError as error:
        raise ArchiveUnreadable(archive=str(path), reason=error.strerror) from error
    return verify_archive(data, path.name, trusted)


def verify_archive(data: bytes, source: str, trusted: TrustedKeys) -> Archive:
    """Verify an archive's bytes; nothing is written or run.

    Raises: ArchiveUnreadable, ArchiveTooLarge, ArchiveUnsafe, UntrustedKey, ArchiveTampered (names the file).
    """
    if len(data) > MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge(archive=source, file=source, limit=MAX_ARCHIVE_BYTES)
    entries = read_zip(data, source, MAX_UNPACKED_BYTES)
    signature = _signature(entries, source, trusted)
    try:
        manifest = Manifest.from_bytes(entries[MANIFEST])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveUnreadable(archive=source, reason=f"{MANIFEST} is not in the known form") from error
    wheels = {name: content for name, content in entries.items() if name not in (MANIFEST, SIGNATURE)}
    for name in sorted(set(wheels) ^ set(manifest.files)):
        raise ArchiveTampered(archive=source, file=name)
    for name, content in wheels.items():
        if hashlib.sha256(content).hexdigest() != manifest.files[name]:
            raise ArchiveTampered(archive=source, file=name)
    return Archive(source, manifest, signature.key, hashlib.sha256(data).hexdigest(), wheels)


def _signature(entries: Mapping[str, bytes], source: str, trusted: TrustedKeys) -> Signature:
    """The signature of the manifest, which is right."""
    for name in (MANIFEST, SIGNATURE):
        if name not in entries:
            raise ArchiveUnreadable(archive=source, reason=f"{name} is missing")
        if len(entries[name]) > MAX_MANIFEST_BYTES:
            raise ArchiveTooLarge(archive=source, file=name, limit=MAX_MANIFEST_BYTES)
    try:
        signature = Signature.from_json(json.loads(entries[SIGNATURE]))
    except ValueError as error:
        raise ArchiveTampered(archive=source, file=SIGNATURE) from error
    if not trusted.trusts(signature):
        raise UntrustedKey(archive=source, key=signature.key, place=trusted.place)
    if not trusted.verifies(signature, ARCHIVE_PURPOSE, entries[MANIFEST]):
        raise ArchiveTampered(archive=source, file=MANIFEST)
    return signature


def read_zip(data: bytes, source: str, limit: int) -> dict[str, bytes]:
    """All files of a zip, guarded: *limit* bytes unpacked at most, and no name that leads outside.

    Raises: ArchiveUnreadable, ArchiveTooLarge, ArchiveUnsafe.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            return _read_entries(container, source, limit)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise ArchiveUnreadable(archive=source, reason="not a whole zip file") from error
    except ValueError as error:
        raise ArchiveUnreadable(archive=source, reason="not a readable zip file") from error


def _read_entries(container: zipfile.ZipFile, source: str, limit: int) -> dict[str, bytes]:
    entries: dict[str, bytes] = {}
    left = limit
    infos = container.infolist()
    if len(infos) > MAX_ENTRIES:
        raise ArchiveTooLarge(archive=source, file=source, limit=MAX_ENTRIES)
    for info in infos:
        if info.is_dir():
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if unsafe_name(info.filename) or info.filename in entries or kind not in (0, stat.S_IFREG):
            raise ArchiveUnsafe(archive=source, file=info.filename)
        # The size in the directory is a claim; what is read is counted.
        with container.open(info) as file:
            content = file.read(left + 1)
        if len(content) > left:
            raise ArchiveTooLarge(archive=source, file=info.filename, limit=limit)
        left -= len(content)
        entries[info.filename] = content
    return entries


def unsafe_name(name: str) -> bool:
    """Whether a name in a zip could lead outside the folder it is unpacked in."""
    parts = PurePosixPath(name).parts
    return not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name or "\0" in name


def write_archive(path: Path, manifest: Manifest, signature: Signature, wheels: Mapping[str, bytes]) -> None:
    """Write an archive; the same content gives the same bytes."""
    entries = {
        MANIFEST: manifest.to_bytes(),
        SIGNATURE: (json.dumps(signature.to_json(), sort_keys=True) + "\n").encode(),
        **dict(sorted(wheels.items())),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as container:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.create_system = 3
            info.compress_type = zipfile.ZIP_DEFLATED
            container.writestr(info, content)
