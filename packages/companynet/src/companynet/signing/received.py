"""Signatures made elsewhere: read as vendors' programs write them, and checked over the bank's exact text."""

import base64
import binascii
import codecs
import hashlib
import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import Final

from asn1crypto import cms, core
from asn1crypto import pkcs12 as asn1_pkcs12
from asn1crypto import x509 as asn1_x509

from companynet.clock import SYSTEM_CLOCK, Clock
from companynet.errors import SigningError
from companynet.profile import BankProfile
from companynet.signing.certificate import CertificateInfo, read_certificate
from companynet.signing.cms import DIGEST, MALFORMED, check_signature
from companynet.signing.policy import PLAIN_POLICY, SigningPolicy
from companynet.signing.saved_text import difference_of_content, difference_of_digest
from companynet.signing.signer import bytes_to_sign
from companynet.signing_reasons import ReasonCode

#: Bytes a file may have: a signature with its text and some certificates has a few thousand.
_SIZE_LIMIT: Final = 4 * 1024 * 1024

#: Labels under which programs write CMS; CERTIFICATE is wrong and met all the same.  # S-169
_LABELS: Final = frozenset({"CMS", "PKCS7", "PKCS #7 SIGNED DATA", "CERTIFICATE"})
_ARMOUR: Final = re.compile(r"-----(BEGIN|END) ([A-Z0-9 #]+)-----")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]+")

#: How files begin that are certainly no CMS.
_OTHER_FORMATS: Final = (
    (re.compile(rb"\Z"), ReasonCode.NO_SIGNATURE_EMPTY, "the file is empty"),
    (re.compile(rb"%PDF"), ReasonCode.NO_SIGNATURE_PDF, "this is a PDF (a signature in it is PAdES)"),
    (
        re.compile(rb"<|\xff\xfe<\0|\xfe\xff\0<"),
        ReasonCode.NO_SIGNATURE_XML,
        "this is an XML file (a signature in it is XAdES)",
    ),
    (
        re.compile(rb"(mime-version|content-type|from|subject|date|message-id):", re.IGNORECASE),
        ReasonCode.NO_SIGNATURE_MAIL,
        "this is an e-mail message (S/MIME)",
    ),
    (
        re.compile(rb"(?s)\A.*PRIVATE KEY-----"),
        ReasonCode.NO_SIGNATURE_PRIVATE_KEY,
        "this is a private key, which must be given to nobody",
    ),
)


@dataclass(frozen=True)
class ReceivedSignature:
    """A signature somebody made with a program of their own, checked over the bank's text."""

    der: bytes = field(repr=False)
    """Detached CMS SignedData, DER; :func:`companynet.signing.signature_text` makes it the bank's form."""

    certificate: CertificateInfo
    """Whose signature it is."""


def read_signature(data: bytes) -> bytes:
    """The CMS of a signature file: DER, PEM of any label, or base64 on one or many lines, with or without a BOM.

    Nothing is checked but that it is SignedData; see :func:`receive_signature`.

    Returns:
        The CMS as it came, which may carry the signed text.

    Raises:
        SigningError: it is something else; the text names what it seems to be.
    """
    if len(data) > _SIZE_LIMIT:
        raise SigningError(
            f"the file has {len(data)} bytes; no signature of a session has more than {_SIZE_LIMIT}",
            reason_code=ReasonCode.NO_SIGNATURE_SIZE,
            size=len(data),
            limit=_SIZE_LIMIT,
        )
    other = _other_format(data)
    if other:
        raise other
    der = data if data[:1] == b"\x30" and not _is_text(data) else _unarmoured(_text(data))
    problem = _not_signed_data(der)
    if problem:
        raise problem
    return der


def _no_signature(words: str, code: ReasonCode, **parameters: object) -> SigningError:
    wanted = "a detached signature as CMS (CAdES, .p7s) is wanted"
    return SigningError(f"{words}; {wanted}", reason_code=code, **parameters)


def receive_signature(
    data: bytes,
    text: str,
    profile: BankProfile,
    certificate: CertificateInfo | None = None,
    *,
    clock: Clock = SYSTEM_CLOCK,
    policy: SigningPolicy = PLAIN_POLICY,
) -> ReceivedSignature:
    """A signature somebody made with a program of their own, ready to be sent.

    A signature that carries its text is taken too, if that is exactly the bank's text; the text is cut out.

    Args:
        data: the file as the program wrote it.
        text: the challenge or the session text, as the bank gave it.
        profile: tells how the text becomes bytes.
        certificate: who must have signed; None for whoever did.
        clock: tells whether the certificate is in its time.
        policy: what else is asked of the certificate.

    Returns:
        The signature, checked over the text, and whose it is.

    Raises:
        SigningError: it is no signature, or not a right one over this text; the text says what is wrong, and if the
            file was saved in another way than the bank wants, in which.
        CertificateUnusable: it is right, and its certificate may not sign.
        ProfileError: the encoding of the profile does not fit.
    """
    content = bytes_to_sign(text, profile)
    signature = read_signature(data)
    carried, digest = _signed_over(signature)
    if carried is not None:
        if carried != content:
            raise difference_of_content(carried, text, profile)
        signature = _without_content(signature)
    elif digest is not None and digest != hashlib.sha256(content).digest():
        raise difference_of_digest(digest, text, profile)
    elif _is_indefinite(signature):
        signature = cms.ContentInfo.load(signature).dump(force=True)
    signer = read_certificate(check_signature(signature, content, certificate))
    policy.check(signer, clock.now())
    return ReceivedSignature(signature, signer)


