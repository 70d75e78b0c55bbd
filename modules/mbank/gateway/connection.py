# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Calls to the bank: its profile, their record in the audit, the session they
are made on."""
import datetime as dt
import logging
import time
from pathlib import Path

import trytond.config as config
from companynet import errors
from companynet.client import CompanyNet
from companynet.domain.session import Secret
from companynet.profile import BankProfile
from trytond.i18n import gettext
from trytond.pool import Pool

from .. import exceptions, independent, vault
from .errors import translated

logger = logging.getLogger(__name__)


def bank_profile():
    """The bank's profile of the configuration file.

    In the section [mbank]: profile names a JSON file; or endpoint alone.
    """
    path = config.get('mbank', 'profile', default='')
    address = config.get('mbank', 'endpoint', default='')
    with translated():
        if path:
            return BankProfile.load(Path(path))
        if address:
            return BankProfile.from_mapping({'endpoint': address})
    raise exceptions.ProfileError(gettext('mbank.msg_profile_missing'))


def endpoint():
    "The address of the bank's web service"
    return bank_profile().endpoint


class Audited:
    "One operation at the bank, with its record in the audit"

    def __init__(self, operation, **values):
        self._profile = bank_profile()
        self._started = time.monotonic()
        self._records = []
        Call = Pool().get('mbank.call')
        self._call_id = independent.run(Call.begin, operation, **values)

    def _line(self, record):
        self._records.append(record)

    def run(self, function):
        "Call the function with a client of the bank, return its result"
        outcome, code = 'unknown', None
        try:
            with CompanyNet(self._profile, on_call=self._line) as bank:
                result = function(bank)
            outcome = 'accepted'
            return result
        except errors.BankError as error:
            outcome, code = error.outcome.value, error.code
            raise
        except errors.CompanyNetError:
            outcome = 'refused' if self._records else 'not_sent'
            raise
        finally:
            self._end(outcome, code)

    def _end(self, outcome, code):
        Call = Pool().get('mbank.call')
        try:
            independent.run(
                Call.end, self._call_id, outcome,
                bank_code=code,
                reference=(
                    self._records[-1].reference if self._records else None),
                duration=dt.timedelta(
                    seconds=time.monotonic() - self._started),
                details='\n'.join(
                    '%s %s %.3f s %s' % (
                        r.operation, r.outcome, r.duration, r.reference)
                    for r in self._records))
        except Exception:
            # An answer of the bank is worth more than its record, which
            # stays "under way".
            logger.exception("end of call %s not recorded", self._call_id)


def with_session(operation, session, company, function):
    """Make calls on the session for the head office.

    function gets the client, the token and the DIK. A session that the bank
    does not know any more is marked here at once, so that nothing tries it
    again.
    """
    Session = Pool().get('mbank.session')
    token = vault.open_stored(session, 'token')
    if token is None:
        raise exceptions.SessionNotLiveError(gettext(
                'mbank.msg_session_no_token', session=session.rec_name))
    secret = Secret(token.decode())
    dik = company.mbank_dik if company else None
    audited = Audited(
        operation,
        company=company.id if company else None,
        dik=dik,
        authoriser=session.user.id,
        session=session.id)
    try:
        with translated():
            return audited.run(lambda bank: function(bank, secret, dik))
    except exceptions.SessionInvalidError as error:
        independent.run(
            Session.mark_invalid, session.id, error.message)
        raise
