"""Runs what tells of most mistakes within a minute: pure code, and the module tests of what changed.

Changed is what differs from the commit that the branch left main at, and what is not committed. Further arguments go
to pytest.
"""

import subprocess
import sys
from pathlib import Path

from tests.run import CORES, ROOT, Part, Runner

#: Code without processes, servers and screens of its own.
PURE = (
    "packages/companynet/tests/cli",
    "packages/companynet/tests/domain",
    "packages/companynet/tests/formats",
    "packages/companynet/tests/golden",
    "packages/companynet/tests/outcomes",
    "packages/companynet/tests/own_bank",
    "packages/companynet/tests/services",
    "packages/companynet/tests/soap",
    "packages/sealing/tests",
    "packages/settlement/tests",
    "tests/architecture",
)
#: In these, but too long for a minute: each pattern is timed.
SLOW = ("tests/architecture/test_patterns.py",)


def changed_files() -> set[str]:
    """What the branch and the working tree change, with what is new."""

    def lines(*words: str) -> list[str]:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.splitlines() if done.returncode == 0 else []

    since = (lines("merge-base", "HEAD", "main") or lines("merge-base", "HEAD", "origin/main") or ["HEAD"])[0]
    return {*lines("diff", "--name-only", since), *lines("ls-files", "--others", "--exclude-standard")}


def nearest_tests(changed: set[str]) -> set[str]:
    """The folders, or files, of module tests that lie nearest to changed files of modules.

    A view lies in a folder named like its room. What no room has (the module's own files, its texts) is looked at by
    the tests of the module itself.
    """
    found = set()
    for name in changed:
        if not name.startswith("modules/") or (ROOT / name).suffix in {".md", ".rst"}:
            continue
        path = Path(name)
        if path.name.startswith("test_") and path.suffix == ".py":
            found.add(name)
            continue
        module = Path(*path.parts[:2])
        room = path.parts[3] if path.parts[2:3] == ("view",) and len(path.parts) > 4 else path.parts[2]
        nearest = [module / room / "tests", module / "tests"]
        found.add(str(next((folder for folder in nearest if (ROOT / folder).is_dir()), module)))
    folders = {name for name in found if (ROOT / name).is_dir()}
    return {name for name in found if (ROOT / name).exists() and not folders & {str(up) for up in Path(name).parents}}


def main() -> int:
    """Run; the number of parts that failed."""
    near = sorted(nearest_tests(changed_files()))
    ignored = tuple(f"--ignore={name}" for name in SLOW)
    parts = [Part("pure-code", (*PURE, *ignored), 1 if near else CORES)]
    if near:
        parts.append(Part("changed-modules", tuple(near)))
    results = Runner(sys.argv[1:]).run_all(parts, CORES)
    print("left out, to be run by `make test`: whatever else is in packages, modules and tests; in particular")
    print(" ", ", ".join(SLOW), "and the rooms that use what changed" if near else "and all modules: none changed")
    return sum(not result.good for result in results)


if __name__ == "__main__":
    sys.exit(main())
