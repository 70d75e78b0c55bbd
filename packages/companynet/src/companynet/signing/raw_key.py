"""What each kind of key gives: its raw signing step."""

from typing import Protocol

from companynet.signing.certificate import RSA, CertificateInfo


class RawKey(Protocol):
    """A private key wherever it lives: it signs bytes and never shows itself."""

    @property
    def signature_length(self) -> int:
        """Bytes a signature has at most."""

    def sign_raw(self, data: bytes, digest: str) -> bytes:
        """Hash the data with that digest and sign it: PKCS#1 v1.5 for RSA, DER (r, s) for elliptic curves.

        Raises:
            SigningError: the key did not sign.
        """


def signature_length(certificate: CertificateInfo) -> int:
    """Bytes a raw signature of a certificate's key has at most."""
    octets = (certificate.key_bits + 7) // 8
    # Of elliptic curves: a SEQUENCE of two INTEGERs, each with a sign byte.
    return octets if certificate.key_kind == RSA else 2 * (octets + 3) + 3
