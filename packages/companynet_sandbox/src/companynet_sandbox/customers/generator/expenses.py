"""Money that goes out: suppliers, sent payments, authorities, wages, cards, fees.

Codes and labels are the bank's (L-209, L-242).
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from companynet_sandbox.accounts.posting import Posting
from companynet_sandbox.customers.generator import titles
from companynet_sandbox.customers.generator.desk import Desk, Made
from companynet_sandbox.customers.generator.identifiers import random_account, tax_account, zus_account
from companynet_sandbox.customers.generator.parties import person_name
from companynet_sandbox.customers.generator.receipts import interest

#: A number of a card that no bank gives out: the rest is chance.
_CARD: Final = "517499"
_SHOPS: Final = ("STACJA PALIW NIBYLAS", "SKLEP ZMYSLIN", "HOTEL PROBKOWO", "PARKING WZORCOWICE")
_FEES: Final = (("824", 250), ("824", 250), ("824", 250), ("30", 1500), ("794", 3500), ("839", 1000), ("843", 4900))


def supplier(desk: Desk) -> Iterator[Made]:
    """A supplier's invoice, paid with its number as title as a program writes it, or as a person does."""
    invoice = desk.payable(desk.party())
    title = invoice.number if desk.chance.random() < 0.5 else titles.one(desk.chance, invoice)
    posting = desk.outgoing(desk.printed(invoice.party), invoice.party.accounts[0], invoice.amount, title)
    yield Made(posting, "supplier", ((invoice, invoice.amount),))


def supplier_split(desk: Desk) -> Iterator[Made]:
    """A supplier's invoice as a split payment."""
    party = desk.party()
    while not party.nip:
        party = desk.party()
    invoice = desk.payable(party)
    title = titles.split_payment(desk.chance, invoice, party.nip)
    posting = desk.outgoing(desk.printed(party), party.accounts[0], invoice.amount, title)
    yield Made(posting, "supplier_split", ((invoice, invoice.amount),))


def sent(desk: Desk) -> Iterator[Made]:
    """A payment the owner sent, with its reference."""
    invoice = desk.payment(desk.party())
    posting = desk.outgoing(
        desk.printed(invoice.party),
        invoice.party.accounts[0],
        invoice.amount,
        titles.without_number(desk.chance),
        reference=invoice.number,
    )
    yield Made(posting, "sent", ((invoice, invoice.amount),))


def zus(desk: Desk) -> Iterator[Made]:
    """Contributions to ZUS."""
    account = zus_account(desk.owner_nip)
    title = f"składki za {_month(desk)}"
    payee = "Zakład Ubezpieczeń Społecznych"
    yield Made(desk.outgoing(payee, account, desk.amount(300, 30_000), title, code="945"), "zus")


def tax(desk: Desk) -> Iterator[Made]:
    """A payment to the tax office, with the fields of one."""
    form, kind = desk.chance.choice((("VAT7", "VAT"), ("PIT4R", "PIT"), ("CIT8", "CIT"), ("VAT7K", "VAT")))
    period = (desk.day.replace(day=1) - timedelta(days=1)).strftime("%yM%m")
    fields = (
        ("NA RACH.", tax_account(desk.owner_nip)),
        ("DLA", "Urząd Skarbowy w Zmyślinie"),
        ("NAZWA ZOBOW.", "Klient Wielki S.A."),
        ("ID UZUP.", f"N {desk.owner_nip}"),
        ("SYMBOL FORM.", form),
        ("OKRES", period),
        ("ID ZOBOW.", kind),
    )
    yield Made(Posting(desk.account, -desk.amount(100, 60_000), "946", fields, booked=desk.day), "tax")


def wages(desk: Desk) -> Iterator[Made]:
    """Somebody's wages."""
    title = titles.slips(desk.chance, f"wynagrodzenie za {_month(desk)}")
    account = random_account(desk.chance)
    yield Made(desk.outgoing(person_name(desk.chance), account, desk.amount(3_000, 14_000), title), "wages")


def card(desk: Desk) -> Iterator[Made]:
    """A purchase by card; the number in full or with its middle hidden. Code and heading are made up.  # L-240"""
    number = f"{_CARD}{desk.chance.randrange(10**10):010d}"
    shown = number if desk.chance.random() < 0.5 else f"{number[:4]}********{number[-4:]}"
    posting = Posting(
        desk.account,
        -desk.amount(5, 900),
        "696",
        (("NR KARTY", shown), ("TYT.", desk.chance.choice(_SHOPS))),
        "ZAKUP PRZY UZYCIU KARTY",
        booked=desk.day,
        type="NTRF",
        code_name="ZAKUP PRZY UZYCIU KARTY",
        customer_reference=shown,
        bank_reference=f"CC{number[:14]}",  # L-108
    )
    yield Made(posting, "card")


def fee(desk: Desk) -> Iterator[Made]:
    """A fee of the bank, or interest it takes."""
    if desk.chance.random() < 0.05:
        yield Made(interest(desk, -1), "interest")
        return
    code, amount = desk.chance.choice(_FEES)
    yield Made(Posting(desk.account, -amount, code, booked=desk.day), "fee")


def abroad(desk: Desk) -> Iterator[Made]:
    """A transfer abroad with the bank's charge, or an exchange."""
    if desk.chance.random() < 0.4:
        rate, amount = desk.chance.randrange(41_000, 44_000), desk.amount(100, 5_000)
        fields: tuple[tuple[str, str], ...] = (
            ("NR", f"{desk.chance.randrange(10**8):08d}"),
            ("WALUTA", "EUR"),
            ("KWOTA", f"{amount // 100}.{amount % 100:02d}"),
            ("KURS", f"{rate // 10_000}.{rate % 10_000:04d}"),
        )
        posting = Posting(desk.account, -(amount * rate // 10_000), "306", fields, booked=desk.day)
        yield Made(posting, "exchange")
        return
    fields = (
        ("NA RACH.", "DE89370400440532013000"),
        ("PROW. ZAGR.", "12.00"),
        ("DLA", "MUSTERWARE BEISPIEL GMBH"),
        ("TYT.", f"Invoice {desk.chance.randrange(2024, 2027)}-{desk.chance.randrange(10**4)}"),
    )
    yield Made(Posting(desk.account, -desk.amount(200, 9_000), "981", fields, booked=desk.day), "abroad")


def _month(desk: Desk) -> str:
    last = desk.day.replace(day=1) - timedelta(days=1)
    return desk.chance.choice((f"{titles.MONTHS[last.month - 1]} {last.year}", f"{last:%m/%Y}", f"{last:%m.%Y}"))


#: What goes out, and how often beside :data:`~companynet_sandbox.customers.generator.receipts.RECEIPTS`.
EXPENSES: Final[dict[Callable[[Desk], Iterator[Made]], int]] = {
    supplier: 90,
    supplier_split: 25,
    sent: 40,
    zus: 4,
    tax: 4,
    wages: 25,
    card: 20,
    fee: 30,
    abroad: 6,
}
