"""What looks like an invoice's number and is none: days, other documents, numbers that something contradicts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import product

import pytest

from settlement import Decision, Entry, Kind, Matcher, OpenItem, Proposal

DAY = dt.date(2026, 1, 20)
RENT = Decimal("49.20")
ACCOUNTS = {12: "20105010251000009213587700", 13: "90105010251000009213587701", 15: "36105010251000009213587703"}
NIPS = {12: "5260001246", 13: "7740001454", 15: "5250007738"}
NAMES = {12: "Stalmax Bis Sp. z o.o.", 13: "Betonex Sp. j.", 15: "Jan Kowalski"}


def tenants(scheme: str = "FV/{}/01/2026", **more: object) -> list[OpenItem]:
    """Three who owe the same rent; the serials of their invoices are their names here."""
    return [
        OpenItem(
            str(serial), Kind.RECEIVABLE, f"P{serial}", scheme.format(serial), RENT, "PLN",
            date=dt.date(2026, 1, 5), party_name=NAMES[serial], party_accounts=(ACCOUNTS[serial],),
            party_nip=NIPS[serial], virtual_account=f"XX0000000000{serial}",
        )
        for serial in (12, 13, 15)
    ]  # fmt: skip


def decided(title: str, items: list[OpenItem] | None = None, amount: str = "49.20", **more: object) -> Proposal:
    values: dict[str, object] = {"counterparty_name": "Anna Nowak"} | more
    entry = Entry("e", Decimal(amount), "PLN", DAY, title, **values)
    return Matcher(tenants() if items is None else items).match(entry)


def given(proposal: Proposal) -> list[str]:
    return sorted(one.item_id for one in proposal.allocations)


def codes(proposal: Proposal) -> set[str]:
    return {reason.code for reason in proposal.reasons}


def alone(number: str = "FV/15/01/2026", **more: object) -> list[OpenItem]:
    """One open item and nothing known of its party but the name."""
    return [OpenItem("15", Kind.RECEIVABLE, "P15", number, RENT, "PLN", party_name="Jan Kowalski", **more)]


DAYS = (
    "15/01/2026", "15-01-2026", "15.01.2026", "15 01 2026", "15012026", "15/1/2026", "15/1/26", "15-01-26", "150126",
    "2026-01-15", "2026/01/15", "2026.1.15", "20260115", "26-01-15", "15 / 01 / 2026", "15/01-2026", "15. 01. 2026",
    "15/I/2026", "15 I 2026", "15.I.26", "1 5/01/2026", "15/01/2026 R.", "15\u201301\u20132026",
)  # fmt: skip


@pytest.mark.parametrize(
    "scheme", ["FV/{}/01/2026", "{}/01/2026", "2026/01/{}", "FV/2026/01/{}", "{}/I/2026", "{}012026"]
)
@pytest.mark.parametrize("word", ["", "nr ", "wpłata ", "INTERNET ", "OPŁATA Z DNIA ", "ZA OKRES DO ", "STAN NA "])
def test_a_day_settles_nothing_however_it_is_written(scheme, word):
    """Neither among equal amounts nor where the amount is one item's alone."""
    for day, items in product(DAYS, (tenants(scheme), alone(scheme.format(15)))):
        proposal = decided(word + day, items)
        assert proposal.decision is not Decision.AUTOMATIC, (word + day, [one.text for one in proposal.reasons])


@pytest.mark.parametrize(
    "words",
    [
        "FV PLATNA DO", "FAKTURA WYSTAWIONA", "FAKTURA Z DNIA", "FV Z DN", "FV Z", "FV DATA", "ZA FAKTURE TERMIN",
        "FV ZA OKRES DO", "FAKTURA ZA USLUGI W DNIU", "INVOICE DATED", "FAKTURY OD", "FAKTURA, ", "RACHUNEK",
        "DATA FAKTURY", "TERMIN FV", "Z DNIA FAKTURY", "PLATNA FV DO DNIA", "DATA WYSTAWIENIA FV",
    ],
)  # fmt: skip
def test_a_word_for_invoice_makes_a_day_a_number_only_right_before_it(words):
    """Words of time between the two make it a day again."""
    assert decided(f"{words} 15/01/2026", alone()).decision is not Decision.AUTOMATIC


