"""The bank's books: one SQLite file, one transaction a call."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

FILE_NAME: Final = "bank.sqlite"

#: What can be set, and what holds at first.
DEFAULT_SETTINGS: Final = {
    "polls": "1",  # how often a task is answered "not finished" before its result
    "open_days": "false",  # whether statements of the running day are given out too
    "login_minutes": "15",
    "challenge_minutes": "5",
    "confirmations_required": "0",
    "clock_offset": "0",  # seconds added to the real time
}


class BooksError(Exception):
    """The books cannot be opened or made; the text names the place and what to do."""


class Books:
    """Open books. May be used by several threads; they take turns.

    Args:
        directory: where :func:`create_books` made them.

    Raises:
        BooksError: there are none.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / FILE_NAME
        if not path.is_file():
            raise BooksError(
                f"{path}: no books here; make them with companynet-sandbox init --dir {directory} --demo"
            )
        self._lock = threading.Lock()
        self._connection = _connect(path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: kept as a whole at the end, or dropped as a whole by an exception."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def create_books(directory: Path) -> None:
    """Make empty books.

    Raises:
        BooksError: there are books already.
    """
    path = directory / FILE_NAME
    if path.exists():
        raise BooksError(f"{path}: books are here already; remove them first, or choose another directory")
    directory.mkdir(parents=True, exist_ok=True)
    connection = _connect(path)
    try:
        connection.executescript(files(__package__).joinpath("schema.sql").read_text(encoding="utf-8"))
        connection.executemany("INSERT INTO settings VALUES (?, ?)", DEFAULT_SETTINGS.items())
    finally:
        connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing so; only a power cut could cost the last calls of this test bank.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def next_number(db: sqlite3.Connection, counter: str) -> int:
    """The next number of a counter, from 1."""
    row = db.execute(
        "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        (counter,),
    ).fetchone()
    return int(row[0])


def setting(db: sqlite3.Connection, name: str) -> str:
    """The value of a setting of :data:`DEFAULT_SETTINGS`."""
    return str(db.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()[0])


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
