"""What is asked of a trust list, and what it answers; :mod:`companynet.signing.trust_list` reads one."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from companynet.signing.certificate import CertificateInfo


class ListedAs(enum.Enum):
    """What a trust list says of a certificate at a time."""

    QUALIFIED = "qualified"
    """Qualified, for electronic signatures."""

    NOT_QUALIFIED = "not_qualified"
    """Its issuer is on the list, and it is not qualified for electronic signatures."""

    UNKNOWN = "unknown"
    """The list does not tell: it does not name the issuer, or is outdated."""


@dataclass(frozen=True)
class ListEntry:
    """What a trust list says of a certificate, and why."""

    listed_as: ListedAs
    """For a program."""

    text: str
    """A sentence for a person."""


class TrustSource(Protocol):
    """Who knows a trust list."""

    def status(self, certificate: CertificateInfo, at: datetime) -> ListEntry:
        """What the list says of a person's certificate at a time; aware."""
