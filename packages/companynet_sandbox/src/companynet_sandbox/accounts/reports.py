"""One account's day out of the books, and a day's report in any of the formats: always the same entries."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from sqlite3 import Connection, Row
from typing import Final

from companynet_sandbox.accounts.posting import balance
from companynet_sandbox.books.clock import bank_day, bank_now
from companynet_sandbox.books.file import setting
from companynet_sandbox.formats import camt, mt940, mt942

#: Formats that tell of a day so far: they close nothing.
INTERIM: Final = frozenset({"mt942", "camt052.02", "camt052.08"})


def write(form: str, statements: Sequence[mt940.StatementDay], now: datetime) -> bytes:
    """A report in a format of :data:`companynet_sandbox.books.settings.FORMATS`.

    Args:
        form: the format.
        statements: of one day, a statement for each account.
        now: the bank's time, UTC.
    """
    if form == "mt940":
        return b"".join(mt940.write(statement) for statement in statements)
    if form == "mt942":
        return b"".join(mt942.write(statement, now) for statement in statements)
    message, version = form.removeprefix("camt").split(".")
    return camt.write(message, version, statements, now)


def statement_of_day(db: Connection, account: Row, day: date) -> mt940.StatementDay:
    """One account's statement. Its number runs within the year.  # L-210

    Args:
        db: in a transaction.
        account: the account's row.
        day: booked on this day.
    """
    rows = db.execute(
        "SELECT * FROM entries WHERE account = ? AND booked = ? ORDER BY id", (account["nrb"], day.isoformat())
    ).fetchall()
    number = db.execute(
        "SELECT count(DISTINCT booked) FROM entries WHERE account = ? AND booked BETWEEN ? AND ?",
        (account["nrb"], f"{day.year}-01-01", day.isoformat()),
    ).fetchone()[0]
    owner = db.execute("SELECT name FROM customers WHERE dik = ?", (account["dik"],)).fetchone()[0]
    return mt940.StatementDay(
        account["nrb"],
        account["currency"],
        day,
        number,
        balance(db, account["nrb"], before=day),
        [_entry(row) for row in rows],
        owner,
    )


def reports_of_days(db: Connection, dik: str, first: date, last: date, now: datetime) -> Iterator[bytes]:
    """A report for each day on which the customer's accounts had entries, in the format of ``report_format``.

    A day is given out when it is over, unless the setting ``open_days`` says otherwise or the format is one of a day
    so far; from then on nothing can be booked on it any more.  # L-236, L-229

    Args:
        db: in a transaction.
        dik: the customer.
        first: the first day.
        last: the last one; included.
        now: the bank's time, UTC.
    """
    today = bank_day(now)
    form = setting(db, "report_format")
    so_far = form in INTERIM or setting(db, "open_days") == "true"
    newest = today if so_far else today - timedelta(days=1)
    days = db.execute(
        "SELECT DISTINCT booked FROM entries JOIN accounts ON nrb = account WHERE dik = ? AND booked BETWEEN ? AND ?"
        " ORDER BY booked",
        (dik, first.isoformat(), min(last, newest).isoformat()),
    ).fetchall()
    for row in days:
        yield report_of_day(db, dik, date.fromisoformat(row["booked"]), today, form=form, now=now)


def report_of_day(
    db: Connection, dik: str, day: date, today: date, *, form: str = "mt940", now: datetime | None = None
) -> bytes:
    """The statements of all the customer's accounts that had entries on a day.

    A day that is over is closed by it, unless the format is one of a day so far.

    Args:
        db: in a transaction.
        dik: the customer.
        day: booked on this day.
        today: the bank's day.
        form: of :data:`companynet_sandbox.books.settings.FORMATS`.
        now: the bank's time, UTC; None for the clock's.
    """
    accounts = db.execute(
        "SELECT * FROM accounts WHERE dik = ?"
        " AND EXISTS (SELECT 1 FROM entries WHERE account = nrb AND booked = ?) ORDER BY nrb",
        (dik, day.isoformat()),
    ).fetchall()
    made = [statement_of_day(db, account, day) for account in accounts]
    if day < today and form not in INTERIM:
        db.executemany(
            "UPDATE accounts SET stated_through = max(stated_through, ?) WHERE nrb = ?",
            [(day.isoformat(), account["nrb"]) for account in accounts],
        )
    return write(form, made, now or bank_now(db))


def _entry(row: Row) -> mt940.StatementEntry:
    return mt940.StatementEntry(
        booked=date.fromisoformat(row["booked"]),
        valued=date.fromisoformat(row["valued"]),
        amount=row["amount"],
        reversal=bool(row["reversal"]),
        type=row["type"],
        code=row["code"],
        code_name=row["code_name"],
        customer_reference=row["customer_reference"],
        bank_reference=row["bank_reference"],
        information=row["information"],
        tnr=row["tnr"],
        fields=tuple((label, value) for label, value in json.loads(row["fields"])),
    )
