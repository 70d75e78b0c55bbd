"""Reading a text grows no faster than the text. Its patterns: tests/architecture/test_patterns.py."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest

from settlement import Decision, Entry, Kind, Matcher, OpenItem

SIZES = (5_000, 10_000, 20_000)
BEARABLE = 0.02
"""Seconds below which growth is the machine's, not the reading's."""


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
        least = float("inf")
        for _ in range(3):
            start = time.process_time()
            assert matcher.match(entry).decision is not Decision.AUTOMATIC
            least = min(least, time.process_time() - start)
        spent.append(least)
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
