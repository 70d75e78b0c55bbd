"""What is in the books, in figures."""

from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from companynet_sandbox.books import clock
from companynet_sandbox.books.file import FILE_NAME
from companynet_sandbox.control import views

_COUNTED: Final = ("customers", "users", "accounts", "entries", "calls")


def summarise(db: Connection, directory: Path) -> dict[str, Any]:
    """The figures, as values of JSON: sizes in bytes, moments in UTC, days as the bank books them."""
    path = directory / FILE_NAME
    first, last = db.execute("SELECT min(booked), max(booked) FROM entries").fetchone()
    now = clock.bank_now(db)
    sessions = [
        row["ended"] is None and clock.parse_moment(row["end_time"]) > now
        for row in db.execute("SELECT ended, end_time FROM sessions")
    ]
    counts = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _COUNTED}  # noqa: S608
    return {
        "books": str(path),
        "bytes": path.stat().st_size,
        **views.time(db),
        **counts,
        "first_day": first,
        "last_day": last,
        "certificates": db.execute("SELECT count(*) FROM certificates WHERE revoked = 0").fetchone()[0],
        "orders": dict(db.execute("SELECT status, count(*) FROM orders GROUP BY status ORDER BY status").fetchall()),
        "sessions_active": sum(sessions),
        "sessions_ended": len(sessions) - sum(sessions),
        "faults": len(views.faults(db)),
    }


def to_lines(figures: dict[str, Any]) -> list[str]:
    """The figures for people; the time in the bank's zone."""
    now = clock.parse_moment(figures["now"]).astimezone(clock.ZONE)
    offset = figures["offset_seconds"]
    distance = f"{offset:+,} s from the real time" if offset else "the real time"
    days = f", {figures['first_day']} to {figures['last_day']}" if figures["entries"] else ""
    orders = ", ".join(f"{count:,} {status}" for status, count in figures["orders"].items())
    rows = (
        ("books", f"{figures['books']}, {figures['bytes']:,} bytes"),
        ("time", f"{now:%Y-%m-%d %H:%M:%S} {figures['zone']}, {distance}"),
        ("customers", f"{figures['customers']:,} with {figures['accounts']:,} accounts"),
        ("entries", f"{figures['entries']:,}{days}"),
        ("users", f"{figures['users']:,} with {figures['certificates']:,} certificates"),
        ("sessions", f"{figures['sessions_active']:,} active, {figures['sessions_ended']:,} ended"),
        ("orders", orders or "none"),
        ("calls", f"{figures['calls']:,}"),
        ("faults", f"{figures['faults']:,} in wait"),
    )
    return [f"{name:<10} {text}" for name, text in rows]
