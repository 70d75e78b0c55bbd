"""The writer of statements: the bank's exact form."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet_sandbox.accounts.posting import bank_reference
from companynet_sandbox.formats import mt940

DAY = dt.date(2017, 1, 19)
LETTERS = st.text(st.characters(codec="iso-8859-2", categories=("L", "N", "P", "S", "Zs")), max_size=400)


def entry(amount: int, *, reversal: bool = False, **more: str) -> mt940.StatementEntry:
    values = {
        "type": "NTRF",
        "code": "911",
        "code_name": "TRANSAKCJA IPH",
        "customer_reference": "",
        "bank_reference": "MB170119012058",
        "information": "911 TRANSAKCJA COLLECT; ID IPH: XX000000000001; Z RACH.: 56114010810000267002001001; "
        "OD: JAN NOWAK UL. NIJAKA 1 M 2 31-234 KRAKÓW; TYT.: PRZELEW SRODKOW; TNR: 179171073864111.010001",
        **more,
    }
    return mt940.StatementEntry(booked=DAY, valued=DAY, amount=amount, reversal=reversal, **values)  # type: ignore[arg-type]


def statement(*entries: mt940.StatementEntry, opening: int = 40, currency: str = "PLN") -> mt940.StatementDay:
    return mt940.StatementDay("29114010810000267002001002", currency, DAY, 1, opening, entries)


def test_a_block_is_the_banks_form_byte_for_byte() -> None:
    """Frame, order of the fields, third letter of the currency, wrapping, code page."""
    expected = (
        "\x01\r\n"
        ":20:ST170119CYC/1\r\n"
        ":25:PL29114010810000267002001002\r\n"
        ":28C:1/1\r\n"
        ":60F:C170119PLN0,40\r\n"
        ":61:1701190119CN0,01NTRFNONREF//MB170119012058\r\n"
        "911-TRANSAKCJA IPH\r\n"
        ":86:911 TRANSAKCJA COLLECT; ID IPH: XX000000000001; Z RACH.: \r\n"
        "56114010810000267002001001; OD: JAN NOWAK UL. NIJAKA 1 M 2 \r\n"
        "31-234 KRAKÓW; TYT.: PRZELEW SRODKOW; TNR: 179171073864111.010001\r\n"
        ":62F:C170119PLN0,41\r\n"
        ":64:C170119PLN0,41\r\n"
        "-\x03\r\n"
    )
    assert mt940.write(statement(entry(1))) == expected.encode("iso-8859-2")


@pytest.mark.parametrize(
    ("amount", "reversal", "mark"), [(5, False, "C"), (-5, False, "D"), (-5, True, "RC"), (5, True, "RD")]
)
def test_reversals_say_what_they_reverse(amount: int, mark: str, *, reversal: bool) -> None:
    """RC takes money away, RD gives it back."""
    written = mt940.write(statement(entry(amount, reversal=reversal), currency="EUR")).decode("iso-8859-2")
    assert f":61:1701190119{mark}R0,05NTRF" in written


@pytest.mark.parametrize(
    ("letters", "form"),
    [
        ("BR", r"BR17019\d{9}"),
        ("GR", r"GR17019\d{9}"),
        ("EL", r"EL\d{6}-\d{6}"),
        ("SO", r"SO\d{6}-\d{6}"),
        ("MB", r"MB170119\d{6}"),
        ("FX", r"FX17019\d{5}"),
        ("CC", r"CC\d{14}"),
    ],
)
def test_the_banks_references_have_the_form_of_their_letters(letters: str, form: str) -> None:
    """Year and day of the year, a pair of numbers, a date, or the digits of a card; at most 16 characters."""
    made = bank_reference(letters, DAY, 12_345_678_901)
    assert re.fullmatch(form, made)
    assert len(made) <= 16


def test_a_negative_balance_is_a_debit() -> None:
    """The sign is the letter before the date."""
    assert b":62F:D170119PLN0,60" in mt940.write(statement(entry(-100)))


def test_transaction_numbers_begin_with_the_days_since_1967() -> None:
    """17917 is 19 January 2017, as in a real file."""
    stem = mt940.transaction_stem(DAY, 1073864111)
    assert mt940.transaction_number(stem, 10001) == "179171073864111.010001"


@given(LETTERS)
def test_wrapping_loses_nothing(text: str) -> None:
    """Lines of at most 65 characters, joined with nothing, are the text; none looks like a field or an end."""
    lines = mt940.wrap(text)
    assert "".join(lines) == text
    assert all(len(line) <= 65 for line in lines)
    assert not any(line[0] in ":-" for line in lines[1:])


@given(LETTERS, LETTERS)
def test_information_fits_six_lines_and_keeps_its_number(party: str, title: str) -> None:
    """However long the texts are, the transaction number is whole."""
    fields = [("OD", mt940.bank_text(party)), ("TYT.", mt940.bank_text(title))]
    text = mt940.compose("770", "PRZELEW ELIXIR", fields, "179171073864111.010001")
    assert len(mt940.wrap(text)) <= 6
    assert text.endswith("; TNR: 179171073864111.010001")


def test_too_long_without_values_is_an_error() -> None:
    """It would cut the transaction number."""
    with pytest.raises(ValueError, match="too long"):
        mt940.compose("770", "X" * 400, [], "179171073864111.010001")


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(-(10**9), 10**9).filter(bool), max_size=20))
def test_opening_and_entries_make_the_closing(opening: int, amounts: list[int]) -> None:
    """What the file says adds up, read back from its own figures."""
    written = mt940.write(statement(*map(entry, amounts), opening=opening)).decode("iso-8859-2")
    total = 0
    for line in written.split("\r\n"):
        if line.startswith(":60F:"):
            start = signed(line[5], line[15:])
        elif line.startswith(":61:"):
            total += signed(line[14], line[16 : line.index("NTRF")])
        elif line.startswith((":62F:", ":64:")):
            assert signed(line.split(":")[2][0], line.split("PLN")[1]) == start + total


def signed(mark: str, amount: str) -> int:
    return int(amount.replace(",", "")) * (1 if mark == "C" else -1)
