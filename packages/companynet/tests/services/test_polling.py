"""Asking about a task: pauses, limits, and calling it off; on a clock that is passed in."""

import threading
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from companynet.clock import SYSTEM_CLOCK
from companynet.domain.session import Permission, PermissionConfig, Secret
from companynet.errors import BankError, Cancelled, Outcome, PollingExpired
from companynet.signing import Pkcs12Signer
from companynet.soap.polling import wait
from companynet.testing import FakeClock, ScriptedBank, make_identity, soap

TOKEN = Secret("session-token")
DIK = "10000001"
DAY = date(2025, 9, 1)
NOT_YET = soap("checkGetMT940Result", "<m:finished>false</m:finished>")
READY = soap("checkGetMT940Result", "<m:finished>true</m:finished>")
Connect = Callable[..., Any]


class After:
    """A cancellation that is set from the given question on."""

    def __init__(self, bank: ScriptedBank, calls: int) -> None:
        self._bank, self._calls = bank, calls

    def is_set(self) -> bool:
        return len(self._bank.bodies) >= self._calls


def test_pauses_grow_up_to_the_longest(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(*[NOT_YET] * 5, READY)
    side = connect(poll_interval=2.0, poll_factor=2.0, poll_longest=7.0)
    side.client.statements.result(TOKEN, DIK, "T-1")
    assert side.clock.waits == [2.0, 4.0, 7.0, 7.0, 7.0]


def test_the_deadline_of_all_questions_ends_it_with_one_last_question(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(*[NOT_YET] * 10)
    side = connect(poll_interval=4.0, poll_deadline=10.0)
    with pytest.raises(PollingExpired, match="T-1 after 4 questions in 10 s") as caught:
        side.client.statements.result(TOKEN, DIK, "T-1")
    assert side.clock.waits == [4.0, 4.0, 2.0]
    assert len(bank.bodies) == 4
    assert (caught.value.task_id, caught.value.outcome) == ("T-1", Outcome.ACCEPTED)


def test_without_settings_a_task_is_asked_about_as_integrators_do(bank: ScriptedBank, connect: Connect) -> None:
    """Twenty times, with five seconds between."""
    bank.then(*[NOT_YET] * 25)
    side = connect()
    with pytest.raises(PollingExpired):
        side.client.statements.result(TOKEN, DIK, "T-1")
    assert side.clock.waits == [5.0] * 19


@pytest.mark.parametrize("asked", [1, 2])
def test_a_wait_called_off_leaves_the_task_with_the_bank(bank: ScriptedBank, connect: Connect, asked: int) -> None:
    bank.then(*[NOT_YET] * 5)
    side = connect(cancellation=After(bank, asked))
    with pytest.raises(Cancelled, match="T-1") as caught:
        side.client.statements.result(TOKEN, DIK, "T-1")
    assert (caught.value.task_id, caught.value.outcome) == ("T-1", Outcome.ACCEPTED)
    assert len(bank.bodies) == asked


def test_orders_called_off_after_the_handing_in_are_with_the_bank(bank: ScriptedBank, connect: Connect) -> None:
    """Between the handing-in and the first question too: not "not sent", which would invite a second sending."""
    bank.then(soap("universalPaymentSend", "T-2"))
    side = connect(cancellation=After(bank, 1))
    file = _order_file()
    with pytest.raises(Cancelled) as caught:
        side.client.orders.result(TOKEN, DIK, side.client.orders.hand_in(TOKEN, DIK, file))
    assert (caught.value.task_id, caught.value.outcome) == ("T-2", Outcome.ACCEPTED)
    assert side.operations == ["universalPaymentSend"]


def _order_file() -> Any:
    from companynet.client import OrderFile

    return OrderFile("B-1", "B-1.xml", b"<Document/>", FakeClock().now())


def test_nothing_is_sent_once_it_is_called_off(bank: ScriptedBank, connect: Connect) -> None:
    called_off = threading.Event()
    called_off.set()
    side = connect(cancellation=called_off)
    with pytest.raises(Cancelled) as caught:
        side.client.orders.hand_in(TOKEN, DIK, _order_file())
    assert (caught.value.task_id, caught.value.outcome) == (None, Outcome.NOT_SENT)
    assert bank.bodies == []


def test_a_login_is_closed_though_all_is_called_off(bank: ScriptedBank, connect: Connect) -> None:
    """What was begun is ended: the calls that clean up are still made."""
    bank.then(
        soap("initLoginWithSignature", "x"),
        soap(
            "loginWithSignature",
            "<m:generatedToken>l</m:generatedToken><m:confirmationsRequired>0</m:confirmationsRequired>",
        ),
        soap("logout"),
    )
    identity = make_identity()
    side = connect(cancellation=After(bank, 2))
    config = PermissionConfig(SYSTEM_CLOCK.now(), (Permission(DIK),))
    with pytest.raises(Cancelled) as caught:
        side.client.sessions.open(
            DIK, "A", config, Pkcs12Signer.load(identity.p12, Secret(identity.password)), keep=[].append
        )
    assert caught.value.outcome is Outcome.NOT_SENT
    assert side.operations == ["initLoginWithSignature", "loginWithSignature", "logout"]


def test_a_real_wait_is_called_off_at_once() -> None:
    called_off = threading.Event()
    threading.Timer(0.05, called_off.set).start()
    begun = time.monotonic()
    assert wait(SYSTEM_CLOCK, 30, called_off)
    assert time.monotonic() - begun < 5


def test_a_wait_nobody_calls_off_takes_its_time() -> None:
    clock = FakeClock()
    assert not wait(clock, 5.0, threading.Event())
    assert sum(clock.waits) == pytest.approx(5.0)


def test_a_failed_question_is_not_asked_again(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(NOT_YET, b"", READY)
    with pytest.raises(BankError):
        connect().client.statements.result(TOKEN, DIK, "T-1")
    assert len(bank.bodies) == 2
