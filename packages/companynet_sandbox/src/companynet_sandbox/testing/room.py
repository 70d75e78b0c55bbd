"""For tests: the bank without a process, on a time that the test says."""

import datetime as dt
from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import Connection, Row

from companynet_sandbox.access.operations import BACKGROUND_OPERATIONS
from companynet_sandbox.bank import engine, people
from companynet_sandbox.books.clock import ZONE
from companynet_sandbox.books.file import Books, create_books, digest
from companynet_sandbox.customers import demo_data
from companynet_sandbox.service.contract import Contract
from companynet_sandbox.service.guard import Call
from companynet_sandbox.service.handlers import HANDLERS
from companynet_sandbox.testing.client import Answer, Customer
from companynet_sandbox.testing.identity import Identity
from companynet_sandbox.testing.process import RunningBank


class Room(Customer):
    """The bank's engine room: the real books and handlers, called in this process at a time the test says.

    Its customer is ALFA01 with a session for all its DIKs.
    """

    def __init__(self, directory: Path, identity: Identity, password: str) -> None:
        super().__init__(RunningBank(directory), identity, password)
        create_books(directory)
        self.books = Books(directory)
        self.now = at("2026-03-04 08:00")
        self.token = "room"  # noqa: S105 - of this room only
        self._contract = Contract()
        with self.books.transaction() as db:
            demo_data.fill(db)
            db.execute(
                "INSERT INTO sessions (digest, login, certificate, created, end_time) VALUES (?, ?, '', '', ?)",
                (digest(self.token), self.user, "2036-01-01T00:00:00+00:00"),
            )
            db.executemany(
                "INSERT INTO session_permissions VALUES (1, ?, ?)",
                [(dik, name) for dik in demo_data.USERS[self.user][1] for name in BACKGROUND_OPERATIONS],
            )

    def call(self, operation: str, body: str = "", dik: str | None = None) -> Answer:
        """Call an operation at the room's time."""
        request = self._contract.read(self.caller.envelope(operation, body, dik=dik or self.dik, token=self.token))
        with self.books.transaction() as db:
            return Answer(HANDLERS[operation](Call(db, self.now, request)))

    def run(self, until: str) -> None:
        """Let the time pass and the bank work."""
        self.now = at(until)
        with self.books.transaction() as db:
            engine.catch_up(db, self.now)

    def authorise(self, login: str | None = None) -> int:
        """Authorise all orders, as one person or as all it takes."""
        with self.books.transaction() as db:
            return people.authorise(db, self.now, None, None, login)

    def pay(self, data: bytes, client_id: str = "C1", **flags: bool) -> None:
        """Send a file that must be right and authorise it."""
        answer = self.send_orders(client_id, data, **flags)
        if answer.texts("code"):
            raise ValueError(f"the file is not right: {answer.texts('message')}")
        self.authorise()

    def rows(self, query: str, *values: object) -> list[Row]:
        """What the books hold."""
        with self.books.transaction() as db:
            return db.execute(query, values).fetchall()

    def execute(self, query: str, *values: object) -> None:
        """Write into the books."""
        with self.books.transaction() as db:
            db.execute(query, values)

    def entries(self, account: str) -> list[Row]:
        """An account's entries, in order."""
        return self.rows("SELECT * FROM entries WHERE account = ? ORDER BY id", account)

    def status(self, name: str = "X") -> str:
        """The state of an order by its EndToEndId."""
        return str(self.rows("SELECT status FROM orders WHERE end_to_end_id = ?", name)[0]["status"])

    def history(self, name: str = "X") -> list[str]:
        """The states of an order so far."""
        query = "SELECT order_history.status FROM order_history JOIN orders ON orders.id = order_id"
        return [row["status"] for row in self.rows(f"{query} WHERE end_to_end_id = ?", name)]

    def db(self) -> AbstractContextManager[Connection]:
        """A transaction."""
        return self.books.transaction()


def at(text: str) -> dt.datetime:
    """A moment in Warsaw, as UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(dt.UTC)
