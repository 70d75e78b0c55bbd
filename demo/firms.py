"""Who takes part in the demonstration: firms, their customers and suppliers, their people. All of it is made up.

Numbers carry right check digits (NIP, NRB), so that every check of the product runs on them.
"""

from dataclasses import dataclass
from decimal import Decimal

from stdnum.pl import nip as nip_module

PASSWORD = "Demo-2026-mbank"  # noqa: S105 - of the demonstration only, printed at its end


def nip(stem: str) -> str:
    """A NIP of nine digits and its check digit."""
    digit = nip_module.checksum(stem + "0")
    if digit == 10:
        raise ValueError(f"no NIP begins with {stem}")
    return f"{stem}{digit}"


def nrb(sort_code: str, client: str) -> str:
    """A Polish account number of 26 digits: check digits, 8 of the sort code, 16 of the client."""
    rest = sort_code + client
    return f"{98 - int(rest + '252100') % 97:02d}{rest}"


@dataclass(frozen=True)
class Counterparty:
    """A customer or a supplier."""

    name: str
    street: str
    postal_code: str
    city: str
    nip: str
    account: str


@dataclass(frozen=True)
class Company:
    """A head office („centrala”)."""

    name: str
    short: str
    street: str
    postal_code: str
    city: str
    nip: str
    dik: str
    """The number the bank gave it; put on the company's card after the installation."""


@dataclass(frozen=True)
class Person:
    """A user of the ERP."""

    login: str
    name: str
    groups: tuple[str, ...]
    """XML ids of rights that are there before the plugin is."""

    role: str


@dataclass(frozen=True)
class Firm:
    """One database."""

    database: str
    companies: tuple[Company, ...]
    customers: tuple[Counterparty, ...]
    suppliers: tuple[Counterparty, ...]
    people: tuple[Person, ...]
    seed: int
    """Of the amounts and dates of its invoices."""


_BANKS = ("10201026", "10901014", "11602202", "12401037", "16001127", "19401076", "24901044", "10501025")

_CUSTOMERS = (
    ("Hurtownia Budowlana KAMEX sp. z o.o.", "ul. Fabryczna 12", "90-344", "Łódź"),
    ("Przedsiębiorstwo Handlowe ŻUBR sp. j.", "ul. Białowieska 7", "15-201", "Białystok"),
    ("Drukarnia Świętokrzyska S.A.", "ul. Zagnańska 44", "25-528", "Kielce"),
    ("Gdańskie Zakłady Okrętowe sp. z o.o.", "ul. Stoczniowa 3", "80-871", "Gdańsk"),
    ("Piekarnia „U Józefa” Józef Wójcik", "ul. Rynek 5", "33-300", "Nowy Sącz"),
    ("ELEKTROMONTAŻ Śląsk sp. z o.o.", "ul. Górnicza 101", "40-748", "Katowice"),
    ("Biuro Projektowe ARKADA s.c.", "ul. Długa 18", "31-146", "Kraków"),
    ("Centrum Ogrodnicze Zielona Dolina", "ul. Leśna 2", "62-052", "Komorniki"),
    ("MEDICA Dystrybucja sp. z o.o. sp. k.", "ul. Szpitalna 21", "61-485", "Poznań"),
    ("Transport i Spedycja LOTOS-TRANS", "ul. Portowa 9", "71-614", "Szczecin"),
    ("Szkoła Językowa Albion Anna Lis", "ul. Ogrodowa 30", "20-075", "Lublin"),
    ("Meble Dąbrowscy sp. z o.o.", "ul. Stolarska 15", "63-600", "Kępno"),
)
_SUPPLIERS = (
    ("Stalprodukt Hurt S.A.", "ul. Wygoda 69", "32-700", "Bochnia"),
    ("Papiernia Myszków sp. z o.o.", "ul. Pułaskiego 6", "42-300", "Myszków"),
    ("Energia Plus Obrót sp. z o.o.", "ul. Marynarska 11", "02-674", "Warszawa"),
    ("Kancelaria Radców Prawnych Mazur i Wspólnicy", "ul. Złota 59", "00-120", "Warszawa"),
    ("Serwis IT Nowak Paweł Nowak", "ul. Krótka 4", "50-062", "Wrocław"),
    ("Opakowania Łęczyca sp. z o.o.", "ul. Przemysłowa 8", "99-100", "Łęczyca"),
    ("Czysty Dom Usługi Porządkowe", "ul. Wiosenna 14", "45-083", "Opole"),
    ("Auto-Flota Leasing S.A.", "ul. Domaniewska 50", "02-672", "Warszawa"),
)


def _counterparties(rows: tuple[tuple[str, str, str, str], ...], stem: int) -> tuple[Counterparty, ...]:
    made = []
    for index, (name, street, postal_code, city) in enumerate(rows):
        number = stem + index * 1_317
        while True:
            try:
                tax_number = nip(f"{number:09d}")
                break
            except ValueError:
                number += 1
        account = nrb(_BANKS[index % len(_BANKS)], f"{number * 7919:016d}"[-16:])
        made.append(Counterparty(name, street, postal_code, city, tax_number, account))
    return tuple(made)


_BOOKS = (
    "account.group_account",
    "account_payment.group_payment",
    "account_payment.group_payment_approval",
    "account_statement.group_statement",
)

ALFA = Firm(
    database="alfa",
    companies=(
        Company(
            "Zakłady Przykładowe Alfa sp. z o.o.", "Alfa", "ul. Przykładowa 1", "00-950", "Warszawa",
            nip("525244576"), "10000001",
        ),
        Company(
            "Alfa Serwis sp. z o.o.", "Alfa Serwis", "ul. Przykładowa 1a", "00-950", "Warszawa",
            nip("525244601"), "10000002",
        ),
    ),
    customers=_counterparties(_CUSTOMERS, 725_180_313),
    suppliers=_counterparties(_SUPPLIERS, 678_310_220),
    people=(
        Person("anna", "Anna Nowak", _BOOKS, "księgowa"),
        Person("jan", "Jan Kowalski", ("account.group_account",), "prezes, ma podpis kwalifikowany"),
        Person("piotr", "Piotr Zieliński", (), "magazynier, bez uprawnień"),
    ),
    seed=1,
)  # fmt: skip

BETA = Firm(
    database="beta",
    companies=(
        Company("Beta Handel S.A.", "Beta", "ul. Wzorcowa 22", "30-001", "Kraków", nip("676246810"), "20000001"),
    ),
    customers=_counterparties(_CUSTOMERS[::-1], 813_370_214),
    suppliers=_counterparties(_SUPPLIERS[::-1], 951_220_330),
    people=(
        Person("ewa", "Ewa Wiśniewska", _BOOKS, "główna księgowa"),
        Person("tomasz", "Tomasz Lis", (), "handlowiec, bez uprawnień"),
    ),
    seed=2,
)

FIRMS = {firm.database: firm for firm in (ALFA, BETA)}

VAT = Decimal("0.23")
