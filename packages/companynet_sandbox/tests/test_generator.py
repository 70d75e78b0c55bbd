"""Generated customers: the same for the same seed, true to their truth, right numbers, all kinds of titles."""

import datetime as dt
import json
import re
import sqlite3
import tracemalloc
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from companynet_sandbox.books.file import FILE_NAME, Books, create_books
from companynet_sandbox.books.numbers import is_nrb
from companynet_sandbox.customers.generator import titles
from companynet_sandbox.customers.generator.identifiers import (
    ksef_number,
    make_nip,
    random_nip,
    tax_account,
    zus_account,
)
from companynet_sandbox.customers.generator.invoices import Ledger
from companynet_sandbox.customers.generator.parties import make_parties
from companynet_sandbox.customers.generator.run import Plan, generate

PLAN = Plan(accounts=7, entries=300, days=3, seed=11)


def made(directory: Path, plan: Plan) -> Path:
    """Generate into new books; the directory with books, truth and open items."""
    create_books(directory)
    books = Books(directory)
    generate(books, plan, directory / "truth.jsonl", directory / "items.jsonl")
    books.close()
    return directory


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def entries(directory: Path) -> list[sqlite3.Row]:
    """The booked entries."""
    connection = sqlite3.connect(directory / FILE_NAME)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute("SELECT * FROM entries ORDER BY id").fetchall()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def customer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated customer, to look at."""
    return made(tmp_path_factory.mktemp("generated"), PLAN)


def test_the_same_seed_makes_the_same_bytes(tmp_path: Path) -> None:
    """Books, truth and open items; another seed makes another customer with other entries."""
    plan = Plan(accounts=2, entries=60, days=2, seed=3)
    first, second = made(tmp_path / "a", plan), made(tmp_path / "b", plan)
    for name in (FILE_NAME, "truth.jsonl", "items.jsonl"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    other = made(tmp_path / "c", Plan(accounts=2, entries=60, days=2, seed=4))
    assert (first / "truth.jsonl").read_bytes() != (other / "truth.jsonl").read_bytes()


def test_every_account_has_its_entries_on_every_working_day(customer: Path) -> None:
    """As many as asked for, Monday to Friday, on accounts with right check digits."""
    counts = Counter((row["account"], row["booked"]) for row in entries(customer))
    assert set(counts.values()) == {PLAN.entries}
    assert len(counts) == PLAN.accounts * PLAN.days
    assert all(is_nrb(account) for account, _day in counts)
    week = Plan(accounts=1, entries=1, days=6, seed=0, first_day=dt.date(2026, 1, 8))
    assert [day.day for day in week.working_days()] == [8, 9, 12, 13, 14, 15]


def test_cards_and_interest_have_their_codes(customer: Path) -> None:
    """Made up, as no such entry was seen: 696 for a purchase by card, 521 for interest."""
    booked = {row["code"]: row for row in entries(customer)}
    assert booked["696"]["bank_reference"].startswith("CC")
    assert "ODSETKI" in booked["521"]["information"]


def test_the_truth_adds_up(customer: Path) -> None:
    """Each payment is of a known item and no item is overpaid; amounts are whole but where the case says otherwise;
    what comes in pays receivables, what goes out pays payables and sent payments."""
    items = {item["id"]: item for item in lines(customer / "items.jsonl")}
    booked = {row["tnr"]: row for row in entries(customer)}
    paid: dict[str, Decimal] = defaultdict(Decimal)
    truth = lines(customer / "truth.jsonl")
    assert len({line["entry"] for line in truth}) == len(truth) > PLAN.entries
    for line in truth:
        amount = Decimal(line["amount"])
        assert amount * 100 == booked[line["entry"]]["amount"]
        assert line["account"] == booked[line["entry"]]["account"]
        total = sum(Decimal(part["amount"]) for part in line["items"])
        assert total == abs(amount) if line["case"] != "inexact" else total <= amount
        for part in line["items"]:
            assert (items[part["id"]]["kind"] == "receivable") == (amount > 0)
            paid[part["id"]] += Decimal(part["amount"])
    assert all(paid[name] <= Decimal(items[name]["amount"]) for name in paid)
    assert 0 < len(items) - len(paid) < len(items) / 4, "some items are never paid, most are"


def test_open_items_have_their_form(customer: Path) -> None:
    """As ``settlement match`` takes them: ids once, amounts above zero, numbers of an owner's invoices once."""
    items = lines(customer / "items.jsonl")
    fields = (
        "id kind party party_name party_accounts party_nip number amount currency date due_date ksef virtual_account"
    )
    assert {tuple(item) for item in items} == {tuple(fields.split())}
    assert len({item["id"] for item in items}) == len(items)
    assert all(Decimal(item["amount"]) > 0 and item["date"] <= item["due_date"] for item in items)
    numbers = [item["number"] for item in items if item["kind"] == "receivable"]
    assert len(set(numbers)) == len(numbers)
    assert {item["kind"] for item in items} == {"receivable", "payable", "payment"}


