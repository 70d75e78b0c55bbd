"""Plain JSON values read strictly: each error names the place and the value."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from companynet.errors import FormatError


class JsonReader:
    """Takes typed values out of plain ones.

    Args:
        source: the name of the file, for errors.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def mapping(
        self, values: object, place: str, required: frozenset[str], optional: frozenset[str] = frozenset()
    ) -> Mapping[str, object]:
        """An object with just these keys."""
        if not isinstance(values, Mapping):
            raise FormatError(self.source, place, "is not an object")
        missing = sorted(required - set(values))
        if missing:
            raise FormatError(self.source, place, f"lacks {', '.join(missing)}")
        unknown = sorted(set(values) - required - optional)
        if unknown:
            raise FormatError(self.source, place, f"has unknown keys: {', '.join(unknown)}")
        return values

    def items(self, values: Mapping[str, object], key: str, place: str) -> list[Any]:
        """A list."""
        value = values[key]
        if not isinstance(value, list):
            raise FormatError(self.source, f"{place}.{key}", "is not a list")
        return value

    def text(self, values: Mapping[str, object], key: str, place: str) -> str:
        """A text."""
        value = values[key]
        if not isinstance(value, str):
            raise FormatError(self.source, f"{place}.{key}", f"{value!r} is not text")
        return value

    def optional(self, values: Mapping[str, object], key: str, place: str) -> str | None:
        """A text or nothing."""
        return None if values.get(key) is None else self.text(values, key, place)

    def day(self, values: Mapping[str, object], key: str, place: str) -> date:
        """A date."""
        text = self.text(values, key, place)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise FormatError(self.source, f"{place}.{key}", f"{text!r} is not a date YYYY-MM-DD") from None

    def time(self, values: Mapping[str, object], key: str, place: str) -> datetime:
        """A time with its zone, or without where there was none."""
        text = self.text(values, key, place)
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise FormatError(self.source, f"{place}.{key}", f"{text!r} is not an ISO 8601 time") from None

    def aware_time(self, values: Mapping[str, object], key: str, place: str) -> datetime:
        """A time that has its zone."""
        found = self.time(values, key, place)
        if found.utcoffset() is None:
            raise FormatError(self.source, f"{place}.{key}", f"{found.isoformat()} has no time zone")
        return found

    def snapshot(
        self,
        values: object,
        kind: str,
        version: int,
        required: frozenset[str],
        optional: frozenset[str] = frozenset(),
    ) -> Mapping[str, object]:
        """The values of a snapshot of this kind and version.

        A snapshot is an object whose ``snapshot`` names its kind and whose ``version`` is a number; another version
        is refused, never guessed at.
        """
        if not isinstance(values, Mapping) or values.get("snapshot") != kind:
            raise FormatError(self.source, "snapshot", f"is not {kind!r}")
        if values.get("version") != version:
            raise FormatError(self.source, "version", f"is {values.get('version')!r}; this program reads {version}")
        return self.mapping(values, kind, required | {"snapshot", "version"}, optional)
