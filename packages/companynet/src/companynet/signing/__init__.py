"""Signatures the bank accepts: detached CMS with a certificate registered there.

Every kind of key takes one path (:class:`CmsSigner`); a kind gives only its certificate and its raw signing step.
Tried with keys in files; not with a qualified card, a cloud signature or the real bank.
"""

from companynet.signing.certificate import CertificateInfo, check_usable, read_certificate
from companynet.signing.cms import CmsSigner, RawKey, check_signature, read_signature
from companynet.signing.pkcs12 import Pkcs12Signer
from companynet.signing.signer import Signer, signature_for_bank, signature_text

__all__ = [
    "CertificateInfo",
    "CmsSigner",
    "Pkcs12Signer",
    "RawKey",
    "Signer",
    "check_signature",
    "check_usable",
    "read_certificate",
    "read_signature",
    "signature_for_bank",
    "signature_text",
]
