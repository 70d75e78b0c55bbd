"""The one place that calls the bank, and the record of each call."""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from companynet.clock import Cancellation, Clock
from companynet.domain.session import Secret
from companynet.errors import (
    AnswerInvalid,
    AnswerLost,
    BankBusy,
    BankError,
    BankTimeout,
    BankUnreachable,
    Cancelled,
    NotRecorded,
    Outcome,
)
from companynet.profile import BankProfile
from companynet.soap.contract import Contract
from companynet.soap.errors import ContractBroken
from companynet.soap.exchange import Exchange
from companynet.soap.faults import error_classes
from companynet.soap.reading import AnswerReader, Wanted
from companynet.soap.transport import BankTransport, HttpAnswer, TransportFailure

__all__ = ["CallRecord", "Caller", "PendingCall", "new_reference"]

logger = logging.getLogger(__name__)

_FAILURES: Final[Mapping[str, type[BankError]]] = {
    "unreachable": BankUnreachable,
    "timeout": BankTimeout,
    "lost": AnswerLost,
    "invalid": AnswerInvalid,
}

#: HTTP statuses by which a server, or the balancer before it, has no time.  # S-154
_BUSY: Final = frozenset({429, 503})


@dataclass(frozen=True)
class PendingCall:
    """One call that is about to be made; for an audit. It holds no secret."""

    operation: str
    """The operation of the contract."""

    reference: str
    """Our reference of the call; the same as in its :class:`CallRecord`."""

    started: datetime
    """When it began, UTC."""

    dik: str | None
    """The customer it is for; None where it concerns a session itself."""


@dataclass(frozen=True)
class CallRecord:
    """One call that was made, or tried; for an audit. It holds no secret."""

    operation: str
    """The operation of the contract."""

    reference: str
    """Our reference of the call; the same as in the error, if there was one."""

    started: datetime
    """When it began, UTC."""

    duration: float
    """Seconds."""

    outcome: str
    """``answered``, or what is known of the bank's side: ``not_sent``, ``unknown``, ``refused``."""

    error: str | None
    """The name of the error's class; None if there was none."""

    code: str | None = None
    """The bank's code of the error, as it came; None if there was none."""

    notices: tuple[str, ...] = ()
    """Where the answer breaks its schema without harm to what was asked: names only."""


