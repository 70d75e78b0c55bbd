"""Account numbers and their check digits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet.domain.account import Nrb, is_account, is_mbank, normal_form, sort_code, to_iban, to_nrb

NRB = "61109010140000071219812874"


def test_nrb_and_iban_are_one_account() -> None:
    assert to_iban("61 1090 1014 0000 0712 1981 2874") == "PL" + NRB
    assert to_nrb("pl" + NRB) == NRB
    assert sort_code(NRB) == "10901014"
    assert is_mbank("PL93114010100000222233334001")
    assert not is_mbank(NRB)


@given(st.integers(0, 25), st.integers(1, 9))
def test_one_wrong_digit_is_found(place: int, step: int) -> None:
    wrong = NRB[:place] + str((int(NRB[place]) + step) % 10) + NRB[place + 1 :]
    assert not is_account(wrong)


@pytest.mark.parametrize("text", ["", "abc", NRB[:-1], NRB + "1", "٦" * 26, "DE89370400440532013001"])
def test_what_is_no_account_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(ValueError, match="is not an account number"):
        to_iban(text)


def test_a_foreign_account_has_no_nrb() -> None:
    with pytest.raises(ValueError, match="not a Polish account"):
        to_nrb("DE89370400440532013000")


def test_a_typed_number_is_the_same_however_it_was_written() -> None:
    number = Nrb("PL61 1090 1014 0000 0712 1981 2874")
    assert number == Nrb(NRB)
    assert (str(number), number.iban, number.sort_code) == (NRB, "PL" + NRB, "10901014")
    assert number.names("PL" + NRB)
    assert number.names("61 1090 1014 0000 0712 1981 2874")
    assert not number.names("PL93114010100000222233334001")


@pytest.mark.parametrize("text", [NRB[:-1], NRB[:-1] + "5", "DE89370400440532013000"])
def test_a_typed_number_is_a_polish_account(text: str) -> None:
    with pytest.raises(ValueError, match="account"):
        Nrb(text)


WRITTEN = ("{}", "PL{}", "pl {}", "{} ", "PL-{}", "\u00a0{}")
"""How people and banks write the same number."""


def spaced(digits: str, separator: str) -> str:
    """As it is printed: two digits, then groups of four."""
    return separator.join([digits[:2], *(digits[i : i + 4] for i in range(2, len(digits), 4))])


@given(
    st.text("0123456789", min_size=26, max_size=26),
    st.sampled_from(WRITTEN),
    st.sampled_from(("", " ", "-", "\u00a0", "\t", "\n", "\u2009", "\u202f", "\u2011", "\u2013", ".")),
)
def test_an_account_has_one_form_however_it_is_written(digits: str, written: str, separator: str) -> None:
    assert normal_form(written.format(spaced(digits, separator))) == "PL" + digits


@given(st.text("0123456789 -plPL", max_size=34), st.text("0123456789 -plPL", max_size=34))
def test_the_form_is_its_own_and_parts_what_differs(one: str, other: str) -> None:
    """Made twice it is the same; two numbers of other digits are never one."""
    assert normal_form(normal_form(one)) == normal_form(one)
    digits = [re.sub(r"\D", "", text) for text in (one, other)]
    if digits[0] != digits[1]:
        assert normal_form(one) != normal_form(other)


def test_nothing_is_put_before_what_is_no_nrb() -> None:
    assert normal_form("de89 3704 0044 0532 0130 00") == "DE89370400440532013000"
    assert normal_form("XX 123456789012") == "XX123456789012"
    assert normal_form("") == ""