def test_numbers_have_right_check_digits(customer: Path) -> None:
    """Accounts, NIPs and KSeF numbers, in the open items and in the titles."""
    for item in lines(customer / "items.jsonl"):
        assert all(is_nrb(account) for account in item["party_accounts"])
        assert item["party_nip"] is None or make_nip(item["party_nip"][:9]) == item["party_nip"]
    for row in entries(customer):
        for label, account in re.findall(r"(Z RACH\.|NA RACH\.): (\d{26})", row["information"]):
            assert is_nrb(account), (label, account)
    nip = random_nip(Random(1))  # noqa: S311 - nothing secret
    assert is_nrb(tax_account(nip))
    assert is_nrb(zus_account(nip))
    # The public example of the tax account's form, and the ministry's of a KSeF number.
    assert tax_account("5253000665") == "69101000712222525300066500"
    assert ksef_number("5265877635", dt.date(2025, 8, 26), 0x0100001AF629) == "5265877635-20250826-0100001AF629-AF"
    assert make_nip("526000124") == "5260001246"


def test_every_kind_of_entry_appears(customer: Path) -> None:
    """What pays is in the truth under its case; what pays nothing is in the books by its words."""
    cases = {line["case"] for line in lines(customer / "truth.jsonl")}
    assert cases == {
        "single", "several", "part", "rest", "inexact", "unnamed", "stranger", "rent", "collect", "split", "ksef",
        "supplier", "supplier_split", "sent",
    }  # fmt: skip
    text = "\n".join(f"{row['code']} {row['information']}" for row in entries(customer))
    for words in (
        "ZALICZKA DO ZAM", "ROZL. TRANSAKCJI KARTOWYCH", "ZWROT VAT", "PRZELEW OMYŁKOWY", "ODSETKI", "WYNAGRODZENIE",
        "SYMBOL FORM.: VAT7", "SKŁADKI ZA", "ID IPH: XX", "/VAT/", "PROW. ZAGR.", "KURS: 4.", "OP ZA PRZELEW",
    ):  # fmt: skip
        assert words in text, words
    assert re.search(r"NR KARTY: \d{16};", text)
    assert re.search(r"NR KARTY: \d{4}\*{8}\d{4};", text)
    assert any(row["reversal"] for row in entries(customer))


def test_titles_are_written_in_many_ways() -> None:
    """One invoice is named in very many forms: with and without Polish letters, in slips of letters and digits;
    mostly its serial is there as it should be."""
    chance = Random(2)  # noqa: S311 - nothing secret
    party = make_parties(chance, 1)[0]
    ledger = Ledger(1, random_nip(chance))
    for _invoice in range(122):
        invoice = ledger.receivable(chance, party, dt.date(2026, 3, 20))
    written = [titles.one(chance, invoice) for _title in range(2000)]
    assert len(set(written)) > 500
    named = sum(str(invoice.serial) in title for title in written)
    assert 1900 < named < 2000
    assert all(len(title) <= 140 for title in written)
    assert any("ł" in title for title in written)
    assert any("zapl." in title for title in written)
    assert any("?" in title for title in written)


def test_several_invoices_are_listed_in_many_ways() -> None:
    """Lists with commas and „i”, ranges, whole numbers."""
    chance = Random(3)  # noqa: S311 - nothing secret
    party = make_parties(chance, 1)[0]
    ledger = Ledger(0, random_nip(chance))
    written = []
    for _title in range(1500):
        invoices = [ledger.receivable(chance, party, dt.date(2026, 3, 20)) for _invoice in range(3)]
        written.append(titles.several(chance, invoices))
    for form in (r"\d+,\d+ i \d+", r"\d+-\d+", r"FV/\d{6}/2026, FV/", r"\d+\+\d+", r"za f-ry \d+"):
        assert any(re.search(form, title) for title in written), form


def test_memory_does_not_grow_with_the_books(tmp_path: Path) -> None:
    """Ten times the days need no more memory at a time, within a fifth."""
    peaks = []
    for days in (1, 10):
        create_books(tmp_path / str(days))
        books = Books(tmp_path / str(days))
        tracemalloc.start()
        generate(books, Plan(2, 100, days, 1), tmp_path / f"t{days}", tmp_path / f"o{days}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        books.close()
    assert peaks[1] < peaks[0] * 1.2
