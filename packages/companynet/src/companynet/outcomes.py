"""What follows from each failure of each operation: class, outcome, and what to do.

:data:`TABLE` is the one place this is said. ``docs/outcomes.md`` is made from it (``companynet outcomes``), and a
test makes every row happen. The rows tell what the *services* raise: a question about a task that is turned away
counts as "not yet" there, so it ends as :class:`~companynet.errors.PollingExpired`.

**A refusal is a fault whose code the profile lists; nothing else is.** One that is not named for an operation here
keeps its class and is ``refused`` all the same.
"""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from companynet import errors
from companynet.errors import BankError, Outcome


class Failure(enum.Enum):
    """How a call can fail."""

    CALLED_OFF = "called off by the caller"
    NOT_RECORDED = "its record could not be written before it"
    REQUEST_BROKEN = "a value breaks the contract"
    UNREACHABLE = "no connection, proxy or TLS handshake"
    TIMEOUT = "sent, no whole answer in time"
    LOST = "sent, the connection broke"
    INVALID = "the answer breaks the contract"
    SERVER_FAILED = "the server broke down, or another answered (HTTP 4xx, 5xx, redirect, a page, fault Server)"
    BUSY = "a server has no time, the bank's or one before it (HTTP 429, 503)"
    UNLISTED = "a fault with a code the profile does not list, or with none"
    THROTTLED = "turned away for now, by a fault of the bank"
    UNFINISHED = "the task is not finished after all questions"
    LOGIN_REFUSED = "the user, password or challenge is refused"
    CERTIFICATE_REFUSED = "the certificate is refused"
    SIGNATURE_REFUSED = "the signature is refused"
    DIK_REFUSED = "the DIK is refused"
    PERMISSION_REFUSED = "the operation is not permitted"
    SESSION_INVALID = "the session or login has ended"
    DUPLICATE_ORDER = "an id was used before"
    ORDER_REFUSED = "the order data have errors"
    GROUP_UNKNOWN = "the order group is not known"
    REFUSED = "refused with a code the profile lists as no more than that"


class Effect(enum.Enum):
    """What a call does at the bank, and so what an unknown outcome means."""

    CHALLENGE = "gives a text to sign"
    PASSWORD_LOGIN = "logs in and uses up a password"  # noqa: S105 -- words, no password
    LOGIN = "logs in"
    LOGOUT = "ends a login"
    CREATE = "makes a long-lived session"
    FINISH = "ends a long-lived session"
    REQUEST = "starts the making of statements"
    FETCH = "asks whether statements are ready"
    CONFIRM = "says that statements are stored"
    SEND = "hands in orders"
    RESULT = "asks what became of orders handed in"
    STATUS = "asks for the states of orders"


#: The operations of the contract and what each does.  # L-015
OPERATIONS: Final[Mapping[str, Effect]] = {
    "login": Effect.PASSWORD_LOGIN,
    "initLoginWithSignature": Effect.CHALLENGE,
    "loginWithSignature": Effect.LOGIN,
    "logout": Effect.LOGOUT,
    "initCreateBackgroundSessionWithSignature": Effect.CHALLENGE,
    "createBackgroundSessionWithSignature": Effect.CREATE,
    "finishBackgroundSession": Effect.FINISH,
    "getMT940Ex": Effect.REQUEST,
    "checkGetMT940Result": Effect.FETCH,
    "confirmResponseReceived": Effect.CONFIRM,
    "universalPaymentSend": Effect.SEND,
    "checkPaymentSendResult": Effect.RESULT,
    "getStatus": Effect.STATUS,
}


@dataclass(frozen=True)
class Row:
    """One failure of one operation."""

    operation: str
    """Of the contract."""

    failure: Failure
    """How it fails."""

    error: type[BankError]
    """The class that is raised, itself and no subclass of it."""

    outcome: Outcome
    """What is known of the bank's side."""

    advice: str
    """What the caller should do."""


