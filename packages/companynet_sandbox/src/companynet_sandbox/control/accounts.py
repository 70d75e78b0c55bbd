"""Requests of the control plane about the bank's inner works: accounts, what is on its way, statements."""

from collections.abc import Callable
from sqlite3 import Connection, IntegrityError
from typing import Any, Final
from urllib.parse import parse_qsl

from companynet_sandbox.accounts import reports
from companynet_sandbox.accounts.posting import Posting, account_row
from companynet_sandbox.bank import execution, incoming
from companynet_sandbox.books import clock
from companynet_sandbox.books.numbers import is_nrb
from companynet_sandbox.books.settings import FORMATS
from companynet_sandbox.control.requests import Fields, RequestWrong, as_list, read_incoming


def statement(db: Connection, query: str) -> tuple[str, bytes, str]:
    """One account's statement of one day in a format of :data:`companynet_sandbox.books.settings.FORMATS`.

    Looking at a day so does not close it.

    Args:
        db: in a transaction.
        query: ``account=…&day=YYYY-MM-DD&format=…``; the format is mt940 if not given.

    Returns:
        HTTP status, body, content type.
    """
    fields = Fields(dict(parse_qsl(query)), "statement")
    number, day, form = fields.text("account"), fields.day("day"), fields.text("format", "mt940")
    fields.end()
    account = account_row(db, number)
    if account is None or day is None:
        raise RequestWrong("statement: give an account of these books and a day YYYY-MM-DD")
    if form not in FORMATS:
        raise RequestWrong(f"statement: format {form!r} is not known; there are {', '.join(FORMATS)}")
    body = reports.write(form, [reports.statement_of_day(db, account, day)], clock.bank_now(db))
    kind = "application/xml" if form.startswith("camt") else "text/plain; charset=iso-8859-2"
    return "200 OK", body, kind


def posting_of(
    db: Connection, item: object, place: str, read: Callable[[object, str], tuple[Posting, str]]
) -> Posting:
    """What is asked to be booked.

    Args:
        db: in a transaction.
        item: the JSON value.
        place: names it in errors.
        read: makes a posting of it, and the currency it names or nothing.

    Raises:
        RequestWrong: it cannot be read, or its account is kept in another currency.
    """
    posting, currency = read(item, place)
    account = account_row(db, posting.account)
    if account is not None and currency not in {"", account["currency"]}:
        raise RequestWrong(f"{place}: account {posting.account} is kept in {account['currency']}, not {currency}")
    return posting


def _expected(db: Connection, body: object) -> dict[str, Any]:
    now = clock.bank_now(db)
    arrivals = []
    for index, item in enumerate(as_list(body), 1):
        posting = posting_of(db, item, f"expected {index}", read_incoming)
        arrivals.append(incoming.expect(db, now, posting).isoformat())
    return {"arrivals": arrivals}


def _counterparties(db: Connection, body: object) -> dict[str, Any]:
    """How another bank deals with transfers to an account of its: takes them, returns them later, or refuses them."""
    fields = Fields(body, "counterparty")
    account, behaviour = fields.text("account"), fields.text("behaviour")
    reason = fields.text("reason", "Rachunek odbiorcy nie istnieje")
    fields.end()
    if behaviour not in {"take", "return", "refuse"}:
        raise RequestWrong(f"counterparty: behaviour must be take, return or refuse, is {behaviour!r}")
    db.execute("DELETE FROM counterparties WHERE account = ?", (account,))
    if behaviour != "take":
        db.execute("INSERT INTO counterparties VALUES (?, ?, ?)", (account, behaviour, reason))
    return {"account": account, "behaviour": behaviour}


def _open_account(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "account")
    number, dik, currency = fields.text("account"), fields.text("dik"), fields.text("currency", "PLN")
    opening, of = fields.amount("opening"), fields.text("vat_of", "")
    fields.end()
    if not is_nrb(number):
        raise RequestWrong(f"account {number}: is not a right NRB")
    settlement = account_row(db, of) if of else None
    if of and (
        settlement is None or settlement["dik"] != dik or settlement["currency"] != "PLN" or currency != "PLN"
    ):
        raise RequestWrong(f"account {of}: is no settlement account in PLN of customer {dik}")
    try:
        db.execute(
            "INSERT INTO accounts (nrb, dik, currency, opening) VALUES (?, ?, ?, ?)", (number, dik, currency, opening)
        )
    except IntegrityError:
        raise RequestWrong(f"account {number}: is there already, or customer {dik} is not known") from None
    if of:
        db.execute("UPDATE accounts SET vat_account = ? WHERE nrb = ?", (number, of))
    return {"account": number}


