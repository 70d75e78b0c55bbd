"""Reading mBank's MT940 and MT942."""

import contextlib
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from companynet.domain.statement import Entry, Statement, entry_identities
from companynet.errors import FormatError
from companynet.formats import read_statements
from companynet.formats.information import FULL_LINE

ACCOUNT = "PL93114010100000222233334001"
TITLE = "TYT.: FV 1/2026"
ENTRY = (
    ":61:2601020102CN5,00NTRFNONREF//EL1",
    "770-PRZELEW",
    f":86:770 PRZELEW; {TITLE}; TNR: 211940197059371.390001",
)


def block(*lines: str, opening: str = "C260101PLN10,00", closing: str | None = "C260102PLN15,00") -> list[str]:
    head = [":20:ST260102CYC/1", f":25:{ACCOUNT}", ":28C:1/1", f":60F:{opening}"]
    foot = [f":62F:{closing}", f":64:{closing}"] if closing else []
    return [*head, *lines, *foot]


def encoded(*lines: str, end: str = "\r\n", page: str = "iso-8859-2") -> bytes:
    return "".join(line + end for line in lines).encode(page)


def read_one(*lines: str, **kwargs: str) -> Statement:
    (statement,) = read_statements(encoded(*block(*lines, **kwargs), "-"), "test.sta")
    return statement


def read_entry(line: str = ENTRY[0], text: str = ENTRY[2], closing: str = "C260102PLN15,00") -> Entry:
    (entry,) = read_one(line, ENTRY[1], text, closing=closing).entries
    return entry


def codes(statement: Statement) -> list[str]:
    return [problem.code for problem in statement.problems]


