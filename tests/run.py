"""Runs all tests: each part below in a pytest of its own, some at once.

Tryton keeps one pool and one configuration a process, hence the parts. Those that run at once share no folder, port or
database. Further arguments go to pytest.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "tests"
CORES = os.cpu_count() or 1
#: Processes of pytest that run at once. Whoever uses a server waits for it half of the time.
AT_ONCE = CORES + 1

#: What pytest returns where the arguments choose none of a part's tests.
NONE_CHOSEN = 5


@dataclass(frozen=True)
class Part:
    """Tests that run in one pytest, in this order."""

    name: str
    paths: tuple[str, ...]
    processes: int = 1
    by_file: bool = False
    """Whether a file is not split between processes: where its preparation costs most."""


#: The longest first, so that none is alone at the end; the first that fits beside what runs is the next.
PARTS = (
    Part("modules", ("modules",), CORES, by_file=True),
    Part(
        "main-job",
        (
            "tests/integration/test_main_job.py",
            # Sees the session and the share of the job as they were made; the tests after it make others.
            "tests/browser/test_administrator.py",
            "tests/integration/test_bad_input.py",
            "tests/browser/test_people.py",
            "tests/browser/test_session_dialog.py",
        ),
    ),
    Part(
        "libraries",
        (
            "packages",
            "tests/architecture",
            "tests/contract",
            "tests/faults",
            "tests/integration/test_generated_customer.py",
            "tests/integration/test_token_session.py",
            "tests/browser/test_control_page.py",
        ),
        CORES,
    ),
    Part("killed-sessions", ("tests/integration/test_killed_sessions.py",)),
    Part("sharing", ("tests/integration/test_sharing_rights.py",)),
    Part("signing", ("tests/integration/test_signing.py", "tests/integration/test_audit.py")),
    Part("library-alone", ("tests/integration/test_library_alone.py", "tests/integration/test_tutorial.py")),
    Part("access-matrix", ("tests/integration/test_access_matrix.py",)),
    Part("signer-window", ("tests/browser/test_signer_window.py",)),
    Part("contexts-at-once", ("tests/integration/test_contexts_at_once.py", "tests/integration/test_independent.py")),
    Part("settling-at-once", ("tests/integration/test_settling_at_once.py",)),
)


@dataclass(frozen=True)
class Result:
    """What came of a part."""

    good: bool
    passed: int
    failed: int


class Runner:
    """Runs parts; says of each when it begins, and shows all of its output when it has ended."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._say = Lock()
        (BUILD / "output").mkdir(parents=True, exist_ok=True)

    def run_all(self, parts: Sequence[Part], at_once: int) -> list[Result]:
        """Run parts, so many processes at once."""
        waiting = list(parts)
        running: dict[Future[Result], Part] = {}
        results = []
        with ThreadPoolExecutor(len(parts)) as pool:
            while waiting or running:
                free = at_once - sum(part.processes for part in running.values())
                begun = next((part for part in waiting if part.processes <= free), None)
                if begun is not None:
                    waiting.remove(begun)
                    running[pool.submit(self.run, begun)] = begun
                    continue
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for ended in done:
                    del running[ended]
                    results.append(ended.result())
        return results

    def run(self, part: Part) -> Result:
        """Run a part."""
        self._print(f"== {part.name} begins")
        started = time.monotonic()
        output = BUILD / "output" / f"{part.name}.txt"
        by_workers = ["-n", str(part.processes), *(["--dist", "loadfile"] if part.by_file else [])]
        with output.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *(by_workers if part.processes > 1 else ()), *self._arguments, *part.paths],
                cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        text = output.read_text(encoding="utf-8", errors="replace")
        seconds, busy = time.monotonic() - started, used.ru_utime + used.ru_stime
        self._print(f"{text.rstrip()}\n== {part.name}: {seconds:.0f} s, {busy:.0f} s of a core")
        good = process.returncode == 0 or (bool(self._arguments) and process.returncode == NONE_CHOSEN)
        return Result(good, *_counts(text))

    def _print(self, text: str) -> None:
        with self._say:
            print(text, flush=True)


def main() -> int:
    """Run all parts; the number of those that failed."""
    started = time.monotonic()
    results = Runner(sys.argv[1:]).run_all(PARTS, AT_ONCE)
    passed, failed = (sum(counts) for counts in zip(*((r.passed, r.failed) for r in results), strict=True))
    print(f"{passed} passed, {failed} failed in {time.monotonic() - started:.0f} s")
    return sum(not result.good for result in results)


def _counts(output: str) -> tuple[int, int]:
    """How many tests passed and how many did not, by the last line of pytest that counts them."""
    lines = re.findall(r"^.*\d+ (?:passed|failed|error).* in .*$", output, re.MULTILINE)
    words = (
        {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", lines[-1])} if lines else {}
    )
    return words.get("passed", 0), words.get("failed", 0) + words.get("error", 0)


if __name__ == "__main__":
    sys.exit(main())
