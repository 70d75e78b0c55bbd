"""Money that comes in: paid invoices in all the ways people pay them, and what pays no invoice.

Codes and labels are the bank's (L-209, L-242).
"""

from collections.abc import Callable, Iterator
from typing import Final

from companynet_sandbox.accounts.posting import Posting
from companynet_sandbox.customers.generator import titles
from companynet_sandbox.customers.generator.desk import Desk, Made
from companynet_sandbox.customers.generator.identifiers import random_account, tax_account
from companynet_sandbox.customers.generator.invoices import Invoice


def _whole(desk: Desk, invoice: Invoice, title: str, case: str, *, code: str = "770", account: str = "") -> Made:
    posting = desk.incoming(invoice.party, invoice.amount, title, code=code, account=account)
    return Made(posting, case, ((invoice, invoice.amount),))


def single(desk: Desk) -> Iterator[Made]:
    """One invoice, named in some form; large amounts through Sorbnet."""
    invoice = desk.receivable(desk.party())
    code = "771" if invoice.amount >= 100_000_000 else "770"
    yield _whole(desk, invoice, titles.one(desk.chance, invoice), "single", code=code)


def several(desk: Desk) -> Iterator[Made]:
    """Two to six invoices of one party in one transfer."""
    party = desk.party()
    invoices = [desk.receivable(party) for _invoice in range(desk.chance.choice((2, 2, 2, 3, 3, 4, 6)))]
    posting = desk.incoming(party, sum(invoice.amount for invoice in invoices), titles.several(desk.chance, invoices))
    yield Made(posting, "several", tuple((invoice, invoice.amount) for invoice in invoices))


