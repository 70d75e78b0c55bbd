"""Line ends, joints of files and stray characters come first: no field is read with them in it."""

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet.domain.statement import Statement, entry_identities
from companynet.errors import FormatError
from companynet.formats import read_statements

TNR = "210251000000001.000001"
HEAD = (":20:ST260105CYC/1", ":25:PL37114020620000700001001001", ":28C:1/1", ":60F:C260105PLN100,00")
ENTRY = (
    ":61:2601050105CN50,00NTRFNONREF//EL012345-678901",
    "770-PRZELEW",
    ":86:770 PRZELEW; Z RACH.: 75105010251000009213587777; OD: STA",
    "LMAX BIS SP. Z O.O.; TYT.: ZAPŁATA ZA FV 12/01/2",
    "026; T",
    f"NR: {TNR}",
)
FOOT = (":62F:C260105PLN150,00", ":64:C260105PLN150,00")
LINES = (*HEAD, *ENTRY, *FOOT, "-")


def file(end: str = "\r\n", lines: tuple[str, ...] = LINES) -> bytes:
    return "".join(line + end for line in lines).encode("iso-8859-2")


def read(data: bytes) -> tuple[Statement, ...]:
    return read_statements(data, "x")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\r\r\n", "\r\r\r\n", "\n\r", "\r\n\r", "\r\r"])
@pytest.mark.parametrize("framed", [False, True])
def test_every_line_end_reads_the_same(end: str, framed: bool) -> None:
    lines = ("\x01", *HEAD, *ENTRY, *FOOT, "-\x03") if framed else LINES
    (statement,) = read(file(end, lines))
    (entry,) = statement.entries
    assert statement.problems == ()
    assert (entry.transaction_number, entry.counterparty_name) == (TNR, "STALMAX BIS SP. Z O.O.")
    assert entry.remittance == "ZAPŁATA ZA FV 12/01/2026"


@given(st.lists(st.sampled_from(["\n", "\r", "\r\n", "\r\r\n", "\n\r"]), min_size=len(LINES), max_size=len(LINES)))
def test_line_ends_may_be_mixed(ends: list[str]) -> None:
    data = "".join(line + end for line, end in zip(LINES, ends, strict=True)).encode("iso-8859-2")
    (statement,) = read(data)
    assert statement.problems == ()
    assert statement.entries[0].transaction_number == TNR


BOM = b"\xef\xbb\xbf"
EOF = b"\x1a"
PAGE = b"\x0c"
END = b"\r\n"


@pytest.mark.parametrize(
    "joint",
    [b"", EOF, EOF * 2, END + EOF, EOF + END, BOM, END + BOM, EOF + BOM, END + PAGE, PAGE, END + EOF + END + END],
)
@pytest.mark.parametrize("last", ["-", "-\x03", ":64:C260105PLN150,00"])
@pytest.mark.parametrize("framed", [False, True])
def test_joined_files_are_read_as_each_alone(joint: bytes, last: str, framed: bool) -> None:
    """Whatever joining left between them, and where the first ended without a line end."""
    frame = ("\x01",) if framed else ()
    lines = (*frame, *HEAD, *ENTRY, *FOOT, *(() if last.startswith(":") else (last,)))
    first = file("\r\n", lines).removesuffix(b"\r\n")
    second = file("\r\n", (*frame, *lines[len(frame) :])).replace(b":28C:1/1", b":28C:2/1")
    statements = read(first + joint + second + (b"\x1a" if b"\x1a" in joint else b""))
    assert [(statement.number, len(statement.entries)) for statement in statements] == [("1/1", 1), ("2/1", 1)]
    assert {entry.transaction_number for statement in statements for entry in statement.entries} == {TNR}
    found = {problem.code for statement in statements for problem in statement.problems}
    assert found <= ({"no_end_mark"} if framed and last.startswith(":") else set())


@pytest.mark.parametrize(
    "sign", ["\x02", "\x0b", "\x0c", "\x1a", "\x1c", "\x7f", "\x85", "\x9d", "\xad", "\x01", "\x03"]
)
@pytest.mark.parametrize("place", ["FV 12", "2102510", "ZAP"])
def test_a_control_character_in_a_field_is_a_problem_and_loses_nothing(sign: str, place: str) -> None:
    """The problem names line and value; the transaction number is that of the bank."""
    text = file().decode("iso-8859-2").replace("ŁATA", "ŁATA ĄŚŹ").replace(place, place + sign)
    (statement,) = read(text.encode("iso-8859-2"))
    (entry,) = statement.entries
    assert entry.transaction_number == TNR
    assert entry.remittance == "ZAPŁATA ĄŚŹ ZA FV 12/01/2026"
    (problem,) = statement.problems
    assert problem.code == "control_character"
    assert f"0x{ord(sign):02X}" in problem.text
    line = next(number for number, line in enumerate(re.split("\r\n", text), 1) if sign in line)
    assert problem.place == f"line {line}"


def test_invisible_characters_are_problems_too() -> None:
    text = file().decode("iso-8859-2").replace("FV 12", "FV\u200b\ufeff 12\u2028")
    (statement,) = read(b"\xef\xbb\xbf" + text.encode())
    assert statement.entries[0].remittance == "ZAPŁATA ZA FV 12/01/2026"
    assert {problem.code for problem in statement.problems} == {"code_page", "control_character"}
    assert any("U+200B, U+FEFF, U+2028" in problem.text for problem in statement.problems)


def test_many_control_characters_are_told_in_few_problems() -> None:
    lines = (*HEAD, *ENTRY[:3], *["A\x0bB"] * 1000, *ENTRY[3:], *FOOT, "-")
    (statement,) = read(file("\r\n", lines))
    assert len(statement.problems) == 21
    assert "980 more lines" in statement.problems[-1].text


def test_a_stray_character_changes_no_identity() -> None:
    plain = file().replace(TNR.encode(), b"")
    (whole,), (damaged,) = read(plain), read(plain.replace(b"FV 12", b"FV\x0b 12"))
    assert entry_identities(whole) == entry_identities(damaged)


@pytest.mark.parametrize(
    "run", [b"\r", b"\xef\xbb\xbf", b"\xa3", b"\x1a", b"\x01", b"\x0c", b"A\xd3", b"\n-", b"\n\r", b":20:"]
)
def test_a_long_run_of_anything_is_read_in_a_time_that_grows_with_it(run: bytes) -> None:
    """A hundred thousand of them are read within seconds: what grew with the square of their number took minutes."""
    started = time.process_time()
    with contextlib.suppress(FormatError):
        read(file().replace(b"FV 12", b"FV" + run * 100_000 + b"x 12"))
    assert time.process_time() - started < 5
