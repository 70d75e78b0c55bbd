"""pyHanko's signer on our path. Imported when something is to be signed: it takes half a second."""

import asyncio

from asn1crypto import x509 as asn1_x509
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from companynet.signing.certificate import CertificateInfo
from companynet.signing.raw_key import RawKey


class PathSigner(Signer):  # type: ignore[misc, unused-ignore]
    """pyHanko's signer with our raw-signing step.

    Args:
        key: the private key.
        certificate: the certificate of that key.
        chain: DER of the certificates above it.
    """

    def __init__(self, key: RawKey, certificate: CertificateInfo, chain: tuple[bytes, ...]) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        for der in chain:
            store.register(asn1_x509.Certificate.load(der))
        super().__init__(signing_cert=asn1_x509.Certificate.load(certificate.der), cert_registry=store)
        self._key = key

    def sign_detached(self, content: bytes, digest: str) -> bytes:
        """CMS SignedData, DER, without the content.

        Raises:
            SigningError: the key did not sign.
            ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm: the key signs in a way that has no name
                in CMS.
        """
        signed = asyncio.run(self.async_sign_general_data(content, digest, detached=True))
        made: bytes = signed.dump()
        return made

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002 -- pyHanko's
        if dry_run:
            return bytes(self._key.signature_length)
        return self._key.sign_raw(data, digest_algorithm)
