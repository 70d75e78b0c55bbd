"""Detached CMS SignedData, made and checked."""

import asyncio
import hashlib
from typing import Final, Protocol

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.sign.general import SigningError as PyHankoSigningError
from pyhanko.sign.signers import Signer as PyHankoSigner
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko_certvalidator.registry import SimpleCertificateStore

from companynet.errors import SigningError
from companynet.signing.certificate import RSA, CertificateInfo
from companynet.signing_reasons import ReasonCode

#: The one digest the bank is known to take.  # L-153
DIGEST: Final = "sha256"


#: What reading damaged ASN.1 may raise; the libraries have no common root for it.
MALFORMED: Final = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


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


class _PathSigner(PyHankoSigner):  # type: ignore[misc, unused-ignore]
    """pyHanko's signer with our raw-signing step."""

    def __init__(self, key: RawKey, certificate: asn1_x509.Certificate, chain: SimpleCertificateStore) -> None:
        super().__init__(signing_cert=certificate, cert_registry=chain)
        self._key = key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002 -- pyHanko's
        if dry_run:
            return bytes(self._key.signature_length)
        return self._key.sign_raw(data, digest_algorithm)


class CmsSigner:
    """Signs with a raw key; the one path for files and tokens. Not for several threads at a time.

    Args:
        key: the private key.
        certificate: the certificate of that key.
        chain: DER of the certificates above it, put into the signature too.
    """

    def __init__(self, key: RawKey, certificate: CertificateInfo, chain: tuple[bytes, ...] = ()) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        for der in chain:
            store.register(asn1_x509.Certificate.load(der))
        self._signer = _PathSigner(key, asn1_x509.Certificate.load(certificate.der), store)
        self._certificate = certificate

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._certificate.common_name!r})"

    @property
    def certificate(self) -> CertificateInfo:
        """Whose signatures these are."""
        return self._certificate

    def sign_detached(self, content: bytes) -> bytes:
        """Sign bytes.

        Returns:
            CMS SignedData, DER, without the content, with the certificate.

        Raises:
            SigningError: the key did not sign, or signs in a way that has no name in CMS.
        """
        reason: str | None = None
        try:
            signed = asyncio.run(self._signer.async_sign_general_data(content, DIGEST, detached=True))
            made: bytes = signed.dump()
        except (PyHankoSigningError, ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm) as error:
            reason = type(error).__name__
        if reason:
            name = self._certificate.common_name
            raise SigningError(
                f"{name}: the signature could not be made ({reason})",
                reason_code=ReasonCode.SIGNATURE_NOT_MADE,
                certificate=name,
                error=reason,
            )
        return made


def check_signature(signature: bytes, content: bytes, certificate: CertificateInfo | None = None) -> bytes:
    """Check a detached signature over the exact bytes, ours before it is sent or one made by another program.

    Only that the signature is right is checked. Whether the certificate is trusted, in its time and for signatures
    is asked elsewhere: libraries that judge all at once refuse qualified certificates, which lack digitalSignature.

    Args:
        signature: CMS SignedData, DER.
        content: the bytes signed.
        certificate: who must have signed; None for whoever did.

    Returns:
        The signer's certificate, DER.

    Raises:
        SigningError: it is no detached signature, is by another certificate or by several, or does not fit the bytes.
    """
    problem: SigningError | None = None
    try:
        signed = cms.ContentInfo.load(signature, strict=True)
        kind = signed["content_type"].native
        if kind != "signed_data":
            problem = _not_right("it is CMS of another kind", ReasonCode.SIGNATURE_KIND, kind=kind)
        else:
            problem, signer = _examine(signed["content"], content)
            if problem is None and certificate is not None and signer != certificate.der:
                problem = _not_right("it is by another certificate", ReasonCode.SIGNATURE_OTHER_CERTIFICATE)
    except (*MALFORMED, SignatureValidationError, PyHankoSigningError, UnsupportedAlgorithm):
        problem = _not_right("it cannot be read as CMS", ReasonCode.SIGNATURE_UNREADABLE)
    if problem:
        raise problem
    return signer


def _not_right(words: str, code: ReasonCode, **parameters: object) -> SigningError:
    return SigningError(f"the signature is not right: {words}", reason_code=code, **parameters)


def _examine(data: cms.SignedData, content: bytes) -> tuple[SigningError | None, bytes]:
    """What is wrong with a signature, and the certificate it is by."""
    problem = _wrong_form(data)
    if problem:
        return problem, b""
    info = data["signer_infos"][0]
    signer = _certificate_of(info["sid"], data["certificates"])
    if signer is None:
        return _not_right("the signer's certificate is not in it", ReasonCode.SIGNATURE_NO_CERTIFICATE), b""
    intact, valid = validate_sig_integrity(info, signer, "data", hashlib.sha256(content).digest())
    if not intact:
        problem = _not_right("it was made over another text", ReasonCode.SIGNATURE_OTHER_TEXT)
    elif not valid:
        problem = _not_right("it does not fit its certificate", ReasonCode.SIGNATURE_BROKEN)
    return problem, signer.dump()


def _wrong_form(data: cms.SignedData) -> SigningError | None:
    """What of its form the bank would not take, whatever was signed."""
    kind = data["encap_content_info"]["content_type"].native
    if kind != "data":
        return _not_right(f"its content is of the kind {kind}, not data", ReasonCode.SIGNATURE_KIND, kind=kind)
    if data["encap_content_info"]["content"].native is not None:
        words = "it carries its content, and the bank wants it detached"
        return _not_right(words, ReasonCode.SIGNATURE_NOT_DETACHED)
    count = len(data["signer_infos"])
    if count != 1:
        return _not_right(f"it has {count} signers in place of one", ReasonCode.SIGNATURE_SIGNERS, count=count)
    info = data["signer_infos"][0]
    for digest in (info["digest_algorithm"]["algorithm"].native, _hash_of(info["signature_algorithm"])):
        if digest != DIGEST:
            words = f"its digest is {digest}, and the bank wants {DIGEST}"
            return _not_right(words, ReasonCode.SIGNATURE_DIGEST, digest=digest, wanted=DIGEST)
    if info["signed_attrs"] is core.VOID or not len(info["signed_attrs"]):
        return _not_right("it has no signed attributes", ReasonCode.SIGNATURE_ATTRIBUTES)
    return None


def _hash_of(algorithm: algos.SignedDigestAlgorithm) -> str:
    """The digest a signature algorithm names; for those that leave it open, the one they get."""
    try:
        return str(algorithm.hash_algo)
    except ValueError:
        return DIGEST


def _certificate_of(sid: cms.SignerIdentifier, certificates: cms.CertificateSet) -> asn1_x509.Certificate | None:
    """The certificate a signer is named by."""
    for choice in certificates:
        if choice.name != "certificate":
            continue
        candidate = choice.chosen
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen
            fits = candidate.issuer == named["issuer"] and candidate.serial_number == named["serial_number"].native
        else:
            fits = candidate.key_identifier == sid.chosen.native
        if fits:
            return candidate
    return None
