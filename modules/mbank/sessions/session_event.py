# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The history of a session: each change of its state, with who and when."""
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction

from ..clock import utcnow
from . import session_states


class SessionEvent(ModelSQL, ModelView):
    __name__ = 'mbank.session.event'

    session = fields.Many2One(
        'mbank.session', "Session", required=True, readonly=True,
        ondelete='CASCADE')
    time = fields.DateTime("Time", required=True, readonly=True)
    user = fields.Many2One(
        'res.user', "User", readonly=True, ondelete='SET NULL',
        help="Who changed it; empty if nobody did.")
    before = fields.Selection(
        session_states.STATES, "From", required=True, readonly=True,
        sort=False)
    after = fields.Selection(
        session_states.STATES, "To", required=True, readonly=True, sort=False)
    after_string = after.translated('after')
    reason = fields.Text("Reason", readonly=True)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('session')
        cls._order = [('time', 'DESC'), ('id', 'DESC')]

    def get_rec_name(self, name):
        return self.after_string

    @classmethod
    def search_rec_name(cls, name, clause):
        return [('session.rec_name', *clause[1:])]


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    events = fields.One2Many(
        'mbank.session.event', 'session', "History", readonly=True)

    @classmethod
    def write(cls, *args):
        Event = Pool().get('mbank.session.event')
        user = Transaction().user or None
        now = utcnow()
        events = []
        actions = iter(args)
        for sessions, values in zip(actions, actions):
            if 'state' not in values:
                continue
            events += [{
                    'session': session.id,
                    'time': now,
                    'user': user,
                    'before': session.state,
                    'after': values['state'],
                    'reason': values.get('reason'),
                    } for session in sessions]
        super().write(*args)
        if events:
            Event.create(events)
