"""Whether a certificate was revoked, by CRLs and OCSP responses somebody brought: nothing is fetched.  # S-168"""

import asyncio
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from asn1crypto import core, crl, ocsp, pem
from asn1crypto import x509 as asn1_x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    CRLValidationError,
    OCSPValidationError,
    PathBuildingError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.revinfo.validate_crl import verify_crl
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from companynet.errors import FormatError
from companynet.signing.certificate import CertificateInfo
from companynet.signing.cms import MALFORMED

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


def check_revocation(certificate: CertificateInfo, evidence: RevocationEvidence, now: datetime) -> Revocation:
    """What CRLs and OCSP responses say of a certificate.

    Each must be signed by the issuer, or by a responder the issuer named, and still hold; others tell nothing. If
    they differ, "revoked" counts.

    Args:
        certificate: the one asked for.
        evidence: what there is.
        now: the time; aware.

    Raises:
        FormatError: something of the evidence cannot be read.
    """
    roots = [_read(asn1_x509.Certificate, data, "issuer") for data in evidence.issuers]
    crls = [_read(crl.CertificateList, data, "CRL") for data in evidence.crls]
    responses = [_read(ocsp.OCSPResponse, data, "OCSP response") for data in evidence.ocsp_responses]
    damaged = False
    try:
        context = ValidationContext(
            trust_roots=roots,
            moment=now,
            allow_fetching=False,
            crls=crls,
            # A responder that says "try later" says nothing of the certificate.
            ocsps=[response for response in responses if response["response_status"].native == "successful"],
        )
    except MALFORMED:
        damaged = True
    if damaged:
        raise FormatError("the revocation data", "inside", "cannot be read")
    return asyncio.run(_check(asn1_x509.Certificate.load(certificate.der), context))


async def _check(leaf: asn1_x509.Certificate, context: ValidationContext) -> Revocation:
    try:
        path = await CertificateValidator(leaf, validation_context=context).async_validate_path()
    except RevokedError as error:
        return _revoked(error)
    except (PathBuildingError, ValidationError):
        return _unknown("the certificate does not lead to an issuer that is trusted")
    good = False
    for check, nothing in ((verify_ocsp_response, OCSPValidationError), (verify_crl, CRLValidationError)):
        try:
            await _run(check, leaf, path, context)
            good = True
        except RevokedError as error:
            return _revoked(error)
        except (nothing, ValidationError, *MALFORMED):
            continue
    if good:
        return Revocation(RevocationStatus.GOOD, f"the certificate is not revoked; {BANK_DECIDES}")
    return _unknown("no CRL or OCSP response of its issuer that still holds was given")


async def _run(
    check: Callable[..., Awaitable[None]],
    leaf: asn1_x509.Certificate,
    path: ValidationPath,
    context: ValidationContext,
) -> None:
    await check(leaf, path, context)


def _revoked(error: RevokedError) -> Revocation:
    moment = error.revocation_dt.astimezone(UTC)
    return Revocation(
        RevocationStatus.REVOKED,
        f"the certificate was revoked at {moment:%Y-%m-%d %H:%M} UTC; {BANK_DECIDES}",
        moment,
    )


def _unknown(why: str) -> Revocation:
    return Revocation(
        RevocationStatus.UNKNOWN, f"whether the certificate is revoked is not known: {why}; {BANK_DECIDES}"
    )


def _read(kind: type[core.Asn1Value], data: bytes, what: str) -> core.Asn1Value:
    damaged = False
    try:
        der = pem.unarmor(data)[2] if pem.detect(data) else data
        read = kind.load(der, strict=True)
        _ = read.native
        return read
    except MALFORMED:
        damaged = True
    if damaged:
        raise FormatError(what, "the file", "cannot be read (DER or PEM)")
    raise AssertionError
