"""The façade: one client of one bank profile."""

from collections.abc import Callable
from types import TracebackType

from companynet.clock import SYSTEM_CLOCK, Cancellation, Clock
from companynet.domain.order_file import OrderFile
from companynet.orders import Orders, SentOrders
from companynet.profile import BankProfile
from companynet.sending import OrderSending
from companynet.sessions import Sessions
from companynet.soap.call import Caller, CallRecord, PendingCall
from companynet.soap.exchange import Exchange
from companynet.statements import StatementPackage, Statements

__all__ = ["CallRecord", "CompanyNet", "Exchange", "OrderFile", "PendingCall", "SentOrders", "StatementPackage"]


class CompanyNet:
    """mBank CompanyNet after one profile.

    It keeps nothing between calls but the loaded contract. It is not for several threads at a time; a client per
    thread is fine, and making one takes some hundredths of a second.

    Args:
        profile: the bank.
        clock: for the times of certificates, waiting between questions, and records. Limits of the network run on
            the machine's own.
        on_call: gets a :class:`CallRecord` after each call, failed or not.
        before_call: gets a :class:`PendingCall` before each call. If it raises, the call is not made
            (:class:`companynet.errors.NotRecorded`): for an audit without which nothing may leave.
        on_exchange: gets an :class:`Exchange` for each envelope that was to leave: what went over the line, **secrets
            and all**. :class:`companynet.testing.Recorder` is one that masks them.
        cancellation: looked at before each call and while waiting for the bank to finish a task; a
            :class:`threading.Event` is one. Once set, calls raise :class:`companynet.errors.Cancelled`.

    Raises:
        ProfileError: the WSDL or the fault codes of the profile cannot be used.
    """

    def __init__(
        self,
        profile: BankProfile,
        *,
        clock: Clock = SYSTEM_CLOCK,
        on_call: Callable[[CallRecord], None] | None = None,
        cancellation: Cancellation | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        before_call: Callable[[PendingCall], None] | None = None,
    ) -> None:
        self._caller = Caller(profile, clock, on_call, cancellation, on_exchange, before_call=before_call)
        self.sessions = Sessions(self._caller)
        """Logins and long-lived sessions."""
        self.statements = Statements(self._caller)
        """Statements."""
        self.orders = Orders(self._caller)
        """Payment orders, call by call."""
        self.sending = OrderSending(self._caller, self.orders)
        """The sending of order files, each once: what callers use."""

    def __enter__(self) -> "CompanyNet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what is held."""
        self._caller.close()
