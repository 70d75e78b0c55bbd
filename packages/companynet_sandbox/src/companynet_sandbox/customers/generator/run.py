"""Makes a customer with its books, entry by entry, and writes the truth beside them."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import Final, TextIO

from companynet_sandbox.accounts.posting import post
from companynet_sandbox.books.file import Books
from companynet_sandbox.books.numbers import from_minor, make_nrb
from companynet_sandbox.customers.generator.desk import Desk, Made
from companynet_sandbox.customers.generator.expenses import EXPENSES
from companynet_sandbox.customers.generator.identifiers import random_nip
from companynet_sandbox.customers.generator.invoices import Invoice, Ledger
from companynet_sandbox.customers.generator.parties import make_parties
from companynet_sandbox.customers.generator.receipts import RECEIPTS

#: A fixed day, so that the same command makes the same books whenever it is run. A Monday.
FIRST_DAY: Final = date(2026, 1, 5)
LARGEST_SEED: Final = 9_999_999
_MOST_PARTIES: Final = 20_000
_OPENING: Final = 1_000_000_00
_KINDS: Final = {**RECEIPTS, **EXPENSES}


class CustomerExists(Exception):
    """The customer of this seed is in the books already; nothing was written."""


@dataclass(frozen=True)
class Plan:
    """What is to be made."""

    accounts: int
    """1 to 9999."""

    entries: int
    """On each account each day."""

    days: int
    """From Monday to Friday; holidays are not left out."""

    seed: int
    """0 to :data:`LARGEST_SEED`: chooses the customer and everything about it."""

    first_day: date = FIRST_DAY

    @property
    def dik(self) -> str:
        """The customer's DIK."""
        return f"3{self.seed:07d}"

    @property
    def user(self) -> str:
        """The user who acts for the customer."""
        return f"GEN{self.seed:07d}"

    def account(self, index: int) -> str:
        """The number of an account, from 0."""
        return make_nrb("11401010", f"{self.seed:07d}{index:09d}")

    def working_days(self) -> Iterator[date]:
        """The days."""
        day = self.first_day
        for _day in range(self.days):
            while day.weekday() > 4:
                day += timedelta(days=1)
            yield day
            day += timedelta(days=1)


@dataclass
class Counts:
    """What was made so far."""

    entries: int = 0
    paying: int = 0
    """Entries that pay something."""

    open_items: int = 0


def generate(
    books: Books,
    plan: Plan,
    truth: Path | None = None,
    open_items: Path | None = None,
    progress: Callable[[Counts], None] = lambda _counts: None,
) -> Counts:
    """Make the customer of a plan: one transaction for each account and day.

    Args:
        books: open ones.
        plan: what is to be made.
        truth: file for a line of JSON for each entry that pays something: ``{entry, account, date, amount, case,
            items: [{id, amount}]}``; ``entry`` is the transaction number.
        open_items: file for the open items, as ``settlement match`` takes them.
        progress: is told the counts after each account and day.

    Raises:
        CustomerExists: a plan with this seed was carried out on these books before.
        OSError: a file cannot be written; at the beginning nothing is in the books then.
    """
    counts = Counts()
    with ExitStack() as stack:
        # In this order a known customer overwrites no file, and a file that cannot be written leaves no customer.
        with books.transaction() as db:
            owner_nip = _open_customer(db, plan)
            truth_file, items_file = (
                stack.enter_context(path.open("w", encoding="utf-8")) if path else None
                for path in (truth, open_items)
            )

        def note(invoice: Invoice) -> None:
            counts.open_items += 1
            if items_file:
                _write(items_file, invoice.to_json())

        desks = _desks(plan, owner_nip, note)
        for day in plan.working_days():
            # Only for what the posting does not say; the books take no other time from it.
            noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            for desk in desks:
                desk.day, desk.chance = day, Random(f"{plan.seed} {desk.index} {day}")  # noqa: S311 - nothing secret
                with books.transaction() as db:
                    for made in islice(_entries(desk), plan.entries):
                        number = post(db, noon, made.posting)
                        counts.entries += 1
                        if made.pays:
                            counts.paying += 1
                            if truth_file:
                                _write(truth_file, _truth(number, made))
                progress(counts)
    return counts


def _open_customer(db: Connection, plan: Plan) -> str:
    if db.execute("SELECT 1 FROM customers WHERE dik = ?", (plan.dik,)).fetchone():
        raise CustomerExists(f"customer {plan.dik} is in these books already; choose another seed than {plan.seed}")
    nip = random_nip(Random(f"{plan.seed} owner"))  # noqa: S311 - nothing secret
    address = "ul. Zmyślona 1 00-001 Nibylas"
    db.execute("INSERT INTO customers VALUES (?, ?, ?)", (plan.dik, f"Klient Wielki {plan.seed} S.A.", address))
    db.executemany(
        "INSERT INTO accounts (nrb, dik, currency, opening) VALUES (?, ?, 'PLN', ?)",
        ((plan.account(index), plan.dik, _OPENING) for index in range(plan.accounts)),
    )
    db.execute("INSERT INTO users (login, name) VALUES (?, ?)", (plan.user, "Osoba Zmyślona"))
    db.execute("INSERT INTO user_diks VALUES (?, ?)", (plan.user, plan.dik))
    return nip


def _desks(plan: Plan, owner_nip: str, note: Callable[[Invoice], None]) -> list[Desk]:
    chance = Random(f"{plan.seed} parties")  # noqa: S311 - nothing secret
    parties = make_parties(chance, min(_MOST_PARTIES, 40 * plan.accounts + 10))
    return [
        Desk(index, plan.account(index), owner_nip, parties, Ledger(index, owner_nip), note, chance, plan.first_day)
        for index in range(plan.accounts)
    ]


def _entries(desk: Desk) -> Iterator[Made]:
    kinds, weights = list(_KINDS), list(_KINDS.values())
    while True:
        for kind in desk.chance.choices(kinds, weights, k=100):
            yield from kind(desk)


def _truth(number: str, made: Made) -> dict[str, object]:
    return {
        "entry": number,
        "account": made.posting.account,
        "date": str(made.posting.booked),
        "amount": from_minor(made.posting.amount),
        "case": made.case,
        "items": [{"id": invoice.id, "amount": from_minor(amount)} for invoice, amount in made.pays],
    }


def _write(file: TextIO, value: dict[str, object]) -> None:
    file.write(json.dumps(value, ensure_ascii=False) + "\n")
