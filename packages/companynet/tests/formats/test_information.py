"""mBank's text of an entry: labels, titles, details."""

import pytest

from companynet.formats.information import read_information
from companynet.formats.title import crc8, find_ksef, read_title

TNR = "TNR: 211940197059371.390001"
KSEF = "5265877635-20250826-0100001AF629-AF"


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title])
def test_letter_case_of_labels_does_not_count(change) -> None:  # type: ignore[no-untyped-def]
    info = read_information(change("824 x; z rach.: 61109010140000071219812874; rodzaj składki: a; " + TNR))
    assert info.counterparty_account == "61109010140000071219812874"
    assert info.details["zus_contribution"].lower() == "a"
    assert info.transaction_number == "211940197059371.390001"


def test_a_payer_cannot_speak_for_the_bank_in_a_title() -> None:
    """The last TNR and the first account are the bank's; what a title says stays in the title."""
    info = read_information(
        "770 X; Z RACH.: 61109010140000071219812874; TYT.: A; Z RACH.: 1; TNR: 000000000000000.000000; " + TNR
    )
    assert info.transaction_number == "211940197059371.390001"
    assert info.counterparty_account == "61109010140000071219812874"
    assert info.remittance == "A; Z RACH.: 1; TNR: 000000000000000.000000"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1700,48", "1700.48"),
        ("1700.48", "1700.48"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("12.3.4", "12.3.4"),
        ("NaN", "NaN"),
        ("1,2,3", "1,2,3"),
    ],
)
def test_amounts_of_details_are_plain_decimals_or_left_alone(value: str, expected: str) -> None:
    assert read_information(f"306 X; KWOTA: {value}; {TNR}").details["exchange_amount"] == expected


@pytest.mark.parametrize(("value", "expected"), [("02.01.2026", "2026-01-02"), ("31.02.2026", "31.02.2026")])
def test_dates_of_details(value: str, expected: str) -> None:
    assert read_information(f"902 X; DATA STEMPLA: {value}; {TNR}").details["stamp_date"] == expected


def test_copies_that_lost_blanks_at_line_ends_are_parted_at_known_labels() -> None:
    info = read_information("945 X; NA RACH.: 1;RODZAJ SKŁADKI:FP;NIP:5555555555; ref.Klienta: REFER;" + TNR)
    assert info.details["zus_contribution"] == "FP"
    assert info.details["zus_payer_nip"] == "5555555555"
    assert info.details["client_reference"] == "REFER"
    assert info.transaction_number == "211940197059371.390001"


@pytest.mark.parametrize("text", ["", "944", "; ; ;", "TNR:", "bez kodu", "944 X; TYT.:; B"])
def test_odd_texts_are_read_without_fail(text: str) -> None:
    read_information(text)


def test_split_payment_titles() -> None:
    assert read_title("/VAT/230,00/IDC/5265877635/INV/FS-77-2025/TXT/ABC") == {
        "vat_amount": "230.00",
        "seller_tax_id": "5265877635",
        "invoice_number": "FS-77-2025",
        "text": "ABC",
    }
    assert read_title(f"/VAT/1,00/IDC/5265877635/INV/{KSEF}")["ksef"] == KSEF
    assert read_title("/VAT/1,0/IDC/1/INV/2") == {}


def test_a_ksef_number_counts_only_with_its_checksum() -> None:
    assert f"{crc8(KSEF[:32].encode()):02X}" == "AF"
    assert find_ksef(f"zapłata {KSEF.lower()}, dziękuję") == KSEF
    assert find_ksef(KSEF[:-1] + "E") is None
    assert find_ksef("9" + KSEF) is None