def _block_account(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "account")
    number, blocked = fields.text("account"), fields.flag("blocked")
    fields.end()
    if db.execute("UPDATE accounts SET blocked = ? WHERE nrb = ?", (blocked, number)).rowcount != 1:
        raise RequestWrong(f"account {number}: not in these books")
    released = 0 if blocked else _release(db, "STOP_ACC_C", "debtor_account", number)
    return {"account": number, "blocked": blocked, "released": released}


def _customer_rules(db: Connection, body: object) -> dict[str, Any]:
    """How many people authorise a customer's orders, and whether the customer is blocked; what is absent stays."""
    fields = Fields(body, "customer")
    given = body if isinstance(body, dict) else {}
    dik, people, blocked = fields.text("dik"), fields.number("people", 1), fields.flag("blocked")
    fields.end()
    if people not in {1, 2}:
        raise RequestWrong(f"customer {dik}: people must be 1 or 2, is {people}")
    if db.execute("SELECT 1 FROM customers WHERE dik = ?", (dik,)).fetchone() is None:
        raise RequestWrong(f"customer {dik}: not known")
    db.execute("INSERT INTO customer_rules (dik) VALUES (?) ON CONFLICT DO NOTHING", (dik,))
    if "people" in given:
        db.execute("UPDATE customer_rules SET people = ? WHERE dik = ?", (people, dik))
    released = 0
    if "blocked" in given:
        db.execute("UPDATE customer_rules SET blocked = ? WHERE dik = ?", (blocked, dik))
        released = 0 if blocked else _release(db, "STOP_CUST_C", "dik", dik)
    row = db.execute("SELECT * FROM customer_rules WHERE dik = ?", (dik,)).fetchone()
    return {"dik": dik, "people": row["people"], "blocked": bool(row["blocked"]), "released": released}


def _user_dik(db: Connection, body: object) -> dict[str, Any]:
    """Let a user act for one more customer."""
    fields = Fields(body, "user")
    user, dik = fields.text("user"), fields.text("dik")
    fields.end()
    try:
        db.execute("INSERT INTO user_diks VALUES (?, ?) ON CONFLICT DO NOTHING", (user, dik))
    except IntegrityError:
        raise RequestWrong(f"user {user} or customer {dik} is not known") from None
    return {"user": user, "dik": dik}


def _release(db: Connection, status: str, column: str, value: str) -> int:
    query = f"SELECT id FROM orders WHERE status = ? AND {column} = ? ORDER BY id"  # noqa: S608 - a name of ours
    rows = db.execute(query, (status, value)).fetchall()
    for row in rows:
        execution.release(db, clock.bank_now(db), row["id"])
    return len(rows)


def _agenda(db: Connection) -> list[dict[str, Any]]:
    """What the bank has to do, the next first."""
    rows = db.execute("SELECT due, kind, subject FROM agenda ORDER BY due, id").fetchall()
    return [dict(row) for row in rows]


def _rules(db: Connection) -> list[dict[str, Any]]:
    """Of every customer: how many people authorise, and whether it is blocked."""
    rows = db.execute(
        "SELECT customers.dik, coalesce(people, 1) AS people, coalesce(blocked, 0) AS blocked FROM customers"
        " LEFT JOIN customer_rules ON customer_rules.dik = customers.dik ORDER BY customers.dik"
    ).fetchall()
    return [{**dict(row), "blocked": bool(row["blocked"])} for row in rows]


def _strangers(db: Connection) -> list[dict[str, Any]]:
    """Accounts at other banks that do not simply take what comes."""
    return [dict(row) for row in db.execute("SELECT * FROM counterparties ORDER BY account").fetchall()]


READERS: Final[dict[str, Callable[[Connection], Any]]] = {
    "/agenda": _agenda,
    "/expected": incoming.listed,
    "/customers": _rules,
    "/counterparties": _strangers,
}
WRITERS: Final[dict[str, Callable[[Connection, object], Any]]] = {
    "/expected": _expected,
    "/counterparties": _counterparties,
    "/accounts/open": _open_account,
    "/accounts/block": _block_account,
    "/customers": _customer_rules,
    "/users/diks": _user_dik,
}
