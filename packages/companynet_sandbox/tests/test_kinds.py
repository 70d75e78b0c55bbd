"""Kinds of orders: what selects them, how they are booked, what they cost."""

import datetime as dt

import pytest

from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.bank.kinds import KINDS
from companynet_sandbox.customers.demo_data import ALFA_EUR, ALFA_PLN, BETA_PLN, DIK_ALFA, DIK_BETA, make_nrb
from companynet_sandbox.formats import tax
from companynet_sandbox.formats.split_payment import read_title
from companynet_sandbox.testing.client import Transfer, order_file
from companynet_sandbox.testing.room import Room

OUTSIDE = make_nrb("10201026", "0000000000000042")
OTHER_MBANK = make_nrb("11402004", "0000000000000042")
TAX = make_nrb("10100071", "2222525244576700")
TAX_OFFICE = make_nrb("10101010", "0000000000000001")
ZUS = make_nrb("60000002", "0260015252445767")
GERMAN = "DE89370400440532013000"
ALFA_OTHER = make_nrb("11401010", "0000525244001003")
ALFA_VAT = make_nrb("11401010", "0000525244001009")
BETA_VAT = make_nrb("11401081", "0000676246001009")
BETA_EUR = make_nrb("11401081", "0000676246001002")
DAY = dt.date(2026, 3, 4)
TAX_TITLE = "/TI/N5252445767/OKR/25M08/SFP/VAT7/TXT/"
SPLIT = "/VAT/23,00/IDC/5252445767/INV/FV-1-2026/TXT/towar"

#: Each kind with an order of it, and the code it is booked with.
SELECTED = [
    ("internal", Transfer("X"), "970"),
    ("internal", Transfer("X", payee=OTHER_MBANK), "970"),
    ("own", Transfer("X", payee=ALFA_OTHER), "973"),
    ("elixir", Transfer("X", payee=OUTSIDE), "944"),
    ("elixir", Transfer("X", "999999.99", OUTSIDE), "944"),
    ("elixir", Transfer("X", payee=TAX_OFFICE), "944"),
    ("sorbnet", Transfer("X", "1000000.00", OUTSIDE), "947"),
    ("sorbnet", Transfer("X", payee=OUTSIDE, instrument="SORBNET"), "947"),
    ("sorbnet", Transfer("X", payee=OUTSIDE, service_level="URGP"), "947"),
    ("sorbnet", Transfer("X", payee=OUTSIDE, priority="HIGH"), "947"),
    ("express_elixir", Transfer("X", payee=OUTSIDE, instrument="Express Elixir"), "944"),
    ("bluecash", Transfer("X", payee=OUTSIDE, instrument="BLUECASH"), "944"),
    ("tax", Transfer("X", payee=TAX), "946"),
    ("tax", Transfer("X", payee=TAX_OFFICE, title=TAX_TITLE), "946"),
    ("zus", Transfer("X", payee=ZUS), "945"),
]
SELECTED_EUR = [
    ("sepa", Transfer("X", payee=GERMAN, currency="EUR", service_level="SEPA"), "983"),
    ("euro_ekspres", Transfer("X", payee=GERMAN, currency="EUR", service_level="URGP"), "990"),
    ("euro_ekspres", Transfer("X", payee=OUTSIDE, currency="EUR", instrument="EUROEKSPRES"), "990"),
    ("foreign", Transfer("X", payee=GERMAN, currency="EUR"), "981"),
    ("foreign", Transfer("X", payee=OUTSIDE, currency="EUR"), "981"),
    ("internal_currency", Transfer("X", payee=BETA_EUR, currency="EUR"), "970"),
]


@pytest.fixture(autouse=True)
def accounts(room: Room) -> None:
    """More accounts than the demonstration has, and enough money."""
    open_account(room, ALFA_OTHER, DIK_ALFA)
    open_account(room, BETA_EUR, DIK_BETA, currency="EUR")
    room.execute("UPDATE accounts SET opening = 500000000 WHERE nrb = ?", ALFA_PLN)


