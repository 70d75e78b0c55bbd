"""Entries and open items from JSON lines, the form that `settlement match` takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

from settlement.values import Entry, Kind, OpenItem

if TYPE_CHECKING:
    from pathlib import Path

Record = Mapping[str, Any]
Value = TypeVar("Value", Entry, OpenItem)


class InputError(ValueError):
    """A file cannot be read; the text is one line with the file, the line's number, the field and the value."""


def read_entries(path: Path) -> tuple[list[Entry], dict[str, Any]]:
    """Read entries as `companynet statement parse --json` writes them, each with an `id`.

    Returns:
        The entries, and for each id the JSON value it was given as.

    Raises:
        InputError: the file or a line of it cannot be read.
    """
    return _read(path, _entry)


def read_open_items(path: Path) -> tuple[list[OpenItem], dict[str, Any]]:
    """Read open items.

    Returns:
        The items, and for each id the JSON value it was given as.

    Raises:
        InputError: the file or a line of it cannot be read.
    """
    return _read(path, _open_item)


def _read(path: Path, make: Callable[[_Fields], Value]) -> tuple[list[Value], dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8: write the file in UTF-8") from error
    values: list[Value] = []
    ids: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        fields = _Fields(f"{path}, line {number}", _record(f"{path}, line {number}", line))
        value = make(fields)
        if value.id in ids:
            raise fields.error("id", "is there twice")
        ids[value.id] = fields.record["id"]
        values.append(value)
    return values, ids


def _record(place: str, line: str) -> Record:
    try:
        record = json.loads(line, parse_float=Decimal)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"{place}: is not JSON ({error}): {_shown(line.strip())}") from error
    if not isinstance(record, dict):
        raise InputError(f"{place}: is not a JSON object: {_shown(line.strip())}")
    return record


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True, default=str)
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return text if len(text) <= 60 else text[:57] + "..."


class _Fields:
    """The fields of one line, read with their place for the errors."""

    def __init__(self, place: str, record: Record) -> None:
        self.place = place
        self.record = record

    def error(self, name: str, what: str) -> InputError:
        value = _shown(self.record[name]) if name in self.record else "absent"
        return InputError(f"{self.place}: field {name} {what}: {value}")

    def text(self, name: str) -> str | None:
        value = self.record.get(name)
        if value is None or isinstance(value, str):
            return value or None
        raise self.error(name, "is not a text")

    def needed(self, name: str) -> str:
        value = self.text(name)
        if value is None or not value.strip():
            raise self.error(name, "is needed")
        return value

    def identity(self, name: str) -> str:
        value = self.record.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.needed(name)

    def money(self, name: str) -> Decimal:
        value = self.record.get(name)
        if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
            try:
                amount = Decimal(value)
            except InvalidOperation:
                raise self.error(name, "is not an amount") from None
            if amount.is_finite() and abs(amount.adjusted()) < 20:
                return amount
        raise self.error(name, "is not an amount")

    def day(self, name: str) -> date | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.error(name, "is not a date (YYYY-MM-DD)") from None

    def currency(self, name: str) -> str:
        value = self.needed(name).strip().upper()
        if len(value) != 3 or not value.isalpha():
            raise self.error(name, "is not a currency of three letters")
        return value


def _entry(fields: _Fields) -> Entry:
    value_date = fields.day("value_date")
    if value_date is None:
        raise fields.error("value_date", "is needed")
    details = fields.record.get("details") or {}
    if not isinstance(details, dict):
        raise fields.error("details", "is not an object")
    return Entry(
        id=fields.identity("id"),
        amount=fields.money("amount"),
        currency=fields.currency("currency"),
        value_date=value_date,
        remittance=fields.text("remittance") or "",
        counterparty_account=fields.text("counterparty_account"),
        counterparty_name=fields.text("counterparty_name"),
        virtual_account=fields.text("virtual_account"),
        customer_reference=fields.text("customer_reference"),
        details={str(name): str(value) for name, value in details.items() if value is not None},
    )


def _open_item(fields: _Fields) -> OpenItem:
    try:
        kind = Kind(fields.needed("kind"))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise fields.error("kind", "is none of receivable, payable, payment") from None
    amount = fields.money("amount")
    if amount <= 0:
        raise fields.error("amount", "is not above zero")
    accounts = fields.record.get("party_accounts") or []
    if not isinstance(accounts, list) or not all(isinstance(account, str) for account in accounts):
        raise fields.error("party_accounts", "is not a list of texts")
    references = fields.record.get("references") or []
    if not isinstance(references, list) or not all(isinstance(reference, str) for reference in references):
        raise fields.error("references", "is not a list of texts")
    return OpenItem(
        id=fields.identity("id"),
        kind=kind,
        party=fields.identity("party"),
        party_name=fields.text("party_name"),
        party_accounts=tuple(accounts),
        party_nip=fields.text("party_nip"),
        number=fields.text("number") or "",
        amount=amount,
        currency=fields.currency("currency"),
        date=fields.day("date"),
        due_date=fields.day("due_date"),
        ksef=fields.text("ksef"),
        virtual_account=fields.text("virtual_account"),
        references=tuple(references),
    )
