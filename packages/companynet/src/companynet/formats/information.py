"""mBank's text of an entry, field :86:, ``code OPERATION; LABEL: value; ...; TNR: n``.  # S-105, L-103"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from companynet.domain.account import normalise
from companynet.formats.title import read_title


@dataclass(frozen=True, slots=True)
class _Label:
    key: str
    """Our stable name."""

    kind: str = "text"
    """How the value is read: text, date, decimal, account."""

    word: bool = False
    """Also a word of everyday titles: behind a title it stays a part of the title too."""


#: The bank's labels and what each means.  # L-111
_LABELS = {
    "Z RACH.": _Label("counterparty_account", "account"),
    "NA RACH.": _Label("counterparty_account", "account"),
    "OD": _Label("counterparty", word=True),
    "DLA": _Label("counterparty", word=True),
    "TYT.": _Label("remittance"),
    "TNR": _Label("transaction_number"),
    "ID IPH": _Label("virtual_account"),
    "DATA STEMPLA": _Label("stamp_date", "date"),
    "DATA NOSTRO": _Label("nostro_date", "date"),
    "WALUTA": _Label("exchange_currency", word=True),
    "KWOTA": _Label("exchange_amount", "decimal", word=True),
    "KURS": _Label("exchange_rate", "decimal", word=True),
    "NR": _Label("deal_number", word=True),
    "REF. KLIENTA": _Label("client_reference"),
    "REF. MT103": _Label("mt103_reference"),
    "PROW. ZAGR.": _Label("foreign_charge", "decimal"),
    "NAZWA ZOBOW.": _Label("tax_payer_name"),
    "ID UZUP.": _Label("tax_identifier"),
    "SYMBOL FORM.": _Label("tax_form"),
    "OKRES": _Label("tax_period", word=True),
    "ID ZOBOW.": _Label("tax_obligation"),
    "RODZAJ SKŁADKI": _Label("zus_contribution"),
    "DEKLARACJA": _Label("zus_declaration", word=True),
    "NIP": _Label("zus_payer_nip", word=True),
    "NR DEC/UM/TW.": _Label("zus_decision"),
    "NR KARTY": _Label("card_number"),
}
_POLISH = str.maketrans("ĄĆĘŁŃÓŚŹŻ", "ACELNOSZZ")


def _plain(label: str) -> str:
    """A label for comparison: letter case, Polish letters and blanks do not count."""
    return "".join(label.upper().translate(_POLISH).split())


_BY_LABEL = {_plain(label): meaning for label, meaning in _LABELS.items()}
_KNOWN = "|".join(
    r"\s*".join(re.escape(word).replace("Ł", "[ŁL]") for word in label.split())
    for label in sorted(_LABELS, key=len, reverse=True)
)
# "; " parts segments. Copies that lost the blanks at line ends part them by ";" before a known label too.
_PART = re.compile(rf";(?:\s+|$|(?={_KNOWN}\s*:))", re.IGNORECASE)
_KNOWN_SEGMENT = re.compile(rf"\s*({_KNOWN})\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_UNKNOWN_SEGMENT = re.compile(r"\s*([^\W\d_][\w./ -]{0,33}?)\s*:(?:\s+(.*)|$)", re.DOTALL)
_CODE = re.compile(r"\s*(\d{1,4})(?:\s+|$)(.*)", re.DOTALL)  # L-112
_TRANSACTION_NUMBER = re.compile(r"\d{15}\.\d{6}", re.ASCII)  # L-104
_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})", re.ASCII)
_GROUPED = re.compile(r"(?:(\d{1,3}(?:,\d{3})+)\.|(\d{1,3}(?:\.\d{3})+),)(\d+)", re.ASCII)
_PLAIN_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_ADDRESS = re.compile(r"\s{2,}|\s(?=(?:UL|AL)\.)", re.IGNORECASE)

# Texts that a segment without label goes on with: its author's own "; " parted it.
_GOES_ON = frozenset({"counterparty", "remittance", "tax_payer_name"})


@dataclass(slots=True)
class Information:
    """What a :86: says, whichever bank wrote it."""

    code: str | None = None
    counterparty_account: str | None = None
    counterparty_name: str | None = None
    counterparty_address: str | None = None
    remittance: str = ""
    transaction_number: str | None = None
    virtual_account: str | None = None
    details: dict[str, str] = field(default_factory=dict)
    complaints: list[tuple[str, str]] = field(default_factory=list)
    """Codes and sentences of what does not fit."""

    def add(self, key: str, value: str) -> None:
        """Keep a detail; a name that is taken gets a number."""
        name, number = key, 1
        while name in self.details:
            number += 1
            name = f"{key}_{number}"
        self.details[name] = value


def join(lines: Sequence[str]) -> str:
    """The text of a :86: from its lines: joined with nothing, for blanks at line ends count."""
    return "".join(lines)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a :86: by its place in the joined text."""

    start: int
    end: int
    key: str | None
    """Our name of its label; None if it has none that is known."""

    value: int
    """Where what follows the label begins; ``start`` without a known label."""


