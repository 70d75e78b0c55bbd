"""Detached CMS SignedData, made and checked."""

import hashlib
from typing import Final

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography.exceptions import UnsupportedAlgorithm

from companynet.errors import SigningError
from companynet.signing.certificate import CertificateInfo
from companynet.signing.raw_key import RawKey
from companynet.signing_reasons import ReasonCode

#: The one digest the bank is known to take.  # L-153
DIGEST: Final = "sha256"

#: What reading damaged ASN.1 may raise; the libraries have no common root for it. pyHanko's errors are ValueErrors.
MALFORMED: Final = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


def load_signing() -> None:
    """Load what makes signatures, for who will sign soon and has time now: half a second. Any thread may do it."""
    from companynet.signing import path_signer  # noqa: F401, PLC0415


class CmsSigner:
    """Signs with a raw key; the one path for files and tokens. Not for several threads at a time.

    Args:
        key: the private key.
        certificate: the certificate of that key.
        chain: DER of the certificates above it, put into the signature too.
    """

    def __init__(self, key: RawKey, certificate: CertificateInfo, chain: tuple[bytes, ...] = ()) -> None:
        # pyHanko takes half a second to import, which listing keys and reading certificates need not wait for.
        from companynet.signing.path_signer import PathSigner  # noqa: PLC0415

        self._signer = PathSigner(key, certificate, chain)
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
            made = self._signer.sign_detached(content, DIGEST)
        except (ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm) as error:
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
    except (*MALFORMED, UnsupportedAlgorithm):
        problem = _not_right("it cannot be read as CMS", ReasonCode.SIGNATURE_UNREADABLE)
    if problem:
        raise problem
    return signer


def _not_right(words: str, code: ReasonCode, **parameters: object) -> SigningError:
    return SigningError(f"the signature is not right: {words}", reason_code=code, **parameters)


def _examine(data: cms.SignedData, content: bytes) -> tuple[SigningError | None, bytes]:
    """What is wrong with a signature, and the certificate it is by."""
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity  # noqa: PLC0415 -- see CmsSigner

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
