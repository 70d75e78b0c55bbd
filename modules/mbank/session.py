# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
import datetime as dt
import json
from zoneinfo import ZoneInfo

from sql.operators import Equal
from trytond.i18n import gettext
from trytond.model import Exclude, ModelSQL, ModelView, Unique, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from . import gateway, independent, session_states, vault
from .exceptions import (
    MBankError, SessionInvalidError, SessionTransitionError)
from .rights import has_right
from .sealed import SealedMixin

#: An intent older than this was left by a process that died, unless a signing
#: job holds it: two signatures and four calls take far less.
PENDING_LIFE = dt.timedelta(minutes=15)
#: The bank's own zone, for head offices that have none.
BANK_ZONE = 'Europe/Warsaw'


def utcnow():
    "The time as the database keeps it: naive, UTC, whole seconds"
    return dt.datetime.now(dt.timezone.utc).replace(
        tzinfo=None, microsecond=0)


def zone_of(company):
    "The time zone of the head office"
    name = company.timezone if company else None
    return ZoneInfo(name or BANK_ZONE)


def local_text(time, company=None):
    "A stored time as a person of the head office reads it"
    Lang = Pool().get('ir.lang')
    lang = Lang.get()
    time = time.replace(tzinfo=dt.timezone.utc).astimezone(zone_of(company))
    return lang.strftime(time, lang.date + ' %H:%M')


