"""The command line: ``companynet session ...``, ``statement ...``, ``order ...``, ``outcomes``."""

import sys
from collections.abc import Sequence

#: As shells have it for a program ended by an interrupt.
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: without the program's name; None for those of the process.

    Returns:
        The exit status: 0 done, 1 done with problems found, 2 not done, 3 not known whether the bank did it, 130
        interrupted.
    """
    try:
        # Loading takes a second, in which an interrupt must not end in a traceback either.
        from companynet.cli.program import run  # noqa: PLC0415

        return run(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return INTERRUPTED
