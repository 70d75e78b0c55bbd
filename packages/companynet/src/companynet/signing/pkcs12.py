"""A key in a PKCS#12 file."""

from datetime import datetime
from pathlib import Path
from typing import Final

from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from companynet.domain.session import Secret
from companynet.errors import DriverError, SigningError, TokenAbsent, WrongPin
from companynet.signing.certificate import UNREADABLE, CertificateInfo, certificate_info
from companynet.signing.cms import CmsSigner
from companynet.signing.identity import Identity
from companynet.signing.raw_key import signature_length
from companynet.signing_reasons import ReasonCode

_HASHES: Final[dict[str, type[hashes.SHA256 | hashes.SHA384 | hashes.SHA512]]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


class _SoftwareKey:
    """A private key in memory."""

    __slots__ = ("_key", "_length")

    def __init__(self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, length: int) -> None:
        self._key = key
        self._length = length

    @property
    def signature_length(self) -> int:
        return self._length

    def sign_raw(self, data: bytes, digest: str) -> bytes:
        if digest not in _HASHES:
            raise SigningError(
                f"no key in a file signs with {digest}", reason_code=ReasonCode.KEY_DIGEST, digest=digest
            )
        algorithm = _HASHES[digest]()
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), algorithm)
        return self._key.sign(data, ec.ECDSA(algorithm))


class Pkcs12Signer(CmsSigner):
    """Signs with the key of a PKCS#12 file. Make it with :meth:`load`."""

    @classmethod
    def load(cls, data: bytes, password: Secret) -> "Pkcs12Signer":
        """Open a PKCS#12 file.

        The format cannot tell a wrong password from a file damaged inside its encrypted part; both are
        :class:`~companynet.errors.WrongPin`. A file that is cut off or no PKCS#12 at all is a
        :class:`~companynet.errors.DriverError`.

        Args:
            data: the bytes of the file.
            password: of the file; an empty text for none.

        Raises:
            WrongPin: the password is wrong.
            DriverError: the file is damaged or no PKCS#12, has no key with its certificate, or a key of a kind that
                is not known here.
        """
        key, info, chain = _open(data, password)
        return cls(_SoftwareKey(key, signature_length(info)), info, chain)


def file_identity(path: Path, password: Secret, now: datetime) -> Identity:
    """Who can sign with a PKCS#12 file; its certificate is under the password too.

    Args:
        path: of the file.
        password: of the file; an empty text for none.
        now: the time for which the certificate is judged.

    Raises:
        TokenAbsent: there is no such file.
        WrongPin, DriverError: as for :meth:`Pkcs12Signer.load`, or the file cannot be read.
    """
    failure: SigningError
    try:
        _key, info, chain = _open(path.read_bytes(), password)
        return Identity(place=path, certificate=info, unusable=info.unusable(now), chain=chain)
    except FileNotFoundError:
        failure = TokenAbsent(
            f"{path.name}: there is no such file", reason_code=ReasonCode.FILE_ABSENT, file=path.name
        )
    except OSError as error:
        failure = DriverError(
            f"{path.name}: the file cannot be read ({error.strerror})",
            reason_code=ReasonCode.FILE_UNREADABLE,
            file=path.name,
            error=error.strerror,
        )
    raise failure


def _open(
    data: bytes, password: Secret
) -> tuple[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, CertificateInfo, tuple[bytes, ...]]:
    """Key, certificate and the certificates above it; see :meth:`Pkcs12Signer.load`."""
    _check_structure(data)
    problem: SigningError | None = None
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password.reveal().encode("utf-8") or None)
    except ValueError:
        problem = WrongPin("the password of the PKCS#12 file is wrong", reason_code=ReasonCode.PASSWORD_WRONG)
    except UnsupportedAlgorithm:
        words = "it is encrypted in a way that is not known here; export it again with AES"
        problem = _unusable(words, ReasonCode.PKCS12_ENCRYPTION)
    if problem:
        raise problem
    if key is None or certificate is None:
        raise _unusable("it has no private key with its certificate", ReasonCode.PKCS12_NO_KEY)
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        kind = type(key).__name__
        raise _unusable(f"its key is {kind}, not RSA or EC", ReasonCode.PKCS12_KEY_KIND, kind=kind)
    try:
        info = certificate_info(certificate)
        fits = certificate.public_key() == key.public_key()
    except UNREADABLE:
        problem = _unusable("its certificate cannot be read", ReasonCode.PKCS12_CERTIFICATE)
    else:
        words = "its key and its certificate do not belong together"
        problem = None if fits else _unusable(words, ReasonCode.PKCS12_MISMATCH)
    if problem:
        raise problem
    return key, info, tuple(other.public_bytes(Encoding.DER) for other in others)


def _unusable(words: str, code: ReasonCode, **parameters: object) -> DriverError:
    return DriverError(f"the PKCS#12 file cannot be used: {words}", reason_code=code, **parameters)


def _check_structure(data: bytes) -> None:
    """Walk the outer structure, which no password protects."""
    damaged = False
    try:
        store = asn1_pkcs12.Pfx.load(data, strict=True)
        if store["version"].native != "v3":
            damaged = True
        else:
            for part in store.authenticated_safe:
                _ = part["content_type"].native
                _ = part["content"].contents
    except (ValueError, TypeError, KeyError, AttributeError):
        damaged = True
    if damaged:
        raise DriverError("the file is damaged or no PKCS#12", reason_code=ReasonCode.PKCS12_DAMAGED)