class Caller:
    """Makes calls after one profile. Not for several threads at a time: a client per thread is cheap.

    Args:
        profile: the bank.
        clock: for records.
        on_call: gets a :class:`CallRecord` after each call, failed or not. What it raises is logged and dropped: an
            answer of the bank is worth more than its record.
        on_exchange: gets an :class:`~companynet.soap.exchange.Exchange`, which holds secrets, after each envelope
            that was to leave, before the answer is read. What it raises is dropped, and only its class is logged.
        before_call: gets a :class:`PendingCall` before each call. If it raises, the call is not made.
        cancellation: once it is set no further call is made but those that clean up (:class:`Cancelled`); a call
            under way is waited for.

    Raises:
        ProfileError: the WSDL or the fault codes of the profile cannot be used.
    """

    def __init__(
        self,
        profile: BankProfile,
        clock: Clock,
        on_call: Callable[[CallRecord], None] | None = None,
        cancellation: Cancellation | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        *,
        before_call: Callable[[PendingCall], None] | None = None,
    ) -> None:
        self.profile = profile
        self.clock = clock
        self.cancellation = cancellation
        self._on_call = on_call
        self._on_exchange = on_exchange
        self._before_call = before_call
        self._contract = Contract(profile.wsdl, profile.contract_names, profile.contract_values)
        self._reader = AnswerReader(self._contract, error_classes(profile.all_fault_codes))
        self._transport = BankTransport(profile)

    def close(self) -> None:
        """Let go of what is held."""
        self._transport.close()

    def call(
        self,
        operation: str,
        arguments: Mapping[str, object] | None = None,
        *,
        dik: str | None = None,
        token: Secret | None = None,
        secrets: tuple[Secret, ...] = (),
        cleaning: bool = False,
        reference: str | None = None,
        read: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Make one call, once.

        Args:
            operation: its name in the contract.
            arguments: beside the context.
            dik: the customer the call is for; None where it concerns a session itself.
            token: of a login or a session.
            secrets: other secrets among the arguments, kept out of every text.
            cleaning: made even if all is called off: it ends what was begun.
            reference: ours, from :func:`new_reference`, where it was written down before; None for a new one.
            read: makes what is wanted of the values of the answer; None for them as they are.

        Returns:
            The values that :data:`~companynet.soap.needs.NEEDS` names for the answer, or what ``read`` made of them.

        Raises:
            Cancelled: it was called off before.
            NotRecorded: ``before_call`` raised; it was not made.
            BankError: the call did not end well; class and outcome say how.
            ProfileError: the WSDL has no such operation, or does not fit what it needs.
        """
        if not cleaning and self.cancellation is not None and self.cancellation.is_set():
            raise Cancelled(f"{operation} was called off before it was sent", operation=operation)
        reference = reference or new_reference()
        started = self.clock.now()
        begun = self.clock.monotonic()
        hidden = (*secrets, token) if token is not None else secrets
        # Until it is known better: whatever breaks off between, the record must not say less than was done.
        outcome, name, code = Outcome.NOT_SENT.value, None, None
        notices: tuple[str, ...] = ()
        try:
            self._announce(PendingCall(operation, reference, started, dik))
            filled = {**(arguments or {}), "context": self._context(dik, token)}
            content = self._write(operation, filled, reference)
            outcome = Outcome.UNKNOWN.value
            answer = self._send(operation, content, reference)
            found = self._reader.value(answer, Wanted(operation, reference, hidden, read))
            outcome, notices = "answered", found.notices
        except BankError as error:
            outcome, name, code = error.outcome.value, type(error).__name__, error.code
            raise
        except BaseException as error:
            name = type(error).__name__
            raise
        else:
            return found.value
        finally:
            duration = self.clock.monotonic() - begun
            self._record(CallRecord(operation, reference, started, duration, outcome, name, code, notices))

    def _announce(self, pending: PendingCall) -> None:
        if self._before_call is None:
            return
        try:
            self._before_call(pending)
        except Exception as error:
            # Only its class is told: its text is the caller's own and may hold anything.
            raise NotRecorded(
                f"{pending.operation} was not sent, its record could not be written: {type(error).__name__}",
                operation=pending.operation,
                reference=pending.reference,
            ) from error

    def _record(self, record: CallRecord) -> None:
        if self._on_call is None:
            return
        try:
            self._on_call(record)
        except Exception:
            logger.exception("the record of call %s (%s) was not taken", record.reference, record.operation)

    def _show(self, exchange: Exchange, reference: str) -> None:
        if self._on_exchange is None:
            return
        try:
            self._on_exchange(exchange)
        except Exception as error:  # noqa: BLE001 -- whatever it is; its text may quote the exchange
            logger.error(  # noqa: TRY400
                "exchange %s (%s) was not taken: %s", reference, exchange.operation, type(error).__name__
            )

    def _write(self, operation: str, arguments: dict[str, object], reference: str) -> bytes:
        try:
            return self._contract.request(operation, arguments)
        except ContractBroken as error:
            failure = BankError(
                f"{operation} was not sent, it breaks the contract: {error}",
                operation=operation,
                reference=reference,
                outcome=Outcome.NOT_SENT,
            )
        raise failure

    def _send(self, operation: str, content: bytes, reference: str) -> HttpAnswer:
        started, begun = self.clock.now(), self.clock.monotonic()
        answer: HttpAnswer | None = None
        kind = reason = ""
        try:
            answer = self._transport.post(content, self._contract.soap_action(operation))
        except TransportFailure as error:
            kind, reason = error.kind, error.reason
        self._show(
            Exchange(operation, started, self.clock.monotonic() - begun, content, answer, kind or None), reference
        )
        if answer is not None:
            if answer.status in _BUSY:
                # Who answers so may have handed the call on, and lost the answer.
                raise BankBusy(
                    f"{operation}: HTTP {answer.status} in place of an answer; whether the bank has the call is not "
                    "known",
                    operation=operation,
                    reference=reference,
                    code=str(answer.status),
                    retry_after=answer.retry_after,
                )
            return answer
        raise _FAILURES[kind](f"{operation}: {reason}", operation=operation, reference=reference)

    def _context(self, dik: str | None, token: Secret | None) -> dict[str, object]:
        # Every call says who calls, for whom and by which authority.  # L-016
        profile = self.profile
        context: dict[str, object] = {
            "language": profile.language,
            "version": profile.interface_version,
            "clientInfo": profile.client_info,
            "clientVersion": profile.client_version,
        }
        if dik is not None:
            context["dik"] = dik
        if token is not None:
            context["authenticationToken"] = token.reveal()
        return context


def new_reference() -> str:
    """A reference of a call of ours. The bank is not told it."""
    return uuid.uuid4().hex
