"""What the control plane is asked for, read strictly: a wrong or unknown value is an error that names it.

Incoming transfers are told with their codes and labels (L-209, L-242).
"""

import re
from datetime import date
from typing import Any

from companynet_sandbox.accounts.posting import Posting
from companynet_sandbox.books.numbers import to_minor


class RequestWrong(Exception):
    """The request cannot be carried out; the text says what is wrong with it."""


class Fields:
    """The values of a JSON object, taken one by one.

    Args:
        values: the object.
        place: names it in errors.
    """

    def __init__(self, values: object, place: str) -> None:
        if not isinstance(values, dict):
            raise RequestWrong(f"{place}: must be a JSON object, is {type(values).__name__}")
        self._values: dict[str, Any] = dict(values)
        self._place = place

    def text(self, name: str, default: str | None = None) -> str:
        """A text; required if there is no default. An absent or null value gives the default."""
        value = self._values.pop(name, None)
        if value is None:
            value = default
        if not isinstance(value, str):
            raise RequestWrong(f"{self._place}: {name} must be text, is {value!r}")
        return value

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        value = self._values.pop(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise RequestWrong(f"{self._place}: {name} must be a whole number, is {value!r}")
        return value

    def seconds(self, name: str, default: float) -> float:
        """A number of seconds."""
        value = self._values.pop(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 600:
            raise RequestWrong(f"{self._place}: {name} must be 0 to 600 seconds, is {value!r}")
        return float(value)

    def fraction(self, name: str, default: float) -> float:
        """A number above 0, at most 1."""
        value = self._values.pop(name, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 1:
            raise RequestWrong(f"{self._place}: {name} must be above 0 and at most 1, is {value!r}")
        return float(value)

    def flag(self, name: str) -> bool:
        """A boolean, false if absent."""
        value = self._values.pop(name, False)
        if not isinstance(value, bool):
            raise RequestWrong(f"{self._place}: {name} must be true or false, is {value!r}")
        return value

    def day(self, name: str) -> date | None:
        """A day, None if absent."""
        text = self.text(name, "")
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise RequestWrong(f"{self._place}: {name} must be a day YYYY-MM-DD, is {text!r}") from None

    def amount(self, name: str) -> int:
        """An amount in hundredths, from text such as ``-12.50``."""
        value = self._values.pop(name, None)
        try:
            return to_minor(value)
        except ValueError as error:
            raise RequestWrong(f"{self._place}: {name}: {error}") from None

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """A list of [label, value]."""
        value = self._values.pop(name, [])
        if not isinstance(value, list) or not all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(item, str) for item in pair)
            for pair in value
        ):
            raise RequestWrong(f"{self._place}: {name} must be a list of [label, value], both text")
        return tuple((label, text) for label, text in value)

    def skip(self, name: str) -> None:
        """Leave a value aside that is for others."""
        self._values.pop(name, None)

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._values:
            raise RequestWrong(f"{self._place}: unknown values {', '.join(sorted(self._values))}")


def as_list(body: object) -> list[object]:
    """One object, or a list of them."""
    return body if isinstance(body, list) else [body]


def read_entry(values: object, place: str) -> tuple[Posting, str]:
    """An entry of ``POST /entries``, and its currency or nothing."""
    fields = Fields(values, place)
    posting = Posting(
        account=fields.text("account"),
        amount=fields.amount("amount"),
        code=fields.text("code"),
        fields=fields.pairs("fields"),
        heading=fields.text("heading", ""),
        booked=fields.day("date"),
        valued=fields.day("value_date"),
        type=fields.text("type", ""),
        code_name=fields.text("code_name", ""),
        customer_reference=fields.text("customer_reference", ""),
        bank_reference=fields.text("bank_reference", ""),
        reversal=fields.flag("reversal"),
    )
    currency = fields.text("currency", "")
    # What a maker of demonstration data says about an entry is not the bank's to know.
    fields.skip("pays")
    fields.end()
    if not posting.code.isdecimal() or len(posting.code) > 4:
        raise RequestWrong(f"{place}: code must be one to four digits, is {posting.code!r}")
    if posting.type and not (len(posting.type) == 4 and posting.type.isascii() and posting.type.isupper()):
        raise RequestWrong(f"{place}: type must be four capital letters such as NTRF, is {posting.type!r}")
    return posting, currency


def read_incoming(values: object, place: str) -> tuple[Posting, str]:
    """An incoming transfer of ``POST /incoming``, and its currency or nothing."""
    fields = Fields(values, place)
    virtual_account = fields.text("virtual_account", "")
    debtor = f"{fields.text('debtor_name')} {fields.text('debtor_address', '')}".strip()
    posting = Posting(
        account=fields.text("account"),
        amount=fields.amount("amount"),
        code=fields.text("code", "911" if virtual_account else "770"),
        fields=(
            ("ID IPH", virtual_account),
            ("Z RACH.", fields.text("debtor_account", "")),
            ("OD", debtor),
            ("TYT.", fields.text("title", "")),
        ),
        booked=fields.day("date"),
        valued=fields.day("value_date"),
        customer_reference=fields.text("customer_reference", ""),
    )
    currency = fields.text("currency", "")
    fields.end()
    if posting.amount <= 0:
        raise RequestWrong(f"{place}: amount must be positive, for it comes in")
    if virtual_account and not re.fullmatch(r"XX\d{12}", virtual_account, re.ASCII):
        raise RequestWrong(f"{place}: virtual_account must be XX and 12 digits, is {virtual_account!r}")
    return posting, currency
