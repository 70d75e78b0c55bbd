"""What people do with orders in CompanyNet: authorise, edit, delete them.  # L-211, L-239"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Any

from companynet_sandbox.bank import execution, order_rows
from companynet_sandbox.bank.checks import check_for_customer
from companynet_sandbox.bank.kinds import kind_of
from companynet_sandbox.bank.order_states import STOPPED, WITH_PEOPLE, TransitionRefused, move
from companynet_sandbox.books.clock import bank_day
from companynet_sandbox.formats import tax
from companynet_sandbox.formats.pain import check

_TO_AUTHORISE = frozenset({"TO_AUTH", "IN_AUTH"})


def find(db: Connection, group: str | None, order: str | None = None) -> list[Row]:
    """Orders of a group (the bank's id or the customer's), or of all; one of them by its EndToEndId."""
    return db.execute(
        "SELECT orders.*, editable FROM orders JOIN order_groups ON order_groups.id = group_id"
        " WHERE (? IS NULL OR group_id = ? OR client_id = ?) AND (? IS NULL OR end_to_end_id = ?) ORDER BY orders.id",
        (group, group, group, order, order),
    ).fetchall()


def authorise(
    db: Connection, now: datetime, group: str | None, order: str | None = None, login: str | None = None
) -> int:
    """Authorise orders that wait for it.

    Args:
        db: in a transaction.
        now: the bank's time.
        group: the bank's id or the customer's; None for all groups.
        order: one of them by its EndToEndId; None for all.
        login: the user who authorises; None for all the people it takes.

    Returns:
        How many orders are authorised now by all who must.

    Raises:
        ValueError: the user is not known, does not act for the customer, or has authorised the order before.
    """
    done = 0
    for row in find(db, group, order):
        if row["status"] not in _TO_AUTHORISE:
            continue
        if login is not None and not _sign(db, now, row, login):
            if row["status"] == "TO_AUTH":
                move(db, row["id"], now, "IN_AUTH")
            continue
        move(db, row["id"], now, "AUTHORIZED")
        execution.begin(db, now, row["id"])
        done += 1
    return done


def deny(db: Connection, now: datetime, group: str | None, order: str | None, reason: str) -> int:
    """Refuse, as the bank, orders that are not carried out yet; how many."""
    able = {"TO_AUTH", "IN_AUTH", "AUTHORIZED", "SIGN_VERIFY", "VALIDATED", "REALIZ", "CONDITIONAL", *STOPPED}
    rows = [row for row in find(db, group, order) if row["status"] in able]
    for row in rows:
        move(db, row["id"], now, "DENIED", reason)
    return len(rows)


def delete(db: Connection, now: datetime, group: str | None, order: str | None) -> int:
    """Delete orders; how many.

    Raises:
        TransitionRefused: one of them is too far for that.
    """
    rows = find(db, group, order)
    for row in rows:
        move(db, row["id"], now, "DELETED", "Usunięte przez użytkownika")
    return len(rows)


def edit(db: Connection, now: datetime, group: str, order: str, changes: Mapping[str, Any]) -> list[str]:
    """Change an order that is with people. Whoever had authorised it must do so again.

    Args:
        db: in a transaction.
        now: the bank's time.
        group: the bank's id or the customer's.
        order: its EndToEndId.
        changes: new values by the names of :class:`companynet_sandbox.formats.pain.Order`.

    Returns:
        What is wrong with it now; if nothing is, it waits for authorisation, else it is TO_EDIT.

    Raises:
        ValueError: there is no such order.
        TransitionRefused: it is not to be edited, or too far for that.
    """
    rows = find(db, group, order)
    if not rows:
        raise ValueError(f"order {order}: not in group {group}")
    row = rows[0]
    if row["status"] not in WITH_PEOPLE or not row["editable"]:
        why = f"is {row['status']}" if row["editable"] else "was sent as not editable"
        raise TransitionRefused(f"order {order}: {why} and cannot be edited")
    changed = replace(order_rows.read(row), **changes)
    if "title" in changes:
        changed = replace(changed, tax=tax.from_title(changed.title))
    kind = kind_of(db, row["dik"], changed)
    findings = [*check(changed), *check_for_customer(db, bank_day(now), row["dik"], changed, kind)]
    if row["status"] != "TO_EDIT":
        move(db, row["id"], now, "TO_EDIT", "Edytowane przez użytkownika")
    order_rows.update(db, row["id"], changed, kind)
    db.execute("DELETE FROM order_signatures WHERE order_id = ?", (row["id"],))
    if not findings:
        move(db, row["id"], now, "TO_AUTH")
    return [f"{item.code}: {item.message}" for item in findings]


def _sign(db: Connection, now: datetime, order: Row, login: str) -> bool:
    """Note that a user has authorised an order; whether as many have as must."""
    if db.execute("SELECT 1 FROM user_diks WHERE login = ? AND dik = ?", (login, order["dik"])).fetchone() is None:
        raise ValueError(f"user {login}: does not act for customer {order['dik']}")
    noted = db.execute(
        "INSERT INTO order_signatures VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (order["id"], login, now.isoformat())
    ).rowcount
    if not noted:
        raise ValueError(f"user {login}: has authorised order {order['end_to_end_id']} already; another one must")
    signed = db.execute("SELECT count(*) FROM order_signatures WHERE order_id = ?", (order["id"],)).fetchone()[0]
    rules = db.execute("SELECT people FROM customer_rules WHERE dik = ?", (order["dik"],)).fetchone()
    return bool(signed >= (rules["people"] if rules else 1))
