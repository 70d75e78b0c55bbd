# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Which session authorises an operation, and the sentence that says so."""
import json
from dataclasses import dataclass

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from . import vault
from .exceptions import (
    MBankError, MissingDIKError, NoSessionError, SessionNotCoveringError,
    SessionNotLiveError)
from .rights import has_right
from .session import local_text


@dataclass(frozen=True)
class Standing:
    """What a session's authority rests on besides its state and its end.

    operations maps the DIKs the bank granted to the names of the operations.
    """
    owner_active: bool
    operations: dict

    @classmethod
    def of(cls, sessions, dik=None):
        """The standings of sessions by id, read by one statement.

        With a DIK only what was granted for it is read.
        """
        pool = Pool()
        session = pool.get('mbank.session').__table__()
        user = pool.get('res.user').__table__()
        granted = pool.get('mbank.session.dik').__table__()
        is_granted = (granted.session == session.id) & granted.granted
        if dik is not None:
            is_granted &= granted.dik == dik
        cursor = Transaction().connection.cursor()
        cursor.execute(*session
            .join(user, condition=session.user == user.id)
            .join(granted, 'LEFT', condition=is_granted)
            .select(
                session.id, user.active, granted.dik, granted.operations,
                where=session.id.in_([s.id for s in sessions])))
        standings = {}
        for id_, active, granted_dik, operations in cursor:
            standing = standings.setdefault(id_, cls(bool(active), {}))
            if granted_dik is not None:
                standing.operations.setdefault(granted_dik, set()).update(
                    json.loads(operations) if operations else [])
        return standings


class Authorisation:
    "Chooses the session for an operation"

    @classmethod
    @without_check_access
    def for_operation(cls, company, operation, user=None):
        """Return the live session that authorises the operation.

        company is the head office, operation the name of an operation of the
        bank's contract, user the requester (the transaction's by default).
        The user's own session in the context, else the session of the
        default authorising user; its owner must be active and still have the
        right to create sessions. Raises a subclass of MBankError that says
        what to do; nothing is sent to the bank.
        """
        pool = Pool()
        Session = pool.get('mbank.session')
        Configuration = pool.get('mbank.configuration')
        User = pool.get('res.user')

        dik = dik_of(company)
        vault.check()
        user_id = _requester(user)
        _, default_id = Configuration.authorising_for(company.id)
        sessions = Session.live_of_users(
            [u for u in [user_id, default_id] if u], company)
        session = sessions.get(user_id) or sessions.get(default_id)
        if session is None:
            if default_id is None:
                raise NoSessionError(gettext(
                        'mbank.msg_no_session_no_default',
                        user=User(user_id).rec_name,
                        company=company.rec_name))
            raise NoSessionError(gettext(
                    'mbank.msg_no_session_of_default',
                    user=User(user_id).rec_name,
                    default=User(default_id).rec_name,
                    company=company.rec_name))
        standing = Standing.of([session], dik)[session.id]
        cls.check(session, standing, company, operation)
        return session

    @classmethod
    @without_check_access
    def check(cls, session, standing, company, operation):
        """Refuse a session that does not authorise the operation.

        session is the one chosen for the requester and the head office,
        standing what it rests on. Raises a subclass of MBankError that says
        what to do.
        """
        dik = dik_of(company)
        if session.is_past:
            raise SessionNotLiveError(gettext(
                    'mbank.msg_session_past',
                    session=session.rec_name))
        owner = session.user
        if not standing.owner_active or not has_right(
                'group_session_create', owner.id):
            raise SessionNotLiveError(gettext(
                    'mbank.msg_session_owner',
                    session=session.rec_name,
                    user=owner.rec_name))
        if dik not in standing.operations:
            raise SessionNotCoveringError(gettext(
                    'mbank.msg_session_not_covering',
                    session=session.rec_name,
                    dik=dik,
                    company=company.rec_name))
        if operation not in standing.operations[dik]:
            raise SessionNotCoveringError(gettext(
                    'mbank.msg_session_not_allowing',
                    session=session.rec_name,
                    operation=operation,
                    dik=dik))

    @classmethod
    def explain(cls, company, operation, user=None):
        """The sentence for a person who is about to start the operation.

        It names whose session would authorise it and until when that lasts,
        or it is the sentence of the refusal. Takes what for_operation takes
        and raises none of its errors.
        """
        try:
            session = cls.for_operation(company, operation, user=user)
        except MBankError as error:
            return error.message
        with without_check_access():
            values = {
                'user': session.user.rec_name,
                'end': local_text(session.end, company),
                }
            if session.user.id == _requester(user):
                return gettext('mbank.msg_authorised_by_own', **values)
            return gettext('mbank.msg_authorised_by_default', **values)


def _requester(user):
    return int(user) if user is not None else Transaction().user


def dik_of(company):
    "The DIK of the head office, or MissingDIKError that names the field"
    if not company.mbank_dik:
        raise MissingDIKError(gettext(
                'mbank.msg_missing_dik', company=company.rec_name))
    return company.mbank_dik
