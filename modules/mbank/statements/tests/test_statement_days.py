# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Which days are asked for, which are over, which are missing."""
import datetime as dt
import unittest

from trytond.modules.mbank.statements.statement_days import (
    BANK_DAYS, DAY, ENTRIES, EVERY_DAY, Days, days_from, is_bank_day, shown,
    spans)

FRIDAY = dt.date(2026, 4, 10)
MONDAY = FRIDAY + 3 * DAY
OLDEST = FRIDAY - 180 * DAY


class DaysCase(unittest.TestCase):
    "Which days are asked for, over, missing"

    def days(self, kind=ENTRIES, next_day=FRIDAY, yesterday=MONDAY, **values):
        values.setdefault('ask_days', 3)
        values['there'] = frozenset(values.get('there', ()))
        return Days(kind, next_day, yesterday, **values)

    def run_daily(self, kind, first, count, there_from):
        """Ask each morning; statements by day, with the morning they appear

        Returns the number of times each day was asked for, the last day done.
        """
        asked, last = {}, first - DAY
        for morning in days_from(first + DAY, first + count * DAY):
            there = frozenset(
                d for d, appears in there_from.items() if appears < morning)
            days = Days(
                kind, last + DAY, morning - DAY, 3, there)
            wanted = days.awaited(OLDEST)
            for a, b in spans(wanted):
                for day in days_from(a, b):
                    asked[day] = asked.get(day, 0) + 1
            there = frozenset(
                d for d, appears in there_from.items() if appears <= morning)
            days = Days(kind, last + DAY, morning - DAY, 3, there)
            last = days.last_over(
                OLDEST, min(wanted, default=dt.date.max),
                max(wanted, default=dt.date.min))
        return asked, last

    def test_calendar(self):
        "Weekends and Polish holidays are no days of the bank"
        for day in [
                (2026, 1, 1), (2026, 1, 6), (2026, 4, 6), (2026, 5, 1),
                (2026, 6, 4), (2026, 11, 11), (2025, 12, 24), (2026, 4, 11),
                (2026, 4, 12)]:
            self.assertFalse(is_bank_day(dt.date(*day)), day)
        for day in [
                (2024, 12, 24), (2010, 1, 6), (2026, 4, 7), (2026, 4, 10),
                (2026, 12, 31)]:
            self.assertTrue(is_bank_day(dt.date(*day)), day)

    def test_asks_end(self):
        "A day is asked for a bounded number of times, then the cursor moves"
        asked, last = self.run_daily(EVERY_DAY, FRIDAY, 30, {})
        self.assertEqual(set(asked[d] for d in days_from(
                    FRIDAY, FRIDAY + 20 * DAY)), {4})
        self.assertEqual(last, FRIDAY + 26 * DAY)

    def test_late(self):
        "The cursor stays before a day until its late statement is there"
        late = {d: d + DAY for d in days_from(FRIDAY, FRIDAY + 20 * DAY)}
        late[MONDAY] = MONDAY + 3 * DAY
        _, last = self.run_daily(EVERY_DAY, FRIDAY, 5, late)
        self.assertEqual(last, MONDAY - DAY)
        _, last = self.run_daily(EVERY_DAY, FRIDAY, 6, late)
        self.assertEqual(last, MONDAY + 2 * DAY)

    def test_weekend(self):
        "The calendar settles a day at once, or it is asked for again"
        there = {FRIDAY, MONDAY}
        self.assertEqual(
            self.days(BANK_DAYS, there=there).awaited(OLDEST), [])
        self.assertEqual(
            self.days(BANK_DAYS, there=there).last_over(
                OLDEST, dt.date.max, dt.date.min), MONDAY)
        self.assertEqual(
            self.days(ENTRIES, there=there).awaited(OLDEST),
            [FRIDAY + DAY, FRIDAY + 2 * DAY])

    def test_missing(self):
        "Missing is what was to be expected, and only that"
        last = MONDAY
        for kind, missing in [
                (ENTRIES, []), (BANK_DAYS, [MONDAY]),
                (EVERY_DAY, days_from(FRIDAY + DAY, MONDAY))]:
            days = self.days(kind, there={FRIDAY})
            self.assertEqual(days.missing(FRIDAY, last), missing, kind)
        between = self.days(
            ENTRIES, there={FRIDAY}, between=frozenset({MONDAY}))
        self.assertEqual(between.missing(FRIDAY, last), [MONDAY])

    def test_unreadable(self):
        "Days of a report that cannot be read wait from when it came"
        yesterday = FRIDAY + 30 * DAY
        for came, over in [(yesterday, False), (FRIDAY + 20 * DAY, True)]:
            days = self.days(
                yesterday=yesterday, unreadable={FRIDAY: came})
            last = days.last_over(OLDEST, FRIDAY, FRIDAY)
            self.assertEqual(last >= FRIDAY, over)
            self.assertEqual(days.missing(FRIDAY, FRIDAY), [FRIDAY])

    def test_not_asked(self):
        "The cursor passes no day that was not asked for, however old"
        days = self.days(yesterday=FRIDAY + 30 * DAY)
        self.assertEqual(
            days.last_over(OLDEST, FRIDAY + DAY, FRIDAY + 5 * DAY),
            FRIDAY - DAY)

    def test_spans(self):
        "Days near each other are asked for at once"
        self.assertEqual(
            spans([MONDAY, FRIDAY, FRIDAY + 60 * DAY]),
            [(FRIDAY, MONDAY), (FRIDAY + 60 * DAY, FRIDAY + 60 * DAY)])
        self.assertEqual(
            shown([FRIDAY, FRIDAY + DAY, MONDAY]),
            "2026-04-10 – 2026-04-11, 2026-04-13")


if __name__ == '__main__':
    unittest.main()
