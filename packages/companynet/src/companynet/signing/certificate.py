"""What a certificate says, and whether it can sign for the bank."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from companynet.errors import CertificateUnusable, DriverError

#: The extension by which a certificate calls itself qualified, and the statement that does.  # S-155
_QC_STATEMENTS: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_COMPLIANCE: Final = "0.4.0.1862.1.1"

#: Parts of a person's name that RFC 4514 would show as bare numbers.
_NAMES: Final = {
    NameOID.SURNAME: "SN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
}


@dataclass(frozen=True)
class CertificateInfo:
    """What a person needs to choose a certificate, and a program to judge it."""

    subject: str
    """The whole name, RFC 4514."""

    common_name: str
    """The person or device; empty if the certificate names none."""

    serial_hex: str
    """The serial number, upper-case hexadecimal."""

    issuer: str
    """The whole name of who issued it, RFC 4514."""

    valid_from: datetime
    """UTC."""

    valid_to: datetime
    """UTC, the last moment of its time."""

    qualified: bool | None
    """Whether it calls itself qualified; None if that part cannot be read. No trust list was asked."""

    non_repudiation: bool
    """Whether it is for signatures that bind."""

    sha256: str
    """Fingerprint, lower-case hexadecimal."""

    digital_signature: bool = False
    """Whether it is for signatures in general."""

    der: bytes = field(default=b"", repr=False)
    """The certificate itself."""

    def why_unusable(self, now: datetime) -> str | None:
        """Why it cannot sign for the bank at that time, as a sentence; None if it can.

        Qualified certificates carry nonRepudiation alone; device and test certificates often digitalSignature. One
        of the two is enough.  # S-156
        """
        if now < self.valid_from:
            return f"the certificate is valid only from {_moment(self.valid_from)}"
        if now > self.valid_to:
            return f"the certificate expired at {_moment(self.valid_to)}"
        if not (self.non_repudiation or self.digital_signature):
            return "the certificate is not for signatures (neither nonRepudiation nor digitalSignature)"
        return None


def check_usable(certificate: CertificateInfo, now: datetime) -> None:
    """Check a certificate before it signs.

    Raises:
        CertificateUnusable: out of its time, or not for signatures; the text names it and says why.
    """
    reason = certificate.why_unusable(now)
    if reason is not None:
        raise CertificateUnusable(f"{certificate.common_name or certificate.subject}: {reason}")


def read_certificate(data: bytes) -> CertificateInfo:
    """What a certificate says.

    Args:
        data: the certificate, DER or PEM.

    Raises:
        DriverError: it is no certificate, or one that cannot be read.
    """
    failed = False
    try:
        if b"-----BEGIN" in data:
            return certificate_info(x509.load_pem_x509_certificate(data))
        return certificate_info(x509.load_der_x509_certificate(data))
    except (ValueError, UnsupportedAlgorithm):
        failed = True
    if failed:
        raise DriverError("this is no certificate that can be read (DER or PEM)")
    raise AssertionError


def certificate_info(certificate: x509.Certificate) -> CertificateInfo:
    """The values of a loaded certificate.

    Raises:
        ValueError: a part of it cannot be read.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        non_repudiation, digital_signature = usage.content_commitment, usage.digital_signature
    except x509.ExtensionNotFound:
        non_repudiation = digital_signature = False
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return CertificateInfo(
        subject=certificate.subject.rfc4514_string(_NAMES),
        common_name=str(names[0].value) if names else "",
        serial_hex=f"{certificate.serial_number:X}",
        issuer=certificate.issuer.rfc4514_string(_NAMES),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        qualified=_qualified(certificate),
        non_repudiation=non_repudiation,
        digital_signature=digital_signature,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        der=certificate.public_bytes(Encoding.DER),
    )


class _QCStatement(core.Sequence):  # type: ignore[misc]
    _fields = [("statement_id", core.ObjectIdentifier), ("statement_info", core.Any, {"optional": True})]  # noqa: RUF012 -- asn1crypto's way


class _QCStatements(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _QCStatement


def _qualified(certificate: x509.Certificate) -> bool | None:
    try:
        extension = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
    except x509.ExtensionNotFound:
        return False
    if not isinstance(extension, x509.UnrecognizedExtension):
        return None
    try:
        statements = _QCStatements.load(extension.value, strict=True)
        return any(item["statement_id"].dotted == _QC_COMPLIANCE for item in statements)
    except (ValueError, TypeError):
        return None


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
