"""What the bank calls its operations is known behind the gateway alone: elsewhere there are kinds, uses and words."""

import re
from pathlib import Path

from companynet.outcomes import OPERATIONS

MODULES = Path(__file__).resolve().parents[2] / "modules"
#: ``login`` and ``logout`` are words of everybody's.
NAMES = sorted(name for name in OPERATIONS if not name.islower())
NAMED = re.compile(rf"\b(?:{'|'.join(NAMES)})\b")
#: What a person, a database or a developer may come upon.
KINDS = {".py", ".xml", ".po", ".js", ".css", ".cfg", ".rst", ".sql", ".toml"}


def found(folder: Path) -> list[str]:
    """Each place outside the gateway that has a name of the contract; tests play the bank and may say them."""
    return [
        f"{path.relative_to(folder)}:{number}: {match[0]}"
        for path in sorted(folder.rglob("*"))
        if path.suffix in KINDS and not {"gateway", "tests", "build"} & set(path.relative_to(folder).parts[:-1])
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in [NAMED.search(line)]
        if match
    ]


def test_no_name_of_the_contract_outside_the_gateway() -> None:
    assert len(NAMES) > 10
    assert not found(MODULES)


def test_a_name_is_found_wherever_it_stands(tmp_path: Path) -> None:
    for place in ("mbank/sessions", "mbank/gateway", "mbank/tests", "mbank/locale"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "mbank/sessions/session.py").write_text("first\nPROOF = 'getStatus'\n")
    (tmp_path / "mbank/sessions/message.xml").write_text("<field>getStatusText</field><field>getMT940Ex: no</field>")
    (tmp_path / "mbank/locale/pl.po").write_text('msgstr "finishBackgroundSession"')
    for allowed in ("mbank/gateway/orders.py", "mbank/tests/bank.py"):
        (tmp_path / allowed).write_text("getStatus")
    assert found(tmp_path) == [
        "mbank/locale/pl.po:1: finishBackgroundSession",
        "mbank/sessions/message.xml:1: getMT940Ex",
        "mbank/sessions/session.py:2: getStatus",
    ]
