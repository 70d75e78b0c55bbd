"""Titles as people write them: an invoice's number in all its forms, with slips of the pen."""

import re
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Final

from companynet_sandbox.books.numbers import from_minor
from companynet_sandbox.customers.generator.invoices import Invoice

#: ``{number}`` as printed, ``{n}`` the bare serial, ``{tail}`` what follows it, ``{blank}`` the number with blanks
#: for its signs, ``{short}`` serial and tail with the year in two digits, ``{day}`` and ``{dd}`` its date,
#: ``{order}`` an order's number, ``{client}`` a client's.
ONE: Final = (
    "ZAPLATA ZA FV {n}{tail}",
    "{number}",
    "faktura nr {number}",
    "Zapłata za fakturę nr {number}",
    "FV {n}{tail}",
    "FV{n}{tail}",
    "FA {number} z dnia {day}",
    "za f-rę {short}",
    "F-RA {n}{tail} z dn. {dd}",
    "fakt. VAT nr: {number}",
    "zapł. fakt {blank}",
    "Płatność za zamówienie {order}, faktura {number}",
    "{order} FV {n}{tail}",
    "Faktura VAT {number}; klient {client}",
    "FVAT/{n}{tail}",
    "FV:{number}",
    "rachunek {number} dziękujemy",
    "przelew za towar wg faktury {number} termin 14 dni",
    "invoice {number}",
    "FV. {n}{tail} / {client}",
    "Zapłata FS {n}",
    "faktura {n}",
    "nr faktury {number} nr klienta {client}",
    "ZAPLATA FAKTURY SPRZEDAZY NUMER {number} ZGODNIE Z UMOWA RAMOWA NR 12/2024 Z PÓŹNIEJSZYMI ANEKSAMI",
)
SEVERAL: Final = (
    "{prefix}{serials}{tail}",
    "za f-ry {serials}{tail}",
    "faktury {numbers}",
    "Zapłata za FV {numbers}",
    "FV {blank_list}",
    "{numbers}",
    "f-ry nr {numbers} razem {total} zł",
)
PART: Final = (
    "część zapłaty za FV {number}",
    "I rata faktura {number}",
    "zaliczka na poczet FV {n}{tail}",
    "częściowa płatność {number}",
    "na poczet faktury {number}, reszta później",
)
REST: Final = (
    "dopłata do faktury {number}",
    "II rata faktura {number}",
    "reszta za FV {n}{tail}",
    "pozostała część {number}",
)
NO_NUMBER: Final = (
    "zapłata zgodnie z umową",
    "przelew",
    "płatność",
    "za usługi",
    "rozliczenie",
    "wg ustaleń",
    "zapłata za towar",
    "opłata",
    "należność za ostatni miesiąc",
)
ADVANCE: Final = (
    "zaliczka do zamówienia {order}",
    "zaliczka 30% zam. {order}",
    "przedpłata {order}",
    "zaliczka na poczet przyszłych dostaw",
)
#: The month in which a rent is paid, in words.
MONTHS: Final = (
    "styczeń", "luty", "marzec", "kwiecień", "maj", "czerwiec", "lipiec", "sierpień", "wrzesień", "październik",
    "listopad", "grudzień",
)  # fmt: skip
_PLAIN: Final = str.maketrans("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "acelnoszzACELNOSZZ")
_SHORT_YEAR: Final = re.compile(r"/20(?=\d\d)")
_LIMIT: Final = 140  # L-243


def one(chance: Random, invoice: Invoice) -> str:
    """A title that names one invoice."""
    return slips(chance, chance.choice(ONE).format_map(_values(chance, invoice)))


def part(chance: Random, invoice: Invoice, *, first: bool) -> str:
    """A title of the first part, or of the rest."""
    return slips(chance, chance.choice(PART if first else REST).format_map(_values(chance, invoice)))


def several(chance: Random, invoices: Sequence[Invoice]) -> str:
    """A title that names several invoices: bare serials where the tail is the same, whole numbers else."""
    form = chance.choice(SEVERAL)
    same_tail = len({invoice.tail for invoice in invoices}) == 1
    serials = [str(invoice.serial) for invoice in invoices]
    following = [invoice.serial for invoice in invoices] == list(
        range(invoices[0].serial, invoices[0].serial + len(invoices))
    )
    if following and len(invoices) > 2 and chance.random() < 0.4:
        listed = f"{serials[0]}-{serials[-1]}"
    elif chance.random() < 0.6:
        listed = f"{','.join(serials[:-1])} i {serials[-1]}"
    else:
        listed = chance.choice((",", ", ", "+", "; ")).join(serials)
    if "{serials}" in form and not same_tail:
        form = "faktury {numbers}"
    numbers = [invoice.number for invoice in invoices]
    text = form.format(
        prefix=chance.choice(("FV", "FV ", "fakt. ", "")),
        serials=listed,
        tail=invoices[0].tail if chance.random() < 0.6 else "",
        numbers=chance.choice((", ", " ", "+", " i ")).join(numbers),
        blank_list=" ".join(f"{invoice.serial}{invoice.tail}" for invoice in invoices),
        total=from_minor(sum(invoice.amount for invoice in invoices)).replace(".", ","),
    )
    return slips(chance, text)


def by_ksef(chance: Random, invoice: Invoice) -> str:
    """A title with the KSeF number, alone or beside the invoice's own."""
    return chance.choice(("{ksef}", "KSeF {ksef}", "FV {number} KSEF {ksef}", "nr ksef: {ksef}")).format(
        ksef=invoice.ksef, number=invoice.number
    )


def split_payment(chance: Random, invoice: Invoice, seller_nip: str) -> str:
    """The title of a split payment; the number's ``/`` is ``-`` in it.  # S-252"""
    vat = from_minor(round(invoice.amount * 23 / 123)).replace(".", ",")
    number = invoice.number.replace("/", "-")[:35]
    text = f"/VAT/{vat}/IDC/{seller_nip}/INV/{number}"
    return text + chance.choice(("", "/TXT/zapłata", f"/TXT/{invoice.day:%d.%m.%Y}"))


def rent(chance: Random, day: date) -> str:
    """Rent for a month, without any number."""
    month = MONTHS[day.month - 1]
    return slips(
        chance, chance.choice(("czynsz za {m}", "Czynsz {m} {y}", "najem {m}", "czynsz za m-c {m} {y}, lokal {l}"))
        .format(m=month, y=day.year, l=chance.randrange(1, 60))
    )  # fmt: skip


def advance(chance: Random) -> str:
    """An advance for an order, of which no invoice exists yet."""
    return slips(chance, chance.choice(ADVANCE).format(order=_order(chance)))


def without_number(chance: Random) -> str:
    """A title that says nothing."""
    return slips(chance, chance.choice(NO_NUMBER))


def slips(chance: Random, text: str) -> str:
    """What happens to a title on its way: no Polish letters, two letters swapped, blanks gone or doubled, O for 0."""
    drawn = chance.random()
    if drawn < 0.45:
        text = text.translate(_PLAIN)
    elif drawn < 0.47:  # a program with the wrong code page
        text = re.sub("[ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]", "?", text)
    drawn = chance.random()
    if drawn < 0.03:
        text = _swapped(chance, text)
    elif drawn < 0.05:
        text = text.replace(" ", "")
    elif drawn < 0.06:
        text = text.replace("/0", "/O", 1)
    elif drawn < 0.08:
        text = text.replace("/", " / ")
    elif drawn < 0.10:
        text = text.replace("/", "-")
    elif drawn < 0.11:
        text = text.replace("/", "\\")
    return text[:_LIMIT]


def _swapped(chance: Random, text: str) -> str:
    # In one of ten the slip is in the number.
    kind = r"\d{3,}" if chance.random() < 0.1 else r"[^\W\d_]{4,}"
    places = list(re.finditer(kind, text))
    if not places:
        return text
    match = chance.choice(places)
    at = chance.randrange(match.start(), match.end() - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _order(chance: Random) -> str:
    return chance.choice(("ZAM/{y}/{n}", "zam. {n}", "ZO {n}/{y}", "PO-{n}")).format(
        n=chance.randrange(100, 99999), y=chance.randrange(2024, 2027)
    )


def _values(chance: Random, invoice: Invoice) -> dict[str, object]:
    return {
        "number": invoice.number,
        "n": invoice.serial,
        "tail": invoice.tail,
        "blank": re.sub(r"[/_-]", " ", invoice.number),
        "short": f"{invoice.serial}{_SHORT_YEAR.sub('/', invoice.tail)}",
        "day": f"{invoice.day:%d.%m.%Y}",
        "dd": f"{invoice.day:%d.%m}",
        "order": _order(chance),
        "client": f"{chance.randrange(10**6):06d}",
    }
