"""Time is passed in: the library reads and waits through a :class:`Clock`."""

import time
from datetime import UTC, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

#: The bank's own time.  # L-155
BANK_ZONE: Final = ZoneInfo("Europe/Warsaw")


class Clock(Protocol):
    """Reads the time and waits."""

    def now(self) -> datetime:
        """The time now, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, for durations and deadlines."""

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""


class Cancellation(Protocol):
    """Says whether the work shall be called off; a :class:`threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether it is called off."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK: Clock = SystemClock()
