# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Shares of a session: given, followed, taken back."""
import uuid

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access

from .. import independent
from ..clock import local_text, utcnow
from ..exceptions import MBankError, ShareError, TargetKeyError
from ..keyring import vault
from ..rights import check_right, has_right
from ..sessions import session_states
from ..transitions import MovingMixin
from .share_message import REVOCATION, SHARE, ShareMessage, receiver_text
from .share_states import (
    ENDED, EXPIRED, LIVE, OUTGOING, REVOKED, REVOKING, SENDING, SHARED, STATES,
    TRANSITIONS)


class Share(MovingMixin, ModelSQL, ModelView):
    __name__ = 'mbank.share'
    _transitions = TRANSITIONS
    _first_states = frozenset([SENDING])

    identity = fields.Char("Identity", required=True, readonly=True)
    session = fields.Many2One(
        'mbank.session', "Session", required=True, readonly=True,
        ondelete='RESTRICT')
    database = fields.Many2One(
        'mbank.external_database', "Target Database", required=True,
        readonly=True, ondelete='RESTRICT')
    target_identity = fields.Text(
        "Identity of the Target", required=True, readonly=True)
    user_id = fields.Integer("User's Number There", required=True,
        readonly=True)
    user_login = fields.Char("Login There", required=True, readonly=True)
    user_name = fields.Char("User There", readonly=True)
    head_office_id = fields.Integer("Head Office's Number There",
        required=True, readonly=True)
    head_office_name = fields.Char("Head Office There", readonly=True)
    dik = fields.Char("DIK", required=True, readonly=True)
    shared_at = fields.DateTime("Shared at", required=True, readonly=True)
    shared_by = fields.Many2One(
        'res.user', "Shared by", readonly=True, ondelete='RESTRICT')
    expires = fields.DateTime("Expires", required=True, readonly=True,
        help="Never after the end of the session.")
    state = fields.Selection(
        STATES, "State", required=True, readonly=True, sort=False)
    state_string = state.translated('state')
    message = fields.Text("Message", readonly=True,
        states={
            'invisible': ~Eval('message'),
            })
    request = fields.Char("Request", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('shared_at', 'DESC'), ('id', 'DESC')]
        table = cls.__table__()
        cls._sql_constraints += [
            ('identity_unique', Unique(table, table.identity),
                'mbank.msg_share_once'),
            ('request_unique', Unique(table, table.request),
                'mbank.msg_share_once'),
            ]
        cls._buttons.update({
                'revoke': {
                    'invisible': ~Eval('state').in_(sorted(LIVE)),
                    'depends': ['state'],
                    'icon': 'tryton-cancel',
                    },
                })

    def get_rec_name(self, name):
        return gettext(
            'mbank.msg_share_name',
            user=self.user_name or self.user_login,
            head_office=self.head_office_name or self.dik,
            database=self.database.name)

    @classmethod
    def search_rec_name(cls, name, clause):
        return ['OR',
            ('user_name', *clause[1:]),
            ('user_login', *clause[1:]),
            ('head_office_name', *clause[1:]),
            ]

    # Sharing

    @classmethod
    def check_session(cls, session):
        """Refuse a session that the user may not share.

        It must be the user's own, live, and made in this database: a received
        one is not shared on.
        """
        if session is None:
            raise ShareError(gettext('mbank.msg_share_no_session'))
        if session.shared_from:
            raise ShareError(gettext(
                    'mbank.msg_share_received', session=session.rec_name))
        if session.user.id != Transaction().user:
            raise ShareError(gettext(
                    'mbank.msg_share_not_own', session=session.rec_name))
        if not session.is_live:
            raise ShareError(gettext(
                    'mbank.msg_share_not_live', session=session.rec_name))

    @classmethod
    def check_covered(cls, session, office):
        "Refuse a head office of the target that the session does not cover"
        if not session.covers(office.dik):
            raise ShareError(gettext(
                    'mbank.msg_share_not_covered',
                    session=session.rec_name,
                    head_office=office.name,
                    dik=office.dik))

    @classmethod
    @without_check_access
    def share(
            cls, session, database, login, head_office, until=None,
            request=None):
        """Share the session with a user of the target; returns the share's id.

        login and head_office (its id) are those of the target, until a naive
        datetime in UTC at which the share ends before the session does.
        Each precondition has its own message. Nothing is kept if the target
        has not been told.
        """
        Database = Pool().get('mbank.database')
        check_right('group_share')
        cls.check_session(session)
        vault.check()
        if not database.active:
            raise ShareError(gettext(
                    'mbank.msg_share_profile_inactive',
                    profile=database.rec_name))
        with database.connect() as there:
            target = there.identity(Database.get_identity())
            database.require_key(target)
            user = there.user(login)
            office = there.head_office(head_office)
        cls.check_covered(session, office)
        share_id = independent.run(
            cls._begin, session.id,
            identity=str(uuid.uuid4()),
            database=database.id,
            target_identity=target.public_identity,
            user_id=user.id,
            user_login=user.login,
            user_name=user.name,
            head_office_id=office.id,
            head_office_name=office.name,
            dik=office.dik,
            expires=min(filter(None, [session.end, until])),
            shared_by=Transaction().user or None,
            request=request)
        try:
            cls._tell(share_id)
        except MBankError as error:
            if error.outcome == 'unknown':
                independent.run(cls._keep_message, share_id, error.message)
            else:
                independent.run(cls._discard, share_id)
                raise
        return share_id

    @classmethod
    def _begin(cls, session_id, **values):
        "Store the intent; the session may have ended in the meantime"
        Session = Pool().get('mbank.session')
        session = Session(session_id)
        Transaction().lock_records(Session._table, [session_id])
        if not session.is_live:
            raise ShareError(gettext(
                    'mbank.msg_share_not_live', session=session.rec_name))
        if values['expires'] <= utcnow():
            raise ShareError(gettext(
                    'mbank.msg_share_expired_before',
                    expires=local_text(values['expires'], session.company)))
        share, = cls.create([{
                    **values,
                    'session': session_id,
                    'shared_at': utcnow(),
                    'state': SENDING,
                    }])
        return share.id

    @classmethod
    def _discard(cls, share_id):
        cls.delete([cls(share_id)])

    @classmethod
    def _keep_message(cls, share_id, message):
        cls.write([cls(share_id)], {'message': message})

    # Telling the target

    @classmethod
    def _tell(cls, share_id):
        """Put what is outgoing into the target's inbox.

        Told twice, if this process dies before it is noted, it is opened once.
        """
        outgoing = independent.run(cls._outgoing, share_id)
        if outgoing is None:
            return
        state, database_id, source, envelope = outgoing
        Database = Pool().get('mbank.external_database')
        database = Database(database_id)
        with database.connect() as there:
            # Another database would take it, and say nothing.
            database.require_key(there.key(source))
            there.post(source, envelope)
        independent.run(cls._told, share_id, state)

    @classmethod
    def _outgoing(cls, share_id):
        "What is to be told: (state, profile, source, envelope), or None"
        Database = Pool().get('mbank.database')
        share = cls(share_id)
        if share.state not in OUTGOING:
            return None
        target = share.database.target_identity
        if not target:
            raise TargetKeyError(gettext(
                    'mbank.msg_share_key_unpinned',
                    profile=share.database.rec_name))
        if share.state == REVOKING:
            # To the key it has now, for it holds no secret; but to the same
            # database, or the one that has the session is not told.
            _, there, _ = vault.read_identity(target)
            _, told, _ = vault.read_identity(share.target_identity)
            if there != told:
                raise TargetKeyError(gettext(
                        'mbank.msg_share_key_other',
                        profile=share.database.rec_name))
            message = ShareMessage(REVOCATION, share.identity)
        else:
            if share.target_identity != target:
                raise TargetKeyError(gettext(
                        'mbank.msg_share_key_other',
                        profile=share.database.rec_name))
            session = share.session
            message = ShareMessage(
                SHARE, share.identity,
                dik=share.dik,
                operations=tuple(
                    operation for d in session.diks
                    if d.granted and d.dik == share.dik
                    for operation in d.operation_names),
                bank_user=session.bank_user or '',
                signed_by=session.certificate_subject or '',
                token=vault.open_stored(session, 'token') or b'')
        envelope = vault.seal_share(
            target,
            session=share.session.id,
            user=receiver_text(share.user_id, share.user_login),
            head_office=receiver_text(share.head_office_id, share.dik),
            expires=share.expires,
            payload=message.to_bytes())
        return share.state, share.database.id, Database.get_identity(), envelope

    @classmethod
    def _told(cls, share_id, state):
        share = cls(share_id)
        # It may have been revoked while the target was told.
        if share.state == state:
            cls.write([share], {
                    'state': SHARED if state == SENDING else REVOKED,
                    'message': None,
                    })

    # Revoking

    @classmethod
    @ModelView.button
    def revoke(cls, shares):
        user = Transaction().user
        if not has_right('group_session_manage'):
            check_right('group_share')
            for share in shares:
                if user and share.session.user.id != user:
                    raise AccessError(gettext(
                            'mbank.msg_session_not_owner',
                            session=share.session.rec_name))
        for share in shares:
            independent.run(cls._begin_revocation, share.id)
        for share in shares:
            cls.deliver(share.id)

    @classmethod
    def _begin_revocation(cls, share_id):
        share = cls(share_id)
        if share.state in LIVE:
            cls.write([share], {'state': REVOKING})

    @classmethod
    @without_check_access
    def end_of_session(cls, session):
        "The session has ended: what was shared of it ends"
        for share in cls.search([
                    ('session', '=', session.id),
                    ('state', 'in', sorted(LIVE)),
                    ]):
            cls.write([share], {
                    'state': (
                        EXPIRED if share.expires <= utcnow() else REVOKING),
                    })

    @classmethod
    def give_up(cls, reason):
        "Let go of all shares without telling the targets"
        shares = cls.search([('state', 'in', sorted(LIVE | OUTGOING))])
        cls.write(shares, {'state': REVOKED, 'message': reason})

    @classmethod
    def deliver(cls, share_id):
        """Tell the target what is outgoing; returns whether it was told.

        An error is kept with the share for the next try and not raised.
        """
        try:
            cls._tell(share_id)
        except MBankError as error:
            independent.run(cls._keep_message, share_id, error.message)
            return False
        return True

    @classmethod
    @without_check_access
    def deliver_of(cls, sessions):
        "Tell the targets at once that the sessions have ended"
        def outgoing():
            return [s.id for s in cls.search([
                        ('session', 'in', [s.id for s in sessions]),
                        ('state', 'in', sorted(OUTGOING)),
                        ])]
        for share_id in independent.run(outgoing):
            cls.deliver(share_id)

    @classmethod
    @without_check_access
    def deliver_all(cls):
        "Expire, and tell the targets what they have not been told yet"
        def open_shares():
            return [(s.id, s.expires) for s in cls.search([
                        ('state', 'in', sorted(LIVE | OUTGOING)),
                        ])]
        for share_id, expires in independent.run(open_shares):
            if expires <= utcnow():
                independent.run(cls._expire, share_id)
            else:
                cls.deliver(share_id)

    @classmethod
    def _expire(cls, share_id):
        share = cls(share_id)
        # Another process may have been first.
        if share.state not in ENDED:
            cls.write([share], {'state': EXPIRED, 'message': None})


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    shares = fields.One2Many(
        'mbank.share', 'session', "Shares", readonly=True,
        states={
            'invisible': ~Eval('shares', []),
            })
    sharing = fields.Function(fields.Char("Sharing"), 'get_sharing_text')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'share': {
                    'invisible': (
                        ~Eval('state').in_(sorted(session_states.LIVE))
                        | Bool(Eval('shared_from'))),
                    'depends': ['state', 'shared_from'],
                    'icon': 'tryton-forward',
                    },
                })

    def get_sharing_text(self, name):
        if self.shared_from:
            return gettext('mbank.msg_session_received')
        if not self.shares:
            return gettext('mbank.msg_session_unshared')
        return gettext('mbank.msg_session_shares', count=len(self.shares))

    @classmethod
    @ModelView.button_action('mbank.wizard_session_share')
    def share(cls, sessions):
        check_right('group_share')

    @classmethod
    def copy(cls, sessions, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('shares', None)
        return super().copy(sessions, default=default)

    def _end(self, state, reason, **values):
        Share = Pool().get('mbank.share')
        super()._end(state, reason, **values)
        Share.end_of_session(self)

    @classmethod
    def give_up(cls, reason):
        # They are those of the database this one was copied from.
        Pool().get('mbank.share').give_up(reason)
        super().give_up(reason)

    @classmethod
    def tell_ended(cls, session_ids):
        Share = Pool().get('mbank.share')
        super().tell_ended(session_ids)
        Share.deliver_of(cls.browse(session_ids))
