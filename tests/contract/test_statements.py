"""What an integrator relies on: statements by period, and their confirmation."""

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

import pytest

from companynet.client import CompanyNet
from companynet.domain.account import Nrb
from companynet.domain.session import BackgroundSession
from companynet.domain.statement import Statement
from companynet.errors import Outcome, Refused
from companynet.pool import ask_many
from tests.contract.target import Ability, Booking, Target, needs


def bookings_of(statements: Iterable[Statement]) -> Counter[Booking]:
    """What statements say was booked."""
    return Counter(
        (statement.account.removeprefix("PL"), entry.amount, entry.remittance)
        for statement in statements
        for entry in statement.entries
    )


def test_statements_of_a_period_are_whole(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """Each can be read without a problem, its balances add up, and all it holds was booked in the days asked for."""
    first, last = target.period
    statements = bank.statements.fetch(shared.token, target.dik, first, last).read()
    for statement in statements:
        assert statement.problems == (), statement.account
        assert statement.opening_balance is not None
        assert statement.closing_balance is not None
        moved = sum((entry.amount for entry in statement.entries), Decimal(0))
        assert statement.opening_balance.amount + moved == statement.closing_balance.amount
        assert first <= statement.closing_balance.date <= last
        assert all(entry.booking_date and first <= entry.booking_date <= last for entry in statement.entries)
        assert all(entry.currency == statement.currency for entry in statement.entries)


def test_transaction_numbers_are_unique(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """They are the identity of an entry, however often it is fetched."""
    fetched = [bank.statements.fetch(shared.token, target.dik, *target.period).read() for _twice in range(2)]
    numbers = [
        [entry.transaction_number for item in statements for entry in item.entries if entry.transaction_number]
        for statements in fetched
    ]
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == len(numbers[0])


def test_balances_go_on_from_day_to_day(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """What one day closes with is what the account's next one opens with."""
    statements = bank.statements.fetch(shared.token, target.dik, *target.period).read()
    accounts = {(statement.account, statement.currency) for statement in statements}
    for account, currency in accounts:
        days = sorted(
            (item for item in statements if (item.account, item.currency) == (account, currency)),
            key=lambda item: item.closing_balance.date if item.closing_balance else dt.date.min,
        )
        for before, after in itertools.pairwise(days):
            assert before.closing_balance and after.opening_balance
            assert before.closing_balance.amount == after.opening_balance.amount


@needs(Ability.STAFF)
def test_every_booking_is_there_once(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """Two equal transfers on one day are both there; what was booked before the period or for others is not."""
    package = bank.statements.fetch(shared.token, target.dik, *target.period)
    assert bookings_of(package.read()) == target.staff.bookings
    first, _last = target.period
    day = bank.statements.fetch(shared.token, target.dik, first, first).read()
    assert sum(bookings_of(day).values()) == 2


def test_packed_reports_are_the_same(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    plain = bank.statements.fetch(shared.token, target.dik, *target.period)
    packed = bank.statements.fetch(shared.token, target.dik, *target.period, compressed=True)
    assert plain.reports == packed.reports


@needs(Ability.STAFF)
def test_days_without_entries_have_no_statement(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """That is an answer, not an error."""
    day = target.period[0] - dt.timedelta(days=100)
    package = bank.statements.fetch(shared.token, target.dik, day, day)
    assert (package.reports, package.read()) == ((), ())


def test_one_account_can_be_chosen(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    package = bank.statements.fetch(shared.token, target.dik, *target.period)
    for account in {statement.account for statement in package.read()}:
        chosen = package.read([Nrb(account)])
        assert chosen
        assert {statement.account for statement in chosen} == {account}


def test_a_finished_task_may_be_asked_for_again(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """So an answer that was lost is fetched anew."""
    task_id = bank.statements.request(shared.token, target.dik, *target.period)
    first = bank.statements.result(shared.token, target.dik, task_id)
    assert bank.statements.result(shared.token, target.dik, task_id).reports == first.reports


def test_a_task_the_bank_does_not_have_is_refused(
    target: Target, bank: CompanyNet, shared: BackgroundSession
) -> None:
    with pytest.raises(Refused) as caught:
        bank.statements.result(shared.token, target.dik, f"T-{target.tag}")
    assert caught.value.outcome is Outcome.REFUSED
    assert caught.value.code


@needs(Ability.CONFIRM)
def test_a_package_may_be_confirmed_twice(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """And it is still there afterwards."""
    package = bank.statements.fetch(shared.token, target.dik, *target.period)
    bank.statements.confirm(shared.token, target.dik, package.task_id)
    bank.statements.confirm(shared.token, target.dik, package.task_id)
    assert bank.statements.result(shared.token, target.dik, package.task_id).reports == package.reports


@needs(Ability.SEVERAL_DIKS)
def test_each_dik_has_its_own_accounts(target: Target, shared: BackgroundSession) -> None:
    """Several are asked at the same time, and none is told another's."""
    jobs = [
        lambda client, dik=dik: client.statements.accounts(shared.token, dik, *target.period) for dik in target.diks
    ]
    accounts = [{state.account for state in done.result()} for done in ask_many(target.profile, jobs)]
    for number, found in enumerate(accounts):
        for others in accounts[number + 1 :]:
            assert not found & others


@needs(Ability.SEVERAL_DIKS)
def test_a_task_of_one_dik_is_not_given_to_another(
    target: Target, bank: CompanyNet, shared: BackgroundSession
) -> None:
    task_id = bank.statements.request(shared.token, target.dik, *target.period)
    with pytest.raises(Refused):
        bank.statements.result(shared.token, target.diks[1], task_id)
