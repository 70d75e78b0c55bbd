"""Markers in code and the pages they name belong together: S- in docs/sources.md, L- in docs/ledger.md."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"S": "sources.md", "L": "ledger.md"}
#: What carries markers: code and the contract, not the tests, which only prove what code relies on.
CODE = [
    path
    for part in ("packages", "modules", "demo")
    for path in (ROOT / part).rglob("*")
    if path.suffix in {".py", ".js", ".sql", ".wsdl", ".xsd"} and not {"build", "tests"} & set(path.parts)
]


def listed(letter: str) -> list[str]:
    """The numbers of a page's lines, in their order."""
    text = (ROOT / "docs" / PAGES[letter]).read_text(encoding="utf-8")
    return re.findall(rf"^\| ({letter}-\d{{3}}) \|", text, re.MULTILINE)


def ledger() -> dict[str, list[str]]:
    """The cells of each line of the ledger behind its number."""
    text = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (L-\d{3}) \| (.*) \|$", text, re.MULTILINE)
    return {number: [cell.strip() for cell in rest.split(" | ")] for number, rest in rows}


LEDGER = ledger()
TEXTS = [path.read_text(encoding="utf-8") for path in CODE]


@pytest.mark.parametrize("letter", PAGES)
def test_each_marker_has_a_line_and_each_line_a_marker(letter: str) -> None:
    """What code relies on is on the page, and a line that no code relies on is none."""
    used = {mark for path in CODE for mark in re.findall(rf"\b{letter}-\d{{3}}\b", path.read_text(encoding="utf-8"))}
    lines = set(listed(letter))
    assert len(used) > 20
    assert not used - lines, f"without a line in {PAGES[letter]}: {sorted(used - lines)}"
    assert not lines - used, f"lines of {PAGES[letter]} that no code names: {sorted(lines - used)}"


@pytest.mark.parametrize("letter", PAGES)
def test_numbers_are_in_order_and_there_once(letter: str) -> None:
    numbers = listed(letter)
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("number", LEDGER)
def test_each_ledger_line_is_whole(number: str) -> None:
    """Claim, source, a known mark, a test that is a file, and what to change."""
    claim, source, mark, test, otherwise = LEDGER[number]
    assert claim
    assert source
    assert mark in {"V", "S", "I", "U"}
    assert (ROOT / test).is_file(), test
    assert Path(test).name.startswith("test_"), test
    assert otherwise


@pytest.mark.parametrize("number", LEDGER)
def test_what_to_change_is_there(number: str) -> None:
    """Files and names that a line says are to be changed exist."""
    otherwise = LEDGER[number][4]
    for name in re.findall(r"[\w/]+\.py\b", otherwise):
        assert any(path.as_posix().endswith(f"/{name}") for path in CODE), name
    for name in re.findall(r"`(\w+)`", otherwise):
        assert any(re.search(rf"\b{name}\b", text) for text in TEXTS), name


@pytest.mark.parametrize("number", LEDGER)
def test_what_is_our_own_assumption_is_marked_unconfirmed(number: str) -> None:
    """An assumption of ours is U, unless it is only how we read what real files show."""
    _claim, source, mark, _test, _otherwise = LEDGER[number]
    if "our own assumption" in source:
        assert mark == "U" or "real extracts" in source


def test_lines_that_name_another_are_named_by_it() -> None:
    """One claim that library, sandbox and module each rest on is found from any of its lines."""
    names = {number: set(re.findall(r"L-\d{3}", " ".join(cells))) for number, cells in LEDGER.items()}
    one_way = sorted(
        f"{number} names {other}"
        for number, others in names.items()
        for other in others
        if number not in names.get(other, set())
    )
    assert not one_way
