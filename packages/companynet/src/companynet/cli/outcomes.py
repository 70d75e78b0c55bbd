"""``companynet outcomes``: what follows from each failure, as a page or as JSON."""

import argparse
import json

from companynet.cli.output import say
from companynet.outcomes import OPERATIONS, TABLE, Row

_INTRODUCTION = """\
# What follows from each failure
Made by `companynet outcomes` from `companynet.outcomes.TABLE`; a test makes every row happen. Branch on the class \
and on the outcome, never on the text.

| outcome | meaning |
| --- | --- |
| `not_sent` | the bank never had the call |
| `unknown` | the call left; only the bank knows whether it acted. Ask it, do not repeat |
| `refused` | the bank answered that it did not act |
| `accepted` | the bank acted; what failed came after |

Only what provably never left is `not_sent`, and only a fault whose code the profile lists (`fault_codes`) is \
`refused`: every other answer that is not the service's own, whatever it says, leaves it `unknown`. A refusal that \
is not named for an operation here keeps its class and is `refused` all the same. Code and text of a fault are the \
bank's own, in `code` and `bank_text`.
"""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``outcomes`` to the commands."""
    outcomes = commands.add_parser("outcomes", help="what follows from each failure of each operation")
    outcomes.add_argument("--json", action="store_true", help="one JSON object a line and row, in place of a page")
    outcomes.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.json:
        for row in TABLE:
            say(json.dumps(_values(row)))
        return 0
    say(_INTRODUCTION)
    for operation, effect in OPERATIONS.items():
        say(f"## {operation}: {effect.value}")
        say("| failure | class | outcome | what to do |")
        say("| --- | --- | --- | --- |")
        for row in TABLE:
            if row.operation == operation:
                say(f"| {row.failure.value} | `{row.error.__name__}` | `{row.outcome.value}` | {row.advice} |")
        say()
    return 0


def _values(row: Row) -> dict[str, str]:
    return {
        "operation": row.operation,
        "failure": row.failure.name.lower(),
        "class": row.error.__name__,
        "outcome": row.outcome.value,
        "advice": row.advice,
    }
