"""What the commands share: reading files, printing lines and failures."""

import os
import sys
from pathlib import Path

FOUND_PROBLEMS = 1
FAILED = 2
UNKNOWN = 3

#: Why a line could not be written; empty while all could.
_lost: list[str] = []


def read_bytes(name: str) -> bytes:
    """The bytes of a file, ``-`` being the standard input.

    Raises:
        OSError: it cannot be read.
    """
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def say(line: str = "") -> None:
    """One line for the user or the next program. If it cannot be written the work goes on all the same."""
    try:
        sys.stdout.write(line + "\n")
    except OSError as error:
        _give_up(error)


def finish_output(status: int) -> int:
    """Write out what was said.

    Args:
        status: the exit status so far.

    Returns:
        The exit status; that of a failure if it could not be written.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        _give_up(error)
    if not _lost:
        return status
    reason = _lost[0]
    _lost.clear()
    return fail(f"the output cannot be written: {reason}")


def _give_up(error: OSError) -> None:
    # A reader that has gone, as head does, has what it wanted.
    if not isinstance(error, BrokenPipeError):
        _lost.append(os_reason(error))
    # Else Python complains of the same once more as it ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def fail(reason: object) -> int:
    """One line about a failure, on the error stream.

    Returns:
        The exit status of a failure.
    """
    sys.stderr.write("companynet: " + " ".join(str(reason).split()) + "\n")
    return FAILED


def os_reason(error: OSError) -> str:
    """The file and the reason of an error of the operating system."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)
