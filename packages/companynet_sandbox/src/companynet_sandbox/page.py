"""The control plane's page: the books as tables."""

from collections.abc import Iterable, Sequence
from html import escape
from sqlite3 import Connection

from companynet_sandbox import views

_STYLE = (
    "body{font:14px/1.4 sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin-bottom:2rem}"
    "th,td{border-bottom:1px solid #ccc;padding:.25rem .75rem;text-align:left}"
    "@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}th,td{border-color:#444}}"
)
_SHOWN = 50


def render(db: Connection) -> str:
    """The page."""
    state = views.state(db)
    accounts = [
        (customer["dik"], customer["name"], item["account"], item["currency"], item["balance"])
        for customer in state["customers"]
        for item in customer["accounts"]
    ]
    sessions = [
        (row["session_id"], row["user"], row["end_time"], row["ended"] or "", ", ".join(row["permissions"]))
        for row in views.sessions(db)
    ]
    orders = [
        (group["group_id"], group["dik"], row["end_to_end_id"], row["creditor_name"], row["amount"], row["currency"],
         row["status"], row["description"])
        for group in views.orders(db)
        for row in group["orders"]
    ]  # fmt: skip
    calls = [
        (row["at"], row["operation"], row["user"] or "", row["dik"] or "", row["outcome"], row["fault"] or "")
        for row in reversed(views.calls(db)[-_SHOWN:])
    ]
    return "".join(
        (
            "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Sandbox bank</title>",
            f"<style>{_STYLE}</style></head><body><h1>Sandbox bank</h1>",
            f"<p>{escape(state['now'])}. Not a real bank.</p>",
            _table("Accounts", ("DIK", "customer", "account", "currency", "balance"), accounts),
            _table("Sessions", ("id", "user", "end", "ended", "DIKs"), sessions),
            _table(
                "Orders",
                ("group", "DIK", "order", "payee", "amount", "currency", "status", "description"),
                orders[-_SHOWN:],
            ),
            _table("Calls", ("time", "operation", "user", "DIK", "outcome", "fault"), calls),
            "</body></html>",
        )
    )


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h2>{escape(title)}</h2><table><tr>{head}</tr>{body}</table>"
