"""Answers read for what is wanted of them, whatever they are wrapped in.

Of an answer only what :mod:`companynet.soap.needs` names is looked at, by local names, in any namespace and order:

* what is wanted may stand in the answer's element itself, or below one or more others (``return``, ``out``, any);
* a value may come where a group is wanted of which it is the one needed part, and an element with one value in it
  where a value is wanted;
* a list may be wrapped or be its items straight, and its items may be values where a group with one part is wanted;
* an element that is nil is one that is not there.

Nothing is guessed: two values where one is wanted, a list of which an item cannot be read, or a needed part that is
not there make no answer.  # L-032
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from lxml import etree
from zeep.xsd.types import builtins

from companynet.soap.errors import ContractBroken
from companynet.soap.needs import Group, Kind, Many, Names, Need, Unreadable, Value

_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
#: What wrappers are called where there is something beside them.
_WRAPPERS: Final = ("return", "out")


class AnswerNeeds:
    """Reads the answers of one operation.

    Args:
        operation: ours.
        need: what is wanted of it.
        names: what the bank calls it.
    """

    def __init__(self, operation: str, need: Need, names: Names) -> None:
        self._operation = operation
        self._need = need
        self._names = names

    def read(self, body: etree._Element) -> Any:
        """What is wanted: texts, flags, numbers and times; dicts by our names; lists. A part that is not there and
        not needed is None, a list that is not there is empty.

        Raises:
            ContractBroken: it is not there; names the place, and quotes no value.
        """
        need = self._need
        if isinstance(need, Value):
            return self._value(need.kind, self._only_leaf(body))
        if isinstance(need, Group):
            return self._group(need, self._holder(need, body))
        return self._top_list(need, body)

    # Values

    def _only_leaf(self, node: etree._Element) -> etree._Element:
        """The one element with a text in it, below a node or itself.

        Raises:
            ContractBroken: there is none, or more than one.
        """
        children = _there(node)
        if not children:
            return node
        wrappers = [child for child in children if _name(child) in _WRAPPERS]
        if len(children) > 1 and len(wrappers) == 1:
            return self._only_leaf(wrappers[0])
        leaves = [leaf for leaf in _leaves(node) if (leaf.text or "").strip()]
        if len(leaves) == 1 and len(children) == 1:
            return leaves[0]
        if not leaves:
            raise ContractBroken(f"{_place(node)}: nothing is in it")
        raise ContractBroken(f"{_place(node)}: one value is wanted, and there are more")

    def _value(self, kind: Kind, leaf: etree._Element) -> Any:
        text = leaf.text or ""
        if kind is not Kind.TEXT:
            text = text.strip()
        if not text:
            raise ContractBroken(f"{_place(leaf)}: it is empty")
        if kind in {Kind.TEXT, Kind.ID}:
            return text
        if kind is Kind.FLAG and text in _FLAGS:
            return _FLAGS[text]
        if kind is Kind.COUNT and (text in _FLAGS or (text.isascii() and text.isdecimal())):
            return int(_FLAGS[text]) if text in _FLAGS else int(text)
        if kind is Kind.TIME and (moment := _moment(text)) is not None:
            return moment
        raise ContractBroken(f"{_place(leaf)}: it is not {kind.value}")

    # Groups

    def _holder(self, need: Group, body: etree._Element) -> etree._Element:
        """The element in which the parts of a group stand, or the one value that is its needed part."""
        level = [body]
        while level:
            found = [node for node in level if self._has_part(need, node)]
            if len(found) > 1:
                raise ContractBroken(f"{_place(found[0])}: it is there more than once")
            if found:
                return found[0]
            level = [child for node in level for child in _there(node)]
        return self._only_leaf(body)

    def _has_part(self, need: Group, node: etree._Element) -> bool:
        wanted = {self._names.part(self._operation, name) for name in need.parts}
        return any(_name(child) in wanted for child in node)

    def _group(self, need: Group, node: etree._Element) -> dict[str, Any]:
        needed = [name for name, part in need.parts.items() if part.needed]
        main = needed[0] if len(needed) == 1 else next(iter(need.parts)) if len(need.parts) == 1 else None
        if not self._has_part(need, node) and main is not None:
            # The one needed part alone, straight or below another name.
            part = need.parts[main]
            return {name: _absent(item) for name, item in need.parts.items()} | {main: self._alone(part, node)}
        return {name: self._part(name, part, node) for name, part in need.parts.items()}

    def _alone(self, part: Need, node: etree._Element) -> Any:
        """What is wanted of a node that is nothing else, whatever its name."""
        if isinstance(part, Value):
            leaf = self._only_leaf(node)
            return None if not part.needed and not (leaf.text or "").strip() else self._value(part.kind, leaf)
        if isinstance(part, Group):
            return self._group(part, node)
        return self._items(part, [node])

    def _part(self, name: str, part: Need, node: etree._Element) -> Any:
        theirs = self._names.part(self._operation, name)
        found = [child for child in _there(node) if _name(child) == theirs]
        if isinstance(part, Many):
            if not found and (part.needed or self._elsewhere(part, node)):
                raise ContractBroken(f"{_place(node)}: {theirs} is missing")
            return self._items(part, found)
        if len(found) > 1:
            raise ContractBroken(f"{_place(node)}: {theirs} is there more than once")
        if not found:
            if part.needed:
                raise ContractBroken(f"{_place(node)}: {theirs} is missing")
            return None
        if isinstance(part, Value):
            if not part.needed and not any((leaf.text or "").strip() for leaf in _leaves(found[0])):
                return None
            return self._value(part.kind, self._only_leaf(found[0]))
        try:
            return self._group(part, found[0])
        except ContractBroken as error:
            if not part.tolerant:
                raise
            return Unreadable(str(error))

    # Lists

    def _elsewhere(self, need: Many, node: etree._Element) -> bool:
        """Whether items of a list that is not there under its name are there under another: none may be lost so."""
        return isinstance(need.item, Group) and any(
            self._has_part(need.item, inner) for inner in node.iterdescendants()
        )

    def _top_list(self, need: Many, body: etree._Element) -> list[Any]:
        """The items of an answer that is a list: where they stand is told by what is in them."""
        item = need.item
        assert isinstance(item, Group)  # noqa: S101 -- the one list among NEEDS is of groups
        level = [body]
        while level:
            if names := {_name(node) for node in level if self._is_whole(item, node)}:
                return [self._group(item, node) for node in level if _name(node) in names]
            level = [child for node in level for child in _there(node)]
        if half := [node for node in body.iterdescendants() if self._has_part(item, node)]:
            raise ContractBroken(f"{_place(half[0])}: it is no whole item of the list")
        return []

    def _is_whole(self, need: Group, node: etree._Element) -> bool:
        """Whether every needed part of a group stands in a node, and theirs in them.

        A group of one part may be its value alone, but not in the answer's own element: that is something else which
        is called so.
        """
        for name, part in need.parts.items():
            if not part.needed:
                continue
            theirs = self._names.part(self._operation, name)
            found = [child for child in _there(node) if _name(child) == theirs]
            if not found:
                return False
            if isinstance(part, Group):
                inside = (above := node.getparent()) is not None and _name(above) != "Body"
                value_alone = inside and not len(found[0])
                if not value_alone and not any(self._is_whole(part, child) for child in found):
                    return False
        return True

    def _items(self, need: Many, found: list[etree._Element]) -> list[Any]:
        """The items of the elements of a list's name: they are it, or wrap it."""
        nodes: list[etree._Element] = []
        for node in found:
            children = _there(node)
            straight = not children or (isinstance(need.item, Group) and self._has_part(need.item, node))
            nodes += [node] if straight else children
        # An element without anything in it is an empty list, or an item of which nothing is said.
        return [self._alone(need.item, node) for node in nodes if _there(node) or (node.text or "").strip()]


_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


def _absent(need: Need) -> Any:
    return [] if isinstance(need, Many) else None


def _moment(text: str) -> datetime | None:
    try:
        value = builtins.DateTime().pythonvalue(text)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, ArithmeticError):
        return None
    return value if isinstance(value, datetime) else None


def _there(node: etree._Element) -> list[etree._Element]:
    """The elements in a node that are not nil."""
    return [child for child in node if child.get(_NIL) not in {"true", "1"}]


def _leaves(node: etree._Element) -> Iterator[etree._Element]:
    if not len(node):
        yield node
    for child in _there(node):
        yield from _leaves(child)


def _name(node: etree._Element) -> str:
    return etree.QName(node).localname


def _place(node: etree._Element) -> str:
    """The names from the answer's element down."""
    above = [step for step in node.iterancestors() if _name(step) not in {"Envelope", "Body"}]
    return "/".join(_name(step) for step in (*reversed(above), node))
