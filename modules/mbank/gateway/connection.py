# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Calls to the bank: its profile, their record in the audit, the session they
are made on."""
import datetime as dt
import logging
import os
import time
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import trytond.config as config
from companynet import errors
from companynet.client import CompanyNet
from companynet.domain.session import Secret
from companynet.profile import BankProfile
from trytond.i18n import gettext
from trytond.pool import Pool

from .. import exceptions, independent
from ..clock import stored
from .errors import translated

logger = logging.getLogger(__name__)

#: Seconds after which a client is made anew: certificates of the profile may
#: be others by then.
CLIENT_LIFE = 300

#: Whose answer may say no where the call itself went well  # L-027
_JUDGED_BY_ANSWER = {'checkPaymentSendResult'}  # L-015


def bank_profile():
    """The bank's profile of the configuration file.

    In the section [mbank]: profile names a JSON file; or endpoint alone.
    """
    path = config.get('mbank', 'profile', default='')
    address = config.get('mbank', 'endpoint', default='')
    with translated():
        if path:
            return _loaded(path, _stamp(path))
        if address:
            return BankProfile.from_mapping({'endpoint': address})
    raise exceptions.ProfileError(gettext('mbank.msg_profile_missing'))


@lru_cache(maxsize=1)
def _loaded(path, stamp):
    return BankProfile.load(Path(path))


def _stamp(path):
    "What changes when the file does"
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def endpoint():
    "The address of the bank's web service"
    return bank_profile().endpoint


class _Client:
    """A client of the library that is used again.

    Making one reads the contract, which takes longer than all the rest a
    call costs here.
    """
    _free = []

    def __init__(self, profile):
        self.profile = profile
        self.since = time.monotonic()
        self.audited = None
        self.bank = CompanyNet(
            profile,
            before_call=lambda pending: self.audited.begin(pending),
            on_call=lambda record: self.audited.end(record))

    @property
    def usable(self):
        return time.monotonic() - self.since < CLIENT_LIFE

    @classmethod
    @contextmanager
    def of(cls, profile, audited):
        "A client that nobody else uses meanwhile"
        client = None
        while client is None and cls._free:
            try:
                client = cls._free.pop()
            except IndexError:
                # Another thread was faster
                break
            if client.profile != profile or not client.usable:
                client.bank.close()
                client = None
        client = client or cls(profile)
        client.audited = audited
        try:
            yield client.bank
        finally:
            client.audited = None
            cls._free.append(client)


class Audited:
    """The calls of one operation at the bank, each with its row in the audit.

    purpose is the operation; company, authoriser and session are ids;
    account is the number of the account the calls are for, if they are for
    one. With by_result a refusal the function makes nothing of is recorded
    as accepted: it is what was asked for.
    """

    def __init__(self, purpose, *, company=None, authoriser=None,
            session=None, account=None, by_result=False):
        Call = Pool().get('mbank.call')
        self._profile = bank_profile()
        self._values = {
            'purpose': purpose,
            'account': account,
            **Call.parties(company, authoriser, session),
            }
        self._by_result = by_result
        self._call_id = None
        self._judged = None

    def begin(self, pending):
        "Write the row of a call that is about to leave"
        Call = Pool().get('mbank.call')
        self._judge('accepted')
        self._call_id = None
        self._call_id = independent.run(
            Call.begin,
            time=stored(pending.started),
            operation=pending.operation,
            reference=pending.reference,
            dik=pending.dik,
            **self._values)

    def end(self, record):
        "Complete the row of a call that was made, or tried"
        if self._call_id is None:
            return
        if record.outcome == 'answered':
            if record.operation in _JUDGED_BY_ANSWER:
                self._judged = record
            else:
                self._complete(record, 'accepted', None)
        elif record.outcome == 'refused' and self._by_result:
            self._judged = record
        else:
            self._complete(record, record.outcome, record.code)

    def _judge(self, outcome, code=None):
        "Complete the row of a call whose answer had to be read first"
        if self._judged is not None:
            record, self._judged = self._judged, None
            self._complete(record, outcome, code)

    def _complete(self, record, outcome, code):
        Call = Pool().get('mbank.call')
        try:
            independent.run(
                Call.end, self._call_id, outcome,
                bank_code=code,
                duration=dt.timedelta(seconds=record.duration))
        except Exception:
            # An answer of the bank is worth more than its record, which
            # stays "under way" and is unknown later.
            logger.exception("end of call %s not recorded", record.reference)

    def run(self, function):
        "Call the function with a client of the bank, return its result"
        try:
            with _Client.of(self._profile, self) as bank:
                result = function(bank)
        except errors.BankError as error:
            self._judge(error.outcome.value, error.code)
            raise
        finally:
            self._judge('accepted')
        return result


def with_session(operation, session, company, function, account=None):
    """Make calls on the session for the head office.

    function gets the client, the token and the DIK; account is the number of
    the account the operation is for, if it is for one. A session that the bank
    does not know any more is marked here at once, so that nothing tries it
    again.
    """
    token, owner = session.open_token()
    if token is None:
        raise exceptions.SessionNotLiveError(gettext(
                'mbank.msg_session_no_token', session=session.rec_name))
    secret = Secret(token.decode())
    dik = company.mbank_dik if company else None
    audited = Audited(
        operation,
        company=company.id if company else None,
        authoriser=owner,
        session=session.id,
        account=account)
    try:
        with translated():
            return audited.run(lambda bank: function(bank, secret, dik))
    except exceptions.SessionInvalidError as error:
        independent.run(
            session.__class__.mark_invalid, session.id, error.message)
        raise
