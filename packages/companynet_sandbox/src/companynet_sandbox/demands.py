"""Faults on demand: the next so many calls of an operation go wrong in a chosen way."""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from companynet_sandbox import refusal

#: Kinds that answer with a refusal (its code, Polish and English sentence); the work is not done.
REFUSALS: Final = {
    "certificate_refused": (
        refusal.CERTIFICATE_REFUSED,
        "Certyfikat odrzucony (na życzenie)",
        "The certificate is refused (on demand)",
    ),
    "duplicate": (refusal.DUPLICATE_ID, "Duplikat (na życzenie)", "A duplicate id (on demand)"),
    "throttled": (refusal.THROTTLED, "Zbyt wiele wywołań (na życzenie)", "Too many calls (on demand)"),
}

#: What each kind does.
KINDS: Final = {
    "slow": "the work is done, the answer comes late",
    "cut": "the work is done, the answer breaks off in its middle",
    "lost_answer": "the work is done, the connection closes without an answer",
    "garbage": "the work is done, the answer is not XML",
    "http500": "the work is not done, the answer is a page with status 500",
    "session_ended": "the session of the call is ended, the answer is SESSION_INVALID",
    **dict.fromkeys(REFUSALS, "the work is not done, the answer is that fault"),
}


@dataclass(frozen=True)
class Demand:
    """What shall go wrong with this call."""

    kind: str
    seconds: float
    """How late, for ``slow``."""


def add(db: Connection, operation: str, kind: str, *, count: int, skip: int, seconds: float) -> None:
    """Order a fault.

    Args:
        db: in a transaction.
        operation: of the contract, or ``*`` for every one.
        kind: of :data:`KINDS`.
        count: how many calls go wrong.
        skip: how many calls go right before.
        seconds: how late, for ``slow``.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"fault kind {kind!r} is not known; there are {', '.join(KINDS)}")
    if count < 1 or skip < 0:
        raise ValueError(f"count {count} must be 1 or more and skip {skip} 0 or more")
    db.execute(
        "INSERT INTO demands (operation, kind, skip, count, seconds) VALUES (?, ?, ?, ?, ?)",
        (operation, kind, skip, count, seconds),
    )


def take(db: Connection, operation: str) -> Demand | None:
    """The fault ordered for a call of this operation, if any; it counts."""
    row = db.execute(
        "SELECT * FROM demands WHERE operation IN (?, '*') AND count > 0 ORDER BY id LIMIT 1", (operation,)
    ).fetchone()
    if row is None:
        return None
    if row["skip"] > 0:
        db.execute("UPDATE demands SET skip = skip - 1 WHERE id = ?", (row["id"],))
        return None
    db.execute("UPDATE demands SET count = count - 1 WHERE id = ?", (row["id"],))
    db.execute("DELETE FROM demands WHERE count = 0")
    return Demand(row["kind"], row["seconds"])


def clear(db: Connection) -> None:
    """Forget all faults that were ordered."""
    db.execute("DELETE FROM demands")
