"""How the bank carries orders out, step by step, each when its time has come.  # L-211"""

from datetime import datetime, time, timedelta
from sqlite3 import Connection, Row
from typing import Final

from companynet_sandbox.accounts.posting import account_row, balance
from companynet_sandbox.bank import bookings, fees
from companynet_sandbox.bank.kinds import KINDS
from companynet_sandbox.bank.order_states import FINAL, WITH_THE_BANK, awaited_funds, move
from companynet_sandbox.books import agenda
from companynet_sandbox.books.bankdays import moment, next_bank_day, next_opening, next_session, parse_hours
from companynet_sandbox.books.clock import bank_day
from companynet_sandbox.books.file import setting
from companynet_sandbox.books.settings import number

#: The name of an order's next step on the agenda.
STEP: Final = "order"
_MIDNIGHT: Final = time(0)


def order_row(db: Connection, order_id: int) -> Row:
    """An order with what its group says of it."""
    row: Row = db.execute(
        "SELECT orders.*, awaiting_funds, editable, client_id FROM orders JOIN order_groups"
        " ON order_groups.id = group_id WHERE orders.id = ?",
        (order_id,),
    ).fetchone()
    return row


def begin(db: Connection, now: datetime, order_id: int) -> None:
    """Note that the bank looks at an order that people have authorised."""
    agenda.plan(db, now + timedelta(seconds=number(db, "processing_seconds")), STEP, order_id)


def step(db: Connection, now: datetime, subject: str) -> None:
    """Take an order its next step. One that is final, or with people, has none."""
    order = order_row(db, int(subject))
    agenda.drop(db, STEP, order["id"])
    status = order["status"]
    if status == "AUTHORIZED":
        move(db, order["id"], now, "SIGN_VERIFY")
        move(db, order["id"], now, "VALIDATED")
        if not _stopped(db, now, order):
            release(db, now, order["id"])
    elif status in {"REALIZ", "CONDITIONAL"}:
        _carry_out(db, now, order)
    elif status == "PROCESSED":
        _confirm(db, now, order)


def release(db: Connection, now: datetime, order_id: int) -> None:
    """Let an order that was stopped wait for its time again."""
    move(db, order_id, now, "REALIZ")
    agenda.plan(db, due(db, order_row(db, order_id), now), STEP, order_id)


def replan(db: Connection, now: datetime) -> None:
    """Note the steps of waiting orders anew, after hours were changed."""
    for row in db.execute("SELECT id FROM orders WHERE status = 'REALIZ' ORDER BY id").fetchall():
        agenda.drop(db, STEP, row["id"])
        agenda.plan(db, due(db, order_row(db, row["id"]), now), STEP, row["id"])


def funds_came(db: Connection, now: datetime, account: str) -> None:
    """Try the orders again that await funds on an account."""
    rows = db.execute(
        "SELECT id FROM orders WHERE status = 'CONDITIONAL' AND debtor_account = ? ORDER BY id", (account,)
    ).fetchall()
    for row in rows:
        agenda.drop(db, STEP, row["id"])
        agenda.plan(db, due(db, order_row(db, row["id"]), now), STEP, row["id"])


def book_orders(db: Connection, now: datetime) -> None:
    """Carry out at once all orders with the bank whose day has come, as if every session were held now."""
    today = bank_day(now).isoformat()
    for order_id in _with_the_bank(db):
        order = order_row(db, order_id)
        status = ""
        while order["status"] not in {status, *FINAL} and (
            order["execution_date"] <= today or order["status"] == "AUTHORIZED"
        ):
            status = order["status"]
            step(db, now, str(order_id))
            order = order_row(db, order_id)


def waiting(db: Connection) -> int:
    """How many orders are with the bank and not carried out yet."""
    return len(_with_the_bank(db))


def due(db: Connection, order: Row, ready: datetime) -> datetime:
    """When an order leaves that is ready at a moment: not before its day, and when its way is open."""
    day = datetime.fromisoformat(order["execution_date"]).date()
    earliest = max(ready, moment(day, _MIDNIGHT))
    way = KINDS[order["kind"]].way
    if way == "elixir":
        return next_session(earliest, parse_hours(setting(db, "elixir_out")))
    if way in {"rtgs", "foreign"}:
        return next_opening(earliest, *parse_hours(setting(db, f"{way}_hours")))
    return earliest


