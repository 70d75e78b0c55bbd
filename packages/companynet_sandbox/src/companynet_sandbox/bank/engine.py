"""The bank at work: what has become due since it was last looked at is done, in order, each thing once.

Nothing runs in the background. Every call, and every request of the control plane, first lets the bank catch up
with its clock, in a transaction of its own; what it did bears the moment at which it was due, not that of the call.
"""

from collections.abc import Callable
from datetime import datetime
from sqlite3 import Connection
from typing import Final

from companynet_sandbox.bank import execution, fees, incoming
from companynet_sandbox.books import agenda
from companynet_sandbox.books.clock import bank_now

#: What each kind of thing on the agenda is done by.
HANDLERS: Final[dict[str, Callable[[Connection, datetime, str], None]]] = {
    execution.STEP: execution.step,
    "funds": execution.funds_came,
    "return": execution.return_order,
    incoming.ARRIVAL: incoming.arrive,
    fees.MONTHLY: fees.charge_month,
}


def catch_up(db: Connection, until: datetime | None = None) -> None:
    """Do what is due.

    Args:
        db: in a transaction.
        until: the bank's time; None for now.
    """
    # Most calls find nothing on the agenda, and need not ask the clock.
    if agenda.is_empty(db):
        return
    for item in agenda.taken(db, until or bank_now(db)):
        HANDLERS[item["kind"]](db, datetime.fromisoformat(item["due"]), item["subject"])


def counting(db: Connection, work: Callable[[], None]) -> dict[str, int]:
    """Do some work and count what became of orders.

    Returns:
        How many were ``realized`` and ``denied`` by it, and are still ``waiting`` with the bank.
    """
    last = db.execute("SELECT coalesce(max(rowid), 0) FROM order_history").fetchone()[0]
    work()
    realized, denied = db.execute(
        "SELECT count(*) FILTER (WHERE status IN ('REALIZED', 'REALIZ_AND_COND')),"
        " count(*) FILTER (WHERE status = 'DENIED') FROM order_history WHERE rowid > ?",
        (last,),
    ).fetchone()
    return {"realized": realized, "denied": denied, "waiting": execution.waiting(db)}
