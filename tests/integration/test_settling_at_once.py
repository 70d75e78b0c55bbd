"""Statements are settled, entered, validated and posted at the same time, in real transactions of PostgreSQL."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from demo import firms

from tests.houses.databases import databases, new_world

DATABASE = "settling"


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, Any]]:
    """What came of it, by question (settling_at_once.py)."""
    with new_world(DATABASE) as world, databases(world, {DATABASE: firms.ALFA}, plugin=False):
        done = world.cluster.run(
            sys.executable, "-m", "tests.integration.settling_at_once", str(world.config_file), DATABASE
        )
        yield json.loads(done.stdout.splitlines()[-1])


def test_no_line_is_validated_without_its_move(answers: dict[str, Any]) -> None:
    """Whichever of settling and validating comes first, the other sees what it did."""
    result = answers["settled_while_validated"]
    assert result["settle"] == {
        "errors": [None, None], "states": ["validated"], "lines": 1, "without_move": 0, "pending": ["0"],
    }  # fmt: skip
    assert result["validate_statement"]["errors"] == [None, None]
    assert result["validate_statement"]["lines"] == 0


def test_a_person_and_the_settlement_do_not_settle_an_entry_twice(answers: dict[str, Any]) -> None:
    """The second of them finds the line of the first: a person is told, the settlement leaves it."""
    result = answers["entered_while_settled"]
    assert result["settle"]["errors"] == [None, "SettlementError"]
    assert result["enter"]["errors"] == [None, None]
    for order in ("settle", "enter"):
        assert (result[order]["lines"], result[order]["pending"]) == (1, ["0"])


def test_a_line_that_comes_while_validating_has_its_move(answers: dict[str, Any]) -> None:
    """The validation sees it, and it is posted with its move."""
    assert answers["entered_while_validated"] == {
        "posted": None, "states": ["posted"], "lines": 1, "without_move": 0, "pending": ["0"],
    }  # fmt: skip


def test_a_line_that_is_moved_while_validating_has_its_move(answers: dict[str, Any]) -> None:
    """The statement it comes to waits for it."""
    result = answers["moved_while_validated"]
    assert result["errors"] == [None, None]
    assert (result["states"], result["lines"], result["without_move"]) == (["validated"], 1, 0)


def test_an_invoice_is_given_to_one_of_two_entries_settled_at_once(answers: dict[str, Any]) -> None:
    """The second settlement sees that the first has taken it."""
    assert answers["one_invoice_twice"] == {"errors": [None, None], "lines": 1}


def test_a_proposal_is_refused_if_its_invoice_is_entered_meanwhile(answers: dict[str, Any]) -> None:
    """The invoice of a proposal is looked at again once all others are done."""
    assert answers["accepted_while_entered"] == {"errors": [None, "SettlementError"], "lines": 1}


def test_settlements_of_a_company_wait_their_turn(answers: dict[str, Any]) -> None:
    """All are done, nobody sees an error of the database."""
    assert answers["all_wait_their_turn"] == ["6 lines", "None"]


def test_companies_do_not_wait_for_each_other(answers: dict[str, Any]) -> None:
    """The second company's settlement is over before the first one's is committed."""
    assert answers["companies_do_not_wait"] == {"errors": [None, None], "before": [True]}


def test_waiting_ends_with_a_sentence(answers: dict[str, Any]) -> None:
    """Nothing was done, and a while later it works."""
    assert answers["waiting_ends"] == {"errors": [None, "SettlementBusyError"], "lines": 0, "later": None}
