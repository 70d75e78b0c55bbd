"""What can be set in the bank: names, first values, and what values they take."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any, Final

from companynet_sandbox.books.bankdays import parse_hours
from companynet_sandbox.books.file import DEFAULT_SETTINGS, setting

#: Formats of statements.
FORMATS: Final = ("mt940", "mt942", "camt053.02", "camt053.08", "camt052.02", "camt052.08")


def check_value(name: str, value: object) -> str:
    """The text of a new value, as the books keep it.

    Raises:
        ValueError: the setting does not take this value; the text says which it takes.
    """
    default = DEFAULT_SETTINGS[name]
    if default in {"true", "false"}:
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false, is {value!r}")
        return "true" if value else "false"
    if default.isdecimal():
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{name} must be a whole number, 0 or more, is {value!r}")
        return str(value)
    text = value if isinstance(value, str) else ""
    try:
        _TEXTS[name](text)
    except ValueError:
        raise ValueError(f"{name} does not take {value!r}; it takes the like of {default!r}") from None
    return text


def typed(text: str) -> Any:
    """A value as JSON has it."""
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.lstrip("-").isdecimal() else text


def number(db: Connection, name: str) -> int:
    """A setting that is a number."""
    return int(setting(db, name))


def _format(text: str) -> None:
    if text not in FORMATS:
        raise ValueError(text)


def _window(text: str) -> None:
    opens, closes = parse_hours(text)
    if opens >= closes:
        raise ValueError(text)


_TEXTS: Final[dict[str, Callable[[str], object]]] = {
    "report_format": _format,
    "elixir_out": parse_hours,
    "elixir_in": parse_hours,
    "rtgs_hours": _window,
    "foreign_hours": _window,
}
