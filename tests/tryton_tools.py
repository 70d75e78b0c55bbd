"""Tryton's own test tools, quickened: databases are made once for a state of the modules, by one process for all."""

import fcntl
import gc
import shutil
import sys
from collections.abc import MutableMapping
from functools import cache
from pathlib import Path
from typing import IO, Any

from tests.fingerprint import ROOT, of_modules

_CACHES = ROOT / ".build" / "tests" / "database-cache"


def choose_cache(environment: MutableMapping[str, str]) -> None:
    """Say where Tryton is to keep them, unless that is said; to be done before it is imported.

    What an older state of the modules has left is removed.
    """
    if "DB_CACHE" in environment:
        return
    place = _CACHES / of_modules()
    for old in _CACHES.glob("*"):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    environment.update(TRYTOND_DATABASE_URI="sqlite://", DB_NAME=":memory:", DB_CACHE=str(place))


def quicken() -> None:
    """Change the tools if they are in use in this process; to be done once."""
    tools = sys.modules.get("trytond.tests.test_tryton")
    if tools is None:
        return
    _make_each_once(tools)
    # What was imported lives on; a fifth of the time went into looking through it again and again.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # Which class a module registers is asked some thousand times a test, each by a look at all entry points.
    misc = sys.modules["trytond.tools.misc"]
    misc.import_module = cache(misc.import_module)  # type: ignore[attr-defined]


def _make_each_once(tools: Any) -> None:
    """Let a process that finds no database wait for the one that is making it."""
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
