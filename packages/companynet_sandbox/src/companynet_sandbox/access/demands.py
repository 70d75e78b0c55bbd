"""Faults on demand: calls of an operation go wrong in a chosen way, the next so many or some by chance.

Chance is a sequence that the seed alone decides; how far it has been drawn is kept in the books, so that the bank
goes on with it after a restart.
"""

import hashlib
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Final

from companynet_sandbox.access import refusal

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
    "done_empty_fault": "the work is done, the answer is a fault with nothing in it",
    "done_unknown_fault": "the work is done, the answer is a fault with a code that is on no list",
    "done_client_fault": "the work is done, the answer is a bare fault soap:Client",
    "done_server_fault": "the work is done, the answer is a bare fault soap:Server",
    "done_http404": "the work is done, the answer is a page with status 404",
    "done_http429": "the work is done, the answer is status 429 with Retry-After",
    "done_http502": "the work is done, the answer is a balancer's page with status 502",
    "done_http503": "the work is done, the answer is a balancer's page with status 503",
    "done_redirect": "the work is done, the answer is a redirect",
    "done_page": "the work is done, the answer is an HTML page with status 200",
    "unknown_fault": "the work is not done, the answer is a fault with a code that is on no list",
    "closed": "the work is not done, the connection closes without an answer",
    "http500": "the work is not done, the answer is a page with status 500",
    "http429": "the work is not done, the answer is status 429 with Retry-After",
    "http503": "the work is not done, the answer is status 503 with Retry-After",
    "session_ended": "the session or login of the call is ended, the answer is SESSION_INVALID",
    **dict.fromkeys(REFUSALS, "the work is not done, the answer is that fault"),
}


@dataclass(frozen=True)
class Demand:
    """What shall go wrong with this call."""

    kind: str
    seconds: float
    """How late, for ``slow``."""


def add(
    db: Connection,
    operation: str,
    kind: str,
    *,
    count: int | None,
    skip: int,
    seconds: float,
    probability: float = 1,
    seed: str = "",
) -> None:
    """Order a fault.

    Args:
        db: in a transaction.
        operation: of the contract, or ``*`` for every one.
        kind: of :data:`KINDS`.
        count: how many calls go wrong; None for no end.
        skip: how many calls go right before.
        seconds: how late, for ``slow``.
        probability: how likely each call goes wrong, above 0 and at most 1.
        seed: decides which do, where the probability is below 1.

    Raises:
        ValueError: there is no such kind, or the numbers make no sense.
    """
    if kind not in KINDS:
        raise ValueError(f"fault kind {kind!r} is not known; there are {', '.join(KINDS)}")
    if (count is not None and count < 1) or skip < 0:
        raise ValueError(f"count {count} must be 1 or more and skip {skip} 0 or more")
    db.execute(
        "INSERT INTO demands (operation, kind, skip, count, seconds, probability, seed) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (operation, kind, skip, count, seconds, probability, seed),
    )


def take(db: Connection, operation: str) -> Demand | None:
    """The fault that a call of this operation has, if any; the first one ordered that strikes. It counts."""
    rows = db.execute("SELECT * FROM demands WHERE operation IN (?, '*') ORDER BY id", (operation,)).fetchall()
    for row in rows:
        if row["skip"] > 0:
            db.execute("UPDATE demands SET skip = skip - 1 WHERE id = ?", (row["id"],))
            # One that will surely strike makes those after it wait for their turn.
            if row["probability"] == 1:
                return None
            continue
        if not _strikes(db, row):
            continue
        db.execute("UPDATE demands SET count = count - 1 WHERE id = ?", (row["id"],))
        db.execute("DELETE FROM demands WHERE count = 0")
        return Demand(row["kind"], row["seconds"])
    return None


def draw(seed: str, number: int) -> float:
    """The number of a seed's sequence at a place: 0 up to, not including, 1."""
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:6]) / 2**48


def _strikes(db: Connection, row: Row) -> bool:
    if row["probability"] == 1:
        return True
    db.execute("UPDATE demands SET drawn = drawn + 1 WHERE id = ?", (row["id"],))
    return draw(row["seed"], row["drawn"]) < float(row["probability"])


def clear(db: Connection) -> None:
    """Forget all faults that were ordered."""
    db.execute("DELETE FROM demands")
