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
    # How often a task is answered "not finished" before its result.  # L-219
    "polls": "1",
    "open_days": "false",  # whether statements of the running day are given out too  # L-236
    "finds_own_ids": "true",  # whether getStatus finds a group by the customer's own id  # L-011
    "login_minutes": "15",  # L-231
    "challenge_minutes": "5",  # L-231
    "least_session_days": "0",  # a session is granted for so many days at least, whatever was asked  # L-205
    "confirmations_required": "0",  # L-019
    "clock_offset": "0",  # seconds added to the real time
    # Of statements: mt940, mt942, camt053.02, camt053.08, camt052.02, camt052.08.  # L-229
    "report_format": "mt940",
    # The clearing house takes orders in until these hours, Warsaw: then they leave this bank.  # S-229, L-224
    "elixir_out": "09:30,13:30,16:00",
    # It gives them out to the payees' banks at these: then transfers of other banks come in.  # S-229, L-224
    "elixir_in": "11:00,15:00,17:30",
    "rtgs_hours": "08:00,16:00",  # when Sorbnet and EuroEkspres are open  # L-224
    "foreign_hours": "08:00,15:00",  # when foreign orders are carried out  # L-224
    "processing_seconds": "60",  # from the last authorisation until the bank has verified an order  # L-224
    "await_funds_days": "3",  # how long an order awaits funds after its day  # L-232
    # Fees are in hundredths of the account's currency; they are the sandbox's own.  # L-225
    "fees": "false",  # whether any are taken
    "fee_internal": "0",
    "fee_elixir": "250",
    "fee_instant": "1000",
    "fee_rtgs": "3500",
    "fee_sepa": "500",
    "fee_foreign": "4000",
    "fee_foreign_our": "9000",  # on top, where the payer bears all charges
    "fee_month_account": "4900",
    "fee_month_package": "3500",
}

#: Of the schema and the settings; books of another one are not opened.
SCHEMA_VERSION: Final = 4


class BooksError(Exception):
    """The books cannot be opened or made; the text names the place and what to do."""


class Books:
    """Open books. May be used by several threads; they take turns.

    Args:
        directory: where :func:`create_books` made them.

    Raises:
        BooksError: there are none, another version made them, or the file is something else.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / FILE_NAME
        if not path.is_file():
            raise BooksError(
                f"{path}: no books here; make them with companynet-sandbox init --dir {directory} --demo"
            )
        self._lock = threading.Lock()
        try:
            self._connection = _connect(path)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise BooksError(f"{path}: cannot be read as books ({error})") from None
        if version != SCHEMA_VERSION:
            self._connection.close()
            raise BooksError(f"{path}: made by another version of the sandbox; remove the books and make new ones")

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
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.executemany("INSERT INTO settings VALUES (?, ?)", DEFAULT_SETTINGS.items())
    finally:
        connection.close()


def remove_books(directory: Path) -> None:
    """Remove the books, if there are any.

    Raises:
        BooksError: a bank is running on them, or the file is none of books.
    """
    path = directory / FILE_NAME
    if not path.exists():
        return
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        # Leaving WAL takes the file for itself alone, which fails while anybody else has it open.
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError:
        raise BooksError(f"{path}: a bank is running on these books; stop it first") from None
    except sqlite3.DatabaseError as error:
        raise BooksError(f"{path}: is no file of books ({error}); nothing was removed") from None
    finally:
        connection.close()
    path.unlink()


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
