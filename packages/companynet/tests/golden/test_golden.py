"""The golden inputs, written after the bank's form, give the results kept beside them."""

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_SPEC = importlib.util.spec_from_file_location("golden_regenerate", HERE / "regenerate.py")
assert _SPEC is not None
assert _SPEC.loader is not None
regenerate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(regenerate)


@pytest.mark.parametrize("path", sorted(HERE.glob("*.sta")), ids=lambda path: path.stem)
def test_a_statement_file_gives_its_kept_result(path: Path) -> None:
    expected = path.with_suffix(".expected.json").read_text(encoding="utf-8")
    assert json.loads(regenerate.statements_as_json(path)) == json.loads(expected)


@pytest.mark.parametrize("path", sorted(HERE.glob("orders*.json")), ids=lambda path: path.stem)
def test_an_order_batch_gives_its_kept_bytes(path: Path) -> None:
    assert regenerate.orders_as_pain001(path) == path.with_suffix(".pain001.xml").read_bytes()


@pytest.mark.parametrize("path", sorted(HERE.glob("elixir*.json")), ids=lambda path: path.stem)
def test_a_domestic_batch_gives_its_kept_elixir_bytes(path: Path) -> None:
    assert regenerate.orders_as_elixir(path) == path.with_suffix(".pli").read_bytes()
