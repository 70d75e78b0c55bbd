"""Sessions are stored and their context is changed at the same time, in real transactions of PostgreSQL."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from demo import firms

from tests.houses.databases import databases, new_world

DATABASE = "contexts"


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, dict[str, Any]]]:
    """What came of it, by question (contexts_at_once.py)."""
    with new_world(DATABASE) as world, databases(world, {DATABASE: firms.ALFA}):
        done = world.cluster.run(
            sys.executable, "-m", "tests.integration.contexts_at_once", str(world.config_file), DATABASE
        )
        yield json.loads(done.stdout.splitlines()[-1])


def test_one_session_of_two_at_once(answers: dict[str, dict[str, Any]]) -> None:
    """Of two transactions that cannot see each other's session one stores it, the database refuses the other."""
    assert answers["one_pending"] == {"stored": 1, "refused": ["SQLConstraintError"], "count": 1}


def test_a_session_for_the_context_before(answers: dict[str, dict[str, Any]]) -> None:
    """Who opened the dialog before the change is told to begin anew, and nothing is stored."""
    assert answers["begun_before_the_change"] == {"changed": True, "begun": "SessionCreateError", "stray": []}


def test_no_session_is_left_in_a_context_that_is_no_more(answers: dict[str, dict[str, Any]]) -> None:
    """However sessions and changes come together, a session is where it will be looked for or is not stored."""
    result = answers["begun_while_changing"]
    assert result["stray"] == []
    assert result["changed"] >= 1
    assert set(result["outcomes"]) <= {"None", "SessionCreateError"}
