"""What went wrong, for the person, for the server, and for what may be done next."""

from dataclasses import dataclass
from typing import Final

from companynet.errors import (
    CertificateUnusable,
    CompanyNetError,
    DriverError,
    PinLocked,
    SigningDeclined,
    SigningError,
    TokenAbsent,
    TriesLeft,
    WrongPin,
)
from companynet_signer.errors import JobChanged, NoKey, ServerRefused, ServerUnreachable, SignerError
from companynet_signer.language import Sentence, sentence

#: The protocol's words for why nothing was signed, and the sentence of each kind of failure; the first that fits.
_KINDS: Final[tuple[tuple[type[SigningError], str, str], ...]] = (
    (WrongPin, "wrong_pin", "wrong_pin"),
    (PinLocked, "pin_locked", "pin_locked"),
    (TokenAbsent, "no_token", "no_token"),
    (CertificateUnusable, "certificate", "certificate_refused"),
    (SigningDeclined, "declined", "declined_on_device"),
    (DriverError, "driver", "driver_failed"),
    (SigningError, "failed", "no_signature"),
)
DECLINED: Final = "declined"
_FAILED: Final = "failed"

_TRIES: Final = {
    None: "wrong_password",
    TriesLeft.MANY: "wrong_pin",
    TriesLeft.LOW: "wrong_pin_low",
    TriesLeft.LAST: "wrong_pin_last",
    TriesLeft.NONE: "pin_locked",
}
#: Kinds whose library text only says the same in English.
_SAID: Final = (WrongPin, PinLocked, SigningDeclined)


@dataclass(frozen=True)
class Failure:
    """Something that did not work."""

    sentence: Sentence
    """For the person."""

    detail: str
    """For who helps the person: the library's own words, English; may be empty."""

    reason: str
    """The protocol's word for it."""

    again: bool
    """Nothing was sent and nothing is lost: the person may try again."""


def failure_of(error: Exception) -> Failure:
    """An error as what it means here."""
    if isinstance(error, SignerError):
        reason = (
            "changed" if isinstance(error, JobChanged) else "certificate" if isinstance(error, NoKey) else _FAILED
        )
        again = isinstance(error, NoKey | ServerUnreachable) or (isinstance(error, ServerRefused) and error.goes_on)
        return Failure(error.sentence, "", reason, again=again)
    for kind, reason, key in _KINDS:
        if isinstance(error, kind):
            said = _TRIES[error.tries_left] if isinstance(error, WrongPin) else key
            detail = "" if isinstance(error, _SAID) else str(error)
            return Failure(sentence(said), detail, reason, again=True)
    if isinstance(error, CompanyNetError):
        return Failure(sentence("failed"), str(error), _FAILED, again=False)
    # A fault of this program: its text may hold anything.
    return Failure(sentence("unexpected", kind=type(error).__name__), "", _FAILED, again=False)
