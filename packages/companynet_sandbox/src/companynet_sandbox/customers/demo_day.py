"""A busy day of an account, for demonstrations: entries of all common kinds, with titles as people write them.

Codes and labels are the bank's (L-209, L-242).
:func:`demo_entries` makes what ``POST /entries`` of the control plane takes.
"""

import random
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from companynet_sandbox.books.numbers import make_nrb

_CENT: Final = Decimal("0.01")
#: Tax numbers of the demonstration: the seller's, and one for tax payments.
_SELLER_NIP: Final = "5252445767"
_TAX_ACCOUNT: Final = make_nrb("10100071", f"2222{_SELLER_NIP}00")
_ZUS_ACCOUNT: Final = make_nrb("60000002", f"026001{_SELLER_NIP}")

#: How people refer to an invoice: ``{n}`` its number, ``{s}`` with blanks in it, ``{d}`` a date.
_TITLES: Final = (
    "Zapłata za fakturę {n}",
    "FV {n}",
    "FVAT NR {n}",
    "F-ra nr {n} z dnia {d}",
    "{n}",
    "FA:{n}",
    "Faktura VAT nr: {n}, dziękujemy za współpracę",
    "zapł. f-ry {n}",
    "faktura {s}",
    "FV{n}",
    "przelew za towar, fakt. {n}",
    "Płatność {n} oraz zamówienie ZAM/4711",
    "Rozliczenie faktury sprzedaży {n}",
    "FV. {n} (termin 14 dni)",
    "ZAPLATA FAKTURY SPRZEDAZY NUMER {n} ZGODNIE Z UMOWA RAMOWA NR 12/2024 Z PÓŹNIEJSZYMI ANEKSAMI, TERMIN {d}",
)


class _Day:
    def __init__(self, account: str, day: date) -> None:
        self.account = account
        self.day = day
        # The same account and day give the same entries.
        self.random = random.Random(f"{account} {day}")  # noqa: S311 - nothing secret
        self.entries: list[dict[str, Any]] = []

    def amount(self, low: int, high: int) -> Decimal:
        return Decimal(self.random.randrange(low * 100, high * 100)) / 100

    def nrb(self) -> str:
        bank = self.random.choice(("10201026", "10901014", "11602202", "12401037", "16001127"))
        return make_nrb(bank, f"{self.random.randrange(10**16):016d}")

    def add(
        self,
        code: str,
        amount: Decimal,
        fields: Iterable[tuple[str, str]] = (),
        *,
        pays: Iterable[str] = (),
        **more: object,
    ) -> None:
        entry = {
            "account": self.account,
            "amount": f"{amount:.2f}",
            "date": self.day.isoformat(),
            "code": code,
            "fields": [[label, value] for label, value in fields],
            "pays": list(pays),
        }
        self.entries.append({**entry, **more})

    def receive(
        self, item: Mapping[str, Any], title: str, amount: Decimal | None = None, code: str = "770", account: str = ""
    ) -> None:
        """An incoming transfer that pays an invoice, in whole or as said."""
        payer = account or item.get("party_account") or self.nrb()
        fields = (("Z RACH.", payer), ("OD", item["party_name"]), ("TYT.", title))
        self.add(code, _money(item) if amount is None else amount, fields, pays=(item["number"],))