@pytest.mark.parametrize(
    "title",
    [
        "FV 15/01/2026", "FV/15/01/2026", "faktura nr 15/01/2026", "F-ra VAT 15-01-2026", "Fakt.15.01.2026",
        "FV15/1/26", "FV nr FV/15/01/2026 termin 20/01/2026", "fakutra 15/01/2026", "F V 15/01/2026",
    ],
)  # fmt: skip
def test_right_after_a_word_for_invoice_a_day_is_a_number(title):
    """Series with serial, month and year are the rule in Poland."""
    assert decided(title, alone()).decision is Decision.AUTOMATIC


@pytest.mark.parametrize("title", ["FV 15/01/2026 data wystawienia", "FV 15/01/2026 r."])
def test_words_after_a_day_say_so_too(title):
    """Even right after a word for invoice."""
    assert decided(title, alone()).decision is not Decision.AUTOMATIC


@pytest.mark.parametrize(
    ("title", "number"),
    [
        ("za 01/2026 i 02/2026", "FV/1/2026"), ("FV ZA 12/2026", "FV/12/2026"), ("12/2026", "FV/12/2026"),
        ("NAJEM 01/2026", "FV/1/2026"), ("wpłata 012026", "FV/01/2026"), ("POBYT 13-15/01/2026", "FV/13/01/2026"),
        ("FAKTURY OD 15/01/2026-20/01/2026", "FV/15/01/2026"),
    ],
)  # fmt: skip
def test_months_and_periods_settle_nothing(title, number):
    """Nor do lists and ranges of them."""
    assert decided(title, alone(number)).decision is not Decision.AUTOMATIC


def test_a_day_does_not_choose_between_two_debts_of_a_known_payer():
    """It may be the day of the transfer; several that add up exactly are no chance."""
    items = [
        OpenItem(serial, Kind.RECEIVABLE, "P", f"FV/{serial}/01/2026", RENT, "PLN", party_accounts=(ACCOUNTS[12],))
        for serial in ("14", "15")
    ]
    known: dict[str, object] = {"counterparty_account": ACCOUNTS[12]}
    one = decided("15/01/2026", items, **known)
    assert (one.decision, given(one)) == (Decision.PROPOSE, ["15"])
    assert "number_maybe_day" in codes(one)
    assert decided("14/01/2026 i 15/01/2026", items, "98.40", **known).decision is Decision.AUTOMATIC
    assert decided("15/01/2026", items[1:], **known).decision is Decision.AUTOMATIC


def test_a_day_does_not_keep_a_known_payer_from_the_only_debt():
    """The account decides; that another's number reads like the day of the transfer is chance."""
    proposal = decided("wpłata z dnia 15.01.2026", counterparty_account=ACCOUNTS[12], counterparty_name=None)
    assert (proposal.decision, given(proposal)) == (Decision.AUTOMATIC, ["12"])


def test_a_day_in_the_reference_of_the_payer_settles_nothing():
    """A reference is whatever the payer's program puts there."""
    for reference in ("15012026", "15/01/2026", "20260115"):
        assert decided("", alone(), customer_reference=reference).decision is not Decision.AUTOMATIC


OTHER_DOCUMENTS = (
    "NOTA ODSETKOWA", "NOTA KSIĘGOWA NR", "NOTY", "FAKTURA KORYGUJĄCA", "FAKTURY KORYGUJĄCEJ NR", "KOREKTA", "FV KOR",
    "KOREKTA DO FV", "KOREKTA FAKTURY", "UMOWA NAJMU", "UMOWA NR", "REZERWACJA", "LIST PRZEWOZOWY", "NR KLIENTA",
    "KARTA", "MANDAT", "BILET", "POLISA", "SKŁADKA OC", "WEZWANIE DO ZAPŁATY", "UPOMNIENIE", "DUPLIKAT FV",
    "ZALICZKA", "FV ZALICZKOWA", "ZALICZKA DO FV", "KAUCJA", "RACHUNEK ZA PRĄD", "LICZNIK", "ZAMÓWIENIE", "ZAM.",
    "WZ", "PARAGON", "PROFORMA", "FAKTURA PRO FORMA NR", "PRO FORMA", "ODSETKI OD FV", "ZWROT ZA FV", "ZWROT",
    "REFUNDACJA FV", "STORNO FV", "KOMPENSATA FV", "KARA UMOWNA", "NADPŁATA FV",
    "REKLAMACJA FV", "ZWRACAM FV", "SYGNATURA", "SZKODA NR", "PRZESYŁKA", "TEL", "KONTO", "PESEL", "ORDER",
    "BOOKING NO", "CREDIT NOTE", "DEPOSIT FOR INVOICE", "REFUND INVOICE", "DOWÓD", "ANEKS", "KWITY",
    "JAN KOWALSKI REZERWACJA",
)  # fmt: skip


