"""``companynet statement``: files to JSON lines or to a table, and statements from the bank."""

import argparse
import json

from companynet.cli import statement_fetch
from companynet.cli.output import FOUND_PROBLEMS, fail, os_reason, read_bytes, say
from companynet.domain.statement import Balance, Entry, Statement
from companynet.errors import FormatError
from companynet.formats import read_statements
from companynet.formats.json_form import statement_to_json

_EPILOG = """\
With --json: one object a line and statement, with the keys source, format, account, currency, number, reference,
opening_balance, closing_balance, available_balance, entries, problems. Amounts are signed text, dates ISO, absent
values null.

Exit status: 0 all read and right; 1 read, but problems were found; 2 a file cannot be read as a statement.
"""
_TITLE_WIDTH = 60


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``statement`` to the commands."""
    statement = commands.add_parser("statement", help="statements of accounts")
    actions = statement.add_subparsers(title="actions", required=True, metavar="ACTION")
    parse = actions.add_parser(
        "parse",
        help="read statement files (MT940, MT942)",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parse.add_argument("files", nargs="+", metavar="FILE", help="a statement file; - for the standard input")
    parse.add_argument("--json", action="store_true", help="one JSON object a line and statement")
    parse.set_defaults(run=_parse)
    statement_fetch.add_parser(actions)


def _parse(arguments: argparse.Namespace) -> int:
    status = 0
    for name in arguments.files:
        try:
            statements = read_statements(read_bytes(name), name)
        except FormatError as error:
            status = fail(error)
            continue
        except OSError as error:
            status = fail(os_reason(error))
            continue
        for statement in statements:
            if arguments.json:
                say(json.dumps(statement_to_json(statement), ensure_ascii=False))
            else:
                _print_table(statement)
            if statement.problems:
                status = max(status, FOUND_PROBLEMS)
    return status


def _print_table(statement: Statement) -> None:
    say(f"{statement.format} {statement.number or ''}  {statement.account}  {statement.currency}")
    say(f"  from {statement.source}")
    if statement.opening_balance:
        say(f"  opening   {_balance(statement.opening_balance)}")
    for entry in statement.entries:
        say(f"  {_entry(entry)}")
    if statement.closing_balance:
        say(f"  closing   {_balance(statement.closing_balance)}")
    if statement.available_balance:
        say(f"  available {_balance(statement.available_balance)}")
    for problem in statement.problems:
        say(f"  PROBLEM {problem.place or ''} {problem.text}")
    say()


def _balance(balance: Balance) -> str:
    return f"{balance.date.isoformat()} {balance.amount:>16,.2f}"


def _entry(entry: Entry) -> str:
    day = (entry.booking_date or entry.value_date).isoformat()
    words = " | ".join(
        part for part in (entry.counterparty_name, entry.remittance or entry.details.get("operation")) if part
    )
    return f"{day}          {entry.amount:>16,.2f}  {entry.code or '':>4}  {words[:_TITLE_WIDTH]}".rstrip()
