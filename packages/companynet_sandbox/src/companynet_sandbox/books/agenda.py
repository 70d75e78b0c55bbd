"""What the bank has to do and when: kept in the books, done in order, each thing once."""

from collections.abc import Iterator
from datetime import datetime
from sqlite3 import Connection, Row


def plan(db: Connection, due: datetime, kind: str, subject: object = "") -> None:
    """Note something to do.

    Args:
        db: in a transaction.
        due: when, UTC, whole seconds.
        kind: a name of :data:`companynet_sandbox.bank.engine.HANDLERS`.
        subject: what it is about, by its id.
    """
    db.execute("INSERT INTO agenda (due, kind, subject) VALUES (?, ?, ?)", (due.isoformat(), kind, str(subject)))


def drop(db: Connection, kind: str, subject: object = "") -> None:
    """Strike what was noted of this kind about this subject."""
    db.execute("DELETE FROM agenda WHERE kind = ? AND subject = ?", (kind, str(subject)))


def is_empty(db: Connection) -> bool:
    """Whether there is nothing to do, now or later."""
    return db.execute("SELECT 1 FROM agenda LIMIT 1").fetchone() is None


def taken(db: Connection, until: datetime) -> Iterator[Row]:
    """Take what is due, one by one, the earliest first; what is noted meanwhile and is due takes its turn."""
    while True:
        row: Row | None = db.execute(
            "SELECT id, due, kind, subject FROM agenda WHERE due <= ? ORDER BY due, id LIMIT 1", (until.isoformat(),)
        ).fetchone()
        if row is None:
            return
        db.execute("DELETE FROM agenda WHERE id = ?", (row["id"],))
        yield row
