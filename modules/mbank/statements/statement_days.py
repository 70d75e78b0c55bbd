# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Which days are asked for, which are over, which are missing: days alone.

A day without its statement is asked for again until the statement is there,
the bank's calendar says there is none, or so many days have passed: then it is
over, and missing if a statement was to be expected.
"""
import datetime as dt
from dataclasses import dataclass, field

from dateutil.easter import easter

DAY = dt.timedelta(days=1)
# Days with a statement: those with entries (the sandbox's: L-236), or each
# day the bank works, or each day  # L-750
ENTRIES, BANK_DAYS, EVERY_DAY = 'entries', 'bank_days', 'every_day'
# Month and day, and the first year of it  # S-750
_HOLIDAYS = {
    (1, 1): 1951, (1, 6): 2011, (5, 1): 1951, (5, 3): 1990, (8, 15): 1989,
    (11, 1): 1951, (11, 11): 1989, (12, 24): 2025, (12, 25): 1951,
    (12, 26): 1951}
# Easter, Easter Monday, Pentecost, Corpus Christi  # S-750
_AFTER_EASTER = {0, 1, 49, 60}
# Days that are asked for in one go though the days between are there
_NEAR = 7


def is_bank_day(day):
    "Whether the bank works: not on Saturdays, Sundays, holidays  # S-750"
    first_year = _HOLIDAYS.get((day.month, day.day))
    return (
        day.weekday() < 5
        and not (first_year and day.year >= first_year)
        and (day - easter(day.year)).days not in _AFTER_EASTER)


@dataclass(frozen=True)
class Days:
    "What is known of the days of one account"
    kind: str
    next_day: dt.date
    yesterday: dt.date
    ask_days: int
    # Days with a statement here
    there: frozenset = frozenset()
    # Days between statements whose numbers do not follow each other
    between: frozenset = frozenset()
    # Days of reports that cannot be read, with when they came first
    unreadable: dict = field(default_factory=dict)

    def possible(self, day):
        "Whether the bank may make a statement of the day"
        return self.kind != BANK_DAYS or is_bank_day(day)

    def expected(self, day):
        "Whether the bank has made, or is to make, a statement of the day"
        return (self.possible(day)
            and (self.kind != ENTRIES
                or day in self.between or day in self.unreadable))

    def lacking(self, first, last):
        return [
            d for d in days_from(first, last)
            if d not in self.there and self.possible(d)]

    def awaited(self, oldest):
        "The days that are to be asked for; the bank keeps none before oldest"
        return self.lacking(max(self.next_day, oldest), self.yesterday)

    def is_over(self, day):
        "Whether the day is asked for no more, were it asked for just now"
        since = max(day, self.unreadable.get(day, day))
        return (self.yesterday - since).days >= self.ask_days

    def last_over(self, oldest, asked_from, asked_to):
        """The last day that is done with, after these days were asked for

        Those before the oldest the bank keeps are done with too.
        """
        day = max(self.next_day, oldest)
        while day <= self.yesterday:
            if (day not in self.there and self.possible(day)
                    and not (asked_from <= day <= asked_to
                        and self.is_over(day))):
                break
            day += DAY
        return day - DAY

    def missing(self, first, last):
        "The days up to last, done with, whose statements did not come"
        return [d for d in self.lacking(first, last) if self.expected(d)]


def days_from(first, last):
    return [first + DAY * i for i in range((last - first).days + 1)]


def spans(days):
    "The (first, last) to ask for so that all the days are asked for"
    result = []
    for day in sorted(set(days)):
        if result and (day - result[-1][1]).days <= _NEAR:
            result[-1][1] = day
        else:
            result.append([day, day])
    return [tuple(s) for s in result]


def shown(days):
    "The days in words: single ones and runs"
    result = []
    for day in sorted(set(days)):
        if result and day - result[-1][1] == DAY:
            result[-1][1] = day
        else:
            result.append([day, day])
    return ', '.join(
        a.isoformat() if a == b else '%s – %s' % (a.isoformat(), b.isoformat())
        for a, b in result)
