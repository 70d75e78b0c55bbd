"""Certificates registered for users, and signatures made with them."""

import hashlib
from datetime import datetime
from sqlite3 import Connection

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from companynet_sandbox.access import cms, refusal
from companynet_sandbox.access.refusal import Refusal


def register(db: Connection, login: str, pem: str) -> str:
    """Register a certificate for a user; again after it was revoked, too.

    Returns:
        Its SHA-256 fingerprint, lower-case hexadecimal.

    Raises:
        ValueError: it is no certificate in PEM, or the user is not known.
    """
    if db.execute("SELECT 1 FROM users WHERE login = ?", (login,)).fetchone() is None:
        raise ValueError(f"user {login}: not known")
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise ValueError(f"user {login}: certificate_pem is no certificate in PEM") from None
    sha256 = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    db.execute(
        "INSERT INTO certificates VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET revoked = 0",
        (sha256, login, certificate.subject.rfc4514_string(), certificate.not_valid_after_utc.isoformat()),
    )
    return sha256


def revoke(db: Connection, sha256: str) -> int:
    """Revoke a certificate, for all users; how many registrations that were."""
    return db.execute("UPDATE certificates SET revoked = 1 WHERE sha256 = ?", (sha256,)).rowcount


def check_signature(
    db: Connection, now: datetime, login: str, signature: str, texts: list[str]
) -> tuple[str, x509.Certificate]:
    """Check a signature of a user over one of the texts given out.

    Returns:
        The text that was signed, and the signer's certificate.

    Raises:
        Refusal: SIGNATURE_INVALID or CERTIFICATE_REFUSED.
    """
    try:
        signed = cms.read_signature(signature)
        _check_certificate(db, now, login, signed)
        text = signed.text_among(texts)
        signed.verify()
    except cms.SignatureWrong as error:
        raise Refusal(
            refusal.SIGNATURE_INVALID, "Podpis nieprawidłowy", f"The signature is not right: {error}"
        ) from None
    return text, signed.certificate


def _check_certificate(db: Connection, now: datetime, login: str, signed: cms.Signed) -> None:
    row = db.execute(
        "SELECT revoked FROM certificates WHERE sha256 = ? AND login = ?", (signed.sha256, login)
    ).fetchone()
    certificate = signed.certificate
    reason = None
    if row is None:
        reason = ("nie jest zarejestrowany dla tego użytkownika", "is not registered for this user")
    elif row["revoked"]:
        reason = ("jest unieważniony", "is revoked")
    elif now < certificate.not_valid_before_utc:
        reason = ("nie jest jeszcze ważny", "is not valid yet")
    elif now > certificate.not_valid_after_utc:
        reason = ("wygasł", "has expired")
    elif not _is_for_signatures(certificate):
        reason = ("nie służy do podpisu", "is not for signatures")
    if reason is not None:
        raise Refusal(refusal.CERTIFICATE_REFUSED, f"Certyfikat {reason[0]}", f"The certificate {reason[1]}")


def _is_for_signatures(certificate: x509.Certificate) -> bool:
    """A qualified certificate is for non-repudiation, and for that alone.  # S-203"""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return bool(usage.content_commitment or usage.digital_signature)
