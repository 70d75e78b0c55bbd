# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.exceptions import UserError
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Unique, fields)
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from . import independent, session_states, vault
from .exceptions import MBankError, ShareEnvelopeError, ShareRefusedError
from .rights import check_right, has_right
from .session import utcnow
from .share_message import REVOCATION, SHARE, ShareMessage, read_receiver

OPENED = 'opened'
REFUSED = 'refused'


def check_receiver():
    "Refuse who neither may have sessions nor administers the plugin"
    if not has_right('group_mbank_admin'):
        check_right('group_session_create')


class TrustedSource(DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'mbank.trusted_source'

    name = fields.Char("Name", required=True)
    public_identity = fields.Text("Public Identity", required=True,
        help="As the other database shows it under "
        "\"Identity of this Database\".")
    identity = fields.Char("Identity", readonly=True)
    fingerprint = fields.Function(fields.Char("Fingerprint",
            help="Compare it with the one the other database shows."),
        'on_change_with_fingerprint')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('name', 'ASC'), ('id', 'ASC')]
        table = cls.__table__()
        cls._sql_constraints += [
            ('identity_unique', Unique(table, table.identity),
                'mbank.msg_trusted_source_unique'),
            ]

    @fields.depends('public_identity')
    def on_change_with_fingerprint(self, name=None):
        try:
            _, fingerprint = vault.describe_identity(self.public_identity)
        except MBankError:
            return None
        return fingerprint

    @classmethod
    def preprocess_values(cls, mode, values):
        values = super().preprocess_values(mode, values)
        values.pop('identity', None)
        if 'public_identity' in values:
            text = (values['public_identity'] or '').strip()
            values['public_identity'] = text
            values['identity'], _ = vault.describe_identity(text)
        return values


class ShareInbox(ModelSQL, ModelView):
    __name__ = 'mbank.share.inbox'
    _rec_name = 'source'

    # These two are written from outside, by a role that may do nothing else.
    source = fields.Char("From Database", readonly=True)
    envelope = fields.Binary("Envelope", readonly=True)

    source_name = fields.Function(
        fields.Char("From"), 'get_source_name')
    state = fields.Selection([
            (None, "Received"),
            (OPENED, "Opened"),
            (REFUSED, "Refused"),
            ], "State", readonly=True, sort=False)
    kind = fields.Selection([
            (None, ""),
            (SHARE, "Share"),
            (REVOCATION, "Revocation"),
            ], "Kind", readonly=True, sort=False)
    share_identity = fields.Char("Share", readonly=True)
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
        for row in rows:
            cls._receive(row.id)

    @classmethod
    @without_check_access
    def receive_all(cls):
        "Open what has come; returns the numbers of opened and refused rows"
        def waiting():
            return [r.id for r in cls.search(
                    [('state', '=', None)], order=[('id', 'ASC')])]
        results = [cls._receive(id) for id in independent.run(waiting)]
        return results.count(OPENED), results.count(REFUSED)

    @classmethod
    def _receive(cls, row_id):
        """Open the row, or mark it with the reason; returns its state.

        What is only for now (the key ring is away, the user is just making a
        session) leaves the row as it is, with the reason, for the next time.
        """
        Session = Pool().get('mbank.session')
        try:
            superseded = independent.run(cls._open, row_id)
        except (ShareRefusedError, ShareEnvelopeError) as error:
            independent.run(cls._mark, row_id, error.message, state=REFUSED)
            return REFUSED
        except UserError as error:
            independent.run(cls._mark, row_id, error.message)
            return None
        if superseded is not None:
            # What it cannot end now is ended by the regular check.
            Session.finish(Session(superseded))
        return OPENED

    @classmethod
    def _mark(cls, row_id, reason, **values):
        row = cls(row_id)
        if row.state != OPENED:
            cls.write([row], {**values, 'reason': reason})

    @classmethod
    def _open(cls, row_id):
        """All of one envelope in one transaction.

        Returns the id of the user's session to be ended at the bank, or None.
        """
        row = cls(row_id)
        cls.lock([row])
        if row.state == OPENED:
            return None
        info, message = row._open_envelope()
        if message.kind == REVOCATION:
            session, superseded = row._take_back(info, message)
        else:
            session, superseded = row._take_share(info, message)
        cls.write([row], {
                'state': OPENED,
                'kind': message.kind,
                'share_identity': message.share,
                'opened_at': utcnow(),
                'session': session.id if session else None,
                'reason': None,
                })
        return superseded

    def _open_envelope(self):
        "What is in the envelope, if a trusted source has made it"
        Source = Pool().get('mbank.trusted_source')
        sources = Source.search([('identity', '=', self.source)])
        if not self.source or not sources:
            raise ShareRefusedError(gettext(
                    'mbank.msg_inbox_untrusted', source=self.source or '-'))
        source, = sources
        info, content = vault.open_share(
            source.public_identity, bytes(self.envelope or b''))
        if info['source'] != self.source:
            raise ShareRefusedError(gettext('mbank.msg_share_forged'))
        try:
            return info, ShareMessage.from_bytes(content)
        except ValueError:
            raise ShareRefusedError(gettext(
                    'mbank.msg_inbox_content', source=source.name)) from None

    def _request(self, message):
        "Unique among sessions: a share is opened once"
        return 'share,%s,%s' % (self.source, message.share)

    def _session_of(self, message):
        Session = Pool().get('mbank.session')
        sessions = Session.search([
                ('request', '=', self._request(message))])
        return sessions[0] if sessions else None

    def _take_back(self, info, message):
        session = self._session_of(message)
        if session and session.state in session_states.LIVE:
            session._end(
                session_states.REVOKED,
                gettext('mbank.msg_inbox_revoked'))
            session._tell('mbank.msg_session_ended_label')
        return session, None

    def _take_share(self, info, message):
        Session = Pool().get('mbank.session')
        if self._session_of(message) or self._was_opened(message):
            raise ShareRefusedError(gettext('mbank.msg_inbox_replayed'))
        user = self._find_user(info)
        company = self._find_head_office(info, message)
        key = Session.key_of(company)
        Session._drop_stale(user.id, key)
        if Session.search([
                    ('user', '=', user.id),
                    ('context_key', '=', key),
                    ('state', 'in', sorted(session_states.PENDING)),
                    ]):
            raise MBankError(gettext(
                    'mbank.msg_inbox_user_busy', user=user.rec_name))
        session, = Session.create([{
                    'user': user.id,
                    'company': company.id if key != 'database' else None,
                    'context_key': key,
                    'requested': utcnow(),
                    'bank_user': message.bank_user or None,
                    'certificate_subject': message.signed_by or None,
                    'asked_end': info['expires'],
                    'request': self._request(message),
                    'shared_from': info['source'],
                    'diks': [('create', [{
                                    'dik': message.dik,
                                    'company': company.id,
                                    'asked': True,
                                    }])],
                    }])
        old_id = Session.activate(
            session.id, message.token, info['expires'],
            {message.dik: list(message.operations)})
        if old_id is not None and Session(old_id).finish_pending:
            return session, old_id
        return session, None

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
                    'mbank.msg_inbox_content', source=self.source)) from None


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
