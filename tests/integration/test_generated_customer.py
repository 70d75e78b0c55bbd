"""A generated customer through bank, parser and matcher, each through its command: books, forms and truth agree."""

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from companynet_sandbox.testing import make_identity, running_bank
from companynet_sandbox.testing.client import Customer
from tests.proof import first_of_each_kind

BIN = Path(sys.executable).parent


def run(command: str, *arguments: object) -> str:
    """Run a command of the project, which must work; its output."""
    return subprocess.run([BIN / command, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


@dataclass(frozen=True)
class Plan:
    """What is generated, from Monday 5 January 2026 on."""

    accounts: int
    entries: int
    """On each account each day."""

    days: int
    """From Monday to Friday."""

    seed: int

    @property
    def last_day(self) -> dt.date:
        """Nothing is booked after it."""
        return FIRST_DAY + dt.timedelta(weeks=self.days // 5, days=self.days % 5)

    def months(self) -> Iterator[tuple[dt.date, dt.date]]:
        """First and last days of what is asked for at once."""
        first = FIRST_DAY
        while first <= self.last_day:
            last = min(first + dt.timedelta(days=30), self.last_day)
            yield first, last
            first = last + dt.timedelta(days=1)


FIRST_DAY = dt.date(2026, 1, 5)
PLANS = {
    "two days": Plan(accounts=4, entries=250, days=2, seed=3),
    **{f"seed {seed}": Plan(accounts=4, entries=250, days=2, seed=seed) for seed in range(4, 14)},
    "a year": Plan(accounts=2, entries=20, days=255, seed=14),
    "large": Plan(accounts=4, entries=5000, days=5, seed=15),
}


def fetched(plan: Plan, books: Path, user: str, dik: str) -> bytes:
    """All statements of the customer, over HTTP on a session signed by a certificate registered in the books."""
    # The bank's clock stands behind the last day, whenever the test runs.
    now = dt.datetime.combine(plan.last_day, dt.time(8), dt.UTC) + dt.timedelta(days=3)
    identity = make_identity("Osoba Zmyślona", now - dt.timedelta(days=30), now + dt.timedelta(days=300), "x")
    (books / "certificate.pem").write_text(identity.certificate_pem)
    run("companynet-sandbox", "register", "--dir", books, "--user", user, "--certificate", books / "certificate.pem")
    with running_bank(books) as bank:
        bank.post("/clock", {"now": now.replace(tzinfo=None).isoformat()})
        customer = Customer(bank, identity, "x", user)
        customer.dik = dik
        customer.open_session(dik, end=now + dt.timedelta(days=27))
        return b"".join(report for first, last in plan.months() for report in customer.statements(first, last))


def amounts(items: list[dict[str, Any]]) -> dict[str, str]:
    """Item to amount."""
    return {item["id"]: item["amount"] for item in items}


@pytest.mark.parametrize("plan", first_of_each_kind(PLANS, lambda _plan: "a customer"))
def test_no_automatic_settlement_of_generated_entries_is_wrong(tmp_path: Path, plan: Plan) -> None:
    """Every entry is read without a problem and known to the truth by its number; whatever is settled automatically
    is settled as the truth says, and most of what pays something is."""
    books = tmp_path / "books"
    run("companynet-sandbox", "init", "--dir", books)
    size = ("--accounts", plan.accounts, "--entries", plan.entries, "--days", plan.days, "--seed", plan.seed)
    files = ("--truth", tmp_path / "truth", "--open-items", tmp_path / "items")
    told = json.loads(run("companynet-sandbox", "generate", "--dir", books, *size, *files, "--json"))
    (tmp_path / "all.sta").write_bytes(fetched(plan, books, told["user"], told["dik"]))
    statements = [
        json.loads(line)
        for line in run("companynet", "statement", "parse", tmp_path / "all.sta", "--json").splitlines()
    ]
    assert [problem for statement in statements for problem in statement["problems"]] == []
    entries = [
        {**entry, "id": entry["transaction_number"]} for statement in statements for entry in statement["entries"]
    ]
    assert len(entries) == told["entries"] == plan.accounts * plan.entries * plan.days
    (tmp_path / "entries").write_text("\n".join(json.dumps(entry) for entry in entries))
    truth = {line["entry"]: line for line in map(json.loads, (tmp_path / "truth").read_text().splitlines())}
    assert truth.keys() <= {entry["id"] for entry in entries}
    matched = run(
        "settlement", "match", "--entries", tmp_path / "entries", "--open-items", tmp_path / "items", "--json"
    )
    automatic = [line for line in map(json.loads, matched.splitlines()) if line["decision"] == "automatic"]
    wrong = [
        line
        for line in automatic
        if amounts(line["items"]) != amounts(truth.get(line["entry"], {"items": []})["items"])
    ]
    assert wrong == []
    print(f"{len(entries)} entries, {len(truth)} pay something, {len(automatic)} settled automatically, none wrongly")
    assert len(automatic) > len(truth) * 0.6
