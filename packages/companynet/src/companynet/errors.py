"""Every error of the library, in one tree.

::

    CompanyNetError
    ├── FormatError            a statement or an order file cannot be read
    ├── OrderError             an order breaks a rule; nothing was written
    ├── IntentError            an order file may not be sent, or given up, as things stand
    ├── ProfileError           the bank profile or the WSDL cannot be used
    ├── SigningError           a signature could not be made
    │   ├── TokenAbsent            no card, no file
    │   ├── DriverError            the key store cannot be read
    │   ├── WrongPin               the PIN or password is wrong
    │   ├── PinLocked              too many wrong PINs
    │   ├── CertificateUnusable    outdated, revoked, not for signatures, not qualified where it must be
    │   └── SigningDeclined        the person said no
    └── BankError              a call to the bank did not end well
        ├── BankUnreachable        no connection: never sent
        ├── BankTimeout            sent, no answer in time: unknown
        ├── AnswerLost             sent, the answer was cut off: unknown
        ├── AnswerInvalid          sent, the answer breaks the contract: unknown
        ├── BankThrottled          refused for now by a fault of the bank: ask later
        ├── BankBusy               turned away by HTTP 429 or 503, by whom is not told: unknown
        ├── UnlistedFault          a fault whose code the profile does not list: unknown
        ├── PollingExpired         the bank is still working on the task
        ├── NotRecorded            its record could not be written first: never sent
        ├── Cancelled              the caller called it off: before a call, or while the bank works on a task
        └── Refused                the bank said no
            ├── LoginRefused           user, password or challenge
            ├── CertificateRefused     not registered, revoked, outdated at the bank
            ├── SignatureRefused       the signature does not fit
            ├── DikRefused             the DIK is not this customer's
            ├── PermissionRefused      the session does not allow the operation
            ├── SessionInvalid         the session ended or never was
            ├── DuplicateOrder         an id was used before
            ├── OrderRefused           the order data has errors
            └── OrderGroupUnknown      the bank knows no such order group

Callers branch on the class and on :class:`Outcome`, never on the text; of signatures, on the ``reason_code``.
"""

import enum
from typing import TYPE_CHECKING

from companynet.signing_reasons import ReasonCode

if TYPE_CHECKING:
    from collections.abc import Mapping


class Outcome(enum.Enum):
    """What is known of the bank's side after a failed call."""

    NOT_SENT = "not_sent"
    """The bank never had the call."""

    UNKNOWN = "unknown"
    """The call left; whether the bank acted is known only to the bank. Ask it, do not repeat."""

    REFUSED = "refused"
    """The bank answered that it did not act."""

    ACCEPTED = "accepted"
    """The bank acted; what failed came after."""


class TriesLeft(enum.Enum):
    """How many wrong PINs a token still takes. Tokens tell it in words, never as a number."""

    MANY = "many"
    """No wrong PIN since the last right one."""

    LOW = "low"
    """At least one wrong PIN since the last right one."""

    LAST = "last"
    """One more wrong PIN locks the token."""

    NONE = "none"
    """The token is locked."""


class UnusableReason(enum.Enum):
    """Why a certificate cannot be used."""

    NOT_YET_VALID = "not_yet_valid"
    """Its time has not begun."""

    EXPIRED = "expired"
    """Its time is over."""

    USAGE = "usage"
    """It is not for signatures that bind: it has no nonRepudiation."""

    KEY_KIND = "key_kind"
    """Its key is neither RSA nor on an elliptic curve."""

    NOT_QUALIFIED = "not_qualified"
    """A qualified one is required; by its own word or by the trust list it is none."""

    NOT_KNOWN = "not_known"
    """A qualified one by the trust list is required, and the list does not tell."""

    REVOKED = "revoked"
    """Its issuer took it back."""


class CompanyNetError(Exception):
    """The root: catch this to catch all of the library."""


class FormatError(CompanyNetError, ValueError):
    """A file cannot be read. Nothing of it was returned.

    Args:
        source: the name of the file or report.
        place: where in it, in words ("line 12, :61:").
        reason: what is wrong there.
    """

    def __init__(self, source: str, place: str, reason: str) -> None:
        super().__init__(f"{source}: {place}: {reason}")
        self.source = source
        self.place = place
        self.reason = reason


class OrderError(CompanyNetError, ValueError):
    """An order breaks a rule of its format. Nothing was written.

    Args:
        order: the end-to-end id of the order, or words for the batch.
        field: the field at fault.
        reason: the rule and the value.
    """

    def __init__(self, order: str, field: str, reason: str) -> None:
        super().__init__(f"order {order}: {field}: {reason}")
        self.order = order
        self.field = field
        self.reason = reason


class IntentError(CompanyNetError, ValueError):
    """An order file may not be sent, asked for or given up as things stand. Nothing was sent, nothing has changed."""


class ProfileError(CompanyNetError, ValueError):
    """The bank profile or the WSDL it names cannot be used."""


class SigningError(CompanyNetError):
    """A signature could not be made. Nothing was sent.

    Args:
        message: a sentence for a log.
        reason_code: the same for a program, such as one that speaks another language.
        parameters: what belongs to the reason, by the names that :attr:`ReasonCode.parameters` has.
    """

    def __init__(self, message: str, *, reason_code: ReasonCode, **parameters: object) -> None:
        super().__init__(message)
        self.reason_code = reason_code
        self.parameters: Mapping[str, object] = parameters