def _other_format(data: bytes) -> SigningError | None:
    """What a file is that is certainly no CMS."""
    head = data[:1024].removeprefix(codecs.BOM_UTF8).lstrip()
    if head.startswith(b"PK\x03\x04"):
        return _archive(data)
    for pattern, code, words in _OTHER_FORMATS:
        if pattern.match(head):
            return _no_signature(words, code)
    return None


def _archive(data: bytes) -> SigningError:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return _no_signature("this is a damaged ZIP archive", ReasonCode.NO_SIGNATURE_ZIP_DAMAGED)
    if any(name.upper().startswith("META-INF/") and "SIGNATURE" in name.upper() for name in names):
        return _no_signature("this is a signature container (ASiC)", ReasonCode.NO_SIGNATURE_CONTAINER)
    return _no_signature("this is a ZIP archive", ReasonCode.NO_SIGNATURE_ZIP)


def _is_text(data: bytes) -> bool:
    """Whether bytes that begin like DER are text: the digit 0 is 0x30 too."""
    return re.fullmatch(rb"[\t\n\r\x20-\x7e]+", data) is not None


def _text(data: bytes) -> str:
    """A file of text; empty if it is none."""
    # How programs save a base64 text; the encoding of the bank's own text is the profile's.  # L-007
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode("ascii")
    except UnicodeDecodeError:
        return ""


def _unarmoured(text: str) -> bytes:
    """What base64 stands for, with PEM's header and footer, one of them, or none."""
    labels = {label for _kind, label in _ARMOUR.findall(text)}
    if labels - _LABELS:
        kind = ", ".join(sorted(labels - _LABELS))
        raise SigningError(
            f"this is a PEM file of the kind {kind}, not a signature",
            reason_code=ReasonCode.NO_SIGNATURE_PEM,
            kind=kind,
        )
    if len(_ARMOUR.findall(text)) > 2:
        raise SigningError(
            "the PEM file holds several things; give the signature alone",
            reason_code=ReasonCode.NO_SIGNATURE_SEVERAL,
        )
    # Programs write names and notes before the header.
    begin = re.search(r"-----BEGIN [^-]+-----", text)
    body = _ARMOUR.sub("", text[begin.start() :] if begin else text)
    if not _BASE64.fullmatch(body):
        return b""
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return b""


def _not_signed_data(der: bytes) -> SigningError | None:
    """What is wrong with what should be CMS SignedData."""
    try:
        content = cms.ContentInfo.load(der, strict=True)
        kind = content["content_type"].native
        if kind != "signed_data":
            return _no_signature(
                f"this is CMS of another kind ({kind})", ReasonCode.NO_SIGNATURE_OTHER_CMS, kind=kind
            )
        if len(content["content"]["signer_infos"]):
            return None
        words = "the file holds certificates alone, and no signature"
        return _no_signature(words, ReasonCode.NO_SIGNATURE_CERTIFICATES_ALONE)
    except MALFORMED:
        pass
    for structure, code, words in (
        (asn1_x509.Certificate, ReasonCode.NO_SIGNATURE_CERTIFICATE, "this is a certificate, not a signature"),
        (
            asn1_pkcs12.Pfx,
            ReasonCode.NO_SIGNATURE_PRIVATE_KEY,
            "this is a file with a private key (PKCS#12), which must be given to nobody",
        ),
    ):
        try:
            _ = structure.load(der, strict=True).native
        except MALFORMED:
            continue
        return _no_signature(words, code)
    words = "this is no signature that can be read (CMS as DER, PEM or base64)"
    return _no_signature(words, ReasonCode.NO_SIGNATURE_UNKNOWN)


def _signed_over(signature: bytes) -> tuple[bytes | None, bytes | None]:
    """The text a signature carries, and the SHA-256 it was made over; None for each it does not tell."""
    try:
        data = cms.ContentInfo.load(signature)["content"]
        carried = data["encap_content_info"]["content"].native
        info = data["signer_infos"][0]
        digest = None
        if info["digest_algorithm"]["algorithm"].native == DIGEST and info["signed_attrs"] is not core.VOID:
            for attribute in info["signed_attrs"]:
                if attribute["type"].native == "message_digest":
                    digest = attribute["values"][0].native
        return carried if isinstance(carried, bytes) or carried is None else b"", digest
    except MALFORMED:
        return None, None


def _without_content(signature: bytes) -> bytes:
    """The same signature, detached. What is signed are its attributes, which stay as they are."""
    whole = cms.ContentInfo.load(signature)
    data = whole["content"].copy()
    data["encap_content_info"] = {"content_type": data["encap_content_info"]["content_type"].native}
    made: bytes = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump(
        force=_is_indefinite(signature)
    )
    return made


def _is_indefinite(signature: bytes) -> bool:
    """Whether it is written as a stream (BER), whose lengths are not told."""
    return signature[1:2] == b"\x80"
