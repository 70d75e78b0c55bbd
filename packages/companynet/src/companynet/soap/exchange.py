"""What went over the line in one call, as it was: for recordings."""

from dataclasses import dataclass
from datetime import datetime

from companynet.soap.transport import HttpAnswer


@dataclass(frozen=True, repr=False)
class Exchange:
    """One envelope and its answer. It holds tokens, passwords, signatures and everything personal in the messages."""

    operation: str
    """The operation of the contract."""

    started: datetime
    """When it began, UTC."""

    duration: float
    """Seconds until the whole answer was there, or none was to come."""

    request: bytes
    """The envelope that was to leave."""

    answer: HttpAnswer | None
    """The whole answer, whatever its status; None if none came."""

    failure: str | None
    """Why none came: a kind of :class:`~companynet.soap.transport.TransportFailure`; None if one did."""

    def __repr__(self) -> str:
        return f"Exchange({self.operation}, {self.started.isoformat()})"
