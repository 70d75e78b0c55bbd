# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who asks in the dialog, for which head office, and until when they may."""
import datetime as dt
from dataclasses import dataclass

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from .. import clock
from ..exceptions import SessionCreateError
from .session_term import Limits


@dataclass(frozen=True)
class Place:
    "What a request of the dialog knows before anything is chosen"

    user: int
    """Who asks."""

    companies: tuple
    """The head offices of the user."""

    here: int | None
    """The id of the head office the client works in, as it says."""

    company: object
    """The head office the session is made for; None if the user has none.

    Its clock counts.
    """

    renewed: object
    """The user's session that is to be renewed; None for a new one."""

    today: dt.date
    """The day it is at the head office."""

    @property
    def head_office(self):
        """The head office the session is made for.

        Raises SessionCreateError if the user has none.
        """
        if self.company is None:
            raise SessionCreateError(gettext('mbank.msg_session_no_company'))
        return self.company

    def by_dik(self):
        "The user's head offices by DIK, the one worked in first"
        found = {}
        for company in self.companies:
            if company.mbank_dik:
                of_dik = found.setdefault(company.mbank_dik, [])
                of_dik.insert(
                    0 if company.id == self.here else len(of_dik), company)
        return found

    def last_day(self, certificate):
        "The day the certificate ends on at the head office"
        return clock.local(certificate.valid_to, self.company).date()

    def limits(self, certificate):
        "Those of a session signed with the certificate (None for any)"
        Configuration = Pool().get('mbank.configuration')
        return Limits(
            today=self.today,
            longest=self.today + dt.timedelta(
                days=Configuration(1).longest_life),
            certificate=self.last_day(certificate) if certificate else None)

    @property
    @without_check_access
    def current(self):
        "The user's session in force, whose place the new one takes, or None"
        Session = Pool().get('mbank.session')
        if self.company is None:
            return None
        return Session.live_of(self.user, self.company)


@without_check_access
def place_of(renewed=None):
    """That of the user of the transaction.

    It is for the head office of the session to be renewed, if that is still
    the user's; else for the one of the context, else for the user's first.
    """
    User = Pool().get('res.user')
    transaction = Transaction()
    companies = User(transaction.user).companies
    here = transaction.context.get('company')
    company = next(
        (c for c in companies if c.id == here), next(iter(companies), None))
    if renewed and renewed.company in companies:
        company = renewed.company
    return Place(
        user=transaction.user, companies=companies, here=here,
        company=company, renewed=renewed, today=clock.today(company))
