"""The dialog of a long-lived session: the server's part of opening and reviewing, with one head office and with many.

Beside it, in the same run: the preferences with the button of the main bar (read at each login), and the overview of
all head offices. Each is called as the web client's request is, on a database in memory; each call has a transaction,
and so an empty cache, of its own. Printed are the least of the rounds: the processor's time, and what passed.

Run: `python benchmarks/session_dialog.py [--offices N] [--rounds N]`. Making the database takes some minutes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time
from typing import TYPE_CHECKING, Any

os.environ.setdefault("TRYTOND_DATABASE_URI", "sqlite://")
os.environ.setdefault("DB_NAME", ":memory:")

from trytond.modules.company.tests import create_company
from trytond.modules.mbank import gateway
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank.tests.sessions import put_in_force
from trytond.modules.mbank.tests.tools import PIN, configured, create_user, identity, model, wizard
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME, activate_module, drop_db
from trytond.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable

DIK = 10_000_000
DIALOG = "mbank.session.create"


class House:
    """A database with head offices, a signatory of all of them and an administrator."""

    def __init__(self) -> None:
        self.offices: list[int] = []
        with Transaction().start(DB_NAME, 1):
            vault.create_ring()
            vault.adopt()
            company = self._office()
            self.jan = create_user("jan", company, "group_session_create").id
            self.admin = create_user("boss", company, "group_mbank_admin", "group_session_manage").id
            certificate = gateway.certificate_values(gateway.load_signer(identity().p12, PIN))
            Pool().get("mbank.certificate").register(self.jan, certificate, identity().p12)

        with Transaction().start(DB_NAME, 1, _lock_tables=["mbank_configuration"]):
            configuration = Pool().get("mbank.configuration")(1)
            configuration.default_authorising_user = self.jan
            configuration.save()

    def _office(self) -> Any:
        number = len(self.offices)
        company = create_company(f"Centrala {number}")
        company.mbank_dik = str(DIK + number)
        company.timezone = "Europe/Warsaw"
        company.save()
        self.offices.append(company.id)
        return company

    def grow(self, offices: int) -> None:
        """Have so many head offices, all of them the people's, and a session that covers them."""
        with Transaction().start(DB_NAME, 1, _lock_tables=["mbank_configuration"]):
            user = Pool().get("res.user")
            session = Pool().get("mbank.session")
            more = [self._office().id for _ in range(offices - len(self.offices))]
            user.write(user.browse([self.jan, self.admin]), {"companies": [("add", more)]})
            end = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0) + dt.timedelta(days=90)
            diks = [(str(DIK + number), office) for number, office in enumerate(self.offices)]
            made = session.begin(diks, user=self.jan, context_key="database", bank_user="ALFA01", asked_end=end)
            granted = {dik: gateway.operations_of(gateway.KINDS) for dik, _ in diks}
            put_in_force(made, b"token", end, granted)

    def request(self, work: Callable[[dict[str, Any]], object]) -> tuple[float, float]:
        """Milliseconds of the processor, and those that passed, of the work as a request of its own."""
        spent, passed = time.process_time(), time.perf_counter()
        with Transaction().start(DB_NAME, 1):
            work({"company": self.offices[0]})
        return (time.process_time() - spent) * 1000, (time.perf_counter() - passed) * 1000

    def open(self, context: dict[str, Any]) -> None:
        """What the client asks for until the first page is there; kept for the review."""
        self.dialog, start, _ = wizard(self.jan, DIALOG, "create", **context)
        view = wizard(self.jan, DIALOG, "execute", self.dialog, {}, start, **context)["view"]
        self.values = {k: v for k, v in view["defaults"].items() if not k.endswith(".")}
        self.values["diks"] = [{k: v for k, v in row.items() if k != "company."} for row in self.values["diks"]]
        self.values["way"] = "server"

    def review(self, context: dict[str, Any]) -> None:
        """The page that says what will be asked."""
        page = wizard(self.jan, DIALOG, "execute", self.dialog, {"start": self.values}, "review_", **context)
        if len(page["view"]["defaults"]["diks"]) != len(self.offices):
            raise RuntimeError("the review does not name all DIKs")

    def main_bar(self, _context: dict[str, Any]) -> None:
        """All preferences of a login, the button among them."""
        preferences = model(self.jan, "res.user", "get_preferences")
        if not preferences["mbank_session"]["session"]:
            raise RuntimeError("the button does not know the session")

    def overview(self, context: dict[str, Any]) -> None:
        """Every row of the overview."""
        rows = model(
            self.admin, "mbank.overview", "search_read", [], 0, None, None,
            ["company.rec_name", "kind", "state", "authoriser", "until", "own", "explanation"],
            **context,
        )  # fmt: skip
        if len(rows) != 3 * len(self.offices) or {row["state"] for row in rows} != {"covered"}:
            raise RuntimeError("the overview is not whole")


def show(house: House, offices: int, rounds: int) -> None:
    """Measure and print."""
    house.grow(offices)
    print(f"\n{offices:4} head offices{'':20} CPU ms  passed ms")
    for name, work in (
        ("the dialog opens", house.open),
        ("its review", house.review),
        ("preferences with the main bar", house.main_bar),
        ("the whole overview", house.overview),
    ):
        times = []
        for _ in range(rounds):
            if work == house.review:
                house.request(house.open)
            times.append(house.request(work))
        spent, passed = (min(values) for values in zip(*times, strict=True))
        print(f"{name:36} {spent:7.0f} {passed:10.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    activate_module("mbank")
    try:
        with configured(endpoint="http://127.0.0.1:9/nowhere"):
            house = House()
            show(house, 1, options.rounds)
            show(house, options.offices, options.rounds)
    finally:
        drop_db()


if __name__ == "__main__":
    main()
