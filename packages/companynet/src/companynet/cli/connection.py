"""What the commands that talk to the bank share: profile, session file, progress, and how a failure is told."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from companynet.cli.files import others_may_read, read_json
from companynet.cli.output import FAILED, UNKNOWN, fail, os_reason
from companynet.cli.passwords import SecretMissing
from companynet.client import CallRecord, CompanyNet
from companynet.domain.session_snapshot import SessionSnapshot
from companynet.errors import BankError, CompanyNetError, Outcome
from companynet.outcomes import TABLE
from companynet.profile import BankProfile
from companynet.testing.recording import Recorder

EXIT_STATUS = """\
Exit status: 0 done; 1 done, with something to look at; 2 not done; 3 it is not known whether the bank did it, or the
bank is still at work: ask again as the text says, do not repeat. Failures are told on the error stream.
"""

#: What a command may meet that is told in a sentence.
EXPECTED = (CompanyNetError, OSError, SecretMissing)


class Unusable(CompanyNetError):
    """What was given does not fit together; nothing was sent."""


class AskAgain(CompanyNetError):
    """What became of it is not known yet."""


def add_profile(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add ``--profile``."""
    text = "the bank profile, a JSON object; endpoint is all it must have"
    parser.add_argument("--profile", required=required, type=Path, metavar="FILE", help=text)


def add_session(parser: argparse.ArgumentParser) -> None:
    """Add ``--session``."""
    text = "the session file that `session open` made, for its owner's eyes alone"
    parser.add_argument("--session", required=True, type=Path, metavar="FILE", help=text)


def add_dik(parser: argparse.ArgumentParser) -> None:
    """Add ``--dik`` for one of a session's."""
    parser.add_argument("--dik", metavar="DIK", help="the customer number; not needed where the session covers one")


def add_record(parser: argparse.ArgumentParser) -> None:
    """Add ``--record``."""
    text = "write what goes over the line to a new file, masked: a test can replay it (docs/guide/contract-suite.md)"
    parser.add_argument("--record", type=Path, metavar="FILE", help=text)


def load_session(path: Path, profile: BankProfile | None) -> SessionSnapshot:
    """The session of a file.

    Args:
        path: of the file.
        profile: the bank it shall be used with; None if with none.

    Raises:
        OSError: the file cannot be read.
        FormatError: it is no session file.
        Unusable: others may read it, or it is another bank's.
    """
    if others_may_read(path):
        raise Unusable(f"{path}: others than its owner may read it; end the session, or chmod 600 if nobody did")
    session = SessionSnapshot.from_json(read_json(path), str(path))
    if profile is not None and session.endpoint != profile.endpoint:
        raise Unusable(
            f"{path}: the session is of {session.endpoint}, the profile of {profile.endpoint}; a token is shown to "
            "its own bank only"
        )
    return session


def choose_dik(session: SessionSnapshot, given: str | None) -> str:
    """The DIK a command is for.

    Raises:
        Unusable: it is not covered, or not told though there are several.
    """
    covered = ", ".join(session.diks)
    if given is None:
        if len(session.diks) > 1:
            raise Unusable(f"the session covers several DIKs ({covered}): choose one with --dik")
        return session.diks[0]
    if given not in session.diks:
        raise Unusable(f"--dik {given}: the session covers {covered}")
    return given


@contextmanager
def connected(profile: BankProfile, record: Path | None = None) -> Iterator[CompanyNet]:
    """A client that shows its progress on a terminal and is called off by an interrupt.

    Args:
        profile: the bank.
        record: a new file for what goes over the line, masked.

    Raises:
        ProfileError: the profile cannot be used.
        OSError: the file is there, or cannot be made.
    """
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
def _recorder(path: Path | None) -> Iterator[Recorder | None]:
    if path is None:
        yield None
        return
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

    def __call__(self, record: CallRecord) -> None:
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


def told(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """A command whose expected failures are told in a sentence."""

    def wrapped(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except EXPECTED as error:
            return tell(error)

    return wrapped


def tell(error: BaseException) -> int:
    """One line about a failure, with what to do after a call to the bank.

    Returns:
        The exit status.
    """
    if isinstance(error, OSError):
        return fail(os_reason(error))
    if not isinstance(error, BankError):
        fail(error)
        return UNKNOWN if isinstance(error, AskAgain) else FAILED
    fail(f"{error} {advice(error)}".strip())
    return UNKNOWN if error.outcome in {Outcome.UNKNOWN, Outcome.ACCEPTED} else FAILED


def advice(error: BankError) -> str:
    """What the table of outcomes says is to be done; empty if it says nothing of this."""
    for row in TABLE:
        if (row.operation, row.error, row.outcome) == (error.operation, type(error), error.outcome):
            return f"-- {row.advice}"
    return ""