def open_account(room: Room, number: str, dik: str, *, currency: str = "PLN", opening: int = 0, of: str = "") -> None:
    room.execute(
        "INSERT INTO accounts (nrb, dik, currency, opening) VALUES (?, ?, ?, ?)", number, dik, currency, opening
    )
    if of:
        room.execute("UPDATE accounts SET vat_account = ? WHERE nrb = ?", number, of)


def fees_on(room: Room) -> None:
    room.execute("UPDATE settings SET value = 'true' WHERE name = 'fees'")


def balance(room: Room, account: str) -> int:
    query = "SELECT opening + coalesce((SELECT sum(amount) FROM entries WHERE account = nrb), 0) FROM accounts"
    return int(room.rows(f"{query} WHERE nrb = ?", account)[0][0])


def errors(room: Room, transfer: Transfer, debtor: str = ALFA_PLN) -> list[str]:
    return room.send_orders("C1", order_file("M1", transfer, debtor=debtor, day=DAY)).texts("code")


@pytest.mark.parametrize(
    ("kind", "transfer", "code", "debtor"),
    [(*case, ALFA_PLN) for case in SELECTED] + [(*case, ALFA_EUR) for case in SELECTED_EUR],
)
def test_what_selects_a_kind(room: Room, kind: str, transfer: Transfer, code: str, debtor: str) -> None:
    """The order is of that kind, is carried out, and its entry has that kind's code."""
    room.pay(order_file("M1", transfer, debtor=debtor, day=DAY))
    assert room.rows("SELECT kind FROM orders")[0]["kind"] == kind
    room.run("2026-03-31 12:00")
    assert room.status() == "REALIZED"
    assert [row["code"] for row in room.entries(debtor)] == [code] == [KINDS[kind].code]


def test_every_kind_is_selected_by_something() -> None:
    """The table above leaves none out."""
    assert {kind for kind, _transfer, _code in SELECTED + SELECTED_EUR} == set(KINDS)


def test_codes_of_the_block_hold_for_its_transfers(room: Room) -> None:
    """PmtTpInf of PmtInf, unless a transfer has its own."""
    data = order_file(
        "M1", Transfer("X", payee=OUTSIDE), Transfer("Y", payee=OUTSIDE, instrument="BLUECASH"), day=DAY
    )
    block = b"<PmtMtd>TRF</PmtMtd>"
    data = data.replace(block, block + b"<PmtTpInf><LclInstrm><Cd>SORBNET</Cd></LclInstrm></PmtTpInf>")
    room.pay(data)
    assert [row["kind"] for row in room.rows("SELECT kind FROM orders ORDER BY id")] == ["sorbnet", "bluecash"]


def test_the_new_form_of_order_files_is_read(room: Room) -> None:
    """pain.001.001.09, whose day is one element deeper."""
    data = order_file("M1", Transfer("X", payee=OUTSIDE), day=DAY).replace(b"pain.001.001.03", b"pain.001.001.09")
    day = b"<ReqdExctnDt>2026-03-04</ReqdExctnDt>"
    assert day in data
    room.pay(data.replace(day, b"<ReqdExctnDt><Dt>2026-03-04</Dt></ReqdExctnDt>").replace(b"BIC>", b"BICFI>"))
    assert room.rows("SELECT execution_date FROM orders")[0]["execution_date"] == "2026-03-04"


def test_elements_of_a_strange_namespace_are_refused(room: Room) -> None:
    """An amount that is not of the form must not be taken for one that is."""
    data = order_file("M1", Transfer("X"), day=DAY).replace(b"<RmtInf>", b'<RmtInf xmlns="urn:strange">')
    with pytest.raises(Refusal, match="not of the document's namespace"):
        room.send_orders("C1", data)


