"""Runs all tests, a process for each of the parts below.

Tryton keeps one pool and one configuration a process, hence the parts. Further arguments go to pytest.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "tests"

PARTS = (
    (
        "libraries, sandbox, architecture",
        (
            "packages",
            "tests/architecture",
            "tests/contract",
            "tests/faults",
            "tests/integration/test_generated_customer.py",
            "tests/integration/test_token_session.py",
            "tests/browser/test_control_page.py",
        ),
        ("-n", "2"),
    ),
    (
        "the library alone, its tutorial",
        ("tests/integration/test_library_alone.py", "tests/integration/test_tutorial.py"),
        (),
    ),
    ("modules", ("modules",), ("-n", "2", "--dist", "loadfile")),
    ("who may do what", ("tests/integration/test_access_matrix.py",), ()),
    ("sharing between two databases", ("tests/integration/test_sharing_rights.py",), ()),
    (
        "contexts of sessions, settling at once on PostgreSQL",
        ("tests/integration/test_contexts_at_once.py", "tests/integration/test_settling_at_once.py"),
        (),
    ),
    (
        "signing, the audit, killed processes on PostgreSQL, signing in the web client and in the signer's window",
        (
            "tests/integration/test_signing.py",
            "tests/integration/test_audit.py",
            "tests/integration/test_killed_sessions.py",
            "tests/browser/test_signer_window.py",
        ),
        (),
    ),
    (
        "the main job, bad input, the web client",
        (
            "tests/integration/test_main_job.py",
            # Sees the session and the share of the job as they were made; the tests after it make others.
            "tests/browser/test_administrator.py",
            "tests/integration/test_bad_input.py",
            "tests/browser/test_people.py",
            "tests/browser/test_session_dialog.py",
        ),
        (),
    ),
)


def fingerprint() -> str:
    """What the modules' databases are made of, as ten characters: Tryton's own cache does not see when it changes."""
    digest = hashlib.sha256((ROOT / "constraints.txt").read_bytes())
    for path in sorted((ROOT / "modules").rglob("*")):
        if path.suffix in {".py", ".xml", ".cfg", ".po"} and "tests" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def environment() -> dict[str, str]:
    """Where Tryton's own test tools put their databases."""
    caches = BUILD / "database-cache"
    cache = caches / fingerprint()
    for old in caches.glob("*"):
        if old != cache:
            shutil.rmtree(old)
    cache.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "TRYTOND_DATABASE_URI": "sqlite://",
        "DB_NAME": ":memory:",
        "DB_CACHE": str(cache),
        "MBANK_SCREENSHOTS": str(BUILD / "screenshots"),
    }


def main() -> int:
    """Run the parts one after another; the number of parts that failed."""
    failed = 0
    passed_tests = failed_tests = 0
    for name, paths, options in PARTS:
        print(f"== {name}", flush=True)
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *sys.argv[1:], *paths],
            cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        last = ""
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last = line if " in " in line and re.search(r"\d+ (passed|failed|error)", line) else last
        failed += process.wait() != 0
        passed_tests += _count(last, "passed")
        failed_tests += _count(last, "failed") + _count(last, "error")
        print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"{passed_tests} passed, {failed_tests} failed")
    return failed


def _count(line: str, word: str) -> int:
    found = re.search(rf"(\d+) {word}", line)
    return int(found.group(1)) if found else 0


if __name__ == "__main__":
    sys.exit(main())
