# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who may not have sessions any more has none: locked with the change itself.

The lock is in the transaction that takes the right away, so it is there when
the change is, and is not when the change is rolled back. The bank is told
after it, by the queue, and until it is done by the regular check.
"""
from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

from . import independent, session_states, session_telling
from . import signing_states
from .rights import has_right
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
            SigningJob = Pool().get('mbank.signing.job')
            for job in SigningJob.search([
                        ('session', '=', self.id),
                        ('state', 'in', sorted(signing_states.OPEN)),
                        ]):
                SigningJob.stop(
                    job.id, signing_states.FAILED, reason,
                    session_reason=reason)
            if cls(self.id).state in PENDING:
                cls.refuse(self.id, reason)
        cls(self.id)._tell('mbank.msg_session_ended_label', reason)

    @classmethod
    @without_check_access
    def check_all(cls):
        # Rights may have been changed past the models.
        independent.run(lock_unentitled)
        super().check_all()


@without_check_access
def lock_unentitled(users=None):
    "Lock the sessions of those who may have none, and let the bank know"
    pool = Pool()
    Session = pool.get('mbank.session')
    to_finish = Session.lock_of_unentitled(users)
    if to_finish:
        Session.__queue__.finish_queued(Session.browse(to_finish))
    _tell_of_default(users)


def _tell_of_default(users):
    "Tell if the default authorising user may have no session any more"
    pool = Pool()
    Configuration = pool.get('mbank.configuration')
    Default = pool.get('mbank.configuration.default_authorising_user')
    if users is None:
        return
    for user in {
            d.default_authorising_user for d in Default.search([
                    ('default_authorising_user', 'in', users)])}:
        if not (loss := loss_of(user)):
            continue
        session_telling.tell(
            Configuration(1),
            session_telling.users_of('group_mbank_admin'),
            lambda _: gettext(
                'mbank.msg_default_user_lost_label', user=user.rec_name),
            lambda _: ' '.join([
                    gettext(loss, user=user.rec_name),
                    gettext('mbank.msg_default_user_lost')]),
            by_mail=Configuration(1).warn_by_email)


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def on_modification(cls, mode, users, field_names=None):
        super().on_modification(mode, users, field_names=field_names)
        if mode == 'write' and 'active' in (field_names or {'active'}):
            lock_unentitled([u.id for u in users])


class UserGroup(metaclass=PoolMeta):
    __name__ = 'res.user-res.group'

    @classmethod
    def on_modification(cls, mode, records, field_names=None):
        super().on_modification(mode, records, field_names=field_names)
        if mode == 'write':
            # Whose the row was before is not known any more.
            lock_unentitled()

    @classmethod
    def on_delete(cls, records):
        users = [r.user.id for r in records]

        def lock():
            User = Pool().get('res.user')
            User._get_groups_cache.clear()
            lock_unentitled(users)
        return super().on_delete(records) + [lock]


class Group(metaclass=PoolMeta):
    __name__ = 'res.group'

    @classmethod
    def on_modification(cls, mode, groups, field_names=None):
        super().on_modification(mode, groups, field_names=field_names)
        if mode == 'write' and (
                field_names is None or {'active', 'parent'} & set(field_names)):
            lock_unentitled()
