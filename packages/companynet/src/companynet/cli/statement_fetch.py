"""``companynet statement fetch``: statements from the bank into files, confirmed only on request."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from companynet.cli.bank_command import OnSession, add_action
from companynet.cli.failures import EXIT_STATUS, Unusable
from companynet.cli.files import write_whole
from companynet.cli.output import FOUND_PROBLEMS, fail, say
from companynet.domain.account import Nrb
from companynet.domain.report import code_page_of
from companynet.domain.statement import Statement
from companynet.errors import FormatError
from companynet.formats import read_statements
from companynet.formats.json_form import statement_to_json

if TYPE_CHECKING:
    from companynet.statements import StatementPackage

_EPILOG = f"""\
The reports are written as the bank made them, each whole or not at all: DIK_FROM_TO_TASK_NUMBER.sta. A report holds
all accounts of the DIK; --account chooses which of its statements are shown.

--confirm tells the bank that the statements are stored, after they are; not if one of them cannot be read.

{EXIT_STATUS}1 means here: a statement has problems, cannot be read, or an account named has none.
"""


def add_parser(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``fetch`` to the actions."""
    words = "one JSON object: task_id, confirmed, files with their statements"
    fetch = add_action(actions, "fetch", "fetch statements from the bank", _EPILOG, _fetch, json=words)
    fetch.add_argument("--from", required=True, dest="first", metavar="DAY", help="the first day, such as 2026-01-31")
    fetch.add_argument("--to", required=True, dest="last", metavar="DAY", help="the last day, included")
    fetch.add_argument(
        "--account", action="append", metavar="NRB", help="show this account's statements; may be repeated"
    )
    fetch.add_argument("--compressed", action="store_true", help="ask the bank to pack the reports")
    fetch.add_argument("--output", required=True, type=Path, metavar="DIR", help="the folder for the files")
    fetch.add_argument("--confirm", action="store_true", help="then tell the bank that they are stored")


def _fetch(arguments: argparse.Namespace) -> int:
    on = OnSession.of(arguments)
    dik, token = on.dik, on.session.token
    first, last = _day("--from", arguments.first), _day("--to", arguments.last)
    if first > last:
        raise Unusable(f"--from {first} is after --to {last}")
    accounts = [_account(text) for text in arguments.account or ()]
    if not arguments.output.is_dir():
        raise Unusable(f"--output {arguments.output} is no folder")
    with on.connected() as client:
        package = client.statements.fetch(token, dik, first, last, compressed=arguments.compressed)
        stem = f"{dik}_{first}_{last}_{_plain(package.task_id)}"
        stored, unread = _store(package, arguments.output, stem)
        confirmed = arguments.confirm and not unread
        if confirmed:
            client.statements.confirm(token, dik, package.task_id)
    chosen = [(path, [item for item in found if _wanted(item, accounts)]) for path, found in stored]
    missing = [account for account in accounts if not any(account.names(s.account) for _p, f in chosen for s in f)]
    _print(arguments, package.task_id, chosen, confirmed=confirmed)
    for text in unread:
        fail(text)
    for account in missing:
        fail(f"--account {account}: no statement from {first} to {last}")
    if arguments.confirm and not confirmed:
        fail("not confirmed to the bank: a report cannot be read")
    problems = any(statement.problems for _path, found in chosen for statement in found)
    return FOUND_PROBLEMS if problems or unread or missing else 0


def _store(
    package: "StatementPackage", folder: Path, stem: str
) -> tuple[list[tuple[Path, list[Statement]]], list[str]]:
    """Write each report, then read it: the files with their statements, and what cannot be read."""
    stored: list[tuple[Path, list[Statement]]] = []
    unread = []
    for number, report in enumerate(package.reports, 1):
        path = folder / f"{stem}_{number}.sta"
        write_whole(path, report)
        try:
            stored.append((path, list(read_statements(report, str(path), code_page_of(report)))))
        except FormatError as error:
            stored.append((path, []))
            unread.append(str(error))
    return stored, unread


def _plain(task_id: str) -> str:
    """A task's id as a part of a file name."""
    return "".join(character if character.isalnum() else "-" for character in task_id)


def _wanted(statement: Statement, accounts: list[Nrb]) -> bool:
    return not accounts or any(account.names(statement.account) for account in accounts)


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{option} {text!r} is no day such as 2026-01-31") from None


def _account(text: str) -> Nrb:
    try:
        return Nrb(text)
    except ValueError as error:
        reason = str(error)
    raise Unusable(f"--account: {reason}")


def _print(
    arguments: argparse.Namespace, task_id: str, stored: list[tuple[Path, list[Statement]]], *, confirmed: bool
) -> None:
    if arguments.json:
        files = [
            {"path": str(path), "statements": [statement_to_json(item) for item in found]} for path, found in stored
        ]
        say(json.dumps({"task_id": task_id, "confirmed": confirmed, "files": files}, ensure_ascii=False))
        return
    if not stored:
        say("the bank has no statements for these days")
    for path, found in stored:
        say(str(path))
        for statement in found:
            closing = statement.closing_balance
            balance = f"{closing.date.isoformat()} {closing.amount:>16,.2f}" if closing else "no closing balance"
            say(f"  {statement.account} {statement.number or ''} {balance} {statement.currency}")
            for problem in statement.problems:
                say(f"    PROBLEM {problem.place or ''} {problem.text}")
    if confirmed:
        say("confirmed to the bank")
