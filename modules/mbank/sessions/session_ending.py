# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The end of a session: locked here at once, ended at the bank until done."""
import datetime as dt

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .. import gateway, independent
from ..clock import utcnow
from ..exceptions import MBankError, SessionInvalidError
from ..rights import has_right
from . import session_states
from .session_states import LIVE

#: Between two tries to end a session at the bank; doubled after each.
FIRST_PAUSE = dt.timedelta(minutes=5)
LONGEST_PAUSE = dt.timedelta(hours=6)
#: After so many tries in vain people are told, once.
TELL_AFTER = 5


def pause_after(tries):
    "How long to wait after so many tries in vain"
    # 2 ** 7 pauses are more than the longest.
    return min(FIRST_PAUSE * 2 ** min(tries - 1, 7), LONGEST_PAUSE)


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    ended = fields.DateTime("Ended", readonly=True,
        states={
            'invisible': ~Eval('ended'),
            })
    finish_pending = fields.Boolean("To End at the Bank", readonly=True,
        states={
            'invisible': ~Eval('finish_pending'),
            },
        help="Locked here; the bank is asked again until it has ended it.")
    finish_message = fields.Text("Bank's Answer to the Ending", readonly=True,
        states={
            'invisible': ~Eval('finish_message'),
            })
    finish_tries = fields.Integer("Tries to End at the Bank", readonly=True,
        states={
            'invisible': ~Eval('finish_tries'),
            })
    finish_next = fields.DateTime("Next Try to End at the Bank",
        readonly=True,
        states={
            'invisible': ~Eval('finish_pending') | ~Eval('finish_next'),
            })

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'revoke': {
                    'invisible': ~Eval('state').in_(sorted(LIVE)),
                    'depends': ['state'],
                    'icon': 'tryton-cancel',
                    },
                })

    @classmethod
    def default_finish_pending(cls):
        return False

    @property
    def is_past_at_bank(self):
        "Whether it has come to its end at the bank by itself"
        end = self.bank_end or self.end
        return bool(end and end <= utcnow())

    # Here

    def _end(self, state, reason, at_bank=True, **values):
        """Leave the live states, or the proof; the only way out of them.

        A session that was made here and may still live at the bank is to be
        ended there, unless at_bank says that it does not.
        """
        at_bank = (
            at_bank
            and not self.shared_from
            and not self.is_past_at_bank)
        if not at_bank:
            values['token'] = None
        self.__class__.write([self], {
                'state': state,
                'reason': reason,
                'ended': utcnow(),
                'finish_pending': at_bank,
                **values,
                })

    @classmethod
    def lock_here(cls, session_id, reason):
        "Revoke here, at once; the ending at the bank follows"
        session = cls(session_id)
        if session.state in LIVE:
            session._end(session_states.REVOKED, reason)

    @classmethod
    def mark_invalid(cls, session_id, reason):
        "The bank does not know the session any more: nobody tries it again"
        session = cls(session_id)
        if session.state not in LIVE:
            return
        session._end(
            session_states.EXPIRED if session.is_past
            else session_states.REVOKED,
            reason, at_bank=False)
        session._tell(
            'mbank.msg_session_ended_label', reason,
            advice='mbank.msg_session_advice_new')

    @classmethod
    @ModelView.button
    def revoke(cls, sessions):
        for session in sessions:
            cls._check_owner(session)
        for session in sessions:
            independent.run(cls.lock_here, session.id, gettext(
                    'mbank.msg_session_revoked',
                    user=cls._current_user().rec_name))
        for session in sessions:
            cls.finish_due(session.id)
        cls.tell_ended([s.id for s in sessions])

    @classmethod
    def tell_ended(cls, session_ids):
        "Tell at once who else has the sessions, which are locked here"

    @classmethod
    def _current_user(cls):
        User = Pool().get('res.user')
        return User(Transaction().user)

    @classmethod
    def _check_owner(cls, session):
        user = Transaction().user
        if (user and session.user.id != user
                and not has_right('group_session_manage')):
            raise AccessError(gettext(
                    'mbank.msg_session_not_owner', session=session.rec_name))

    # At the bank

    @classmethod
    def finish(cls, session):
        """End the session at the bank; returns whether it is ended there.

        An error is kept for the next try and not raised: the session is
        locked here already.
        """
        session_id = int(session)
        try:
            token, user = independent.run(cls._to_finish, session_id)
            if token is None:
                return True
            gateway.finish_session(
                token, session_id=session_id, authoriser=user)
        except SessionInvalidError as error:
            ended, message = True, error.message
        except MBankError as error:
            ended, message = False, error.message
        else:
            ended, message = True, None
        independent.run(cls._finished, session_id, ended, message)
        return ended

    @classmethod
    def _to_finish(cls, session_id):
        session = cls(session_id)
        if not session.finish_pending:
            return None, None
        return session.open_token()

    @classmethod
    def _finished(cls, session_id, ended, message):
        session = cls(session_id)
        values = {'finish_message': message}
        if ended:
            values.update(
                finish_pending=False, finish_next=None, token=None)
        else:
            tries = (session.finish_tries or 0) + 1
            values.update(
                finish_tries=tries,
                finish_next=utcnow() + pause_after(tries))
        cls.write([session], values)
        if not ended and tries == TELL_AFTER:
            session._tell(
                'mbank.msg_session_unfinished_label', message,
                advice='mbank.msg_session_advice_unfinished')

    @classmethod
    @without_check_access
    def finish_due(cls, session_id):
        "End the session at the bank if that is due now"
        def look():
            session = cls(session_id)
            return (
                bool(session.finish_pending
                    and (session.finish_next is None
                        or session.finish_next <= utcnow())),
                session.is_past_at_bank)
        is_due, is_past = independent.run(look)
        if not is_due:
            return
        if is_past:
            independent.run(cls._finished, session_id, True, gettext(
                    'mbank.msg_session_ended_by_itself'))
        else:
            cls.finish(session_id)

    @classmethod
    @without_check_access
    def finish_all(cls):
        "End at the bank what is due, each by itself"
        for session in cls.search([('finish_pending', '=', True)]):
            cls.finish_due(session.id)

    @classmethod
    def finish_queued(cls, sessions):
        "End the sessions at the bank, run by the queue"
        for session in sessions:
            cls.finish_due(session.id)
