"""The form in which the bank takes a signature."""

import base64
import textwrap
from typing import Final, Protocol

from companynet.clock import SYSTEM_CLOCK, Clock
from companynet.errors import ProfileError
from companynet.profile import BankProfile
from companynet.signing.certificate import CertificateInfo
from companynet.signing.cms import check_signature
from companynet.signing.policy import PLAIN_POLICY, SigningPolicy

#: The PEM label of OpenSSL's ``smime``; whether the bank wants this one or ``CMS`` is unknown.  # L-154
_HEADER: Final = "-----BEGIN PKCS7-----"
_FOOTER: Final = "-----END PKCS7-----"


class Signer(Protocol):
    """Whoever signs: a key in a file, a token, or the signer on a workstation."""

    @property
    def certificate(self) -> CertificateInfo:
        """Whose signatures these are."""

    def sign_detached(self, content: bytes) -> bytes:
        """Detached CMS SignedData over these bytes, DER, SHA-256, with the certificate inside.

        Raises:
            SigningError: no signature was made.
        """


def bytes_to_sign(text: str, profile: BankProfile) -> bytes:
    """A text of the bank as the bytes that are signed, without a byte-order mark.

    Raises:
        ProfileError: the encoding of the profile is unknown, or cannot hold the text.
    """
    problem: str | None = None
    try:
        return text.encode(profile.challenge_encoding)
    except LookupError:
        problem = "is not known"
    except UnicodeError:
        problem = "cannot hold the bank's text"
    raise ProfileError(f"challenge_encoding {profile.challenge_encoding!r} {problem}")


def signature_text(signature: bytes, profile: BankProfile) -> str:
    """A signature (DER) in the form the profile says: by default the base64 body of its PEM on one line."""
    body = base64.b64encode(signature).decode("ascii")
    if profile.signature_line:
        return body + _FOOTER if profile.signature_footer else body
    return "\n".join([_HEADER, *textwrap.wrap(body, 64), _FOOTER, ""])


def signature_for_bank(
    signer: Signer,
    text: str,
    profile: BankProfile,
    *,
    clock: Clock = SYSTEM_CLOCK,
    policy: SigningPolicy = PLAIN_POLICY,
) -> str:
    """Sign a text of the bank.

    The certificate is checked before, the signature after: a wrong one never leaves.

    Args:
        signer: signs.
        text: the challenge or the session text, as it came.
        profile: encoding and form.
        clock: tells whether the certificate is in its time.
        policy: what else is asked of the certificate.

    Raises:
        CertificateUnusable: the certificate may not sign; nothing was signed.
        SigningError: no right signature was made.
        ProfileError: the encoding of the profile does not fit.
    """
    content = bytes_to_sign(text, profile)
    policy.check(signer.certificate, clock.now())
    signature = signer.sign_detached(content)
    check_signature(signature, content, signer.certificate)
    return signature_text(signature, profile)
