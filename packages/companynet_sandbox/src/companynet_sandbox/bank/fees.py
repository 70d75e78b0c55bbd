"""What the bank takes for its work: for each order, and each month."""

from datetime import datetime, time, timedelta
from sqlite3 import Connection, Row
from typing import Final

from companynet_sandbox.accounts.posting import Posting, post
from companynet_sandbox.bank.kinds import KINDS
from companynet_sandbox.books import agenda
from companynet_sandbox.books.bankdays import moment
from companynet_sandbox.books.clock import bank_day
from companynet_sandbox.books.file import setting
from companynet_sandbox.books.settings import number

#: The name of the monthly round on the agenda.
MONTHLY: Final = "month_end"
#: Monthly fees are booked late on the last day of the month.  # L-225
_MONTHLY_HOUR: Final = time(22)
#: Setting of a monthly fee to its code.  # L-209, L-225, L-242
_MONTHLY_FEES: Final = {"fee_month_account": "843", "fee_month_package": "794"}


def are_taken(db: Connection) -> bool:
    """Whether the bank takes fees at all."""
    return setting(db, "fees") == "true"


def of_order(db: Connection, order: Row) -> int:
    """What an order costs its payer, in hundredths of the account's currency."""
    if not are_taken(db):
        return 0
    kind = KINDS[order["kind"]]
    if kind.way != "foreign":
        return number(db, f"fee_{kind.way}")
    if order["kind"] == "sepa":
        return number(db, "fee_sepa")
    # CRED: the payee bears all charges; DEBT: the payer bears the other banks', too.
    fee = 0 if order["charge_bearer"] == "CRED" else number(db, "fee_foreign")
    return fee + (number(db, "fee_foreign_our") if order["charge_bearer"] == "DEBT" else 0)


def charge_order(db: Connection, now: datetime, order: Row, stem: str) -> None:
    """Book the fee of an order as an entry of its own, on the stem of the order's."""
    fee = of_order(db, order)
    if fee == 0:
        return
    code = "824" if KINDS[order["kind"]].way in {"elixir", "internal"} else "30"
    fields = (("REF. KLIENTA", order["end_to_end_id"]),)
    post(db, now, Posting(account=order["debtor_account"], amount=-fee, code=code, fields=fields), stem, leg=3)


def plan_month(db: Connection, now: datetime) -> None:
    """Note the next monthly round, in place of one that was noted."""
    agenda.drop(db, MONTHLY)
    if not are_taken(db):
        return
    day = bank_day(now)
    last = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    if moment(last, _MONTHLY_HOUR) <= now:
        last = (last + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    agenda.plan(db, moment(last, _MONTHLY_HOUR), MONTHLY)


def charge_month(db: Connection, now: datetime, _subject: str) -> None:
    """Book the monthly fees of all open accounts that have not been charged for the month; note the next round."""
    month = f"{bank_day(now):%Y-%m}"
    accounts = db.execute(
        "SELECT nrb FROM accounts WHERE closed = 0 AND charged_through < ?"
        " AND nrb NOT IN (SELECT vat_account FROM accounts WHERE vat_account IS NOT NULL) ORDER BY nrb",
        (month,),
    ).fetchall()
    for account in accounts:
        for name, code in _MONTHLY_FEES.items():
            amount = number(db, name)
            if amount:
                post(db, now, Posting(account=account["nrb"], amount=-amount, code=code))
        db.execute("UPDATE accounts SET charged_through = ? WHERE nrb = ?", (month, account["nrb"]))
    plan_month(db, now)
