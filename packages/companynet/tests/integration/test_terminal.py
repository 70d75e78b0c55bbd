"""On a terminal: the PIN is asked for without echo, and progress is shown there and nowhere else."""

import os
import pty
import sys
from typing import Any

from companynet_sandbox.customers import demo_data

PROGRAM = "import sys; from companynet.cli import main; sys.exit(main())"
PIN = "haslo-p12"


def on_terminal(arguments: list[str], question: str, answer: str) -> tuple[int, str]:
    """Run a command on a terminal of its own and answer its one question.

    Returns:
        Exit status, and all that was to be seen.
    """
    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM, *arguments])  # noqa: S606 -- our own program
    seen = b""
    answered = False
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            # What Linux says when the other side is gone.
            break
        if not piece:
            break
        seen += piece
        if not answered and question.encode() in seen:
            os.write(terminal, answer.encode() + b"\n")
            answered = True
    os.close(terminal)
    _pid, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), seen.decode("utf-8")


def test_a_pin_is_asked_for_without_echo_and_progress_is_shown(desk: Any) -> None:
    arguments = ["session", "open", "--profile", str(desk.profile), "--session", str(desk.session)]
    arguments += ["--dik", demo_data.DIK_ALFA, "--user", demo_data.USER_ALFA, "--p12", str(desk.p12)]
    status, seen = on_terminal(arguments, f"PIN of {desk.p12}: ", PIN)
    assert status == 0, seen
    assert PIN not in seen
    assert "createBackgroundSessionWithSignature: answered (4 calls)" in seen
    assert desk.token not in seen
    # The last thing on the line of progress is that it is wiped.
    assert seen.rindex("\r\x1b[K") > seen.rindex("calls)")


def test_an_empty_pin_opens_nothing(desk: Any) -> None:
    arguments = ["session", "open", "--profile", str(desk.profile), "--session", str(desk.session)]
    arguments += ["--dik", demo_data.DIK_ALFA, "--user", demo_data.USER_ALFA, "--p12", str(desk.p12)]
    status, seen = on_terminal(arguments, "PIN of", "")
    assert status == 2
    assert "no pin was given" in seen
    assert not desk.session.exists()
