"""Orders refuse what no bank could carry out."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.errors import OrderError

ALFA = Party("Alfa", (), "93114010100000222233334001")
HURT = Party("Hurt", (), "61109010140000071219812874")
ORDER = CreditTransfer(OrderKind.DOMESTIC, ALFA, HURT, Decimal(1), "PLN", "T", "E1", "I1", date(2026, 1, 5))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("Infinity")}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"kind": OrderKind.SEPA}, "currency"),
        ({"creditor": replace(HURT, account="61109010140000071219812875")}, "creditor.account"),
        ({"creditor": replace(HURT, account="DE89370400440532013000")}, "creditor.account"),
        ({"creditor": replace(HURT, account="PL" + ALFA.account)}, "creditor.account"),
        ({"debtor": replace(ALFA, account="")}, "debtor.account"),
    ],
)
def test_a_wrong_order_cannot_be_made(change: dict[str, object], field: str) -> None:
    with pytest.raises(OrderError) as caught:
        replace(ORDER, **change)
    assert (caught.value.order, caught.value.field) == ("E1", field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"orders": ()}, "orders"),
        ({"orders": (ORDER, ORDER)}, "instruction_id"),
        ({"created_at": datetime(2026, 1, 5)}, "created_at"),  # noqa: DTZ001  # the lack of a zone is the case
    ],
)
def test_a_wrong_batch_cannot_be_made(change: dict[str, object], field: str) -> None:
    batch = OrderBatch("M", datetime(2026, 1, 5, tzinfo=UTC), "Alfa", (ORDER,))
    with pytest.raises(OrderError) as caught:
        replace(batch, **change)
    assert caught.value.field == field


def test_trailing_zeros_are_no_decimals() -> None:
    assert replace(ORDER, amount=Decimal("1.5000")).amount == Decimal("1.5")
