"""mBank's text of an entry, field :86:, ``code OPERATION; LABEL: value; ...; TNR: n``.  # S-105, L-103

A name and a title are what a payer typed, and may hold anything, the bank's labels included. So a label is the bank's
by its place: before the first name or title any is, behind it only those that real files show there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from companynet.domain.account import normalise
from companynet.formats.title import read_title


@dataclass(frozen=True, slots=True)
class _Label:
    key: str
    """Our stable name."""

    kind: str = "text"
    """How the value is read: text, date, decimal, account."""


#: The bank's labels and what each means.  # L-111
_LABELS = {
    "Z RACH.": _Label("counterparty_account", "account"),
    "NA RACH.": _Label("counterparty_account", "account"),
    "OD": _Label("counterparty"),
    "DLA": _Label("counterparty"),
    "TYT.": _Label("remittance"),
    "TNR": _Label("transaction_number"),
    "ID IPH": _Label("virtual_account"),
    "DATA STEMPLA": _Label("stamp_date", "date"),
    "DATA NOSTRO": _Label("nostro_date", "date"),
    "WALUTA": _Label("exchange_currency"),
    "KWOTA": _Label("exchange_amount", "decimal"),
    "KURS": _Label("exchange_rate", "decimal"),
    "NR": _Label("deal_number"),
    "REF. KLIENTA": _Label("client_reference"),
    "REF. MT103": _Label("mt103_reference"),
    "PROW. ZAGR.": _Label("foreign_charge", "decimal"),
    "NAZWA ZOBOW.": _Label("tax_payer_name"),
    "ID UZUP.": _Label("tax_identifier"),
    "SYMBOL FORM.": _Label("tax_form"),
    "OKRES": _Label("tax_period"),
    "ID ZOBOW.": _Label("tax_obligation"),
    "RODZAJ SKŁADKI": _Label("zus_contribution"),
    "DEKLARACJA": _Label("zus_declaration"),
    "NIP": _Label("zus_payer_nip"),
    "NR DEC/UM/TW.": _Label("zus_decision"),
    "NR KARTY": _Label("card_number"),
}
_POLISH = str.maketrans("ĄĆĘŁŃÓŚŹŻ", "ACELNOSZZ")


@lru_cache(maxsize=256)
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
_UNKNOWN_SEGMENT = re.compile(r"([^\W\d_][\w./ -]{0,33}):(?:\s+(.*)|$)", re.DOTALL)
_CODE = re.compile(r"(\d{1,4})(?:\s+(.*)|$)", re.DOTALL)  # L-112
_TRANSACTION_NUMBER = re.compile(r"\d{15}\.\d{6}", re.ASCII)  # L-104
_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})", re.ASCII)
_GROUPED = re.compile(r"(?:(\d{1,3}(?:,\d{3})+)\.|(\d{1,3}(?:\.\d{3})+),)(\d+)", re.ASCII)
_PLAIN_DECIMAL = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_ADDRESS = re.compile(r"\s{2,}|\s(?=(?:UL|AL)\.)", re.IGNORECASE)

#: Behind the payee of an order without a title stand the bank's fields of its form.  # L-731
_FORM = frozenset(
    {
        "tax_payer_name",
        "tax_identifier",
        "tax_form",
        "tax_period",
        "tax_obligation",
        "zus_contribution",
        "zus_declaration",
        "zus_payer_nip",
        "zus_decision",
        "client_reference",
    }
)
_PAYEE = _plain("DLA")

FULL_LINE = 65  # L-103
"""Characters of a line of :86: that is folded."""

IN_TITLE = "title_"
"""Details that a payer wrote into a title with a label of the bank's have names that begin so: evidence, no more."""


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

    _taken: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, value: str) -> None:
        """Keep a detail; a name that is taken gets a number."""
        name = key
        while name in self.details:
            self._taken[key] = self._taken.get(key, 1) + 1
            name = f"{key}_{self._taken[key]}"
        self.details[name] = value


def join(lines: Sequence[str]) -> str:
    """The text of a :86: from its lines: joined with nothing, for blanks at line ends count.

    Those behind the width at which the bank folds are of a copy that filled its lines up.
    """
    if any(len(line) > FULL_LINE for line in lines) and all(len(line.rstrip()) <= FULL_LINE for line in lines):
        lines = [line[:FULL_LINE] for line in lines]
    return "".join(lines)


class Segment(NamedTuple):
    """A segment of a :86: by its place in the joined text."""

    start: int
    end: int
    key: str | None
    """Our name of its label; None if it has none that is known."""

    value: int
    """Where what follows the label begins; ``start`` without a known label."""

    label: str
    """The label without blanks and Polish letters; empty without a known one."""


def segments(text: str) -> list[Segment]:
    """The segments of mBank's :86:, empty ones left out; the first is the operation."""
    found = []
    start = 0
    for part in (*_PART.finditer(text), None):
        end = part.start() if part else len(text)
        if known := _KNOWN_SEGMENT.fullmatch(text, start, end):
            label = _plain(known[1])
            meaning = _BY_LABEL.get(label)
            if meaning:
                found.append(Segment(start, end, meaning.key, known.start(2), label))
            else:
                # Letters of other scripts can be folded into a label, and are none of it.
                found.append(Segment(start, end, None, start, ""))
        elif text[start:end].strip():
            found.append(Segment(start, end, None, start, ""))
        start = part.end() if part else end
    return found


