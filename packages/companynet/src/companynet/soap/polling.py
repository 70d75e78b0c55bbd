"""Asking the bank about a task until it is done."""

from collections.abc import Callable
from typing import TypeVar

from companynet.errors import BankThrottled, PollingExpired
from companynet.soap.call import Caller

T = TypeVar("T")


def poll(caller: Caller, operation: str, task_id: str, ask: Callable[[], T | None]) -> T:
    """Ask at once and then every ``profile.poll_interval`` seconds, ``profile.poll_limit`` times in all.

    To be turned away for now counts as "not yet".  # L-152

    Args:
        caller: gives profile and clock.
        operation: the operation that asks.
        task_id: the task at the bank.
        ask: asks once; None for "not finished".

    Raises:
        PollingExpired: the bank was still at work at the last time of asking.
        BankError: a question failed.
    """
    profile = caller.profile
    for attempt in range(profile.poll_limit):
        if attempt:
            caller.clock.sleep(profile.poll_interval)
        try:
            found = ask()
        except BankThrottled:
            continue
        if found is not None:
            return found
    raise PollingExpired(
        f"{operation}: the bank has not finished task {task_id} after {profile.poll_limit} questions, "
        f"{profile.poll_interval:g} s apart; ask for it again later",
        operation=operation,
        task_id=task_id,
    )
