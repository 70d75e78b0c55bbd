"""The command `settlement`: matching of files."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settlement.json_lines import InputError, read_entries, read_open_items
from settlement.matcher import Matcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from settlement.values import Entry, Proposal

_BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        0, or 2 if an input cannot be read: then one line on stderr says where and why, and nothing is on stdout.
    """
    parser = argparse.ArgumentParser(prog="settlement", description="Match bank statement entries to open items.")
    commands = parser.add_subparsers(dest="command", required=True)
    match = commands.add_parser("match", help="say which open items each entry settles, and why")
    match.add_argument("--entries", type=Path, required=True, metavar="E.jsonl")
    match.add_argument("--open-items", type=Path, required=True, metavar="O.jsonl")
    match.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    chosen = parser.parse_args(arguments)
    try:
        entries, entry_ids = read_entries(chosen.entries)
        items, item_ids = read_open_items(chosen.open_items)
    except InputError as error:
        sys.stderr.write(f"settlement: {error}\n")
        return _BAD_INPUT
    proposals = Matcher(items).match_all(entries)
    if chosen.json:
        lines = [_json_line(proposal, entry_ids, item_ids) for proposal in proposals]
    else:
        lines = _table(entries, proposals)
    try:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough, as `head` does; a second complaint at exit is kept away.
        sys.stderr.close()
    return 0


def _json_line(proposal: Proposal, entry_ids: Mapping[str, Any], item_ids: Mapping[str, Any]) -> str:
    return json.dumps(
        {
            "entry": entry_ids[proposal.entry_id],
            "decision": proposal.decision.value,
            "items": [{"id": item_ids[a.item_id], "amount": format(a.amount, "f")} for a in proposal.allocations],
            "score": proposal.score,
            "reasons": [reason.text for reason in proposal.reasons],
        },
        ensure_ascii=False,
    )


def _table(entries: Sequence[Entry], proposals: Sequence[Proposal]) -> list[str]:
    rows = [("ENTRY", "DATE", "AMOUNT", "DECISION", "SCORE", "ITEMS")]
    rows.extend(
        (
            entry.id,
            entry.value_date.isoformat(),
            f"{entry.amount:f} {entry.currency}",
            proposal.decision.value,
            f"{proposal.score:.3f}",
            ", ".join(f"{given.item_id}: {given.amount:f}" for given in proposal.allocations) or "-",
        )
        for entry, proposal in zip(entries, proposals, strict=True)
    )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            cell.rjust(width) if column in (2, 4) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join([*cells, row[5]]))
        if number:
            lines.extend(f"    {reason.text}" for reason in proposals[number - 1].reasons)
    return lines
