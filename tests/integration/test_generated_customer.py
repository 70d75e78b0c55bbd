"""A generated customer through bank, parser and matcher, each through its command: books, forms and truth agree."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from companynet_sandbox.testing import make_identity, running_bank
from companynet_sandbox.testing.client import Customer

BIN = Path(sys.executable).parent


def run(command: str, *arguments: object) -> str:
    """Run a command of the project, which must work; its output."""
    return subprocess.run([BIN / command, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def fetched(books: Path, user: str, dik: str) -> bytes:
    """All statements of the customer, over HTTP on a session signed by a certificate registered in the books."""
    # The bank's clock stands in February, whenever the test runs.
    valid = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    identity = make_identity("Osoba Zmyślona", *valid, "x")
    (books / "certificate.pem").write_text(identity.certificate_pem)
    run("companynet-sandbox", "register", "--dir", books, "--user", user, "--certificate", books / "certificate.pem")
    with running_bank(books) as bank:
        bank.post("/clock", {"now": "2026-02-02T08:00:00"})
        customer = Customer(bank, identity, "x", user)
        customer.dik = dik
        customer.open_session(dik, end=dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
        return b"".join(customer.statements(dt.date(2026, 1, 1), dt.date(2026, 1, 31)))


def amounts(items: list[dict[str, Any]]) -> dict[str, str]:
    """Item to amount."""
    return {item["id"]: item["amount"] for item in items}


def test_no_automatic_settlement_of_generated_entries_is_wrong(tmp_path: Path) -> None:
    """Every entry is read without a problem and known to the truth by its number; whatever is settled automatically
    is settled as the truth says, and most of what pays something is."""
    books = tmp_path / "books"
    run("companynet-sandbox", "init", "--dir", books)
    plan = ("--accounts", "4", "--entries", "250", "--days", "2", "--seed", "3")
    files = ("--truth", tmp_path / "truth", "--open-items", tmp_path / "items")
    told = json.loads(run("companynet-sandbox", "generate", "--dir", books, *plan, *files, "--json"))
    (tmp_path / "all.sta").write_bytes(fetched(books, told["user"], told["dik"]))
    statements = [
        json.loads(line)
        for line in run("companynet", "statement", "parse", tmp_path / "all.sta", "--json").splitlines()
    ]
    assert [problem for statement in statements for problem in statement["problems"]] == []
    entries = [
        {**entry, "id": entry["transaction_number"]} for statement in statements for entry in statement["entries"]
    ]
    assert len(entries) == told["entries"] == 2000
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
    assert len(automatic) > len(truth) * 0.6
