"""Entries on accounts."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from sqlite3 import Connection, Row

from companynet_sandbox.accounts.codes import code_of
from companynet_sandbox.books import agenda
from companynet_sandbox.books.clock import bank_day
from companynet_sandbox.books.file import next_number
from companynet_sandbox.books.numbers import from_minor
from companynet_sandbox.formats.mt940 import bank_text, compose, transaction_number, transaction_stem


class PostingRefused(Exception):
    """The entry cannot be booked; the text names the account and says why."""


@dataclass(frozen=True)
class Posting:
    """An entry to book. The amount is in hundredths of the account's currency, signed: + comes in."""

    account: str
    amount: int
    code: str
    fields: tuple[tuple[str, str], ...] = ()
    """Label and value, in order; of :86:."""

    heading: str = ""
    """The first words of :86:; empty for the code's own."""

    booked: date | None = None
    """None for the bank's day, or the first one after it whose statement is not out."""

    valued: date | None = None
    """None for the booking date."""

    type: str = ""
    """Four letters; empty for the code's own."""

    code_name: str = ""
    """In :61:; empty for the code's own."""

    customer_reference: str = ""
    bank_reference: str = ""
    """Empty for one in the code's form."""

    reversal: bool = False


def post(db: Connection, now: datetime, posting: Posting, stem: str = "", leg: int = 1) -> str:
    """Book an entry.

    Args:
        db: in a transaction.
        now: the bank's time.
        posting: the entry.
        stem: of the transaction number, where this is the second leg of a transfer.
        leg: which leg.

    Returns:
        The transaction number.

    Raises:
        PostingRefused: there is no such account, it is closed, or the day has gone out on a statement already.
    """
    account = account_row(db, posting.account)
    if account is None:
        raise PostingRefused(f"account {posting.account}: not in these books")
    if account["closed"]:
        raise PostingRefused(f"account {posting.account}: is closed")
    if posting.amount == 0:
        raise PostingRefused(f"account {posting.account}: an entry of 0.00 is none")
    booked = posting.booked or _open_day(account, bank_day(now))
    if booked.isoformat() <= account["stated_through"]:
        raise PostingRefused(
            f"account {posting.account}: the statement of {account['stated_through']} is out, nothing can be booked "
            f"on {booked} any more; take a later day"
        )
    code = code_of(posting.code)
    counter = next_number(db, "transactions")
    tnr = transaction_number(stem or transaction_stem(booked, counter), leg)
    fields = [(bank_text(label), bank_text(value)) for label, value in posting.fields if value]
    heading = bank_text(posting.heading or code.heading)
    db.execute(
        "INSERT INTO entries (account, booked, valued, amount, reversal, type, code, code_name, customer_reference,"
        " bank_reference, information, tnr, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            posting.account,
            booked.isoformat(),
            (posting.valued or booked).isoformat(),
            posting.amount,
            posting.reversal,
            posting.type or code.type,
            posting.code,
            bank_text(posting.code_name or code.name)[:34],
            bank_text(posting.customer_reference).replace("//", "/")[:16].strip(),
            posting.bank_reference or bank_reference(code.reference, booked, counter),
            compose(posting.code, heading, fields, tnr),
            tnr,
            json.dumps(fields, ensure_ascii=False),
        ),
    )
    if posting.amount > 0:
        _tell_who_awaits_funds(db, now, posting.account)
    return tnr


def _open_day(account: Row, day: date) -> date:
    stated = account["stated_through"]
    return max(day, date.fromisoformat(stated) + timedelta(days=1)) if stated else day


def _tell_who_awaits_funds(db: Connection, now: datetime, account: str) -> None:
    waiting = db.execute(
        "SELECT 1 FROM orders WHERE status = 'CONDITIONAL' AND debtor_account = ? LIMIT 1", (account,)
    ).fetchone()
    if waiting is not None:
        agenda.plan(db, now, "funds", account)


def account_row(db: Connection, number: str) -> Row | None:
    """The account, or None."""
    row: Row | None = db.execute("SELECT * FROM accounts WHERE nrb = ?", (number,)).fetchone()
    return row


def balance(db: Connection, number: str, before: date | None = None) -> int:
    """The balance in hundredths: of all entries, or of those booked before a day."""
    row = db.execute("SELECT opening + turnover FROM accounts WHERE nrb = ?", (number,)).fetchone()
    if before is None:
        return int(row[0])
    # Days asked about are near the end, so what came after is less than what came before.
    later = db.execute(
        "SELECT coalesce(sum(amount), 0) FROM entries WHERE account = ? AND booked >= ?", (number, before.isoformat())
    ).fetchone()
    return int(row[0] - later[0])


def balance_text(db: Connection, number: str) -> str:
    """The balance as text with a point."""
    return from_minor(balance(db, number))


def bank_reference(letters: str, day: date, counter: int) -> str:
    """The bank's reference of an entry, in the form its first letters ask for; at most 16 characters.  # L-203"""
    if letters in {"EL", "SO"}:
        return f"{letters}{counter % 1_000_000:06d}-{(counter * 7 + 19) % 1_000_000:06d}"
    if letters == "MB":
        return f"MB{day:%y%m%d}{counter % 1_000_000:06d}"
    if letters == "FX":
        return f"FX{day:%y%j}{counter % 100_000:05d}"
    if letters == "CC":
        return f"CC{counter % 10**14:014d}"
    return f"{letters}{day:%y%j}{counter % 10**9:09d}"
