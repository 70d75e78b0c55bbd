"""The kinds of orders: what in an order selects which, by which way it goes, and with which code it is booked.

What the bank lets select a kind is not public, so this table is our own assumption.  # L-221

==================  =====================================================  ============  =====
kind                selected by                                            way           code
==================  =====================================================  ============  =====
own                 an account of the same customer                        internal      973
internal            another account of these books, or of mBank            internal      970
internal_currency   the same, not in PLN                                   internal      970
express_elixir      PLN, LclInstrm EXPRESSELIXIR or EXPRESS                instant       944
bluecash            PLN, LclInstrm BLUECASH                                instant       944
sorbnet             PLN, LclInstrm SORBNET, SvcLvl URGP, InstrPrty HIGH,   rtgs          947
                    or 1,000,000.00 and more
tax                 PLN, an account of a tax office                        elixir        946
zus                 PLN, an account of ZUS                                 elixir        945
elixir              PLN, anything else                                     elixir        944
sepa                EUR, SvcLvl SEPA                                       foreign       983
euro_ekspres        EUR, LclInstrm EUROEKSPRES, SvcLvl URGP or SDVA        rtgs          990
foreign             anything else                                          foreign       981
==================  =====================================================  ============  =====

An order in PLN whose title begins with ``/VAT/`` is a split payment besides.
"""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from companynet_sandbox.accounts.posting import account_row
from companynet_sandbox.books.numbers import is_nrb
from companynet_sandbox.formats.pain import Finding, Order
from companynet_sandbox.formats.split_payment import is_split, read_title

#: Elixir takes less than this, in grosze.  # S-224
ELIXIR_LIMIT: Final = 1_000_000_00
#: Most of one instant transfer, in grosze.  # L-222
_INSTANT_LIMITS: Final = {"express_elixir": 100_000_00, "bluecash": 20_000_00}
_INSTRUMENTS: Final = {
    "EXPRESSELIXIR": "express_elixir",
    "EXPRESS": "express_elixir",
    "BLUECASH": "bluecash",
    "SORBNET": "sorbnet",
    "SORBNET2": "sorbnet",
}
#: Sort codes of tax micro-accounts, and of tax offices of old, at the NBP; of ZUS.  # S-225
_TAX_SORT_CODE: Final = "1010"
_TAX_MICRO: Final = "10100071"
_ZUS_SORT_CODE: Final = "60000002"
#: Sort codes of mBank begin so.  # S-226
_OWN_BANK: Final = "114"


@dataclass(frozen=True)
class Kind:
    """A kind of order."""

    way: str
    """How it leaves: internal, instant, rtgs, elixir or foreign."""

    code: str
    """Of the payer's entry.  # L-223"""

    may_split: bool = False
    """Whether it can be a split payment.  # S-227"""


KINDS: Final = {
    "own": Kind("internal", "973"),
    "internal": Kind("internal", "970", may_split=True),
    "internal_currency": Kind("internal", "970"),
    "express_elixir": Kind("instant", "944", may_split=True),
    "bluecash": Kind("instant", "944", may_split=True),
    "sorbnet": Kind("rtgs", "947", may_split=True),
    "tax": Kind("elixir", "946"),
    "zus": Kind("elixir", "945"),
    "elixir": Kind("elixir", "944", may_split=True),
    "sepa": Kind("foreign", "983"),
    "euro_ekspres": Kind("rtgs", "990"),
    "foreign": Kind("foreign", "981"),
}


def kind_of(db: Connection, dik: str, order: Order) -> str:
    """Which kind an order is, by the table above."""
    payee = account_row(db, order.creditor_account)
    if payee is not None and payee["dik"] == dik:
        return "own"
    if payee is not None or (is_nrb(order.creditor_account) and order.creditor_account[2:].startswith(_OWN_BANK)):
        return "internal" if order.currency == "PLN" else "internal_currency"
    if order.currency == "PLN":
        return _domestic(order)
    if order.currency == "EUR" and order.service_level == "SEPA":
        return "sepa"
    if order.currency == "EUR" and (order.instrument == "EUROEKSPRES" or order.service_level in {"URGP", "SDVA"}):
        return "euro_ekspres"
    return "foreign"


def _domestic(order: Order) -> str:
    if order.instrument in _INSTRUMENTS:
        return _INSTRUMENTS[order.instrument]
    authority = _authority(order)
    if authority:
        return authority
    if order.service_level == "URGP" or order.priority == "HIGH" or order.amount >= ELIXIR_LIMIT:
        return "sorbnet"
    return "elixir"


def _authority(order: Order) -> str:
    sort_code = order.creditor_account[2:10]
    if sort_code == _ZUS_SORT_CODE:
        return "zus"
    if sort_code == _TAX_MICRO or (sort_code.startswith(_TAX_SORT_CODE) and order.tax):
        return "tax"
    return ""


def check_kind(order: Order, name: str) -> list[Finding]:
    """What is wrong with an order as one of a kind."""
    findings = []
    if KINDS[name].way == "instant":
        if _authority(order):
            # S-228
            findings.append(("INSTANT_TAX", "accounts of tax offices and of ZUS take no instant transfers"))
        if order.amount > _INSTANT_LIMITS[name]:
            limit = _INSTANT_LIMITS[name] // 100
            findings.append(("INSTANT_LIMIT", f"an instant transfer of this kind has at most {limit} PLN"))
    if name == "sorbnet" and _authority(order):
        # S-601, L-600
        findings.append(("RTGS_TAX", "accounts of tax offices and of ZUS take no transfers by Sorbnet"))
    if name == "sepa" and order.charge_bearer not in {"", "SLEV", "SHAR"}:
        findings.append(("CHARGE_BEARER", f"charges of a SEPA transfer are shared, not {order.charge_bearer}"))
    if is_split(order.title):
        findings += _check_split(order, name)
    return [Finding(code, message, order.end_to_end_id) for code, message in findings]


def _check_split(order: Order, name: str) -> list[tuple[str, str]]:
    if order.currency != "PLN":
        return [("SPLIT_PAYMENT", "a split payment is in PLN")]  # S-227
    if not KINDS[name].may_split:
        return [("SPLIT_PAYMENT", f"an order of the kind {name} cannot be a split payment")]
    try:
        title = read_title(order.title)
    except ValueError as error:
        return [("SPLIT_PAYMENT", str(error))]
    if title.vat > order.amount:
        return [("SPLIT_PAYMENT", "the VAT part is more than the whole")]
    return []
