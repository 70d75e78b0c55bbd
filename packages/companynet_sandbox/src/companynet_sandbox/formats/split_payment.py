"""Split payment (MPP): its title, and what it asks of an order."""

import re
from dataclasses import dataclass
from typing import Final

from companynet_sandbox.books.numbers import to_minor

#: What marks a title as one of a split payment.  # S-223
_MARK: Final = "/VAT/"
_TITLE: Final = re.compile(
    r"/VAT/(?P<vat>\d{1,10},\d{2})/IDC/(?P<idc>[^/]{1,14})/INV/(?P<inv>[^/]{1,35})(?:/TXT/(?P<txt>.{0,33}))?",
    re.DOTALL | re.ASCII,
)


@dataclass(frozen=True)
class SplitTitle:
    """A title of a split payment, taken apart."""

    vat: int
    """The VAT part, in grosze."""

    identity: str
    """The supplier's tax number."""

    invoice: str
    text: str


def is_split(title: str) -> bool:
    """Whether a title is meant as one of a split payment; it may still be wrong."""
    return title.startswith(_MARK)


def read_title(title: str) -> SplitTitle:
    """Take a title apart.  # S-223

    Raises:
        ValueError: it does not have the form; the text says which.
    """
    found = _TITLE.fullmatch(title)
    if found is None:
        raise ValueError(
            "the title of a split payment is /VAT/n,nn/IDC/…/INV/…/TXT/… (10,2 digits, 14, 35, 33 signs)"
        )
    return SplitTitle(to_minor(found["vat"].replace(",", ".")), found["idc"], found["inv"], found["txt"] or "")


def vat_of_title(title: str) -> int:
    """The VAT part a title names, in grosze; 0 if it is none of a split payment, or a wrong one."""
    try:
        return read_title(title).vat if is_split(title) else 0
    except ValueError:
        return 0