_CLASSES: Final[Mapping[Failure, type[BankError]]] = {
    Failure.CALLED_OFF: errors.Cancelled,
    Failure.NOT_RECORDED: errors.NotRecorded,
    Failure.REQUEST_BROKEN: errors.BankError,
    Failure.UNREACHABLE: errors.BankUnreachable,
    Failure.TIMEOUT: errors.BankTimeout,
    Failure.LOST: errors.AnswerLost,
    Failure.INVALID: errors.AnswerInvalid,
    Failure.SERVER_FAILED: errors.AnswerInvalid,
    Failure.BUSY: errors.BankBusy,
    Failure.UNLISTED: errors.UnlistedFault,
    Failure.THROTTLED: errors.BankThrottled,
    Failure.UNFINISHED: errors.PollingExpired,
    Failure.LOGIN_REFUSED: errors.LoginRefused,
    Failure.CERTIFICATE_REFUSED: errors.CertificateRefused,
    Failure.SIGNATURE_REFUSED: errors.SignatureRefused,
    Failure.DIK_REFUSED: errors.DikRefused,
    Failure.PERMISSION_REFUSED: errors.PermissionRefused,
    Failure.SESSION_INVALID: errors.SessionInvalid,
    Failure.DUPLICATE_ORDER: errors.DuplicateOrder,
    Failure.ORDER_REFUSED: errors.OrderRefused,
    Failure.GROUP_UNKNOWN: errors.OrderGroupUnknown,
    Failure.REFUSED: errors.Refused,
}

_ALWAYS: Final = (
    Failure.NOT_RECORDED,
    Failure.REQUEST_BROKEN,
    Failure.UNREACHABLE,
    Failure.TIMEOUT,
    Failure.LOST,
    Failure.INVALID,
    Failure.SERVER_FAILED,
    Failure.BUSY,
    Failure.UNLISTED,
    Failure.THROTTLED,
)
#: The call has left, and nothing that came back is the bank's own word on it. That is so whatever the call does: of a
#: question it only means that it was not answered.
_UNKNOWN: Final = frozenset(
    {Failure.TIMEOUT, Failure.LOST, Failure.INVALID, Failure.SERVER_FAILED, Failure.BUSY, Failure.UNLISTED}
)

#: The refusals that belong to each effect, beside the plain one.
_REFUSALS: Final[Mapping[Effect, tuple[Failure, ...]]] = {
    Effect.CHALLENGE: (Failure.LOGIN_REFUSED, Failure.DIK_REFUSED, Failure.SESSION_INVALID),
    Effect.PASSWORD_LOGIN: (Failure.LOGIN_REFUSED, Failure.DIK_REFUSED),
    Effect.LOGIN: (
        Failure.LOGIN_REFUSED,
        Failure.CERTIFICATE_REFUSED,
        Failure.SIGNATURE_REFUSED,
        Failure.DIK_REFUSED,
    ),
    Effect.LOGOUT: (Failure.SESSION_INVALID,),
    Effect.CREATE: (
        Failure.CERTIFICATE_REFUSED,
        Failure.SIGNATURE_REFUSED,
        Failure.DIK_REFUSED,
        Failure.PERMISSION_REFUSED,
        Failure.SESSION_INVALID,
    ),
    Effect.FINISH: (Failure.SESSION_INVALID,),
    Effect.REQUEST: (Failure.DIK_REFUSED, Failure.PERMISSION_REFUSED, Failure.SESSION_INVALID),
    Effect.FETCH: (Failure.DIK_REFUSED, Failure.PERMISSION_REFUSED, Failure.SESSION_INVALID),
    Effect.CONFIRM: (Failure.DIK_REFUSED, Failure.PERMISSION_REFUSED, Failure.SESSION_INVALID),
    Effect.SEND: (
        Failure.DIK_REFUSED,
        Failure.PERMISSION_REFUSED,
        Failure.SESSION_INVALID,
        Failure.DUPLICATE_ORDER,
        Failure.ORDER_REFUSED,
    ),
    Effect.RESULT: (
        Failure.DIK_REFUSED,
        Failure.PERMISSION_REFUSED,
        Failure.SESSION_INVALID,
        Failure.DUPLICATE_ORDER,
        Failure.ORDER_REFUSED,
    ),
    Effect.STATUS: (
        Failure.DIK_REFUSED,
        Failure.PERMISSION_REFUSED,
        Failure.SESSION_INVALID,
        Failure.GROUP_UNKNOWN,
    ),
}

