"""Run by test_settling_at_once.py in a process of its own: settling at once on PostgreSQL; prints what came of it.

Each function is one question; its result is what the test expects to be true.
"""

import datetime as dt
import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from trytond import config
from trytond.pool import Pool
from trytond.transaction import Transaction

AT_ONCE = 6
HELD = 0.6
"""Seconds the first transaction waits before its commit, for the second to meet it."""


class Books:
    """The database, its companies and open invoices."""

    def __init__(self, database: str) -> None:
        self.database = database
        Pool.start()
        Pool(database).init()
        self.apart = sys.modules["trytond.modules.automatic_settlement.apart"]
        self.turn = sys.modules["trytond.modules.automatic_settlement.turn"]
        self.companies = self.work(
            lambda: [c.id for c in Pool().get("company.company").search([], order=[("id", "ASC")])]
        )
        self.invoices = self.work(self._open_invoices)

    def work(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function returns, committed, tried again on a conflict as the server does."""
        with Transaction().start(self.database, 1, context={"company": getattr(self, "companies", [None])[0]}):
            return self.apart.run(function, *args)

    def _open_invoices(self) -> list[int]:
        found = (
            Pool()
            .get("account.invoice")
            .search([("state", "=", "posted"), ("type", "=", "out"), ("company", "=", self.companies[0])])
        )
        return [invoice.id for invoice in found]

    def statement(self, invoice: int | None, company: int | None = None) -> int:
        """A draft statement with one entry, which pays the invoice or says nothing."""

        def make() -> int:
            pool = Pool()
            owner = company or self.companies[0]
            journal = pool.get("account.statement.journal").search(
                [("company", "=", owner), ("currency.code", "=", "PLN")], limit=1
            )[0]
            # Then neither settling nor validating is refused for what the lines add up to.
            journal.validation = "number_of_lines"
            journal.save()
            paid = pool.get("account.invoice")(invoice) if invoice else None
            title = f"FV {paid.number}" if paid else "nie wiadomo"
            amount = paid.amount_to_pay if paid else Decimal("1.23")
            day = dt.datetime.now(dt.UTC).date()
            statement = pool.get("account.statement")(
                name=title, company=owner, journal=journal, date=day, number_of_lines=1,
                origins=[pool.get("account.statement.origin")(number="1", date=day, amount=amount, remittance=title)],
            )  # fmt: skip
            statement.save()
            return int(statement.id)

        return int(self.work(make))

    def call(self, method: str, *ids: int) -> str | None:
        """Call a button of the statements; the name of the error, or None."""

        def act() -> None:
            statements = Pool().get("account.statement")
            getattr(statements, method)(statements.browse(ids))

        return self.tried(act)

    def tried(self, act: Callable[[], None]) -> str | None:
        """Do it as a request; the name of the error, or None."""
        try:
            self.work(act)
        except Exception as error:  # noqa: BLE001 - its name is the answer
            return type(error).__name__
        return None

    def enter(self, statement: int, invoice: int) -> Callable[[], None]:
        """What a person does who enters the whole entry by hand."""

        def act() -> None:
            pool = Pool()
            origin = pool.get("account.statement")(statement).origins[0]
            paid = pool.get("account.invoice")(invoice)
            origin.get_settlement_line(paid, paid.party, paid.account, origin.amount, None).save()

        return act

    def button(self, method: str, statement: int) -> Callable[[], None]:
        """What pressing a button of the statement does."""

        def act() -> None:
            statements = Pool().get("account.statement")
            getattr(statements, method)([statements(statement)])

        return act

    def meet(self, first: Callable[[], None], second: Callable[[], None]) -> list[str | None]:
        """Let the second begin when the first has done its work and not yet committed."""
        done = threading.Event()

        def held() -> None:
            first()
            done.set()
            time.sleep(HELD)

        def after() -> str | None:
            done.wait(30)
            return self.tried(second)

        with ThreadPoolExecutor(2) as pool:
            return [future.result() for future in [pool.submit(self.tried, held), pool.submit(after)]]

    def lines(self, *statements: int) -> dict[str, Any]:
        """What the lines of the statements come to."""

        def read() -> dict[str, Any]:
            found = list(Pool().get("account.statement").browse(statements))
            lines = [line for statement in found for line in statement.lines]
            return {
                "states": [statement.state for statement in found],
                "lines": len(lines),
                "without_move": sum(not line.move for line in lines),
                "pending": [str(o.pending_amount.normalize()) for s in found for o in s.origins],
            }

        return dict(self.work(read))


def settled_while_validated(books: Books) -> dict[str, Any]:
    """A statement is validated while it is settled, and settled while it is validated."""
    results = {}
    for first, second in (("settle", "validate_statement"), ("validate_statement", "settle")):
        statement = books.statement(books.invoices.pop())
        errors = books.meet(books.button(first, statement), books.button(second, statement))
        results[first] = {"errors": errors, **books.lines(statement)}
    return results


def entered_while_settled(books: Books) -> dict[str, Any]:
    """A person enters the entry by hand while it is settled, and it is settled while a person enters it."""
    results = {}
    for order in ("settle", "enter"):
        invoice = books.invoices.pop()
        statement = books.statement(invoice)
        acts = [books.button("settle", statement), books.enter(statement, invoice)]
        errors = books.meet(*(acts if order == "settle" else reversed(acts)))
        results[order] = {"errors": errors, **books.lines(statement)}
    return results


def entered_while_validated(books: Books) -> dict[str, Any]:
    """A person adds a line while the statement is validated: it is not posted without its move."""
    invoice = books.invoices.pop()
    statement = books.statement(invoice)
    books.meet(books.enter(statement, invoice), books.button("validate_statement", statement))
    return {"posted": books.call("post", statement), **books.lines(statement)}


def moved_while_validated(books: Books) -> dict[str, Any]:
    """A line is moved to another statement while that one is validated."""
    one, two = books.statement(books.invoices.pop()), books.statement(None)
    books.call("settle", one)

    def move() -> None:
        line = Pool().get("account.statement")(one).lines[0]
        line.__class__.write([line], {"statement": two, "origin": None})

    errors = books.meet(move, books.button("validate_statement", two))
    return {"errors": errors, **books.lines(two)}


def one_invoice_twice(books: Books) -> dict[str, Any]:
    """Two statements with an entry for one invoice are settled at once."""
    invoice = books.invoices.pop()
    one, two = books.statement(invoice), books.statement(invoice)
    errors = books.meet(books.button("settle", one), books.button("settle", two))
    return {"errors": errors, "lines": books.lines(one, two)["lines"]}


def accepted_while_entered(books: Books) -> dict[str, Any]:
    """A proposal is accepted while a person enters its invoice on another statement."""
    invoice = books.invoices.pop()
    one, two = books.statement(invoice), books.statement(invoice)
    books.call("settle", one)
    books.call("undo_settlements", one)
    books.call("settle", one)

    def accept() -> None:
        origin = Pool().get("account.statement")(one).origins[0]
        origin.__class__.accept_proposal([origin])

    errors = books.meet(books.enter(two, invoice), accept)
    return {"errors": errors, "lines": books.lines(one, two)["lines"]}


def all_wait_their_turn(books: Books) -> list[str]:
    """Many settle one company at once, each a statement of its own."""
    statements = [books.statement(books.invoices.pop()) for _ in range(AT_ONCE)]
    barrier = threading.Barrier(AT_ONCE)

    def act(statement: int) -> str | None:
        barrier.wait()
        return books.call("settle", statement)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        errors = list(pool.map(act, statements))
    return sorted({str(error) for error in errors} | {f"{books.lines(*statements)['lines']} lines"})


def companies_do_not_wait(books: Books) -> dict[str, Any]:
    """One company is settled while another one's settlement is not committed."""
    own = books.statement(books.invoices.pop())
    other = books.statement(None, books.companies[1])
    committed = threading.Event()
    done = threading.Event()
    before: list[bool] = []

    def held() -> None:
        books.button("settle", own)()
        done.set()
        time.sleep(HELD)
        committed.set()

    def after() -> str | None:
        done.wait(30)
        error = books.call("settle", other)
        before.append(not committed.is_set())
        return error

    with ThreadPoolExecutor(2) as pool:
        errors = [future.result() for future in [pool.submit(books.tried, held), pool.submit(after)]]
    return {"errors": errors, "before": before}


def waiting_ends(books: Books) -> dict[str, Any]:
    """Who waits too long is told so, and nothing was done."""
    one, two = books.statement(books.invoices.pop()), books.statement(books.invoices.pop())
    limit, books.turn.WAIT_LIMIT = books.turn.WAIT_LIMIT, HELD / 4
    try:
        errors = books.meet(books.button("settle", one), books.button("settle", two))
    finally:
        books.turn.WAIT_LIMIT = limit
    return {"errors": errors, "lines": books.lines(two)["lines"], "later": books.call("settle", two)}


def main() -> None:
    """Ask all questions."""
    config_file, database = sys.argv[1:]
    config.update_etc(config_file)
    books = Books(database)
    questions = (
        settled_while_validated,
        entered_while_settled,
        entered_while_validated,
        moved_while_validated,
        one_invoice_twice,
        accepted_while_entered,
        all_wait_their_turn,
        companies_do_not_wait,
        waiting_ends,
    )
    print(json.dumps({question.__name__: question(books) for question in questions}))


if __name__ == "__main__":
    main()
