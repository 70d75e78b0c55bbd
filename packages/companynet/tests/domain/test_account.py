"""Account numbers and their check digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet.domain.account import Nrb, is_account, is_mbank, sort_code, to_iban, to_nrb

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
