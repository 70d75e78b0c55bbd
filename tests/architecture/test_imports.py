"""The contracts of imports hold, and a violation would be found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = "packages/companynet_sandbox/src/companynet_sandbox"


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    paths = [str(root / "modules"), *(str(path) for path in sorted((root / "packages").glob("*/src")))]
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", str(root / ".importlinter")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, to plant violations in."""
    copy = tmp_path_factory.mktemp("house")
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    for part in ("packages", "modules"):
        shutil.copytree(ROOT / part, copy / part, ignore=ignored)
    shutil.copy(ROOT / ".importlinter", copy)
    return copy


def test_every_contract_is_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("packages/companynet/src/companynet/formats/planted.py", "import companynet.soap", "one way"),
        ("packages/settlement/src/settlement/planted.py", "import trytond.pool", "knows Tryton"),
        ("modules/mbank/planted.py", "import companynet.client", "only mbank.gateway"),
        ("modules/mbank/planted.py", "import sealing.ring", "only mbank.keyring.vault"),
        ("modules/mbank/planted.py", "import lxml.etree", "XML, SOAP"),
        ("modules/automatic_settlement/planted.py", "import settlement.values", "only automatic_settlement.matcher"),
        ("modules/automatic_settlement/planted.py", "import mbank.session", "never imports mbank"),
        (f"{SANDBOX}/bank/planted.py", "import companynet.signing", "sandbox shares"),
        (f"{SANDBOX}/bank/planted.py", "import companynet.contract", "sandbox shares"),
        (f"{SANDBOX}/service/planted.py", "import companynet.errors", "sandbox shares"),
        (f"{SANDBOX}/books/planted.py", "import companynet_sandbox.formats.xml", "Inside companynet_sandbox"),
        (f"{SANDBOX}/control/planted.py", "import companynet_sandbox.testing", "Inside companynet_sandbox"),
        (f"{SANDBOX}/control/planted.py", "import companynet_sandbox.service.contract", "Inside companynet_sandbox"),
        (f"{SANDBOX}/command/planted.py", "import companynet_sandbox.service.contract", "the sandbox's service"),
        (f"{SANDBOX}/planted.py", "import json", "Inside companynet_sandbox"),  # no room of the house
        ("packages/sealing/src/sealing/planted.py", "import settlement", "do not know each other"),
        ("modules/mbank/statements/planted.py", "import mbank.payments.order_batch", "only the floors below"),
        ("modules/mbank/sessions/planted.py", "import mbank.dialog.session_create", "only the floors below"),
        ("modules/mbank/planted.py", "import mbank.clock", "only the floors below"),
    ],
)
def test_a_planted_violation_is_found(house: Path, file: str, line: str, contract: str) -> None:
    planted = house / file
    planted.write_text(line + "\n")
    try:
        done = lint_imports(house)
    finally:
        planted.unlink()
    assert done.returncode == 1, done.stdout
    broken = [row for row in done.stdout.splitlines() if "BROKEN" in row]
    assert any(contract in row for row in broken), done.stdout
