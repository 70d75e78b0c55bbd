"""Whether a certificate was revoked, by CRLs and OCSP responses somebody brought: nothing is fetched.  # S-168

Imported by who has such: it takes a quarter of a second.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

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
from companynet.signing.revocation import BANK_DECIDES, Revocation, RevocationEvidence, RevocationStatus


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