def demo_entries(
    account: str,
    day: date,
    receivables: Iterable[Mapping[str, Any]] = (),
    payables: Iterable[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """The entries of one day.

    Args:
        account: NRB, 26 digits, of an account in PLN.
        day: the booking day.
        receivables: invoices to be paid, each ``{number, amount, party_name, party_account}``; with 24 of them and 4
            payables the day has about 60 entries.
        payables: invoices paid by this day's transfers, in the same form.

    Returns:
        Bodies for ``POST /entries``. ``pays`` tells which numbers an entry pays; the bank does not read it.
    """
    made = _Day(account, day)
    _incoming(made, list(receivables))
    _unknown_senders(made)
    _outgoing(made, list(payables)[:4])
    _public_authorities(made)
    _internal_and_foreign(made)
    _fees(made)
    made.random.shuffle(made.entries)
    return _return_of_one(made)


def _incoming(made: _Day, items: list[Mapping[str, Any]]) -> None:
    pair = _same_payer(items)
    if pair:
        first, second = pair
        items = [item for item in items if item not in pair]
        title = f"Faktury {first['number']}, {second['number']}"
        fields = (("Z RACH.", first["party_account"]), ("OD", first["party_name"]), ("TYT.", title))
        made.add("770", _money(first) + _money(second), fields, pays=(first["number"], second["number"]))
    special = iter(items[:8])
    for item, kind in zip(special, range(8), strict=False):
        _special(made, item, kind)
    for index, item in enumerate(items[8:24]):
        made.receive(item, _title(made, item, _TITLES[index % len(_TITLES)]))


def _special(made: _Day, item: Mapping[str, Any], kind: int) -> None:
    number, amount = item["number"], _money(item)
    if kind == 0:  # a part
        made.receive(item, f"Część zapłaty za FV {number}", _round(amount * Decimal("0.6")))
    elif kind == 1:  # too much
        made.receive(item, f"FV {number}", amount + 10)
    elif kind == 2:  # twice the same: both are real
        made.receive(item, f"Zapłata FV {number}")
        made.receive(item, f"Zapłata FV {number}")
    elif kind == 3:  # Collect
        virtual = f"XX{made.random.randrange(10**12):012d}"
        payer = item.get("party_account") or made.nrb()
        fields = (("ID IPH", virtual), ("Z RACH.", payer), ("OD", item["party_name"]), ("TYT.", f"FV {number}"))
        made.add("911", amount, fields, pays=(number,))
    elif kind == 4:  # split payment
        vat = _round(amount * 23 / 123)
        invoice = number.replace("/", "-")
        made.receive(item, f"/VAT/{str(vat).replace('.', ',')}/IDC/{_SELLER_NIP}/INV/{invoice}/TXT/zapłata")
    elif kind == 5:  # from an account nobody knows
        made.receive(item, f"za fakturę {number}", account=made.nrb())
    elif kind == 6:  # without a number
        made.receive(item, "Zapłata zgodnie z umową")
    else:  # Sorbnet
        made.receive(item, f"FAKTURA {number}", code="771")


def _unknown_senders(made: _Day) -> None:
    for _twice in range(2):
        fields = (
            ("Z RACH.", make_nrb("10201026", "0000770001234567")),
            ("OD", "Jan Nowak ul. Nijaka 1 m 2 31-234 Kraków"),
            ("TYT.", "Przelew środków"),
        )
        made.add("770", Decimal("50.00"), fields)
    fields = (("Z RACH.", made.nrb()), ("OD", "KOWALSKA MARIA"), ("TYT.", "wpłata"))
    made.add("770", made.amount(20, 900), fields)
    virtual = f"XX{made.random.randrange(10**12):012d}"
    fields = (("Z RACH.", made.nrb()), ("OD", "ABC Nieruchomości"), ("TYT.", "Czynsz"))
    made.add("911", made.amount(400, 2000), (("ID IPH", virtual), *fields))


def _outgoing(made: _Day, items: list[Mapping[str, Any]]) -> None:
    for code, item in zip(("944", "944", "928", "947"), items, strict=False):
        payee = item.get("party_account") or made.nrb()
        fields = (("NA RACH.", payee), ("DLA", item["party_name"]), ("TYT.", item["number"]))
        made.add(code, -_money(item), fields, pays=(item["number"],))
    for code, title in (("944", "Wynagrodzenie"), ("928", "Zaliczka na delegację"), ("931", "Kaucja gwarancyjna")):
        fields = (("NA RACH.", made.nrb()), ("DLA", "Zofia Wójcik"), ("TYT.", title))
        made.add(code, -made.amount(500, 6000), fields)
    fields = (("NA RACH.", made.nrb()), ("DLA", "Dostawca nieznany"), ("TYT.", "Przedpłata do zamówienia 118"))
    made.add("947", -made.amount(1000, 9000), fields)


def _public_authorities(made: _Day) -> None:
    period = (made.day.replace(day=1) - timedelta(days=1)).strftime("%yM%m")
    zus = (("NA RACH.", _ZUS_ACCOUNT), ("DLA", "Zakład Ubezpieczeń Społecznych"), ("TYT.", "Składki"))
    for code in ("945", "929"):
        made.add(code, -made.amount(1500, 9000), zus)
    for code, form in (("946", "VAT7"), ("930", "PIT4R")):
        fields = (
            ("NA RACH.", _TAX_ACCOUNT),
            ("DLA", "Urząd Skarbowy Centrum Rozliczeniowe"),
            ("NAZWA ZOBOW.", "Podatnik sp. z o.o."),
            ("ID UZUP.", f"N {_SELLER_NIP}"),
            ("SYMBOL FORM.", form),
            ("OKRES", period),
            ("ID ZOBOW.", form[:3]),
        )
        made.add(code, -made.amount(900, 20000), fields)
    refund = (("Z RACH.", _TAX_ACCOUNT), ("OD", "Pierwszy Urząd Skarbowy"), ("TYT.", "Zwrot z podatku VAT"))
    made.add("770", made.amount(500, 9000), refund)


def _internal_and_foreign(made: _Day) -> None:
    own = make_nrb("11401010", "0000999999001001")
    for code in ("963", "970", "971", "973"):
        sign, label, party = (1, "Z RACH.", "OD") if code == "971" else (-1, "NA RACH.", "DLA")
        fields = ((label, own), (party, "Gamma sp. z o.o."), ("TYT.", "Przelew wewnętrzny"))
        made.add(code, sign * made.amount(100, 5000), fields)
    for code, name in (("981", "OVERSEAS TRADING LTD"), ("983", "MUSTER GMBH BERLIN"), ("990", "ACME SARL PARIS")):
        payee = (("NA RACH.", "DE89370400440532013000"), ("PROW. ZAGR.", "12.00"), ("DLA", name))
        made.add(code, -made.amount(300, 8000), (*payee, ("TYT.", "Invoice 2024-1188")))
    rate = Decimal("4.2715")
    bought = made.amount(500, 3000)
    deal = f"{made.random.randrange(10**8):08d}"
    exchange = (("NR", deal), ("WALUTA", "EUR"), ("KWOTA", f"{bought}"), ("KURS", f"{rate}"))
    made.add("306", -_round(bought * rate), exchange, customer_reference="NONE")
    other = (("NR", f"{made.random.randrange(10**8):08d}"), ("KURS", "3.642"))
    made.add("306", made.amount(1000, 9000), other, customer_reference="NONE")
    made.add("65", made.amount(100, 900), (("OD", "Kasa firmy"), ("TYT.", "Utarg")))


def _fees(made: _Day) -> None:
    for _order in range(4):
        made.add("824", Decimal("-2.50"))
    for code, amount in (("794", 35), ("839", 10), ("843", 49), ("30", 15), ("902", 230)):
        made.add(code, Decimal(-amount))
    card = "5174990000000004"
    made.add("697", Decimal("-5.00"), (("NR KARTY", card),), customer_reference=card, bank_reference=f"CC{card[:14]}")
    # A code that no list has: data, never an error.
    made.add("412", Decimal("-1.23"), heading="OPERACJA TECHNICZNA", code_name="OPERACJA TECHNICZNA")


def _return_of_one(made: _Day) -> list[dict[str, Any]]:
    """One incoming transfer and, later that day, its return: RC takes the money away again."""
    fields = [["Z RACH.", made.nrb()], ["OD", "Firma Pomyłka sp. z o.o."], ["TYT.", "Przelew omyłkowy"]]
    for amount, reversal in (("1234.56", False), ("-1234.56", True)):
        made.add("770", Decimal(amount), [(label, value) for label, value in fields], reversal=reversal)
    return made.entries


def _same_payer(items: list[Mapping[str, Any]]) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    seen: dict[str, Mapping[str, Any]] = {}
    for item in items:
        account = item.get("party_account") or ""
        if account and account in seen:
            return seen[account], item
        seen[account] = item
    return None


def _title(made: _Day, item: Mapping[str, Any], form: str) -> str:
    number = item["number"]
    spaced = re.sub(r"[/_-]", " ", number)
    return form.format(n=number, s=spaced, d=f"{made.day - timedelta(days=14):%d.%m.%Y}")


def _money(item: Mapping[str, Any]) -> Decimal:
    return _round(Decimal(str(item["amount"])))


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)
