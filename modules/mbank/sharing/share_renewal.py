# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who had a share of a session has one of the session that took its place.

A share is a child of its session and ends with it. When another session of
the same user takes the place, what was shared of the old is shared of the new
with the same user and head office, in the transaction of the switch. The
target proves the new before it takes the place there; it is told that the old
one has ended when it has answered, or after the time in which it should have,
and so long the old lives at the bank: nobody there is left without.
"""
import datetime as dt
import uuid

from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import without_check_access

from .. import independent, telling
from ..clock import utcnow
from ..exceptions import (
    MBankError, ShareError, TargetHeadOfficeError, TargetKeyError,
    TargetUserError)
from ..rights import has_right
from ..sessions.session_told import concerned
from .share_states import LIVE, REVOKED, REVOKING, SENDING
from .share_proof import WAITING

#: The targets open what has come every five minutes, and are asked as often.
GRACE = dt.timedelta(minutes=15)


class Share(metaclass=PoolMeta):
    __name__ = 'mbank.share'

    again = fields.Boolean("Shared Again", readonly=True,
        help="From a session that took the place of the one it was shared "
        "from first.")

    @classmethod
    def default_again(cls):
        return False

    @classmethod
    def share_again(cls, shares, session):
        """Store shares of the session like those of the one before it.

        Returns those that could not be, each with the reason.
        """
        failed = []
        for share in shares:
            owner = session.user
            if not has_right('group_share', owner.id):
                reason = gettext(
                    'mbank.msg_share_again_right', user=owner.rec_name)
            elif not session.covers(share.dik):
                reason = gettext(
                    'mbank.msg_share_not_covered',
                    session=session.rec_name,
                    head_office=share.head_office_name or share.dik,
                    dik=share.dik)
            elif not share.database.active:
                reason = gettext(
                    'mbank.msg_share_profile_inactive',
                    profile=share.database.rec_name)
            elif not share.database.target_identity:
                reason = gettext(
                    'mbank.msg_share_key_unpinned',
                    profile=share.database.rec_name)
            else:
                # One that had an end of its own keeps it.
                own_end = share.expires < share.session.end
                cls.create([{
                            'identity': str(uuid.uuid4()),
                            'session': session.id,
                            'database': share.database.id,
                            # Nobody is here to compare another.
                            'target_identity': share.database.target_identity,
                            'user_id': share.user_id,
                            'user_login': share.user_login,
                            'user_name': share.user_name,
                            'head_office_id': share.head_office_id,
                            'head_office_name': share.head_office_name,
                            'dik': share.dik,
                            'shared_at': utcnow(),
                            'shared_by': owner.id,
                            'expires': (
                                min(share.expires, session.end) if own_end
                                else session.end),
                            'state': SENDING,
                            'again': True,
                            }])
                continue
            failed.append((share, reason))
        return failed

    @classmethod
    def deliver(cls, share_id):
        if independent.run(cls._held, share_id):
            return False
        try:
            again = independent.run(cls._again, share_id)
            if again:
                cls._check_again(*again)
        except (
                ShareError, TargetKeyError, TargetUserError,
                TargetHeadOfficeError) as error:
            independent.run(cls._not_again, share_id, error.message)
            return False
        except MBankError as error:
            independent.run(cls._keep_message, share_id, error.message)
            return False
        return super().deliver(share_id)

    @classmethod
    def _held(cls, share_id):
        "Whether the target is to take the one that follows first"
        share = cls(share_id)
        session = share.session
        if (share.state != REVOKING
                or not session.superseded_by
                or session.ended + GRACE <= utcnow()):
            return False
        return bool(cls.search([
                    ('session', '=', session.superseded_by.id),
                    ('again', '=', True),
                    ('database', '=', share.database.id),
                    ('user_id', '=', share.user_id),
                    ('head_office_id', '=', share.head_office_id),
                    ('state', 'in', sorted(LIVE)),
                    ['OR', ('answer', '=', None), ('answer', '=', WAITING)],
                    ], limit=1))

    @classmethod
    def _again(cls, share_id):
        "What must still be so at the target, or None"
        share = cls(share_id)
        if not share.again or share.state != SENDING:
            return None
        return (
            share.database.id, share.user_id, share.user_login,
            share.head_office_id, share.dik)

    @classmethod
    def _check_again(cls, database, user, login, office, dik):
        "The preconditions of a share, as they are at the target now"
        pool = Pool()
        Database = pool.get('mbank.database')
        database = pool.get('mbank.external_database')(database)
        with database.connect() as there:
            database.require_key(there.identity(Database.get_identity()))
            receiver = there.user(login)
            head_office = there.head_office(office)
        if receiver.id != user or head_office.dik != dik:
            raise ShareError(gettext(
                    'mbank.msg_share_again_other', user=login, dik=dik))

    @classmethod
    def _not_again(cls, share_id, reason):
        share = cls(share_id)
        if share.state == SENDING:
            cls.write([share], {'state': REVOKED, 'message': reason})
            share._tell_not_again(reason)

    def _tell_not_again(self, reason):
        telling.tell(
            self, concerned(self.session),
            lambda share: gettext(
                'mbank.msg_share_again_failed_label', share=share.rec_name),
            lambda _: reason)


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @classmethod
    def switch(cls, session_id):
        Share = Pool().get('mbank.share')
        session = cls(session_id)
        shares = Share.search([
                ('session', 'in', [s.id for s in session.replaced]),
                ('state', 'in', sorted(LIVE)),
                ('expires', '>', utcnow()),
                ])
        old_ids = super().switch(session_id)
        # A received session is not shared on.
        if old_ids is None or not shares or session.shared_from:
            return old_ids
        failed = Share.share_again(shares, cls(session_id))
        for share, reason in failed:
            share._tell_not_again(reason)
        if len(failed) < len(shares):
            cls.write(
                cls.search([
                        ('id', 'in', old_ids), ('finish_pending', '=', True)]),
                {'finish_next': utcnow() + GRACE})
        return old_ids

    @classmethod
    @without_check_access
    def after_switch(cls, session_id, old_ids):
        Share = Pool().get('mbank.share')
        # The new before the end of the old.
        Share.deliver_of(cls.browse([session_id]))
        Share.deliver_of(cls.browse(old_ids))
        super().after_switch(session_id, old_ids)
