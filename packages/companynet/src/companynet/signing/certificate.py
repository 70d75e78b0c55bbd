"""What a certificate says, and whether it can sign for the bank."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from asn1crypto import core
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from companynet.errors import CertificateUnusable, DriverError, UnusableReason
from companynet.signing_reasons import ReasonCode

#: The extension by which a certificate calls itself qualified, and the statements that do: qualified, and with its
#: key on a qualified device.  # S-155
_QC_STATEMENTS: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_COMPLIANCE: Final = "0.4.0.1862.1.1"
_QC_DEVICE: Final = "0.4.0.1862.1.4"

#: The serialNumber of a person with a PESEL.  # S-163
_PNOPL: Final = re.compile(r"PNOPL-(\d{11})")

#: What reading a certificate may raise; the library has no common root for it.
UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

#: Kinds of keys that sign here.
RSA: Final = "RSA"
EC: Final = "EC"

#: Parts of a person's name that RFC 4514 would show as bare numbers.
_NAMES: Final = {
    NameOID.SURNAME: "SN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.ORGANIZATION_IDENTIFIER: "organizationIdentifier",
}


@dataclass(frozen=True)
class Unusable:
    """Why a certificate cannot be used, for a program and for a person."""

    reason: UnusableReason
    """For a program."""

    text: str
    """A sentence without its subject's name."""


@dataclass(frozen=True)
class CertificateInfo:
    """What a person needs to choose a certificate, and a program to judge it."""

    subject: str
    """The whole name, RFC 4514."""

    common_name: str
    """The person or device; empty if the certificate names none."""

    pnopl: str
    """The person's PESEL, from a serialNumber PNOPL-…; empty if there is none. Personal data: not for logs."""

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

    qualified_device: bool | None
    """Whether it says that its key is on a qualified device; None if that part cannot be read."""

    key_kind: str
    """``RSA``, ``EC``, or the name of another kind, which does not sign here."""

    key_bits: int
    """Size of the key; 0 for kinds that do not sign here."""

    non_repudiation: bool
    """Whether it is for signatures that bind."""

    sha256: str
    """Fingerprint, lower-case hexadecimal."""

    digital_signature: bool
    """Whether it is for signatures in general."""

    der: bytes = field(repr=False)
    """The certificate itself."""

    def unusable(self, now: datetime) -> Unusable | None:
        """Why it cannot sign for the bank at that time; None if it can.

        It must be in its time, for signatures that bind (nonRepudiation, the one usage of qualified certificates),
        and with a key of a kind that signs here. Revocation and trust are asked elsewhere.  # S-156 L-251
        """
        if now < self.valid_from:
            moment = _moment(self.valid_from)
            return Unusable(UnusableReason.NOT_YET_VALID, f"the certificate is valid only from {moment}")
        if now > self.valid_to:
            return Unusable(UnusableReason.EXPIRED, f"the certificate expired at {_moment(self.valid_to)}")
        if not self.non_repudiation:
            return Unusable(UnusableReason.USAGE, "the certificate is not for binding signatures (no nonRepudiation)")
        if self.key_kind not in (RSA, EC):
            return Unusable(UnusableReason.KEY_KIND, f"its key is of the kind {self.key_kind}, not RSA or EC")
        return None


def check_usable(certificate: CertificateInfo, now: datetime) -> None:
    """Check a certificate before it signs.

    Raises:
        CertificateUnusable: out of its time, not for binding signatures, or with a key of another kind; the text
            names it and says why.
    """
    unusable = certificate.unusable(now)
    if unusable is not None:
        raise unusable_error(certificate, unusable)


def unusable_error(
    certificate: CertificateInfo, unusable: Unusable, revoked_at: datetime | None = None
) -> CertificateUnusable:
    """The error that names a certificate and says why it cannot be used.

    Args:
        certificate: the one.
        unusable: why.
        revoked_at: when it was, if that is why.
    """
    name = certificate.common_name or certificate.subject
    text, reason = f"{name}: {unusable.text}", unusable.reason
    more: dict[UnusableReason, dict[str, object]] = {
        UnusableReason.NOT_YET_VALID: {"valid_from": certificate.valid_from},
        UnusableReason.EXPIRED: {"valid_to": certificate.valid_to},
        UnusableReason.KEY_KIND: {"kind": certificate.key_kind},
        UnusableReason.REVOKED: {"revoked_at": revoked_at},
    }
    return CertificateUnusable(text, reason=reason, certificate=name, **more.get(reason, {}))


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
    except UNREADABLE:
        failed = True
    if failed:
        raise DriverError(
            "this is no certificate that can be read (DER or PEM)", reason_code=ReasonCode.CERTIFICATE_UNREADABLE
        )
    raise AssertionError


def certificate_info(certificate: x509.Certificate) -> CertificateInfo:
    """The values of a loaded certificate.

    Raises:
        UNREADABLE: a part of it cannot be read.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        non_repudiation, digital_signature = usage.content_commitment, usage.digital_signature
    except x509.ExtensionNotFound:
        non_repudiation = digital_signature = False
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    statements = _statements(certificate)
    kind, bits = _key(certificate)
    return CertificateInfo(
        subject=certificate.subject.rfc4514_string(_NAMES),
        common_name=str(names[0].value) if names else "",
        pnopl=_pesel(certificate),
        serial_hex=f"{certificate.serial_number:X}",
        issuer=certificate.issuer.rfc4514_string(_NAMES),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        qualified=None if statements is None else _QC_COMPLIANCE in statements,
        qualified_device=None if statements is None else _QC_DEVICE in statements,
        key_kind=kind,
        key_bits=bits,
        non_repudiation=non_repudiation,
        digital_signature=digital_signature,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        der=certificate.public_bytes(Encoding.DER),
    )


class _QCStatement(core.Sequence):  # type: ignore[misc]
    _fields = [("statement_id", core.ObjectIdentifier), ("statement_info", core.Any, {"optional": True})]  # noqa: RUF012 -- asn1crypto's way


class _QCStatements(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _QCStatement


def _statements(certificate: x509.Certificate) -> frozenset[str] | None:
    """What a certificate says of its quality; None if that cannot be read."""
    try:
        extension = certificate.extensions.get_extension_for_oid(_QC_STATEMENTS).value
    except x509.ExtensionNotFound:
        return frozenset()
    if not isinstance(extension, x509.UnrecognizedExtension):
        return None
    try:
        statements = _QCStatements.load(extension.value, strict=True)
        return frozenset(item["statement_id"].dotted for item in statements)
    except (ValueError, TypeError):
        return None


def _pesel(certificate: x509.Certificate) -> str:
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER):
        if found := _PNOPL.fullmatch(str(attribute.value)):
            return found.group(1)
    return ""


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown", 0
    if isinstance(key, rsa.RSAPublicKey):
        return RSA, key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return EC, key.key_size
    return type(key).__name__.removesuffix("PublicKey").lstrip("_"), 0


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
