"""The code page of a statement is chosen by what comes out; what could be read wrong is said."""

from datetime import date
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from companynet.domain.statement import Statement
from companynet.formats import read_statements
from companynet.formats.code_pages import choose_pages
from companynet_sandbox.customers.generator import titles
from companynet_sandbox.customers.generator.invoices import Ledger
from companynet_sandbox.customers.generator.parties import make_parties

MAZOVIA = dict(zip("ĄĆĘŁŃÓŚŹŻąćęłńóśźż", bytes.fromhex("8f95909ca5a398a0a1868d9192a4a29ea6a7"), strict=True))
PAGES = ("iso-8859-2", "utf-8", "utf-8-sig", "utf-16", "cp1250", "cp852", "mazovia")
DAY = date(2026, 1, 5)


def encoded(text: str, page: str) -> bytes:
    if page == "mazovia":
        return b"".join(bytes([MAZOVIA.get(sign) or ord(sign)]) for sign in text)
    return text.encode(page)


def file(name: str, title: str, number: int = 1) -> str:
    text = (
        f"770 PRZELEW; Z RACH.: 75105010251000009213587777; OD: {name}; TYT.: {title}; TNR: 2102510000000{number:02d}"
    )
    text += f".0000{number:02d}"
    lines = [text[start : start + 65] for start in range(0, len(text), 65)]
    head = [":20:ST260105CYC/1", ":25:PL37114020620000700001001001", f":28C:{number}/1", ":60F:C260105PLN100,00"]
    entry = [":61:2601050105CN50,00NTRFNONREF//EL012345-678901", "770-PRZELEW", ":86:" + lines[0], *lines[1:]]
    return "".join(f"{line}\r\n" for line in [*head, *entry, ":62F:C260105PLN150,00", ":64:C260105PLN150,00", "-"])


def read(data: bytes) -> Statement:
    (statement,) = read_statements(data, "x")
    return statement


def codes(statement: Statement) -> list[str]:
    return [problem.code for problem in statement.problems]


def told(statement: Statement) -> tuple[str, str]:
    (entry,) = statement.entries
    return " ".join(filter(None, (entry.counterparty_name, entry.counterparty_address))), entry.remittance


def written(chance: Random) -> tuple[str, str]:
    """A name and a title as the sandbox makes them."""
    party = make_parties(chance, 1)[0]
    invoice = Ledger(1, "5260001246").receivable(chance, party, DAY)
    makers = (
        lambda: titles.one(chance, invoice),
        lambda: titles.part(chance, invoice, first=True),
        lambda: titles.part(chance, invoice, first=False),
        lambda: titles.several(chance, [invoice, invoice]),
        lambda: titles.rent(chance, DAY),
        lambda: titles.advance(chance),
        lambda: titles.without_number(chance),
    )
    return party.name, chance.choice(makers)()


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("case", [str, str.upper])
@given(st.integers(0, 4_999))
def test_no_name_or_title_is_misread_in_silence(page: str, case: type[str], seed: int) -> None:
    """A day of one entry is read right, or says that it may not be; the bank's own page is read right always."""
    name, title = map(case, written(Random(seed)))  # noqa: S311 - nothing secret
    statement = read(encoded(file(name, title), page))
    plain = (" ".join(name.split()), title.strip())
    right = " ".join(told(statement)[0].split()) == plain[0] and told(statement)[1] == plain[1]
    if page == "iso-8859-2":
        assert right
    else:
        assert right or codes(statement) == ["code_page"]
    if page.startswith("utf"):
        assert right
    if right and page not in ("iso-8859-2", "cp1250") and not f"{name}{title}".isascii():
        assert codes(statement) == ["code_page"]


