# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Until when a session may be asked for: the limits, and what is proposed."""
import datetime as dt
from dataclasses import dataclass

from dateutil.relativedelta import relativedelta
from trytond.i18n import gettext
from trytond.pool import Pool

CERTIFICATE = 'certificate'
LONGEST = 'longest'
CHOSEN = 'day'
TERMS = [
    ('month', "30 Days"),
    ('quarter', "90 Days"),
    ('half', "Half a Year"),
    ('year', "A Year"),
    (CERTIFICATE, "Until the Certificate Ends"),
    (LONGEST, "The Longest Allowed"),
    (CHOSEN, "Until a Chosen Day"),
    ]
_LENGTHS = {
    'month': relativedelta(days=30),
    'quarter': relativedelta(days=90),
    'half': relativedelta(months=6),
    'year': relativedelta(years=1),
    }


@dataclass(frozen=True)
class Limits:
    "What no session outlives, in days of the head office's zone"

    today: dt.date
    """The first day that can be chosen."""

    longest: dt.date
    """The last day of the longest life that is set."""

    certificate: dt.date | None
    """The last day of the certificate; None if none is chosen."""

    @property
    def last(self):
        "The last day that can be chosen"
        return min(filter(None, [self.longest, self.certificate]))

    def day_of(self, term):
        "The last day of the term, None if a day is to be chosen"
        if term in _LENGTHS:
            return min(self.today + _LENGTHS[term], self.last)
        if term in {CERTIFICATE, LONGEST}:
            # None outlives the certificate, and none the longest life.
            return self.last
        return None

    def term_of(self, day):
        "The term that ends on the day"
        for term, length in _LENGTHS.items():
            if day == self.today + length:
                return term
        return CHOSEN

    def text(self):
        "The limits in a sentence"
        lang = Pool().get('ir.lang').get()
        longest = lang.strftime(self.longest)
        if self.certificate is None:
            return gettext('mbank.msg_session_limit', longest=longest)
        return gettext(
            'mbank.msg_session_limit_certificate', longest=longest,
            certificate=lang.strftime(self.certificate))