#: Effects that ask about a task of the bank again and again.
_POLLS: Final = frozenset({Effect.FETCH, Effect.RESULT})
#: Effects whose calls are made even after all was called off.
_CLEANING: Final = frozenset({Effect.LOGOUT, Effect.FINISH})

#: A blocked token: L-213. Ids that serve once: L-204. When an unknown group was never handed in: L-164.
_ADVICE: Final[Mapping[Failure, str]] = {
    Failure.CALLED_OFF: "Nothing was sent; begin again when it is wanted.",
    Failure.NOT_RECORDED: "Nothing was sent: see why your `before_call` failed, then repeat.",
    Failure.REQUEST_BROKEN: "Nothing was sent: correct the value that the text names.",
    Failure.UNREACHABLE: "Nothing was sent: see to network, proxy, TLS roots and client certificate, then repeat.",
    Failure.THROTTLED: "The bank did nothing: repeat later.",
    Failure.LOGIN_REFUSED: "Do not try the same again: wrong passwords in a row block a token. Ask the person.",
    Failure.CERTIFICATE_REFUSED: "Have the bank register the certificate, or sign with another.",
    Failure.SIGNATURE_REFUSED: (
        "Get a new text and sign that; if it is refused too, compare challenge_encoding, signature_line and "
        "signature_footer of the profile with the bank's documents."
    ),
    Failure.DIK_REFUSED: "Correct the DIK, or have the bank give the user access to it.",
    Failure.PERMISSION_REFUSED: "Use a session that covers the operation for this DIK.",
    Failure.SESSION_INVALID: "Stop using this session everywhere and open a new one.",
    Failure.DUPLICATE_ORDER: (
        "This sending was not taken, but one with the same id was: ask getStatus before anything is sent anew."
    ),
    Failure.ORDER_REFUSED: "None of the orders was taken: correct them and send a new file with new ids.",
    Failure.GROUP_UNKNOWN: (
        "Asked by the bank's id: correct it. Asked by our own it proves nothing, unless the profile says that the "
        "bank would know it (absence_by_client_id), and some minutes have passed: then the same file, with the same "
        "ids, may be sent again. Else a person looks in CompanyNet."
    ),
    Failure.REFUSED: "Read the bank's code and text: it did nothing. Correct what they name.",
}

#: What else is to be done about a fault that nobody has listed.
_LIST_IT: Final = (
    "Read the bank's code and text; once it is sure what they mean give the code its class in fault_codes."
)

#: What to do where it depends on what the call does.
_SPECIAL: Final[Mapping[tuple[Effect, Failure], str]] = {
    (Effect.CREATE, Failure.PERMISSION_REFUSED): "Ask for fewer operations or DIKs.",
    (Effect.CREATE, Failure.SESSION_INVALID): "The login has ended, no session was made: log in again.",
    (Effect.CHALLENGE, Failure.SESSION_INVALID): "The login has ended: log in again.",
    (Effect.LOGOUT, Failure.SESSION_INVALID): "It has ended already: nothing is left to do.",
    (Effect.FINISH, Failure.SESSION_INVALID): "It has ended already: nothing is left to do.",
    (Effect.FETCH, Failure.UNFINISHED): "Ask for the same task again later.",
    (Effect.RESULT, Failure.UNFINISHED): "The bank has the orders: ask for the same task later. Never send again.",
}

