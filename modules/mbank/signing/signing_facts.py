# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is known of a signing job, and what the person who signs is shown."""
import datetime as dt
from dataclasses import dataclass

from trytond.transaction import Transaction

from .. import gateway
from . import signing_states as states

#: As the protocol writes times.
TIME_FORMAT = '%Y-%m-%dT%H:%M:%SZ'


@dataclass(frozen=True)
class JobFacts:
    """What is known of a job, read in one transaction.

    Records belong to the transaction they are read in, and the one of a
    request may not see yet what was stored beside it.
    """

    id: int
    """Of the record."""

    user: int
    """Who asked for the session, and must be the one who signs."""

    user_name: str
    """For sentences."""

    language: str | None
    """Of the user."""

    entitled: bool
    """Whether the user may create sessions now."""

    session: int | None
    """The session to be made; None once nothing came of it."""

    company: int | None
    """The head office the session is made for."""

    state: str
    """Of signing_states."""

    signatures: int
    """How many were taken to be used."""

    made: dt.datetime
    """Naive, UTC."""

    outdated: bool
    """Whether its time is over."""

    ticket_until: dt.datetime | None
    """Naive, UTC."""

    origin: str | None
    """Of the web client it was asked for with."""

    content: dict
    """What is shown, and just that is asked of the bank."""

    text: str | None
    """What is to be signed next."""

    fingerprint: str | None
    """Of the certificate the signature must be by; None for any."""

    reason: str | None
    """Why nothing came of it."""

    way: str
    """Of WAYS."""

    @property
    def is_open(self):
        "Whether something can still come of it"
        return self.state in states.OPEN

    @property
    def round(self):
        "Of the two signatures, which is due"
        return 2 if self.state == states.HALF_SIGNED else 1

    @property
    def is_under_way(self):
        "Whether the bank is being asked just now"
        return (self.state in states.SIGNING
            and (not self.text or self.signatures >= self.round))

    @property
    def may_be_made(self):
        "Whether the bank may be making the session just now"
        return self.state == states.HALF_SIGNED and self.signatures == 2

    @property
    def bank_user(self):
        "The user's id at the bank"
        return self.content['bank_user']

    @property
    def diks(self):
        "The customer numbers; the first is logged in for"
        return [row['dik'] for row in self.content['diks']]

    @property
    def operations(self):
        "What is asked for, as the bank calls it"
        return self.content['operations']

    @property
    def end(self):
        "The end asked for: naive, UTC"
        return dt.datetime.strptime(self.content['end'], TIME_FORMAT)


def content_of(choice, requested_by):
    """What the person is shown: all that is asked of the bank.

    choice is what was chosen in the dialog, requested_by the name of the
    user.
    """
    return {
        'purpose': 'session',
        'bank': 'mBank CompanyNet',
        'endpoint': gateway.endpoint(),
        'bank_user': choice.bank_user,
        'diks': [
            {'dik': dik, 'head_office': name}
            for dik, name in choice.named_diks],
        'operations': gateway.operations_of(choice.kinds),
        'end': choice.end.strftime(TIME_FORMAT),
        'requested_by': requested_by,
        'database': Transaction().database.name,
        'certificate': (
            choice.certificate.fingerprint if choice.certificate else None),
        }
