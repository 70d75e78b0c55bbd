"""The plugin archive: a zip with `plugin.json`, its signature `plugin.sig`, and wheels.

`plugin.json` names each wheel with its SHA-256 and is signed with Ed25519: nothing in an archive is
looked at before signature and sums hold. An archive is read once, into memory, and what was verified
is what is unpacked.
"""

import contextlib
import hashlib
import io
import json
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from packaging.requirements import Requirement

from tryton_plugins.errors import (
    ArchiveTampered,
    ArchiveTooLarge,
    ArchiveUnreadable,
    ArchiveUnsafe,
    PluginError,
    UntrustedKey,
)
from tryton_plugins.files import FileTooLarge, read_regular, shown_name
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


def text_of(value: object) -> str:
    """A text of a signed file, as it is; raises TypeError or ValueError for what no database and no page can hold."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    value.encode()
    if "\0" in value:
        raise ValueError("a NUL in a text")
    return value


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
        """Read `plugin.json`; raises ValueError, KeyError, TypeError or RecursionError if it is not one."""
        value: dict[str, Any] = json.loads(data)
        if value["format"] != 1:
            raise ValueError("another format")
        titles = value.get("module_titles", {})
        manifest = cls(
            name=text_of(value["name"]),
            version=text_of(value["version"]),
            series=text_of(value["series"]),
            module=text_of(value["module"]),
            requires_modules={text_of(name): text_of(titles.get(name, name)) for name in value["requires_modules"]},
            requires_python=tuple(text_of(line) for line in value["requires_python"]),
            files={text_of(name): text_of(digest) for name, digest in value["files"].items()},
        )
        for line in manifest.requires_python:
            Requirement(line)
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
        data = read_regular(path, MAX_ARCHIVE_BYTES)
    except FileTooLarge as error:
        raise ArchiveTooLarge(archive=path.name, file=shown_name(path), limit=MAX_ARCHIVE_BYTES) from error
    except OSError as error:
        raise ArchiveUnreadable(archive=shown_name(path), reason=error.strerror or "it cannot be read") from error
    return verify_archive(data, shown_name(path), trusted)


def verify_archive(data: bytes, source: str, trusted: TrustedKeys) -> Archive:
    """Verify an archive's bytes; nothing is written or run.

    Raises: ArchiveUnreadable, ArchiveTooLarge, ArchiveUnsafe, UntrustedKey, ArchiveTampered (names the file).
    """
    if len(data) > MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge(archive=source, file=source, limit=MAX_ARCHIVE_BYTES)
    entries = read_zip(data, source, MAX_UNPACKED_BYTES)
    signature = _signature(entries, source, trusted)
    with refused_as_unreadable(source, f"{MANIFEST} is not in the known form"):
        manifest = Manifest.from_bytes(entries[MANIFEST])
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
    except (ValueError, RecursionError) as error:
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
    with refused_as_unreadable(source, "not a whole zip file"), zipfile.ZipFile(io.BytesIO(data)) as container:
        return _read_entries(container, source, limit)


@contextlib.contextmanager
def refused_as_unreadable(source: str, reason: str) -> Iterator[None]:
    """The door for bytes that nobody has vouched for: whatever a parser makes of them is one refusal.

    zipfile passes on what zlib, bz2, lzma, struct and the code pages raise, and json and email have their own: a
    list of them is never whole, and one raw exception would stop the list of all archives.
    """
    try:
        yield
    except PluginError:
        raise
    except Exception as error:
        raise ArchiveUnreadable(archive=source, reason=reason) from error


def _read_entries(container: zipfile.ZipFile, source: str, limit: int) -> dict[str, bytes]:
    entries: dict[str, bytes] = {}
    left = limit
    infos = container.infolist()
    if len(infos) > MAX_ENTRIES:
        raise ArchiveTooLarge(archive=source, file=source, limit=MAX_ENTRIES)
    for info in infos:
        if info.is_dir():
            continue
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ArchiveUnreadable(archive=source, reason=f"{info.filename} is packed in an unknown way")
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
