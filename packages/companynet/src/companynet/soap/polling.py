"""Asking the bank about a task until it is done."""

from collections.abc import Callable
from typing import Final, TypeVar

from companynet.clock import Cancellation, Clock
from companynet.errors import BankBusy, BankThrottled, Cancelled, PollingExpired
from companynet.soap.call import Caller

T = TypeVar("T")

#: Seconds after which a wait looks whether it is called off.
_SLICE: Final = 0.2


def poll(caller: Caller, operation: str, task_id: str, ask: Callable[[], T | None]) -> T:
    """Ask at once and then again and again until the bank is done, with the pauses and limits of the profile.

    The pauses begin at ``poll_interval`` and grow by ``poll_factor`` up to ``poll_longest``. It ends after
    ``poll_limit`` questions or ``poll_deadline`` seconds, whichever comes first; the last question is asked at the
    deadline. To be turned away for now counts as "not yet".  # L-152

    Args:
        caller: gives profile, clock and cancellation.
        operation: the operation that asks.
        task_id: the task at the bank.
        ask: asks once; None for "not finished".

    Raises:
        PollingExpired: the bank was still at work at the last time of asking.
        Cancelled: it was called off; the bank has the task.
        BankError: a question failed.
    """
    profile, clock = caller.profile, caller.clock
    begun = clock.monotonic()
    pause = min(profile.poll_interval, profile.poll_longest)
    asked = 0
    while asked < profile.poll_limit:
        if asked:
            left = begun + profile.poll_deadline - clock.monotonic()
            if left <= 0:
                break
            if wait(clock, min(pause, left), caller.cancellation):
                raise _cancelled(operation, task_id)
            pause = min(pause * profile.poll_factor, profile.poll_longest)
        asked += 1
        called_off = False
        try:
            found = ask()
        except (BankThrottled, BankBusy):
            continue
        except Cancelled:
            called_off = True
        if called_off:
            raise _cancelled(operation, task_id)
        if found is not None:
            return found
    raise PollingExpired(
        f"{operation}: the bank has not finished task {task_id} after {asked} questions "
        f"in {clock.monotonic() - begun:.0f} s; ask for it again later",
        operation=operation,
        task_id=task_id,
    )


def wait(clock: Clock, seconds: float, cancellation: Cancellation | None) -> bool:
    """Wait on the clock, or until it is called off, which is noticed within a fifth of a second.

    Returns:
        Whether it was called off.
    """
    if cancellation is None:
        clock.sleep(seconds)
        return False
    end = clock.monotonic() + seconds
    while not cancellation.is_set():
        left = end - clock.monotonic()
        if left <= 0:
            return False
        clock.sleep(min(left, _SLICE))
    return True


def _cancelled(operation: str, task_id: str) -> Cancelled:
    return Cancelled(
        f"{operation}: called off while the bank works on task {task_id}; it may be asked for again",
        operation=operation,
        task_id=task_id,
    )
