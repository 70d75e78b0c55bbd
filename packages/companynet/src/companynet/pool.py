"""Many jobs at once: a client per thread, results in order, one failure loses none of the others."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from companynet.client import CallRecord, CompanyNet
from companynet.clock import SYSTEM_CLOCK, Cancellation, Clock
from companynet.profile import BankProfile

T = TypeVar("T")


@dataclass(frozen=True)
class Done(Generic[T]):
    """What became of one job."""

    value: T | None = None
    """What the job returned; None if it failed."""

    error: BaseException | None = None
    """Why it failed: a :class:`companynet.errors.CompanyNetError`, or what else the job raised; None if it did
    not."""

    def result(self) -> T:
        """What the job returned.

        Raises:
            BaseException: the job's own error.
        """
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # the job returned it, whatever it is


def ask_many(
    profile: BankProfile,
    jobs: Sequence[Callable[[CompanyNet], T]],
    *,
    clock: Clock = SYSTEM_CLOCK,
    on_call: Callable[[CallRecord], None] | None = None,
    cancellation: Cancellation | None = None,
) -> tuple[Done[T], ...]:
    """Run jobs at the same time, at most ``profile.parallel_limit`` of them.

    A job is a function of a client, such as ``lambda bank: bank.statements.fetch(token, dik, day, day)``. Each thread
    has a client of its own; a job must not hand its client to another.

    Args:
        profile: the bank.
        jobs: in any number.
        clock: for all clients.
        on_call: gets a record after each call, one at a time.
        cancellation: once set no further call is made: jobs not begun, or waiting, fail with
            :class:`companynet.errors.Cancelled`.

    Returns:
        What became of each job, in their order.

    Raises:
        ProfileError: the profile cannot be used; no job was begun.
    """
    stop = _Stop(cancellation)
    record = _one_at_a_time(on_call) if on_call else None
    clients = [
        CompanyNet(profile, clock=clock, on_call=record, cancellation=stop)
        for _thread in range(min(len(jobs), profile.parallel_limit))
    ]
    results: list[Done[T] | None] = [None] * len(jobs)
    waiting = _Shared(enumerate(jobs))
    threads = [threading.Thread(target=_work, args=(client, waiting, results)) for client in clients]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        # An interrupt of the main thread lands here: the others end after the call they are in.
        stop.set()
        for thread in threads:
            if thread.is_alive():
                thread.join()
        for client in clients:
            client.close()
    return tuple(result for result in results if result is not None)


class _Stop:
    """Called off by the caller, or by ourselves."""

    def __init__(self, outer: Cancellation | None) -> None:
        self._outer = outer
        self._own = threading.Event()

    def set(self) -> None:
        self._own.set()

    def is_set(self) -> bool:
        return self._own.is_set() or (self._outer is not None and self._outer.is_set())


class _Shared(Generic[T]):
    """An iterator that several threads take from."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._lock = threading.Lock()

    def take(self) -> T | None:
        with self._lock:
            return next(self._items, None)


def _work(
    client: CompanyNet,
    waiting: "_Shared[tuple[int, Callable[[CompanyNet], T]]]",
    results: list[Done[T] | None],
) -> None:
    while (taken := waiting.take()) is not None:
        number, job = taken
        try:
            results[number] = Done(value=job(client))
        except BaseException as error:  # noqa: BLE001 -- whatever a job raises is its result, and the caller sees it
            results[number] = Done(error=error)


def _one_at_a_time(on_call: Callable[[CallRecord], None]) -> Callable[[CallRecord], None]:
    lock = threading.Lock()

    def record(made: CallRecord) -> None:
        with lock:
            on_call(made)

    return record
