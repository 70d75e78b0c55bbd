"""The bank is killed in the middle of a call, before its work or after it, and started again on its books."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from companynet.errors import BankError, BankUnreachable, Outcome
from tests.faults.acts import ACTS, Act
from tests.faults.side import DIK, Side, is_with_the_bank, pay_carefully

#: Operations that change something at the bank, or tell what became of it.
CHANGING = [
    "createBackgroundSessionWithSignature", "finishBackgroundSession", "getMT940Ex", "confirmResponseReceived",
    "universalPaymentSend", "checkPaymentSendResult",
]  # fmt: skip


@pytest.fixture
def side(running: Side) -> Iterator[Side]:
    """The bank runs again after each test, whatever the test left of it."""
    yield running
    running.bank.kill()
    start_again(running)


class Calling(threading.Thread):
    """A call under way."""

    def __init__(self, call: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.error: BankError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._call()
        except BankError as error:
            self.error = error

    def failed(self) -> BankError:
        """Its error, once it has ended."""
        self.join(30)
        assert self.error is not None
        return self.error


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if happened():
            return
        time.sleep(0.01)
    pytest.fail("it did not happen")


def call_lies_unread(side: Side) -> bool:
    """Whether the system holds bytes for the bank that it has not read."""
    port = urlsplit(side.bank.soap_url).port
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(int(row[1].split(":")[1], 16) == port and int(row[4].split(":")[1], 16) > 400 for row in rows)


def start_again(side: Side) -> None:
    side.bank.start()
    side.connect()


@pytest.mark.parametrize("operation", CHANGING)
def test_killed_before_its_work(side: Side, operation: str) -> None:
    """The call had left: the caller knows nothing, and asking shows that nothing was done."""
    act = ACTS[operation](side, operation)
    before = act.done()
    side.bank.pause()
    calling = Calling(lambda: act.call(side.client))
    wait_for(lambda: call_lies_unread(side))
    side.bank.kill()
    act.error = calling.failed()
    start_again(side)
    assert act.error.outcome is Outcome.UNKNOWN
    assert act.done() == before
    act.settle()


@pytest.mark.parametrize("operation", CHANGING)
def test_killed_after_its_work(side: Side, operation: str) -> None:
    """The answer never left: the caller knows nothing, and asking shows what was done. Nothing is lost or doubled."""
    act = ACTS[operation](side, operation)
    side.fault(operation, "slow", seconds=30)
    calls = len(side.bank.get(f"/calls?operation={operation}"))
    calling = Calling(lambda: act.call(side.client))
    wait_for(lambda: len(side.bank.get(f"/calls?operation={operation}")) > calls)
    side.bank.kill()
    act.error = calling.failed()
    start_again(side)
    assert act.error.outcome is Outcome.UNKNOWN
    assert act.done()
    act.settle()


def test_a_bank_that_is_away_was_sent_nothing(side: Side) -> None:
    """Told so, the caller sends again when it is back."""
    token, file = side.session().token, side.order_file()
    side.bank.kill()
    with pytest.raises(BankUnreachable) as caught:
        side.client.orders.hand_in(token, DIK, file)
    assert caught.value.outcome is Outcome.NOT_SENT
    start_again(side)
    assert side.groups(file) == []
    pay_carefully(side.client, token, file, side.profile)
    assert side.paid_once(file)


def test_orders_that_arrive_late_are_paid_once(side: Side) -> None:
    """The bank stands still, the caller gives up and, against all advice, sends again unasked; the first call arrives
    after all. Ids that serve once keep it one payment."""
    token, file = side.session().token, side.order_file()
    side.bank.pause()
    with pytest.raises(BankError) as caught:
        side.impatient.orders.hand_in(token, DIK, file)
    assert caught.value.outcome is Outcome.UNKNOWN
    side.bank.resume()
    pay_carefully(side.client, token, file, side.profile)
    assert is_with_the_bank(side.client, token, file)
    wait_for(lambda: len(side.bank.get("/calls?operation=universalPaymentSend")) >= 2)
    assert side.paid_once(file)


def test_a_killed_bank_keeps_its_sessions(side: Side) -> None:
    """A session that the caller believes to live lives, and one that was ended stays so."""
    living, ended = side.session().token, side.session().token
    side.client.sessions.finish(ended)
    side.bank.kill()
    start_again(side)
    assert (side.lives(living), side.lives(ended)) == (True, False)


def test_every_changing_operation_is_killed() -> None:
    changing = {
        name for name, act in ACTS.items() if act.done is not Act.done and name not in {"logout", "getStatus"}
    }
    assert changing == set(CHANGING)
