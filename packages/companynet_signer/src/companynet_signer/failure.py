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
from companynet.signing_reasons import ReasonCode
from companynet_signer.errors import JobChanged, NoKey, ServerRefused, ServerUnreachable, SignerError
from companynet_signer.language import Sentence, sentence
from companynet_signer.texts import TEXTS

#: The protocol's word for each kind of failure of the key; the first that fits.
_KINDS: Final[tuple[tuple[type[SigningError], str], ...]] = (
    (WrongPin, "wrong_pin"),
    (PinLocked, "pin_locked"),
    (TokenAbsent, "no_token"),
    (CertificateUnusable, "certificate"),
    (SigningDeclined, "declined"),
    (DriverError, "driver"),
    (SigningError, "failed"),
)
DECLINED: Final = "declined"
_FAILED: Final = "failed"

_TRIES: Final = {
    None: "wrong_pin",
    TriesLeft.MANY: "wrong_pin",
    TriesLeft.LOW: "wrong_pin_low",
    TriesLeft.LAST: "wrong_pin_last",
    TriesLeft.NONE: "pin_locked",
}
#: Reasons that are said in a sentence which is said elsewhere too; others have one by their code.
_SAID: Final = {
    ReasonCode.PASSWORD_WRONG: "wrong_password",
    ReasonCode.PIN_LOCKED: "pin_locked",
    ReasonCode.DECLINED: "declined_on_device",
    ReasonCode.DECLINED_ON_DEVICE: "declined_on_device",
}


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
    if isinstance(error, SigningError):
        reason = next(word for kind, word in _KINDS if isinstance(error, kind))
        return Failure(*_said_of(error), reason, again=True)
    if isinstance(error, CompanyNetError):
        return Failure(sentence("failed"), str(error), _FAILED, again=False)
    # A fault of this program: its text may hold anything.
    return Failure(sentence("unexpected", kind=type(error).__name__), "", _FAILED, again=False)


def _said_of(error: SigningError) -> tuple[Sentence, str]:
    """What is said of a key that did not sign, and the detail, which is English, where no sentence says it all."""
    code = error.reason_code
    if isinstance(error, WrongPin) and code is ReasonCode.PIN_WRONG:
        return sentence(_TRIES[error.tries_left]), ""
    key = _SAID.get(code, f"reason_{code.value}")
    return (sentence(key, **error.parameters), "") if key in TEXTS else (sentence("no_signature"), str(error))