class Session(SealedMixin, ModelSQL, ModelView):
    __name__ = 'mbank.session'
    _sealed_fields = ('token',)

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
    asked_end = fields.DateTime("End Asked For", readonly=True)
    end = fields.DateTime("End", readonly=True,
        help="The earliest of what the bank granted, the end of the "
        "certificate, the date asked for and the longest life.")
    activated = fields.DateTime("Active Since", readonly=True,
        states={
            'invisible': ~Eval('activated'),
            })
    ended = fields.DateTime("Ended", readonly=True,
        states={
            'invisible': ~Eval('ended'),
            })
    reason = fields.Text("Reason", readonly=True,
        states={
            'invisible': ~Eval('reason'),
            })
    diks = fields.One2Many(
        'mbank.session.dik', 'session', "DIKs", readonly=True)
    difference = fields.Function(fields.Text(
            "Granted Otherwise",
            states={
                'invisible': ~Eval('difference'),
                },
            help="What the bank granted other than it was asked for."),
        'get_difference')
    token = fields.Binary("Token", readonly=True)
    request = fields.Char("Request", readonly=True)
    finish_pending = fields.Boolean("To End at the Bank", readonly=True,
        states={
            'invisible': ~Eval('finish_pending'),
            },
        help="Locked here; the bank is asked again until it has ended it.")
    finish_message = fields.Text("Bank's Answer to the Ending", readonly=True,
        states={
            'invisible': ~Eval('finish_message'),
            })
    superseded_by = fields.Many2One(
        'mbank.session', "Superseded by", readonly=True, ondelete='SET NULL',
        states={
            'invisible': ~Eval('superseded_by'),
            })
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
                    where=table.state.in_(sorted(session_states.PENDING))),
                'mbank.msg_session_pending_unique'),
            ('request_unique',
                Unique(table, table.request),
                'mbank.msg_session_pending_unique'),
            ]
        cls._buttons.update({
                'revoke': {
                    'invisible': ~Eval('state').in_(
                        sorted(session_states.LIVE)),
                    'depends': ['state'],
                    'icon': 'tryton-cancel',
                    },
                })

    @classmethod
    def default_state(cls):
        return session_states.DRAFT

    @classmethod
    def default_finish_pending(cls):
        return False

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

    def get_difference(self, name):
        if self.state in session_states.PENDING or not self.activated:
            return None
        lines = []
        if self.end and self.asked_end and self.end < self.asked_end:
            lines.append(gettext(
                    'mbank.msg_session_shorter',
                    end=local_text(self.end, self.company),
                    asked=local_text(self.asked_end, self.company)))
        for dik in self.diks:
            if not dik.asked:
                lines.append(gettext(
                        'mbank.msg_session_dik_unasked', dik=dik.dik))
            elif not dik.granted:
                lines.append(gettext(
                        'mbank.msg_session_dik_refused', dik=dik.dik))
            elif missing := (
                    gateway.SESSION_OPERATIONS - set(dik.operation_names)):
                lines.append(gettext(
                        'mbank.msg_session_operations_missing',
                        dik=dik.dik,
                        operations=', '.join(sorted(missing))))
        return '\n'.join(lines) or None

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

    def allows(self, dik, operation):
        "Whether the bank granted the operation for the DIK"
        return any(
            d.granted and d.dik == dik and operation in d.operation_names
            for d in self.diks)

    @classmethod
    def key_of(cls, company):
        "The context a session of the head office is kept in"
        Configuration = Pool().get('mbank.configuration')
        if Configuration(1).credentials_per_company:
            return 'company,%s' % company.id
        return 'database'

    @classmethod
    @without_check_access
    def live_of(cls, user, company):
        "The live session of the user in the head office's context, or None"
        sessions = cls.search([
                ('user', '=', int(user)),
                ('context_key', '=', cls.key_of(company)),
                ('state', 'in', sorted(session_states.LIVE)),
                ], limit=1)
        return sessions[0] if sessions else None

    # States

    @classmethod
    def create(cls, vlist):
        for values in vlist:
            if values.get('state', session_states.DRAFT) != (
                    session_states.DRAFT):
                raise SessionTransitionError(gettext(
                        'mbank.msg_session_transition',
                        before=session_states.DRAFT,
                        after=values['state']))
        return super().create(vlist)

    @classmethod
    def write(cls, *args):
        actions = iter(args)
        for sessions, values in zip(actions, actions):
            if 'state' not in values:
                continue
            for session in sessions:
                if not session_states.allowed(
                        session.state, values['state']):
                    raise SessionTransitionError(gettext(
                            'mbank.msg_session_transition',
                            before=session.state,
                            after=values['state']))
        super().write(*args)

    @classmethod
    def copy(cls, sessions, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('state', session_states.DRAFT)
        for name in ['request', 'finish_pending', 'finish_message',
                'superseded_by', 'shared_from', 'activated', 'ended', 'end',
                'reason']:
            default.setdefault(name)
        return super().copy(sessions, default=default)

    @classmethod
    def begin(cls, diks, **values):
        """Store the intent to make a session; returns its id.

        diks are (dik, id of the head office or None).
        """
        cls._drop_stale(values['user'], values['context_key'])
        session, = cls.create([{
                    **values,
                    'requested': utcnow(),
                    'diks': [('create', [{
                                    'dik': dik,
                                    'company': company,
                                    'asked': True,
                                    } for dik, company in diks])],
                    }])
        cls.write([session], {'state': session_states.AWAITING})
        return session.id

    @classmethod
    def _drop_stale(cls, user, context_key):
        SigningJob = Pool().get('mbank.signing.job')
        for session in cls.search([
                    ('user', '=', user),
                    ('context_key', '=', context_key),
                    ('state', 'in', sorted(session_states.PENDING)),
                    ]):
            # One that is signed elsewhere ends with its signing job.
            if (session.requested < utcnow() - PENDING_LIFE
                    and not SigningJob.holds(session.id)):
                cls.refuse(
                    session.id, gettext('mbank.msg_session_outcome_unknown'))

    @classmethod
    def activate(cls, session_id, token, end, granted):
        """Store what the bank made, in place of the session there was.

        granted maps the DIKs to the names of their operations. Returns the
        id of the session that was superseded, or None.
        """
        Dik = Pool().get('mbank.session.dik')
        session = cls(session_id)
        old = cls.search([
                ('user', '=', session.user.id),
                ('context_key', '=', session.context_key),
                ('state', 'in', sorted(session_states.LIVE)),
                ])
        for other in old:
            other._end(
                session_states.SUPERSEDED,
                gettext('mbank.msg_session_superseded'),
                superseded_by=session.id)
        known = {d.dik: d for d in session.diks}
        for dik, operations in granted.items():
            values = {'granted': True, 'operations': json.dumps(operations)}
            if dik in known:
                Dik.write([known[dik]], values)
            else:
                Dik.create([{
                            'session': session.id, 'dik': dik,
                            'asked': False, **values}])
        cls.write([session], {
                'state': session_states.ACTIVE,
                'token': vault.seal(session, 'token', token),
                'end': end,
                'activated': utcnow(),
                })
        return old[0].id if old else None

    @classmethod
    def refuse(cls, session_id, reason):
        "Mark an intent that came to nothing, or to nobody knows what"
        session = cls(session_id)
        if session.state == session_states.DRAFT:
            cls.write([session], {'state': session_states.AWAITING})
        cls.write([session], {
                'state': session_states.REFUSED,
                'reason': reason,
                'ended': utcnow(),
                })

    @classmethod
    def discard(cls, session_id):
        "Remove an intent of which the bank made nothing"
        cls.delete(cls.search([
                    ('id', '=', session_id),
                    ('state', 'in', sorted(session_states.PENDING)),
                    ]))

    def _end(self, state, reason, **values):
        """Leave the live states; the only way out of them.

        A session that was made here and may still live at the bank is to be
        ended there.
        """
        at_bank = (
            state in {session_states.REVOKED, session_states.SUPERSEDED}
            and values.pop('at_bank', True)
            and not self.shared_from
            and not self.is_past)
        values.pop('at_bank', None)
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
        if session.state in session_states.LIVE:
            session._end(session_states.REVOKED, reason)

    @classmethod
    def mark_invalid(cls, session_id, reason):
        "The bank does not know the session any more: nobody tries it again"
        session = cls(session_id)
        if session.state not in session_states.LIVE:
            return
        if session.is_past:
            session._end(session_states.EXPIRED, reason)
        else:
            session._end(session_states.REVOKED, reason, at_bank=False)
        session._tell('mbank.msg_session_ended_label', reason)

    @classmethod
    def give_up(cls, reason):
        "Let go of all sessions here without ending them at the bank"
        for session in cls.search([]):
            if session.state in session_states.PENDING:
                cls.refuse(session.id, reason)
            elif session.state in session_states.LIVE:
                session._end(session_states.REVOKED, reason, at_bank=False)
            elif session.finish_pending:
                cls._finished(session.id, True, reason)

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
            if not session.shared_from:
                cls.finish(session)

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

    # The ending at the bank

    @classmethod
    def finish(cls, session):
        """End the session at the bank; returns whether it is ended there.

        An error is kept for the next try and not raised: the session is
        locked here already.
        """
        try:
            gateway.finish_session(session)
        except SessionInvalidError as error:
            ended, message = True, error.message
        except MBankError as error:
            ended, message = False, error.message
        else:
            ended, message = True, None
        independent.run(cls._finished, session.id, ended, message)
        return ended

    @classmethod
    def _finished(cls, session_id, ended, message):
        values = {'finish_message': message}
        if ended:
            values.update(finish_pending=False, token=None)
        cls.write([cls(session_id)], values)

    # The daily check

    @classmethod
    @without_check_access
    def check_all(cls):
        "Expire, warn, clear what a dead process left, end at the bank"
        for session in cls.search([
                    ('state', 'in', sorted(
                            session_states.LIVE | session_states.PENDING)),
                    ]):
            independent.run(cls._check_one, session.id)
        for session in cls.search([('finish_pending', '=', True)]):
            if session.is_past:
                independent.run(cls._finished, session.id, True, gettext(
                        'mbank.msg_session_ended_by_itself'))
            else:
                cls.finish(session)

    @classmethod
    def _check_one(cls, session_id):
        Configuration = Pool().get('mbank.configuration')
        session = cls(session_id)
        warning = dt.timedelta(days=Configuration(1).warning_days)
        if session.state in session_states.PENDING:
            cls._drop_stale(session.user.id, session.context_key)
        elif session.is_past:
            session._end(
                session_states.EXPIRED,
                gettext('mbank.msg_session_past_reason'))
            session._tell('mbank.msg_session_ended_label')
        elif (session.state == session_states.ACTIVE
                and session.end and session.end - warning <= utcnow()):
            cls.write([session], {'state': session_states.EXPIRING})
            session._tell('mbank.msg_session_expiring_label')

    def _tell(self, label, description=None):
        "Tell the owner, and those who manage the sessions, in their language"
        pool = Pool()
        Group = pool.get('res.group')
        ModelData = pool.get('ir.model.data')
        managers = Group(
            ModelData.get_id('mbank', 'group_session_manage')).users
        for user in {self.user, *managers}:
            language = user.language.code if user.language else None
            with Transaction().set_context(language=language):
                session = self.__class__(self.id)
                session.notify_user(
                    'tryton-warning',
                    gettext(label, session=session.rec_name),
                    description=description, user=user)


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
