"""For tests and demonstrations: identities like those of Polish qualified signatures. No one vouches for them."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID, ObjectIdentifier

#: The extension and the statements of a qualified certificate: compliance, key in a device, for signatures.  # S-203
_QC_STATEMENTS: Final = ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_COMPLIANCE: Final = "0.4.0.1862.1.1"
_QC_DEVICE: Final = "0.4.0.1862.1.4"
_QC_TYPE: Final = "0.4.0.1862.1.6"
_QC_TYPE_SIGNATURE: Final = "0.4.0.1862.1.6.1"
_QUALIFIED_POLICY: Final = ObjectIdentifier("0.4.0.194112.1.2")


@dataclass(frozen=True)
class Identity:
    """A key with its certificate."""

    p12: bytes
    """PKCS#12 with key, certificate and issuer, under the password."""

    certificate_pem: str
    """The certificate, to register with the bank."""

    def __repr__(self) -> str:
        return "Identity(...)"


class _Oids(core.SequenceOf):  # type: ignore[misc]
    _child_spec = core.ObjectIdentifier


class _Statement(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("id", core.ObjectIdentifier), ("info", core.Any, {"optional": True})]


class _Statements(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _Statement


def make_identity(
    common_name: str,
    valid_from: dt.datetime,
    valid_to: dt.datetime,
    password: str,
    *,
    key: Literal["rsa", "ec"] = "rsa",
    personal_number: str = "PNOPL-44051401359",
) -> Identity:
    """Make an identity: nonRepudiation only, serialNumber PNOPL-…, QCStatements, issued by a CA of its own.

    Args:
        common_name: given name and surname.
        valid_from: aware.
        valid_to: aware.
        password: of the PKCS#12.
        key: RSA of 2048 bits, or P-256.
        personal_number: the subject's serialNumber.
    """
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if key == "rsa":
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    else:
        private = ec.generate_private_key(ec.SECP256R1())
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _issuer(ca_key, valid_from, valid_to)
    given, _blank, surname = common_name.rpartition(" ")
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.GIVEN_NAME, given or common_name),
            x509.NameAttribute(NameOID.SURNAME, surname),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, personal_number),
        ]
    )
    certificate = (
        _builder(subject, ca.subject, valid_from, valid_to)
        .public_key(private.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=True), critical=True)
        .add_extension(x509.UnrecognizedExtension(_QC_STATEMENTS, _statements()), critical=False)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(_QUALIFIED_POLICY, None)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    encryption = BestAvailableEncryption(password.encode())
    p12 = pkcs12.serialize_key_and_certificates(common_name.encode(), private, certificate, [ca], encryption)
    return Identity(p12, certificate.public_bytes(Encoding.PEM).decode())


def _issuer(key: ec.EllipticCurvePrivateKey, valid_from: dt.datetime, valid_to: dt.datetime) -> x509.Certificate:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "PL"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Centrum Testowe sp. z o.o."),
            x509.NameAttribute(NameOID.COMMON_NAME, "Test QCA (not trusted by anyone)"),
        ]
    )
    return (
        _builder(name, name, valid_from, valid_to)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, valid_from: dt.datetime, valid_to: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_to)
    )


def _usage(*, sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=sign,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not sign,
        crl_sign=not sign,
        encipher_only=False,
        decipher_only=False,
    )


def _statements() -> bytes:
    statements = _Statements(
        [
            {"id": _QC_COMPLIANCE},
            {"id": _QC_DEVICE},
            {"id": _QC_TYPE, "info": core.Any(_Oids([_QC_TYPE_SIGNATURE]))},
        ]
    )
    made: bytes = statements.dump()
    return made
