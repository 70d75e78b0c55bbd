"""Statements in all formats from the same books: valid, and telling the same."""

import datetime as dt
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from companynet_sandbox.accounts import reports
from companynet_sandbox.accounts.posting import Posting, account_row, post
from companynet_sandbox.books.settings import FORMATS
from companynet_sandbox.control.requests import read_entry
from companynet_sandbox.customers.demo_data import ALFA_EUR, ALFA_PLN, make_nrb
from companynet_sandbox.customers.demo_day import demo_entries
from companynet_sandbox.formats.mt940 import StatementDay
from companynet_sandbox.testing import ControlRefused, RunningBank
from companynet_sandbox.testing.client import Customer, Transfer, order_file
from companynet_sandbox.testing.room import Room, at

SCHEMAS = Path(__file__).parent / "schemas"
DAY = dt.date(2026, 3, 4)
NOW = at("2026-03-04 14:15")
CAMT = [form for form in FORMATS if form.startswith("camt")]


@dataclass(frozen=True)
class Told:
    """What a report says, read back by the simplest means. Amounts in hundredths, signed."""

    account: str
    entries: list[tuple[str, int]]
    """Transaction number and amount."""

    opening: int | None
    closing: int | None


def read_swift(data: bytes) -> Told:
    """MT940 and MT942."""
    text = data.decode("iso-8859-2").replace("\r\n", "\n")
    account = re.findall(r"^:25:PL(\d{26})$", text, re.MULTILINE)[0]
    entries = []
    for mark, amount, rest in re.findall(
        r"^:61:\d{10}(R?[CD])[A-Z]([\d,]+)N(.*?)(?=^:61:|^:62F:|^:90D:)", text, re.M | re.S
    ):
        tnr = re.findall(r"TNR: (\d{15}\.\d{6})", rest.replace("\n", ""))[-1]
        sign = 1 if mark in {"C", "RD"} else -1
        entries.append((tnr, sign * int(amount.replace(",", ""))))
    balances = {
        tag: int(amount.replace(",", "")) * (1 if mark == "C" else -1)
        for tag, mark, amount in re.findall(r"^:(60F|62F|64):([CD])\d{6}[A-Z]{3}([\d,]+)$", text, re.MULTILINE)
    }
    assert balances.get("64") == balances.get("62F")
    return Told(account, entries, balances.get("60F"), balances.get("62F"))


def read_camt(data: bytes) -> Told:
    """camt.052 and camt.053."""
    root = etree.fromstring(data)
    (statement,) = [*root.iter("{*}Stmt"), *root.iter("{*}Rpt")]

    def amount(element: etree._Element) -> int:
        minor = int((element.findtext("{*}Amt") or "").replace(".", ""))
        return minor if element.findtext("{*}CdtDbtInd") == "CRDT" else -minor

    entries = [(item.findtext("{*}NtryRef") or "", amount(item)) for item in statement.iterfind("{*}Ntry")]
    balances = {item.findtext("{*}Tp/{*}CdOrPrtry/{*}Cd"): amount(item) for item in statement.iterfind("{*}Bal")}
    summary = statement.find("{*}TxsSummry")
    assert summary is not None
    assert summary.findtext("{*}TtlNtries/{*}NbOfNtries") == str(len(entries))
    for name, side in (("TtlCdtNtries", 1), ("TtlDbtNtries", -1)):
        part = [side * minor for _tnr, minor in entries if side * minor > 0]
        assert summary.findtext(f"{{*}}{name}/{{*}}NbOfNtries") == str(len(part))
        assert int((summary.findtext(f"{{*}}{name}/{{*}}Sum") or "").replace(".", "")) == sum(part)
    account = (statement.findtext("{*}Acct/{*}Id/{*}IBAN") or "").removeprefix("PL")
    return Told(account, entries, balances["OPBD"], balances.get("CLBD", balances.get("ITBD")))


def read(form: str, data: bytes) -> Told:
    return read_camt(data) if form.startswith("camt") else read_swift(data)


def schema_of(form: str) -> etree.XMLSchema:
    message, version = form.removeprefix("camt").split(".")
    return etree.XMLSchema(etree.parse(str(SCHEMAS / f"camt.{message}.001.{version}.xsd")))


def day_of(room: Room, account: str = ALFA_PLN) -> StatementDay:
    with room.db() as db:
        row = account_row(db, account)
        assert row is not None
        return reports.statement_of_day(db, row, DAY)


def book(room: Room, *postings: Posting) -> None:
    with room.db() as db:
        for posting in postings:
            post(db, NOW, posting)


def busy_day(room: Room) -> StatementDay:
    """The demonstration's day: entries of all codes."""
    book(room, *(read_entry(item, "entry")[0] for item in demo_entries(ALFA_PLN, DAY)))
    return day_of(room)