#: What to do when only the bank knows whether it acted.  # L-165, L-166, L-167
_AFTER_UNKNOWN: Final[Mapping[Effect, str]] = {
    Effect.CHALLENGE: "Ask for a new text.",
    Effect.PASSWORD_LOGIN: "Log in with the next password, this one may be used up. An unseen login ends by itself.",
    Effect.LOGIN: "Ask for a new challenge and sign it. A login made unseen ends by itself.",
    Effect.LOGOUT: "Repeat, or leave it: a login ends by itself.",
    Effect.CREATE: (
        "The bank may have a session whose token never came: it serves nobody and ends at the time asked for. Look "
        "in CompanyNet, then make a new one."
    ),
    Effect.FINISH: "The session may live: lock it on your side and repeat until the bank answers.",
    Effect.REQUEST: "Ask anew: a task made unseen harms nothing.",
    Effect.FETCH: "Ask for the same task again: asking changes nothing.",
    Effect.CONFIRM: "Confirm again: twice does no harm.",
    Effect.SEND: (
        "The bank may have the orders. Never send again: ask by everything that is held, here getStatus by our own "
        "clientOrderGroupId. Only a yes is sure."
    ),
    Effect.RESULT: "The bank has the file; what became of it is not known: ask for the same task again.",
    Effect.STATUS: "Ask again: asking changes nothing.",
}


def _rows() -> Iterator[Row]:
    for operation, effect in OPERATIONS.items():
        failures = [*_ALWAYS, *_REFUSALS[effect], Failure.REFUSED]
        if effect not in _CLEANING:
            failures.insert(0, Failure.CALLED_OFF)
        if effect in _POLLS:
            failures.append(Failure.UNFINISHED)
        if operation == "initLoginWithSignature":
            failures.remove(Failure.SESSION_INVALID)
        if operation == "initCreateBackgroundSessionWithSignature":
            failures.remove(Failure.LOGIN_REFUSED)
        for failure in failures:
            yield _row(operation, effect, failure)


def _row(operation: str, effect: Effect, failure: Failure) -> Row:
    error = _CLASSES[failure]
    if effect in _POLLS and failure in {Failure.CALLED_OFF, Failure.THROTTLED, Failure.BUSY, Failure.UNFINISHED}:
        # Calling it off or being turned away leaves the task with the bank.
        error = errors.Cancelled if failure is Failure.CALLED_OFF else errors.PollingExpired
        return Row(operation, failure, error, Outcome.ACCEPTED, _SPECIAL[effect, Failure.UNFINISHED])
    decided = {Failure.DUPLICATE_ORDER, Failure.ORDER_REFUSED}
    if failure in _UNKNOWN or (effect is Effect.RESULT and failure not in decided):
        advice = _AFTER_UNKNOWN[effect]
        if failure is Failure.UNLISTED:
            advice = f"{advice} {_LIST_IT}"
        if effect is Effect.RESULT and failure not in _UNKNOWN:
            # The question was refused or never sent, which says nothing of the orders.
            advice = f"{advice} Before that: {_lower(_ADVICE[failure])}"
        return Row(operation, failure, error, Outcome.UNKNOWN, advice)
    advice = _SPECIAL.get((effect, failure), _ADVICE[failure])
    return Row(operation, failure, error, error.default_outcome if failure in _SENT else Outcome.NOT_SENT, advice)


#: Failures that the bank itself told of.
_SENT: Final = frozenset(Failure) - {
    Failure.CALLED_OFF,
    Failure.NOT_RECORDED,
    Failure.REQUEST_BROKEN,
    Failure.UNREACHABLE,
}


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


#: Every operation with every failure it can have.
TABLE: Final[tuple[Row, ...]] = tuple(_rows())


def row(operation: str, failure: Failure) -> Row:
    """The row of a failure of an operation.

    Raises:
        LookupError: the operation has no such failure.
    """
    for found in TABLE:
        if found.operation == operation and found.failure is failure:
            return found
    raise LookupError(f"{operation}: {failure.name} is no failure of it")