def _stopped(db: Connection, now: datetime, order: Row) -> bool:
    """Stop an order whose customer or account is blocked; whether it was."""
    rules = db.execute("SELECT blocked FROM customer_rules WHERE dik = ?", (order["dik"],)).fetchone()
    account = account_row(db, order["debtor_account"])
    if rules is not None and rules["blocked"]:
        move(db, order["id"], now, "STOP_CUST_C", "Klient zablokowany")
    elif account is not None and account["blocked"]:
        move(db, order["id"], now, "STOP_ACC_C", "Rachunek zablokowany")
    else:
        return False
    return True


def _carry_out(db: Connection, now: datetime, order: Row) -> None:
    if _stopped(db, now, order):
        return
    covered = _is_covered(db, order)
    if order["status"] == "CONDITIONAL" and not covered:
        _lack_funds(db, now, order)
        return
    move(db, order["id"], now, "IN_REALIZ")
    reason = _refusal(db, order)
    if reason:
        move(db, order["id"], now, "DENIED", reason)
        return
    if not covered:
        _lack_funds(db, now, order)
        return
    bookings.book(db, now, order)
    move(db, order["id"], now, "PROCESSED")
    if KINDS[order["kind"]].way == "foreign":
        opens, _closes = parse_hours(setting(db, "foreign_hours"))
        agenda.plan(db, moment(next_bank_day(bank_day(now)), opens), STEP, order["id"])
    else:
        _confirm(db, now, order)


def _refusal(db: Connection, order: Row) -> str:
    """Why an order is refused; empty if it is not."""
    debtor = account_row(db, order["debtor_account"])
    creditor = account_row(db, order["creditor_account"])
    if debtor is None or debtor["closed"]:
        return "Rachunek zleceniodawcy zamknięty"
    if creditor is not None and creditor["closed"]:
        return "Rachunek odbiorcy zamknięty"
    if creditor is not None and creditor["currency"] != order["currency"]:
        return "Waluta rachunku odbiorcy inna niż waluta zlecenia"
    return _counterparty(db, order, "refuse")


def _is_covered(db: Connection, order: Row) -> bool:
    needed = order["amount"] + fees.of_order(db, order)
    return bool(balance(db, order["debtor_account"]) + bookings.vat_part(db, order) >= needed)


def _lack_funds(db: Connection, now: datetime, order: Row) -> None:
    day = datetime.fromisoformat(order["execution_date"]).date()
    last = moment(day + timedelta(days=number(db, "await_funds_days") + 1), _MIDNIGHT)
    if not order["awaiting_funds"] or now >= last:
        move(db, order["id"], now, "DENIED", "Brak środków na rachunku")
        return
    if order["status"] != "CONDITIONAL":
        move(db, order["id"], now, "CONDITIONAL", "Zlecenie oczekuje na środki")
    agenda.plan(db, last, STEP, order["id"])


def _confirm(db: Connection, now: datetime, order: Row) -> None:
    move(db, order["id"], now, "CONFIRMED")
    move(db, order["id"], now, "REALIZ_AND_COND" if awaited_funds(db, order["id"]) else "REALIZED")
    if _counterparty(db, order, "return"):
        # What the payee's bank does not want comes back by the first session of its next day.  # L-226
        first = parse_hours(setting(db, "elixir_in"))[0]
        agenda.plan(db, moment(next_bank_day(bank_day(now)), first), "return", order["id"])


def _counterparty(db: Connection, order: Row, behaviour: str) -> str:
    row = db.execute(
        "SELECT reason FROM counterparties WHERE account = ? AND behaviour = ?",
        (order["creditor_account"], behaviour),
    ).fetchone()
    return str(row["reason"]) if row is not None else ""


def return_order(db: Connection, now: datetime, subject: str) -> None:
    """Give the money of an order back that the payee's bank has returned."""
    order = order_row(db, int(subject))
    bookings.book_return(db, now, order, _counterparty(db, order, "return"))


def _with_the_bank(db: Connection) -> list[int]:
    marks = ", ".join("?" * len(WITH_THE_BANK))
    query = f"SELECT id FROM orders WHERE status IN ({marks}) ORDER BY id"  # noqa: S608 - only marks
    return [row["id"] for row in db.execute(query, tuple(sorted(WITH_THE_BANK)))]
