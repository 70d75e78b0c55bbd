"""The alarms that end calls whose time is up: each rings once, at its time, and costs nothing after."""

import os
import threading
import time

import pytest

from companynet.soap.alarms import Alarms


class Bell:
    """Remembers when it was rung."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self.at = 0.0

    def ring(self) -> None:
        self.at = time.monotonic()
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        return self._rung.wait(seconds)


@pytest.fixture
def alarms() -> Alarms:
    return Alarms()


def test_an_alarm_rings_at_its_time_and_not_before(alarms: Alarms) -> None:
    bell, begun = Bell(), time.monotonic()
    alarms.set(0.1, bell.ring)
    assert bell.wait(5)
    assert bell.at - begun >= 0.1


def test_one_that_was_taken_back_never_rings(alarms: Alarms) -> None:
    """Nor does it keep another from ringing."""
    gone, stays = Bell(), Bell()
    alarms.take_back(alarms.set(0.5, gone.ring))
    alarms.set(0.6, stays.ring)
    assert stays.wait(5)
    assert not gone.wait(0)


def test_an_earlier_one_that_is_set_later_does_not_wait_for_the_first(alarms: Alarms) -> None:
    late, soon = Bell(), Bell()
    first = alarms.set(60, late.ring)
    time.sleep(0.05)
    alarms.set(0.05, soon.ring)
    assert soon.wait(5)
    assert not late.wait(0)
    alarms.take_back(first)


def test_one_that_fails_keeps_no_other_from_ringing(alarms: Alarms, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("broken bell")

    bell = Bell()
    alarms.set(0.01, fail)
    alarms.set(0.1, bell.ring)
    assert bell.wait(5)
    assert "could not be rung" in caplog.text


def test_all_share_one_thread_that_ends_when_none_is_left(alarms: Alarms) -> None:
    """A thousand calls one after another start no more than one."""
    before = threading.active_count()
    for _call in range(1000):
        alarms.take_back(alarms.set(0.2, Bell().ring))
    assert threading.active_count() <= before + 1
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert threading.active_count() == before
    bell = Bell()
    alarms.set(0.01, bell.ring)
    assert bell.wait(5)


def test_a_forked_process_has_alarms_of_its_own(alarms: Alarms) -> None:
    """Threads do not live on in a child: its alarms ring all the same, and the parent's do not ring in it."""
    parents = Bell()
    alarms.set(0.3, parents.ring)
    child = os.fork()
    if not child:
        own = Bell()
        alarms.set(0.05, own.ring)
        os._exit(0 if own.wait(5) and not parents.wait(0.5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert parents.wait(5)
