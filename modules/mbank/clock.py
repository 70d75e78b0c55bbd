# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The one place the module takes the time from, and how times are kept.

A stored time is naive, in UTC and of whole seconds, as the database keeps it.
A person reads it in the zone of their head office.
"""
import datetime as dt
from zoneinfo import ZoneInfo

from trytond.pool import Pool

#: The bank's own zone, for head offices that have none.
BANK_ZONE = 'Europe/Warsaw'


def now():
    "The time, aware, in UTC"
    return dt.datetime.now(dt.timezone.utc)


def utcnow():
    "The time, stored"
    return stored(now())


def stored(time):
    "An aware time as the database keeps it"
    return time.astimezone(dt.timezone.utc).replace(
        tzinfo=None, microsecond=0)


def aware(time):
    "A stored time, aware, in UTC"
    return time.replace(tzinfo=dt.timezone.utc)


def zone_of(company):
    "The time zone of the head office; the bank's where it has none"
    name = company.timezone if company else None
    return ZoneInfo(name or BANK_ZONE)


def local(time, company=None):
    "A stored time in the zone of the head office"
    return aware(time).astimezone(zone_of(company))


def local_text(time, company=None):
    "A stored time as a person of the head office reads it"
    lang = Pool().get('ir.lang').get()
    return lang.strftime(local(time, company), lang.date + ' %H:%M')


def day_text(time, company=None):
    "The day of a stored time as a person of the head office reads it"
    return Pool().get('ir.lang').get().strftime(local(time, company).date())


def today(company=None):
    "The day it is at the head office"
    return now().astimezone(zone_of(company)).date()


def midnight(day, company=None):
    "The stored time at which the day begins at the head office"
    return stored(dt.datetime.combine(day, dt.time(), zone_of(company)))


def last_second(day, company=None):
    "The stored time at which the day ends at the head office"
    return stored(
        dt.datetime.combine(day, dt.time(23, 59, 59), zone_of(company)))