@pytest.mark.parametrize("form", CAMT)
def test_camt_keeps_to_the_schemas_of_iso(room: Room, form: str) -> None:
    """A busy day, an empty one, and one in euro with nothing known of the other side."""
    book(room, Posting(account=ALFA_EUR, amount=-7, code="412"))
    schema = schema_of(form)
    for statement in (busy_day(room), day_of(room, ALFA_EUR)):
        schema.assertValid(etree.fromstring(reports.write(form, [statement], NOW)))
    empty = StatementDay(ALFA_PLN, "PLN", DAY, 0, 5, [])
    schema.assertValid(etree.fromstring(reports.write(form, [empty], NOW)))
    schema.assertValid(etree.fromstring(reports.write(form, [empty, day_of(room, ALFA_EUR)], NOW)))


def test_a_document_against_the_wrong_schema_is_not_valid(room: Room) -> None:
    """The schemas tell the messages and the versions apart: none passes for another."""
    statement = busy_day(room)
    for form in CAMT:
        document = etree.fromstring(reports.write(form, [statement], NOW))
        assert [other for other in CAMT if schema_of(other).validate(document)] == [form]


def test_mt942_is_the_banks_form(room: Room) -> None:
    """Frame, floor without a mark, moment with its zone, entries as in MT940, counts and sums; no balances."""
    book(
        room,
        Posting(account=ALFA_PLN, amount=1, code="911", fields=(("ID IPH", "XX000000000001"),), bank_reference="MB1"),
        Posting(account=ALFA_PLN, amount=-250, code="824", bank_reference="BR1"),
        Posting(account=ALFA_PLN, amount=30, code="944", reversal=True, bank_reference="BR2"),
    )
    statement = day_of(room)
    one, two, three = (entry.tnr for entry in statement.entries)
    assert reports.write("mt942", [statement], NOW).decode("iso-8859-2") == (
        "\x01\r\n"
        ":20:ST260304CYC/0001\r\n"
        f":25:PL{ALFA_PLN}\r\n"
        ":28C:1/1\r\n"
        ":34F:PLN0\r\n"
        ":13D:2603041415+0100\r\n"
        ":61:2603040304CN0,01NTRFNONREF//MB1\r\n"
        "911-TRANSAKCJA IPH\r\n"
        f":86:911 TRANSAKCJA COLLECT; ID IPH: XX000000000001; TNR: \r\n{one}\r\n"
        ":61:2603040304DN2,50NCHGNONREF//BR1\r\n"
        "824-OP ZA PRZEL. ELIXIR MT\r\n"
        f":86:824 OP ZA PRZELEW ELIXIR; TNR: {two}\r\n"
        ":61:2603040304RDN0,30NTRFNONREF//BR2\r\n"
        "944-PRZEL.KRAJ.WYCH.MT.ELX\r\n"
        f":86:944 COMPANYNET PRZELEW KRAJOWY; TNR: {three}\r\n"
        ":90D:1PLN2,50\r\n"
        ":90C:2PLN0,31\r\n"
        "-\x03\r\n"
    )


def test_mt942_has_the_zone_of_the_season(room: Room) -> None:
    """Summer is an hour further."""
    statement = StatementDay(ALFA_PLN, "PLN", dt.date(2026, 7, 1), 1, 0, [])
    assert b":13D:2607011415+0200\r\n" in reports.write("mt942", [statement], at("2026-07-01 14:15"))


@pytest.mark.parametrize("form", CAMT)
def test_camt_says_who_and_what_for(room: Room, form: str) -> None:
    """Parties with their accounts, title, references, code, virtual account, reversal: from the fields of :86:."""
    fields = (("ID IPH", "XX000000000001"), ("Z RACH.", ALFA_EUR), ("OD", "Żółw"), ("TYT.", "tytuł " * 40))
    foreign = (("NA RACH.", "DE89370400440532013000"), ("DLA", "Muster GmbH"), ("REF. KLIENTA", "E2E-1"))
    book(
        room,
        Posting(account=ALFA_PLN, amount=100, code="911", fields=fields, bank_reference="MB1", reversal=True),
        Posting(account=ALFA_PLN, amount=-100, code="981", fields=foreign),
    )
    root = etree.fromstring(reports.write(form, [day_of(room)], NOW))
    one, two = root.iter("{*}TxDtls")
    assert next(one.iter("{*}DbtrAcct")).findtext("{*}Id/{*}IBAN") == f"PL{ALFA_EUR}"
    assert [item.text for item in one.iter("{*}Nm")] == ["ŻÓŁW"]
    assert "".join(item.text or "" for item in one.iter("{*}Ustrd")) == ("TYTUŁ " * 40).strip()
    assert one.findtext("{*}Refs/{*}Prtry/{*}Ref") == "XX000000000001"
    assert one.findtext("{*}BkTxCd/{*}Prtry/{*}Cd") == "911"
    assert [item.findtext("{*}RvslInd") for item in root.iter("{*}Ntry")] == ["true", None]
    assert two.findtext("{*}Refs/{*}EndToEndId") == "E2E-1"
    assert next(two.iter("{*}CdtrAcct")).findtext("{*}Id/{*}IBAN") == "DE89370400440532013000"
    assert "ŻÓŁW" in (root.findtext(".//{*}AddtlNtryInf") or "")


