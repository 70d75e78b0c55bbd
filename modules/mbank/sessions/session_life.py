# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The life of a session: what is over, what ends soon, what was left by a
process that died."""
import logging

from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.pool import PoolMeta
from trytond.transaction import Transaction

from .. import independent
from ..exceptions import SessionProofError
from . import session_making, session_states
from .session_states import LIVE, PENDING, PROVING

logger = logging.getLogger(__name__)


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @classmethod
    def check_each(cls):
        "Expire, warn, go on with what a dead process left: each by itself"
        def open_sessions():
            return [(s.id, s.state) for s in cls.search([
                        ('state', 'in', sorted(LIVE | PENDING)),
                        ])]
        for session_id, state in independent.run(open_sessions):
            try:
                if state == PROVING:
                    cls.prove_left(session_id)
                else:
                    independent.run(cls._check_one, session_id)
            except UserError as error:
                # The others are checked all the same.
                logger.warning("check of session %s: %s", session_id, error)

    @classmethod
    def prove_left(cls, session_id):
        "Prove what is unproven; its user is told what comes of it"
        def language():
            lang = cls(session_id).user.language
            return lang.code if lang else None
        with Transaction().set_context(language=independent.run(language)):
            try:
                session_making.prove(session_id)
            except SessionProofError as error:
                reason = error.message
                independent.run(lambda: cls(session_id)._tell(
                        'mbank.msg_session_unproven_label', reason))
                return

        def say():
            session = cls(session_id)
            if session.state in LIVE:
                session._tell('mbank.msg_session_proven_label')
        independent.run(say)

    @classmethod
    def _check_one(cls, session_id):
        session = cls(session_id)
        if session.state in PENDING:
            cls._drop_stale(session.user.id, session.context_key)
        elif session.state not in LIVE:
            return
        elif session.is_past:
            session._end(
                session_states.EXPIRED,
                gettext('mbank.msg_session_past_reason'))
            session._tell(
                'mbank.msg_session_ended_label',
                advice=(
                    'mbank.msg_session_advice_share' if session.shared_from
                    else 'mbank.msg_session_advice_new'))
        else:
            session._warn()

    def _warn(self):
        "Mark that the end is near, and tell once at each of the days set"
        reached = self.reached
        if reached is None:
            return
        if self.state == session_states.ACTIVE:
            self.__class__.write(
                [self], {'state': session_states.EXPIRING})
        if self.warned is not None and self.warned <= reached:
            return
        self.__class__.write([self], {'warned': reached})
        self._tell('mbank.msg_session_expiring_label', advice=self._advice())

    def _advice(self):
        "What to do before the session ends"
        if self.shared_from:
            return 'mbank.msg_session_advice_share'
        certificate = self.certificate
        if certificate and certificate.valid_to <= self.end:
            # Another session with it would end no later.
            return 'mbank.msg_session_advice_certificate'
        return 'mbank.msg_session_advice_renew'

    @classmethod
    def give_up(cls, reason):
        "Let go of all sessions here without ending them at the bank"
        for session in cls.search([]):
            if session.state in PENDING:
                cls.refuse(session.id, reason, at_bank=False)
            elif session.state in LIVE:
                session._end(session_states.REVOKED, reason, at_bank=False)
            elif session.finish_pending:
                cls._finished(session.id, True, reason)