@pytest.mark.parametrize("words", OTHER_DOCUMENTS)
@pytest.mark.parametrize("number", ["12/01/2026", "1234/2026", "1234/10/2025", "20250001234"])
def test_the_number_of_another_document_settles_nothing(words, number):
    """Whether the words are known or not; not by the payer's name either."""
    items = alone(f"FV/{number}")
    for name in ("Anna Nowak", "Jan Kowalski"):
        proposal = decided(f"{words} {number}", items, counterparty_name=name)
        assert proposal.decision is not Decision.AUTOMATIC, [one.text for one in proposal.reasons]


@pytest.mark.parametrize(
    "title",
    [
        "FV 1234/2026 i nota 3/2026", "nota 3/2026, FV 1234/2026", "FV 1234/2026 - ZWROT", "FV 1234/2026 KOREKTA",
        "FV 1234/2026 ZALICZKA", "1234/2026 NOTA ODSETKOWA", "1234/2026 UMOWA", "FV 1234/2026 + odsetki",
        "FV 1234/2026 ZWRO T", "FV 1234/2026 KOR EKTA", "/VAT/9,20/IDC/5260250274/INV/KOREKTA 1234-2026",
        "KORFV 1234/2026 KOR/2/2026", "REZERWACJE 1233/2026, 1234/2026", "KARTA/1233/2026, 1234/2026",
    ],
)  # fmt: skip
def test_another_document_beside_the_number_keeps_it_from_being_automatic(title):
    """Before it, behind it, in a list that shares the noun, broken by the bank's folding."""
    assert decided(title, alone("FV/1234/2026")).decision is not Decision.AUTOMATIC


@pytest.mark.parametrize("known", [{"counterparty_account": ACCOUNTS[12]}, {"virtual_account": "XX000000000012"}])
@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("NOTA ODSETKOWA 12/01/2026", "other_debt"), ("kaucja", "other_debt"), ("zaliczka na dostawy", "other_debt"),
        ("ZWROT ZA FV 12/01/2026", "comes_back"), ("reklamacja", "comes_back"),
    ],
)  # fmt: skip
def test_another_debt_is_no_payment_of_an_invoice_even_from_a_known_payer(known, title, code):
    """A deposit of the very amount, a refund: a person looks."""
    proposal = decided(title, **known)
    assert (proposal.decision, given(proposal)) == (Decision.PROPOSE, ["12"])
    assert code in codes(proposal)


@pytest.mark.parametrize(
    "title",
    [
        "FV 1234/2026 umowa 77/2024", "zamówienie ZO/55/2026, faktura 1234/2026", "FV 1234/2026 WZ 15/2026",
        "Jan Kowalski FV 1234/2026", "nr klienta 4455 FV 1234/2026", "INTERNET FV/1234/2026 KLIENT 77",
        "zap\u0142ata za f-r\u0119 1234/2026", "FV 1234/2026 z dnia 05/01/2026", "FV 1234/2026 za okres 01/2026",
    ],
)  # fmt: skip
def test_other_numbers_beside_a_named_invoice_do_not_matter(title):
    """An invoice named as such is found in any company."""
    assert decided(title, alone("FV/1234/2026")).decision is Decision.AUTOMATIC


RETURNED_OR_OTHER = (
    "PROFAKTURA", "PRO FAKTURA", "KFV", "REFAKTURA", "K/FV/", "A-FV ", "ODDAJĘ ZA FV", "ODDANIE FV", "WYCOFANIE FV",
    "COFNIĘCIE PRZELEWU FV", "ODRZUT FV", "NIEZREALIZOWANY FV", "BŁĘDNY PRZELEW FV", "POMYŁKA FV",
    "OMYŁKOWA WPŁATA FV", "NIENALEŻNA WPŁATA FV", "PODWÓJNA WPŁATA FV", "ZWORT FV", "ZWR. FV", "KOERKTA FV",
    "FV KOREKCYJNA", "ANULACJA FV",
    "NADPŁACONO FV", "ODS. FV", "RABAT DO FV", "BONUS FV", "POTRĄCENIE FV", "KOSZTY SĄDOWE FV", "CREDIT INVOICE",
    "GUTSCHRIFT INV", "RÜCKZAHLUNG INVOICE", "REPAYMENT INV", "OVERPAID INVOICE", "LATE FEE INVOICE",
)  # fmt: skip


