"""Invoices in the series of an account's owner and of its suppliers."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final, Literal

from companynet_sandbox.books.numbers import from_minor
from companynet_sandbox.customers.generator.identifiers import ksef_number
from companynet_sandbox.customers.generator.parties import Party


@dataclass(frozen=True)
class Series:
    """How a seller numbers: ``number`` is what stands on the invoice, ``tail`` what people add to the bare serial."""

    number: str
    tail: str


#: ``{n}`` the serial, ``{m}`` month, ``{y}`` year, ``{s}`` year in two digits, ``{b}`` branch.
SERIES: Final = (
    Series("FV/{n:06d}/{y}{b}", "/{y}{b}"),
    Series("{n}/{m:02d}/{y}{b}", "/{m:02d}/{y}{b}"),
    Series("FV{n}/{m:02d}/{y}{b}", "/{m:02d}/{y}{b}"),
    Series("FS-{n}/{s}/W{b}", "/{s}/W{b}"),
    Series("F/{y}/{m:02d}/{n:04d}{b}", "/{m:02d}/{y}{b}"),
    Series("{n}/{y}/K{b}", "/{y}/K{b}"),
)


@dataclass(frozen=True)
class Invoice:
    """An invoice, or a payment that was sent; the amount is in hundredths, above zero."""

    id: str
    kind: Literal["receivable", "payable", "payment"]
    party: Party
    number: str
    serial: int
    tail: str
    amount: int
    day: date
    due: date
    ksef: str
    """Empty where it has none."""

    def to_json(self) -> dict[str, object]:
        """As an open item of ``settlement match``."""
        return {
            "id": self.id,
            "kind": self.kind,
            "party": self.party.id,
            "party_name": self.party.name,
            "party_accounts": list(self.party.accounts),
            "party_nip": self.party.nip or None,
            "number": self.number,
            "amount": from_minor(self.amount),
            "currency": "PLN",
            "date": self.day.isoformat(),
            "due_date": self.due.isoformat(),
            "ksef": self.ksef or None,
            "virtual_account": self.party.virtual_account if self.kind == "receivable" else None,
        }


class Ledger:
    """Makes the invoices of one account, each serial once.

    Args:
        account_index: of the account; it chooses the series, and the branch where the series are used up.
        nip: of the owner.
    """

    def __init__(self, account_index: int, nip: str) -> None:
        self._index = account_index
        self._series = SERIES[account_index % len(SERIES)]
        branch = account_index // len(SERIES)
        self._branch = f"/O{branch:02d}" if branch else ""
        self._nip = nip
        self._serial = 0
        self._sent = 0

    def receivable(self, chance: Random, party: Party, today: date, amount: int | None = None) -> Invoice:
        """An invoice of the owner's own; the next serial, or one a little later as others were issued between."""
        self._serial += 1 if chance.random() < 0.6 else chance.randrange(2, 5)
        day = today - timedelta(days=chance.randrange(3, 46))
        number, tail = _numbered(self._series, self._serial, day, self._branch)
        return Invoice(
            id=f"R{self._index:04d}-{self._serial}",
            kind="receivable",
            party=party,
            number=number,
            serial=self._serial,
            tail=tail,
            amount=price(chance) if amount is None else amount,
            day=day,
            due=day + timedelta(days=chance.choice((7, 14, 14, 21, 30))),
            ksef=ksef_number(self._nip, day, self._index * 10**9 + self._serial) if chance.random() < 0.5 else "",
        )

    def payable(self, chance: Random, party: Party, today: date) -> Invoice:
        """A supplier's invoice, in the supplier's own series and not in order."""
        self._sent += 1
        serial = chance.randrange(1, 4000)
        day = today - timedelta(days=chance.randrange(5, 40))
        number, tail = _numbered(SERIES[int(party.id[1:]) % len(SERIES)], serial, day, "")
        return Invoice(
            id=f"P{self._index:04d}-{self._sent}",
            kind="payable",
            party=party,
            number=number,
            serial=serial,
            tail=tail,
            amount=price(chance),
            day=day,
            due=day + timedelta(days=chance.choice((14, 21, 30))),
            ksef=ksef_number(party.nip, day, serial) if party.nip and chance.random() < 0.3 else "",
        )

    def payment(self, chance: Random, party: Party, today: date) -> Invoice:
        """A payment the owner sent: its number is the reference it was sent with, at most 16 characters."""
        self._sent += 1
        number = f"ZL{self._index:04d}{self._sent:08d}"
        amount = price(chance)
        return Invoice(f"Z{number[2:]}", "payment", party, number, self._sent, "", amount, today, today, "")


def price(chance: Random) -> int:
    """An amount in hundredths as invoices have them: small ones often, large ones seldom, round ones too."""
    amount = int(10 ** chance.uniform(3.4, 6.6))
    shape = chance.random()
    if shape < 0.25:
        return max(amount // 10000 * 10000, 5000)
    if shape < 0.6:
        return amount // 100 * 123
    return amount


def _numbered(series: Series, serial: int, day: date, branch: str) -> tuple[str, str]:
    values = {"n": serial, "m": day.month, "y": day.year, "s": f"{day:%y}", "b": branch}
    return series.number.format_map(values), series.tail.format_map(values)
