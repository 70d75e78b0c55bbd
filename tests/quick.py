"""Runs what tells of most mistakes first: pure code, and the tests nearest to what changed in modules and packages.

Changed is what differs from the commit that the branch left main at, and what is not committed. Further arguments go
to pytest.
"""

import re
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


#: Folders of tests that drive whole programs: not for a quick look.
WHOLE = ("integration",)


def changed_files() -> set[str]:
    """What the branch and the working tree change, with what is new."""

    def lines(*words: str) -> list[str]:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.splitlines() if done.returncode == 0 else []

    since = (lines("merge-base", "HEAD", "main") or lines("merge-base", "HEAD", "origin/main") or ["HEAD"])[0]
    return {*lines("diff", "--name-only", since), *lines("ls-files", "--others", "--exclude-standard")}


def nearest_tests(changed: set[str]) -> set[str]:
    """The folders, or files, of tests that lie nearest to changed files of modules and packages.

    A view lies in a folder named like its room. What no room has (the module's own files, its texts) is looked at by
    the tests of the module itself; a room without tests by those that name the changed file. The module's own rules,
    that nothing lacks its Polish among them, are looked at with each change in it. A package's tests are run whole, but
    for those of :data:`PURE`, which are run anyway, and those that drive whole programs.
    """
    found = set()
    for name in changed:
        path = Path(name)
        if path.suffix in {".md", ".rst"} or len(path.parts) < 3:
            continue
        if path.parts[0] == "packages":
            found |= _of_package(path)
        elif path.parts[0] == "modules":
            found |= {name} if _is_test(path) else _of_module(path)
    there = {name for name in found if (ROOT / name).exists()}
    folders = {name for name in there if (ROOT / name).is_dir()}
    return {name for name in there if not folders & {str(up) for up in Path(name).parents}}


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") and path.suffix == ".py"


def _of_module(path: Path) -> set[str]:
    module = Path(*path.parts[:2])
    room = path.parts[3] if path.parts[2:3] == ("view",) and len(path.parts) > 4 else path.parts[2]
    if (ROOT / module / room / "tests").is_dir():
        return {str(module / room / "tests"), str(module / "tests" / "test_module.py")}
    found = {str(module / "tests" if (ROOT / module / "tests").is_dir() else module)}
    if path.suffix == ".py" and len(path.parts) > 3:
        word = re.compile(rf"\b{re.escape(path.stem)}\b")
        tests = (ROOT / module).glob("**/test_*.py")
        found |= {str(test.relative_to(ROOT)) for test in tests if word.search(test.read_text(encoding="utf-8"))}
    return found


def _of_package(path: Path) -> set[str]:
    package = Path(*path.parts[:2])
    parts = {str(folder.relative_to(ROOT)) for folder in (ROOT / package / "tests").glob("*/")}
    if not parts & set(PURE):
        return {str(package / "tests")} - set(PURE)
    # Of a package with pure code: the folder named like the one of what changed.
    return {name for name in parts - set(PURE) if Path(name).name in path.parts and Path(name).name not in WHOLE}


def main() -> int:
    """Run; the number of parts that failed."""
    near = sorted(nearest_tests(changed_files()))
    ignored = tuple(f"--ignore={name}" for name in SLOW)
    parts = [Part("pure-code", (*PURE, *ignored), 1 if near else CORES)]
    if near:
        parts.append(Part("changed", tuple(near)))
    results = Runner(sys.argv[1:]).run_all(parts, CORES)
    print("left out, to be run by `make test`: whatever else is in packages, modules and tests; in particular")
    print(" ", ", ".join(SLOW), "and the rooms that use what changed" if near else "and all modules: none changed")
    return sum(not result.good for result in results)


if __name__ == "__main__":
    sys.exit(main())
