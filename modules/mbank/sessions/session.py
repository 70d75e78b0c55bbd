# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Long-lived sessions: the record and the DIKs it covers."""
import json

from sql import Null
from sql.operators import Equal
from trytond.i18n import gettext
from trytond.model import Exclude, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from .. import gateway
from ..clock import local_text, utcnow
from ..keyring import vault
from ..keyring.sealed import SealedMixin
from ..transitions import MovingMixin
from . import session_states
from .session_told import publish

#: What Tryton keeps of every record.
_OF_RECORD = frozenset([
        'id', 'create_uid', 'create_date', 'write_uid', 'write_date'])


class Session(SealedMixin, MovingMixin, ModelSQL, ModelView):
    __name__ = 'mbank.session'
    _sealed_fields = ('token',)
    _transitions = session_states.TRANSITIONS
    _first_states = frozenset([session_states.DRAFT])
    # Each is told of, and has its line in the history.
    _state_may_stay = False
    #: What a session is asked with. Nothing else is in a copy: not its life,
    #: not its secret, not what came of it.
    _copied = frozenset([
            'user', 'company', 'context_key', 'requested', 'bank_user',
            'kinds', 'certificate', 'certificate_subject', 'asked_end'])

    user = fields.Many2One('res.user', "User", required=True, readonly=True)
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True,
        help="The head office the session is kept for.\n"
        "Empty when it is kept for the database.")
    context_key = fields.Char("Context", required=True, readonly=True)
    state = fields.Selection(
        session_states.STATES, "State",
        required=True, readonly=True, sort=False)
    state_string = state.translated('state')
    requested = fields.DateTime("Requested", readonly=True)
    bank_user = fields.Char("User at mBank", readonly=True)
    certificate = fields.Many2One(
        'mbank.certificate', "Certificate", readonly=True,
        ondelete='SET NULL')
    certificate_subject = fields.Char("Signed by", readonly=True)
    kinds = fields.MultiSelection([
            (gateway.STATEMENTS, "Statements"),
            (gateway.PAYMENTS, "Payments"),
            ], "For", readonly=True, sort=False,
        help="What the session was asked for.\n"
        "Empty where it was asked for everything.")
    asked_end = fields.DateTime("End Asked For", readonly=True)
    end = fields.DateTime("End", readonly=True,
        help="The earliest of what the bank granted, the end of the "
        "certificate, the date asked for and the longest life.")
    bank_end = fields.DateTime("End at the Bank", readonly=True,
        states={
            'invisible': (
                ~Eval('bank_end') | (Eval('bank_end') == Eval('end'))),
            },
        help="What the bank granted. A session that ends here before is "
        "ended at the bank then.")
    reason = fields.Text("Reason", readonly=True,
        states={
            'invisible': ~Eval('reason'),
            })
    diks = fields.One2Many(
        'mbank.session.dik', 'session', "DIKs", readonly=True)
    token = fields.Binary("Token", readonly=True)
    shared_from = fields.Char("Shared from", readonly=True,
        states={
            'invisible': ~Eval('shared_from'),
            },
        help="The identity of the database the session was shared from.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('id', 'DESC')]
        table = cls.__table__()
        cls._sql_constraints += [
            ('live_exclude',
                Exclude(table,
                    (table.user, Equal),
                    (table.context_key, Equal),
                    where=table.state.in_(sorted(session_states.LIVE))),
                'mbank.msg_session_live_unique'),
            ('pending_exclude',
                Exclude(table,
                    (table.user, Equal),
                    (table.context_key, Equal),
                    # Those received wait beside it.
                    where=(
                        table.state.in_(sorted(session_states.PENDING))
                        & (table.shared_from == Null))),
                'mbank.msg_session_pending_unique'),
            ]

    @classmethod
    def default_state(cls):
        return session_states.DRAFT

    def get_rec_name(self, name):
        parts = [self.user.rec_name]
        if self.company:
            parts.append(self.company.rec_name)
        parts.append(self.state_string)
        if self.end:
            parts.append(gettext(
                    'mbank.msg_session_until',
                    end=local_text(self.end, self.company)))
        return ', '.join(parts)

    @classmethod
    def search_rec_name(cls, name, clause):
        return [('user.rec_name', *clause[1:])]

    # What a session may do

    @property
    def is_live(self):
        return self.state in session_states.LIVE and not self.is_past

    @property
    def is_past(self):
        return bool(self.end and self.end <= utcnow())

    def covers(self, dik):
        "Whether the bank granted the DIK"
        return any(d.granted and d.dik == dik for d in self.diks)

    @property
    def asked_kinds(self):
        "What the session was asked for: of old ones, all there is"
        return tuple(
            k for k in gateway.KINDS if not self.kinds or k in self.kinds)

    @property
    def asked_operations(self):
        return gateway.operations_of(self.asked_kinds)

    @classmethod
    def key_of(cls, company):
        "The context a session of the head office is kept in"
        Configuration = Pool().get('mbank.configuration')
        per_company, _ = Configuration.authorising_for(company.id)
        return 'company,%s' % company.id if per_company else 'database'

    @classmethod
    @without_check_access
    def live_of(cls, user, company):
        "The live session of the user in the head office's context, or None"
        sessions = cls.search([
                ('user', '=', int(user)),
                ('context_key', '=', cls.key_of(company)),
                ('state', 'in', sorted(session_states.LIVE)),
                ])
        return sessions[0] if sessions else None

    def open_token(self):
        "The token, or None, and the id of the owner, by one statement"
        table = self.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(
                table.token, table.user, where=table.id == self.id))
        sealed, owner = cursor.fetchone()
        return (
            vault.open(self, 'token', bytes(sealed))
            if sealed is not None else None), owner

    # States

    @classmethod
    def write(cls, *args):
        super().write(*args)
        actions = iter(args)
        for sessions, values in zip(actions, actions):
            if 'state' in values:
                for session in sessions:
                    publish(session)

    @classmethod
    def copy(cls, sessions, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('state', session_states.DRAFT)
        for name in cls._fields.keys() - cls._copied - _OF_RECORD:
            if not isinstance(cls._fields[name], fields.Function):
                default.setdefault(name)
        return super().copy(sessions, default=default)


class SessionDik(ModelSQL, ModelView):
    __name__ = 'mbank.session.dik'
    _rec_name = 'dik'

    session = fields.Many2One(
        'mbank.session', "Session", required=True, readonly=True,
        ondelete='CASCADE')
    dik = fields.Char("DIK", required=True, readonly=True)
    company = fields.Many2One(
        'company.company', "Head Office", readonly=True,
        ondelete='SET NULL')
    asked = fields.Boolean("Asked For", readonly=True)
    granted = fields.Boolean("Granted", readonly=True)
    operations = fields.Text("Operations", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('session')
        cls._order = [('dik', 'ASC'), ('id', 'ASC')]

    @classmethod
    def default_asked(cls):
        return False

    @classmethod
    def default_granted(cls):
        return False

    @property
    def operation_names(self):
        return json.loads(self.operations) if self.operations else []

    @property
    def granted_names(self):
        return self.operation_names if self.granted else []
