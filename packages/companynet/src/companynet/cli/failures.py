"""How the commands that talk to the bank tell what went wrong, and the exit statuses that follow."""

import argparse
from collections.abc import Callable

from companynet.cli.output import FAILED, UNKNOWN, fail, os_reason
from companynet.cli.passwords import SecretMissing
from companynet.errors import BankError, CompanyNetError, Outcome
from companynet.outcomes import TABLE

EXIT_STATUS = """\
Exit status: 0 done; 1 done, with something to look at; 2 not done; 3 it is not known whether the bank did it, or the
bank is still at work: ask again as the text says, do not repeat. Failures are told on the error stream.
"""

#: What a command may meet that is told in a sentence.
EXPECTED = (CompanyNetError, OSError, SecretMissing)


class Unusable(CompanyNetError):
    """What was given does not fit together; nothing was sent."""


class AskAgain(CompanyNetError):
    """What became of it is not known yet."""


def told(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """A command whose expected failures are told in a sentence."""

    def wrapped(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except EXPECTED as error:
            return tell(error)

    return wrapped


def tell(error: BaseException) -> int:
    """One line about a failure, with what to do after a call to the bank.

    Returns:
        The exit status.
    """
    if isinstance(error, OSError):
        return fail(os_reason(error))
    if not isinstance(error, BankError):
        fail(error)
        return UNKNOWN if isinstance(error, AskAgain) else FAILED
    fail(f"{error} {advice(error)}".strip())
    return UNKNOWN if error.outcome in {Outcome.UNKNOWN, Outcome.ACCEPTED} else FAILED


def advice(error: BankError) -> str:
    """What the table of outcomes says is to be done; empty if it says nothing of this."""
    for row in TABLE:
        if (row.operation, row.error, row.outcome) == (error.operation, type(error), error.outcome):
            return f"-- {row.advice}"
    return ""
