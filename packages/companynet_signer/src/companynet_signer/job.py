"""What the server sends: read field by field, nothing believed that was not checked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

from companynet.domain.session import Secret
from companynet_signer.errors import AnswerRefused, JobChanged
from companynet_signer.plain_text import is_text

T = TypeVar("T")

#: Encodings a text may be signed in: those without a byte-order mark that hold Polish.  # L-007
ENCODINGS: Final = frozenset({"utf-16-le", "utf-16-be", "utf-8", "iso-8859-2", "cp1250"})
#: The one purpose there is: a long-lived session.
SESSION: Final = "session"
#: A session takes two signatures: the login challenge, then the session text.
ROUNDS: Final = 2

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
#: What may stand behind ``Bearer``.  # S-272
_TICKET: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,200}=*")
_NAME: Final = 250
_LIST: Final = 200


@dataclass(frozen=True)
class Dik:
    """A customer number and whose it is."""

    number: str
    """As given by the bank."""

    head_office: str
    """The name of the head office; empty for a number that was typed in."""


@dataclass(frozen=True)
class Content:
    """What the person is asked to sign for."""

    bank: str
    """The bank's name."""

    endpoint: str
    """The address of the bank's service the server will call."""

    bank_user: str
    """Who logs in at the bank."""

    diks: tuple[Dik, ...]
    """What the session covers, at least one."""

    operations: tuple[str, ...]
    """What the session allows, by the bank's names, at least one."""

    end: datetime
    """The end asked for, UTC."""

    requested_by: str
    """The user of the ERP who asked."""

    database: str
    """The database of the ERP."""

    certificate: str | None
    """SHA-256 of the one chosen in the ERP, lower-case hexadecimal; None for any."""


@dataclass(frozen=True)
class Task:
    """A text to sign."""

    round: int
    """1 for the login challenge, 2 for the session text."""

    text: str
    """As the bank gave it."""

    data: bytes
    """The same as the bytes that are signed."""


@dataclass(frozen=True)
class Job:
    """What is to be signed, and what for."""

    expires: datetime
    """The server takes no signature after this, UTC."""

    content: Content
    """What it is for."""

    raw_content: Mapping[str, object] = field(repr=False)
    """The same as it came, members that are not known included: the second round must bring just this."""

    task: Task
    """The first text to sign."""


@dataclass(frozen=True)
class Granted:
    """What came of it."""

    end: datetime
    """The session's end, UTC."""

    diks: tuple[str, ...]
    """What the session covers."""

    difference: str | None
    """What was asked for and not granted, in the server's words; None if nothing."""


def read_ticket(answer: Mapping[str, object]) -> Secret:
    """What authorises the messages that follow.

    Raises:
        AnswerRefused: there is none in the answer.
    """
    ticket = answer.get("ticket")
    if not isinstance(ticket, str) or not _TICKET.fullmatch(ticket):
        raise AnswerRefused("answer_wrong", where="ticket")
    return Secret(ticket)


def read_job(answer: Mapping[str, object], database: str) -> Job:
    """The job the code was changed for.

    Args:
        answer: of the server.
        database: the one asked, which the job must name.

    Raises:
        AnswerRefused: a field is missing, wrong, or not what a person can read.
    """
    raw = _object(answer, "content")
    return Job(
        expires=_time(answer, "expires"),
        content=_content(raw, database),
        raw_content=raw,
        task=_task(answer, 1),
    )


def read_second(answer: Mapping[str, object], job: Job) -> Task:
    """The second text, if the job is still the one that was shown.

    Raises:
        JobChanged: its content is another.
        AnswerRefused: a field is missing or wrong.
    """
    if _object(answer, "content") != job.raw_content:
        raise JobChanged("job_changed")
    return _task(answer, 2)


def read_granted(answer: Mapping[str, object]) -> Granted:
    """How it ended.

    Raises:
        AnswerRefused: a field is missing or wrong.
    """
    done = _object(answer, "done")
    difference = done.get("difference")
    if difference is not None:
        difference = _text(done, "difference", "done.", longest=2000, lines=True)
    return Granted(
        end=_time(done, "end", "done."),
        diks=_list(done, "diks", "done.", lambda item, where: _checked(item, where, longest=35)),
        difference=difference,
    )


