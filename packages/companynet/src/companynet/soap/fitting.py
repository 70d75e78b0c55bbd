"""Requests fitted to the WSDL that is there.

:mod:`companynet.soap.needs` says what an operation is given; the types of the WSDL say in which form: a list as a
repeated element or as an array type with one repeated child, data as text or as base64, a day as a day or as its
midnight. Parts are found by their names, in whatever namespace. What the WSDL has beside them is left out where it
may be, and named where it may not.  # L-031
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

import zeep.xsd
from zeep.xsd.elements.indicators import Choice, Indicator
from zeep.xsd.types import builtins

from companynet.clock import BANK_ZONE
from companynet.soap.errors import ContractBroken
from companynet.soap.needs import Group, Kind, Many, Names, Need, Value

#: Parts of the context that a call may be without: some concern no customer, some come before there is a token.
_NOT_ALWAYS: Final = frozenset({"dik", "authenticationToken"})  # L-016

#: Characters that XML has no place for.  # S-702
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Fill = Callable[[Any], Any]
"""Makes of a value of ours what zeep wants for an element."""


@dataclass(frozen=True)
class Fit:
    """How an operation's request fits the types of a WSDL."""

    fill: Fill
    """Makes zeep's arguments of ours. Raises :class:`ContractBroken` for a value the declared types cannot hold."""

    problems: tuple[str, ...]
    """Why it does not fit: what is missing, of a kind we do not write, or required and unknown. Empty if it fits."""

    notes: tuple[str, ...]
    """Where the WSDL's form is another than the plain one."""


class Fitting:
    """Fits one operation's request.

    Args:
        operation: ours.
        names: what the bank calls our parts.
        constants: values for parts the WSDL requires and we do not know, by their path below the operation.
    """

    def __init__(self, operation: str, names: Names, constants: Mapping[str, str]) -> None:
        self._operation = operation
        self._names = names
        self._constants = constants
        self._problems: list[str] = []
        self._notes: list[str] = []

    def fit(self, need: Group, declared: Any) -> Fit:
        """Fit what is needed to the declared type of the operation's element (a type of zeep's)."""
        fill = self._group(need, declared, "")
        return Fit(fill, tuple(self._problems), tuple(self._notes))

    def _group(self, need: Group, declared: Any, place: str) -> Fill:
        if not isinstance(declared, zeep.xsd.ComplexType):
            self._problems.append(f"{place or self._operation} has no parts in this WSDL")
            return _nothing
        elements = {element.name: (key, element) for key, element in declared.elements}
        fills: dict[str, tuple[str, Fill]] = {}
        missing: set[str] = set()
        for name, part in need.parts.items():
            theirs = self._names.part(self._operation, name)
            path = f"{place}/{theirs}" if place else theirs
            if theirs in elements:
                key, element = elements.pop(theirs)
                fills[name] = (key, self._part(part, element, path))
            elif part.needed:
                missing.add(name)
                if name not in _NOT_ALWAYS:
                    self._problems.append(f"{path} is missing")
            else:
                self._notes.append(f"{path} is not in this WSDL: left out")
        constant = dict(self._unknown(elements, declared, place))
        given = {name for name, part in need.parts.items() if part.needed} - _NOT_ALWAYS

        def fill(value: Mapping[str, Any]) -> dict[str, Any]:
            if absent := sorted(given - value.keys()):
                raise ContractBroken(f"{place or self._operation}: {', '.join(absent)} is not given")
            if foreign := sorted((value.keys() - need.parts.keys()) | (value.keys() & missing)):
                raise ContractBroken(f"{place or self._operation}: there is no place for {', '.join(foreign)}")
            filled = {key: inner(value[name]) for name, (key, inner) in fills.items() if name in value}
            return constant | filled

        return fill

    def _unknown(self, elements: Mapping[str, Any], declared: Any, place: str) -> Iterator[tuple[str, Any]]:
        """What the profile says for parts that are no need of ours; those it must say something for are problems."""
        free = _free(declared)
        for name, (key, element) in elements.items():
            path = f"{place}/{name}" if place else name
            constant = self._constants.get(f"{self._operation}/{path}")
            if constant is not None:
                self._notes.append(f"{path} is {constant}, by the profile")
                yield key, _constant(element, constant)
            elif _required(element) and id(element) not in free:
                self._problems.append(f"{path} is required, and this library does not know it")
        for name, attribute in declared.attributes:
            if attribute.required:
                self._problems.append(f"the attribute {name} of {place or self._operation} is required and not known")

    def _part(self, need: Need, element: Any, path: str) -> Fill:
        if isinstance(need, Many):
            return self._many(need, element, path)
        made = self._item(need, element, path)
        if not element.accepts_multiple:
            return made
        return lambda value: [made(value)]

    def _many(self, need: Many, element: Any, path: str) -> Fill:
        if element.accepts_multiple:
            self._notes.append(f"{path} is a repeated element")
            item = self._item(need.item, element, path)
            return lambda values: [item(value) for value in values]
        children = list(element.type.elements) if isinstance(element.type, zeep.xsd.ComplexType) else []
        repeated = [(key, child) for key, child in children if getattr(child, "accepts_multiple", False)]
        if len(repeated) != 1:
            self._problems.append(f"{path} is no list in this WSDL")
            return _nothing
        key, child = repeated[0]
        path = f"{path}/{child.name}"
        self._problems.extend(
            f"{path.rpartition('/')[0]}/{other.name} is required, and this library does not know it"
            for _key, other in children
            if other is not child and _required(other)
        )
        item = self._item(need.item, child, path)
        return lambda values: {key: [item(value) for value in values]}

    def _item(self, need: Need, element: Any, path: str) -> Fill:
        if isinstance(need, Group):
            return self._group(need, element.type, path)
        assert isinstance(need, Value)  # noqa: S101 -- no list among NEEDS is of lists
        return self._value(need, element, path)

    def _value(self, need: Value, element: Any, path: str) -> Fill:
        for declared, write in _WRITERS[need.kind]:
            if isinstance(element.type, declared):
                if declared is not _WRITERS[need.kind][0][0]:
                    self._notes.append(f"{path} is written as {declared.__name__}")
                return lambda value: _written(write, value, path)
        self._problems.append(f"{path} is of another kind in this WSDL: {need.kind.value} is wanted")
        return _nothing


