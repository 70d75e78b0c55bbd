"""Statements: packed or not, of the accounts wanted, and what they tell of balances."""

import base64
import gzip
import tracemalloc
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from companynet.domain.account import Nrb
from companynet.domain.report import code_page_of
from companynet.domain.session import Secret
from companynet.errors import AnswerInvalid, FormatError, Outcome
from companynet.formats import read_statements
from companynet.formats.packed import unpack
from companynet.statements import StatementPackage
from companynet.testing import ScriptedBank, soap

DAY = (Path(__file__).parents[1] / "golden" / "mbank_day.sta").read_bytes()
TOKEN = Secret("session-token")
DIK = "10000001"
DAYS = (date(2026, 1, 2), date(2026, 1, 2))
Connect = Callable[..., Any]


def ready(*contents: bytes) -> bytes:
    reports = "".join(
        f"<m:Report><m:content>{base64.b64encode(content).decode()}</m:content></m:Report>" for content in contents
    )
    return soap("checkGetMT940Result", f"<m:finished>true</m:finished><m:reports>{reports}</m:reports>")


@pytest.mark.parametrize("kind", ["auto", "base64"])
def test_packed_reports_come_unpacked(bank: ScriptedBank, connect: Connect, kind: str) -> None:
    bank.then(soap("getMT940Ex", "T-1"), ready(gzip.compress(DAY), DAY))
    package = connect(report_content=kind).client.statements.fetch(TOKEN, DIK, *DAYS, compressed=True)
    assert package.reports == (DAY, DAY)
    assert etree.fromstring(bank.bodies[0]).findtext(".//{*}compressed") == "true"


def test_a_report_that_comes_as_text_has_the_bytes_of_the_banks_code_page(
    bank: ScriptedBank, connect: Connect
) -> None:
    """Ą, Ś and Ź are where cp1250 has other letters."""
    report = "<m:finished>true</m:finished><m:reports><m:Report><m:content>:20:ĄŚŹ</m:content></m:Report></m:reports>"
    bank.then(soap("checkGetMT940Result", report))
    package = connect(report_content="text").client.statements.result(TOKEN, DIK, "T-1")
    assert package.reports == (b":20:\xa1\xa6\xac",)


@pytest.mark.parametrize(
    ("words", "page", "codes"),
    [
        ("SPÓŁKA", "iso-8859-2", []),
        ("Božena", "iso-8859-2", []),
        ("BĹĄD", "iso-8859-2", []),
        ("FV 1 – „A”", "utf-8", ["code_page"]),
        ("ІВАН", "utf-8", ["code_page"]),
    ],
)
def test_what_came_as_text_is_read_in_the_page_it_was_written_in(
    bank: ScriptedBank, connect: Connect, words: str, page: str, codes: list[str]
) -> None:
    """Its letters are certain, and what the bank's page has no place for is kept and told."""
    content = DAY.decode("iso-8859-2").replace("\x01", "").replace("\x03", "").replace("ŻÓŁ\r\nĆ I", f"{words} I")
    report = (
        f"<m:finished>true</m:finished><m:reports><m:Report><m:content>{content}</m:content></m:Report></m:reports>"
    )
    bank.then(soap("checkGetMT940Result", report))
    package = connect().client.statements.result(TOKEN, DIK, "T-1")
    assert [code_page_of(report) for report in package.reports] == [page]
    first = package.read()[0]
    assert first.entries[0].counterparty_name == f"{words} I SYNOWIE SP. Z O.O."
    assert [problem.code for problem in first.problems] == codes


def test_the_page_of_what_came_as_bytes_is_chosen(bank: ScriptedBank, connect: Connect) -> None:
    data = DAY.decode("iso-8859-2").encode("cp1250")
    bank.then(ready(data))
    package = connect().client.statements.result(TOKEN, DIK, "T-1")
    assert [code_page_of(report) for report in package.reports] == [None]
    first = package.read()[0]
    assert first.entries[0].code_name == "PRZELEW PRZYCHODZĄCY - ELIXIR"
    assert [problem.code for problem in first.problems] == ["code_page"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"x" * 5000), "more than"),
        (gzip.compress(DAY)[:-9], "cut short"),
        (gzip.compress(DAY)[:-8] + bytes(8), "damaged"),
        (gzip.compress(DAY) + b"behind", "damaged"),
    ],
    ids=["bomb", "cut", "damaged", "something behind"],
)
def test_a_packed_report_that_cannot_be_used_is_invalid(
    bank: ScriptedBank, connect: Connect, content: bytes, words: str
) -> None:
    bank.then(ready(content))
    limit = len(DAY) + 100
    with pytest.raises(AnswerInvalid, match=words) as caught:
        connect(report_limit=limit).client.statements.result(TOKEN, DIK, "T-1")
    assert caught.value.outcome is Outcome.UNKNOWN


