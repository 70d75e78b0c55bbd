# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What other databases have put in: shares of sessions, and their revocations.

Whoever has the connection string can write rows, any rows. What becomes of a
row is decided in two steps: inbox_triage looks at many, changes nothing for
good ones and marks the bad; then each good one is opened here, revocations
first. Whatever goes wrong with one row marks that row, and the rest goes on.
"""
import logging

from trytond import backend
from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import Index, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .. import independent
from ..clock import utcnow
from ..exceptions import (
    DatabaseNotAdoptedError, KeyRingError, ShareEnvelopeError,
    ShareRefusedError)
from ..rights import check_right, has_right
from ..transitions import MovingMixin
from . import share_proof
from .inbox_states import OPENED, RECEIVED, REFUSED, STATES, TRANSITIONS
from .inbox_triage import MOST_TRIES, Triage, open_envelope
from .share_message import REVOCATION, SHARE, read_receiver

#: Shares that are opened at most in one run; revocations are all.
MOST_SHARES = 200

logger = logging.getLogger(__name__)


def check_receiver():
    "Refuse who neither may have sessions nor administers the plugin"
    if not has_right('group_mbank_admin'):
        check_right('group_session_create')


class ShareInbox(MovingMixin, ModelSQL, ModelView):
    __name__ = 'mbank.share.inbox'
    _rec_name = 'source'
    _transitions = TRANSITIONS
    _first_states = frozenset([RECEIVED])

    # These two are written from outside, by a role that may do nothing else.
    source = fields.Char("From Database", readonly=True)
    envelope = fields.Binary("Envelope", readonly=True)

    source_name = fields.Function(
        fields.Char("From"), 'get_source_name')
    state = fields.Selection(STATES, "State", readonly=True, sort=False)
    kind = fields.Selection([
            (None, ""),
            (SHARE, "Share"),
            (REVOCATION, "Revocation"),
            ], "Kind", readonly=True, sort=False)
    share_identity = fields.Char("Share", readonly=True)
    # The source reads this one back, by the identity of its share.
    answer = fields.Selection([
            (None, ""),
            (share_proof.WAITING, "Waiting"),
            (share_proof.IN_FORCE, "In Force"),
            (share_proof.REFUSED, "Refused"),
            (share_proof.ENDED, "Ended"),
            ], "Answer", readonly=True, sort=False)
    tries = fields.Integer("Tries", readonly=True)
    opened_at = fields.DateTime("Opened at", readonly=True)
    session = fields.Many2One(
        'mbank.session', "Session", readonly=True, ondelete='SET NULL')
    reason = fields.Text("Reason", readonly=True,
        states={
            'invisible': ~Eval('reason'),
            })

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('id', 'DESC')]
        table = cls.__table__()
        cls._sql_indexes.update({
                Index(table, (table.state, Index.Equality())),
                Index(table, (table.share_identity, Index.Equality())),
                })
        cls._buttons.update({
                'receive': {
                    'invisible': Eval('state') == OPENED,
                    'depends': ['state'],
                    'icon': 'tryton-import',
                    },
                })

    @classmethod
    def get_source_name(cls, rows, name):
        Source = Pool().get('mbank.trusted_source')
        with without_check_access():
            names = {
                s.identity: s.name for s in Source.search([
                        ('identity', 'in', [r.source for r in rows])])}
        return {r.id: names.get(r.source) for r in rows}

    # Receiving

    @classmethod
    @ModelView.button
    def receive(cls, rows):
        check_receiver()
        revocations, shares = Triage(only=[r.id for r in rows]).run()
        cls._receive_each(revocations + shares)

    @classmethod
    @without_check_access
    def receive_all(cls):
        """Open what has come; returns the numbers of opened and refused rows.

        Also tries again to prove what was opened lately.
        """
        Session = Pool().get('mbank.session')
        triage = Triage()
        revocations, shares = triage.run()
        opened, refused = cls._receive_each(
            revocations + shares[:MOST_SHARES])
        refused += triage.refused
        if refused:
            independent.run(triage.tell, refused)
        Session.prove_received(independent.run(Session.received_lately))
        return opened, refused

    @classmethod
    @without_check_access
    def _receive_each(cls, ids):
        """Open the rows, then ask the bank about what was opened.

        Returns the numbers of opened and refused rows.
        """
        Session = Pool().get('mbank.session')
        results = [cls._receive(id) for id in ids]
        Session.prove_received(
            [session_id for _, session_id in results if session_id])
        states = [state for state, _ in results]
        return states.count(OPENED), states.count(REFUSED)

    @classmethod
    def _receive(cls, row_id):
        """Open the row, or mark it with the reason.

        Returns its state and the id of the session to be proven, or None.
        What is only for now (the key ring is away) leaves the row as it is,
        with the reason, for the next time.
        """
        try:
            return independent.run(cls._open, row_id)
        except (ShareRefusedError, ShareEnvelopeError) as error:
            state = cls._marked(row_id, error.message, refused=True)
        except (KeyRingError, DatabaseNotAdoptedError) as error:
            state = cls._marked(row_id, error.message)
        except UserError as error:
            state = cls._marked(row_id, error.message, counted=True)
        except Exception:
            logger.exception("row %s of the inbox of shares", row_id)
            state = cls._marked(
                row_id, gettext('mbank.msg_inbox_failed'), counted=True)
        return state, None

    @classmethod
    def _marked(cls, row_id, *args, **kwargs):
        "Mark the row, if that can be done; returns its state"
        try:
            return independent.run(cls._mark, row_id, *args, **kwargs)
        except (UserError, backend.DatabaseOperationalError):
            logger.exception("row %s of the inbox of shares", row_id)
            return None

    @classmethod
    def _mark(cls, row_id, reason, refused=False, counted=False):
        row = cls(row_id)
        if row.state == OPENED:
            return OPENED
        values = {'reason': reason}
        if counted:
            values['tries'] = (row.tries or 0) + 1
            refused = values['tries'] >= MOST_TRIES
        if refused:
            values['state'] = REFUSED
        cls.write([row], values)
        return row.state

    @classmethod
    def _open(cls, row_id):
        """All of one envelope in one transaction.

        Returns the row's state and the id of the session that is to be
        proven, or None.
        """
        row = cls(row_id)
        cls.lock([row])
        if row.state == OPENED:
            return OPENED, None
        info, message = row._open_envelope()
        known = {'kind': message.kind, 'share_identity': message.share}
        session = None
        if message.kind == REVOCATION:
            session = row._session_of(message)
            if session:
                session.take_back(gettext('mbank.msg_inbox_revoked'))
        else:
            try:
                session = row._take_share(info, message)
            except ShareRefusedError as error:
                # It is the source's, which is told that it was refused.
                cls.write([row], {
                        **known,
                        'state': REFUSED,
                        'answer': share_proof.REFUSED,
                        'reason': error.message,
                        })
                return REFUSED, None
        cls.write([row], {
                **known,
                'state': OPENED,
                'answer': (
                    share_proof.WAITING if message.kind == SHARE else None),
                'opened_at': utcnow(),
                'session': session.id if session else None,
                'reason': None,
                })
        return OPENED, session.id if message.kind == SHARE else None

    def _open_envelope(self):
        "What is in the envelope, if a trusted source has made it"
        Source = Pool().get('mbank.trusted_source')
        source = Source.trusted().get(self.source)
        if source is None:
            raise ShareRefusedError(gettext('mbank.msg_inbox_untrusted'))
        return open_envelope(source, bytes(self.envelope or b''))

    def _request(self, message):
        "Unique among sessions: a share is opened once"
        return 'share,%s,%s' % (self.source, message.share)

    def _session_of(self, message):
        Session = Pool().get('mbank.session')
        sessions = Session.search([
                ('request', '=', self._request(message))])
        return sessions[0] if sessions else None

    def _take_share(self, info, message):
        "The session of the share, which waits for its proof"
        Session = Pool().get('mbank.session')
        if self._session_of(message) or self._was_opened(message):
            raise ShareRefusedError(gettext('mbank.msg_inbox_replayed'))
        company = self._find_head_office(info, message)
        return Session.keep_received(
            self._find_user(info), company, message.dik, message.operations,
            message.token, info['expires'],
            bank_user=message.bank_user or None,
            certificate_subject=message.signed_by or None,
            request=self._request(message),
            shared_from=info['source'])

    def _was_opened(self, message):
        "Whether the share, or its revocation, was opened before"
        return bool(self.search([
                    ('source', '=', self.source),
                    ('share_identity', '=', message.share),
                    ('state', '=', OPENED),
                    ], limit=1))

    def _find_user(self, info):
        "The user the share is for, who must still have the right"
        User = Pool().get('res.user')
        id, login = self._receiver(info['user'])
        users = User.search([('id', '=', id), ('login', '=', login)])
        if not users:
            raise ShareRefusedError(gettext(
                    'mbank.msg_inbox_user', user=login))
        user, = users
        if not has_right('group_session_create', user.id):
            raise ShareRefusedError(gettext(
                    'mbank.msg_inbox_right', user=user.rec_name))
        return user

    def _find_head_office(self, info, message):
        "The head office the share is for, which must still have the DIK"
        Company = Pool().get('company.company')
        id, dik = self._receiver(info['head_office'])
        companies = Company.search([('id', '=', id)])
        if (not companies
                or companies[0].mbank_dik != dik or message.dik != dik):
            raise ShareRefusedError(gettext(
                    'mbank.msg_inbox_head_office', dik=message.dik))
        return companies[0]

    def _receiver(self, text):
        try:
            return read_receiver(text)
        except ValueError:
            raise ShareRefusedError(gettext(
                    'mbank.msg_inbox_content',
                    source=self.source_name or self.source)) from None


class ReceiveShares(Wizard):
    __name__ = 'mbank.share.receive'
    start_state = 'receive'

    receive = StateTransition()
    result = StateView(
        'mbank.share.receive.result',
        'mbank.share_receive_result_view_form', [
            Button("Close", 'end', 'tryton-close', default=True),
            ])

    @classmethod
    def check_access(cls):
        super().check_access()
        check_receiver()

    def transition_receive(self):
        ShareInbox = Pool().get('mbank.share.inbox')
        check_receiver()
        self.result.opened, self.result.refused = ShareInbox.receive_all()
        return 'result'

    def default_result(self, fields):
        return {
            'opened': self.result.opened,
            'refused': self.result.refused,
            }


class ReceiveSharesResult(ModelView):
    __name__ = 'mbank.share.receive.result'

    opened = fields.Integer("Opened", readonly=True)
    refused = fields.Integer("Refused", readonly=True)
