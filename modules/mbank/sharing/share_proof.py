# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""A received session: it waits, is proven, and serves where nothing of the
user's own does.

It comes from another database, which is trusted to share, not to decide here:
it takes the place of no session its user has made or is making, nor of one
from a third database; only of an older one from the same source. It is in
force after one call has shown that the bank takes it, and is proven when it
could serve, so that the proof is as old as its use.
"""
import datetime as dt
import logging
import time

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import without_check_access

from .. import gateway
from ..clock import utcnow
from ..sessions import session_states
from ..sessions.session_states import LIVE, PENDING, PROVING, SUPERSEDED

#: Seconds one run asks the bank.
LONGEST = 60
#: So long it is tried at each look into the inbox, then with the hourly check.
SOON = dt.timedelta(hours=1)

WAITING = 'waiting'
IN_FORCE = 'active'
REFUSED = 'refused'
ENDED = 'ended'

#: What the source is told, by the state of the session.
ANSWERS = {
    **dict.fromkeys(PENDING, WAITING),
    **dict.fromkeys(LIVE, IN_FORCE),
    **dict.fromkeys(session_states.ENDED, ENDED),
    session_states.REFUSED: REFUSED,
    }

logger = logging.getLogger(__name__)


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons['revoke']['invisible'] &= ~(
            (Eval('state') == PROVING) & Bool(Eval('shared_from')))
        cls._buttons['revoke']['depends'].append('shared_from')

    @classmethod
    def lock_here(cls, session_id, reason):
        super().lock_here(session_id, reason)
        session = cls(session_id)
        if session.shared_from and session.state == PROVING:
            cls.refuse(session_id, reason, at_bank=False)

    @classmethod
    def keep_received(
            cls, user, company, dik, operations, token, end, **values):
        """Store a session that was shared with the user, to be proven.

        end is naive UTC; the rest is stored with it.
        """
        key = cls.key_of(company)
        cls._check_context(key)
        session, = cls.create([{
                    **values,
                    'user': user.id,
                    'company': company.id if key != 'database' else None,
                    'context_key': key,
                    'requested': utcnow(),
                    # What the source has, not what it once asked for
                    'kinds': gateway.kinds_of(operations),
                    'asked_end': end,
                    'diks': [('create', [{
                                    'dik': dik,
                                    'company': company.id,
                                    'asked': True,
                                    }])],
                    }])
        cls.keep_made(session.id, token, end, {dik: list(operations)})
        return cls(session.id)

    @property
    def replaced(self):
        replaced = super().replaced
        if self.shared_from:
            replaced = [
                s for s in replaced if s.shared_from == self.shared_from]
            # An older one that still waits would take its place again.
            replaced += self.search([
                    ('user', '=', self.user.id),
                    ('context_key', '=', self.context_key),
                    ('shared_from', '=', self.shared_from),
                    ('state', '=', PROVING),
                    ('id', '<', self.id),
                    ])
        return replaced

    @property
    def waits_for(self):
        if not self.shared_from:
            return super().waits_for
        others = [
            s for s in self.search([
                    ('user', '=', self.user.id),
                    ('context_key', '=', self.context_key),
                    ('state', 'in', sorted(LIVE | PENDING)),
                    ])
            if s.shared_from != self.shared_from]
        if any(not s.shared_from for s in others):
            return gettext('mbank.msg_share_waits_own')
        if any(s.state in LIVE for s in others):
            return gettext('mbank.msg_share_waits_other')
        return None

    @classmethod
    def switch(cls, session_id):
        session = cls(session_id)
        # It may have changed while the bank was asked.
        if session.state == PROVING and (waits := session.waits_for):
            cls.keep_reason(session_id, waits)
            return None
        return super().switch(session_id)

    @classmethod
    @without_check_access
    def prove_received(cls, session_ids):
        """Prove received sessions, each by itself; what comes of it is told.

        A bank that is slow is not waited for: the next look goes on.
        """
        end = time.monotonic() + LONGEST
        for session_id in session_ids:
            if time.monotonic() > end:
                break
            try:
                cls.prove_left(session_id)
            except UserError as error:
                # The regular check goes on with it.
                logger.warning("share %s: %s", session_id, error)

    @classmethod
    def prove_queued(cls, sessions):
        "The same, run by the queue"
        cls.prove_received([s.id for s in sessions])

    @classmethod
    @without_check_access
    def received_lately(cls):
        "The ids of received sessions that are to be proven soon"
        return [s.id for s in cls.search([
                    ('state', '=', PROVING),
                    ('shared_from', '!=', None),
                    ('requested', '>=', utcnow() - SOON),
                    ], order=[('id', 'ASC')])]

    def _end(self, state, reason, **values):
        was_live = self.state in LIVE
        super()._end(state, reason, **values)
        if not was_live or state == SUPERSEDED:
            return
        waiting = self.search([
                ('user', '=', self.user.id),
                ('context_key', '=', self.context_key),
                ('state', '=', PROVING),
                ('shared_from', '!=', None),
                ])
        if waiting:
            self.__class__.__queue__.prove_queued(waiting)

    def take_back(self, reason):
        "End it at the word of its source; returns whether there was an end"
        if self.state in LIVE:
            self._end(session_states.REVOKED, reason)
        elif self.state == PROVING:
            self.__class__.refuse(self.id, reason, at_bank=False)
        else:
            return False
        self._tell('mbank.msg_session_ended_label')
        return True

    @classmethod
    def write(cls, *args):
        super().write(*args)
        actions = iter(args)
        for sessions, values in zip(actions, actions):
            if 'state' in values:
                cls._answer([s for s in sessions if s.shared_from])

    @classmethod
    def _answer(cls, sessions):
        "Note for the source what became of what it shared"
        Inbox = Pool().get('mbank.share.inbox')
        if not sessions:
            return
        for row in Inbox.search([
                    ('session', 'in', [s.id for s in sessions]),
                    ('share_identity', '!=', None),
                    ]):
            Inbox.write([row], {'answer': ANSWERS[row.session.state]})