def test_the_limit_is_for_all_reports_of_an_answer(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(ready(gzip.compress(DAY), gzip.compress(DAY)))
    with pytest.raises(AnswerInvalid, match="more than"):
        connect(report_limit=len(DAY) * 2 - 1).client.statements.result(TOKEN, DIK, "T-1")


def test_a_bomb_is_not_unfolded() -> None:
    """A thousandfold bomb is refused without making its content."""
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    with pytest.raises(ValueError, match="more than 1000 bytes"):
        unpack(bomb, 1000)
    assert unpack(gzip.compress(b"ab") + gzip.compress(b"c"), 3) == b"abc"


def test_unpacking_needs_the_content_once_and_time_that_grows_with_the_data() -> None:
    """Members without content are passed over without copying all that follows, each time."""
    assert unpack(gzip.compress(b"") * 20_000 + gzip.compress(b"a"), 1) == b"a"
    packed = gzip.compress(bytes(32_000_000))
    tracemalloc.start()
    try:
        content = unpack(packed, 40_000_000)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert content == bytes(32_000_000)
    assert peak < 48_000_000


def test_accounts_are_chosen_from_what_was_delivered() -> None:
    package = StatementPackage("T-1", (DAY,))
    everything = package.read()
    accounts = sorted({statement.account for statement in everything})
    assert len(accounts) == 2
    wanted = Nrb(accounts[0])
    chosen = package.read({wanted})
    assert {statement.account for statement in chosen} == {accounts[0]}
    assert len(chosen) < len(everything)
    assert chosen[0].source == "T-1/1"
    assert package.read(()) == ()


def test_a_report_that_is_no_statement_names_itself() -> None:
    with pytest.raises(FormatError, match="T-1/2"):
        StatementPackage("T-1", (DAY, b"hello\r\n")).read()


def test_accounts_and_balances_come_from_the_newest_statement(bank: ScriptedBank, connect: Connect) -> None:
    """Of two days the later closes, whatever their order in the answer."""
    account = "93114010100000222233334001"
    blocks = [_block(account, 8, "260102", "100,00"), _block(account, 9, "260105", "130,50")]
    bank.then(soap("getMT940Ex", "T-1"), ready(*reversed(blocks)))
    (state,) = connect().client.statements.accounts(TOKEN, DIK, *DAYS)
    assert (state.account, state.currency, state.statement_number) == ("PL" + account, "PLN", "9/1")
    assert state.closing is not None
    assert (state.closing.amount, state.closing.date) == (Decimal("130.50"), date(2026, 1, 5))
    assert state.available is not None
    assert state.available.date == date(2026, 1, 5)
    assert state.problems == ()


def test_no_statement_no_account(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(soap("getMT940Ex", "T-1"), ready())
    assert connect().client.statements.accounts(TOKEN, DIK, *DAYS) == ()


def test_a_doubtful_balance_says_so(bank: ScriptedBank, connect: Connect) -> None:
    block = _block("93114010100000222233334001", 8, "260102", "100,00").replace(
        b":60F:C260102PLN100,00", b":60F:C260102PLN99,00"
    )
    assert read_statements(block, "x")[0].problems
    bank.then(soap("getMT940Ex", "T-1"), ready(block))
    (state,) = connect().client.statements.accounts(TOKEN, DIK, *DAYS)
    assert [problem.code for problem in state.problems] == ["balance"]


def _block(account: str, number: int, day: str, amount: str) -> bytes:
    lines = [
        "\x01",
        f":20:ST{day}CYC/1",
        f":25:PL{account}",
        f":28C:{number}/1",
        f":60F:C{day}PLN{amount}",
        f":62F:C{day}PLN{amount}",
        f":64:C{day}PLN{amount}",
        "-\x03",
        "",
    ]
    return "\r\n".join(lines).encode("iso-8859-2")