def test_an_order_is_told_with_the_banks_labels_as_the_bank_prints_them(room: Room) -> None:
    """Account, payee, title and the payer's reference; upper case, and no semicolon that would part the title."""
    outside = make_nrb("10201026", "0000000000000042")
    room.pay(order_file("M1", Transfer("E2E-1", payee=outside, title="Zapłata; FV 1/2026"), day=DAY))
    room.run("2026-03-04 20:00")
    (entry,) = day_of(room).entries
    assert entry.fields == (
        ("NA RACH.", outside),
        ("REF. KLIENTA", "E2E-1"),
        ("DLA", "BETA HANDEL S.A."),
        ("TYT.", "ZAPŁATA, FV 1/2026"),
    )


MOVES = st.lists(
    st.tuples(
        st.integers(-(10**9), 10**9).filter(bool),
        st.sampled_from(["770", "911", "944", "824", "981", "412"]),
        st.booleans(),
        st.text(st.characters(exclude_categories=("Cs",)), max_size=200),
        st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
    ),
    max_size=15,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MOVES)
def test_all_formats_tell_the_same(room: Room, moves: list[tuple[int, str, bool, str, str]]) -> None:
    """Of any books: the same entries, amounts and numbers; opening + entries = closing; the camt ones are valid."""
    room.execute("DELETE FROM entries")
    for amount, code, reversal, title, name in moves:
        fields = (("Z RACH.", "x"), ("OD", name), ("TYT.", title))
        book(room, Posting(account=ALFA_PLN, amount=amount, code=code, fields=fields, reversal=reversal))
    statement = day_of(room)
    expected = [(entry.tnr, entry.amount) for entry in statement.entries]
    assert [amount for _tnr, amount in expected] == [move[0] for move in moves]
    for form in FORMATS:
        data = reports.write(form, [statement], NOW)
        told = read(form, data)
        assert (told.account, told.entries) == (ALFA_PLN, expected), form
        if form == "mt942":
            assert (told.opening, told.closing) == (None, None)
        else:
            assert told.opening == statement.opening == 250_000_00
            assert told.closing == told.opening + sum(move[0] for move in moves)
        if form in CAMT:
            schema_of(form).assertValid(etree.fromstring(data))


def test_the_control_plane_gives_out_any_format(bank: RunningBank) -> None:
    """By account, day and format; looking closes nothing; what is wrong is named."""
    incoming = {"account": ALFA_PLN, "amount": "10.00", "debtor_name": "Żółw", "date": "2026-03-04"}
    (tnr,) = bank.post("/incoming", incoming)["transaction_numbers"]
    for form in FORMATS:
        url = f"{bank.control_url}statement?account={ALFA_PLN}&day=2026-03-04&format={form}"
        with urllib.request.urlopen(url) as answer:  # noqa: S310 - the bank on this machine
            told = read(form, answer.read())
        assert told.entries == [(tnr, 1000)]
    bank.post("/incoming", incoming)
    for query, reason in (("", "account"), (f"?account={ALFA_PLN}&day=2026-03-04&format=pdf", "camt053.08")):
        with pytest.raises(ControlRefused, match=reason):
            bank.get(f"/statement{query}")


@pytest.mark.parametrize("form", FORMATS)
def test_the_service_gives_out_the_format_that_is_set(customer: Customer, form: str) -> None:
    """Of the running day if the format is one of a day so far, and then the day stays open; else of days over."""
    customer.open_session()
    bank = customer.bank
    bank.post("/settings", {"report_format": form})
    (tnr,) = bank.post("/incoming", {"account": ALFA_PLN, "amount": "10.00", "debtor_name": "A"})[
        "transaction_numbers"
    ]
    today = dt.date.fromisoformat(bank.get("/state")["day"])
    found = customer.statements(today, today)
    assert len(found) == (1 if form in reports.INTERIM else 0)
    bank.post("/clock", {"advance_seconds": 86400})
    (report,) = customer.statements(today, today)
    assert read(form, report).entries == [(tnr, 1000)]
    late = {"account": ALFA_PLN, "amount": "1.00", "debtor_name": "A", "date": today.isoformat()}
    if form in reports.INTERIM:
        assert bank.post("/incoming", late)["booked"] == 1
    else:
        with pytest.raises(ControlRefused, match="is out"):
            bank.post("/incoming", late)


def test_settings_take_only_what_they_know(bank: RunningBank) -> None:
    """Formats, hours, windows, flags and numbers are checked, and the error names the setting."""
    for name, value in (
        ("report_format", "pdf"), ("report_format", 7), ("elixir_out", "25:00"), ("elixir_in", ""),
        ("rtgs_hours", "08:00,08:00"), ("rtgs_hours", "08:00"), ("fees", 1), ("polls", "1"), ("fee_elixir", -1),
    ):  # fmt: skip
        with pytest.raises(ControlRefused, match=name):
            bank.post("/settings", {name: value})
    changed = bank.post("/settings", {"elixir_out": "10:00,12:00", "fees": True, "fee_elixir": 300})
    assert (changed["elixir_out"], changed["fees"], changed["fee_elixir"]) == ("10:00,12:00", True, 300)
