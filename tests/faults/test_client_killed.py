"""``companynet order send`` as a process is killed at each of its steps: journal and bank agree, one payment."""

import contextlib
import dataclasses
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from companynet.cli import main
from companynet.domain.order_intent import Fate, OrderIntent
from companynet.domain.session_snapshot import SessionKind, SessionSnapshot
from tests.faults.kill_points import kill_points
from tests.faults.side import DIK, USER, Side

ROOT = Path(__file__).resolve().parents[2]
#: A file is stored so that it is whole or not there; the first time it gets its name by a link.
STORED = "open fdopen fsync {} unlink open fsync"
#: The steps of a sending at a bank that has the result at once: the intent, two calls, what each told, what is said.
STEPS = (
    f"{STORED.format('link')} call answer {STORED.format('replace')} call answer {STORED.format('replace')} print"
).split()


class Desk:
    """A folder with profile, session and one order file."""

    def __init__(self, folder: Path, side: Side) -> None:
        self.side, self.folder = side, folder
        self.orders = side.order_file("K-")
        self.file = folder / "orders.xml"
        self.file.write_bytes(self.orders.data)
        # The sandbox bank is one that would know our own id.
        profile = {"endpoint": side.bank.soap_url, "poll_interval": 0.01, "absence_by_client_id": True}
        (folder / "bank.json").write_text(json.dumps(profile), encoding="utf-8")
        session = side.session()
        asked = side.config()
        snapshot = SessionSnapshot(
            side.bank.soap_url, SessionKind.BACKGROUND, DIK, USER, asked.end_time, session.token, asked,
            session.granted,
        )  # fmt: skip
        path = folder / "session.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(snapshot.to_json()), encoding="utf-8")
        self._on_session = ("--profile", str(folder / "bank.json"), "--session", str(path))

    @property
    def journals(self) -> list[Path]:
        return sorted(self.folder.glob("orders.xml.journal-*.json"))

    def newest(self) -> OrderIntent:
        """The newest journal."""
        return OrderIntent.from_json(json.loads(self.journals[-1].read_text(encoding="utf-8")))

    def send_and_die(self, step: int) -> tuple[int, list[str]]:
        """Send as a process that is killed at a step; its exit status and the steps it passed."""
        trace = self.folder / "trace"
        trace.touch()
        command = [sys.executable, "tests/faults/killed_client.py", str(step), str(trace), "order", "send"]
        done = subprocess.run(
            [*command, str(self.file), *self._on_session], cwd=ROOT, capture_output=True, check=False
        )
        return done.returncode, trace.read_text(encoding="utf-8").split()

    def run(self, action: str) -> tuple[int, str]:
        """Run a command in this process; its exit status and what it said."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            status = main(["order", action, str(self.file), *self._on_session])
        return status, said.getvalue()

    def five_minutes_later(self) -> None:
        """Make the newest sending so old that the bank's "not known" is believed."""
        before = self.newest()
        aged = dataclasses.replace(before, begun_at=before.begun_at.replace(year=2025))
        self.journals[-1].write_text(json.dumps(aged.to_json()), encoding="utf-8")

    def follow_the_program(self) -> None:
        """Do what the program says until the bank has the file: ask, wait, and send again only when told to."""
        for _try in range(6):
            status, said = self.run("status")
            if status == 0:
                return
            if "ask again from" in said:
                self.five_minutes_later()
            elif "may be sent again" in said or "was not sent from here" in said:
                assert self.run("send")[0] == 0
            else:
                pytest.fail(said)
        pytest.fail("it never came to an end")


@pytest.fixture
def desk(tmp_path: Path, side: Side) -> Desk:
    return Desk(tmp_path, side)


def test_the_steps_are_those_of_a_sending(desk: Desk) -> None:
    """The intent is safe before the first call; what each answer told is safe before the next."""
    status, steps = desk.send_and_die(10 * len(STEPS))
    assert status == 0
    assert steps == STEPS
    assert steps.count("call") == 2
    first, second = (number for number, step in enumerate(steps) if step == "call")
    assert "fsync" in steps[:first]
    assert "replace" in steps[first:second]
    assert steps[-1] == "print"
    assert {"fsync", "replace"} <= set(steps[second:])
    assert desk.side.paid_once(desk.orders)


@pytest.mark.parametrize("step", kill_points(STEPS))
def test_killed_at_a_step_there_is_one_payment(desk: Desk, step: int) -> None:
    """Whoever then does what the program says has the file at the bank once, and the journal says so."""
    status, steps = desk.send_and_die(step)
    assert (status, len(steps)) == (-signal.SIGKILL, step)
    if "call" not in steps:
        assert desk.side.groups(desk.orders) == []
    elif desk.side.groups(desk.orders):
        assert desk.newest().fate in {Fate.SENDING, Fate.HANDED_IN, Fate.TAKEN}
        assert not desk.newest().may_be_cancelled
    desk.follow_the_program()
    assert desk.newest().fate is Fate.TAKEN
    (group,) = desk.side.groups(desk.orders)
    assert desk.newest().group_id == group["group_id"]
    assert desk.side.paid_once(desk.orders)
    # A further sending is refused: the bank has it.
    assert desk.run("send")[0] == 2
    assert desk.side.paid_once(desk.orders)