@pytest.mark.parametrize("words", RETURNED_OR_OTHER)
def test_a_word_for_invoice_makes_no_payment_of_a_return_or_of_another_document(words):
    for number in ("FV/1234/2026", "1234/2026"):
        assert decided(f"{words} 1234/2026", alone(number)).decision is not Decision.AUTOMATIC


@pytest.mark.parametrize("words", ["E-FAKTURA", "ZA-FV", "ZAPŁATAZAFV", "ZAFAKTURĘ", "FVNR", "DOPŁATA FV"])
def test_words_of_payment_before_the_word_for_invoice_do_not_matter(words):
    assert decided(f"{words} 1234/2026", alone("FV/1234/2026")).decision is Decision.AUTOMATIC


@pytest.mark.parametrize(
    "title", ["TERMIN PŁATNOŚCI FAKTURY 15/01/2026", "FV 15/01/2026 GODZ 12", "FAKTURA 13.01-15/01/2026"]
)
def test_a_day_of_payment_an_hour_and_days_of_a_stay_are_no_numbers(title):
    assert decided(title, alone()).decision is not Decision.AUTOMATIC


def test_an_account_that_another_uses_too_does_not_decide_whose_debt_is_paid():
    other = decided("zapłata", counterparty_account=ACCOUNTS[12], counterparty_name="JAN KOWALSKI")
    assert other.decision is Decision.PROPOSE
    assert "name_of_other" in codes(other)
    own = decided("zapłata", counterparty_account=ACCOUNTS[12], counterparty_name="STALMAX")
    assert (own.decision, given(own)) == (Decision.AUTOMATIC, ["12"])


def test_the_books_own_series_is_its_own_word():
    """A note that the books have open is paid by its number; a number with the series' letters needs no word."""
    assert decided("NOTA 5/2026", alone("NOTA 5/2026")).decision is Decision.AUTOMATIC
    assert decided("za 2026/TB/15", alone("2026/TB/15")).decision is Decision.AUTOMATIC
    assert decided("korekta do FKS 12/2026", alone("FKS 12/2026")).decision is not Decision.AUTOMATIC


def test_a_bare_number_needs_something_of_the_party():
    """Without a word for invoice the digits may be anything's."""
    proposal = decided("1234/2026", alone("FV/1234/2026"))
    assert proposal.decision is Decision.PROPOSE
    assert "number_unsaid" in codes(proposal)
    assert (
        decided("1234/2026", alone("FV/1234/2026"), counterparty_name="Jan Kowalski").decision is Decision.AUTOMATIC
    )


def test_money_that_goes_out_as_a_return_settles_no_supplier():
    """We give money back; a payment that we sent so named is known by its own number."""
    supplier = [OpenItem("x", Kind.PAYABLE, "P", "FV/12/2026", RENT, "PLN", party_accounts=(ACCOUNTS[12],))]
    out: dict[str, object] = {"amount": "-49.20", "counterparty_account": ACCOUNTS[12], "counterparty_name": None}
    assert decided("ZWROT ZA FV/12/2026", supplier, **out).decision is not Decision.AUTOMATIC
    sent = [OpenItem("x", Kind.PAYMENT, "P", "PAY-77", RENT, "PLN", party_accounts=(ACCOUNTS[12],))]
    assert decided("ZWROT NADPLATY", sent, customer_reference="PAY-77", **out).decision is Decision.AUTOMATIC


@pytest.mark.parametrize(
    ("more", "title", "code"),
    [
        ({"virtual_account": "XX000000000012"}, "FV/13/01/2026", "virtual_account_of_other"),
        ({"virtual_account": "XX000000000012"}, "13/01/2026", "number_names_other"),
        ({"details": {"ID IPH": "XX000000000012"}}, "FV/13/01/2026", "virtual_account_of_other"),
        ({"virtual_account": "XX000000000012", "counterparty_account": ACCOUNTS[13]}, "FV/13/01/2026",
         "virtual_account_of_other"),
        ({"virtual_account": "XX000000000012", "counterparty_name": NAMES[13]}, "FV/13/01/2026",
         "virtual_account_of_other"),
        ({"counterparty_account": ACCOUNTS[12]}, "FV/13/01/2026", "account_of_other"),
        ({"counterparty_name": NAMES[12]}, "FV/13/01/2026", "name_of_other"),
        ({"counterparty_account": ACCOUNTS[13]}, f"FV/13/01/2026 NIP {NIPS[12]}", "nip_of_other"),
        ({}, f"/VAT/9,20/IDC/{NIPS[12]}/INV/FV-13-01-2026", "nip_of_other"),
        ({"details": {"seller_tax_id": NIPS[12]}}, "FV/13/01/2026", "nip_of_other"),
    ],
)  # fmt: skip
def test_what_contradicts_a_number_keeps_it_from_being_automatic_and_is_told(more, title, code):
    """The virtual account, account, NIP or name of one, the number of another."""
    proposal = decided(title, **more)
    assert proposal.decision is not Decision.AUTOMATIC
    assert code in codes(proposal), codes(proposal)


