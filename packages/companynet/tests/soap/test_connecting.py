"""The making of a connection: repeated, limited, and the only thing that is repeated."""

import contextlib
import socket
import time
from typing import Any

import pytest
import urllib3.util.connection

from companynet.client import CompanyNet
from companynet.errors import BankUnreachable, Outcome
from companynet.profile import BankProfile
from companynet.testing import ScriptedBank, soap


@pytest.mark.parametrize(("failures", "reached"), [(0, True), (2, True), (3, False)])
def test_a_connection_is_tried_three_times(monkeypatch: pytest.MonkeyPatch, failures: int, reached: bool) -> None:
    """A connection that was never made has sent nothing, so it may be tried again."""
    tried = []
    real = urllib3.util.connection.create_connection

    def create(*args: Any, **kwargs: Any) -> socket.socket:
        tried.append(args)
        if len(tried) <= failures:
            raise ConnectionRefusedError("not yet")
        return real(*args, **kwargs)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", create)
    with (
        ScriptedBank(soap("initLoginWithSignature", "x")) as bank,
        CompanyNet(BankProfile(endpoint=bank.url)) as client,
    ):
        if reached:
            assert client.sessions.login_challenge("1", "A") == "x"
        else:
            with pytest.raises(BankUnreachable):
                client.sessions.login_challenge("1", "A")
        assert len(bank.bodies) == int(reached)
    assert len(tried) == min(failures + 1, 3)


def test_a_host_that_does_not_answer_the_knock_is_given_up() -> None:
    """A listener whose queue is full leaves the knock unanswered."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _number in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        profile = BankProfile(
            endpoint=f"http://127.0.0.1:{listener.getsockname()[1]}/", connect_timeout=0.2, read_timeout=30
        )
        begun = time.monotonic()
        with CompanyNet(profile) as client, pytest.raises(BankUnreachable) as caught:
            client.sessions.login_challenge("1", "A")
        assert caught.value.outcome is Outcome.NOT_SENT
        assert time.monotonic() - begun < 5


def test_each_call_has_a_connection_of_its_own() -> None:
    """Also at a server that answers as if the connection went on: a second request there would be lost with it."""
    after: list[bytes] = []

    def answer_and_wait(connection: socket.socket) -> None:
        connection.sendall(soap("initLoginWithSignature", "x"))
        connection.settimeout(5)
        after.append(connection.recv(1))

    with ScriptedBank(*[answer_and_wait] * 3) as bank, CompanyNet(BankProfile(endpoint=bank.url)) as client:
        for _call in range(3):
            assert client.sessions.login_challenge("1", "A") == "x"
    assert after == [b"", b"", b""]
