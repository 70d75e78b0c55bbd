"""Every marker in code has its line: S- in docs/sources.md, L- in docs/ledger.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    path
    for part in ("packages", "modules", "demo")
    for path in (ROOT / part).rglob("*.py")
    if "build" not in path.parts
]


@pytest.mark.parametrize(("letter", "page"), [("S", "sources.md"), ("L", "ledger.md")])
def test_each_marker_has_a_line(letter: str, page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    listed = set(re.findall(rf"^\| ({letter}-\d{{3}}) \|", text, re.MULTILINE))
    used = {mark for path in CODE for mark in re.findall(rf"\b{letter}-\d{{3}}\b", path.read_text())}
    assert used <= listed, f"without a line in {page}: {sorted(used - listed)}"


def test_each_ledger_line_has_a_known_mark() -> None:
    rows = re.findall(r"^\| L-\d{3} \|.*$", (ROOT / "docs" / "ledger.md").read_text(), re.MULTILINE)
    assert rows
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 6, row
        assert cells[3] in {"V", "S", "I", "U"}, row
        assert all(cells), row