def test_a_party_with_two_virtual_accounts_is_paid_on_the_one_of_the_invoice():
    """A flat and a garage of one tenant."""
    flat, garage = (
        OpenItem(name, Kind.RECEIVABLE, "P", f"FV/{name}/2026", RENT, "PLN", virtual_account=account)
        for name, account in (("1001", "XX000000000001"), ("1002", "XX000000000002"))
    )
    proposal = decided("FV/1002/2026", [flat, garage], virtual_account="XX000000000001")
    assert proposal.decision is not Decision.AUTOMATIC
    assert "virtual_account_differs" in codes(proposal)


def test_a_virtual_account_is_known_in_every_form():
    """By its last twelve digits."""
    items = tenants()
    for form in ("XX000000000012", "000000000012", "PL61 1140 2004 0000 0000 0012"):
        assert given(decided("czynsz", items, virtual_account=form)) == ["12"]


def test_a_ksef_number_of_another_seller_keeps_a_number_from_being_automatic():
    """It names an invoice that is not among ours."""
    proposal = decided("KSEF 7740001454-20260105-0100001AF629-75 FV/1234/2026", alone("FV/1234/2026"))
    assert proposal.decision is not Decision.AUTOMATIC
    assert "number_not_open" in codes(proposal)


def test_number_and_amount_alone_do_not_decide_where_others_have_the_amount():
    """One wrong digit would name the neighbour; with anything of the payer it is settled, and so are instalments."""
    proposal = decided("FV/13/01/2026")
    assert (proposal.decision, given(proposal)) == (Decision.PROPOSE, ["13"])
    told = next(reason for reason in proposal.reasons if reason.code == "amount_shared")
    assert told.params == {"count": "3", "party": NAMES[13]}
    for more in (
        {"counterparty_account": ACCOUNTS[13]},
        {"counterparty_name": NAMES[13]},
        {"virtual_account": "XX000000000013"},
    ):
        assert decided("FV/13/01/2026", **more).decision is Decision.AUTOMATIC
    assert decided(f"FV/13/01/2026 NIP {NIPS[13]}").decision is Decision.AUTOMATIC
    instalments = [OpenItem(str(i), Kind.RECEIVABLE, "P", "FV/77/2026", RENT, "PLN") for i in range(3)]
    assert decided("FV/77/2026", instalments).decision is Decision.AUTOMATIC


def test_amounts_are_shared_by_what_is_still_open():
    """What was settled before no longer counts, what is left of a part does."""
    matcher = Matcher(tenants())
    entries = [
        Entry(f"e{at}", RENT, "PLN", DAY + dt.timedelta(at), title, account)
        for at, (title, account) in enumerate(
            (("FV/12/01/2026", ACCOUNTS[12]), ("FV/13/01/2026", None), ("FV/15/01/2026", ACCOUNTS[15]),
             ("FV/13/01/2026", None))
        )
    ]  # fmt: skip
    automatic = [proposal.decision is Decision.AUTOMATIC for proposal in matcher.match_all(entries)]
    assert automatic == [True, False, True, True]


def test_digits_of_persons_and_places_settle_nothing():
    """Phone, PESEL, account, postal code, meter, card, day of birth."""
    digits = {
        "501234567": "501234567", "501 234 567": "501234567", "44051401359": "44051401359", "02-123": "2/123",
        "UL. DLUGA 5 02-123 WARSZAWA": "5/2/123", "LICZNIK 00123456": "123456", "5174 9900 0000 4540": "4540",
        "UR. 15/06/1985": "15/06/1985", "PACZKA 620012345678": "620012345678",
    }  # fmt: skip
    for title, number in digits.items():
        assert decided(title, alone(number)).decision is not Decision.AUTOMATIC, title
