"""What the person is shown, built from the job's full content and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from companynet.domain.kind import Kind
from companynet.domain.session import Permission
from companynet.profile import PRESET_ENDPOINTS
from companynet_signer.job import Granted, Job, Task
from companynet_signer.language import say, sentence
from companynet_signer.link import Link
from companynet_signer.texts import TEXTS

#: Two of the bank's addresses are public.  # L-004
_ENDPOINTS: Final = {address: f"endpoint_{name}" for name, address in PRESET_ENDPOINTS.items()}

_SIGNED: Final = {1: "granted_text_1", 2: "granted_text_2"}


@dataclass(frozen=True)
class Row:
    """A line of what is shown."""

    label: str
    """What it is."""

    lines: tuple[str, ...]
    """What it says."""

    verbatim: bool = False
    """The bank's own text, as it is signed."""


def job_meaning(job: Job, link: Link, language: str, zone: tzinfo | None = None) -> str:
    """One sentence of what a signature means.

    Args:
        job: to be signed.
        link: that led to it.
        language: ``pl`` or ``en``.
        zone: of the person; None for the system's.
    """
    words = sentence(
        "job_meaning",
        server=link.server.shown,
        bank_user=job.content.bank_user,
        end=local_time(job.content.end, zone),
    )
    return say(words, language)


def job_rows(job: Job, link: Link, language: str, zone: tzinfo | None = None) -> tuple[Row, ...]:
    """All of a job.

    Args:
        job: to be signed.
        link: that led to it.
        language: ``pl`` or ``en``.
        zone: of the person; None for the system's.
    """
    content = job.content
    endpoint = sentence(_ENDPOINTS.get(content.endpoint, "endpoint_other"), endpoint=content.endpoint)
    certificate = (
        sentence("certificate_one", sha256=content.certificate)
        if content.certificate
        else sentence("certificate_any")
    )

    def row(key: str, *lines: str, verbatim: bool = False) -> Row:
        return Row(say(sentence(key), language), lines, verbatim)

    return (
        row("row_bank", content.bank),
        row("row_endpoint", *say(endpoint, language).split("\n")),
        row("row_bank_user", content.bank_user),
        row("row_diks", *(_dik(dik.number, dik.head_office, language) for dik in content.diks)),
        row("row_operations", *purposes(content.operations, language)),
        row("row_end", local_time(content.end, zone)),
        row("row_requested_by", content.requested_by),
        row("row_server", say(link.server.shown, language)),
        row("row_database", content.database),
        row("row_certificate", say(certificate, language)),
        row("row_expires", local_time(job.expires, zone)),
        row("row_text", *job.task.text.splitlines(), verbatim=True),
        row("row_second", say(sentence("second_meaning"), language)),
    )


def granted_rows(
    granted: Granted, job: Job, signed: tuple[Task, ...], language: str, zone: tzinfo | None = None
) -> tuple[Row, ...]:
    """How it ended. What is missing of what was shown is told by the server, and found here too.

    Args:
        granted: by the bank.
        job: that was shown.
        signed: the texts that were signed.
        language: ``pl`` or ``en``.
        zone: of the person; None for the system's.
    """
    differences = list(granted.difference.splitlines()) if granted.difference else []
    if granted.end != job.content.end:
        asked = local_time(job.content.end, zone)
        differences.append(say(sentence("difference_end", asked=asked), language))
    missing = [dik.number for dik in job.content.diks if dik.number not in granted.diks]
    if missing:
        differences.append(say(sentence("difference_diks", diks=", ".join(missing)), language))
    none = say(sentence("difference_none"), language)
    heads = {dik.number: dik.head_office for dik in job.content.diks}

    def label(key: str) -> str:
        return say(sentence(key), language)

    return (
        Row(label("granted_end"), (local_time(granted.end, zone),)),
        Row(label("granted_diks"), tuple(_dik(dik, heads.get(dik, ""), language) for dik in granted.diks)),
        Row(label("granted_difference"), tuple(differences) or (none,)),
        *(Row(label(_SIGNED[task.round]), tuple(task.text.splitlines()), verbatim=True) for task in signed),
    )


def purposes(names: Iterable[str], language: str) -> tuple[str, ...]:
    """What a session with these operations is for: unknown ones first, then kind after kind.

    A kind of which something is missing is told by what there is of it.
    """
    asked = Permission("", frozenset(names))
    lines = [say(sentence("operation_unknown", name=name), language) for name in sorted(asked.of_no_kind)]
    for kind in Kind:
        if kind in asked.kinds:
            lines.append(say(sentence(f"kind_{kind.value}"), language))
        elif kind in asked.kinds_in_part:
            parts = [operation(name, language) for name in sorted(asked.operations & kind.operations, key=_order)]
            lines.append(say(sentence(f"part_{kind.value}", parts=", ".join(parts)), language))
    return tuple(lines)


def operation(name: str, language: str) -> str:
    """An operation of a kind in words."""
    return say(sentence(f"operation_{name}"), language)


def _order(name: str) -> int:
    """The order of the table: what comes first at the bank stands first."""
    return list(TEXTS).index(f"operation_{name}")


def local_time(moment: datetime, zone: tzinfo | None = None) -> str:
    """A moment as the person's clock shows it, with the zone.

    Args:
        moment: aware.
        zone: of the person; None for the system's.
    """
    local = moment.astimezone(zone)
    offset = local.strftime("%z")
    name = local.tzname() or ""
    # Zones without a name are called by their offset.
    named = f"{name}, " if name and not name.startswith(("+", "-", "UTC")) else ""
    shift = "UTC" if local.utcoffset() == UTC.utcoffset(None) else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{local:%Y-%m-%d %H:%M:%S} ({named}{shift})"


def _dik(number: str, head_office: str, language: str) -> str:
    words = sentence("dik", dik=number, head_office=head_office) if head_office else sentence("dik_alone", dik=number)
    return say(words, language)
