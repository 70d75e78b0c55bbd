"""A labelled corpus of Polish titles as mBank writes them: what is settled automatically must be right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from settlement import Decision, Matcher, Proposal
from settlement.json_lines import read_entries, read_open_items

CORPUS = Path(__file__).with_name("corpus")
ENTRIES = read_entries(CORPUS / "entries.jsonl")[0]
ITEMS = read_open_items(CORPUS / "open_items.jsonl")[0]
EXPECTED = {
    row["id"]: row["expect"]
    for row in map(json.loads, (CORPUS / "entries.jsonl").read_text(encoding="utf-8").splitlines())
}


def given(proposal: Proposal) -> dict[str, str]:
    return {allocation.item_id: str(allocation.amount) for allocation in proposal.allocations}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_each_entry_of_the_corpus_is_decided_as_labelled(entry):
    """Decision and items are the labelled ones; a label without items leaves them open."""
    proposal = Matcher(ITEMS).match(entry)
    expected = EXPECTED[entry.id]
    shown = [(reason.code, reason.text) for reason in proposal.reasons]
    assert proposal.decision.value == expected["decision"], (proposal.score, given(proposal), shown)
    if expected["items"] is not None:
        assert given(proposal) == expected["items"], shown
    assert proposal.reasons


def test_automatic_precision_is_one(capsys):
    """Nothing of the corpus is settled automatically that its label does not settle so; recall is printed."""
    matcher = Matcher(ITEMS)
    wanted = {entry.id for entry in ENTRIES if EXPECTED[entry.id]["decision"] == "automatic"}
    proposals = [matcher.match(entry) for entry in ENTRIES]
    automatic = [proposal for proposal in proposals if proposal.decision is Decision.AUTOMATIC]
    right = [one for one in automatic if one.entry_id in wanted and given(one) == EXPECTED[one.entry_id]["items"]]
    precision, recall = len(right) / len(automatic), len(right) / len(wanted)
    with capsys.disabled():
        print(f"\nsettlement corpus: {len(ENTRIES)} entries, precision {precision:.3f}, recall {recall:.3f}")
    assert precision == 1.0
    assert recall >= 0.9
