"""What the control plane shows of the books. No secret is in them to be shown."""

import json
from sqlite3 import Connection
from typing import Any

from companynet_sandbox import clock
from companynet_sandbox.numbers import from_minor
from companynet_sandbox.posting import balance_text
from companynet_sandbox.settings import typed

#: So many calls are shown, the newest.
_CALLS = 1000


def state(db: Connection) -> dict[str, Any]:
    """Time, settings, customers with accounts and balances, users with DIKs and certificates, ordered faults."""
    customers = []
    for customer in db.execute("SELECT * FROM customers ORDER BY dik").fetchall():
        rows = db.execute("SELECT * FROM accounts WHERE dik = ? ORDER BY rowid", (customer["dik"],)).fetchall()
        accounts = [
            {
                "account": row["nrb"],
                "currency": row["currency"],
                "balance": balance_text(db, row["nrb"]),
                "closed": bool(row["closed"]),
                "blocked": bool(row["blocked"]),
                "vat_account": row["vat_account"],
                "stated_through": row["stated_through"] or None,
            }
            for row in rows
        ]
        customers.append({"dik": customer["dik"], "name": customer["name"], "accounts": accounts})
    return {
        "now": clock.bank_now(db).isoformat(),
        "day": clock.bank_day(clock.bank_now(db)).isoformat(),
        "settings": settings(db),
        "customers": customers,
        "users": users(db),
        "faults": faults(db),
    }


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


def orders(db: Connection) -> list[dict[str, Any]]:
    """The order groups with their orders and the orders' histories."""
    made = []
    for group in db.execute("SELECT * FROM order_groups ORDER BY rowid").fetchall():
        rows = db.execute("SELECT * FROM orders WHERE group_id = ? ORDER BY id", (group["id"],)).fetchall()
        items = []
        for row in rows:
            history = db.execute(
                "SELECT at, status, description FROM order_history WHERE order_id = ? ORDER BY rowid", (row["id"],)
            )
            items.append(
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
        made.append(
            {
                "group_id": group["id"],
                "client_order_group_id": group["client_id"],
                "message_id": group["message_id"],
                "file_name": group["file_name"],
                "dik": group["dik"],
                "user": group["login"],
                "created": group["created"],
                "orders": items,
            }
        )
    return made


def calls(db: Connection) -> list[dict[str, Any]]:
    """The newest calls, the oldest of them first."""
    rows = db.execute(
        "SELECT at, operation, login AS user, dik, session_id, outcome, fault FROM calls ORDER BY id DESC LIMIT ?",
        (_CALLS,),
    ).fetchall()
    return [dict(row) for row in reversed(rows)]


def entries(db: Connection) -> list[dict[str, Any]]:
    """All booked entries in the order they were booked."""
    rows = db.execute("SELECT * FROM entries ORDER BY id").fetchall()
    return [
        {
            **dict(row),
            "amount": from_minor(row["amount"]),
            "reversal": bool(row["reversal"]),
            "fields": json.loads(row["fields"]),
        }
        for row in rows
    ]


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
