"""What is written beside a request lasts whatever happens to the request, in real transactions of PostgreSQL."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from demo import firms

from tests.houses.databases import databases, new_world

DATABASE = "independent"


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[str, dict[str, Any]]]:
    """What came of it, by question (independent_work.py)."""
    with new_world(DATABASE) as world, databases(world, {DATABASE: firms.ALFA}):
        done = world.cluster.run(
            sys.executable, "-m", "tests.integration.independent_work", str(world.config_file), DATABASE
        )
        yield json.loads(done.stdout.splitlines()[-1])


def test_it_outlives_the_request(answers: dict[str, dict[str, Any]]) -> None:
    """Others see it at once; the request is rolled back and it stays."""
    assert answers["outlives_the_request"] == {"meanwhile": "kept", "after": "kept"}


def test_a_conflict_is_tried_again(answers: dict[str, dict[str, Any]]) -> None:
    """The second time it stands on what the other one wrote, so that nothing of the other is lost."""
    assert answers["is_tried_again"] == {
        "seen": ["first", "theirs"], "answer": "theirs", "name": "theirs and ours",
    }  # fmt: skip


def test_a_failure_leaves_nothing_and_stops_no_other(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["a_failure_leaves_nothing"] == {
        "error": "ValueError", "between": "before", "none": None, "after": "next",
    }  # fmt: skip


def test_it_does_not_see_what_the_request_has_not_committed(answers: dict[str, dict[str, Any]]) -> None:
    assert answers["does_not_see_the_request"] == {"seen": "committed"}
