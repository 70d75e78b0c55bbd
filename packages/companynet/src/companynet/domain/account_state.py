"""What statements tell of accounts: which there are, and their newest balances."""

from collections.abc import Iterable
from dataclasses import dataclass

from companynet.domain.statement import Balance, Problem, Statement


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as far as statements tell. The bank may have made bookings since, and accounts without a statement
    in the time asked for are not told of at all.
    """

    account: str
    """As the bank writes it: ``PL`` and 26 digits, or another form."""

    currency: str
    """ISO 4217."""

    closing: Balance | None
    """The newest closing balance, with its day; None if no statement has one."""

    available: Balance | None
    """The newest available balance, with its day; None where the bank does not give it."""

    statement_number: str | None
    """Of the statement the closing balance is from."""

    problems: tuple[Problem, ...]
    """Of the statements the balances are from: look at them before using the figures."""


def account_states(statements: Iterable[Statement]) -> tuple[AccountState, ...]:
    """The accounts of these statements, in the order of their numbers and currencies.

    Newest is the balance of the latest day; of several on one day the one of the higher statement number, then the
    later in order.
    """
    found: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        found.setdefault((statement.account, statement.currency), []).append(statement)
    return tuple(_state(account, currency, found[account, currency]) for account, currency in sorted(found))


def _state(account: str, currency: str, statements: list[Statement]) -> AccountState:
    closing: Statement | None = None
    available: Statement | None = None
    ordered = sorted(statements, key=lambda item: item.serial or 0)
    for statement in ordered:
        if _is_newer(statement.closing_balance, closing.closing_balance if closing else None):
            closing = statement
        if _is_newer(statement.available_balance, available.available_balance if available else None):
            available = statement
    sources = [item for item in ordered if item is closing or item is available]
    return AccountState(
        account=account,
        currency=currency,
        closing=closing.closing_balance if closing else None,
        available=available.available_balance if available else None,
        statement_number=closing.number if closing else None,
        problems=tuple(problem for source in sources for problem in source.problems),
    )


def _is_newer(balance: Balance | None, known: Balance | None) -> bool:
    return balance is not None and (known is None or balance.date >= known.date)
