# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The one place the life of sessions takes the time from."""
import datetime as dt


def now():
    "The time, aware, in UTC"
    return dt.datetime.now(dt.timezone.utc)


def utcnow():
    "The time as the database keeps it: naive, UTC, whole seconds"
    return now().replace(tzinfo=None, microsecond=0)
