"""The command line: ``companynet session ...``, ``statement ...``, ``order ...``, ``outcomes``.

Each command is a module of this package with ``add_parser(commands)``, which sets ``run`` (arguments to exit
status) as a default of its parsers; a new one is added to ``COMMANDS``.
"""

import argparse
import io
import sys
from collections.abc import Sequence

from companynet.cli import order, outcomes, session, statement

#: As shells have it for a program ended by an interrupt.
INTERRUPTED = 130

COMMANDS = (session, statement, order, outcomes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: without the program's name; None for those of the process.

    Returns:
        The exit status: 0 done, 1 done with problems found, 2 not done, 3 not known whether the bank did it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(
        prog="companynet", description="mBank CompanyNet: sessions, statements and orders."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    chosen = parser.parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return INTERRUPTED
    return status
