"""The databases of Tryton's own test tools: made once by each state of the modules, by one process for all."""

import fcntl
import shutil
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import IO

from tests.fingerprint import ROOT, of_modules

_CACHES = ROOT / ".build" / "tests" / "database-cache"


def choose_cache(environment: MutableMapping[str, str]) -> None:
    """Say where Tryton is to keep them, unless that is said; to be done before it is imported.

    What an older state of the modules has left is removed.
    """
    if "DB_CACHE" in environment:
        return
    cache = _CACHES / of_modules()
    for old in _CACHES.glob("*"):
        if old != cache:
            shutil.rmtree(old, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    environment.update(TRYTOND_DATABASE_URI="sqlite://", DB_NAME=":memory:", DB_CACHE=str(cache))


def make_each_once() -> None:
    """Let a process that finds none wait for the one that is making it; if Tryton's test tools are in use."""
    tools = sys.modules.get("trytond.tests.test_tryton")
    if tools is None or not tools.DB_CACHE or hasattr(tools.restore_db_cache, "lock"):
        return
    restore, backup, lock = tools.restore_db_cache, tools.backup_db_cache, _Lock(Path(tools.DB_CACHE) / "making.lock")

    def restore_db_cache(name: str) -> bool:
        lock.take()
        restored = bool(restore(name))
        if restored:
            lock.give()
        return restored

    def backup_db_cache(name: str) -> None:
        backup(name)
        lock.give()

    restore_db_cache.lock = lock  # type: ignore[attr-defined]
    tools.restore_db_cache, tools.backup_db_cache = restore_db_cache, backup_db_cache


class _Lock:
    """Held by one process at a time; also where it has it already."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        if self._file is None:
            self._file = self._path.open("w")
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def give(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
