"""What a session is for, in words and in operations of the contract."""

import pytest

from companynet.domain.kind import ERP_OPERATIONS, Kind
from companynet.domain.session import Permission
from companynet.outcomes import OPERATIONS

DIK = "10000001"


def test_the_list_is_closed_and_no_operation_is_of_two_kinds() -> None:
    assert [kind.value for kind in Kind] == ["statements", "payments"]
    names = [name for kind in Kind for name in kind.operations]
    assert len(names) == len(set(names)) == 6
    assert set(names) == ERP_OPERATIONS
    assert OPERATIONS.keys() >= ERP_OPERATIONS


@pytest.mark.parametrize("kinds", [(Kind.STATEMENTS,), (Kind.PAYMENTS,), tuple(Kind)])
def test_kinds_come_back_from_what_they_need(kinds: tuple[Kind, ...]) -> None:
    permission = Permission.of(DIK, kinds)
    assert permission.kinds == kinds
    assert permission.kinds_in_part == ()
    assert permission.of_no_kind == frozenset()


def test_a_permission_for_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="at least one kind"):
        Permission.of(DIK, [])


def test_what_is_covered_in_part_is_told_from_what_is_covered_whole() -> None:
    permission = Permission(DIK, Kind.STATEMENTS.operations | {"getStatus", "getCoffee"})
    assert permission.kinds == (Kind.STATEMENTS,)
    assert permission.kinds_in_part == (Kind.PAYMENTS,)
    assert permission.missing(Kind.PAYMENTS) == {"universalPaymentSend", "checkPaymentSendResult"}
    assert permission.missing(Kind.STATEMENTS) == frozenset()
    assert permission.of_no_kind == {"getCoffee"}
    assert Permission(DIK, frozenset()).kinds_in_part == ()
