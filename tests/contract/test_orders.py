"""What an integrator relies on: orders are taken once, and what becomes of them is told."""

import dataclasses

import pytest

from companynet.client import CompanyNet
from companynet.domain.order_file import OrderFile
from companynet.domain.order_snapshot import OrderGroupSnapshot, order_changes
from companynet.domain.session import BackgroundSession, Secret
from companynet.errors import DuplicateOrder, OrderGroupUnknown, OrderRefused, Outcome
from companynet.orders import SentOrders
from tests.contract.target import Ability, Target, needs


def test_a_group_the_bank_does_not_have_is_told_as_such(
    target: Target, bank: CompanyNet, shared: BackgroundSession
) -> None:
    """An integrator who lost an answer relies on it: the orders never arrived."""
    with pytest.raises(OrderGroupUnknown) as caught:
        bank.orders.status(shared.token, target.dik, f"never-sent-{target.tag}")
    assert caught.value.outcome is Outcome.REFUSED


def handed_in(bank: CompanyNet, token: Secret, dik: str, file: OrderFile) -> SentOrders:
    """What the bank says of a file once it has it."""
    return bank.orders.result(token, dik, bank.orders.hand_in(token, dik, file))


@needs(Ability.ORDERS)
def test_orders_are_taken_and_each_is_told_of(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """By the bank's id and, where the profile says so, by our own; nothing is final while people have not
    authorised."""
    file = target.order_file("taken", "0.01", "0.02")
    sent = handed_in(bank, shared.token, target.dik, file)
    assert sent.group_id
    snapshot = bank.orders.snapshot(shared.token, target.dik, sent.group_id)
    names = {f"{file.client_order_group_id}-{number}" for number in (1, 2)}
    assert set(snapshot.current) == names
    assert not any(state.final for state in snapshot.states)
    if target.profile.status_by_client_id:
        own = bank.orders.snapshot(shared.token, target.dik, file.client_order_group_id)
        assert own.states == snapshot.states


@needs(Ability.ORDERS)
def test_a_file_is_taken_once(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """The same again is refused, byte for byte or under another name of the group, and the first one stays as it is."""
    file = target.order_file("once", "0.01")
    sent = handed_in(bank, shared.token, target.dik, file)
    before = bank.orders.snapshot(shared.token, target.dik, str(sent.group_id)).states
    renamed = dataclasses.replace(file, client_order_group_id=f"{file.client_order_group_id}-B")
    for again in (file, renamed):
        with pytest.raises(DuplicateOrder) as caught:
            handed_in(bank, shared.token, target.dik, again)
        assert caught.value.outcome is Outcome.REFUSED
    assert bank.orders.snapshot(shared.token, target.dik, str(sent.group_id)).states == before
    with pytest.raises(OrderGroupUnknown):
        bank.orders.status(shared.token, target.dik, renamed.client_order_group_id)


@needs(Ability.ORDERS)
def test_a_result_may_be_asked_for_again(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    task_id = bank.orders.hand_in(shared.token, target.dik, target.order_file("again", "0.01"))
    first = bank.orders.result(shared.token, target.dik, task_id)
    assert bank.orders.result(shared.token, target.dik, task_id) == first


@needs(Ability.ORDERS, Ability.STAFF)
def test_of_a_file_with_an_error_nothing_is_taken(
    target: Target, bank: CompanyNet, shared: BackgroundSession
) -> None:
    """The account debited is another customer's: the refusal names the order."""
    file = target.order_file("wrong", "0.01", debtor=target.staff.others_account)
    with pytest.raises(OrderRefused) as caught:
        handed_in(bank, shared.token, target.dik, file)
    assert caught.value.outcome is Outcome.REFUSED
    assert f"{file.client_order_group_id}-1" in str(caught.value.bank_text)
    with pytest.raises(OrderGroupUnknown):
        bank.orders.status(shared.token, target.dik, file.client_order_group_id)


@needs(Ability.ORDERS, Ability.STAFF)
def test_what_is_no_order_file_is_refused(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    file = dataclasses.replace(target.order_file("text", "0.01"), data=b"no order at all")
    with pytest.raises(OrderRefused) as caught:
        handed_in(bank, shared.token, target.dik, file)
    assert caught.value.outcome is Outcome.REFUSED


@needs(Ability.ORDERS, Ability.STAFF)
def test_the_life_of_an_order_is_followed(target: Target, bank: CompanyNet, shared: BackgroundSession) -> None:
    """What changed between two questions is told; an order carried out and one refused are final, with a reason."""
    file = target.order_file("life", "0.01", "0.02")
    paid, refused = (f"{file.client_order_group_id}-{number}" for number in (1, 2))
    sent = handed_in(bank, shared.token, target.dik, file)

    def ask() -> OrderGroupSnapshot:
        return bank.orders.snapshot(shared.token, target.dik, str(sent.group_id))

    first = ask()
    target.staff.deny(file.client_order_group_id, refused, "Brak zgody")
    second = ask()
    assert [change.end_to_end_id for change in order_changes(first, second)] == [refused]
    target.staff.authorise(file.client_order_group_id)
    third = ask()
    assert [change.end_to_end_id for change in order_changes(second, third)] == [paid]
    assert third.final
    assert third.current[paid].executed
    assert (third.current[refused].executed, third.current[refused].text) == (False, "Brak zgody")
    assert order_changes(third, ask()) == ()


@needs(Ability.ORDERS, Ability.SEVERAL_DIKS)
def test_orders_of_one_dik_are_not_told_to_another(
    target: Target, bank: CompanyNet, shared: BackgroundSession
) -> None:
    sent = handed_in(bank, shared.token, target.dik, target.order_file("own", "0.01"))
    with pytest.raises(OrderGroupUnknown):
        bank.orders.status(shared.token, target.diks[1], str(sent.group_id))
