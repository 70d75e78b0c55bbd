"""Samples that this project did not write, where their folder lies beside the checkout."""

from decimal import Decimal
from pathlib import Path

import pytest

from companynet.domain.statement import entry_identities
from companynet.formats import read_statements

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples" / "mt940"

# file: format, entries, sum of the entries, codes of the problems
EXPECTED = {
    "mbank_collect_2017.sta": ("MT940", 3, "0.03", []),
    "mbank_mt942.sta": ("MT942", 3, "0.03", []),
    # Copies that somebody has saved as UTF-8, which is not the bank's page.
    "mbank_specification_excerpt.sta": ("MT940", 6, "-537.33", ["code_page", "balance"]),
    "mbank_form_2026_synthetic.sta": ("MT940", 5, "76668.00", ["balance"]),
    "other_bank_bph.sta": ("MT940", 4, "-128818.12", ["other_bank", "code_page"]),
}

PATHS = sorted(SAMPLES.glob("*.sta"))

# Where the folder is absent there is no test to collect, rather than one that is skipped.
if PATHS:

    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
    def test_every_sample_is_read_right(path: Path) -> None:
        kind, count, total, problems = EXPECTED[path.name]
        (statement,) = read_statements(path.read_bytes(), path.name)
        assert statement.format == kind
        assert len(statement.entries) == count
        assert sum((entry.amount for entry in statement.entries), Decimal(0)) == Decimal(total)
        assert [problem.code for problem in statement.problems] == problems
        assert len(set(entry_identities(statement))) == count
        if "mbank" in path.name:
            assert all(entry.transaction_number for entry in statement.entries)