FRAMES = {
    "framed": (["\x01"], ["-\x03"]),
    "framed on the same line": (["\x01"], ["-\x03", ""]),
    "dash only": ([], ["-"]),
    "dash and blank lines": ([], ["-", "", ""]),
    "no end mark": ([], []),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(("page", "problems"), [("iso-8859-2", []), ("utf-8", ["code_page"])])
def test_every_frame_line_end_and_code_page_reads_the_same(
    frame: tuple[list[str], list[str]], end: str, page: str, problems: list[str]
) -> None:
    """A page that is not the bank's own is told."""
    lines = (ENTRY[0], "770-ŻÓŁĆ", ENTRY[2].replace("FV", "ĄŚŹ"))
    (statement,) = read_statements(encoded(*frame[0], *block(*lines), *frame[1], end=end, page=page), "x")
    assert codes(statement) == problems
    assert statement.entries[0].code_name == "ŻÓŁĆ"
    assert statement.entries[0].remittance == "ĄŚŹ 1/2026"
    assert statement.closing_balance is not None
    assert statement.closing_balance.amount == Decimal("15.00")


def test_each_account_block_is_a_statement_and_one_without_entries_is_whole() -> None:
    empty = block(closing="C260102PLN10,00")
    data = encoded("\x01", *block(*ENTRY), "-\x03", "\x01", *empty, "-\x03")
    first, second = read_statements(data, "x")
    assert (len(first.entries), len(second.entries)) == (1, 0)
    assert first.problems == second.problems == ()


def test_a_block_without_closing_balance_is_read_and_flagged() -> None:
    (statement,) = read_statements(encoded("\x01", *block(*ENTRY, closing=None), "-\x03"), "x")
    assert len(statement.entries) == 1
    assert codes(statement) == ["missing_field"]


def test_the_balance_problem_names_both_numbers() -> None:
    statement = read_one(*ENTRY, closing="C260102PLN15,01")
    assert codes(statement) == ["balance"]
    assert "15.00" in statement.problems[0].text
    assert "15.01" in statement.problems[0].text


@given(st.lists(st.tuples(st.sampled_from(["C", "D", "RC", "RD"]), st.integers(0, 10**12)), max_size=8), st.data())
def test_signs_and_sums_of_any_entries(moves: list[tuple[str, int]], data: st.DataObject) -> None:
    """C and RD bring money, D and RC take it; the check accepts the true closing balance and no other."""
    lines = []
    total = 1000
    for number, (mark, cents) in enumerate(moves):
        total += cents if mark in ("C", "RD") else -cents
        amount = f"{cents // 100},{cents % 100:02d}"
        lines += [
            f":61:2601020102{mark}N{amount}NTRFNONREF//EL{number}",
            "770-X",
            f":86:770 X; TNR: {number:015d}.000001",
        ]
    wrong = data.draw(st.integers(-10, 10))
    shown = total + wrong
    closing = f"{'C' if shown >= 0 else 'D'}260102PLN{abs(shown) // 100},{abs(shown) % 100:02d}"
    statement = read_one(*lines, closing=closing)
    assert [entry.amount for entry in statement.entries] == [
        Decimal(cents if mark in ("C", "RD") else -cents) / 100 for mark, cents in moves
    ]
    assert codes(statement) == (["balance"] if wrong else [])


@pytest.mark.parametrize(
    "amount", ["1,0,0", "1.00", "A,00", "", ",00", "1,000", "-1,00", "1 0,00", "١,00", "12345678901234567,00"]
)
def test_no_unreadable_amount_passes(amount: str) -> None:
    line = f":61:2601020102CN{amount}NTRFNONREF//EL1"
    statement = read_one(line, *ENTRY[1:]) if amount.isascii() else read_one(line.replace("١", "ą"), *ENTRY[1:])
    assert statement.entries == ()
    assert codes(statement)[0] == "entry_unreadable"
    assert statement.problems[0].place == "line 5, :61:"
    assert "211940197059371.390001" in statement.problems[0].text, "the entry's text is not lost"


@pytest.mark.parametrize(
    ("value", "booking", "expected"),
    [
        ("251231", "0102", date(2026, 1, 2)),
        ("260102", "1231", date(2025, 12, 31)),
        ("260102", "0102", date(2026, 1, 2)),
        ("240301", "0229", date(2024, 2, 29)),
        ("250101", "0229", date(2024, 2, 29)),
    ],
)
def test_the_booking_date_is_the_nearest_to_the_value_date(value: str, booking: str, expected: date) -> None:
    assert read_entry(f":61:{value}{booking}CN5,00NTRFNONREF//EL1").booking_date == expected


@pytest.mark.parametrize(
    ("references", "customer", "bank"),
    [
        ("NONREF//EL1", None, "EL1"),
        ("REFER //BR07282102000060", "REFER", "BR07282102000060"),
        ("ŚCIĄGA 7//BR1", "ŚCIĄGA 7", "BR1"),
        ("NONE//FX1", "NONE", "FX1"),
        ("A/B", "A/B", None),
    ],
)
def test_references(references: str, customer: str | None, bank: str | None) -> None:
    entry = read_entry(f":61:2601020102CN5,00NTRF{references}")
    assert (entry.customer_reference, entry.bank_reference) == (customer, bank)


@pytest.mark.parametrize(("currency", "letter"), [("PLN", "N"), ("EUR", "R"), ("USD", "D")])
def test_the_third_letter_of_the_currency_is_checked(currency: str, letter: str) -> None:
    def read(mark: str) -> Statement:
        line = f":61:2601020102{mark}5,00NTRFNONREF//EL1"
        return read_one(line, *ENTRY[1:], opening=f"C260101{currency}10,00", closing=f"C260102{currency}15,00")

    assert codes(read("C" + letter)) == []
    assert codes(read("C" + ("N" if letter != "N" else "R"))) == ["currency"]
    assert read("RD" + letter).entries[0].amount == Decimal("5.00")


def report(*extra: str, debits: str = "0PLN0,00", credits_: str = "1PLN5,00") -> Statement:
    head = [":20:ST260105CYC/0001", f":25:{ACCOUNT}", ":28C:1/1", ":34F:PLN0", ":13D:2601051815+0100"]
    foot = [f":90D:{debits}", f":90C:{credits_}", "-\x03"]
    (statement,) = read_statements(encoded("\x01", *head, *ENTRY, *extra, *foot), "x")
    return statement


def test_an_intraday_report() -> None:
    statement = report()
    assert (statement.format, statement.problems, statement.opening_balance) == ("MT942", (), None)
    assert statement.created_at is not None
    assert statement.created_at.isoformat() == "2026-01-05T18:15:00+01:00"
    assert statement.floor_limit == 0


@pytest.mark.parametrize(("debits", "credits_"), [("1PLN5,00", "1PLN5,00"), ("0PLN0,00", "1PLN5,01")])
def test_an_intraday_report_is_checked_against_its_totals(debits: str, credits_: str) -> None:
    assert codes(report(debits=debits, credits_=credits_)) == ["totals"]


def test_card_numbers_are_masked_everywhere() -> None:
    """The customer reference, the start of the number in the bank's reference, the text, wrapped or not."""
    number = "5174992036794540"
    line = f":61:2601020102CN5,00NTRF{number}//CC51749920367945"
    text = f":86:697 KARTA {number}; NR KARTY: 517499203\r\n6794540; TNR: 211940197059371.390001"
    entry = read_entry(line, text)
    assert entry.customer_reference == "517499******4540"
    assert entry.details["card_number"] == "517499******4540"
    shown = repr(entry).replace("\\n", "")
    assert "92036794" not in shown
    assert "5174992" not in shown
    assert entry.transaction_number == "211940197059371.390001"
    assert "211940197059371.390001" in entry.raw


def test_the_reference_of_a_card_entry_is_a_card_number_whatever_its_check_digit() -> None:
    """The bank's reference tells it, with no word of a card in the text."""
    entry = read_entry(":61:2601020102CN5,00NTRF5174992036794541//CC51749920367945")
    assert entry.customer_reference == "517499******4541"
    assert "92036794" not in repr(entry)
    other = read_entry(":61:2601020102CN5,00NTRF5174992036794541//BR51749920367945")
    assert other.customer_reference == "5174992036794541"


def test_a_card_number_in_a_line_that_cannot_be_read_is_masked() -> None:
    statement = read_one(":61:2601020102CN5,,00NTRF5174992036794541//CC51749920367945", *ENTRY[1:])
    assert "92036794" not in repr(statement)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "line 1"),
        (b"\r\n \r\n", "line 1"),
        (b"hello\nworld\n", "line 1"),
        (b"<?xml version='1.0'?><a/>", "line 1"),
        (b":20:ST\n:25:PL1\n\x00\x02", "line 3"),
        ("x".encode("utf-16"), "line 1"),
        (b":20:ST260102CYC/1\n", "line 1"),
        (b":20:ST260102CYC/1\n:25:\n", "line 2, :25:"),
        (b":20:ST260102CYC/1\n:25:PL93114010100000222233334001\n:28C:1/1\n", "line 1"),
    ],
)
def test_what_is_no_statement_is_refused_with_its_place(data: bytes, place: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_statements(data, "bad.sta")
    assert (caught.value.source, caught.value.place) == ("bad.sta", place)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("CYC/1\r\n", "CYC/1\r\nLUZEM\r\n"), "stray_line"),
        ((":28C:", ":77Z:"), "unknown_field"),
        ((":28C:1/1\r\n", ""), "missing_field"),
        ((":20:ST260102CYC/1\r\n", ""), "missing_field"),
        (("4001", "4002"), "account"),
        (("PL93", "QL93"), "account"),
        ((":62F:C", ":62F:X"), "field_unreadable"),
        ((":64:C", ":62F:C"), "repeated_field"),
        ((":86:", ":87:"), "unknown_field"),
        ((":86:", ""), "stray_line"),
        (("\r\n-\r\n", "\r\n-\r\nKONIEC\r\n"), "stray_line"),
        (("\r\n-\r\n", "\r\n:86:INFO\r\n-\r\n"), "stray_information"),
        (("371.390001", "371"), "transaction_number"),
        (("PRZELEW;", "PRZELEW\x85;"), "code_page"),
    ],
)
def test_nothing_is_lost_silently(change: tuple[str, str], code: str) -> None:
    text = "\r\n".join([*block(*ENTRY), "-", ""])
    assert change[0] in text
    (statement,) = read_statements(text.replace(*change).encode("iso-8859-2"), "x")
    assert code in codes(statement)


