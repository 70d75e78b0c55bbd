"""What the control plane shows of the books. No secret is in them to be shown."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from sqlite3 import Connection, Row
from typing import Any, Final, Literal

from companynet_sandbox.accounts.posting import balance, balance_text
from companynet_sandbox.books import clock
from companynet_sandbox.books.numbers import from_minor
from companynet_sandbox.books.settings import typed

#: More than any table has rows: a page without a limit.
_ALL: Final = 2**62


@dataclass(frozen=True)
class Page:
    """Which part of a long list is shown, and in which order."""

    order: Literal["oldest", "newest"] = "oldest"
    """What comes first."""

    after: str = ""
    """The id of the last row seen; the page begins after it, in the order asked for. Empty for the beginning."""

    limit: int = _ALL
    """At most so many rows."""


def state(db: Connection) -> dict[str, Any]:
    """Time, settings, customers with accounts and balances, users with DIKs and certificates, ordered faults."""
    found = []
    for customer in db.execute("SELECT * FROM customers ORDER BY dik").fetchall():
        rows = db.execute("SELECT * FROM accounts WHERE dik = ? ORDER BY rowid", (customer["dik"],)).fetchall()
        found.append(
            {"dik": customer["dik"], "name": customer["name"], "accounts": [_account(db, row) for row in rows]}
        )
    return {
        "now": clock.bank_now(db).isoformat(),
        "day": clock.bank_day(clock.bank_now(db)).isoformat(),
        "settings": settings(db),
        "customers": found,
        "users": users(db),
        "faults": faults(db),
    }


def _account(db: Connection, row: Row) -> dict[str, Any]:
    return {
        "account": row["nrb"],
        "currency": row["currency"],
        "balance": balance_text(db, row["nrb"]),
        "closed": bool(row["closed"]),
        "blocked": bool(row["blocked"]),
        "vat_account": row["vat_account"],
        "stated_through": row["stated_through"] or None,
    }


def time(db: Connection) -> dict[str, Any]:
    """The bank's time, its day, its zone, and how far it is from the real time."""
    now = clock.bank_now(db)
    return {
        "now": now.isoformat(),
        "day": clock.bank_day(now).isoformat(),
        "zone": clock.ZONE.key,
        "offset_seconds": int(settings(db)["clock_offset"]),
    }


def customers(db: Connection) -> list[dict[str, Any]]:
    """The customers, with the number of their accounts and not the accounts, which can be many."""
    rows = db.execute(
        "SELECT dik, name, address, (SELECT count(*) FROM accounts WHERE accounts.dik = customers.dik) AS accounts"
        " FROM customers ORDER BY dik"
    ).fetchall()
    return [dict(row) for row in rows]


def accounts(db: Connection, dik: str, page: Page) -> list[dict[str, Any]]:
    """Accounts of a customer, or of all, with balances; ``after`` is an account number."""
    rows = db.execute(
        "SELECT * FROM accounts WHERE (? IN ('', dik))"
        " AND (? = '' OR rowid > (SELECT rowid FROM accounts WHERE nrb = ?)) ORDER BY rowid LIMIT ?",
        (dik, page.after, page.after, page.limit),
    ).fetchall()
    return [{"dik": row["dik"], **_account(db, row)} for row in rows]


def days(db: Connection, account: str, page: Page) -> list[dict[str, Any]]:
    """The days of an account that have entries, the newest first, with their balances; ``after`` is a day."""
    rows = db.execute(
        "SELECT booked, count(*) AS entries, sum(max(amount, 0)) AS credits, sum(min(amount, 0)) AS debits"
        " FROM entries WHERE account = ? AND booked < ? GROUP BY booked ORDER BY booked DESC LIMIT ?",
        (account, page.after or "9999-12-31", page.limit),
    ).fetchall()
    if not rows:
        return []
    closing = balance(db, account, before=date.fromisoformat(rows[0]["booked"]) + timedelta(days=1))
    made = []
    for row in rows:
        opening = closing - row["credits"] - row["debits"]
        made.append(
            {
                "day": row["booked"],
                "entries": row["entries"],
                "opening": from_minor(opening),
                "credits": from_minor(row["credits"]),
                "debits": from_minor(row["debits"]),
                "closing": from_minor(closing),
            }
        )
        closing = opening
    return made


def settings(db: Connection) -> dict[str, Any]:
    """The settings."""
    rows = db.execute("SELECT * FROM settings ORDER BY name")
    return {row["name"]: typed(row["value"]) for row in rows}


def users(db: Connection) -> list[dict[str, Any]]:
    """The bank's users, their DIKs and certificates."""
    made = []
    for row in db.execute("SELECT * FROM users ORDER BY login").fetchall():
        diks = db.execute("SELECT dik FROM user_diks WHERE login = ? ORDER BY dik", (row["login"],))
        found = db.execute(
            "SELECT sha256, subject, valid_to, revoked FROM certificates WHERE login = ? ORDER BY rowid",
            (row["login"],),
        )
        made.append(
            {
                "user": row["login"],
                "name": row["name"],
                "diks": [item["dik"] for item in diks],
                "certificates": [{**dict(item), "revoked": bool(item["revoked"])} for item in found],
            }
        )
    return made


def sessions(db: Connection) -> list[dict[str, Any]]:
    """The background sessions with what they grant; never their tokens."""
    made = []
    for row in db.execute("SELECT * FROM sessions ORDER BY id").fetchall():
        permissions: dict[str, list[str]] = {}
        for item in db.execute(
            "SELECT dik, operation FROM session_permissions WHERE session_id = ? ORDER BY dik, operation",
            (row["id"],),
        ):
            permissions.setdefault(item["dik"], []).append(item["operation"])
        made.append(
            {
                "session_id": row["id"],
                "user": row["login"],
                "certificate": row["certificate"],
                "created": row["created"],
                "end_time": row["end_time"],
                "ended": row["ended"],
                "ended_by": row["ended_by"],
                "permissions": permissions,
            }
        )
    return made


