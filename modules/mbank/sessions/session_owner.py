# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who may not have sessions any more has none: locked with the change itself.

The lock is in the transaction that takes the right away, so it is there when
the change is, and is not when the change is rolled back. It is made as the
last thing before the commit: a user who is moved from one group to another
has no right for a moment. The bank is told after it, by the queue, and until
it is done by the regular check.
"""
from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

from .. import telling
from ..rights import has_right
from . import session_states
from .session_states import LIVE, PENDING


def loss_of(user):
    "The id of the message on why the user may have no session, or None"
    if not user.active:
        return 'mbank.msg_owner_inactive'
    if not has_right('group_session_create', user.id):
        return 'mbank.msg_owner_right_lost'
    return None


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @classmethod
    @without_check_access
    def lock_of_unentitled(cls, users=None):
        """Lock the sessions of those who may have none; None for all users.

        Returns the ids of the sessions that are to be ended at the bank.
        """
        of_users = [] if users is None else [('user', 'in', users)]
        sessions = cls.search([
                ('state', 'in', sorted(LIVE | PENDING)), *of_users])
        locked = []
        for user in {s.user for s in sessions}:
            if not (loss := loss_of(user)):
                continue
            reason = gettext(loss, user=user.rec_name)
            for session in sessions:
                if session.user == user:
                    session._lock_unentitled(reason)
                    locked.append(session.id)
        to_finish = cls.search([
                ('id', 'in', locked), ('finish_pending', '=', True)])
        return [s.id for s in to_finish]

    def _lock_unentitled(self, reason):
        cls = self.__class__
        if self.state in LIVE:
            self._end(session_states.REVOKED, reason)
        else:
            cls.call_off(self.id, reason, by_owner_lost=True)
        cls(self.id)._tell('mbank.msg_session_ended_label', reason)


@without_check_access
def lock_unentitled(users=None, changed=True):
    """Lock the sessions of those who may have none, and let the bank know.

    changed says that a right may just have been taken away.
    """
    pool = Pool()
    Session = pool.get('mbank.session')
    to_finish = Session.lock_of_unentitled(users)
    if to_finish:
        Session.__queue__.finish_queued(Session.browse(to_finish))
    if changed:
        _tell_of_default(users)


def _tell_of_default(users):
    "Tell if the default authorising user may have no session any more"
    pool = Pool()
    Configuration = pool.get('mbank.configuration')
    Default = pool.get('mbank.configuration.default_authorising_user')
    of_users = ('default_authorising_user', '!=', None)
    if users is not None:
        of_users = ('default_authorising_user', 'in', users)
    for user in {
            d.default_authorising_user for d in Default.search([of_users])}:
        if not (loss := loss_of(user)):
            continue
        telling.tell(
            Configuration(1),
            telling.users_of('group_mbank_admin'),
            lambda _: gettext(
                'mbank.msg_default_user_lost_label', user=user.rec_name),
            lambda _: ' '.join([
                    gettext(loss, user=user.rec_name),
                    gettext('mbank.msg_default_user_lost')]),
            by_mail=Configuration(1).warn_by_email)


class _AtCommit:
    "Looks, when all of the changes are made, whether a right was lost"

    def __init__(self):
        self._forget()

    def __eq__(self, other):
        # The one of the transaction is joined again.
        return isinstance(other, self.__class__)

    __hash__ = None

    def _forget(self):
        self._users = set()
        self._anybody = False

    def look_at(self, users):
        "users are ids, None for all users"
        if users is None:
            self._anybody = True
        else:
            self._users.update(users)

    def tpc_begin(self, transaction):
        pass

    def commit(self, transaction):
        Notification = Pool().get('res.notification')
        users = None if self._anybody else sorted(self._users)
        self._forget()
        if users == []:
            return
        lock_unentitled(users)
        # The transaction has stored those from before the commit already.
        with without_check_access():
            Notification.save(transaction.user_notifications)
        transaction.user_notifications.clear()

    def tpc_vote(self, transaction):
        pass

    def tpc_finish(self, transaction):
        pass

    def tpc_abort(self, transaction):
        self._forget()


def look_at(users=None):
    "Lock at the end of the transaction whose right was lost in it"
    Transaction().join(_AtCommit()).look_at(users)


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def on_modification(cls, mode, users, field_names=None):
        super().on_modification(mode, users, field_names=field_names)
        if mode == 'write' and 'active' in (field_names or {'active'}):
            look_at([u.id for u in users])


class UserGroup(metaclass=PoolMeta):
    __name__ = 'res.user-res.group'

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        if mode == 'write':
            # Whose the row was before is not known any more.
            look_at()

    @classmethod
    def on_delete(cls, records):
        look_at([r.user.id for r in records])
        return super().on_delete(records)


class Group(metaclass=PoolMeta):
    __name__ = 'res.group'

    @classmethod
    def on_modification(cls, mode, groups, field_names=None):
        super().on_modification(mode, groups, field_names=field_names)
        if mode == 'write' and (
                field_names is None or {'active', 'parent'} & set(field_names)):
            look_at()