def test_a_cut_file_is_flagged() -> None:
    """A file that stops anywhere but behind an end mark is refused or has a problem."""
    whole = encoded("\x01", *block(*ENTRY), "-\x03", "\x01", *block(*ENTRY), "-\x03")
    for length in range(1, len(whole)):
        if whole[:length].rstrip(b"\r\n\x03").endswith(b"\n-"):
            continue
        try:
            statements = read_statements(whole[:length], "x")
        except FormatError:
            continue
        assert any(item.problems for item in statements), whole[:length][-30:]


TEXT = (
    "944 COMPANYNET PRZELEW KRAJOWY; NA RACH.: 61109010140000071219812874; REF. KLIENTA: A; NOWA: 1; "
    "DLA: ŻÓŁĆ  UL. POLNA 1; "
    "TYT.: FV 1/2026; GODZ 12:20:25; WARTOŚĆ: 1; ; TNR: 211940197059371.390001"
)


@given(st.sets(st.integers(1, len(TEXT) - 1), max_size=12))
@example({TEXT.index("211940")})
@example({TEXT.index(":20:25")})
@example({TEXT.index("; TNR") + 1})
def test_folding_at_any_point_changes_nothing(cuts: set[int]) -> None:
    """Lines of :86: join with nothing, wherever they were wrapped, TNR and its number included."""
    places = [0, *sorted(cuts), len(TEXT)]
    lines = [TEXT[start:end] for start, end in pairwise(places)]
    # A blank behind the width at which the bank folds is taken for what a copy filled its lines up with.
    assume(max(map(len, lines)) <= FULL_LINE or max(len(line.rstrip()) for line in lines) > FULL_LINE)
    statement = read_one(ENTRY[0], ENTRY[1], ":86:" + lines[0], *lines[1:])
    (entry,) = statement.entries
    assert statement.problems == ()
    assert entry.transaction_number == "211940197059371.390001"
    assert entry.counterparty_account == "61109010140000071219812874"
    assert (entry.counterparty_name, entry.counterparty_address) == ("ŻÓŁĆ", "UL. POLNA 1")
    assert entry.remittance == "FV 1/2026; GODZ 12:20:25; WARTOŚĆ: 1"
    assert entry.details["client_reference"] == "A"
    assert entry.details["nowa"] == "1"


