"""The bank's own check of a signature: detached CMS over a text it gave out.  # S-200"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

#: How a text to be signed becomes bytes.  # L-206
ENCODING: Final = "utf-16-le"
_HEADER: Final = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")


class SignatureWrong(Exception):
    """The signature is not a right one over a text that was given out; the text says what is wrong."""


@dataclass(frozen=True)
class Signed:
    """A signature that was read but not yet checked against a text."""

    certificate: x509.Certificate
    message_digest: bytes
    """What it says the SHA-256 of the content is."""

    info: cms.SignerInfo

    @property
    def sha256(self) -> str:
        """The fingerprint of the signer's certificate."""
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()

    def text_among(self, texts: list[str]) -> str:
        """Which of the texts it claims to be over.

        Raises:
            SignatureWrong: none of them.
        """
        for text in texts:
            if hashlib.sha256(text.encode(ENCODING)).digest() == self.message_digest:
                return text
        raise SignatureWrong("it is not over a text that was given out and still waits")

    def verify(self) -> None:
        """Check that the certificate's key signed what is claimed.

        Raises:
            SignatureWrong: it did not.
        """
        # The attributes are signed as a SET OF, whatever tag they are sent with.  # S-200
        signed_bytes = b"\x31" + self.info["signed_attrs"].dump()[1:]
        signature = self.info["signature"].native
        algorithm = self.info["signature_algorithm"]
        key = self.certificate.public_key()
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, signed_bytes, _rsa_padding(algorithm), hashes.SHA256())
            elif isinstance(key, ec.EllipticCurvePublicKey):
                if algorithm.signature_algo != "ecdsa":
                    raise SignatureWrong("the algorithm does not fit the key")
                key.verify(signature, signed_bytes, ec.ECDSA(hashes.SHA256()))
            else:
                raise SignatureWrong(f"keys of the kind {type(key).__name__} are not taken")
        except (InvalidSignature, UnsupportedAlgorithm):
            raise SignatureWrong("the signature does not fit its certificate") from None


def read_signature(text: str) -> Signed:
    """Read a signature as the contract carries it: base64 of the CMS, with or without PEM's header and footer.

    Raises:
        SignatureWrong: it is not detached CMS SignedData by one signer with SHA-256 and the certificate in it.
    """
    try:
        der = base64.b64decode("".join(_HEADER.sub("", text).split()), validate=True)
        content = cms.ContentInfo.load(der, strict=True)
        if content["content_type"].native != "signed_data":
            raise SignatureWrong("it is CMS of another kind than SignedData")
        return _read(content["content"])
    except (ValueError, TypeError, KeyError, binascii.Error, UnsupportedAlgorithm):
        raise SignatureWrong("it cannot be read as CMS") from None


def _read(data: cms.SignedData) -> Signed:
    if data["encap_content_info"]["content"].native is not None:
        raise SignatureWrong("it carries its content; it must be detached")
    if len(data["signer_infos"]) != 1:
        raise SignatureWrong("it must have one signer")
    info = data["signer_infos"][0]
    if info["digest_algorithm"]["algorithm"].native != "sha256":
        raise SignatureWrong("its digest is not SHA-256")
    certificate = _signer_certificate(data, info)
    attributes: dict[str, list[object]] = {}
    for attribute in info["signed_attrs"]:
        name = attribute["type"].native
        if name in attributes:
            raise SignatureWrong(f"the signed attribute {name} is there twice")
        attributes[name] = list(attribute["values"])
    kinds = [value.native for value in attributes.get("content_type", [])]  # type: ignore[attr-defined]
    if kinds != ["data"]:
        raise SignatureWrong("its content type is not data")
    digests = [value.native for value in attributes.get("message_digest", [])]  # type: ignore[attr-defined]
    if len(digests) != 1:
        raise SignatureWrong("it has no message digest")
    for value in attributes.get("signing_certificate_v2", []):
        _check_named_certificate(value, certificate)
    return Signed(x509.load_der_x509_certificate(certificate.dump()), digests[0], info)


def _signer_certificate(data: cms.SignedData, info: cms.SignerInfo) -> asn1_x509.Certificate:
    sid = info["sid"]
    for choice in data["certificates"]:
        if choice.name != "certificate":
            continue
        candidate = choice.chosen
        if sid.name == "issuer_and_serial_number":
            fits = (
                candidate.issuer == sid.chosen["issuer"]
                and candidate.serial_number == sid.chosen["serial_number"].native
            )
        else:
            fits = candidate.key_identifier == sid.chosen.native
        if fits:
            return candidate
    raise SignatureWrong("the signer's certificate is not in it")


def _check_named_certificate(value: object, certificate: asn1_x509.Certificate) -> None:
    """The certificate named among the signed attributes must be the one that is used.  # S-205"""
    named = value["certs"][0]  # type: ignore[index]
    algorithm = named["hash_algorithm"]["algorithm"].native
    if hashlib.new(algorithm, certificate.dump()).digest() != named["cert_hash"].native:
        raise SignatureWrong("it names another certificate than it carries")


def _rsa_padding(algorithm: algos.SignedDigestAlgorithm) -> padding.AsymmetricPadding:
    kind = algorithm.signature_algo
    if kind == "rsassa_pkcs1v15":
        return padding.PKCS1v15()
    if kind != "rsassa_pss":
        raise SignatureWrong("the algorithm does not fit the key")
    parameters = algorithm["parameters"]
    mask = parameters["mask_gen_algorithm"]
    if (
        parameters["hash_algorithm"]["algorithm"].native != "sha256"
        or mask["parameters"]["algorithm"].native != "sha256"
    ):
        raise SignatureWrong("RSA-PSS is taken with SHA-256 only")
    return padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=parameters["salt_length"].native)
