"""ELIXIR-0 files: what stands in a record, and what is refused."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.errors import OrderError, ProfileError
from companynet.formats import elixir

ALFA = Party("Alfa sp. z o.o.", ("ul. Polna 1", "31-001 Kraków"), "93114010100000222233334001")
HURT = Party("Hurtownia Śrubek", (), "PL61 1090 1014 0000 0712 1981 2874")
ORDER = CreditTransfer(
    OrderKind.DOMESTIC, ALFA, HURT, Decimal("10.00"), "PLN", "FV 1/2026", "E1", "I1", date(2026, 1, 5)
)
BATCH = OrderBatch("M1", datetime(2026, 1, 5, 9, tzinfo=UTC), "Alfa sp. z o.o.", (ORDER,))
SPLIT = "/VAT/1,87/IDC/5265877635/INV/FS-77-2025"


def records(data: bytes, code_page: str = "cp1250") -> list[list[str]]:
    """The fields of each line, read by a reader that is not ours."""
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    return list(csv.reader(data.decode(code_page).splitlines(), strict=True))


def test_a_record_has_its_sixteen_fields() -> None:
    assert records(elixir.write(BATCH)) == [
        [
            "110",
            "20260105",
            "1000",
            "11401010",
            "0",
            "93114010100000222233334001",
            "61109010140000071219812874",
            "Alfa sp. z o.o.|ul. Polna 1|31-001 Kraków",
            "Hurtownia Śrubek",
            "0",
            "10901014",
            "FV 1/2026",
            "",
            "",
            "51",
            "E1",
        ]
    ]


CHARACTERS = st.sampled_from("abcXYZ019 ąćęłńóśźżĄĆĘŁŃÓŚŹŻ/?:-().,'+")


def texts(longest: int) -> st.SearchStrategy[str]:
    return st.text(CHARACTERS, min_size=1, max_size=longest).map(str.strip).filter(bool)


@given(
    orders=st.lists(
        st.tuples(
            st.integers(1, 10**13),
            texts(70),
            st.lists(texts(35), max_size=2),
            texts(140).filter(lambda text: not text.upper().startswith("/VAT/")),
        ),
        min_size=1,
        max_size=5,
    ),
    code_page=st.sampled_from(["cp1250", "iso-8859-2", "utf-8"]),
)
def test_what_was_written_reads_back_whole(orders: list[tuple[int, str, list[str], str]], code_page: str) -> None:
    """Amounts in grosze to the last one; no text is lost, none is longer than four lines of 35."""
    batch = replace(
        BATCH,
        orders=tuple(
            replace(
                ORDER,
                amount=Decimal(cents) / 100,
                creditor=Party(name, tuple(lines), HURT.account),
                remittance=title,
                instruction_id=f"I{number}",
            )
            for number, (cents, name, lines, title) in enumerate(orders)
        ),
    )
    read = records(elixir.write(batch, code_page), code_page)
    assert [len(fields) for fields in read] == [16] * len(orders)
    assert [fields[2] for fields in read] == [str(cents) for cents, *_rest in orders]
    assert [fields[8].replace("|", "") for fields in read] == [name + "".join(lines) for _, name, lines, _ in orders]
    assert [fields[11].replace("|", "") for fields in read] == [title for *_rest, title in orders]
    for fields in read:
        for field in (fields[7], fields[8], fields[11]):
            assert len(field.split("|")) <= 4
            assert all(len(line) <= 35 for line in field.split("|"))


def test_a_split_payment_is_told_by_its_title() -> None:
    longest = "/VAT/1,87/IDC/5265877635/INV/" + "F" * 35 + "/TXT/" + "t" * 33
    for title in (SPLIT, longest):
        (fields,) = records(elixir.write(replace(BATCH, orders=(replace(ORDER, remittance=title),))))
        assert fields[14] == "53"
        assert fields[11].replace("|", "") == title


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"remittance": "/VAT/1.8/IDC/5265877635/INV/F"}, "remittance", "is none"),
        ({"remittance": "/vat/1,87/INV/F"}, "remittance", "is none"),
        ({"remittance": SPLIT.replace("1,87", "10,01")}, "remittance", "10.01 is more than the amount 10.00"),
        ({"remittance": "x" * 141}, "remittance", "141"),
        ({"remittance": 'FV "1"'}, "remittance", '"'),
        ({"remittance": "FV|1"}, "remittance", "|"),
        ({"creditor": replace(HURT, name="x" * 71)}, "creditor.name", "71"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(change: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(OrderError) as caught:
        elixir.write(replace(BATCH, orders=(replace(ORDER, **change),)))  # type: ignore[arg-type]
    assert (caught.value.order, caught.value.field) == ("E1", field)
    assert words in str(caught.value)


def test_other_orders_than_domestic_are_refused() -> None:
    creditor = Party("Muster GmbH", (), "DE89370400440532013000")
    sepa = replace(ORDER, kind=OrderKind.SEPA, currency="EUR", creditor=creditor)
    with pytest.raises(OrderError, match="kind: 'sepa': ELIXIR-0 holds transfers in PLN"):
        elixir.write(replace(BATCH, orders=(sepa,)))


def test_the_code_page_is_a_setting() -> None:
    data = elixir.write(BATCH, "iso-8859-2")
    assert "Hurtownia Śrubek".encode("iso-8859-2") in data
    assert elixir.write(BATCH) != data
    with pytest.raises(OrderError, match="holds 'Ś', which the code page cp1252 lacks"):
        elixir.write(BATCH, "cp1252")
    with pytest.raises(ProfileError, match="'mazovia9'"):
        elixir.write(BATCH, "mazovia9")