def test_both_legs_of_an_internal_order_share_a_stem(room: Room) -> None:
    """970 at the payer's, 971 at the payee's; between own accounts 973 on both."""
    room.pay(order_file("M1", Transfer("X"), Transfer("Y", payee=ALFA_OTHER), day=DAY))
    room.run("2026-03-04 09:00")
    first, own = room.entries(ALFA_PLN)
    (into,) = room.entries(BETA_PLN)
    (own_into,) = room.entries(ALFA_OTHER)
    assert (first["code"], into["code"]) == ("970", "971")
    assert (own["code"], own_into["code"]) == ("973", "973")
    for one, other in ((first, into), (own, own_into)):
        assert one["tnr"].split(".")[0] == other["tnr"].split(".")[0]
        assert one["tnr"] != other["tnr"]
        assert one["amount"] == -other["amount"]


def test_an_internal_order_in_another_currency_is_denied(room: Room) -> None:
    """Nobody exchanges here."""
    room.pay(order_file("M1", Transfer("X", payee=BETA_PLN, currency="EUR"), debtor=ALFA_EUR, day=DAY))
    room.run("2026-03-04 09:00")
    assert room.status() == "DENIED"


@pytest.mark.parametrize(
    ("code", "transfer"),
    [
        ("INSTANT_TAX", Transfer("X", payee=TAX, instrument="EXPRESSELIXIR")),
        ("INSTANT_TAX", Transfer("X", payee=ZUS, instrument="BLUECASH")),
        ("RTGS_TAX", Transfer("X", payee=TAX, instrument="SORBNET")),
        ("RTGS_TAX", Transfer("X", payee=ZUS, instrument="SORBNET")),
        ("INSTANT_LIMIT", Transfer("X", "100000.01", OUTSIDE, instrument="EXPRESSELIXIR")),
        ("INSTANT_LIMIT", Transfer("X", "20000.01", OUTSIDE, instrument="BLUECASH")),
        ("SPLIT_PAYMENT", Transfer("X", payee=TAX, title=SPLIT)),
        ("SPLIT_PAYMENT", Transfer("X", "22.99", OUTSIDE, title=SPLIT)),
        ("SPLIT_PAYMENT", Transfer("X", payee=OUTSIDE, title=SPLIT.replace(",", "."))),
        ("SPLIT_PAYMENT", Transfer("X", payee=OUTSIDE, title=SPLIT.replace("FV-1-2026", "FV/1/2026"))),
        ("SPLIT_PAYMENT", Transfer("X", payee=OUTSIDE, title="/VAT/23,00/INV/FV-1/TXT/x")),
        ("SPLIT_PAYMENT", Transfer("X", payee=OUTSIDE, title=SPLIT + "x" * 34)),
    ],
)
def test_what_breaks_the_rules_of_its_kind_is_told(room: Room, code: str, transfer: Transfer) -> None:
    """With the result of the file, and nothing is taken."""
    assert errors(room, transfer) == [code]
    assert room.rows("SELECT * FROM orders") == []


def test_rules_of_orders_in_euro(room: Room) -> None:
    """A split payment is in PLN; a SEPA transfer's charges are shared."""
    assert errors(room, Transfer("X", payee=GERMAN, currency="EUR", title=SPLIT), ALFA_EUR) == ["SPLIT_PAYMENT"]
    sepa = Transfer("X", payee=GERMAN, currency="EUR", service_level="SEPA", charge_bearer="DEBT")
    assert errors(room, sepa, ALFA_EUR) == ["CHARGE_BEARER"]


def test_the_limits_themselves_are_taken(room: Room) -> None:
    """Exactly as much as the limit is not more than it."""
    room.pay(
        order_file(
            "M1",
            Transfer("A", "100000.00", OUTSIDE, instrument="EXPRESSELIXIR"),
            Transfer("B", "20000.00", OUTSIDE, instrument="BLUECASH"),
            Transfer("C", "23.00", OUTSIDE, title=SPLIT),
            day=DAY,
        )
    )


def test_a_tax_payment_is_told_by_its_labels(room: Room) -> None:
    """Identity, period, form and text of the title become the labels of :86:."""
    room.pay(order_file("M1", Transfer("X", payee=TAX, title=TAX_TITLE + "ROZL"), day=DAY))
    room.run("2026-03-04 12:00")
    information = room.entries(ALFA_PLN)[0]["information"]
    assert "; ID UZUP.: N 5252445767; SYMBOL FORM.: VAT7; OKRES: 25M08; ID ZOBOW.: ROZL; " in information
    assert "TYT." not in information