def _nothing(_value: Any) -> Any:
    return None


def _written(write: Fill, value: Any, path: str) -> Any:
    try:
        return write(value)
    except (ValueError, TypeError, AttributeError):
        # The foreign exception may quote the value.
        pass
    raise ContractBroken(f"{path}: the value does not fit the type this WSDL gives it")


def _text(value: str) -> str:
    if not value or _NO_XML.search(value):
        raise ValueError
    return value


def _whole(value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or str(int(value)) != value:
        # Another text would come back as another id.
        raise ValueError
    return int(value)


def _word(value: object) -> str:
    return "true" if value else "false"


def _midnight(value: date) -> datetime:
    return datetime.combine(value, time(), BANK_ZONE)


def _local(value: datetime) -> datetime:
    """The bank's own time with its offset: right for who reads the offset and for who does not.  # L-033"""
    return value.astimezone(BANK_ZONE)


def _utf8(value: bytes) -> str:
    return _text(value.decode("utf-8"))


#: The types a value is written as, the plain one first. A type of its own is one of these by what it restricts.
_WRITERS: Final[Mapping[Kind, tuple[tuple[Any, Fill], ...]]] = {
    Kind.TEXT: ((builtins.String, _text),),
    Kind.ID: ((builtins.String, _text), (builtins.Integer, _whole)),
    Kind.FLAG: ((builtins.Boolean, bool), (builtins.String, _word)),
    Kind.DAY: ((builtins.Date, lambda day: day), (builtins.DateTime, _midnight), (builtins.String, date.isoformat)),
    Kind.TIME: ((builtins.DateTime, _local), (builtins.String, lambda moment: _local(moment).isoformat())),
    Kind.DATA: ((builtins.String, _utf8), (builtins.Base64Binary, bytes)),
}


def _constant(element: Any, text: str) -> Any:
    """A text of the profile as the declared type has it."""
    return element.type.pythonvalue(text) if hasattr(element.type, "pythonvalue") else text


def _required(element: Any) -> bool:
    if getattr(element, "name", None) is None:
        return False
    return not element.is_optional and not element.nillable and element.default is None


def _free(declared: Any) -> set[int]:
    """The elements of a type that are one choice of several, or in a group that may be left out."""
    found: set[int] = set()

    def walk(part: Any, *, free: bool) -> None:
        if isinstance(part, Indicator):
            parts: Any = part
            for child in parts:
                walk(child, free=free or isinstance(part, Choice) or parts.min_occurs == 0)
        elif free:
            found.add(id(part))

    for _key, part in declared.elements_nested:
        walk(part, free=False)
    return found
