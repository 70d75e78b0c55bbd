"""The command line: ``companynet statement ...``, ``companynet order ...``.

Each command is a module of this package with ``add_parser(commands)``, which sets ``run`` (arguments to exit
status) as a default of its parsers; a new one is added to ``COMMANDS``.
"""

import argparse
import io
import sys
from collections.abc import Sequence

from companynet.cli import order, outcomes, statement

COMMANDS = (statement, order, outcomes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: without the program's name; None for those of the process.

    Returns:
        The exit status: 0 done, 1 done with problems found, 2 not done.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(prog="companynet", description="mBank CompanyNet: statements and orders.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    chosen = parser.parse_args(arguments)
    status: int = chosen.run(chosen)
    return status