def orders(db: Connection, status: str, group: str, dik: str, page: Page) -> list[dict[str, Any]]:
    """Order groups with their orders and the orders' histories.

    Args:
        db: in a transaction.
        status: only orders in this state, and groups that have such; empty for all.
        group: only this one, by the bank's id or the customer's own; empty for all.
        dik: only this customer's; empty for all.
        page: of groups; ``after`` is a group's id.
    """
    comes, direction = ("<", "DESC") if page.order == "newest" else (">", "ASC")
    rows = db.execute(
        "SELECT * FROM order_groups AS groups WHERE (? IN ('', id, client_id)) AND (? IN ('', dik))"  # noqa: S608 - fixed words
        " AND (? = '' OR EXISTS (SELECT 1 FROM orders WHERE group_id = groups.id AND status = ?))"
        f" AND (? = '' OR rowid {comes} (SELECT rowid FROM order_groups WHERE id = ?))"
        f" ORDER BY rowid {direction} LIMIT ?",
        (group, dik, status, status, page.after, page.after, page.limit),
    ).fetchall()
    return [
        {
            "group_id": row["id"],
            "client_order_group_id": row["client_id"],
            "message_id": row["message_id"],
            "file_name": row["file_name"],
            "dik": row["dik"],
            "user": row["login"],
            "created": row["created"],
            "orders": _orders_of_group(db, row["id"], status),
        }
        for row in rows
    ]


def _orders_of_group(db: Connection, group_id: str, status: str) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT * FROM orders WHERE group_id = ? AND (? IN ('', status)) ORDER BY id", (group_id, status)
    ).fetchall()
    made = []
    for row in rows:
        history = db.execute(
            "SELECT at, status, description FROM order_history WHERE order_id = ? ORDER BY rowid", (row["id"],)
        )
        made.append(
            {
                "instruction_id": row["instruction_id"],
                "end_to_end_id": row["end_to_end_id"],
                "debtor_account": row["debtor_account"],
                "creditor_account": row["creditor_account"],
                "creditor_name": row["creditor_name"],
                "amount": from_minor(row["amount"]),
                "currency": row["currency"],
                "title": row["title"],
                "execution_date": row["execution_date"],
                "kind": row["kind"],
                "status": row["status"],
                "description": row["description"],
                "history": [dict(item) for item in history],
            }
        )
    return made


def calls(db: Connection, operation: str, outcome: str, page: Page) -> list[dict[str, Any]]:
    """Calls of the web service; ``after`` is a call's id. The oldest first without ``after`` are the newest ones.

    Args:
        db: in a transaction.
        operation: only calls of it; empty for all.
        outcome: only calls that ended so; empty for all.
        page: of calls.
    """
    follows = page.order == "oldest" and bool(page.after)
    rows = db.execute(
        "SELECT id, at, operation, login AS user, dik, session_id, outcome, fault FROM calls"  # noqa: S608 - fixed words
        f" WHERE (? IN ('', operation)) AND (? IN ('', outcome)) AND id {'>' if follows else '<'} ?"
        f" ORDER BY id {'ASC' if follows else 'DESC'} LIMIT ?",
        (operation, outcome, int(page.after or _ALL), page.limit),
    ).fetchall()
    shown = rows if follows or page.order == "newest" else reversed(rows)
    return [dict(row) for row in shown]


def entries(db: Connection, account: str, day: date | None, page: Page) -> list[dict[str, Any]]:
    """Booked entries in the order they were booked, or against it; ``after`` is an entry's id.

    Args:
        db: in a transaction.
        account: only its entries; empty for all.
        day: only those booked on it; None for all.
        page: of entries.
    """
    newest = page.order == "newest"
    conditions, values = [f"id {'<' if newest else '>'} ?"], [int(page.after or (_ALL if newest else 0))]
    # Named only where they are given, so that the index of an account's days serves.
    named = {"account": account, "booked": day.isoformat() if day else ""}
    given = {name: value for name, value in named.items() if value}
    conditions += [f"{name} = ?" for name in given]
    rows = db.execute(
        f"SELECT * FROM entries WHERE {' AND '.join(conditions)}"  # noqa: S608 - fixed words
        f" ORDER BY id {'DESC' if newest else 'ASC'} LIMIT ?",
        (*values, *given.values(), page.limit),
    ).fetchall()
    return [
        {
            **dict(row),
            "amount": from_minor(row["amount"]),
            "reversal": bool(row["reversal"]),
            "fields": json.loads(row["fields"]),
        }
        for row in rows
    ]


def order_states(db: Connection) -> list[str]:
    """The states that orders of these books are in."""
    return [row[0] for row in db.execute("SELECT DISTINCT status FROM orders ORDER BY status")]


def call_outcomes(db: Connection) -> list[str]:
    """How calls of these books ended: ``OK`` or the code of a refusal."""
    return [row[0] for row in db.execute("SELECT DISTINCT outcome FROM calls ORDER BY outcome")]


def faults(db: Connection) -> list[dict[str, Any]]:
    """The faults ordered and not yet used up."""
    rows = db.execute(
        "SELECT operation, kind, skip, count, seconds, probability, seed FROM demands ORDER BY id"
    ).fetchall()
    return [dict(row) for row in rows]


def tasks(db: Connection) -> list[dict[str, Any]]:
    """The tasks, and whether their answers were confirmed."""
    rows = db.execute(
        "SELECT id AS task_id, operation, dik, created, polls_left, confirmed FROM tasks ORDER BY rowid"
    ).fetchall()
    return [dict(row) for row in rows]
