# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The making of a session, from the intent until it is in force.

However it is signed: the intent is stored before the bank is asked, the token
as soon as the bank has answered, sealed, beside the session that is in force
(L-641); one call proves it; then, in one transaction, it takes the other's place.
Killed between any two of these, the regular check takes it up.
"""
import datetime as dt
import json

from trytond.i18n import gettext
from trytond.model import Unique, fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction

from .. import gateway, independent
from ..clock import local_text, utcnow
from ..exceptions import (
    BankThrottledError, DIKRefusedError, FaultUnlistedError, MBankError,
    PermissionRefusedError, SessionCreateError, SessionInvalidError,
    SessionProofError)
from ..keyring import vault
from . import session_states
from .session_states import DRAFT, LIVE, PENDING, PROVING

#: An intent older than this was left by a process that died, unless a signing
#: job holds it: two signatures and four calls take far less.
PENDING_LIFE = dt.timedelta(minutes=15)
#: The bank is asked for the proof so long; then the session is given up.
PROVING_LIFE = dt.timedelta(days=1)


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    activated = fields.DateTime("Active Since", readonly=True,
        states={
            'invisible': ~Eval('activated'),
            })
    request = fields.Char("Request", readonly=True)
    renews = fields.Many2One(
        'mbank.session', "Renews", readonly=True, ondelete='SET NULL',
        states={
            'invisible': ~Eval('renews'),
            },
        help="The session that stays in force until this one has taken its "
        "place.")
    superseded_by = fields.Many2One(
        'mbank.session', "Superseded by", readonly=True, ondelete='SET NULL',
        states={
            'invisible': ~Eval('superseded_by'),
            })

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints += [
            ('request_unique',
                Unique(table, table.request),
                'mbank.msg_session_pending_unique'),
            ]

    @property
    def is_answered(self):
        "Whether the bank has said what it granted"
        return bool(self.bank_end or self.activated)

    @classmethod
    def begin(cls, diks, **values):
        """Store the intent to make a session; returns its id.

        diks are (dik, id of the head office or None); values may have kinds,
        else all are asked for.
        """
        cls._drop_stale(values['user'], values['context_key'])
        session, = cls.create([{
                    **values,
                    'requested': utcnow(),
                    'diks': [('create', [{
                                    'dik': dik,
                                    'company': company,
                                    'asked': True,
                                    } for dik, company in diks])],
                    }])
        cls.write([session], {'state': session_states.AWAITING})
        return session.id

    @classmethod
    def _drop_stale(cls, user, context_key):
        for session in cls.search([
                    ('user', '=', user),
                    ('context_key', '=', context_key),
                    # What the bank has made is taken up, not dropped.
                    ('state', 'in', sorted(PENDING - {PROVING})),
                    ]):
            if (session.requested < utcnow() - PENDING_LIFE
                    and not session.is_being_signed):
                cls.refuse(session.id, unknown_reason(
                        session.asked_end, session.company))
                cls.tell_interrupted(session.id)

    @property
    def is_being_signed(self):
        "Whether somebody signs it elsewhere, which ends it in time"
        return False

    @classmethod
    def tell_interrupted(cls, session_id):
        "Tell that a process died, and until when the bank may have what it made"
        cls(session_id)._tell(
            'mbank.msg_session_interrupted_label',
            advice='mbank.msg_session_outcome_unknown')

    @classmethod
    def unproven_of(cls, user, company):
        "The id of the session the user made that waits for its proof, or None"
        sessions = cls.search([
                ('user', '=', int(user)),
                ('context_key', '=', cls.key_of(company)),
                ('state', '=', PROVING),
                ('shared_from', '=', None),
                ], limit=1)
        return sessions[0].id if sessions else None

    @classmethod
    def keep_made(cls, session_id, token, bank_end, granted):
        """Store what the bank has made; it is in force after the proof.

        bank_end is what the bank granted, naive UTC: the session ends with
        it, the end asked for or the certificate, whatever is first. granted
        maps the DIKs to the names of their operations.
        """
        Dik = Pool().get('mbank.session.dik')
        session = cls(session_id)
        if session.state not in PENDING - {PROVING}:
            # It was taken back while the bank made it.
            raise SessionCreateError(
                session.reason or gettext(
                    'mbank.msg_session_pending_unique'))
        known = {d.dik: d for d in session.diks}
        for dik, operations in granted.items():
            values = {'granted': True, 'operations': json.dumps(operations)}
            if dik in known:
                Dik.write([known[dik]], values)
            else:
                Dik.create([{
                            'session': session.id, 'dik': dik,
                            'asked': False, **values}])
        cls.write([session], {
                'state': PROVING,
                'token': vault.seal(session, 'token', token),
                'end': min(filter(None, [
                            bank_end, session.asked_end,
                            session.certificate
                            and session.certificate.valid_to])),
                'bank_end': bank_end,
                })

    @classmethod
    def to_prove(cls, session_id):
        """What the proof needs: a dict, or None if there is none to be made.

        doubt is a sentence on what the session has less than the one it
        renews, else None; dik is None if the proof was not granted; waits is
        a sentence on what keeps it from being put in force now, else None.
        """
        session = cls(session_id)
        if session.state != PROVING:
            return None
        provable = [
            d for d in session.diks
            if d.granted and gateway.can_prove(d.operation_names)]
        row = next(
            (d for d in provable if d.company),
            provable[0] if provable else None)
        return {
            'token': vault.open_stored(session, 'token'),
            'dik': row.dik if row else None,
            'operations': row.operation_names if row else None,
            'company': row.company.id if row and row.company else None,
            'user': session.user.id,
            # One that was received may wait until its end.
            'over': (
                not session.shared_from
                and session.requested + PROVING_LIFE <= utcnow()),
            'replaces': bool(session.replaced),
            'shared': bool(session.shared_from),
            'waits': session.waits_for,
            'doubt': (
                gettext('mbank.msg_session_past_reason') if session.is_past
                else session._less_than_before()),
            }

    @property
    def replaced(self):
        "The sessions in force whose place this one is to take"
        return self.__class__.search([
                ('user', '=', self.user.id),
                ('state', 'in', sorted(LIVE)),
                ['OR',
                    ('context_key', '=', self.context_key),
                    ('id', '=', self.renews.id if self.renews else -1),
                    ],
                ])

    @property
    def waits_for(self):
        "A sentence on what keeps it from being put in force now, or None"

    def _less_than_before(self):
        "A renewal that would take something away is none"
        old = self.renews
        if not old or not old.is_live:
            return None
        if self.end < old.end:
            return gettext(
                'mbank.msg_session_renewal_shorter',
                end=local_text(self.end, self.company),
                old=local_text(old.end, old.company))
        # What is not asked for again is given up knowingly
        given_up = set(old.asked_operations) - set(self.asked_operations)
        for dik in self.diks:
            if not dik.asked:
                continue
            for before in old.diks:
                if before.dik != dik.dik or not before.granted:
                    continue
                if missing := gateway.missing_text(
                        dik.granted_names,
                        set(before.operation_names) - given_up):
                    return gettext(
                        'mbank.msg_session_operations_missing',
                        dik=dik.dik, operations=missing)
        return None

    @classmethod
    def switch(cls, session_id):
        """Put the session in force in place of those it replaces.

        Returns the ids of the replaced, or None if it was not to be put in
        force any more.
        """
        session = cls(session_id)
        if session.state != PROVING:
            return None
        old = session.replaced
        for other in old:
            other._end(
                session_states.SUPERSEDED,
                gettext('mbank.msg_session_superseded'),
                superseded_by=session.id)
        cls.write([session], {
                'state': session_states.ACTIVE,
                'activated': utcnow(),
                'reason': None,
                # Who asks for a session that ends soon knows that it does.
                'warned': session.reached,
                })
        return [other.id for other in old]

    @classmethod
    def after_switch(cls, session_id, old_ids):
        "What is due once the session is in force: the old end at the bank"
        for old_id in old_ids:
            cls.finish_due(old_id)

    @classmethod
    def refuse(cls, session_id, reason, at_bank=True):
        """Mark an intent that came to nothing, or to nobody knows what.

        One the bank has made is to be ended there, unless at_bank says that
        it lives there no more.
        """
        session = cls(session_id)
        if session.state == PROVING:
            session._end(session_states.REFUSED, reason, at_bank=at_bank)
            return
        if session.state == DRAFT:
            cls.write([session], {'state': session_states.AWAITING})
        cls.write([session], {
                'state': session_states.REFUSED,
                'reason': reason,
                'ended': utcnow(),
                })

    @classmethod
    def call_off(cls, session_id, reason, by_owner_lost=False):
        """End the making of a session, whatever step it is at.

        by_owner_lost says that its user may have none any more; otherwise it
        is called off for another reason.
        """
        if cls(session_id).state in PENDING:
            cls.refuse(session_id, reason)

    @classmethod
    def discard(cls, session_id):
        "Remove an intent of which the bank made nothing"
        cls.delete(cls.search([
                    ('id', '=', session_id),
                    ('state', 'in', sorted(PENDING - {PROVING})),
                    ]))

    @classmethod
    def refuse_made(cls, session_id, reason, at_bank=True):
        "Refuse a session whose proof failed, unless another was first"
        session = cls(session_id)
        if session.state == PROVING:
            cls.refuse(session_id, reason, at_bank=at_bank)

    @classmethod
    def keep_reason(cls, session_id, reason):
        session = cls(session_id)
        if session.state == PROVING and session.reason != reason:
            cls.write([session], {'reason': reason})


def _sessions():
    return Pool().get('mbank.session')


def make_here(signer, *, company, diks, kinds, bank_user, certificate, end,
        **values):
    """Make a session with a key that is here, for the transaction's user.

    company is the head office it is made for, diks are as for begin, kinds
    what it is asked for, certificate is the signer's, end naive UTC; the rest
    is stored with the session. Returns its id: it is in force, or waits for
    its proof.

    Raises an MBankError after which there is none, or one that is ended at
    the bank as soon as that can be.
    """
    Session = _sessions()
    key = Session.key_of(company)
    session_id = independent.run(
        Session.begin, diks,
        user=Transaction().user,
        company=company.id if key != 'database' else None,
        context_key=key,
        kinds=kinds,
        bank_user=bank_user,
        certificate=certificate.id,
        certificate_subject=certificate.subject,
        asked_end=end,
        **values)
    try:
        gateway.create_session(
            signer, diks=[dik for dik, _ in diks],
            operations=gateway.operations_of(kinds), bank_user=bank_user,
            end=end, session_id=session_id, company_id=company.id,
            keep=lambda token, *granted: store_made(
                session_id, token, Session.keep_made, session_id, token,
                *granted))
    except MBankError as error:
        reason = may_exist_reason(error, end, company)
        if reason:
            independent.run(Session.refuse, session_id, reason)
            raise SessionCreateError(reason) from error
        independent.run(Session.discard, session_id)
        raise
    except Exception:
        independent.run(
            Session.refuse, session_id, unknown_reason(end, company))
        raise
    prove(session_id)
    return session_id


def store_made(session_id, token, store, *args):
    """Have store(*args) store the session the bank has made.

    What cannot be stored is ended at the bank, and the error raised; if it
    could not be ended either its session_may_exist says so.
    """
    try:
        independent.run(store, *args)
    except Exception:
        try:
            gateway.finish_session(
                token, session_id=session_id, authoriser=Transaction().user)
        except MBankError as error:
            error.session_may_exist = True
            raise
        raise


def prove(session_id):
    """Show by one call that the session lives, and put it in force.

    Nothing happens to one that is not to be proven any more. If the bank
    cannot answer just now it waits for the next check, and says so as its
    reason. Raises SessionProofError if the bank, or what it granted, says no:
    what the session was to replace stays in force, and the session is ended
    at the bank.
    """
    Session = _sessions()
    facts = independent.run(Session.to_prove, session_id)
    if facts is None:
        return
    if facts['waits'] and not facts['doubt']:
        independent.run(Session.keep_reason, session_id, facts['waits'])
        return
    lives = True
    try:
        if facts['doubt']:
            raise SessionProofError(facts['doubt'])
        _ask(session_id, facts)
    except MBankError as error:
        if _is_passing(error) and not facts['over']:
            independent.run(Session.keep_reason, session_id, gettext(
                    'mbank.msg_share_unproven' if facts['shared']
                    else 'mbank.msg_session_unproven',
                    reason=error.message))
            return
        lives = not isinstance(error, SessionInvalidError)
        reason = gettext(
            'mbank.msg_share_proof_failed' if facts['shared']
            else 'mbank.msg_session_proof_failed_old' if facts['replaces']
            else 'mbank.msg_session_proof_failed',
            reason=error.message)
        independent.run(
            Session.refuse_made, session_id, reason, at_bank=lives)
        Session.finish_due(session_id)
        raise SessionProofError(reason) from error
    old_ids = independent.run(Session.switch, session_id)
    if old_ids is not None:
        Session.after_switch(session_id, old_ids)


def _ask(session_id, facts):
    "Raise what speaks against the session"
    if facts['dik'] is None:
        # A session that nothing proves may serve.
        if facts['replaces'] or facts['shared']:
            raise SessionProofError(gettext(
                    'mbank.msg_session_not_provable'))
        return
    try:
        gateway.prove_session(
            facts['token'], dik=facts['dik'],
            operations=facts['operations'], session_id=session_id,
            authoriser=facts['user'], company_id=facts['company'])
    except (SessionInvalidError, PermissionRefusedError, DIKRefusedError):
        raise
    except MBankError as error:
        # An answer the profile does not know proves nothing: where there is
        # nothing to lose, and a person has signed it here, the session
        # serves.  # L-640
        if (_is_passing(error) or facts['replaces'] or facts['shared']
                or not (isinstance(error, FaultUnlistedError)
                    or error.outcome == 'refused')):
            raise


def _is_passing(error):
    "Whether the bank may give the proof later"
    if isinstance(error, FaultUnlistedError):
        # The bank has answered, and will answer so again
        return False
    return (
        isinstance(error, BankThrottledError)
        or getattr(error, 'outcome', None) in {'not_sent', 'unknown'})


def unknown_reason(end, company):
    "The sentence on a session of which nobody knows whether it was made"
    return gettext(
        'mbank.msg_session_outcome_unknown', end=local_text(end, company))


def may_exist_reason(error, end, company):
    "The sentence on a session the bank may have made, None if it has not"
    if not error.session_may_exist:
        return None
    return gettext(
        'mbank.msg_session_may_exist', reason=error.message,
        end=local_text(end, company))
