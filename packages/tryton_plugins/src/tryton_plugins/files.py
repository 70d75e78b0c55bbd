"""Files of the store: replaced whole, never half."""

import contextlib
import errno
import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote


def write_whole(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put *data* at *path*; a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class FileTooLarge(OSError):
    """More bytes than such a file has."""


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of a regular file, *limit* at most.

    Raises: FileTooLarge; OSError if it cannot be read, or is no such file: a pipe would be waited for for ever.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise FileTooLarge(errno.EFBIG, f"it has more than {limit} bytes")
    return data


def shown_name(path: Path) -> str:
    """A file's name as a database and a page can hold it: bytes that are no text are escaped."""
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")


def write_json(path: Path, value: object) -> None:
    """Put *value* at *path* as JSON."""
    write_whole(path, (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object at *path*; an empty one if there is none or it is not one."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def file_name(database: str) -> str:
    """A database's name as a file name; another database gives another one."""
    return quote(database, safe="").replace(".", "%2E")


def quote_names(names: Iterable[str]) -> str:
    """Names as trytond reads TRYTOND_DATABASE_NAMES: one line of CSV."""
    return ",".join('"' + name.replace('"', '""') + '"' for name in names)


class Lock:
    """An flock on a file of its own. It ends with the process (and with children that were handed it)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def try_exclusive(self) -> bool:
        """Take it alone, at once or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def exclusive_within(self, seconds: float) -> bool:
        """Take it alone, waiting a little: a glance of another process holds it for a moment."""
        end = time.monotonic() + seconds
        while not self.try_exclusive():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def try_shared(self) -> bool:
        """Take it beside other sharers. A file that does not exist gives no lock and counts as taken."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    @property
    def descriptor(self) -> int:
        """To hand the lock to a child; only while it is held."""
        if self._descriptor is None:
            raise RuntimeError(f"The lock {self._path} is not held.")
        return self._descriptor

    def release(self) -> None:
        """Give it up; no harm if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def held_by_another(self) -> bool:
        """Whether some process has it; only a glance, the answer may be old at once."""
        if self._descriptor is not None:
            return False
        if not self.try_exclusive():
            return True
        self.release()
        return False


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an flock on *path*, waiting for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