class TokenAbsent(SigningError):
    """There is no card in the reader, or no such file."""


class DriverError(SigningError):
    """The key store cannot be read: damaged, of another kind, or its driver failed."""


class WrongPin(SigningError):
    """The PIN or password is wrong. Never try again without asking the person.

    Args:
        message: a sentence for a log.
        reason_code: why.
        tries_left: what the token told after the wrong PIN; None for files, which do not count.
        parameters: what else belongs to the reason.
    """

    def __init__(
        self, message: str, *, reason_code: ReasonCode, tries_left: TriesLeft | None = None, **parameters: object
    ) -> None:
        super().__init__(message, reason_code=reason_code, tries_left=tries_left, **parameters)
        self.tries_left = tries_left


class PinLocked(SigningError):
    """The token took too many wrong PINs."""


class CertificateUnusable(SigningError):
    """The certificate cannot be used for this signature; nothing was signed.

    Args:
        message: names the certificate and says why.
        reason: the same for a program; the ``reason_code`` is ``certificate_`` and this.
        parameters: what belongs to the reason.
    """

    def __init__(self, message: str, *, reason: UnusableReason, **parameters: object) -> None:
        super().__init__(message, reason_code=ReasonCode(f"certificate_{reason.value}"), **parameters)
        self.reason = reason


class SigningDeclined(SigningError):
    """The person declined."""


class BankError(CompanyNetError):
    """A call to the bank did not end well.

    Args:
        message: a sentence for a log.
        operation: the operation of the contract.
        reference: our reference of the call (safe to show).
        outcome: what is known of the bank's side; each class has its own by default.
        code: the bank's code, as it came.
        bank_text: the bank's text, as it came.
    """

    default_outcome = Outcome.UNKNOWN

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        reference: str = "",
        outcome: Outcome | None = None,
        code: str | None = None,
        bank_text: str | None = None,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.reference = reference
        self.outcome = outcome or self.default_outcome
        self.code = code
        self.bank_text = bank_text


class BankUnreachable(BankError):
    """No connection was made; the bank never had the call."""

    default_outcome = Outcome.NOT_SENT


class BankTimeout(BankError):
    """The call left and no answer came in time."""


class AnswerLost(BankError):
    """The call left and the connection broke before the whole answer came."""


class AnswerInvalid(BankError):
    """The answer is not what the contract says; the bank may have acted."""


class BankThrottled(BankError):
    """The bank refuses calls for now, by a fault of its own; it did not act."""

    default_outcome = Outcome.REFUSED


class BankBusy(BankError):
    """HTTP 429 or 503 in place of an answer: a server that has no time, or one before it that lost the answer.

    Args:
        message: as for all.
        operation: as for all.
        reference: as for all.
        code: the HTTP status.
        retry_after: what the header Retry-After says, as it came; for people, nothing follows it.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        reference: str = "",
        code: str | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(message, operation=operation, reference=reference, code=code)
        self.retry_after = retry_after


class UnlistedFault(BankError):
    """The bank answered with a fault whose code the profile does not list, or that has none.

    It reads like a refusal and is none: the bank may have acted. ``code`` and ``bank_text`` are the bank's own.
    """


class PollingExpired(BankError):
    """The bank has the task and has not finished it in the time allowed; ask for the task again later."""

    default_outcome = Outcome.ACCEPTED

    def __init__(self, message: str, *, operation: str, reference: str = "", task_id: str) -> None:
        super().__init__(message, operation=operation, reference=reference)
        self.task_id = task_id


class Cancelled(BankError):
    """The caller called it off. A call that has left is never torn apart, so nothing is unknown by it.

    The outcome is ``NOT_SENT`` when the next call was not made, and ``ACCEPTED`` when it was called off while the
    bank was working on a task: the bank has the task, and it may be asked for again.
    """

    default_outcome = Outcome.NOT_SENT

    def __init__(self, message: str, *, operation: str, reference: str = "", task_id: str | None = None) -> None:
        outcome = Outcome.NOT_SENT if task_id is None else Outcome.ACCEPTED
        super().__init__(message, operation=operation, reference=reference, outcome=outcome)
        self.task_id = task_id


class NotRecorded(BankError):
    """The caller's record of the call could not be written before it, so it was not made."""

    default_outcome = Outcome.NOT_SENT


class Refused(BankError):
    """The bank answered no and did not act; code and text are the bank's own."""

    default_outcome = Outcome.REFUSED


class LoginRefused(Refused):
    """The user, the password or the challenge is not accepted."""


class CertificateRefused(Refused):
    """The certificate is not registered with the bank, or is revoked or outdated there."""


class SignatureRefused(Refused):
    """The signature does not verify over the text the bank gave."""


class DikRefused(Refused):
    """The DIK is unknown, or not this user's."""


class PermissionRefused(Refused):
    """The session does not allow this operation for this DIK."""


class SessionInvalid(Refused):
    """The session has ended, or never was. Do not try it again."""


class DuplicateOrder(Refused):
    """An identifier of the order was used before."""


class OrderRefused(Refused):
    """The bank found errors in the order data and took none of it."""


class OrderGroupUnknown(Refused):
    """The bank knows no order group of this id."""
