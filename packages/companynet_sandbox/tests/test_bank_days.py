"""The days and hours of Polish banks."""

import datetime as dt

import pytest

from companynet_sandbox.books.bankdays import easter, holidays, is_bank_day, next_opening, next_session, parse_hours
from companynet_sandbox.books.clock import ZONE

OUT = parse_hours("11:00,15:00,17:30")


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    "day",
    ["2000-04-23", "2008-03-23", "2011-04-24", "2019-04-21", "2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28",
     "2038-04-25"],
)  # fmt: skip
def test_easter_falls_where_calendars_say(day: str) -> None:
    """Known Sundays, the earliest and the latest of our time among them."""
    assert easter(int(day[:4])).isoformat() == day


def test_easter_is_always_a_spring_sunday() -> None:
    """From 22 March to 25 April, for four hundred years."""
    for year in range(1900, 2300):
        day = easter(year)
        assert day.weekday() == 6
        assert dt.date(year, 3, 22) <= day <= dt.date(year, 4, 25)


def test_the_holidays_of_2026() -> None:
    """The whole list, Sundays among them."""
    expected = {"01-01", "01-06", "04-05", "04-06", "05-01", "05-03", "05-24", "06-04", "08-15", "11-01", "11-11",
                "12-24", "12-25", "12-26"}  # fmt: skip
    assert {day.isoformat()[5:] for day in holidays(2026)} == expected


@pytest.mark.parametrize(("day", "works"), [("2024-12-24", True), ("2025-12-24", False), ("2010-01-06", True)])
def test_holidays_begin_in_their_year(day: str, *, works: bool) -> None:
    """Christmas Eve is one since 2025, Epiphany since 2011."""
    assert is_bank_day(dt.date.fromisoformat(day)) is works


def test_weekends_are_no_bank_days() -> None:
    """Saturday and Sunday."""
    assert [is_bank_day(dt.date(2026, 3, day)) for day in range(6, 10)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("ready", "session"),
    [
        ("2026-03-04 10:59:59", "2026-03-04 11:00"),
        ("2026-03-04 11:00", "2026-03-04 11:00"),
        ("2026-03-04 11:00:01", "2026-03-04 15:00"),
        ("2026-03-04 17:31", "2026-03-05 11:00"),
        ("2026-03-06 18:00", "2026-03-09 11:00"),  # over a weekend
        ("2026-04-03 18:00", "2026-04-07 11:00"),  # over Easter
        ("2025-12-23 18:00", "2025-12-29 11:00"),  # over Christmas with its eve and a weekend
        ("2026-03-28 12:00", "2026-03-30 11:00"),  # over the change of the hour
        ("2025-12-31 14:59", "2025-12-31 15:00"),  # the second session of the last bank day of a year …
        ("2025-12-31 15:01", "2026-01-02 11:00"),  # … which has no third
        ("2027-12-31 15:01", "2028-01-03 11:00"),
        ("2023-12-29 15:01", "2024-01-02 11:00"),  # the last bank day, before a weekend
        ("2025-12-30 15:01", "2025-12-30 17:30"),
        ("2021-12-24 15:01", "2021-12-27 11:00"),  # Christmas Eve while it was a bank day
    ],
)
def test_the_next_session(ready: str, session: str) -> None:
    """At or after the moment, in Warsaw's time, on bank days only."""
    assert next_session(local(ready), OUT) == local(session)


@pytest.mark.parametrize(
    ("ready", "opening"),
    [
        ("2026-03-04 07:00", "2026-03-04 08:00"),
        ("2026-03-04 12:00", "2026-03-04 12:00"),
        ("2026-03-04 16:00", "2026-03-05 08:00"),
        ("2026-05-01 12:00", "2026-05-04 08:00"),
    ],
)
def test_the_next_opening(ready: str, opening: str) -> None:
    """At once while it is open; else when it opens on a bank day."""
    assert next_opening(local(ready), *parse_hours("08:00,16:00")) == local(opening)
