"""The forms in which people write invoice numbers, each read as the same number."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from settlement import Entry, Kind, Matcher, OpenItem


def settled(number: str, title: str, *, others: tuple[str, ...] = (), party_known: bool = False) -> str:
    """The decision on an exact payment of one open item under a title."""
    account = "61109010140000071219812874"
    items = [OpenItem("it", Kind.RECEIVABLE, "P", number, Decimal(100), "PLN", party_accounts=(account,))]
    items += [
        OpenItem(f"other {other}", Kind.RECEIVABLE, "Q", other, Decimal(55), "PLN", party_name="Inna")
        for other in others
    ]
    entry = Entry("e", Decimal(100), "PLN", dt.date(2026, 11, 24), title, account if party_known else None)
    proposal = Matcher(items).match(entry)
    return proposal.decision.value + "".join(f" {given.item_id}" for given in proposal.allocations)


@pytest.mark.parametrize(
    ("number", "title"),
    [
        ("FV/1/2026", "FV/1/2026"),
        ("FV/1/2026", "FV 1/2026"),
        ("FV/1/2026", "fv1/2026"),
        ("FV/1/2026", "FV nr 0001/2026"),
        ("FV/1/2026", "faktura 1-2026"),
        ("FV/1/2026", "FV_1_2026"),
        ("FV/1/2026", "FV 1 2026"),
        ("FV/1/2026", "FV 1 / 2026"),
        ("FV/1/2026", "FV.1.2026"),
        ("FV/1/2026", "F-RA VAT 1/2026"),
        ("FV/1/2026", "fakt. nr: 1/2026"),
        ("FV/1/2026", "Rachunek nr 1/2026"),
        ("FV/1/2026", "FV/1/2026/"),
        ("FV/1/2026", "zapłata:FV/1/2026."),
        ("FV/1/2026", "FV 1/26"),
        ("FV/1/26", "FV 1/2026"),
        ("1/2026", "FV 1/2026"),
        ("0012/11/2026", "FAKTURA NR 0012/11/2026"),
        ("FV/00123/11/2026", "FV 001 23/11/2026"),
        ("FV/00123/11/2026", "FV/00123/11/ 2026"),
        ("FV/00123/11/2026", "FV/00123/11/20 26"),
        ("FV/00123/11/2026", "FV00123112026"),
        ("FV/O123/2026", "FV 0123/2026"),
        ("FV/2026/11/7", "FV 2026/11/007"),
        ("2026/TB/000123", "za 2026/TB/123"),
        ("FKS 12/2026", "FKS 12/2026"),
        ("12/I/2026", "FV 12/I/2026"),
        ("INV-2026-0042", "INVOICE INV-2026-0042"),
        ("PROFORMA 5/2026", "PROFORMA 5/2026"),
        ("123456789", "FV 123456789"),
        ("FV/1/2026", "/VAT/18,70/IDC/5260250274/INV/FV-1-2026/TXT/USLUGA"),
        ("FV/1/2026", "/VAT/18,70/IDC/5260250274/I NV/FV-1-2026"),
    ],
)
def test_every_form_of_a_number_identifies_the_item(number, title):
    """The number, said to be an invoice's or with its own letters, and the exact amount settle, whoever paid."""
    assert settled(number, title) == "automatic it"


@pytest.mark.parametrize(
    ("number", "title"),
    [
        ("FV/1/2026", "FV 11/2026"),
        ("FV/1/2026", "FV 1/2025"),
        ("FV/1/2026", "FV 1/2026/7"),
        ("FV/1/2026", "FV 21/1/2026"),
        ("FV/1/2026", "zamówienie 1/2026"),
        ("FV/1/2026", "czynsz 1/2026"),
        ("FV/1/2026", "za okres 1/2026"),
        ("FV/1/2026", "1/2026"),
        ("FV/1/2026", "korekta FV 1/2026"),
        ("FV/1/2026", "WZ/1/2026"),
        ("FV/3/11/2026", "FV 8/10/2026 z dnia 03.11.2026"),
        ("FV/3/11/2026", "z dn. 03-11-2026"),
        ("0012/11/2026", "12/11/2026"),
        ("FV/2026", "usługi 2026"),
        ("7", "7"),
        ("FV/12/2026", "kwota 12,20 26 sztuk"),
        ("FV/100/00", "FV 7/2026 100,00 PLN"),
        ("1234", "NIP 5260001246 1234"),
        ("1234", "61 1090 1014 0000 0712 1981 1234"),
    ],
)
def test_what_only_looks_like_the_number_does_not_settle(number, title):
    """Other serials and years, longer numbers, months, dates, other documents: never automatic without a party."""
    assert not settled(number, title).startswith("automatic")


def test_a_letter_series_is_told_from_another():
    """`FA 12/2026` is the FA item though the FV item has the same digits."""
    assert settled("FA/12/2026", "FA 12/2026", others=("FV/12/2026",)) == "automatic it"


def test_a_longer_number_wins_over_its_part():
    """`FV 1/11/2026` is not the item `11/2026`."""
    assert settled("FV/1/11/2026", "FV 1/11/2026", others=("FV/11/2026",)) == "automatic it"


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("FV 12,13,14/2026", "a b c"),
        ("FV 12, 13 i 14/2026", "a b c"),
        ("FV 12/2026, 13/2026, 14/2026", "a b c"),
        ("FV 12/2026 13/2026 14/2026", "a b c"),
        ("FV 12/2026, 13, 14", "a b c"),
        ("FV12/2026FV13/2026FV14/2026", "a b c"),
        ("FV 12/2026;FV 13/2026 oraz FV 14/2026", "a b c"),
        ("FV 12-14/2026", "a b c"),
        ("FV 12/2026-14/2026", "a b c"),
        ("FV 12/2026 - 14/2026", "a b c"),
        ("FV od 12/2026 do 14/2026", "a b c"),
        ("FV 12 + 13/2026", "a b"),
        ("12/2026 i 13/2026", "a b"),
        ("FV 12-13/2026", "a b"),
        ("FV 12/13/2026", "a b"),
    ],
)
def test_lists_and_ranges_name_each_item(title, found):
    """All numbers of a list or range are found, and their exact sum settles them."""
    items = [
        OpenItem(name, Kind.RECEIVABLE, "P", f"FV/{serial}/2026", Decimal(amount), "PLN")
        for name, serial, amount in (("a", 12, "10"), ("b", 13, "200"), ("c", 14, "3000"), ("d", 15, "40000"))
    ]
    total = sum(item.amount for item in items if item.id in found.split())
    proposal = Matcher(items).match(Entry("e", total, "PLN", dt.date(2026, 11, 24), title))
    if title == "FV 12/13/2026":
        # Slashes part a number, not a list: nobody can tell.
        assert proposal.decision.value != "automatic"
        return
    assert proposal.decision.value == "automatic", [reason.text for reason in proposal.reasons]
    assert " ".join(sorted(given.item_id for given in proposal.allocations)) == found


def test_year_first_numbers_are_listed_too():
    """`FV/2026/12, 13` names 12 and 13 of 2026."""
    items = [
        OpenItem(str(serial), Kind.RECEIVABLE, "P", f"FV/2026/{serial}", Decimal(serial), "PLN")
        for serial in (12, 13)
    ]
    proposal = Matcher(items).match(Entry("e", Decimal(25), "PLN", dt.date(2026, 11, 24), "FV/2026/12, 13"))
    assert proposal.decision.value == "automatic"
    assert len(proposal.allocations) == 2
