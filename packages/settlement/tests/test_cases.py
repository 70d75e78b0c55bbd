"""Cases after public reports of wrong matches: days and other documents as numbers, contradictions, folded titles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from settlement import Decision, Matcher
from settlement.json_lines import read_entries, read_open_items

CASES = [
    json.loads(line)
    for line in (Path(__file__).with_name("corpus") / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_no_case_is_settled_as_it_must_not_be(case: dict[str, Any], tmp_path: Path) -> None:
    """What is not to be automatic is not; what may be is settled, or proposed, with the right items."""
    for kind in ("entries", "items"):
        lines = (json.dumps(record) for record in case[kind])
        (tmp_path / kind).write_text("\n".join(lines), encoding="utf-8")
    entries, items = read_entries(tmp_path / "entries")[0], read_open_items(tmp_path / "items")[0]
    first, *more = Matcher(items).match_all(entries)
    wanted, automatic = case["want"]["decision"], first.decision is Decision.AUTOMATIC
    given = sorted(one.item_id for one in first.allocations)
    told = [reason.text for reason in first.reasons]
    if wanted in ("not automatic", "show", "propose", "none"):
        assert not automatic, told
    if automatic and case["want"]["items"] is not None:
        assert given == sorted(case["want"]["items"]), told
    if wanted in ("automatic", "propose"):
        assert given == sorted(case["want"]["items"]), told
    if wanted == "dup":
        assert not any(one.decision is Decision.AUTOMATIC for one in more)
