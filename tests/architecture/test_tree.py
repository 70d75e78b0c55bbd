"""The tree keeps no path of a machine, no registry host, no file without a head line, no test file that serves others."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in two parts, so that this file does not name what it forbids.
FORBIDDEN = re.compile(
    "|".join(("index-" + "url", "find-" + "links", '"resol' + 'ved": *"http', "/wo" + "rk/[a-z.]"))
)


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_registry_host_and_no_machine_path() -> None:
    found = []
    for path in tracked():
        if path.suffix in {".png", ".svg", ".zip", ".p12"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in FORBIDDEN.findall(text)]
    assert not found


def test_every_constraint_is_pinned() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line), line


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_path_of_the_map_is_there(page: str) -> None:
    """A map that names what is gone leads nowhere: each path in code marks, and each link, is a file or a folder."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:packages|modules|tests|demo|docs)(?:/[\w.]+)*)/?`", text)
    links = re.findall(r"\]\(([^)#]+)\)", text)
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []
    assert named


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def without_head_line(source: str, *, initial: bool = False) -> bool:
    """Whether a source does not say first what its one job is; an ``__init__.py`` without code has none."""
    tree = ast.parse(source)
    return not (ast.get_docstring(tree) or (initial and not tree.body))


def test_every_file_says_its_one_job_first() -> None:
    """Code and tests alike: who opens a file reads what belongs in it."""
    assert not [
        str(path.relative_to(ROOT))
        for path in python_files()
        if without_head_line(path.read_text(encoding="utf-8"), initial=path.name == "__init__.py")
    ]


@pytest.mark.parametrize(
    ("source", "initial", "fault"),
    [
        ('"""What it does."""\n', False, False),
        ("# Of the licence\nimport os\n", False, True),
        ('import os\n"""Too late."""\n', False, True),
        ('""""""\nimport os\n', False, True),
        ("", False, True),
        ("# Of the licence\n", True, False),
        ("from .routes import job\n", True, True),
    ],
)
def test_a_file_without_a_head_line_is_found(source: str, *, initial: bool, fault: bool) -> None:
    assert without_head_line(source, initial=initial) == fault


def taken_from_test_files(source: str) -> Iterator[str]:
    """The test files, and the tests, that a source imports; Tryton's own tools for tests are in a test file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            ours = name.removeprefix("trytond.tests.test_tryton")
            if any(part.startswith("test_") for part in ours.split(".")):
                yield name


def test_no_file_imports_from_a_test_file() -> None:
    """What two test files use stands in a helper file: moving a test takes nothing from another."""
    found = {
        str(path.relative_to(ROOT)): names
        for path in python_files()
        if (names := list(taken_from_test_files(path.read_text(encoding="utf-8"))))
    }
    assert not found


@pytest.mark.parametrize(
    "planted",
    [
        "from .test_payment import Status",
        "from ...payments.tests.test_payment import Status",
        "from . import test_payment",
        "import tests.integration.test_signing",
        "from tests.integration.test_signing import house as running",
        "from .paying import test_paid",
        "def late():\n    from .test_payment import Status",
    ],
)
def test_an_import_from_a_test_file_is_found(planted: str) -> None:
    assert len(list(taken_from_test_files(planted))) == 1


def test_helpers_and_the_hosts_tools_may_be_imported() -> None:
    assert not list(
        taken_from_test_files("from .paying import Status\nfrom trytond.tests.test_tryton import DB_NAME")
    )
