"""Work grows no faster than the text: every pattern of the package, and reading as a whole, at 1, 2 and 4 times."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import re
import time
from decimal import Decimal

import pytest

import settlement
from settlement import Decision, Entry, Kind, Matcher, OpenItem

HOSTILE = (
    "1", "1 ", "12 ", "1,", "1/", "1-", "1.", "1O", "O", "F", "FV ", "FV1", "A1 ", "AA", "KWOTA 1 ", "KWOTA", "NIP 1",
    "PL1", "/INV/", "/ I N V", "/INV/1\n", "/VAT/1", "/VAT/1,", "/VAT/ 1 / IDC", "/TXT", "1234567890-20260101-", "0A",
    "NOT", "KOR ", "ZWRO", "PRO FORM", "ZALICZK", "SP Z O O ", "S A ", "SPOLKA Z ", "123 456 ", "1 234,0", "\n", "Ä",
)  # fmt: skip
SIZES = (5_000, 10_000, 20_000)
BEARABLE = 0.02
"""Seconds below which growth is the machine's, not the pattern's."""


def patterns() -> dict[str, re.Pattern[str]]:
    """Every pattern that a module of the package holds."""
    found = {}
    for module in pkgutil.iter_modules(settlement.__path__):
        for name, value in vars(importlib.import_module(f"settlement.{module.name}")).items():
            if isinstance(value, re.Pattern):
                found[f"{value.pattern[:40]} of {name}"] = value
    return found


def seconds(pattern: re.Pattern[str], text: str, runs: int = 3) -> float:
    """The least of some runs, of the processor."""
    least = float("inf")
    for _ in range(runs):
        start = time.process_time()
        sum(1 for _ in pattern.finditer(text))
        least = min(least, time.process_time() - start)
    return least


def test_patterns_are_found():
    """Else the next test would test nothing."""
    assert len(patterns()) >= 12


@pytest.mark.parametrize("pattern", patterns().values(), ids=patterns().keys())
def test_no_pattern_takes_longer_than_the_text_grows(pattern):
    """Searched to the end of what is made to lead it astray."""
    for piece in HOSTILE:
        texts = [(piece * size)[:size] + "!\nx" for size in SIZES]
        if seconds(pattern, texts[-1], runs=1) < BEARABLE:
            continue
        small, middle, large = (seconds(pattern, text) for text in texts)
        assert large < BEARABLE or large < 3 * middle < 9 * small, (piece, small, middle, large)


@pytest.mark.parametrize("piece", ["1", "1 ", "12, ", "/INV/1", "A1 ", "FV 1/1/2026 ", "O", "SP Z O O "])
def test_reading_is_bounded_however_long_the_text(piece):
    """A title, name, reference or field of any length is read to its bound; what is cut settles nothing."""
    item = OpenItem("i", Kind.RECEIVABLE, "p", "FV/1/2026", Decimal(5), "PLN", party_accounts=("1" * 26,))
    matcher = Matcher([item])
    spent = []
    for size in SIZES:
        text = (piece * size)[:size]
        entry = Entry(
            "e", Decimal(5), "PLN", dt.date(2026, 1, 1), f"FV/1/2026 {text}", "1" * 26, text,
            customer_reference=text, details={"INV": text, "REF. KLIENTA": text},
        )  # fmt: skip
        start = time.process_time()
        assert matcher.match(entry).decision is not Decision.AUTOMATIC
        spent.append(time.process_time() - start)
    assert spent[2] < 3 * spent[0] + BEARABLE
    assert spent[2] < 1


def test_too_long_a_title_is_told():
    """A person reads the rest."""
    item = OpenItem("i", Kind.RECEIVABLE, "p", "FV/1/2026", Decimal(5), "PLN", party_accounts=("1" * 26,))
    for rest in ("X" * 3000, "X1 " * 100):
        entry = Entry("e", Decimal(5), "PLN", dt.date(2026, 1, 1), f"FV/1/2026 {rest}", "1" * 26)
        proposal = Matcher([item]).match(entry)
        assert proposal.decision is Decision.PROPOSE
        assert "title_too_long" in {reason.code for reason in proposal.reasons}
