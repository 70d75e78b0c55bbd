"""What a payment to a tax office is for: read from an order, written with the labels of :86:."""

import re
from typing import Final

from lxml import etree

#: Label of :86:, and the mark of the title's part it comes from.  # L-220
_TITLE_PARTS: Final = (("ID UZUP.", "TI"), ("OKRES", "OKR"), ("SYMBOL FORM.", "SFP"), ("ID ZOBOW.", "TXT"))
_TITLE: Final = re.compile(r"/TI/(?P<TI>[^/]*)/OKR/(?P<OKR>[^/]*)/SFP/(?P<SFP>[^/]*)(?:/TXT/(?P<TXT>.*))?", re.DOTALL)
#: The kind of an identity, and the letter before it: NIP, PESEL, REGON, identity card, passport, other.
_IDENTITY: Final = re.compile(r"[NPR123][0-9A-Z]{1,14}")


def from_title(title: str) -> tuple[tuple[str, str], ...]:
    """Label and value of a title ``/TI/N…/OKR/25M08/SFP/VAT7/TXT/…``; nothing of any other.  # L-220"""
    found = _TITLE.fullmatch(title)
    if found is None:
        return ()
    return _labels({label: (found[mark] or "").strip() for label, mark in _TITLE_PARTS})


def from_element(element: etree._Element | None) -> tuple[tuple[str, str], ...]:
    """Label and value of a transfer's ``Tax`` block; nothing if there is none.  # L-220"""
    if element is None:
        return ()

    def text(path: str) -> str:
        return (element.findtext(path) or "").strip()

    year, part = text("Rcrd/Prd/Yr")[2:4], text("Rcrd/Prd/Tp")
    values = {
        "NAZWA ZOBOW.": text("Dbtr/RegnId"),
        "ID UZUP.": text("Dbtr/TaxId"),
        "SYMBOL FORM.": text("Rcrd/FrmsCd"),
        # MM08 is August: 25M08 in the bank's form. A whole year has no part.
        "OKRES": f"{year}M{part[2:]}" if part.startswith("MM") else f"{year}R" if year else "",
        "ID ZOBOW.": text("RefNb"),
    }
    return _labels(values)


def _labels(values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    identity = values["ID UZUP."]
    if _IDENTITY.fullmatch(identity):
        values["ID UZUP."] = f"{identity[0]} {identity[1:]}"
    order = ("NAZWA ZOBOW.", "ID UZUP.", "SYMBOL FORM.", "OKRES", "ID ZOBOW.")
    return tuple((label, values[label]) for label in order if values.get(label))
