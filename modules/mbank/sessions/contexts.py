# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a session is unique in: the database or the head office, and a change
of it with sessions in place (docs/adr/0009-change-of-context.md).

Who stores a session and who changes the setting take turns: both lock the
configuration first, so neither works on what the other has just made untrue.
"""
import hashlib
from collections import defaultdict
from dataclasses import dataclass

from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

from .. import telling
from ..exceptions import SessionCreateError
from . import session_states
from .configuration import may_authorise

DATABASE = 'database'

#: What becomes of a session.
KEPT = 'kept'
REVOKED = 'revoked'
EXPIRED = 'expired'
CANCELLED = 'cancelled'


@dataclass(frozen=True)
class Fate:
    "What becomes of one session"

    session: int
    """Its id."""

    user: int
    """The id of its user."""

    what: str
    """KEPT, REVOKED, EXPIRED or, of one that is being made, CANCELLED."""

    company: int | None
    """The id of the head office it is kept for; None for the database."""

    without: tuple = ()
    """The ids of the head offices it covers and serves no more."""

    @property
    def key(self):
        "The context it is kept in"
        return 'company,%s' % self.company if self.company else DATABASE


@dataclass(frozen=True)
class Plan:
    "What a change of the setting does, told before it is done"

    fates: tuple
    """A Fate for each session that lives or is being made."""

    default_users: tuple
    """(id of the head office or None, id of the default authorising user)."""

    @property
    def digest(self):
        "What one plan is told from another by"
        return hashlib.sha256(repr(self).encode()).hexdigest()


def plan(per_company):
    """What becomes of everything if credentials are kept per head office.

    Or, with per_company false, for the database.
    """
    pool = Pool()
    Session = pool.get('mbank.session')
    Company = pool.get('company.company')
    offices = [
        c for c in Company.search([], order=[('id', 'ASC')]) if c.mbank_dik]
    fates, kept = [], defaultdict(list)
    for session in Session.search([
                ('state', 'in', sorted(
                        session_states.LIVE | session_states.PENDING)),
                ], order=[('id', 'ASC')]):
        user = session.user.id
        if session.state in session_states.PENDING:
            fates.append(Fate(session.id, user, CANCELLED, None))
            continue
        if session.is_past:
            fates.append(Fate(session.id, user, EXPIRED, None))
            continue
        covered = [c for c in offices if session.covers(c.mbank_dik)]
        office = _office_of(session, covered) if per_company else None
        if per_company and office is None:
            # In no context could it be found again.
            fates.append(Fate(session.id, user, REVOKED, None))
            continue
        kept[user, office].append((session, covered))
    for (user, office), several in kept.items():
        # A share never takes the place of what its user has made.
        best, covered = max(several, key=lambda one: (
                not one[0].shared_from, len(one[1]), one[0].end, one[0].id))
        fates.append(Fate(
                best.id, user, KEPT, office.id if office else None,
                tuple(c.id for c in covered if office and c != office)))
        fates.extend(
            Fate(session.id, user, REVOKED, office.id if office else None)
            for session, _ in several if session != best)
    fates.sort(key=lambda fate: fate.session)
    return Plan(tuple(fates), _default_users(per_company, offices, fates))


def _office_of(session, covered):
    """The head office a session of the database is kept for.

    The one it covers; of several the one it was logged in for, whose DIK is
    the first. One that covers none here, but may be shared, stays with the
    head office its user works in.
    """
    if session.company:
        return session.company
    for dik in sorted(session.diks, key=lambda d: d.id):
        if not dik.granted:
            continue
        of_dik = [c for c in covered if c.mbank_dik == dik.dik]
        if dik.company in of_dik:
            return dik.company
        if of_dik:
            return of_dik[0]
    user = session.user
    return user.company or (user.companies[0] if user.companies else None)


def _default_users(per_company, offices, fates):
    """Who is the default authorising user where.

    The user of the database becomes that of each head office in which the
    user works. The other way one whose session stays goes first, then the
    user of the most head offices. Who may have no session any more is left
    out.
    """
    pool = Pool()
    Value = pool.get('mbank.configuration.default_authorising_user')
    values = [
        v for v in Value.search([], order=[('id', 'ASC')])
        if v.default_authorising_user and may_authorise(
            v.default_authorising_user)]
    of_office = {
        v.company.id: v.default_authorising_user for v in values
        if v.company in v.default_authorising_user.companies}
    of_database = next(
        (v.default_authorising_user for v in values if not v.company), None)
    if per_company:
        if of_database:
            for office in offices:
                if office in of_database.companies:
                    of_office.setdefault(office.id, of_database)
        return tuple(sorted(
                (company, user.id) for company, user in of_office.items()))
    if of_database is None and of_office:
        users = [u.id for u in of_office.values()]
        alive = {f.user for f in fates if f.what == KEPT}
        best = max(
            sorted(set(users)), key=lambda u: (u in alive, users.count(u)))
        return ((None, best),)
    return ((None, of_database.id),) if of_database else ()


def describe(fate):
    "The sentence on what becomes of the session"
    Company = Pool().get('company.company')
    if fate.what == CANCELLED:
        return gettext('mbank.msg_context_cancelled')
    if fate.what == EXPIRED:
        return gettext('mbank.msg_context_expired')
    if fate.what == REVOKED:
        return gettext('mbank.msg_context_revoked')
    if fate.company is None:
        return gettext('mbank.msg_context_kept_database')
    company = Company(fate.company).rec_name
    if not fate.without:
        return gettext('mbank.msg_context_kept', company=company)
    return gettext(
        'mbank.msg_context_kept_without', company=company,
        without=names_of(fate.without))


def names_of(companies):
    "The head offices with these ids, in words"
    Company = Pool().get('company.company')
    return ', '.join(c.rec_name for c in Company.browse(companies))


def change(per_company, agreed):
    """Change the setting and do what was agreed to, in this transaction.

    agreed is the digest of the Plan the person was shown. Returns the ids of
    the sessions the caller may have to end at the bank; or None if the
    sessions are others by now, and nothing was done.
    """
    pool = Pool()
    Configuration = pool.get('mbank.configuration')
    Session = pool.get('mbank.session')
    Configuration.lock()
    now = plan(per_company)
    if now.digest != agreed:
        return None
    reason = gettext('mbank.msg_context_reason')
    # Those that leave make room for those that are moved.
    for fate in now.fates:
        session = Session(fate.session)
        if fate.what == CANCELLED:
            Session.call_off(session.id, reason)
        elif fate.what == EXPIRED:
            session._end(
                session_states.EXPIRED,
                gettext('mbank.msg_session_past_reason'))
        elif fate.what == REVOKED:
            session._end(session_states.REVOKED, reason)
    for fate in now.fates:
        if fate.what == KEPT:
            Session.write([Session(fate.session)], {
                    'company': fate.company,
                    'context_key': fate.key,
                    })
    Configuration.write([Configuration(1)], {
            'credentials_per_company': per_company,
            })
    _set_default_users(now.default_users)
    for fate in now.fates:
        if fate.what != KEPT or fate.without:
            _tell(fate)
    return [
        f.session for f in now.fates if f.what in {REVOKED, CANCELLED}]


def _set_default_users(default_users):
    pool = Pool()
    Configuration = pool.get('mbank.configuration')
    Value = pool.get('mbank.configuration.default_authorising_user')
    Value.delete(Value.search([]))
    Value.create([{
                'configuration': Configuration(1).id,
                'company': company,
                'default_authorising_user': user,
                } for company, user in default_users])


def _tell(fate):
    "Tell the user, in the user's language"
    pool = Pool()
    Session = pool.get('mbank.session')
    User = pool.get('res.user')
    telling.tell(
        Session(fate.session), [User(fate.user)],
        lambda session: gettext(
            'mbank.msg_context_label', session=session.rec_name),
        lambda _: describe(fate))


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @classmethod
    def begin(cls, diks, **values):
        cls._check_context(values['context_key'])
        return super().begin(diks, **values)

    @classmethod
    def keep_made(cls, session_id, *args, **kwargs):
        cls._check_context(cls(session_id).context_key)
        return super().keep_made(session_id, *args, **kwargs)

    @classmethod
    @without_check_access
    def _check_context(cls, key):
        "Refuse a session for a context there is no more"
        Configuration = Pool().get('mbank.configuration')
        Configuration.lock()
        if bool(Configuration(1).credentials_per_company) != (key != DATABASE):
            raise SessionCreateError(gettext('mbank.msg_context_changed'))
