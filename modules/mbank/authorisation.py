# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Which session authorises an operation."""
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from . import vault
from .exceptions import (
    MissingDIKError, NoSessionError, SessionNotCoveringError,
    SessionNotLiveError)


class Authorisation:
    "Chooses the session for an operation"

    @classmethod
    @without_check_access
    def for_operation(cls, company, operation, user=None):
        """Return the live session that authorises the operation.

        company is the head office, operation the name of an operation of the
        bank's contract, user the requester (the transaction's by default).
        The user's own session in the context, else the session of the
        default authorising user. Raises a subclass of MBankError that says
        what to do; nothing is sent to the bank.
        """
        pool = Pool()
        Session = pool.get('mbank.session')
        Configuration = pool.get('mbank.configuration')
        User = pool.get('res.user')

        dik = dik_of(company)
        vault.check()
        user_id = int(user) if user is not None else Transaction().user
        session = Session.live_of(user_id, company) if user_id else None
        if session is None:
            default = Configuration(1).authorising_user_of(company)
            if default is None:
                raise NoSessionError(gettext(
                        'mbank.msg_no_session_no_default',
                        user=User(user_id).rec_name,
                        company=company.rec_name))
            session = Session.live_of(default.id, company)
            if session is None:
                raise NoSessionError(gettext(
                        'mbank.msg_no_session_of_default',
                        user=User(user_id).rec_name,
                        default=default.rec_name,
                        company=company.rec_name))
        if session.is_past:
            raise SessionNotLiveError(gettext(
                    'mbank.msg_session_past',
                    session=session.rec_name))
        if not session.covers(dik):
            raise SessionNotCoveringError(gettext(
                    'mbank.msg_session_not_covering',
                    session=session.rec_name,
                    dik=dik,
                    company=company.rec_name))
        if not session.allows(dik, operation):
            raise SessionNotCoveringError(gettext(
                    'mbank.msg_session_not_allowing',
                    session=session.rec_name,
                    operation=operation,
                    dik=dik))
        return session


def dik_of(company):
    "The DIK of the head office, or MissingDIKError that names the field"
    if not company.mbank_dik:
        raise MissingDIKError(gettext(
                'mbank.msg_missing_dik', company=company.rec_name))
    return company.mbank_dik
