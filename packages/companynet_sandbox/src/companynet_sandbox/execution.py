"""The life of orders after they were sent: authorised by people, then carried out by the bank."""

from datetime import date, datetime
from sqlite3 import Connection, Row

from companynet_sandbox.books import next_number
from companynet_sandbox.clock import bank_day
from companynet_sandbox.codes import outgoing_code
from companynet_sandbox.mt940 import transaction_stem
from companynet_sandbox.orders import set_status
from companynet_sandbox.posting import Posting, account_row, balance, post

#: What waits for people, and for its day or for money.  # L-211
_WAITING_FOR_PEOPLE = ("TO_AUTH", "IN_AUTH")
_WAITING_FOR_THE_BANK = ("AUTHORIZED", "IN_REALIZ")


def authorise_orders(db: Connection, now: datetime, group: str | None) -> int:
    """Do what people do in CompanyNet: authorise the orders of a group (the bank's id or the customer's), or all.

    Returns:
        How many orders were authorised.
    """
    rows = _orders(db, _WAITING_FOR_PEOPLE, group)
    for row in rows:
        set_status(db, row["id"], now.isoformat(), "AUTHORIZED")
    return len(rows)


def deny_orders(db: Connection, now: datetime, group: str | None, order: str | None, reason: str) -> int:
    """Refuse orders of a group that are not carried out yet, or one of them by its EndToEndId; how many."""
    rows = [
        row
        for row in _orders(db, (*_WAITING_FOR_PEOPLE, *_WAITING_FOR_THE_BANK), group)
        if order in {None, row["end_to_end_id"]}
    ]
    for row in rows:
        set_status(db, row["id"], now.isoformat(), "DENIED", reason)
    return len(rows)


def book_orders(db: Connection, now: datetime) -> dict[str, int]:
    """Carry out the authorised orders whose day has come.

    Returns:
        How many were ``realized``, ``denied``, and are still ``waiting`` for their day or for money.
    """
    today = bank_day(now)
    counts = {"realized": 0, "denied": 0, "waiting": 0}
    for row in _orders(db, _WAITING_FOR_THE_BANK, None):
        if row["execution_date"] > today.isoformat():
            counts["waiting"] += 1
            continue
        status, description = _carry_out(db, now, today, row)
        if status != row["status"]:
            set_status(db, row["id"], now.isoformat(), status, description)
        counts["waiting" if status == "IN_REALIZ" else status.lower()] += 1
    return counts


def _carry_out(db: Connection, now: datetime, today: date, order: Row) -> tuple[str, str]:
    debtor = account_row(db, order["debtor_account"])
    creditor = account_row(db, order["creditor_account"])
    if debtor is None or debtor["closed"]:
        return "DENIED", "Rachunek zleceniodawcy zamknięty"
    if creditor is not None and creditor["closed"]:
        return "DENIED", "Rachunek odbiorcy zamknięty"
    if creditor is not None and creditor["currency"] != order["currency"]:
        return "DENIED", "Waluta rachunku odbiorcy inna niż waluta zlecenia"
    if balance(db, order["debtor_account"]) < order["amount"]:
        if order["awaiting_funds"]:
            return "IN_REALIZ", "Zlecenie oczekuje na środki"
        return "DENIED", "Brak środków na rachunku"
    _post_legs(db, now, today, order, internal=creditor is not None)
    return "REALIZED", ""


def _post_legs(db: Connection, now: datetime, today: date, order: Row, *, internal: bool) -> None:
    stem = transaction_stem(today, next_number(db, "transactions"))
    reference = _reference(order)
    code = "970" if internal else outgoing_code(order["creditor_account"], order["currency"])
    payee = f"{order['creditor_name']} {order['creditor_address']}".strip()
    post(
        db,
        now,
        Posting(
            account=order["debtor_account"],
            amount=-order["amount"],
            code=code,
            fields=(
                ("NA RACH.", order["creditor_account"]),
                ("DLA", payee),
                ("TYT.", order["title"]),
                ("REF. KLIENTA", order["end_to_end_id"]),
            ),
            customer_reference=reference,
        ),
        stem,
        leg=1,
    )
    if not internal:
        return
    customer = db.execute("SELECT * FROM customers WHERE dik = ?", (order["dik"],)).fetchone()
    post(
        db,
        now,
        Posting(
            account=order["creditor_account"],
            amount=order["amount"],
            code="971",
            fields=(
                ("Z RACH.", order["debtor_account"]),
                ("OD", f"{customer['name']} {customer['address']}".strip()),
                ("TYT.", order["title"]),
            ),
        ),
        stem,
        leg=2,
    )


def _reference(order: Row) -> str:
    """What fits into :61:, the EndToEndId first; an id that had to be cut would be another one."""
    for name in ("end_to_end_id", "instruction_id"):
        if len(order[name]) <= 16:
            return str(order[name])
    return ""


def _orders(db: Connection, statuses: tuple[str, ...], group: str | None) -> list[Row]:
    query = (
        "SELECT orders.*, awaiting_funds FROM orders JOIN order_groups ON order_groups.id = group_id"
        " WHERE instr(?, '|' || status || '|') > 0 AND (? IS NULL OR group_id = ? OR client_id = ?)"
        " ORDER BY orders.id"
    )
    return db.execute(query, (f"|{'|'.join(statuses)}|", group, group, group)).fetchall()
