"""What of a rule runs at each `make test`, and what only in the proof (`make proof`): the rule once more elsewhere."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import pytest

Point = TypeVar("Point")


def first_of_each_kind(points: Mapping[str, Point], kind: Callable[[Point], Hashable]) -> list[Any]:
    """Points a rule must hold at, as parameters by their names: the first of each kind always, the others in the proof.

    Args:
        points: in the order they come to pass.
        kind: what makes a point another case of the rule; None is a kind that is left to the proof.
    """
    seen: set[Hashable] = {None}
    parameters = []
    for name, point in points.items():
        marks = [pytest.mark.proof] if kind(point) in seen else []
        seen.add(kind(point))
        parameters.append(pytest.param(point, id=name, marks=marks))
    return parameters
