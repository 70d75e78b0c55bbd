# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Which session authorises an operation, and the sentence that says so."""
import datetime as dt
import json
from dataclasses import dataclass

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from .. import gateway
from ..clock import local_text, utcnow
from ..exceptions import (
    MBankError, MissingDIKError, NoSessionError, SessionNotCoveringError,
    SessionNotLiveError)
from ..keyring import vault
from ..rights import has_right
from .session_states import LIVE


@dataclass(frozen=True)
class Standing:
    """A session in force, with all its authority rests on.

    session and owner are ids, end is naive UTC or None; operations maps the
    DIKs the bank granted to the names of the operations.
    """
    session: int
    context_key: str
    owner: int
    owner_active: bool
    end: dt.datetime
    operations: dict

    @classmethod
    def of(cls, users=None, context_key=None, dik=None):
        """The standings of all sessions in force, by one statement.

        They can be limited to those of users (ids) and of a context; with a
        DIK only what was granted for it is read.
        """
        pool = Pool()
        session = pool.get('mbank.session').__table__()
        user = pool.get('res.user').__table__()
        granted = pool.get('mbank.session.dik').__table__()
        is_granted = (granted.session == session.id) & granted.granted
        if dik is not None:
            is_granted &= granted.dik == dik
        where = session.state.in_(sorted(LIVE))
        if users is not None:
            where &= session.user.in_(users)
        if context_key is not None:
            where &= session.context_key == context_key
        cursor = Transaction().connection.cursor()
        cursor.execute(*session
            .join(user, condition=session.user == user.id)
            .join(granted, 'LEFT', condition=is_granted)
            .select(
                session.id, session.context_key, session.user, user.active,
                session.end, granted.dik, granted.operations,
                where=where, order_by=[session.id]))
        standings = {}
        for id_, key, owner, active, end, granted_dik, operations in cursor:
            standing = standings.setdefault(
                id_, cls(id_, key, owner, bool(active), end, {}))
            if granted_dik is not None:
                standing.operations.setdefault(granted_dik, set()).update(
                    json.loads(operations) if operations else [])
        return list(standings.values())

    @property
    def is_past(self):
        return bool(self.end and self.end <= utcnow())

    def is_for_others(self, dik, kind):
        "Whether it covers the DIK, and nothing of the kind there"
        granted = self.operations.get(dik)
        return granted is not None and kind not in gateway.kinds_of(granted)

    @property
    def record(self):
        return Pool().get('mbank.session')(self.session)


class Authorisation:
    "Chooses the session for what is to be done"

    @classmethod
    @without_check_access
    def for_use(cls, company, use, user=None):
        """Return the live session that authorises the use.

        company is the head office, use one of the gateway's, user the
        requester (the transaction's by default). The user's own session in
        the context, else the session of the default authorising user; a
        session that is for another kind alone is none of one's own. Its owner
        must be active and still have the right to create sessions. Raises a
        subclass of MBankError that says what to do; nothing is sent to the
        bank.
        """
        pool = Pool()
        Session = pool.get('mbank.session')
        Configuration = pool.get('mbank.configuration')
        User = pool.get('res.user')

        dik = dik_of(company)
        vault.check()
        user_id = _requester(user)
        _, default_id = Configuration.authorising_for(company.id)
        standings = {s.owner: s for s in Standing.of(
                users=[u for u in [user_id, default_id] if u],
                context_key=Session.key_of(company), dik=dik)}
        own, default = standings.get(user_id), standings.get(default_id)
        standing = own or default
        if (own and default and own.is_for_others(dik, use.kind)
                and not default.is_for_others(dik, use.kind)):
            standing = default
        if standing is None:
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
        cls.check(standing, company, use)
        return standing.record

    @classmethod
    @without_check_access
    def check(cls, standing, company, use):
        """Refuse a session that does not authorise the use.

        standing is that of the session chosen for the requester and the head
        office. Raises a subclass of MBankError that says what to do.
        """
        dik = dik_of(company)
        if standing.is_past:
            raise SessionNotLiveError(gettext(
                    'mbank.msg_session_past',
                    session=standing.record.rec_name))
        if not standing.owner_active or not has_right(
                'group_session_create', standing.owner):
            raise SessionNotLiveError(gettext(
                    'mbank.msg_session_owner',
                    session=standing.record.rec_name,
                    user=standing.record.user.rec_name))
        if dik not in standing.operations:
            raise SessionNotCoveringError(gettext(
                    'mbank.msg_session_not_covering',
                    session=standing.record.rec_name,
                    dik=dik,
                    company=company.rec_name))
        granted = standing.operations[dik]
        if not use.is_covered(granted):
            raise SessionNotCoveringError(gettext(
                    'mbank.msg_session_not_allowing',
                    session=standing.record.rec_name,
                    kind=gateway.kinds_text([use.kind]),
                    granted=(
                        gateway.operations_text(granted)
                        or gettext('mbank.msg_result_nothing')),
                    dik=dik))

    @classmethod
    def explain(cls, company, use, user=None):
        """The sentence for a person who is about to start something.

        It names whose session would authorise it and until when that lasts,
        or it is the sentence of the refusal. Takes what for_use takes
        and raises none of its errors.
        """
        try:
            session = cls.for_use(company, use, user=user)
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
