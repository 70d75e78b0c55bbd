"""Every test file is run by one part of `make test`."""

import subprocess
from pathlib import Path

from tests.run import PARTS

ROOT = Path(__file__).resolve().parents[2]


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
    names = [part.name for part in PARTS]
    assert sorted(names) == sorted(set(names))
