"""Every test file is run by one part of `make test`; `make quick` runs what is nearest to what changed."""

import subprocess
from pathlib import Path

import pytest

from tests.quick import PURE, SLOW, nearest_tests
from tests.run import PARTS

ROOT = Path(__file__).resolve().parents[2]
#: Its own rules of a module.
MODULE = "modules/mbank/tests/test_module.py"


def files_of_tests() -> list[Path]:
    """Those that git knows or would take, wherever they lie."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "test_*.py", "**/test_*.py"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(line) for line in sorted(set(done.stdout.splitlines())) if (ROOT / line).is_file()]


def test_each_file_is_run_by_one_part() -> None:
    """None is forgotten, none is run twice."""
    runs = {
        file: [part.name for part in PARTS for path in part.paths if file.is_relative_to(path)]
        for file in files_of_tests()
    }
    assert len(runs) > 100
    assert {str(file): names for file, names in runs.items() if len(names) != 1} == {}


def test_each_part_runs_what_is_there() -> None:
    """A file that is moved or renamed is missed here."""
    assert [path for part in PARTS for path in part.paths if not (ROOT / path).exists()] == []
    assert [path for path in (*PURE, *SLOW) if not (ROOT / path).exists()] == []
    names = [part.name for part in PARTS]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("changed", "run"),
    [
        ({"modules/mbank/sharing/share.py"}, {"modules/mbank/sharing/tests", MODULE}),
        ({"modules/mbank/view/sharing/share_form.xml"}, {"modules/mbank/sharing/tests", MODULE}),
        ({"modules/mbank/locale/pl.po"}, {"modules/mbank/tests"}),
        ({"modules/mbank/rights.py", "modules/mbank/keys/server_key.xml"}, {"modules/mbank/tests", "modules/mbank/keys/tests"}),
        ({"modules/mbank/keys/tests/test_server_key.py"}, {"modules/mbank/keys/tests/test_server_key.py"}),
        ({"modules/mbank/keys/tests/test_server_key.py", "modules/mbank/keys/vault.py"}, {"modules/mbank/keys/tests", MODULE}),
        ({"modules/plugins/module.py"}, {"modules/plugins/tests"}),
        ({"packages/companynet/src/companynet/client.py", "modules/mbank/doc/setup.rst", "README.md"}, set()),
        ({"packages/companynet/src/companynet/signing/cms.py"}, {"packages/companynet/tests/signing"}),
        ({"packages/companynet_signer/src/companynet_signer/origin.py"}, {"packages/companynet_signer/tests"}),
        ({"packages/tryton_plugins/src/tryton_plugins/licence.py"}, {"packages/tryton_plugins/tests"}),
        ({"packages/settlement/src/settlement/rules.py"}, set()),
    ],
)  # fmt: skip
def test_the_tests_nearest_to_what_changed_are_quick(changed: set[str], run: set[str]) -> None:
    """Of a room its own, of a view those of its room, of what is no room's those of the module."""
    assert nearest_tests(changed) == run


def test_a_room_without_tests_is_looked_at_by_those_that_name_what_changed() -> None:
    """Its rules are held by the rooms above it."""
    found = nearest_tests({"modules/mbank/keyring/restored.py"})
    assert not (ROOT / "modules/mbank/keyring/tests").exists()
    assert {"modules/mbank/tests", "modules/mbank/payments/tests/test_restored.py"} <= found