def test_a_tax_block_tells_the_same(room: Room) -> None:
    """The Tax element of a transfer in place of a title."""
    block = (
        "<Tax><Dbtr><TaxId>N5252445767</TaxId><RegnId>Alfa</RegnId></Dbtr><RefNb>D1</RefNb><Rcrd><FrmsCd>PIT4</FrmsCd>"
        "<Prd><Yr>2025-01-01</Yr><Tp>MM08</Tp></Prd></Rcrd></Tax>"
    )
    room.pay(order_file("M1", Transfer("X", payee=TAX, tax=block, title="podatek"), day=DAY))
    room.run("2026-03-04 12:00")
    information = room.entries(ALFA_PLN)[0]["information"]
    told = "NAZWA ZOBOW.: ALFA; ID UZUP.: N 5252445767; SYMBOL FORM.: PIT4; OKRES: 25M08; ID ZOBOW.: D1;"
    assert told in information


def test_a_title_that_is_none_of_a_tax_gives_no_labels() -> None:
    """A slash alone makes no form."""
    assert tax.from_title("/TI/N1") == ()
    assert tax.from_title("podatek VAT7 25M08") == ()


def test_a_split_payment_takes_its_vat_from_the_vat_account(room: Room) -> None:
    """VAT account to settlement account first, then the whole out; the settlement account lost the net only."""
    open_account(room, ALFA_VAT, DIK_ALFA, opening=10_000, of=ALFA_PLN)
    before = balance(room, ALFA_PLN)
    room.pay(order_file("M1", Transfer("X", "123.00", OUTSIDE, title=SPLIT), day=DAY))
    room.run("2026-03-04 12:00")
    (vat,) = room.entries(ALFA_VAT)
    into, out = room.entries(ALFA_PLN)
    assert (vat["amount"], into["amount"], out["amount"]) == (-2300, 2300, -12300)
    assert vat["tnr"].split(".")[0] == into["tnr"].split(".")[0] != out["tnr"].split(".")[0]
    assert vat["id"] < into["id"] < out["id"]
    assert balance(room, ALFA_PLN) == before - 10_000
    assert balance(room, ALFA_VAT) == 7_700


@pytest.mark.parametrize(("there", "taken"), [(None, 0), (0, 0), (1_000, 1_000), (2_300, 2_300)])
def test_what_the_vat_account_lacks_the_settlement_account_pays(room: Room, there: int | None, taken: int) -> None:
    """Also if there is none: the payee gets the whole in any case."""
    if there is not None:
        open_account(room, ALFA_VAT, DIK_ALFA, opening=there, of=ALFA_PLN)
    before = balance(room, ALFA_PLN)
    room.pay(order_file("M1", Transfer("X", "123.00", OUTSIDE, title=SPLIT), day=DAY))
    room.run("2026-03-04 12:00")
    assert room.entries(ALFA_PLN)[-1]["amount"] == -12300
    assert balance(room, ALFA_PLN) == before - 12300 + taken


def test_the_vat_part_counts_as_funds(room: Room) -> None:
    """100 on the settlement account and 23 on the VAT account pay 123 by a split payment, not otherwise."""
    open_account(room, ALFA_VAT, DIK_ALFA, opening=2_300, of=ALFA_PLN)
    room.execute("UPDATE accounts SET opening = 10000 WHERE nrb = ?", ALFA_PLN)
    room.pay(
        order_file("M1", Transfer("X", "123.00", OUTSIDE), Transfer("Y", "123.00", OUTSIDE, title=SPLIT), day=DAY)
    )
    room.run("2026-03-04 12:00")
    assert (room.status("X"), room.status("Y")) == ("DENIED", "REALIZED")
    assert balance(room, ALFA_PLN) == balance(room, ALFA_VAT) == 0


