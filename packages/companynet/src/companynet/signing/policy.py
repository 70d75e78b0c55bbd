"""What a certificate must be before it signs; the setting decides, and the bank after it."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from companynet.errors import CertificateUnusable, UnusableReason
from companynet.signing.certificate import CertificateInfo, Unusable, check_usable, unusable_error
from companynet.signing.revocation import BANK_DECIDES, RevocationEvidence, RevocationStatus
from companynet.signing.trust import ListedAs, TrustSource


class Requirement(enum.Enum):
    """What is required of a certificate beyond its time and its usage."""

    NONE = "none"
    """Nothing: the bank knows whose it is."""

    OWN_WORD = "own_word"
    """It calls itself qualified."""

    LISTED = "listed"
    """A trust list calls it qualified."""


@dataclass(frozen=True)
class SigningPolicy:
    """What is checked before a signature. The default asks for time, usage and kind of key alone."""

    requirement: Requirement = Requirement.NONE
    """What is required."""

    trust_list: TrustSource | None = None
    """The list to ask; needed where the requirement is a listed one."""

    evidence: RevocationEvidence | None = None
    """CRLs and OCSP responses, where somebody brought them."""

    def __post_init__(self) -> None:
        if self.requirement is Requirement.LISTED and self.trust_list is None:
            raise ValueError("a certificate that must be on a trust list needs the list")

    def check(self, certificate: CertificateInfo, now: datetime) -> tuple[str, ...]:
        """Check a certificate before it signs.

        Returns:
            What a person should know although it may sign, as sentences.

        Raises:
            CertificateUnusable: it may not sign; the reason says why, and the text that the bank has the last word.
            FormatError: the evidence cannot be read.
        """
        check_usable(certificate, now)
        notes: list[str] = []
        if self.evidence is not None:
            notes.append(self._check_revocation(certificate, self.evidence, now))
        if self.requirement is Requirement.OWN_WORD and not certificate.qualified:
            raise _refused(certificate, UnusableReason.NOT_QUALIFIED, "it does not call itself qualified")
        if self.trust_list is not None:
            notes.append(self._check_list(certificate, self.trust_list, now))
        return tuple(notes)

    def _check_revocation(self, certificate: CertificateInfo, evidence: RevocationEvidence, now: datetime) -> str:
        from companynet.signing.revocation_check import check_revocation  # noqa: PLC0415 -- it takes a while to import

        answer = check_revocation(certificate, evidence, now)
        if answer.status is RevocationStatus.REVOKED:
            raise unusable_error(certificate, Unusable(UnusableReason.REVOKED, answer.text), answer.revoked_at)
        return answer.text

    def _check_list(self, certificate: CertificateInfo, trust_list: TrustSource, now: datetime) -> str:
        entry = trust_list.status(certificate, now)
        if self.requirement is Requirement.LISTED and entry.listed_as is not ListedAs.QUALIFIED:
            raise _refused(certificate, _REASONS[entry.listed_as], entry.text)
        return f"{entry.text}; {BANK_DECIDES}"


#: Time, usage and kind of key alone.
PLAIN_POLICY: Final = SigningPolicy()

_REASONS: Final = {
    ListedAs.NOT_QUALIFIED: UnusableReason.NOT_QUALIFIED,
    ListedAs.UNKNOWN: UnusableReason.NOT_KNOWN,
}


def _refused(certificate: CertificateInfo, reason: UnusableReason, why: str) -> CertificateUnusable:
    text = f"a qualified certificate is required here, and {why}; {BANK_DECIDES} what it takes"
    return unusable_error(certificate, Unusable(reason, text))
