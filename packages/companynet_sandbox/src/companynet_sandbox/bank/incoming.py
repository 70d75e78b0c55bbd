"""Transfers from other banks that are on their way: booked when their session brings them."""

import json
from dataclasses import asdict
from datetime import date, datetime
from sqlite3 import Connection
from typing import Any, Final

from companynet_sandbox.accounts.posting import Posting, PostingRefused, account_row, post
from companynet_sandbox.books import agenda
from companynet_sandbox.books.bankdays import next_opening, next_session, parse_hours
from companynet_sandbox.books.file import setting
from companynet_sandbox.books.numbers import from_minor

#: The name of an arrival on the agenda.
ARRIVAL: Final = "arrival"
#: Sorbnet brings single transfers all through its hours.  # L-209, L-224
_RTGS_CODES: Final = {"771"}


def expect(db: Connection, now: datetime, posting: Posting) -> datetime:
    """Note a transfer that another bank has sent.

    Args:
        db: in a transaction.
        now: when it was sent.
        posting: what will be booked; its booking date is that of the arrival.

    Returns:
        When it will arrive.

    Raises:
        PostingRefused: there is no such account.
    """
    if account_row(db, posting.account) is None:
        raise PostingRefused(f"account {posting.account}: not in these books")
    if posting.code in _RTGS_CODES:
        arrival = next_opening(now, *parse_hours(setting(db, "rtgs_hours")))
    else:
        arrival = next_session(now, parse_hours(setting(db, "elixir_in")))
    values = {
        name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(posting).items()
    }
    cursor = db.execute("INSERT INTO expected (posting) VALUES (?)", (json.dumps(values, ensure_ascii=False),))
    agenda.plan(db, arrival, ARRIVAL, cursor.lastrowid)
    return arrival


def arrive(db: Connection, now: datetime, subject: str) -> None:
    """Book a transfer that arrives. One for a closed account goes back to where it came from: nothing is booked."""
    row = db.execute("SELECT posting FROM expected WHERE id = ?", (subject,)).fetchone()
    values = json.loads(row["posting"])
    values["fields"] = tuple((label, value) for label, value in values["fields"])
    values["valued"] = date.fromisoformat(values["valued"]) if values["valued"] else None
    posting = Posting(**{**values, "booked": None})
    try:
        outcome = post(db, now, posting)
    except PostingRefused as error:
        outcome = f"sent back: {error}"
    db.execute("UPDATE expected SET outcome = ? WHERE id = ?", (outcome, subject))


def listed(db: Connection) -> list[dict[str, Any]]:
    """All transfers that were or are on their way: account, amount, when due, and what came of them."""
    rows = db.execute(
        "SELECT expected.*, due FROM expected LEFT JOIN agenda ON kind = ? AND subject = expected.id"
        " ORDER BY expected.id",
        (ARRIVAL,),
    ).fetchall()
    made = []
    for row in rows:
        values = json.loads(row["posting"])
        made.append(
            {
                "account": values["account"],
                "amount": from_minor(values["amount"]),
                "due": row["due"],
                "outcome": row["outcome"],
            }
        )
    return made
