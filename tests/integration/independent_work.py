"""Run by test_independent.py in a process of its own: work in transactions of its own on PostgreSQL; prints what came.

Each function is one question; its result is what the test expects to be true.
"""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from trytond import config
from trytond.pool import Pool
from trytond.transaction import Transaction


class House:
    """The database, and the user whose name is written."""

    def __init__(self, database: str) -> None:
        self.database = database
        Pool.start()
        Pool(database).init()
        self.independent = sys.modules["trytond.modules.mbank.independent"]
        with Transaction().start(database, 1):
            [user] = Pool().get("res.user").search([("login", "=", "anna")])
            self.user = user.id

    def name(self) -> str:
        """What is committed, as another request sees it."""

        def read() -> str:
            with Transaction().start(self.database, 1):
                return str(Pool().get("res.user")(self.user).name)

        return self.beside(read)

    def set_name(self, name: str) -> None:
        """Write the name in the running transaction."""
        users = Pool().get("res.user")
        users.write([users(self.user)], {"name": name})

    def set_beside(self, name: str) -> None:
        """Have another request write and commit the name."""

        def write() -> None:
            with Transaction().start(self.database, 1) as transaction:
                self.set_name(name)
                transaction.commit()

        self.beside(write)

    @staticmethod
    def beside(function: Callable[[], Any]) -> Any:
        """Do something in another thread, which has another transaction."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function).result()


def outlives_the_request(house: House) -> dict[str, Any]:
    """It is seen by others while the request goes on, and stays when the request is rolled back."""
    with Transaction().start(house.database, 1) as transaction:
        Pool().get("res.user").search([])
        house.independent.run(house.set_name, "kept")
        meanwhile = house.name()
        transaction.rollback()
    return {"meanwhile": meanwhile, "after": house.name()}


def is_tried_again(house: House) -> dict[str, Any]:
    """Somebody else writes the row in between: it is done anew on what is there now, without the request's knowing."""
    seen: list[str] = []

    def write() -> str:
        seen.append(Pool().get("res.user")(house.user).name)
        if len(seen) == 1:
            house.set_beside("theirs")
        house.set_name(f"{seen[-1]} and ours")
        return seen[-1]

    house.set_beside("first")
    with Transaction().start(house.database, 1):
        answer = house.independent.run(write)
    return {"seen": seen, "answer": answer, "name": house.name()}


def a_failure_leaves_nothing(house: House) -> dict[str, Any]:
    """What it wrote before it failed is gone; the next one is done all the same."""
    house.set_beside("before")

    def fail() -> None:
        house.set_name("half done")
        raise ValueError

    with Transaction().start(house.database, 1):
        _, error = house.independent.attempt(fail)
        between = house.name()
        _, none = house.independent.attempt(house.set_name, "next")
    return {"error": type(error).__name__, "between": between, "none": none, "after": house.name()}


def does_not_see_the_request(house: House) -> dict[str, Any]:
    """What the request wrote and did not commit is not there for it."""
    house.set_beside("committed")
    with Transaction().start(house.database, 1) as transaction:
        house.set_name("only here")
        seen = house.independent.run(lambda: Pool().get("res.user")(house.user).name)
        transaction.rollback()
    return {"seen": seen}


def main() -> None:
    """Ask all questions."""
    config_file, database = sys.argv[1:]
    config.update_etc(config_file)
    house = House(database)
    questions = (outlives_the_request, is_tried_again, a_failure_leaves_nothing, does_not_see_the_request)
    print(json.dumps({question.__name__: question(house) for question in questions}))


if __name__ == "__main__":
    main()