def test_a_split_payment_in_the_house_reaches_the_payees_vat_account(room: Room) -> None:
    """The whole comes in on the settlement account, and the VAT part goes on to the VAT account."""
    open_account(room, BETA_VAT, DIK_BETA, of=BETA_PLN)
    room.pay(order_file("M1", Transfer("X", "123.00", title=SPLIT), day=DAY))
    room.run("2026-03-04 12:00")
    assert [row["amount"] for row in room.entries(BETA_PLN)] == [12300, -2300]
    assert [row["amount"] for row in room.entries(BETA_VAT)] == [2300]


def test_a_returned_split_payment_fills_the_vat_account_again(room: Room) -> None:
    """Both balances are what they were."""
    open_account(room, ALFA_VAT, DIK_ALFA, opening=10_000, of=ALFA_PLN)
    room.execute("INSERT INTO counterparties VALUES (?, 'return', 'X')", OUTSIDE)
    before = balance(room, ALFA_PLN)
    room.pay(order_file("M1", Transfer("X", "123.00", OUTSIDE, title=SPLIT), day=DAY))
    room.run("2026-03-31 12:00")
    assert (balance(room, ALFA_PLN), balance(room, ALFA_VAT)) == (before, 10_000)


def test_a_vat_account_pays_no_orders(room: Room) -> None:
    """Its money is for VAT."""
    open_account(room, ALFA_VAT, DIK_ALFA, opening=10_000, of=ALFA_PLN)
    assert errors(room, Transfer("X", payee=OUTSIDE), ALFA_VAT) == ["DEBTOR_ACCOUNT"]


def test_the_parts_of_a_split_title() -> None:
    """Amount in grosze, tax number, invoice, text; the text may be absent."""
    title = read_title(SPLIT)
    assert (title.vat, title.identity, title.invoice, title.text) == (2300, "5252445767", "FV-1-2026", "towar")
    assert read_title(SPLIT.split("/TXT/", maxsplit=1)[0]).text == ""


@pytest.mark.parametrize(
    ("transfer", "debtor", "fees"),
    [
        (Transfer("X"), ALFA_PLN, []),
        (Transfer("X", payee=OUTSIDE), ALFA_PLN, [("824", -250)]),
        (Transfer("X", payee=OUTSIDE, instrument="SORBNET"), ALFA_PLN, [("30", -3500)]),
        (Transfer("X", payee=OUTSIDE, instrument="BLUECASH"), ALFA_PLN, [("30", -1000)]),
        (Transfer("X", payee=GERMAN, currency="EUR", service_level="SEPA"), ALFA_EUR, [("30", -500)]),
        (Transfer("X", payee=GERMAN, currency="EUR", charge_bearer="SHAR"), ALFA_EUR, [("30", -4000)]),
        (Transfer("X", payee=GERMAN, currency="EUR", charge_bearer="DEBT"), ALFA_EUR, [("30", -13000)]),
        (Transfer("X", payee=GERMAN, currency="EUR", charge_bearer="CRED"), ALFA_EUR, []),
    ],
)
def test_an_orders_fee_is_an_entry_of_its_own(
    room: Room, transfer: Transfer, debtor: str, fees: list[tuple[str, int]]
) -> None:
    """On the payer's account and the order's stem; what it is depends on the way and on who bears the charges."""
    fees_on(room)
    room.pay(order_file("M1", transfer, debtor=debtor, day=DAY))
    room.run("2026-03-10 12:00")
    out, *charged = room.entries(debtor)
    assert [(row["code"], row["amount"]) for row in charged] == fees
    assert all(row["tnr"].split(".")[0] == out["tnr"].split(".")[0] for row in charged)
    if fees and debtor == ALFA_EUR:
        assert f"PROW. ZAGR.: {-fees[0][1] / 100:.2f}" in out["information"]


def test_the_fee_must_be_there_too(room: Room) -> None:
    """The last grosz for the transfer leaves none for its fee."""
    fees_on(room)
    room.execute("UPDATE accounts SET opening = 10249 WHERE nrb = ?", ALFA_PLN)
    room.pay(order_file("M1", Transfer("X", payee=OUTSIDE), day=DAY))
    room.run("2026-03-04 12:00")
    assert room.status() == "DENIED"
