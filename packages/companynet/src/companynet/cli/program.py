"""The program behind :func:`companynet.cli.main`.

Each command is a module of this package with ``add_parser(commands)``, which sets ``run`` (arguments to exit
status) as a default of its parsers; a new one is added to ``COMMANDS``.
"""

import argparse
import io
import sys
from collections.abc import Sequence

from companynet import __version__
from companynet.cli import order, outcomes, session, statement
from companynet.cli.output import finish_output

_EPILOG = """\
examples:
  companynet session open --profile bank.json --session session.json --dik 10000001 --user ALFA01 --p12 jan.p12
  companynet statement fetch --profile bank.json --session session.json --from 2026-01-01 --to 2026-01-31 --output .
  companynet statement parse *.sta --json
  companynet order send orders.xml --profile bank.json --session session.json

exit status: 0 done, 1 done with something to look at, 2 not done, 3 not known whether the bank did it
"""

COMMANDS = (session, statement, order, outcomes)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; see :func:`companynet.cli.main`.

    Raises:
        KeyboardInterrupt: it was interrupted and did not end by itself.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = argparse.ArgumentParser(
        prog="companynet",
        description="mBank CompanyNet: sessions, statements and orders.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"companynet {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    chosen = parser.parse_args(arguments)
    status: int = chosen.run(chosen)
    return finish_output(status)