def read_information(text: str) -> Information:
    """Read mBank's :86: from its joined text."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._segments = segments(text)
        self._values: dict[str, str] = {}
        self._info = Information()

    def read(self) -> Information:
        """All that is there, in its fields."""
        found = self._segments
        typed = titled = len(found)
        for index, segment in enumerate(found):
            if segment.key == "remittance":
                titled = index
                break
            if segment.key == "counterparty" and index < typed:
                typed = index
        typed = min(typed, titled)
        number = self._number(typed)
        end = len(found) - (number == len(found) - 1)
        for index, segment in enumerate(found[:typed]):
            if index != number:
                self._take(segment, first=index == 0)
        if typed < titled:
            self._take_name(typed, min(titled, end), titled=titled < end)
        if titled < end:
            self._keep("remittance", self._between(titled, end))
            self._evidence(found[titled + 1 : end])
        if number is not None:
            self._take_number(found[number])
        return self._finish()

    def _take_name(self, start: int, end: int, *, titled: bool) -> None:
        """A name, and behind a payee's without a title the fields of a form."""
        form = end
        if not titled and self._segments[start].label == _PAYEE:
            form = next((index for index in range(start, end) if self._segments[index].key in _FORM), end)
        self._keep("counterparty", self._between(start, form))
        for segment in self._segments[form:end]:
            self._take_form(segment)

    def _number(self, typed: int) -> int | None:
        """The bank's own transaction number: before all that a payer typed, else the last segment.  # L-732"""
        own = [index for index in range(typed) if self._segments[index].key == "transaction_number"]
        if own:
            return own[-1]
        last = len(self._segments) - 1
        return last if last >= 0 and self._segments[last].key == "transaction_number" else None

    def _value(self, segment: Segment) -> str:
        return self._text[segment.value : segment.end].strip()

    def _between(self, start: int, end: int) -> str:
        """What was typed from the label of one segment up to another."""
        return self._text[self._segments[start].value : self._segments[end - 1].end].strip()

    def _keep(self, key: str, value: str) -> None:
        if key in self._values:
            self._info.add(key, value)
        else:
            self._values[key] = value

    def _take(self, segment: Segment, *, first: bool) -> None:
        """A segment that is the bank's."""
        value = self._value(segment)
        if segment.key is not None:
            key = "tnr" if segment.key == "transaction_number" else segment.key
            self._keep(key, _read(segment, value))
        elif first:
            self._take_operation(value)
        elif unknown := _UNKNOWN_SEGMENT.fullmatch(value):
            self._info.add(unknown[1].strip().lower(), (unknown[2] or "").strip())
        elif "tax_payer_name" in self._values:
            self._values["tax_payer_name"] += f"; {value}"
        else:
            self._info.add("unlabelled", value)

    def _take_operation(self, text: str) -> None:
        match = _CODE.fullmatch(text)
        operation = text
        if match:
            self._info.code, operation = match[1], (match[2] or "").strip()
        if operation:
            self._info.add("operation", operation)

    def _take_form(self, segment: Segment) -> None:
        """A segment of a form of the bank's; what is no field of one goes on with the name before it."""
        value = self._value(segment)
        if segment.key in _FORM:
            self._keep(segment.key, _read(segment, value))
            return
        whole = self._text[segment.start : segment.end].strip()
        if "tax_payer_name" in self._values:
            self._values["tax_payer_name"] += f"; {whole}"
        else:
            self._info.add("unlabelled", whole)

    def _evidence(self, typed: Sequence[Segment]) -> None:
        for segment in typed:
            if segment.key is not None and segment.key != "remittance" and (value := self._value(segment)):
                self._info.add(f"{IN_TITLE}{segment.key}", _read(segment, value))

    def _take_number(self, segment: Segment) -> None:
        number = self._value(segment)
        if _TRANSACTION_NUMBER.fullmatch(number):
            self._info.transaction_number = number
            return
        self._info.add("tnr", number)
        self._info.complaints.append(
            ("transaction_number", f"the TNR {number!r} is not 15 digits, a dot and 6 digits: it may be cut")
        )

    def _finish(self) -> Information:
        info, values = self._info, self._values
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


_READERS = {"text": _text, "date": _iso_date, "decimal": _decimal, "account": _account}


def _read(segment: Segment, value: str) -> str:
    return _READERS[_BY_LABEL[segment.label].kind](value)


def _name_and_address(text: str) -> tuple[str | None, str | None]:
    """Part a name from its address, where two blanks or the word for a street part them.  # L-115"""
    match = _ADDRESS.search(text)
    if not match or not text[: match.start()].strip():
        return text.strip() or None, None
    name, address = text[: match.start()].strip(), " ".join(text[match.end() :].split())
    return name, address or None
