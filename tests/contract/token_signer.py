"""The signature of a real bank's user on a token: one PIN for many sessions, and never a wrong one twice."""

from companynet.domain.session import Secret
from companynet.errors import PinLocked, SigningDeclined, SigningError, WrongPin
from companynet.signing import CertificateInfo, Identity, Pkcs11Signer


class TokenSigner:
    """Unlocks the token for each signature. After a PIN that was not right it does not ask the token again.

    Args:
        identity: a key on a token.
        pin: None where the token asks for none here.
    """

    def __init__(self, identity: Identity, pin: Secret | None) -> None:
        self._identity = identity
        self._pin = pin
        self._refusal: SigningError | None = None

    @property
    def certificate(self) -> CertificateInfo:
        """Whose signatures these are."""
        return self._identity.certificate

    def sign_detached(self, content: bytes) -> bytes:
        """Sign bytes; see :class:`companynet.signing.Signer`."""
        if self._refusal is not None:
            # Three wrong PINs lock a card, and the suite signs more often.
            raise self._refusal
        try:
            with Pkcs11Signer(self._identity).unlocked(self._pin, signatures=1) as signer:
                return signer.sign_detached(content)
        except (WrongPin, PinLocked, SigningDeclined) as error:
            self._refusal = error.with_traceback(None)
            raise
