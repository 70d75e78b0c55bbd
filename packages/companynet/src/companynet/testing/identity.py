"""Keys and certificates to sign with in tests; no bank and no court takes them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

#: QCStatements that say "qualified": SEQUENCE of SEQUENCE of 0.4.0.1862.1.1.  # S-155
_QUALIFIED: Final = bytes.fromhex("300a3008060604008e460101")


@dataclass(frozen=True, repr=False)
class TestIdentity:
    """A person with a key."""

    __test__ = False

    p12: bytes
    """PKCS#12 with key and certificate."""

    password: str
    """Its password."""

    certificate_pem: str
    """The certificate alone."""

    certificate_der: bytes
    """The same, DER."""


def make_identity(
    common_name: str = "Anna Próbna",
    *,
    password: str = "tajne-hasło",  # noqa: S107 -- of a key made for a test
    valid_from: datetime = datetime(2025, 1, 1, tzinfo=UTC),
    valid_to: datetime = datetime(2027, 1, 1, tzinfo=UTC),
    kind: str = "rsa",
    non_repudiation: bool = True,
    digital_signature: bool = False,
    qualified: bool = True,
) -> TestIdentity:
    """Make a key and a certificate by itself; by default with the key usage of a qualified one, nonRepudiation alone.

    Args:
        common_name: of the person.
        password: of the PKCS#12 file.
        valid_from: aware.
        valid_to: aware.
        kind: ``rsa`` (2048 bits) or ``ec`` (P-256).
        non_repudiation: put into the key usage.
        digital_signature: put into the key usage.
        qualified: say so in QCStatements.
    """
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
        .add_extension(
            x509.KeyUsage(
                digital_signature=digital_signature,
                content_commitment=non_repudiation,
                key_encipherment=not (digital_signature or non_repudiation),
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if qualified:
        statements = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), _QUALIFIED)
        builder = builder.add_extension(statements, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    return TestIdentity(
        p12=pkcs12.serialize_key_and_certificates(
            common_name.encode(), key, certificate, None, BestAvailableEncryption(password.encode())
        ),
        password=password,
        certificate_pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
        certificate_der=certificate.public_bytes(Encoding.DER),
    )
