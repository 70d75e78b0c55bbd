"""A customer's traffic with the bank in a file: masked, one exchange a line, to be replayed as a test.

The file is JSON lines, UTF-8. The first line says what it is; each further one is an exchange::

    {"recording": "companynet", "version": 1, "made_at": "…", "amounts": "kept", "sentences": "masked"}
    {"operation": "getStatus", "started": "…", "duration": 0.12, "request": "<…>", "status": 200, "answer": "<…>",
     "failure": null}

``answer`` is null if none came (``failure`` says why: unreachable, timeout, lost, invalid) or if it was no envelope
that this library takes (``failure`` is ``unreadable``).
"""

import json
import os
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from companynet.domain.json_values import JsonReader
from companynet.errors import FormatError
from companynet.soap.envelope import EnvelopeError
from companynet.soap.exchange import Exchange
from companynet.testing.masking import Masker, mask_envelope

_NAME: Final = "companynet"
_VERSION: Final = 1
_KEYS: Final = frozenset({"operation", "started", "duration", "request", "status", "answer", "failure"})
UNREADABLE: Final = "unreadable"


class Recorder:
    """Writes each exchange of a client to a file, masked; give it as ``on_exchange``. May be shared by threads.

    What is masked, and what is not: see ``docs/guide/contract-suite.md``. Look at a recording before it is handed on.

    Args:
        path: of the file, which must not be there; only its owner may read it.
        amounts: scale amounts too.
        sentences: keep the bank's sentences, with the values masked elsewhere masked in them.

    Raises:
        FileExistsError: the file is there.
        OSError: it cannot be made.
    """

    def __init__(self, path: Path, *, amounts: bool = False, sentences: bool = False) -> None:
        self._masker = Masker(amounts=amounts, sentences=sentences)
        self._lock = threading.Lock()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
        self.problem: str | None = None
        """Why the recording is not whole: the first thing that went wrong; None if nothing did."""
        self._write(
            {
                "recording": _NAME,
                "version": _VERSION,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "amounts": "scaled" if amounts else "kept",
                "sentences": "kept" if sentences else "masked",
            }
        )

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __call__(self, exchange: Exchange) -> None:
        """Write one exchange. It raises nothing: a call to the bank is worth more than its recording."""
        with self._lock:
            try:
                self._write(self._masked(exchange))
            except Exception as error:  # noqa: BLE001 -- whatever it is, the call goes on; the text may quote it
                self.problem = self.problem or f"{exchange.operation} was not recorded: {type(error).__name__}"

    def _masked(self, exchange: Exchange) -> dict[str, object]:
        answer, failure = None, exchange.failure
        if exchange.answer is not None:
            try:
                answer = mask_envelope(exchange.answer.content, self._masker)
            except EnvelopeError:
                failure = UNREADABLE
        return {
            "operation": exchange.operation,
            "started": exchange.started.isoformat(),
            "duration": round(exchange.duration, 4),
            "request": mask_envelope(exchange.request, self._masker),
            "status": exchange.answer.status if exchange.answer else None,
            "answer": answer,
            "failure": failure,
        }

    def _write(self, values: dict[str, object]) -> None:
        self._stream.write(json.dumps(values, ensure_ascii=False) + "\n")
        # What was answered is in the file even if the program is killed next.
        self._stream.flush()


@dataclass(frozen=True)
class RecordedExchange:
    """One exchange of a recording."""

    operation: str
    """Of the contract."""

    started: datetime
    """When it began, aware."""

    duration: float
    """Seconds."""

    request: str
    """The envelope, masked."""

    status: int | None
    """The HTTP status; None if no answer came."""

    answer: str | None
    """The envelope, masked; None if none came, or none that can be read."""

    failure: str | None
    """Why there is no answer."""


@dataclass(frozen=True)
class Recording:
    """What one file holds."""

    exchanges: tuple[RecordedExchange, ...]
    """In the order they were made."""

    @classmethod
    def load(cls, path: Path) -> "Recording":
        """Read a recording.

        Raises:
            OSError: it cannot be read.
            FormatError: it is none of this version; names the line.
        """
        # Not by splitlines: an answer may hold other signs that end lines.
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        head = _values(str(path), 1, lines[0])
        if (head.get("recording"), head.get("version")) != (_NAME, _VERSION):
            raise FormatError(str(path), "line 1", f"is not the head of a recording of version {_VERSION}")
        return cls(tuple(_exchange(str(path), number, line) for number, line in enumerate(lines[1:], 2)))


def _values(source: str, number: int, line: str) -> dict[str, object]:
    try:
        values = json.loads(line)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise FormatError(source, f"line {number}", "is no JSON object")
    return values


def _exchange(source: str, number: int, line: str) -> RecordedExchange:
    reader, place = JsonReader(source), f"line {number}"
    found = reader.mapping(_values(source, number, line), place, _KEYS)
    status, duration = found["status"], found["duration"]
    if not (status is None or type(status) is int) or not isinstance(duration, int | float):
        raise FormatError(source, place, "status or duration is no number")
    return RecordedExchange(
        operation=reader.text(found, "operation", place),
        started=reader.aware_time(found, "started", place),
        duration=float(duration),
        request=reader.text(found, "request", place),
        status=status,
        answer=reader.optional(found, "answer", place),
        failure=reader.optional(found, "failure", place),
    )
