"""What is asked and answered about a revocation; :mod:`companynet.signing.revocation_check` finds the answer."""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

#: Ends every sentence on trust: what is checked here is a warning in time, the bank's own check decides.
BANK_DECIDES: Final = "the bank's own check decides"


class RevocationStatus(enum.Enum):
    """What is known of a certificate's revocation."""

    GOOD = "good"
    """Not revoked, by its issuer's word that still holds."""

    REVOKED = "revoked"
    """Revoked or suspended."""

    UNKNOWN = "unknown"
    """Nothing given tells."""


@dataclass(frozen=True)
class Revocation:
    """The answer, and why."""

    status: RevocationStatus
    """For a program."""

    text: str
    """A sentence for a person."""

    revoked_at: datetime | None = None
    """UTC, if revoked."""


@dataclass(frozen=True)
class RevocationEvidence:
    """What somebody brought to judge by."""

    issuers: tuple[bytes, ...] = field(repr=False)
    """Certificates of trusted issuers, DER or PEM."""

    crls: tuple[bytes, ...] = field(default=(), repr=False)
    """CRLs, DER or PEM."""

    ocsp_responses: tuple[bytes, ...] = field(default=(), repr=False)
    """OCSP responses, DER."""
