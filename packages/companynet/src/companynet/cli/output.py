"""What the commands share: reading files, printing lines and failures."""

import sys
from pathlib import Path

FOUND_PROBLEMS = 1
FAILED = 2
UNKNOWN = 3


def read_bytes(name: str) -> bytes:
    """The bytes of a file, ``-`` being the standard input.

    Raises:
        OSError: it cannot be read.
    """
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def say(line: str = "") -> None:
    """One line for the user or the next program."""
    sys.stdout.write(line + "\n")


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
