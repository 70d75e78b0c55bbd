"""The entries an order makes: the payer's, the payee's if the account is in these books, the VAT part, the fee.

Codes of the payee's side and labels: L-223, L-242.
"""

import json
from datetime import datetime
from sqlite3 import Connection, Row

from companynet_sandbox.accounts.posting import Posting, account_row, balance, post
from companynet_sandbox.bank import fees
from companynet_sandbox.bank.kinds import KINDS
from companynet_sandbox.books.clock import bank_day
from companynet_sandbox.books.file import next_number
from companynet_sandbox.books.numbers import from_minor
from companynet_sandbox.formats.mt940 import transaction_stem

_VAT_HEADING = "PRZELEW WEWNETRZNY VAT"


def vat_part(db: Connection, order: Row) -> int:
    """How much of a split payment comes from the VAT account: its VAT part, or what there is.  # S-227"""
    account = account_row(db, order["debtor_account"])
    if not order["split_vat"] or not _has_vat_account(db, account):
        return 0
    assert account is not None  # noqa: S101 - it has a VAT account
    return max(0, min(int(order["split_vat"]), balance(db, account["vat_account"])))


def book(db: Connection, now: datetime, order: Row) -> None:
    """Book an order: its VAT part to the settlement account, the whole out, the payee's side, the fee.  # L-227"""
    part = vat_part(db, order)
    account = account_row(db, order["debtor_account"])
    if part and account is not None:
        _move_vat(db, now, order, account, -part)
        db.execute("UPDATE orders SET vat_taken = ? WHERE id = ?", (part, order["id"]))
    stem = _stem(db, now)
    payee = f"{order['creditor_name']} {order['creditor_address']}".strip()
    # A tax payment is told by its own labels, not by its title.
    told = [(label, value) for label, value in json.loads(order["tax"])] or [("TYT.", order["title"])]
    charge, abroad = fees.of_order(db, order), KINDS[order["kind"]].way == "foreign"
    posting = Posting(
        account=order["debtor_account"],
        amount=-order["amount"],
        code=KINDS[order["kind"]].code,
        fields=(
            ("NA RACH.", order["creditor_account"]),
            ("REF. KLIENTA", order["end_to_end_id"]),
            ("PROW. ZAGR.", from_minor(charge) if charge and abroad else ""),
            ("DLA", payee),
            *told,
        ),
        customer_reference=_reference(order),
    )
    post(db, now, posting, stem, leg=1)
    creditor = account_row(db, order["creditor_account"])
    if creditor is not None:
        _book_payee(db, now, order, creditor, stem)
    fees.charge_order(db, now, order, stem)


def book_return(db: Connection, now: datetime, order: Row, reason: str) -> None:
    """Book that an order's money came back: RD, and the VAT part back to its account.  # L-226

    To an account that was closed meanwhile nothing can be booked: the bank holds the money.
    """
    debtor = account_row(db, order["debtor_account"])
    if debtor is None or debtor["closed"]:
        return
    posting = Posting(
        account=order["debtor_account"],
        amount=order["amount"],
        code=KINDS[order["kind"]].code,
        heading="ZWROT PRZELEWU",
        fields=(
            ("Z RACH.", order["creditor_account"]),
            ("REF. KLIENTA", order["end_to_end_id"]),
            ("OD", order["creditor_name"]),
            ("TYT.", f"ZWROT {reason} {order['title']}"),
        ),
        customer_reference=_reference(order),
        reversal=True,
    )
    post(db, now, posting)
    if order["vat_taken"] and _has_vat_account(db, debtor):
        _move_vat(db, now, order, debtor, order["vat_taken"])


def _book_payee(db: Connection, now: datetime, order: Row, creditor: Row, stem: str) -> None:
    payer = db.execute("SELECT * FROM customers WHERE dik = ?", (order["dik"],)).fetchone()
    posting = Posting(
        account=creditor["nrb"],
        amount=order["amount"],
        code="973" if order["kind"] == "own" else "971",
        fields=(
            ("Z RACH.", order["debtor_account"]),
            ("OD", f"{payer['name']} {payer['address']}".strip()),
            ("TYT.", order["title"]),
        ),
    )
    post(db, now, posting, stem, leg=2)
    if order["split_vat"] and _has_vat_account(db, creditor):
        _move_vat(db, now, order, creditor, order["split_vat"])


def _has_vat_account(db: Connection, account: Row | None) -> bool:
    if account is None or account["vat_account"] is None:
        return False
    vat_account = account_row(db, account["vat_account"])
    return vat_account is not None and not vat_account["closed"]


def _move_vat(db: Connection, now: datetime, order: Row, account: Row, amount: int) -> None:
    """Move VAT between a settlement account and its VAT account; + is to the VAT account."""
    stem = _stem(db, now)
    sides = ((account["vat_account"], account["nrb"], amount), (account["nrb"], account["vat_account"], -amount))
    # What takes money comes first.
    for leg, (number, other, change) in enumerate(sorted(sides, key=lambda side: side[2]), 1):
        posting = Posting(
            account=number,
            amount=change,
            code="973",
            heading=_VAT_HEADING,
            fields=(("NA RACH." if change < 0 else "Z RACH.", other), ("TYT.", order["title"])),
        )
        post(db, now, posting, stem, leg)


def _stem(db: Connection, now: datetime) -> str:
    return transaction_stem(bank_day(now), next_number(db, "transactions"))


def _reference(order: Row) -> str:
    """What fits into :61:, the EndToEndId first; an id that had to be cut would be another one."""
    for name in ("end_to_end_id", "instruction_id"):
        if len(order[name]) <= 16:
            return str(order[name])
    return ""
