"""Signatures the bank accepts: detached CMS with a certificate registered there.

Every kind of key takes one path (:class:`CmsSigner`); a kind gives only its certificate and its raw signing step.
Trust lists are read by :mod:`companynet.signing.trust_list` and revocation is looked up by
:mod:`companynet.signing.revocation_check`, which take a while to import: they are imported by who uses them.
Tried with keys in files and on SoftHSM's tokens; not with a qualified card, a cloud signature or the real bank.
"""

from companynet.signing.certificate import CertificateInfo, Unusable, check_usable, read_certificate
from companynet.signing.choice import find_identity
from companynet.signing.cms import CmsSigner, check_signature, load_signing
from companynet.signing.identity import Identity, KeyPlace, Listing, ListingProblem, PinState, TokenInfo, TokenPlace
from companynet.signing.known_modules import KNOWN_MODULES, FoundModule, KnownModule, find_modules
from companynet.signing.pkcs11 import Pkcs11Signer
from companynet.signing.pkcs12 import Pkcs12Signer, file_identity
from companynet.signing.policy import Requirement, SigningPolicy
from companynet.signing.raw_key import RawKey
from companynet.signing.received import ReceivedSignature, read_signature, receive_signature
from companynet.signing.revocation import Revocation, RevocationEvidence, RevocationStatus
from companynet.signing.signer import Signer, signature_for_bank, signature_text
from companynet.signing.tokens import list_identities, list_token, pin_state
from companynet.signing.trust import ListedAs, ListEntry, TrustSource

__all__ = [
    "KNOWN_MODULES",
    "CertificateInfo",
    "CmsSigner",
    "FoundModule",
    "Identity",
    "KeyPlace",
    "KnownModule",
    "ListEntry",
    "ListedAs",
    "Listing",
    "ListingProblem",
    "PinState",
    "Pkcs11Signer",
    "Pkcs12Signer",
    "RawKey",
    "ReceivedSignature",
    "Requirement",
    "Revocation",
    "RevocationEvidence",
    "RevocationStatus",
    "Signer",
    "SigningPolicy",
    "TokenInfo",
    "TokenPlace",
    "TrustSource",
    "Unusable",
    "check_signature",
    "check_usable",
    "file_identity",
    "find_identity",
    "find_modules",
    "list_identities",
    "list_token",
    "load_signing",
    "pin_state",
    "read_certificate",
    "read_signature",
    "receive_signature",
    "signature_for_bank",
    "signature_text",
]
