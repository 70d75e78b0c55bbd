"""A clock that only moves when told."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until it is moved or waited on; waiting takes no real time.

    Args:
        now: where it stands; aware. Noon of 1 September 2025 UTC by default.
    """

    def __init__(self, now: datetime | None = None) -> None:
        start = now or datetime(2025, 9, 1, 12, tzinfo=UTC)
        if start.tzinfo is None:
            raise ValueError(f"a clock needs a time zone: {start}")
        self._start = start.astimezone(UTC)
        self._elapsed = 0.0
        self.waits: list[float] = []
        """The seconds of each wait, in order."""

    def now(self) -> datetime:
        """The time it stands at, UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds since it was made."""
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        """Move on at once, and remember the wait."""
        self.waits.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on by that many seconds.

        Raises:
            ValueError: a clock does not go back.
        """
        if seconds < 0:
            raise ValueError(f"a clock does not go back: {seconds} s")
        self._elapsed += seconds
