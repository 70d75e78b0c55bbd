"""``companynet order``: order files from JSON, their validation, sending and fate."""

import argparse
from pathlib import Path

from companynet.cli import order_sending
from companynet.cli.files import write_whole
from companynet.cli.output import FOUND_PROBLEMS, fail, os_reason, read_bytes, say
from companynet.errors import FormatError, OrderError, ProfileError
from companynet.formats import elixir, order_json, pain001

_FORM = (order_json.__doc__ or "").strip()
_FORMATS = ("elixir", "pain001")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``order`` to the commands."""
    order = commands.add_parser("order", help="files of payment orders, their sending and fate")
    actions = order.add_subparsers(title="actions", required=True, metavar="ACTION")
    write = actions.add_parser(
        "write",
        help="make an order file from JSON",
        epilog=f"{_FORM}\n\nExit status: 0 written; 2 not written, with one line that names the order and the field.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    write.add_argument("orders", metavar="ORDERS.json", help="the order batch; - for the standard input")
    write.add_argument("--format", required=True, choices=_FORMATS, help="the format of the file")
    write.add_argument(
        "--code-page", metavar="NAME", help=f"of an elixir file, by Python's name (default: {elixir.CODE_PAGE})"
    )
    write.add_argument("--output", required=True, metavar="F", help="the file to write")
    write.set_defaults(run=_write)
    check = actions.add_parser(
        "check",
        help="validate an order file (pain.001.001.03)",
        epilog="Exit status: 0 nothing wrong; 1 problems, one a line; 2 the file cannot be read.",
    )
    check.add_argument("file", metavar="F", help="the order file; - for the standard input")
    check.set_defaults(run=_check)
    order_sending.add_parsers(actions)


def _write(arguments: argparse.Namespace) -> int:
    try:
        if arguments.code_page and arguments.format != "elixir":
            return fail(f"--code-page is of elixir; {arguments.format} has its own")
        batch = order_json.read_batch(read_bytes(arguments.orders), arguments.orders)
        if arguments.format == "elixir":
            data = elixir.write(batch, arguments.code_page or elixir.CODE_PAGE)
        else:
            data = pain001.write(batch)
        write_whole(Path(arguments.output), data)
    except (FormatError, OrderError, ProfileError) as error:
        return fail(error)
    except OSError as error:
        return fail(os_reason(error))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    try:
        problems = pain001.check(read_bytes(arguments.file), arguments.file)
    except FormatError as error:
        return fail(error)
    except OSError as error:
        return fail(os_reason(error))
    for problem in problems:
        say(f"{problem.place}: {problem.text}")
    return FOUND_PROBLEMS if problems else 0
