"""The library by itself: its wheel holds all it needs, and its own tests pass with nothing else installed.

The environment is kept in .build and made anew when the pinned versions or the library's dependencies change; the
wheel is built and installed each time.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "packages" / "companynet"
TESTS = LIBRARY / "tests"
# A worker of pytest-xdist has a place of its own: two must not build in one.
PLACE = ROOT / ".build" / f"alone{os.environ.get('PYTEST_XDIST_WORKER', '')}"
PYTHON = PLACE / "venv" / "bin" / "python"
PINNED = ("--quiet", "--disable-pip-version-check", "--constraint", str(ROOT / "constraints.txt"))


def run(*command: object) -> str:
    """What a command printed; it must end well."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel of the library, built from a copy: building leaves files beside the sources."""
    shutil.rmtree(PLACE / "source", ignore_errors=True)
    shutil.rmtree(PLACE / "dist", ignore_errors=True)
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "tests")
    shutil.copytree(LIBRARY, PLACE / "source", ignore=ignored)
    run(
        sys.executable, "-m", "pip", "wheel", *PINNED, "--no-deps", "--no-build-isolation",
        "--wheel-dir", PLACE / "dist", PLACE / "source",
    )  # fmt: skip
    (made,) = (PLACE / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="module")
def python(wheel: Path) -> Path:
    """The Python of an environment with the library, its dependencies, pytest and hypothesis."""
    wanted = hashlib.sha256(
        (ROOT / "constraints.txt").read_bytes() + (LIBRARY / "pyproject.toml").read_bytes() + sys.version.encode()
    ).hexdigest()
    stamp = PLACE / "stamp"
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(PLACE / "venv", ignore_errors=True)
        venv.create(PLACE / "venv", with_pip=True)
        run(PYTHON, "-m", "pip", "install", *PINNED, wheel, "pytest", "hypothesis")
        stamp.write_text(wanted)
    run(PYTHON, "-m", "pip", "install", *PINNED, "--no-deps", "--no-index", "--force-reinstall", wheel)
    return PYTHON


def in_need_of_the_sandbox() -> list[Path]:
    """Tests of the library that have the sandbox bank as their peer: files, and folders whose fixtures do."""
    return [
        path.parent if path.name == "conftest.py" else path
        for path in sorted(TESTS.rglob("*.py"))
        if re.search(r"^\s*(?:from|import) companynet_sandbox\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def test_the_wheel_holds_contract_schemas_and_types(wheel: Path) -> None:
    """Each file of the package is in it, and none of the tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "companynet/contract/IBREService_v1_0.wsdl",
        "companynet/contract/IBREService_v1_0.xsd",
        "companynet/formats/schemas/pain.001.001.03.xsd",
        "companynet/py.typed",
    } <= names
    source = LIBRARY / "src"
    files = {
        path.relative_to(source).as_posix()
        for path in (source / "companynet").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= names
    assert {name.split("/")[0] for name in names - files} == {wheel.name.rsplit("-", 3)[0] + ".dist-info"}


def test_nothing_else_is_installed(python: Path) -> None:
    """Neither the sandbox nor the ERP is there, and the library is that of the wheel."""
    program = (
        "import importlib.util, json, companynet; print(json.dumps([companynet.__file__, "
        "[name for name in ('companynet_sandbox', 'trytond', 'sealing', 'settlement', 'waitress') "
        "if importlib.util.find_spec(name)]]))"
    )
    place, others = json.loads(run(python, "-c", program))
    assert Path(place).is_relative_to(PLACE / "venv")
    assert others == []


def test_the_librarys_own_tests_pass(python: Path) -> None:
    """All but those whose peer is the sandbox bank."""
    without = [f"--ignore={path}" for path in in_need_of_the_sandbox()]
    assert without
    last = run(python, "-m", "pytest", "-q", *without, TESTS).splitlines()[-1]
    passed = re.search(r"(\d+) passed", last)
    assert passed, last
    assert int(passed[1]) > 500, last
