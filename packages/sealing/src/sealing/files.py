"""Owner-only files that are replaced whole or not at all."""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sealing.errors import RingDamaged, RingPermissions

#: A key ring of thousands of databases stays far below this many bytes.
MAX_BYTES = 16 * 1024 * 1024

Stamp = tuple[int, int, int, int]


def read_owner_only(path: Path) -> tuple[bytes, Stamp]:
    """Read *path* and say which version of the file it was.

    Raises: RingPermissions if the file is not a plain file of the running user that only its owner
    can use; RingDamaged if it is missing or too long.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise RingDamaged(f"There is no key ring at {path}; create one or correct the path.") from error
    except PermissionError as error:
        raise RingPermissions(f"The key ring {path} cannot be read by this user.") from error
    except OSError as error:
        raise RingDamaged(f"The key ring {path} cannot be opened: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise RingPermissions(f"The key ring {path} is not a plain file.")
        if status.st_uid != os.geteuid():
            raise RingPermissions(
                f"The key ring {path} belongs to user {status.st_uid}, the program runs as {os.geteuid()};"
                " give it to the program's user."
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise RingPermissions(
                f"The key ring {path} is open to others (mode {stat.S_IMODE(status.st_mode):04o});"
                f" run: chmod 600 {path}"
            )
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RingDamaged(f"The key ring {path} is longer than {MAX_BYTES} bytes.")
    return data, _stamp(status)


def stamp(path: Path) -> Stamp | None:
    """The version of the file at *path*, None if there is none."""
    try:
        return _stamp(path.stat())
    except OSError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def replace_owner_only(path: Path, data: bytes) -> None:
    """Put *data* at *path*, mode 0600: another process sees the old file or the new one, never a part."""
    # mkstemp makes the file 0600 whatever the umask is.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the writers' lock of *path* (a file beside it, because the file itself is replaced)."""
    lock = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
