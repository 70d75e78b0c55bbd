"""Files written whole or not at all, and read with their place in each error."""

import glob
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from companynet.errors import FormatError

_OWNER_ONLY = 0o600
_OTHERS = 0o077


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write the whole file or none: one cut short must never lie there under its name, even after a power cut.

    Args:
        path: of the file; what was there is replaced.
        data: its content.
        private: for the owner alone.

    Raises:
        OSError: it was not written.
    """
    with _part_of(path, data, private=private) as part:
        part.replace(path)
    _sync_folder(path)


def write_new(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write the whole file or none, as :func:`write_whole`, if it is not there yet. Of two that do so one succeeds.

    Args:
        path: of the file.
        data: its content.
        private: for the owner alone.

    Raises:
        FileExistsError: it is there.
        OSError: it was not written.
    """
    with _part_of(path, data, private=private) as part:
        # A second name is given or refused in one step, as a replacement is not.
        os.link(part, path)
    _sync_folder(path)


@contextmanager
def _part_of(path: Path, data: bytes, *, private: bool) -> Iterator[Path]:
    """The content in a file beside its place, safe on the disk; gone at the end if it was not moved."""
    # A name of its own: one left by a program that was killed must not be in the way.
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY if private else 0o666)
    except OSError as error:
        # The name a person knows.
        error.filename = str(path)
        raise
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)


def parts_left(path: Path) -> list[Path]:
    """What programs that were killed left beside a file while they wrote it."""
    return sorted(path.parent.glob(f".{glob.escape(path.name)}.*.part"))


def _sync_folder(path: Path) -> None:
    # A new name is safe only when its folder is; some systems cannot open a folder.
    with suppress(OSError):
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def others_may_read(path: Path) -> bool:
    """Whether anybody but the owner may read or write the file."""
    return os.name == "posix" and bool(path.stat().st_mode & _OTHERS)


def read_json(path: Path) -> object:
    """The values of a JSON file.

    Raises:
        OSError: it cannot be read.
        FormatError: it is no JSON; names the place and quotes nothing.
    """
    data = path.read_bytes()
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        place, reason = f"byte {error.start}", "is not UTF-8"
    except json.JSONDecodeError as error:
        place, reason = f"line {error.lineno}, column {error.colno}", error.msg
    raise FormatError(str(path), place, reason)


def json_bytes(values: object) -> bytes:
    """Values as a JSON file."""
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()
