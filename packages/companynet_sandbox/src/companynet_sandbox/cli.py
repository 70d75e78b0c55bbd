"""The command ``companynet-sandbox``: its options and help. Its work: :mod:`companynet_sandbox.command.commands`."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from companynet_sandbox.books.file import BooksError
from companynet_sandbox.command import commands
from companynet_sandbox.customers.generator.run import FIRST_DAY, LARGEST_SEED, CustomerExists

_EPILOG: Final = """\
examples:
  companynet-sandbox init --dir bank --demo
  companynet-sandbox register --dir bank --user ALFA01 --certificate jan.pem
  companynet-sandbox serve --dir bank --port 8080 --control-port 8081

exit status: 0 done, 1 could not be done (one line says why), 2 wrong options
"""
_GENERATE: Final = """\
Makes one customer of its own for each seed: DIK 3 and the seed, user GEN and the seed. The same seed, options and
version make the same books byte for byte. Books with other customers keep them.

  --truth       a line of JSON for each entry that pays something:
                {"entry": transaction number, "account", "date", "amount", "case", "items": [{"id", "amount"}]}
  --open-items  the invoices and payments, as `settlement match --open-items` takes them; some are never paid

example:
  companynet-sandbox generate --dir bank --accounts 200 --entries 1000 --days 1 --seed 1 \\
      --truth truth.jsonl --open-items items.jsonl
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        result: int = options.run(options)
    except (BooksError, CustomerExists, commands.CommandFailed) as error:
        sys.stderr.write(f"companynet-sandbox: {error}\n")
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"companynet-sandbox: {place}{error.strerror or error}\n")
        return 1
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="companynet-sandbox",
        description="A bank to run CompanyNet clients against. Not a real bank.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    init = _command(found, "init", commands.init, "make the bank's books", example="--dir bank --demo")
    init.add_argument("--demo", action="store_true", help="with the customers of the demonstration")
    init.add_argument("--force", action="store_true", help="in place of books that are there: these are lost")

    serve = _command(
        found,
        "serve",
        commands.serve,
        "run the bank until SIGTERM or Ctrl+C",
        example="--dir bank --port 8080",
        description="When it is ready it prints one line of JSON: the addresses of web service and control page.",
    )
    port = _whole(0, 65535)
    serve.add_argument("--port", type=port, default=0, help="of the web service; 0, the default, chooses one")
    serve.add_argument(
        "--control-port", type=port, default=0, help="of the control page; 0, the default, chooses one"
    )

    generate = _command(
        found, "generate", commands.make_customer, "make a large customer with its books", description=_GENERATE
    )
    many = generate.add_argument
    many("--accounts", type=_whole(1, 9999), required=True, metavar="N", help="how many accounts")
    many("--entries", type=_whole(1, 1_000_000), required=True, metavar="M", help="on each account each day")
    many("--days", type=_whole(1, 10_000), required=True, metavar="K", help="from Monday to Friday")
    many("--seed", type=_whole(0, LARGEST_SEED), required=True, metavar="S", help="chooses customer and entries")
    many("--first-day", type=_day, default=FIRST_DAY, metavar="DAY", help="YYYY-MM-DD; %(default)s by default")
    many("--truth", type=Path, metavar="FILE", help="where to write which entry pays what")
    many("--open-items", type=Path, metavar="FILE", help="where to write the open items")
    many("--json", action="store_true", help="say what was made as JSON")

    register = _command(
        found,
        "register",
        commands.register,
        "register a certificate for a user, in the books",
        example="--dir bank --user ALFA01 --certificate jan.pem",
    )
    register.add_argument("--user", required=True, help="the user's id at the bank")
    register.add_argument("--certificate", type=Path, required=True, metavar="FILE", help="PEM or DER")
    register.add_argument("--json", action="store_true", help="say it as JSON")

    password = _command(
        found,
        "password",
        commands.password,
        "make a one-time password and print it",
        example="--dir bank --user ALFA01",
        description="For tests. It also unblocks a token blocked by wrong passwords.",
    )
    password.add_argument("--user", required=True, help="the user's id at the bank")
    password.add_argument("--json", action="store_true", help="print it as JSON")

    status = _command(found, "status", commands.status, "say what is in the books", example="--dir bank --json")
    status.add_argument("--json", action="store_true", help="say it as JSON")
    return parser


def _command(
    found: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    *,
    example: str = "",
    description: str = "",
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = found.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{description}".rstrip(),
        epilog=f"example:\n  companynet-sandbox {name} {example}" if example else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dir", type=Path, required=True, help="directory of the books")
    parser.set_defaults(run=run)
    return parser


def _whole(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, is {text!r}")
        return int(text)

    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a day YYYY-MM-DD, is {text!r}") from None


if __name__ == "__main__":
    sys.exit(main())
