"""The same conversation in a terminal, driven through a real one."""

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from companynet_signer.flow import AtOnce, Flow, Stage
from companynet_signer.terminal import converse
from companynet_signer.views import Views

PASSWORD = "tajne-hasło"
CLOCKED = (
    "import sys; from datetime import UTC, datetime; from companynet.testing import FakeClock; "
    "from companynet_signer.cli import main; "
    "sys.exit(main(sys.argv[1:], clock=FakeClock(datetime(2025, 9, 1, tzinfo=UTC))))"
)


def answering(flow, answers, secrets=()):
    """Carry a conversation with these answers; gives whether a session was made and the questions asked."""
    asked: list[str] = []
    lines, hidden = iter(answers), iter(secrets)

    def ask(question: str) -> str:
        asked.append(question)
        answer = next(lines, None)
        if answer is None:
            raise EOFError
        return answer

    def ask_secret(question: str) -> str:
        asked.append(question)
        return next(hidden)

    return converse(flow, Views(flow, "pl"), ask=ask, ask_secret=ask_secret), asked


def test_yes_a_number_and_the_password_sign(server, workstation, key_file, capsys) -> None:
    workstation.has(files=(key_file,))
    flow = Flow(server.link, workstation.opening, AtOnce())
    made, asked = answering(flow, ["t", "t", "1"], [PASSWORD])
    assert made
    assert asked[-1] == "Hasło pliku: "
    shown = capsys.readouterr().out
    assert "10000001 – Zakłady Przykładowe Alfa sp. z o.o." in shown
    assert "Sesja długotrwała powstała" in shown
    assert PASSWORD not in shown


@pytest.mark.parametrize(
    ("answers", "declined"), [([""], []), (["n"], []), (["t", ""], ["declined"]), (["t", "t", "q"], ["declined"])]
)
def test_all_but_yes_is_no(server, workstation, answers, declined) -> None:
    flow = Flow(server.link, workstation.opening, AtOnce())
    made, _asked = answering(flow, answers)
    assert not made
    assert (server.declined, server.signatures) == (declined, [])


def test_the_end_of_input_declines(server, workstation) -> None:
    workstation.trusts(server)
    flow = Flow(server.link, workstation.opening, AtOnce())
    made, _asked = answering(flow, [])
    assert not made
    assert flow.stage is Stage.CLOSED
    assert server.declined == ["declined"]


def test_a_wrong_password_is_asked_for_again_only_if_the_person_wants(server, workstation, key_file, capsys) -> None:
    workstation.trusts(server)
    flow = Flow(server.link, workstation.opening, AtOnce())
    made, _asked = answering(flow, ["t", str(key_file), "1"], ["złe", PASSWORD])
    assert made
    assert "Hasło pliku z kluczem jest błędne" in capsys.readouterr().out


def test_a_card_and_its_warning(server, workstation, proxy, capsys) -> None:
    workstation.trusts(server)
    workstation.has(modules=(proxy.module,))
    workstation.trusts(server)
    flow = Flow(server.link, workstation.opening, AtOnce())
    proxy.play("low")
    names = []

    def number(_question: str) -> str:
        if not names:
            names.append("accept")
            return "t"
        return str(1 + next(i for i, choice in enumerate(flow.choices) if choice.name == "Anna P-256"))

    assert converse(flow, Views(flow, "pl"), ask=number, ask_secret=lambda _question: "314159")
    assert "podano już błędny PIN" in capsys.readouterr().out


def test_a_server_out_of_reach_may_be_asked_again(server_later, workstation) -> None:
    link, _origin, start = server_later
    flow = Flow(link, workstation.opening, AtOnce())
    with start():
        pass
    _made, asked = answering(flow, ["t", "t", "n"])
    assert [question.startswith("Spróbować") for question in asked] == [False, True, True]


def test_without_a_screen_the_command_talks_in_the_terminal(server, workstation, key_file) -> None:
    """`open` in a real terminal with no DISPLAY; the password is not echoed."""
    workstation.has(files=(key_file,))
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}
    environment.pop("DISPLAY", None)
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CLOCKED, "open", server.link],
        stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    seen = ""

    def until(words: str) -> None:
        nonlocal seen
        limit = time.monotonic() + 60
        while words not in seen:
            assert time.monotonic() < limit, seen
            if select.select([leader], [], [], 0.1)[0]:
                seen += os.read(leader, 65536).decode("utf-8", errors="replace")

    try:
        for words, answer in (
            ("trust this server? [y/N]", "y"),
            ("sign this? [y/N]", "y"),
            ("refresh, q", "1"),
            ("Password of the file:", PASSWORD),
        ):
            until(words)
            time.sleep(0.1)
            os.write(leader, f"{answer}\n".encode())
        until("The long-lived session was made")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    assert PASSWORD not in seen
    assert not re.search(r"Traceback", seen)
    assert server.done


def test_without_a_screen_and_a_terminal_it_says_how(server) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-m", "companynet_signer", "open", server.link],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "open --terminal" in done.stderr
    assert server.code not in done.stderr
    assert server.requests == []
