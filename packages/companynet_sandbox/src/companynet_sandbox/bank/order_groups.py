"""Order files that customers hand in: each taken once, as a group of orders that is found again.  # L-026"""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection, Row

from companynet_sandbox.bank import order_rows
from companynet_sandbox.bank.checks import check_for_customer
from companynet_sandbox.bank.kinds import kind_of
from companynet_sandbox.bank.order_states import enter
from companynet_sandbox.books.clock import bank_day
from companynet_sandbox.books.file import next_number, setting
from companynet_sandbox.formats.pain import Finding, OrderFile


class IdUsed(Exception):
    """An id of the file serves once and was used before.

    Args:
        name: of the id.
        value: of the id.
    """

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name} {value} was used before")
        self.name = name
        self.value = value


@dataclass(frozen=True)
class Submission:
    """What is said of a file as it is handed in."""

    client_id: str
    """The customer's own id of the group."""

    file_name: str
    login: str | None
    """Who hands it in."""

    awaits_funds: bool
    """Whether its orders may wait for funds."""

    editable: bool
    """Whether people may edit its orders."""

    to_authorisation: bool
    """Whether it is handed on for authorisation at once."""


@dataclass(frozen=True)
class Taken:
    """What came of a file."""

    group_id: str
    """The bank's; empty if nothing was taken."""

    findings: list[Finding]


def take(
    db: Connection, now: datetime, dik: str, file: OrderFile, submission: Submission, *, errors_are_fatal: bool
) -> Taken:
    """Take a file's orders.

    Its ids may be used once ever: of a file with a repeated one nothing is taken.  # L-204
    If errors are fatal nothing is taken where there are any; else the right orders are, and the wrong ones wait to be
    edited.  # L-237

    Args:
        db: in a transaction.
        now: the bank's time, UTC.
        dik: the customer.
        file: as it was read.
        submission: what was said of it.
        errors_are_fatal: whether one wrong order keeps all from being taken; what is wrong with the file does anyway.

    Raises:
        IdUsed: an id is a repeated one.
    """
    _check_once(db, dik, submission.client_id, file)
    today = bank_day(now)
    kinds = [kind_of(db, dik, order) for order in file.orders]
    findings = list(file.findings)
    for order, kind in zip(file.orders, kinds, strict=True):
        findings += check_for_customer(db, today, dik, order, kind)
    if findings and (errors_are_fatal or any(not item.order for item in findings)):
        return Taken("", findings)
    wrong = {item.order for item in findings}
    return Taken(_keep(db, now, dik, file, submission, kinds=kinds, wrong=wrong), findings)


def orders_of(db: Connection, dik: str, group: str) -> list[Row]:
    """A customer's orders of a group: by the bank's id, or by the customer's own unless the setting
    ``finds_own_ids`` says otherwise.  # L-011"""
    own = group if setting(db, "finds_own_ids") == "true" else None
    return db.execute(
        "SELECT orders.* FROM orders JOIN order_groups ON order_groups.id = group_id"
        " WHERE order_groups.dik = ? AND (order_groups.id = ? OR client_id = ?) ORDER BY orders.id",
        (dik, group, own),
    ).fetchall()


def _check_once(db: Connection, dik: str, client_id: str, file: OrderFile) -> None:
    if db.execute("SELECT 1 FROM order_groups WHERE dik = ? AND client_id = ?", (dik, client_id)).fetchone():
        raise IdUsed("clientOrderGroupId", client_id)
    if db.execute("SELECT 1 FROM order_groups WHERE dik = ? AND message_id = ?", (dik, file.message_id)).fetchone():
        raise IdUsed("MsgId", file.message_id)
    seen: set[str] = set()
    for order in file.orders:
        used = db.execute(
            "SELECT 1 FROM orders WHERE dik = ? AND instruction_id = ?", (dik, order.instruction_id)
        ).fetchone()
        if used or order.instruction_id in seen:
            raise IdUsed("InstrId", order.instruction_id)
        seen.add(order.instruction_id)


def _keep(
    db: Connection,
    now: datetime,
    dik: str,
    file: OrderFile,
    submission: Submission,
    *,
    kinds: list[str],
    wrong: set[str],
) -> str:
    # L-238
    group_id = f"CN{bank_day(now):%y%m%d}{next_number(db, 'order_groups'):06d}"
    db.execute(
        "INSERT INTO order_groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            group_id,
            dik,
            submission.client_id,
            file.message_id,
            submission.file_name,
            submission.login,
            now.isoformat(),
            submission.awaits_funds,
            submission.editable,
        ),
    )
    # People authorise in CompanyNet; an order handed on is in authorisation already.  # L-211
    first = "IN_AUTH" if submission.to_authorisation else "TO_AUTH"
    for order, kind in zip(file.orders, kinds, strict=True):
        status = "TO_EDIT" if order.end_to_end_id in wrong else first
        order_id = order_rows.insert(db, group_id, dik, order, kind=kind, status=status)
        enter(db, order_id, now, status)
    return group_id
