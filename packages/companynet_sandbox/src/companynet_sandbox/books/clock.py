"""The bank's time: the real one plus what the control plane added."""

from datetime import UTC, date, datetime, timedelta
from sqlite3 import Connection
from typing import Final
from zoneinfo import ZoneInfo

from companynet_sandbox.books.file import setting

ZONE: Final = ZoneInfo("Europe/Warsaw")


def bank_now(db: Connection) -> datetime:
    """The bank's time, UTC, whole seconds."""
    return _real_now() + timedelta(seconds=int(setting(db, "clock_offset")))


def _real_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def bank_day(moment: datetime) -> date:
    """The day in Warsaw: what the bank books on."""
    return moment.astimezone(ZONE).date()


def set_now(db: Connection, moment: datetime) -> None:
    """Let the bank's time be this, and run on from there."""
    # From the same whole second that is added to: else the time could be a second before the one set.
    offset = moment.replace(microsecond=0) - _real_now()
    _set_offset(db, round(offset.total_seconds()))


def advance(db: Connection, seconds: int) -> None:
    """Move the bank's time."""
    _set_offset(db, int(setting(db, "clock_offset")) + seconds)


def _set_offset(db: Connection, seconds: int) -> None:
    db.execute("UPDATE settings SET value = ? WHERE name = 'clock_offset'", (str(seconds),))


def parse_moment(text: str) -> datetime:
    """A moment from ISO 8601, UTC; without a zone it is Warsaw's.

    Raises:
        ValueError: it is no moment.
    """
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).astimezone(UTC)
