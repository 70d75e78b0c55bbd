# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The dialog that shares a session with a target database."""
import json

from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access
from trytond.wizard import Button, StateTransition, StateView, Wizard

from .. import independent
from ..clock import last_second, local, local_text
from ..exceptions import ShareError
from ..rights import EntitledMixin, check_right
from ..sessions import session_states


class SessionShare(EntitledMixin, Wizard):
    __name__ = 'mbank.session.share'
    _right = 'group_share'

    start = StateView(
        'mbank.session.share.start',
        'mbank.session_share_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Next", 'connect', 'tryton-forward', default=True),
            ])
    connect = StateTransition()
    target = StateView(
        'mbank.session.share.target',
        'mbank.session_share_target_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Back", 'start', 'tryton-back', validate=False),
            Button("Share", 'share_', 'tryton-ok', default=True),
            ])
    share_ = StateTransition()
    result = StateView(
        'mbank.session.share.result',
        'mbank.session_share_result_view_form', [
            Button("Close", 'end', 'tryton-close', default=True),
            ])

    # Which session, and where to

    @without_check_access
    def default_start(self, fields):
        Database = Pool().get('mbank.external_database')
        check_right('group_share')
        session = self._offered_session()
        values = {
            'user': Transaction().user,
            'session': session.id if session else None,
            }
        if getattr(self.start, 'database', None):
            values['database'] = self.start.database.id
        else:
            databases = Database.search([], limit=2)
            if len(databases) == 1:
                values['database'] = databases[0].id
        return values

    def _offered_session(self):
        "The session the wizard was opened on, or the user's own"
        Session = Pool().get('mbank.session')
        context = Transaction().context
        chosen = getattr(self.start, 'session', None)
        if chosen and chosen.user.id == Transaction().user:
            return chosen
        if (context.get('active_model') == 'mbank.session'
                and context.get('active_id')):
            session = Session(context['active_id'])
            if session.user.id == Transaction().user:
                return session
        sessions = Session.search([
                ('user', '=', Transaction().user),
                ('state', 'in', sorted(session_states.LIVE)),
                ('shared_from', '=', None),
                ], limit=1)
        return sessions[0] if sessions else None

    def _chosen_database(self):
        database = self.start.database
        if not database:
            raise ShareError(gettext('mbank.msg_share_no_profile'))
        return database

    @without_check_access
    def transition_connect(self):
        pool = Pool()
        Database = pool.get('mbank.database')
        Share = pool.get('mbank.share')
        check_right('group_share')
        session = self.start.session
        Share.check_session(session)
        database = self._chosen_database()
        with database.connect() as there:
            database.require_key(there.identity(Database.get_identity()))
            users, offices = there.users(), there.head_offices()
        covered = [o for o in offices if session.covers(o.dik)]
        if not covered:
            Share.check_covered(session, offices[0])
        self.target.choices = json.dumps({
                'users': [(u.login, u.label) for u in users],
                'head_offices': [(str(o.id), o.label) for o in offices],
                })
        self.target.user = users[0].login if len(users) == 1 else None
        self.target.head_office = (
            str(covered[0].id) if len(covered) == 1 else None)
        return 'target'

    # To whom

    @without_check_access
    def default_target(self, fields):
        Share = Pool().get('mbank.share')
        session = self.start.session
        Share.check_session(session)
        return {
            'choices': self.target.choices,
            'profile': self.start.database.rec_name,
            'session': session.rec_name,
            'last_day': self._last_day(session),
            'until': self._last_day(session),
            'user': self.target.user,
            'head_office': self.target.head_office,
            }

    def _last_day(self, session):
        return local(session.end, session.company).date()

    def _chosen_end(self, session):
        "The end of the chosen day, in UTC; None for that of the session"
        until = self.target.until
        if not until or until >= self._last_day(session):
            return None
        return last_second(until, session.company)

    @without_check_access
    def transition_share_(self):
        Share = Pool().get('mbank.share')
        check_right('group_share')
        request = 'wizard,%s' % self._session_id
        # The server runs a request again when the database had a conflict.
        share_id = self._made_before(request)
        if share_id is None:
            session = self.start.session
            Share.check_session(session)
            try:
                head_office = int(self.target.head_office)
            except (TypeError, ValueError):
                raise ShareError(
                    gettext('mbank.msg_share_no_head_office')) from None
            share_id = Share.share(
                session, self._chosen_database(), self.target.user,
                head_office, self._chosen_end(session), request=request)
        self.result.share_id = share_id
        return 'result'

    def _made_before(self, request):
        Share = Pool().get('mbank.share')

        def find():
            shares = Share.search([('request', '=', request)])
            return shares[0].id if shares else None
        return independent.run(find)

    # What was shared

    def default_result(self, fields):
        "Read beside this transaction, which may not see it yet"
        Share = Pool().get('mbank.share')
        share_id = self.result.share_id

        def read():
            share = Share(share_id)
            if share.session.user.id != Transaction().user:
                # The number comes from the client.
                raise ShareError(gettext(
                        'mbank.msg_share_not_own', session=share.session.id))
            return {
                'share_id': share_id,
                'text': gettext(
                    'mbank.msg_share_done',
                    user=share.user_name or share.user_login,
                    head_office=share.head_office_name or share.dik,
                    database=share.database.rec_name,
                    expires=local_text(
                        share.expires, share.session.company)),
                'state': share.state_string,
                'message': share.message,
                }
        return independent.run(read)


class SessionShareStart(ModelView):
    __name__ = 'mbank.session.share.start'

    user = fields.Many2One('res.user', "User", readonly=True)
    session = fields.Many2One(
        'mbank.session', "Session",
        domain=[
            ('user', '=', Eval('user', -1)),
            ],
        help="Your own session, made in this database.")
    database = fields.Many2One(
        'mbank.external_database', "Target Database", required=True)


class SessionShareTarget(ModelView):
    __name__ = 'mbank.session.share.target'

    choices = fields.Text("Choices", readonly=True)
    session = fields.Char("Session", readonly=True)
    profile = fields.Char("Target Database", readonly=True)
    last_day = fields.Date("Last Day of the Session", readonly=True)
    user = fields.Selection('get_users', "User There", required=True,
        help="The users of the target with the right to create sessions.")
    head_office = fields.Selection(
        'get_head_offices', "Head Office There", required=True,
        help="The head offices of the target with a DIK.")
    until = fields.Date("Valid Until",
        domain=['OR',
            ('until', '=', None),
            ('until', '<=', Eval('last_day')),
            ],
        help="Never after the end of the session.")

    @fields.depends('choices')
    def get_users(self):
        return self._offered('users')

    @fields.depends('choices')
    def get_head_offices(self):
        return self._offered('head_offices')

    def _offered(self, name):
        choices = json.loads(self.choices) if self.choices else {}
        return [(None, '')] + [
            (value, label) for value, label in choices.get(name, [])]


class SessionShareResult(ModelView):
    __name__ = 'mbank.session.share.result'

    share_id = fields.Integer("Share", readonly=True)
    text = fields.Text("Shared", readonly=True)
    state = fields.Char("State", readonly=True)
    message = fields.Text("Message", readonly=True,
        states={
            'invisible': ~Bool(Eval('message')),
            })
