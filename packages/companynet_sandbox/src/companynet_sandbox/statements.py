"""Statements of a customer's accounts: made when they are asked for, fetched by polling."""

import base64
import gzip
from datetime import date, timedelta
from sqlite3 import Connection

from lxml import etree

from companynet_sandbox import mt940, refusal
from companynet_sandbox.books import setting
from companynet_sandbox.clock import bank_day
from companynet_sandbox.contract import flag_text, node
from companynet_sandbox.guard import Call, authorise
from companynet_sandbox.posting import balance
from companynet_sandbox.refusal import Refusal
from companynet_sandbox.tasks import open_task, poll_task


def get_mt940_ex(call: Call) -> etree._Element:
    """Make the statements of all the customer's accounts for the days asked for that had entries.

    A day is given out when it is over, unless the setting ``open_days`` says otherwise; from then on nothing can be
    booked on it any more.
    """
    dik = authorise(call)
    # A day of the schema may carry a zone, which says nothing here.
    first = date.fromisoformat(call.request.text("from")[:10])
    last = date.fromisoformat(call.request.text("to")[:10])
    if last < first:
        raise Refusal(
            refusal.REQUEST_INVALID, "Data końcowa przed początkową", f"The days {first} to {last} run backwards"
        )
    today = bank_day(call.now)
    newest = today if setting(call.db, "open_days") == "true" else today - timedelta(days=1)
    days = call.db.execute(
        "SELECT DISTINCT booked FROM entries JOIN accounts ON nrb = account WHERE dik = ? AND booked BETWEEN ? AND ?"
        " ORDER BY booked",
        (dik, first.isoformat(), min(last, newest).isoformat()),
    ).fetchall()
    reports = []
    for row in days:
        content = report_of_day(call.db, dik, date.fromisoformat(row["booked"]), today)
        if call.request.flag("compressed"):
            content = gzip.compress(content, mtime=0)
        # XML has no place for 0x01 and 0x03, so the bytes travel as base64.  # L-214
        reports.append(base64.b64encode(content).decode())
    task_id = open_task(call, {"reports": reports})
    return node("getMT940ExResponse", node("return", task_id))


def check_get_mt940_result(call: Call) -> etree._Element:
    """Say whether the statements are ready, and give them out."""
    answer = poll_task(call, "getMT940Ex")
    result = node("return", node("finished", flag_text(answer is not None)))
    if answer is not None:
        result.append(node("reports", *(node("Report", node("content", content)) for content in answer["reports"])))
    return node("checkGetMT940ResultResponse", result)


def report_of_day(db: Connection, dik: str, day: date, today: date) -> bytes:
    """The blocks of all the customer's accounts that had entries on a day."""
    accounts = db.execute(
        "SELECT DISTINCT nrb, currency FROM accounts JOIN entries ON account = nrb"
        " WHERE dik = ? AND booked = ? ORDER BY nrb",
        (dik, day.isoformat()),
    ).fetchall()
    blocks = []
    for account in accounts:
        blocks.append(mt940.write(statement_of_day(db, account["nrb"], account["currency"], day)))
        if day < today:
            db.execute(
                "UPDATE accounts SET stated_through = max(stated_through, ?) WHERE nrb = ?",
                (day.isoformat(), account["nrb"]),
            )
    return b"".join(blocks)


def statement_of_day(db: Connection, account: str, currency: str, day: date) -> mt940.StatementDay:
    """One account's statement. Its number runs within the year.  # L-210"""
    rows = db.execute(
        "SELECT * FROM entries WHERE account = ? AND booked = ? ORDER BY id", (account, day.isoformat())
    ).fetchall()
    number = db.execute(
        "SELECT count(DISTINCT booked) FROM entries WHERE account = ? AND booked BETWEEN ? AND ?",
        (account, f"{day.year}-01-01", day.isoformat()),
    ).fetchone()[0]
    entries = [
        mt940.StatementEntry(
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
        )
        for row in rows
    ]
    return mt940.StatementDay(account, currency, day, number, balance(db, account, before=day), entries)