def read_sentences(answer: Mapping[str, object]) -> tuple[str, str]:
    """What a server that says no has to say to the person: in Polish, in English.

    Raises:
        AnswerRefused: nothing, or nothing a person can read.
    """
    error = _object(answer, "error")
    return (
        _text(error, "pl", "error.", longest=2000, lines=True),
        _text(error, "en", "error.", longest=2000, lines=True),
    )


def _content(raw: Mapping[str, object], database: str) -> Content:
    inside = "content."
    if raw.get("purpose") != SESSION:
        raise AnswerRefused("purpose_unknown")
    named = _text(raw, "database", inside)
    if named != database:
        raise AnswerRefused("answer_wrong", where="content.database")
    certificate = raw.get("certificate")
    if certificate is not None and not (isinstance(certificate, str) and _FINGERPRINT.fullmatch(certificate)):
        raise AnswerRefused("answer_wrong", where="content.certificate")
    return Content(
        bank=_text(raw, "bank", inside),
        endpoint=_text(raw, "endpoint", inside, longest=500),
        bank_user=_text(raw, "bank_user", inside),
        diks=_list(raw, "diks", inside, _dik, least=1),
        operations=_list(raw, "operations", inside, _checked, least=1),
        end=_time(raw, "end", inside),
        requested_by=_text(raw, "requested_by", inside),
        database=named,
        certificate=certificate,
    )


def _dik(item: object, where: str) -> Dik:
    if not isinstance(item, dict):
        raise AnswerRefused("answer_wrong", where=where)
    return Dik(
        number=_text(item, "dik", f"{where}.", longest=35),
        head_office=_text(item, "head_office", f"{where}.", empty=True),
    )


def _task(answer: Mapping[str, object], number: int) -> Task:
    if type(answer.get("round")) is not int or answer["round"] != number:
        raise AnswerRefused("answer_wrong", where="round")
    encoding, text = answer.get("encoding"), answer.get("text")
    if not isinstance(encoding, str) or encoding not in ENCODINGS:
        raise AnswerRefused("answer_wrong", where="encoding")
    if not isinstance(text, str) or not text.strip() or not is_text(text, lines=True):
        raise AnswerRefused("not_text")
    data = b""
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        data = b""
    if not data:
        raise AnswerRefused("not_text")
    return Task(number, text, data)


def _object(inside: Mapping[str, object], name: str) -> dict[str, object]:
    value = inside.get(name)
    if not isinstance(value, dict):
        raise AnswerRefused("answer_wrong", where=name)
    return value


def _list(
    inside: Mapping[str, object], name: str, where: str, read: Callable[[object, str], T], *, least: int = 0
) -> tuple[T, ...]:
    value = inside.get(name)
    if not isinstance(value, list) or not least <= len(value) <= _LIST:
        raise AnswerRefused("answer_wrong", where=f"{where}{name}")
    return tuple(read(item, f"{where}{name}[{number}]") for number, item in enumerate(value))


def _text(
    inside: Mapping[str, object],
    name: str,
    where: str,
    *,
    longest: int = _NAME,
    empty: bool = False,
    lines: bool = False,
) -> str:
    return _checked(inside.get(name), f"{where}{name}", longest=longest, empty=empty, lines=lines)


def _checked(value: object, where: str, *, longest: int = _NAME, empty: bool = False, lines: bool = False) -> str:
    if (
        not isinstance(value, str)
        or len(value) > longest
        or not (empty or value.strip())
        or not is_text(value, lines=lines)
    ):
        raise AnswerRefused("answer_wrong", where=where)
    return value


def _time(inside: Mapping[str, object], name: str, where: str = "") -> datetime:
    value = inside.get(name)
    moment: datetime | None = None
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            moment = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            moment = None
    if moment is None:
        raise AnswerRefused("answer_wrong", where=f"{where}{name}")
    return moment
