"""Order files: what is written, what is refused, what a check finds."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.errors import OrderError, ProfileError
from companynet.formats import order_json, pain001
from companynet.formats.order_codes import KindCodes, OrderCodes
from companynet.formats.xml import parse_xml

ALFA = Party("Alfa sp. z o.o.", ("ul. Polna 1", "31-001 Kraków"), "93114010100000222233334001", country="PL")
HURT = Party("Hurtownia Śrubek", (), "PL61 1090 1014 0000 0712 1981 2874")
MUSTER = Party("Muster GmbH", (), "DE89370400440532013000", bic="COBADEFFXXX")
ORDER = CreditTransfer(
    OrderKind.DOMESTIC, ALFA, HURT, Decimal("10.00"), "PLN", "FV 1/2026", "E1", "I1", date(2026, 1, 5)
)
SEPA = replace(ORDER, kind=OrderKind.SEPA, currency="EUR", creditor=MUSTER, end_to_end_id="E2", instruction_id="I2")
BATCH = OrderBatch("M1", datetime(2026, 1, 5, 9, tzinfo=UTC), "Alfa sp. z o.o.", (ORDER, SEPA))
NS = {"p": pain001.NAMESPACE}


def texts(data: bytes, path: str) -> list[str]:
    return [item.text or "" for item in parse_xml(data, "x").iterfind(path, NS)]


def test_the_same_batch_is_the_same_bytes_and_has_no_problem() -> None:
    assert pain001.write(BATCH) == pain001.write(BATCH)
    assert pain001.check(pain001.write(BATCH)) == ()
    assert order_json.batch_from_json(order_json.batch_to_json(BATCH)) == BATCH


def test_one_payment_for_each_account_kind_and_day() -> None:
    later = replace(ORDER, execution_date=date(2026, 1, 6), instruction_id="I3")
    again = replace(ORDER, instruction_id="I4")
    data = pain001.write(replace(BATCH, orders=(ORDER, SEPA, later, again)))
    assert texts(data, ".//p:PmtInfId") == ["I1", "I2", "I3"]
    assert texts(data, ".//p:InstrId") == ["I1", "I4", "I2", "I3"]
    assert texts(data, ".//p:PmtInf/p:NbOfTxs") == ["2", "1", "1"]


def test_several_accounts_pay_in_one_file() -> None:
    """Each debited account has a PmtInf of its own."""
    other = replace(ALFA, account="27114020040000300201355387")
    data = pain001.write(replace(BATCH, orders=(ORDER, replace(ORDER, debtor=other, instruction_id="I3"))))
    assert texts(data, ".//p:DbtrAcct/p:Id/p:IBAN") == [f"PL{ALFA.account}", f"PL{other.account}"]
    assert texts(data, ".//p:PmtInf/p:NbOfTxs") == ["1", "1"]


def test_sepa_is_marked_and_domestic_is_not() -> None:
    data = pain001.write(BATCH)
    assert texts(data, ".//p:SvcLvl/p:Cd") == ["SEPA"]
    assert texts(data, ".//p:ChrgBr") == ["SLEV"]


def test_codes_are_data() -> None:
    codes = OrderCodes.from_mapping(
        {"debtor_bic": "BREXPLPW", "domestic": {"priority": "HIGH", "local_instrument": "EXPRESS"}}
    )
    assert codes.sepa == KindCodes(service_level="SEPA", charge_bearer="SLEV")
    data = pain001.write(BATCH, codes)
    assert texts(data, ".//p:LclInstrm/p:Prtry") == ["EXPRESS"]
    assert texts(data, ".//p:InstrPrty") == ["HIGH"]
    assert set(texts(data, ".//p:DbtrAgt//p:BIC")) == {"BREXPLPW"}
    for wrong in ({"elixir": {}}, {"sepa": {"x": "y"}}, {"sepa": 1}, {"debtor_bic": 1}, {"sepa": {"priority": 1}}):
        with pytest.raises(ProfileError):
            OrderCodes.from_mapping(wrong)


@given(st.lists(st.integers(1, 10**11), min_size=1, max_size=6))
def test_sums_are_exact(cents: list[int]) -> None:
    orders = tuple(
        replace(ORDER, amount=Decimal(value) / 100, instruction_id=f"I{number}") for number, value in enumerate(cents)
    )
    data = pain001.write(replace(BATCH, orders=orders))
    assert texts(data, ".//p:GrpHdr/p:CtrlSum") == [f"{Decimal(sum(cents)) / 100:.2f}"]
    assert texts(data, ".//p:InstdAmt") == [f"{Decimal(value) / 100:.2f}" for value in cents]
    assert pain001.check(data) == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"remittance": ""}, "remittance"),
        ({"remittance": "x" * 141}, "remittance"),
        ({"remittance": "FV #1"}, "remittance"),
        ({"remittance": "FV\n1"}, "remittance"),
        ({"end_to_end_id": "x" * 36}, "end_to_end_id"),
        ({"end_to_end_id": "Ż1"}, "end_to_end_id"),
        ({"instruction_id": "/1"}, "instruction_id"),
        ({"creditor": replace(HURT, name="x" * 71)}, "creditor.name"),
        ({"creditor": replace(HURT, name="")}, "creditor.name"),
        ({"creditor": replace(HURT, name="Müller")}, "creditor.name"),
        ({"creditor": replace(HURT, address_lines=("a", "b", "c"))}, "creditor.address_lines"),
        ({"creditor": replace(HURT, address_lines=("x" * 36,))}, "creditor.address_lines"),
        ({"creditor": replace(HURT, bic="X")}, "creditor.bic"),
        ({"creditor": replace(HURT, country="Polska")}, "creditor.country"),
        ({"debtor": replace(ALFA, name="Alfa & syn")}, "debtor.name"),
    ],
)
def test_what_breaks_a_limit_is_refused_by_name(change: dict[str, object], field: str) -> None:
    order = replace(ORDER, **change)
    with pytest.raises(OrderError) as caught:
        pain001.write(replace(BATCH, orders=(order,)))
    assert caught.value.field == field


def test_one_debtor_account_has_one_debtor() -> None:
    other = replace(ORDER, debtor=replace(ALFA, name="Alfa"), instruction_id="I3")
    with pytest.raises(OrderError, match="E1: debtor"):
        pain001.write(replace(BATCH, orders=(ORDER, other)))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<CtrlSum>20.00", "<CtrlSum>20.01", "control_sum"),
        ("<NbOfTxs>2", "<NbOfTxs>3", "count"),
        (">I2</InstrId>", ">I1</InstrId>", "repeated_id"),
        ("PL61109010", "PL61109011", "account"),
        ("FV 1/2026", "FV #1", "text"),
        (">10.00</InstdAmt>", ">10.001</InstdAmt>", "amount"),
        ("<PmtMtd>TRF", "<PmtMtd>XXX", "schema"),
        ("pain.001.001.03", "pain.001.001.09", "schema"),
    ],
)
def test_a_check_finds_what_is_wrong(old: str, new: str, code: str) -> None:
    text = pain001.write(BATCH).decode()
    assert old in text
    assert code in {problem.code for problem in pain001.check(text.replace(old, new).encode())}
