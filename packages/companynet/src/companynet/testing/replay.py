"""A bank that answers as a recording says, and refuses what differs from it."""

import socket
from collections.abc import Collection
from http import HTTPStatus
from types import TracebackType
from typing import Final

from lxml import etree

from companynet.soap.envelope import EnvelopeError, body_of, parse_envelope
from companynet.testing.masking import Kind, kind_of
from companynet.testing.recording import RecordedExchange, Recording
from companynet.testing.scripted import ScriptedBank, fault, http

#: The code of the fault that refuses a call.
DIFFERS: Final = "REPLAY_DIFFERS"
#: Elements that may differ: a newer version of the library replays an old recording.
# What names the program and its release is no part of an exchange.  # L-016
_FREE: Final = frozenset({"clientInfo", "clientVersion"})
#: What such a call has no answer of: nothing of it reached the bank.
_NEVER_ARRIVED: Final = "unreachable"
_OWN: Final = frozenset({Kind.KEPT, Kind.CODE})
_GARBAGE: Final = "this is no envelope"


class ReplayBank:
    """Plays a recording on a free port of this machine. Use it as a context manager.

    Calls must come in the order of the recording, each with the operation, elements and values recorded. A value that
    was masked may be any value, but the same for the same: who sends the DIK ``10000001`` where the recording has
    ``83521947`` must go on to do so, and is given ``10000001`` back. Tokens are those of the recording's answers.

    A call that never reached the bank is left out. One whose answer was lost is closed without an answer, at once or,
    after a timeout, when the caller has given up.

    Args:
        recording: what to play.
        free: names of elements whose values may differ, beside the client's name and version.
    """

    def __init__(self, recording: Recording, *, free: Collection[str] = ()) -> None:
        self._waiting = [item for item in recording.exchanges if item.failure != _NEVER_ARRIVED]
        self._free = _FREE.union(free)
        self._sent_of: dict[tuple[Kind, str], str] = {}
        self._recorded_of: dict[tuple[Kind, str], str] = {}
        self._bank = ScriptedBank(self._step)
        self.differences: list[str] = []
        """What was refused, in order: a test wants it to be empty."""

    @property
    def url(self) -> str:
        """Where it listens: the endpoint of a profile."""
        return self._bank.url

    @property
    def left(self) -> tuple[str, ...]:
        """The operations that were recorded and not called yet."""
        return tuple(item.operation for item in self._waiting)

    def __enter__(self) -> "ReplayBank":
        self._bank.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bank.__exit__(kind, error, trace)

    def _step(self, connection: socket.socket) -> None:
        self._bank.then(self._step)
        difference = self._difference(self._bank.bodies[-1])
        if difference:
            self.differences.append(difference)
            connection.sendall(fault(DIFFERS, difference))
            return
        exchange = self._waiting.pop(0)
        if exchange.failure == "timeout":
            # Until the caller gives up, or the bank is closed.
            connection.settimeout(0.1)
            while not self._gone(connection):
                self._bank.wait(0.05)
        elif exchange.failure != "lost":
            connection.sendall(self._answer(exchange))

    def _gone(self, connection: socket.socket) -> bool:
        try:
            return self._bank.closed or not connection.recv(1)
        except TimeoutError:
            return False

    def _answer(self, exchange: RecordedExchange) -> bytes:
        status = exchange.status or HTTPStatus.OK
        if exchange.answer is None:
            return http(_GARBAGE, f"{status} Recorded", content_type="text/plain")
        root = parse_envelope(exchange.answer.encode())
        for element in root.iter():
            if kind_of(element) is Kind.DIK and element.text:
                element.text = self._sent_of.get((Kind.DIK, element.text), element.text)
        return http(etree.tostring(root, encoding="UTF-8", xml_declaration=True), f"{status} Recorded")

    def _difference(self, content: bytes) -> str:
        """In what a call differs from the one recorded; empty if in nothing."""
        try:
            sent = body_of(parse_envelope(content))
        except EnvelopeError as error:
            return f"no call: {error}"
        operation = etree.QName(sent).localname
        if not self._waiting:
            return f"{operation} was called, and nothing more was recorded"
        recorded = body_of(parse_envelope(self._waiting[0].request.encode()))
        if sent.tag != recorded.tag:
            return f"{operation} was called, {self._waiting[0].operation} was recorded"
        ours, theirs = _leaves(sent), _leaves(recorded)
        if [path for path, _element in ours] != [path for path, _element in theirs]:
            return f"{operation} has other elements than recorded: {_first_other(ours, theirs)}"
        bound: list[tuple[Kind, str, str]] = []
        for (path, mine), (_path, other) in zip(ours, theirs, strict=True):
            problem = self._compare(mine, other, bound)
            if problem:
                return f"{operation}: {path} {problem}"
        for kind, value, known in bound:
            self._sent_of[kind, known] = value
            self._recorded_of[kind, value] = known
        return ""

    def _compare(self, mine: etree._Element, other: etree._Element, bound: list[tuple[Kind, str, str]]) -> str:
        kind, value, known = kind_of(other), mine.text or "", other.text or ""
        if etree.QName(other).localname in self._free:
            return ""
        if kind in _OWN:
            return "" if value == known else f"is {value!r}, {known!r} was recorded"
        if self._sent_of.get((kind, known), value) != value or self._recorded_of.get((kind, value), known) != known:
            # The values may be secrets.
            return "is not the value that was sent for the same before"
        bound.append((kind, value, known))
        return ""


def _leaves(body: etree._Element) -> list[tuple[str, etree._Element]]:
    """The elements without elements in them, with the path of their names."""
    found = []
    for element in body.iter():
        if len(element) == 0:
            names = [etree.QName(step).localname for step in (*reversed(list(element.iterancestors())), element)]
            found.append(("/".join(names[names.index(etree.QName(body).localname) + 1 :]), element))
    return found


def _first_other(ours: list[tuple[str, etree._Element]], theirs: list[tuple[str, etree._Element]]) -> str:
    mine, recorded = ([path for path, _element in leaves] for leaves in (ours, theirs))
    return (
        ", ".join(
            [*(f"{path} is new" for path in mine if path not in recorded)]
            + [f"{path} is missing" for path in recorded if path not in mine]
        )
        or "in another order or number"
    )
