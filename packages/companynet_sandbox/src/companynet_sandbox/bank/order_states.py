"""The states of an order, in the bank's own keys, and the one table of the ways between them.

The keys are the bank's; what each means and which follows which is our reading of them.  # L-211
"""

from datetime import datetime
from sqlite3 import Connection
from typing import Final

#: Every key, with what it means here.
MEANING: Final = {
    "TO_EDIT": "something in it is wrong: a person must edit it",
    "TO_AUTH": "waits for a person to authorise it",
    "IN_AUTH": "handed on for authorisation, or authorised by the first of two people",
    "AUTHORIZED": "authorised by all who must",
    "SIGN_VERIFY": "the bank verifies the authorisation",
    "VALIDATED": "the bank found it right",
    "REALIZ": "waits for its day and its session",
    "IN_REALIZ": "is being carried out",
    "CONDITIONAL": "awaits funds",
    "PROCESSED": "booked on the payer's account",
    "CONFIRMED": "taken by the payee's bank",
    "STOPPED": "stopped by the bank for a reason of its own",
    "STOP_CUST_C": "stopped because the customer is blocked",
    "STOP_ACC_C": "stopped because the account is blocked",
    "DELETED": "deleted by a person",
    "REALIZED": "carried out",
    "DENIED": "refused, nothing of it is booked",
    "REALIZ_AND_COND": "carried out after it had awaited funds",
}

_STOPS: Final = frozenset({"STOPPED", "STOP_CUST_C", "STOP_ACC_C"})
_PEOPLE: Final = frozenset({"TO_EDIT", "AUTHORIZED", "DELETED", "DENIED"})

#: What may follow each key; the empty one is an order that has just come.
TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    "": frozenset({"TO_EDIT", "TO_AUTH", "IN_AUTH"}),
    "TO_EDIT": frozenset({"TO_AUTH", "DELETED"}),
    "TO_AUTH": _PEOPLE | {"IN_AUTH"},
    "IN_AUTH": _PEOPLE | {"TO_AUTH"},
    "AUTHORIZED": frozenset({"SIGN_VERIFY", "DENIED"}),
    "SIGN_VERIFY": frozenset({"VALIDATED", "DENIED"}),
    "VALIDATED": _STOPS | {"REALIZ", "DENIED"},
    "REALIZ": _STOPS | {"IN_REALIZ", "DELETED", "DENIED"},
    "IN_REALIZ": frozenset({"PROCESSED", "CONDITIONAL", "DENIED"}),
    "CONDITIONAL": _STOPS | {"IN_REALIZ", "DELETED", "DENIED"},
    "PROCESSED": frozenset({"CONFIRMED"}),
    "CONFIRMED": frozenset({"REALIZED", "REALIZ_AND_COND"}),
    "STOPPED": frozenset({"REALIZ", "DENIED"}),
    "STOP_CUST_C": frozenset({"REALIZ", "DENIED"}),
    "STOP_ACC_C": frozenset({"REALIZ", "DENIED"}),
    "DELETED": frozenset(),
    "REALIZED": frozenset(),
    "DENIED": frozenset(),
    "REALIZ_AND_COND": frozenset(),
}

FINAL: Final = frozenset(key for key, following in TRANSITIONS.items() if key and not following)
#: The money has left.
CARRIED_OUT: Final = frozenset({"REALIZED", "REALIZ_AND_COND"})
#: People decide.
WITH_PEOPLE: Final = frozenset({"TO_EDIT", "TO_AUTH", "IN_AUTH"})
#: Stopped until someone at the bank lets it go on.
STOPPED: Final = _STOPS
#: The bank works on it, or will when its time comes.
WITH_THE_BANK: Final = frozenset(MEANING) - FINAL - WITH_PEOPLE - STOPPED


class TransitionRefused(Exception):
    """An order cannot go from its state to the one asked for; the text names both."""


def allowed(now_in: str, to: str) -> bool:
    """Whether an order may go from one state to another."""
    return to in TRANSITIONS[now_in]


def move(db: Connection, order_id: int, at: datetime, status: str, description: str = "") -> None:
    """Give an order its next state and write it into its history.

    Raises:
        TransitionRefused: the table has no such way.
    """
    row = db.execute("SELECT status, end_to_end_id FROM orders WHERE id = ?", (order_id,)).fetchone()
    if not allowed(row["status"], status):
        raise TransitionRefused(f"order {row['end_to_end_id']}: is {row['status']} and cannot become {status}")
    db.execute("UPDATE orders SET status = ?, description = ? WHERE id = ?", (status, description, order_id))
    db.execute("INSERT INTO order_history VALUES (?, ?, ?, ?)", (order_id, at.isoformat(), status, description))


def enter(db: Connection, order_id: int, at: datetime, status: str) -> None:
    """Begin the history of an order that was just written with its first state.

    Raises:
        TransitionRefused: no order begins so.
    """
    if not allowed("", status):
        raise TransitionRefused(f"no order begins as {status}")
    db.execute("INSERT INTO order_history VALUES (?, ?, ?, '')", (order_id, at.isoformat(), status))


def awaited_funds(db: Connection, order_id: int) -> bool:
    """Whether an order has been CONDITIONAL."""
    found = db.execute(
        "SELECT 1 FROM order_history WHERE order_id = ? AND status = 'CONDITIONAL'", (order_id,)
    ).fetchone()
    return found is not None
