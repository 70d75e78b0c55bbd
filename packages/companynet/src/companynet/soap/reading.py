"""An HTTP answer read: the value wanted, or the error it means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from companynet.domain.session import Secret
from companynet.errors import AnswerInvalid, BankError
from companynet.soap.contract import Contract
from companynet.soap.envelope import EnvelopeError, body_of, parse_envelope
from companynet.soap.errors import ContractBroken
from companynet.soap.faults import BankFault, error_of_fault, read_fault
from companynet.soap.transport import HttpAnswer

T = TypeVar("T")

#: HTTP statuses of an answer: those of success.  # S-701
_ANSWERED: Final = range(200, 300)
#: And of a fault.  # S-201
_FAULT: Final = frozenset({200, 500})


@dataclass(frozen=True)
class Wanted:
    """What is wanted of an answer."""

    operation: str
    """The operation of the contract."""

    reference: str
    """Our reference of the call."""

    hidden: tuple[Secret, ...]
    """Kept out of every text: a server may quote what it was sent."""

    read: Callable[[Any], Any] | None
    """Makes what is wanted of the values that were read; None for them as they are."""


@dataclass(frozen=True)
class Found:
    """What an answer brought."""

    value: Any
    """What was wanted of it."""

    notices: tuple[str, ...]
    """Where it breaks the schema, without harm to that: names only."""


class AnswerReader:
    """Reads answers.

    Args:
        contract: what they are held to.
        classes: the error class of each fault code that is on the profile's list.
    """

    def __init__(self, contract: Contract, classes: Mapping[str, type[BankError]]) -> None:
        self._contract = contract
        self._classes = classes

    def value(self, answer: HttpAnswer, wanted: Wanted) -> Found:
        """What is wanted of an answer.

        Raises:
            AnswerInvalid: it is not the service's own, or has not what is needed. What lies below is not hung on it:
                a foreign exception may hold the answer, and that a token.
            BankError: the bank's fault, see :func:`~companynet.soap.faults.error_of_fault`.
        """
        fault: BankFault | None = None
        try:
            element = body_of(parse_envelope(answer.content))
            fault = read_fault(element)
            _check_own(answer, fault)
            if fault is None:
                values = self._contract.answer(wanted.operation, element)
                value = values if wanted.read is None else _read(values, wanted.read, wanted.operation)
                return Found(value, self._contract.notices(wanted.operation, element))
        except (EnvelopeError, ContractBroken, AnswerInvalid) as error:
            problem = str(error)
        except Exception as error:  # noqa: BLE001 -- the call has left, and its answer is not understood
            problem = type(error).__name__
        else:
            problem = ""
        if fault is not None:
            fault = _hide(fault, wanted.hidden)
            if not problem:
                raise error_of_fault(fault, self._classes, operation=wanted.operation, reference=wanted.reference)
        raise AnswerInvalid(
            f"the answer to {wanted.operation} (HTTP {answer.status}, {len(answer.content)} bytes) is refused: "
            f"{problem}",
            operation=wanted.operation,
            reference=wanted.reference,
            code=(fault.code or None) if fault else None,
            bank_text=(fault.text or None) if fault else None,
        )


def read_value(operation: str, reader: Callable[[], T]) -> T:
    """Take what is wanted out of an answer.

    Raises:
        AnswerInvalid: the answer has what is needed, but it makes no value of ours.
    """
    try:
        return reader()
    except (AttributeError, TypeError, ValueError, LookupError, ArithmeticError):
        # The foreign exception holds the answer, which may hold a token: it ends here.
        pass
    raise AnswerInvalid(
        f"{operation}: the answer has what is needed, but it makes no value of ours",
        operation=operation,
    )


def _read(found: Any, read: Callable[[Any], Any], operation: str) -> Any:
    return read_value(operation, lambda: read(found))


def _check_own(answer: HttpAnswer, fault: BankFault | None) -> None:
    """Make sure that an answer is the service's own, and not of a server before it.

    Raises:
        EnvelopeError: it is not.
    """
    if fault is None:
        if answer.status not in _ANSWERED:
            raise EnvelopeError("the status is of an error and the envelope holds no fault")
        return
    if answer.status not in _FAULT:
        raise EnvelopeError("the service does not send its faults under this status")
    if answer.content_type and "xml" not in answer.content_type.lower():
        raise EnvelopeError("a fault that does not come as XML")


def _hide(fault: BankFault, hidden: tuple[Secret, ...]) -> BankFault:
    """A fault without the secrets of its call."""
    code, text = fault.code, fault.text
    for secret in hidden:
        if secret.reveal():
            code = code.replace(secret.reveal(), "***")
            text = text.replace(secret.reveal(), "***")
    return BankFault(code, text, fault.faultcode)
