"""Where a program is killed: before each of its steps in the proof, in `make test` where something changes hands."""

from collections.abc import Hashable, Sequence
from typing import Any

from tests.proof import first_of_each_kind

#: A file gets its name, a call leaves or is answered, a person is told: what is before it and after it differs for
#: somebody else. Whatever else a program does between two of these is seen by nobody.
SEEN = {"link", "replace", "call", "answer", "print"}


def kill_points(steps: Sequence[str]) -> list[Any]:
    """The number of each step as a parameter; always the first of its name since a call or an answer."""

    def kind(number: int) -> Hashable:
        passed = [step for step in steps[:number] if step in {"call", "answer"}]
        return (steps[number], len(passed)) if steps[number] in SEEN else None

    return first_of_each_kind({f"{number}-{step}": number for number, step in enumerate(steps)}, kind)
