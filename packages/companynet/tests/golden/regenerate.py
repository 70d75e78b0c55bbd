"""Writes the expected results beside the golden inputs, from what the code does now: read the difference before
keeping it. Run as ``python packages/companynet/tests/golden/regenerate.py``.
"""

import json
from pathlib import Path

from companynet.domain.statement import entry_identities
from companynet.formats import elixir, order_json, pain001, read_statements
from companynet.formats.json_form import statement_to_json

HERE = Path(__file__).parent


def statements_as_json(path: Path) -> str:
    """What is expected of a statement file: its statements and the identities of their entries."""
    statements = read_statements(path.read_bytes(), path.name)
    values = [{**statement_to_json(item), "identities": entry_identities(item)} for item in statements]
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


def orders_as_pain001(path: Path) -> bytes:
    """What is expected of an order batch: its file."""
    return pain001.write(order_json.read_batch(path.read_bytes(), path.name))


def orders_as_elixir(path: Path) -> bytes:
    """What is expected of a batch of domestic orders: its ELIXIR-0 file."""
    return elixir.write(order_json.read_batch(path.read_bytes(), path.name))


def main() -> None:
    """Write all expected results."""
    for path in sorted(HERE.glob("*.sta")):
        path.with_suffix(".expected.json").write_text(statements_as_json(path), encoding="utf-8")
    for path in sorted(HERE.glob("orders*.json")):
        path.with_suffix(".pain001.xml").write_bytes(orders_as_pain001(path))
    for path in sorted(HERE.glob("elixir*.json")):
        path.with_suffix(".pli").write_bytes(orders_as_elixir(path))


if __name__ == "__main__":
    main()
