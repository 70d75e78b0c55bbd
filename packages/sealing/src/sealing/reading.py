"""Untrusted JSON read with bounds: whatever the bytes are, plain texts and lists come out, or a ValueError.

Nothing that is read here may hold a number, and no text that cannot be written again: a lone surrogate or a
control character. The size is looked at before anything is decoded, the depth before anything is parsed, so the
work is a small multiple of the size allowed.
"""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any, NoReturn

_OPENING, _CLOSING = frozenset(b"[{"), frozenset(b"]}")
_QUOTE, _BACKSLASH = ord('"'), ord("\\")


def read_object(data: bytes, *, limit: int, depth: int) -> dict[str, Any]:
    """The JSON object in *data*.

    Args:
        limit: the most bytes.
        depth: the most objects and lists inside of each other; 1 is an object of texts alone.

    Raises:
        ValueError: it is longer, deeper, not UTF-8, not one JSON object, has a key twice or a number. The text says
            which, and holds nothing of the content.
    """
    if len(data) > limit:
        raise ValueError(f"it has {len(data)} bytes, more than {limit}")
    _check_depth(data, depth)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_number,
            parse_float=_number,
            parse_constant=_number,
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError:
        raise ValueError("it is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 - one class for all that the bytes may be
    return value


def text_of(values: Mapping[str, Any], key: str, limit: int, *, empty: bool = False) -> str:
    """The text under *key*, of at most *limit* characters.

    Raises:
        ValueError: it is missing, no text, longer, empty where it must not be, or has a character that is none.
    """
    return checked_text(values.get(key), key, limit, empty=empty)


def checked_text(value: object, place: str, limit: int, *, empty: bool = False) -> str:
    """*value* if it is a text as `text_of` takes it; *place* names it in the error."""
    if not isinstance(value, str):
        raise ValueError(f"{place} is not a text")  # noqa: TRY004 - as above
    if len(value) > limit or not (value or empty):
        raise ValueError(f"{place} has {len(value)} characters; {0 if empty else 1} to {limit} are allowed")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ValueError(f"{place} has a control character or half of a character")
    return value


def only(values: Mapping[str, Any], *keys: str) -> None:
    """Refuse any other keys than these; raises ValueError."""
    if set(values) != set(keys):
        raise ValueError(f"it has other keys than {', '.join(keys)}")


def _check_depth(data: bytes, most: int) -> None:
    """Count brackets outside of strings. It need not be JSON: what is not fails later."""
    depth = 0
    quoted = escaped = False
    for byte in data:
        if quoted:
            if escaped:
                escaped = False
            elif byte == _BACKSLASH:
                escaped = True
            elif byte == _QUOTE:
                quoted = False
        elif byte == _QUOTE:
            quoted = True
        elif byte in _OPENING:
            depth += 1
            if depth > most:
                raise ValueError(f"it is deeper than {most}")
        elif byte in _CLOSING:
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("it has a key twice")
    return values


def _number(_digits: str) -> NoReturn:
    raise ValueError("it has a number")
