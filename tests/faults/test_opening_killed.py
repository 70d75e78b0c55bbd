"""``companynet session open`` as a process is killed at each of its steps: the file says what the bank may have."""

import contextlib
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from companynet.cli import main
from tests.faults.kill_points import kill_points
from tests.faults.side import DIK, PIN, USER, Side

ROOT = Path(__file__).resolve().parents[2]
CREATE = 4
"""The call that makes the session is the fourth; the fifth is the logout."""

TOKEN_SYNC = 5
"""File and folder are synced for the opening and for its reference; the fifth sync is that of the token."""

STORED = "open fdopen fsync {} unlink open fsync"
#: The steps of an opening: it is stored, its reference before the call that makes the session, the token after that.
STEPS = (
    f"{STORED.format('link')} call answer call answer call answer {STORED.format('replace')} "
    f"call answer {STORED.format('replace')} call answer print print print"
).split()


class Desk:
    """A folder with profile, signature and PIN, and no session yet."""

    def __init__(self, folder: Path, side: Side) -> None:
        self.side, self.folder = side, folder
        self.session = folder / "session.json"
        profile = {"endpoint": side.bank.soap_url, "poll_interval": 0.01}
        (folder / "bank.json").write_text(json.dumps(profile), encoding="utf-8")
        (folder / "anna.p12").write_bytes(side.identity.p12)
        (folder / "pin").write_text(PIN, encoding="utf-8")
        self._on_session = ("--profile", str(folder / "bank.json"), "--session", str(self.session))
        self._signature = ("--p12", str(folder / "anna.p12"), "--pin-file", str(folder / "pin"))
        self.before = self.live()

    def live(self) -> set[str]:
        """The sessions that live in the bank's books."""
        return {str(session["session_id"]) for session in self.side.sessions() if session["ended"] is None}

    @property
    def made(self) -> int:
        """How many sessions more than at first live at the bank."""
        return len(self.live() - self.before)

    def open_and_die(self, step: int) -> tuple[int, list[str]]:
        """Open a session as a process that is killed at a step; its exit status and the steps it passed."""
        trace = self.folder / "trace"
        trace.touch()
        command = [sys.executable, "tests/faults/killed_client.py", str(step), str(trace), "session", "open"]
        command += ["--dik", DIK, "--user", USER, "--days", "30", *self._signature, *self._on_session]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        return done.returncode, trace.read_text(encoding="utf-8").split()

    def run(self, action: str, *arguments: str) -> tuple[int, Any]:
        """Run a command in this process; its exit status and what it said."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main(["session", action, *self._on_session, *arguments])
        return status, said.getvalue()

    def open(self) -> tuple[int, Any]:
        """Open a session in this process."""
        return self.run("open", "--dik", DIK, "--user", USER, "--days", "30", *self._signature)

    def leftovers(self) -> set[str]:
        """The files that were not there at first."""
        return {path.name for path in self.folder.iterdir()} - {"bank.json", "anna.p12", "pin", "trace"}


@pytest.fixture
def desk(tmp_path: Path, side: Side) -> Desk:
    return Desk(tmp_path, side)


def test_the_steps_are_those_of_an_opening(desk: Desk) -> None:
    """The opening is safe before the first call, its reference before the session is asked for, its token after that
    and before the logout."""
    status, steps = desk.open_and_die(10 * len(STEPS))
    assert status == 0
    assert steps == STEPS
    calls = [number for number, step in enumerate(steps) if step == "call"]
    assert len(calls) == 5
    assert {"fsync", "link"} <= set(steps[: calls[0]])
    assert "replace" in steps[calls[2] : calls[3]]
    assert {"fsync", "replace"} <= set(steps[calls[3] : calls[4]])
    assert desk.made == 1
    assert desk.leftovers() == {"session.json"}


@pytest.mark.parametrize("step", kill_points(STEPS))
def test_killed_at_a_step_the_file_says_what_the_bank_may_have(desk: Desk, step: int) -> None:
    """No session lives unsaid, and whoever does what the program says has a session and no leftovers."""
    status, steps = desk.open_and_die(step)
    assert (status, len(steps)) == (-signal.SIGKILL, step)
    if not desk.session.exists():
        assert "call" not in steps
    else:
        status, said = desk.run("show")
        if "long-lived session of" in said:
            assert status == 0
            assert desk.run("show", "--prove")[0] == 0
            assert desk.made == 1
        elif desk.made:
            assert status == 1
            assert "the bank may have a session" in said
        refused, said = desk.open()
        assert refused == 2
        assert "session close" in said or "close that session first" in said
        told, said = desk.run("close")
        if desk.made:
            assert told == 1
            assert f"may have a session for DIK {DIK}" in said
            assert "our reference of the call is" in said
        elif steps.count("call") < CREATE:
            assert told == (1 if "may have a session" in said else 0)
        if steps.count("fsync") >= TOKEN_SYNC:
            # Even in the moment before the file has its name.
            assert (told, desk.made) == (0, 0)
    before = desk.made
    status, said = desk.open()
    assert status == 0, said
    assert desk.made == before + 1
    assert {name for name in desk.leftovers() if not name.endswith(".part")} == {"session.json"}
    assert desk.run("close")[0] == 0
    assert desk.leftovers() == set()
    assert desk.made == before