@pytest.mark.parametrize(
    "words",
    [
        "SPÓŁKA AKCYJNA", "SPÓŁDZIELNIA PÓŁNOC", "SÓŻ", "ĆŻ", "ÓŚ", "ĘŚ", "ŁĄCZNIE PÓŁ", "ŻÓŁĆ", "ZAŻÓŁĆ GĘŚLĄ JAŹŃ",
        "zażółć gęślą jaźń", "Łódź", "źle", "książka", "JÓZEF", "STANISŁAW", "MIESIĄC", "PAŹDZIERNIK",
    ],
)  # fmt: skip
def test_the_banks_own_page_is_taken_for_no_other(words: str) -> None:
    """Pairs such as ÓŁ and ÓŻ are letters of other scripts in UTF-8."""
    statement = read(encoded(file(words, words), "iso-8859-2"))
    assert told(statement) == (words, words)
    assert codes(statement) == []


NEIGHBOURS = (
    *(
        "Müller",
        "Bäcker",
        "Jäger",
        "Böhm",
        "Köln",
        "Österreich",
        "René",
        "Citroën",
        "Győr",
        "Erdős",
        "Brăila",
        "Iaşi",
    ),
    *("Dvořák", "Dušek", "Tomáš", "Aleš", "Šimek", "Škoda", "Žižka", "Čapek", "Růžička", "Ľubomír", "Žilina"),
    *("Jovanović", "Milošević", "Đorđević"),
)


@pytest.mark.parametrize("case", [str, str.upper])
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_names_of_neighbours_are_read_in_the_banks_own_page(name: str, case: type[str]) -> None:
    name = case(name)
    statement = read(encoded(file(name, f"RECHNUNG {name}"), "iso-8859-2"))
    assert told(statement) == (name, f"RECHNUNG {name}")
    assert codes(statement) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != "iso-8859-2"])
@pytest.mark.parametrize(
    "words", ["KSIĄŻNICA ŚLĄSKA", "Wrocław, ul. Źródlana", "ZAŻÓŁĆ GĘŚLĄ JAŹŃ", "zażółć gęślą jaźń"]
)
def test_another_page_is_read_right_and_named(words: str, page: str) -> None:
    statement = read(encoded(file(words, words), page))
    assert told(statement) == (words, words)
    assert codes(statement) == ["code_page"]
    assert page.removesuffix("-sig") in statement.problems[0].text.lower()
    assert statement.problems[0].place is not None


def test_each_of_joined_files_is_read_in_its_own_page() -> None:
    pages = ("iso-8859-2", "cp1250", "utf-8-sig", "cp852", "mazovia", "iso-8859-2")
    words = "ZAŻÓŁĆ GĘŚLĄ JAŹŃ"
    data = b"".join(encoded(file(words, words, number), page) for number, page in enumerate(pages, 1))
    statements = read_statements(data, "x")
    assert [told(statement) for statement in statements] == [(words, words)] * len(pages)
    assert [codes(statement) for statement in statements] == [[], *[["code_page"]] * 4, []]


def test_a_day_that_does_not_tell_is_read_as_the_others_of_its_file() -> None:
    """Božena and Bożena are one in the bytes."""
    data = encoded(file("KSIĘŻNICA ŚLĄSKA", "ŻÓŁĆ"), "cp852")
    _first, second = read_statements(data + encoded(file("Bożena", "x", 2), "cp852"), "x")
    assert told(second) == ("Bożena", "x")
    (alone,) = read_statements(encoded(file("Bożena", "x", 2), "cp852"), "x")
    assert told(alone) == ("Božena", "x")
    assert codes(alone) == ["code_page"]
    assert "cp852" in alone.problems[0].text


@given(st.binary(max_size=60))
@example(b"\xef\xbb\xbf\xff")
@example(b"\xc5")
def test_any_bytes_have_a_page(data: bytes) -> None:
    (choice,) = choose_pages([data])
    assert choice.text or not data.strip(b"\xef\xbb\xbf")


def test_a_page_that_is_certain_is_not_chosen() -> None:
    data = encoded(file("KSIĄŻNICA", "SPÓŁKA"), "cp1250")
    (statement,) = read_statements(data, "x", "iso-8859-2")
    assert statement.entries[0].counterparty_name == "KSIĽŻNICA"
    assert codes(statement) == []
