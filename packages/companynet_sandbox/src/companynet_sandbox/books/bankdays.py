"""Which days a Polish bank works, and at which moments of them its clearing runs."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from companynet_sandbox.books.clock import ZONE

#: Month and day, and the first year of it, of the holidays that never move.  # S-220
_FIXED = (
    (1, 1, 1951),
    (1, 6, 2011),
    (5, 1, 1951),
    (5, 3, 1990),
    (8, 15, 1989),
    (11, 1, 1951),
    (11, 11, 1989),
    (12, 24, 2025),
    (12, 25, 1951),
    (12, 26, 1951),
)
#: Sessions of a short day.  # S-600
_SHORT = 2
#: Days after Easter Sunday: itself, Easter Monday, Pentecost, Corpus Christi.  # S-220
_AFTER_EASTER = (0, 1, 49, 60)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.  # S-221"""
    golden = year % 19
    century, rest = divmod(year, 100)
    leaps, centuries = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - correction + 15) % 30
    quarter, quarter_rest = divmod(rest, 4)
    weekday = (32 + 2 * centuries + 2 * quarter - epact - quarter_rest) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@cache
def holidays(year: int) -> frozenset[date]:
    """The days of a year on which Poland does not work, Sundays apart.  # S-220"""
    fixed = (date(year, month, day) for month, day, first in _FIXED if year >= first)
    sunday = easter(year)
    return frozenset((*fixed, *(sunday + timedelta(days=days) for days in _AFTER_EASTER)))


def is_bank_day(day: date) -> bool:
    """Whether clearing runs: not on Saturdays, Sundays and holidays.  # S-222"""
    return day.weekday() < 5 and day not in holidays(day.year)


def bank_days_from(day: date) -> Iterator[date]:
    """The bank days from a day on, it included."""
    while True:
        if is_bank_day(day):
            yield day
        day += timedelta(days=1)


def next_bank_day(day: date) -> date:
    """The first bank day after a day."""
    return next(bank_days_from(day + timedelta(days=1)))


def moment(day: date, hour: time) -> datetime:
    """A wall-clock time in Warsaw, as UTC."""
    return datetime.combine(day, hour, ZONE).astimezone(UTC)


def is_short_day(day: date) -> bool:
    """Whether a bank day has one session of Elixir less: the last of the year, and Christmas Eve while it was one.

    # S-600
    """
    return day.month == 12 and (day.day == 24 or next_bank_day(day).year > day.year)


def next_session(earliest: datetime, hours: Sequence[time]) -> datetime:
    """The first session at or after a moment.

    Sessions are held on bank days at these hours, in Warsaw; on short days two at most.

    Args:
        earliest: the moment.
        hours: in order.
    """
    for day in bank_days_from(earliest.astimezone(ZONE).date()):
        for hour in hours[:_SHORT] if is_short_day(day) else hours:
            session = moment(day, hour)
            if session >= earliest:
                return session
    raise AssertionError  # bank days never end


def next_opening(earliest: datetime, opens: time, closes: time) -> datetime:
    """The moment itself if a service is open then, else its next opening on a bank day; at ``closes`` it shuts."""
    for day in bank_days_from(earliest.astimezone(ZONE).date()):
        if earliest < moment(day, closes):
            return max(earliest, moment(day, opens))
    raise AssertionError  # bank days never end


def parse_hours(text: str) -> tuple[time, ...]:
    """Hours such as ``11:00,15:00`` in order.

    Raises:
        ValueError: they are no hours, or there are none.
    """
    return tuple(sorted(time.fromisoformat(part.strip()) for part in text.split(",")))