@given(st.sets(st.integers(1, len(TEXT) - 30), max_size=6))
def test_a_fingerprint_does_not_depend_on_folding(cuts: set[int]) -> None:
    text = TEXT[: TEXT.index("; TNR")]
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    lines = [text[start:end] for start, end in pairwise(places)]
    whole = entry_identities(read_one(ENTRY[0], ENTRY[1], ":86:" + text))
    assert entry_identities(read_one(ENTRY[0], ENTRY[1], ":86:" + lines[0], *lines[1:])) == whole


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(noise: bytes) -> None:
    """Nothing but FormatError leaves the reader; noise inside a statement never loses its entries."""
    with contextlib.suppress(FormatError):
        read_statements(noise, "noise")
    with contextlib.suppress(FormatError):
        read_statements(encoded(*block(*ENTRY)) + b":86:" + noise, "noise")


@example("944 X; NR \u212aARTY: 1; \u0130D IPH: 2; TNR: 3")
@example("944 X; TYT.: ١٢٣٤٥٦٧٨٩٠-١٢٣٤٥٦٧٨-0100001AF629-AF")
@given(st.text(alphabet="NRKARTYID :;.T0123456789 \u212a\u0130\u0131١", max_size=120))
def test_any_text_of_an_entry_is_read(text: str) -> None:
    data = encoded(ENTRY[0], ENTRY[1], ":86:" + text, end="\n", page="utf-8")
    (statement,) = read_statements(encoded(*block(), page="utf-8").split(b":62F:")[0] + data, "x")
    assert len(statement.entries) == 1


def test_a_lone_dash_inside_a_text_ends_nothing() -> None:
    entry = read_entry(text=":86:770 X; TYT.: A\r\n-\r\nB; TNR: 211940197059371.390001")
    assert entry.remittance == "A-B"


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_identities_are_unique_and_count_equal_entries(titles: list[str]) -> None:
    """Two equal transfers on one day are both real; the same file always gives the same identities."""
    lines = [
        line
        for title in titles
        for line in (":61:2601020102CN5,00NTRFNONREF//EL1", "770-X", f":86:770 X; TYT.: {title}")
    ]
    statement = read_one(*lines)
    identities = entry_identities(statement)
    assert len(set(identities)) == len(titles)
    assert identities == entry_identities(read_one(*lines))
    for title in set(titles):
        mine = [identity for identity, own in zip(identities, titles, strict=True) if own == title]
        assert [int(identity.rpartition(":")[2]) for identity in mine] == list(range(1, len(mine) + 1))
        assert len({identity.rpartition(":")[0] for identity in mine}) == 1


def test_a_repeated_transaction_number_is_flagged_and_loses_no_entry() -> None:
    statement = read_one(*ENTRY, *ENTRY, closing="C260102PLN20,00")
    assert codes(statement) == ["repeated_transaction"]
    first = "tnr:211940197059371.390001:2026-01-02:5"
    assert entry_identities(statement) == (first, f"{first}:2")


@pytest.mark.parametrize(
    ("reference", "account", "expected"),
    [
        ("ST260102CYC/1", "GB82WEST12345698765432", []),
        ("ST260102CYC/0001", "PL61109010140000071219812874", []),
        ("20260102", ACCOUNT, []),
        ("20260102", "PL61109010140000071219812874", ["other_bank"]),
    ],
)
def test_mbanks_files_are_known_by_reference_or_account(reference: str, account: str, expected: list[str]) -> None:
    lines = [f":20:{reference}", f":25:{account}", *block(*ENTRY)[2:]]
    (statement,) = read_statements(encoded(*lines, "-"), "test.sta")
    assert codes(statement) == expected


@pytest.mark.parametrize("mark", list("^<~>+?"))
def test_another_banks_file_is_recognised_and_said_to_be(mark: str) -> None:
    parts = ("00PRZELEW", "20FAKTURA ", "211/2026", "32ALFA ", "33SP. Z O.O.", "3861109010140000071219812874")
    text = f":86:020{mark}" + mark.join(parts)
    statement = read_one(ENTRY[0], ENTRY[1], text)
    (entry,) = statement.entries
    assert codes(statement) == ["other_bank"]
    assert entry.remittance == "FAKTURA 1/2026"
    assert entry.counterparty_name == "ALFA SP. Z O.O."
    assert entry.counterparty_account == "61109010140000071219812874"
