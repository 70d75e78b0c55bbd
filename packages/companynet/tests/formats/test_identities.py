"""The identity of an entry stays, however its file was copied, and counts what is really twice."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet.domain.statement import Statement, entry_identities
from companynet.formats import read_statements

HEAD = (":20:ST260105CYC/1", ":25:PL37114020620000700001001001", ":28C:1/1", ":60F:C260105PLN100,00")
MAZOVIA = dict(zip("ĄĆĘŁŃÓŚŹŻąćęłńóśźż", bytes.fromhex("8f95909ca5a398a0a1868d9192a4a29ea6a7"), strict=True))
PAGES = ("iso-8859-2", "utf-8", "utf-8-sig", "utf-16", "cp1250", "cp852", "mazovia")
ENDS = ("\r\n", "\n", "\r", "\r\r\n", "\n\r")
words = st.text(alphabet="ABZŁÓĄŻŚĆŃĘŹ ąłóż1/", min_size=1, max_size=40)


def copy(titles: list[str], page: str = "iso-8859-2", end: str = "\r\n", width: int = 65) -> bytes:
    lines = list(HEAD)
    for title in titles:
        text = f"970 PRZELEW WEWNĘTRZNY; Z RACH.: 75105010251000009213587777; OD: ŻÓŁĆ SPÓŁKA; TYT.: {title}"
        pieces = [text[start : start + width] for start in range(0, len(text), width)]
        lines += [
            ":61:2601050105CN50,00NTRFŚCIĄGA 7//BR26002243000001",
            "970-PRZELEW WEWNĘTRZNY",
            ":86:" + pieces[0],
            *pieces[1:],
        ]
    lines += [f":62F:C260105PLN{100 + 50 * len(titles)},00", "-"]
    text = "".join(line + end for line in lines)
    if page == "mazovia":
        return b"".join(bytes([MAZOVIA.get(sign) or ord(sign)]) for sign in text)
    return text.encode(page)


def identities(data: bytes) -> tuple[str, ...]:
    (statement,) = read_statements(data, "x")
    return entry_identities(statement)


@given(
    st.lists(words, min_size=1, max_size=4),
    st.sampled_from(PAGES),
    st.sampled_from(ENDS),
    st.sampled_from([65, 64, 40, 2000]),
)
def test_a_day_recoded_and_wrapped_anew_has_the_same_identities(
    titles: list[str], page: str, end: str, width: int
) -> None:
    """In every page, with every line end, wrapped anywhere, however its letters were read."""
    whole = identities(copy(titles))
    assert len(set(whole)) == len(titles)
    assert identities(copy(titles, page, end, width)) == whole


@given(st.lists(st.sampled_from(["A", "B 1", "Ł"]), min_size=2, max_size=8))
def test_equal_transfers_are_counted_in_their_order(titles: list[str]) -> None:
    """Two equal transfers of a day are two, and the first stays the first when more follow."""
    whole = identities(copy(titles))
    assert len(set(whole)) == len(titles)
    assert identities(copy(titles[:-1])) == whole[:-1]


@pytest.mark.parametrize("change", ["2601050106CN50,00", "2601050105DN50,00", "2601050105CN50,01"])
def test_day_and_amount_are_part_of_every_identity(change: str) -> None:
    """A number alone may be one that a payer typed, of a transaction the books know."""
    for tail in ("", "; TNR: 210251000000030.000030"):
        data = copy(["FV 1" + tail])
        assert identities(data.replace(b"2601050105CN50,00", change.encode())) != identities(data)


def test_a_payers_number_does_not_make_another_day_known() -> None:
    """The bank gave the second entry none: the payer typed the number of the first."""
    (first,) = identities(copy(["FV 1; TNR: 210251000000030.000030"]))
    later = copy(["ZWROT; TNR: 210251000000030.000030"]).replace(b"2601050105CN50,00", b"2601070107CN70,00")
    assert first.startswith("tnr:210251000000030.000030:")
    assert identities(later) != (first,)


def test_an_identity_does_not_tell_the_same_of_two_accounts() -> None:
    (statement,) = read_statements(copy(["A"]), "x")
    other: Statement = replace(statement, account="PL93114010100000222233334001")
    assert entry_identities(other) != entry_identities(statement)
