"""Run by test_contexts_at_once.py in a process of its own: transactions at once on PostgreSQL; prints what came of it.

Each function is one question; its result is what the test expects to be true.
"""

import datetime as dt
import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from trytond import config
from trytond.pool import Pool
from trytond.transaction import Transaction

AT_ONCE = 6
ROUNDS = 5


class House:
    """The database and its users."""

    def __init__(self, database: str) -> None:
        self.database = database
        Pool.start()
        Pool(database).init()
        self.independent = sys.modules["trytond.modules.mbank.independent"]
        self.contexts = sys.modules["trytond.modules.mbank.sessions.contexts"]
        self.users = self.work(self._make_users)
        self.company = self.work(lambda: Pool().get("company.company").search([], limit=1)[0].id)

    def work(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function returns, committed, tried again on a conflict as the server does."""
        with Transaction().start(self.database, 1):
            return self.independent.run(function, *args)

    def _make_users(self) -> list[int]:
        users = Pool().get("res.user")
        company = Pool().get("company.company").search([], limit=1)[0]
        made = users.create(
            [
                {"name": f"u{n}", "login": f"u{n}", "companies": [("add", [company.id])], "company": company.id}
                for n in range(AT_ONCE)
            ]
        )
        return [user.id for user in made]

    def key(self) -> str:
        """The context a session is kept in now, as somebody sees it who has just opened the dialog."""
        return str(self.work(lambda: Pool().get("mbank.session").key_of(Pool().get("company.company")(self.company))))

    def begin(self, user: int, key: str) -> str | None:
        """Store the intent of a session; the name of the error, or None."""
        end = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0) + dt.timedelta(days=30)
        try:
            self.work(
                lambda: Pool().get("mbank.session").begin([("1", None)], user=user, context_key=key, asked_end=end)
            )
        except Exception as error:  # noqa: BLE001 - its name is the answer
            return type(error).__name__
        return None

    def change(self) -> bool:
        """Change the setting to the other, as agreed to a moment ago; whether it was done."""

        def agree() -> tuple[bool, str]:
            wanted = not Pool().get("mbank.configuration")(1).credentials_per_company
            return wanted, self.contexts.plan(wanted).digest

        wanted, agreed = self.work(agree)
        return self.work(self.contexts.change, wanted, agreed) is not None

    def stray(self) -> list[str]:
        """The contexts of sessions that live or are being made, which nobody would look for now."""

        def find() -> list[str]:
            sessions = (
                Pool()
                .get("mbank.session")
                .search([("state", "in", ["draft", "awaiting_signature", "active", "expiring"])])
            )
            per_company = bool(Pool().get("mbank.configuration")(1).credentials_per_company)
            return [s.context_key for s in sessions if (s.context_key != "database") != per_company]

        return list(self.work(find))


def one_pending(house: House) -> dict[str, Any]:
    """Two transactions store a session for one user in one context, each before it can see the other's."""
    barrier = threading.Barrier(2)

    def store() -> str | None:
        with Transaction().start(house.database, 1):
            sessions = Pool().get("mbank.session")
            sessions.search([])
            barrier.wait()
            try:
                sessions.create([{"user": house.users[0], "context_key": "database"}])
            except Exception as error:  # noqa: BLE001 - its name is the answer
                return type(error).__name__
            return None

    with ThreadPoolExecutor(2) as pool:
        answers = [future.result() for future in [pool.submit(store) for _ in range(2)]]
    count = house.work(lambda: Pool().get("mbank.session").search([("user", "=", house.users[0])], count=True))
    house.change()
    house.change()
    return {"stored": answers.count(None), "refused": sorted(filter(None, answers)), "count": count}


def begun_before_the_change(house: House) -> dict[str, Any]:
    """The dialog was opened before the setting was changed, and its session comes after."""
    key = house.key()
    return {"changed": house.change(), "begun": house.begin(house.users[1], key), "stray": house.stray()}


def begun_while_changing(house: House) -> dict[str, Any]:
    """Sessions are begun and the setting changed at the same time, again and again."""
    outcomes: set[str] = set()
    done = 0
    for _ in range(ROUNDS):
        key = house.key()
        barrier = threading.Barrier(AT_ONCE)

        def act(n: int, key: str = key, barrier: threading.Barrier = barrier) -> str | bool | None:
            barrier.wait()
            return house.change() if n == 0 else house.begin(house.users[n], key)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            changed, *begun = [future.result() for future in [pool.submit(act, n) for n in range(AT_ONCE)]]
        done += bool(changed)
        outcomes |= {str(answer) for answer in begun}
        if house.stray():
            break
        if not changed:
            # The sessions came in between: agreed to anew.
            done += house.change()
    return {"changed": done, "outcomes": sorted(outcomes), "stray": house.stray()}


def main() -> None:
    """Ask all questions."""
    config_file, database = sys.argv[1:]
    config.update_etc(config_file)
    house = House(database)
    questions = (one_pending, begun_before_the_change, begun_while_changing)
    print(json.dumps({question.__name__: question(house) for question in questions}))


if __name__ == "__main__":
    main()
