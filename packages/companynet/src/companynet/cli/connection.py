"""The connection of a command: its progress on a terminal, its interruption, and its recording."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from companynet.cli.output import fail
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from companynet.client import CallRecord, CompanyNet
    from companynet.testing.recording import Recorder


@contextmanager
def connected(profile: BankProfile, record: Path | None = None) -> "Iterator[CompanyNet]":
    """A client that shows its progress on a terminal and is called off by an interrupt.

    Args:
        profile: the bank.
        record: a new file for what goes over the line, masked.

    Raises:
        ProfileError: the profile cannot be used.
        OSError: the file is there, or cannot be made.
    """
    # It takes a third of a second, which commands without a bank need not wait for.
    from companynet.client import CompanyNet  # noqa: PLC0415

    progress = _Progress()
    with (
        _recorder(record) as recorder,
        _interrupts() as cancellation,
        CompanyNet(profile, on_call=progress, cancellation=cancellation, on_exchange=recorder) as client,
    ):
        try:
            yield client
        finally:
            progress.clear()


@contextmanager
def _recorder(path: Path | None) -> "Iterator[Recorder | None]":
    if path is None:
        yield None
        return
    from companynet.testing.recording import Recorder  # noqa: PLC0415 -- as above

    with Recorder(path) as recorder:
        try:
            yield recorder
        finally:
            if recorder.problem:
                fail(f"{path}: the recording is not whole: {recorder.problem}")


class _Progress:
    """One line that tells the last call, on a terminal alone."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._calls = 0

    def __call__(self, record: "CallRecord") -> None:
        self._calls += 1
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{record.operation}: {record.outcome} ({self._calls} calls)")
            sys.stderr.flush()

    def clear(self) -> None:
        if self._shown and self._calls:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """The first interrupt calls the work off in good order; the second ends the program."""
    called_off = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield called_off
        return
    before = signal.getsignal(signal.SIGINT)

    def call_off(_number: int, _frame: FrameType | None) -> None:
        called_off.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, call_off)
    try:
        yield called_off
    finally:
        signal.signal(signal.SIGINT, before)
