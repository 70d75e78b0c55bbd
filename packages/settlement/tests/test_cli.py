"""The command `settlement match`, as scripts rely on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from settlement.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = {"id": 7, "value_date": "2026-11-24", "amount": "1230.00", "currency": "PLN", "remittance": "FV 1/2026"}
ITEM = {
    "id": "a", "kind": "receivable", "party": 5, "party_accounts": [], "party_nip": None, "number": "FV/1/2026",
    "amount": "1230.00", "currency": "PLN", "date": "2026-11-01", "due_date": None, "ksef": None,
    "virtual_account": None,
}  # fmt: skip


def run(tmp_path: Path, entry: object, item: object, *more: str) -> int:
    entries, items = tmp_path / "e.jsonl", tmp_path / "o.jsonl"
    entries.write_text(entry if isinstance(entry, str) else json.dumps(ENTRY) + "\n" + json.dumps(entry), "utf-8")
    items.write_text(item if isinstance(item, str) else json.dumps(item) + "\n\n", "utf-8")
    return main(["match", "--entries", str(entries), "--open-items", str(items), *more])


def test_json_has_a_line_per_entry_in_the_order_given(tmp_path, capsys):
    """Ids keep their JSON type, amounts are text with their decimals."""
    assert run(tmp_path, ENTRY | {"id": "x", "remittance": "?", "amount": -5, "surplus": {}}, ITEM, "--json") == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(first) == ["entry", "decision", "items", "score", "reasons"]
    assert (first["entry"], first["decision"], first["items"]) == (7, "automatic", [{"id": "a", "amount": "1230.00"}])
    assert (second["entry"], second["decision"], second["items"]) == ("x", "none", [])
    assert all(isinstance(reason, str) for reason in first["reasons"])
    assert 0.85 <= first["score"] <= 1


def test_table_shows_decision_items_and_reasons(tmp_path, capsys):
    """For people: no JSON."""
    assert run(tmp_path, json.dumps(ENTRY), ITEM) == 0
    out = capsys.readouterr().out
    assert "automatic" in out
    assert "a: 1230.00" in out
    assert "invoice number FV/1/2026" in out


@pytest.mark.parametrize(
    ("entry", "item", "told"),
    [
        (ENTRY | {"id": 8, "amount": "12,30"}, ITEM, ["e.jsonl, line 2", "amount", "12,30"]),
        (ENTRY | {"id": 8, "amount": "NaN"}, ITEM, ["e.jsonl, line 2", "amount", "NaN"]),
        (ENTRY | {"id": 8, "amount": None}, ITEM, ["line 2", "amount", "null"]),
        (ENTRY | {"id": 8, "value_date": "24.11.2026"}, ITEM, ["line 2", "value_date", "24.11.2026"]),
        (ENTRY | {"id": 8, "currency": "zloty"}, ITEM, ["line 2", "currency", "zloty"]),
        (ENTRY | {"id": 8, "details": []}, ITEM, []),
        (ENTRY | {"id": 8, "details": ["x"]}, ITEM, ["line 2", "details"]),
        (ENTRY | {"id": 8, "remittance": 5}, ITEM, ["line 2", "remittance", "5"]),
        (ENTRY, ITEM, ["line 2", "id", "twice", "7"]),
        ('{"id": 1', ITEM, ["e.jsonl, line 1", "JSON"]),
        ("[1]", ITEM, ["e.jsonl, line 1", "object"]),
        ("[" * 100_000, ITEM, ["e.jsonl, line 1"]),
        (ENTRY | {"id": 8}, ITEM | {"amount": "0.00"}, ["o.jsonl, line 1", "amount", "0.00"]),
        (ENTRY | {"id": 8}, ITEM | {"kind": "loan"}, ["o.jsonl, line 1", "kind", "loan"]),
        (ENTRY | {"id": 8}, ITEM | {"party_accounts": "61"}, ["o.jsonl, line 1", "party_accounts", "61"]),
        (ENTRY | {"id": 8}, ITEM | {"references": "PAY-1"}, ["o.jsonl, line 1", "references", "PAY-1"]),
        (ENTRY | {"id": 8}, ITEM | {"party": None}, ["o.jsonl, line 1", "party", "null"]),
    ],
)
def test_bad_input_is_one_line_that_names_the_place(tmp_path, capsys, entry, item, told):
    """Exit status 2, one line with file, line, field and value, nothing on stdout; empty details are no error."""
    status = run(tmp_path, entry, item, "--json")
    out, err = capsys.readouterr()
    assert status == (2 if told else 0)
    assert bool(out) == (not told)
    assert err.count("\n") == bool(told)
    for part in told:
        assert part in err


def test_missing_and_foreign_files_are_named(tmp_path, capsys):
    """No traceback for a file that is not there or not UTF-8."""
    items = tmp_path / "o.jsonl"
    items.write_bytes("Ą".encode("iso-8859-2"))
    assert main(["match", "--entries", str(tmp_path / "no.jsonl"), "--open-items", str(items)]) == 2
    assert "no.jsonl" in capsys.readouterr().err
    entries = tmp_path / "e.jsonl"
    entries.write_text(json.dumps(ENTRY), "utf-8")
    assert main(["match", "--entries", str(entries), "--open-items", str(items)]) == 2
    assert "UTF-8" in capsys.readouterr().err