def segments(text: str) -> list[Segment]:
    """The segments of mBank's :86:, empty ones left out; the first is the operation."""
    found = []
    start = 0
    for part in (*_PART.finditer(text), None):
        end = part.start() if part else len(text)
        if text[start:end].strip():
            known = _KNOWN_SEGMENT.fullmatch(text, start, end)
            label = _BY_LABEL.get(_plain(known[1])) if known else None
            value = known.start(2) if known and label else start
            found.append(Segment(start, end, label.key if label else None, value))
        start = part.end() if part else end
    return found


def read_information(text: str) -> Information:
    """Read mBank's :86: from its joined text."""
    reader = _Reader()
    for segment in _PART.split(text):
        reader.take(segment.strip())
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}
        self._last: str | None = None
        self._numbers: list[str] = []
        self._info = Information()
        self._first = True

    def take(self, segment: str) -> None:
        """Take one segment; empty ones carry nothing."""
        first, self._first = self._first, False
        if not segment:
            return
        known = _KNOWN_SEGMENT.fullmatch(segment)
        label = _BY_LABEL.get(_plain(known[1])) if known else None
        if known and label:
            self._take_known(label, known[2].strip(), segment)
            return
        if first:
            self._take_operation(segment)
            return
        unknown = _UNKNOWN_SEGMENT.fullmatch(segment)
        if unknown:
            self._info.add(unknown[1].lower(), (unknown[2] or "").strip())
            if "remittance" in self._values:
                self._values["remittance"].append(segment)
            return
        if self._last in _GOES_ON:
            self._values[self._last].append(segment)
        elif "remittance" in self._values:
            self._values["remittance"].append(segment)
        else:
            self._info.add("unlabelled", segment)

    def _take_operation(self, segment: str) -> None:
        match = _CODE.fullmatch(segment)
        operation = segment
        if match:
            self._info.code, operation = match[1], match[2].strip()
        if operation:
            self._info.add("operation", operation)

    def _take_known(self, label: _Label, value: str, segment: str) -> None:
        titled = "remittance" in self._values
        if label.key == "transaction_number":
            # The bank's own number is the last: a payer may write "; TNR: 1" into the title.
            self._numbers.append(value)
            return
        if label.key in self._values:
            # The bank's own label came first: this one is a person's text.
            if titled:
                self._values["remittance"].append(segment)
            else:
                self._info.add(label.key, value)
            return
        self._values[label.key] = [_READ[label.kind](value)]
        self._last = label.key
        if titled and label.word:
            self._values["remittance"].append(segment)
            self._last = "remittance"

    def finish(self) -> Information:
        """All that was taken, in its fields."""
        info = self._info
        values = {key: "; ".join(part for part in parts if part) for key, parts in self._values.items()}
        self._finish_numbers(values)
        info.counterparty_account = values.pop("counterparty_account", "") or None
        info.virtual_account = values.pop("virtual_account", "") or None
        info.counterparty_name, info.counterparty_address = _name_and_address(values.pop("counterparty", ""))
        info.remittance = values.pop("remittance", "")
        for key, value in values.items():
            if value:
                info.add(key, value)
        for key, value in read_title(info.remittance).items():
            info.add(key, value)
        return info

    def _finish_numbers(self, values: dict[str, str]) -> None:
        if not self._numbers:
            return
        *others, last = self._numbers
        for other in others:
            if "remittance" in values:
                values["remittance"] += f"; TNR: {other}"
            else:
                self._info.add("tnr", other)
        if _TRANSACTION_NUMBER.fullmatch(last):
            self._info.transaction_number = last
        else:
            self._info.add("tnr", last)
            self._info.complaints.append(
                ("transaction_number", f"the TNR {last!r} is not 15 digits, a dot and 6 digits: it may be cut")
            )


def _text(value: str) -> str:
    return value


# Forms of dates and amounts in :86:.  # L-116


def _iso_date(value: str) -> str:
    match = _DATE.fullmatch(value)
    if not match:
        return value
    try:
        return date(int(match[3]), int(match[2]), int(match[1])).isoformat()
    except ValueError:
        return value


def _decimal(value: str) -> str:
    """A plain decimal: the bank has written commas and points; a value with both is grouped by the first."""
    plain = "".join(value.split())
    match = _GROUPED.fullmatch(plain)
    if match:
        plain = "".join(character for character in match[1] or match[2] if character.isdigit()) + "." + match[3]
    plain = plain.replace(",", ".")
    return plain if _PLAIN_DECIMAL.fullmatch(plain) else value


def _account(value: str) -> str:
    return normalise(value)


_READ = {"text": _text, "date": _iso_date, "decimal": _decimal, "account": _account}


def _name_and_address(text: str) -> tuple[str | None, str | None]:
    """Part a name from its address, where two blanks or the word for a street part them.  # L-115"""
    match = _ADDRESS.search(text)
    if not match or not text[: match.start()].strip():
        return text.strip() or None, None
    name, address = text[: match.start()].strip(), " ".join(text[match.end() :].split())
    return name, address or None