def part(desk: Desk) -> Iterator[Made]:
    """A part of an invoice, or the rest of one that was paid in part before."""
    if desk.parts and desk.chance.random() < 0.5:
        invoice, rest = desk.parts.popleft()
        title = titles.part(desk.chance, invoice, first=False)
        yield Made(desk.incoming(invoice.party, rest, title), "rest", ((invoice, rest),))
        return
    invoice = desk.receivable(desk.party())
    amount = max(100, invoice.amount * desk.chance.choice((30, 40, 50, 60, 80)) // 10000 * 100)
    desk.parts.append((invoice, invoice.amount - amount))
    title = titles.part(desk.chance, invoice, first=True)
    yield Made(desk.incoming(invoice.party, amount, title), "part", ((invoice, amount),))


def inexact(desk: Desk) -> Iterator[Made]:
    """A little less or more than the invoice: a fee taken on the way, rounding, an amount keyed in wrong."""
    invoice = desk.receivable(desk.party())
    amount = max(100, invoice.amount + desk.chance.choice((-500, -250, -100, -1, 1, 50, 1000)))
    posting = desk.incoming(invoice.party, amount, titles.one(desk.chance, invoice))
    yield Made(posting, "inexact", ((invoice, min(amount, invoice.amount)),))


def twice(desk: Desk) -> Iterator[Made]:
    """The same transfer twice: the second pays nothing."""
    invoice = desk.receivable(desk.party())
    first = _whole(desk, invoice, titles.one(desk.chance, invoice), "single")
    yield first
    yield Made(first.posting, "twice")


def unnamed(desk: Desk) -> Iterator[Made]:
    """The right amount from a known account, and a title that says nothing."""
    invoice = desk.receivable(desk.party())
    yield _whole(desk, invoice, titles.without_number(desk.chance), "unnamed", account=invoice.party.accounts[0])


def stranger(desk: Desk) -> Iterator[Made]:
    """A named invoice, paid from an account nobody knows."""
    invoice = desk.receivable(desk.party())
    yield _whole(desk, invoice, titles.one(desk.chance, invoice), "stranger", account=random_account(desk.chance))


def rent(desk: Desk) -> Iterator[Made]:
    """Rent for a month, known by payer and amount only."""
    invoice = desk.receivable(desk.party())
    yield _whole(desk, invoice, titles.rent(desk.chance, invoice.day), "rent", account=invoice.party.accounts[0])


def collect(desk: Desk) -> Iterator[Made]:
    """A mass payment on the party's virtual account, with or without a number."""
    invoice = desk.receivable(desk.party())
    named = desk.chance.random() < 0.5
    title = titles.one(desk.chance, invoice) if named else titles.without_number(desk.chance)
    posting = desk.incoming(
        invoice.party, invoice.amount, title, code="911", virtual_account=invoice.party.virtual_account
    )
    yield Made(posting, "collect", ((invoice, invoice.amount),))


def split(desk: Desk) -> Iterator[Made]:
    """A split payment."""
    invoice = desk.receivable(desk.party())
    yield _whole(desk, invoice, titles.split_payment(desk.chance, invoice, desk.owner_nip), "split")


def ksef(desk: Desk) -> Iterator[Made]:
    """An invoice named by its KSeF number, if it has one."""
    invoice = desk.receivable(desk.party())
    title = titles.by_ksef(desk.chance, invoice) if invoice.ksef else titles.one(desk.chance, invoice)
    yield _whole(desk, invoice, title, "ksef" if invoice.ksef else "single")


def advance(desk: Desk) -> Iterator[Made]:
    """An advance, before there is an invoice."""
    party = desk.party()
    yield Made(desk.incoming(party, desk.amount(100, 20_000), titles.advance(desk.chance)), "advance")


def cards(desk: Desk) -> Iterator[Made]:
    """A day's card payments of customers, paid out by the company that takes them; less its fee."""
    fields = (
        ("Z RACH.", "61109010140000071219812874"),
        ("OD", "Zmyślone Rozliczenia Kart S.A."),
        ("TYT.", f"rozl. transakcji kartowych {desk.day:%d.%m.%Y} POS {desk.chance.randrange(10**8):08d}"),
    )
    yield Made(Posting(desk.account, desk.amount(50, 9_000), "770", fields, booked=desk.day), "cards")


def other(desk: Desk) -> Iterator[Made]:
    """Tax refunds, interest, cash, small gifts from persons: nothing an invoice waits for."""
    kind = desk.chance.randrange(4)
    if kind == 0:
        fields: tuple[tuple[str, str], ...] = (
            ("Z RACH.", tax_account(desk.owner_nip)),
            ("OD", "Urząd Skarbowy w Zmyślinie"),
            ("TYT.", f"zwrot VAT {desk.day:%m/%Y}"),
        )
        posting = Posting(desk.account, desk.amount(300, 30_000), "770", fields, booked=desk.day)
    elif kind == 1:
        posting = interest(desk, 1)
    elif kind == 2:
        posting = Posting(desk.account, desk.amount(50, 5_000), "65", (("TYT.", "utarg"),), booked=desk.day)
    else:
        posting = desk.incoming(desk.party(), desk.amount(10, 400), desk.chance.choice(("wpłata", "zwrot", "kaucja")))
    yield Made(posting, "other")


def returned(desk: Desk) -> Iterator[Made]:
    """A transfer by mistake, and its return."""
    amount, party = desk.amount(20, 3_000), desk.party()
    posting = desk.incoming(party, amount, "przelew omyłkowy")
    yield Made(posting, "mistake")
    back = Posting(desk.account, -amount, posting.code, posting.fields, booked=desk.day, reversal=True)
    yield Made(back, "return")


def interest(desk: Desk, sign: int) -> Posting:
    """Interest for the account's owner (1) or the bank (-1). The code is made up.  # L-240"""
    name = "KAPITALIZACJA ODSETEK" if sign > 0 else "ODSETKI DEBETOWE"
    amount = sign * desk.chance.randrange(1, 20_000)
    return Posting(
        desk.account, amount, "521", (("TYT.", f"odsetki {desk.day:%m.%Y}"),), name, booked=desk.day, code_name=name
    )


#: What comes in, and how often among them.
RECEIPTS: Final[dict[Callable[[Desk], Iterator[Made]], int]] = {
    single: 330,
    several: 70,
    part: 55,
    inexact: 20,
    twice: 6,
    unnamed: 30,
    stranger: 20,
    rent: 20,
    collect: 50,
    split: 40,
    ksef: 40,
    advance: 25,
    cards: 15,
    other: 30,
    returned: 5,
}
