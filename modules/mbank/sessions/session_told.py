# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who is told of what happens to a session."""
import datetime as dt

from trytond.bus import Bus
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta

from ..clock import local_text, utcnow
from ..telling import tell, users_of


def publish(session):
    "Let the main bar of the session's user look again; it is told the id alone"
    Bus.publish('user:%s' % session.user.id, {
            'type': 'mbank_session',
            'session': session.id,
            })


def concerned(session):
    "The owner, and those who manage the sessions of the head office"
    users = {session.user} if session.user.active else set()
    for user in users_of('group_session_manage'):
        if not session.company or session.company in user.companies:
            users.add(user)
    return sorted(users)


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    warned = fields.Integer("Warned", readonly=True,
        help="The days before the end at which its user was told last.")

    @property
    def reached(self):
        "The days of the last warning that is due by now, or None"
        Configuration = Pool().get('mbank.configuration')
        if self.end is None:
            return None
        days_left = (self.end - utcnow()) / dt.timedelta(days=1)
        return min(
            (d for d in Configuration(1).warnings if days_left <= d),
            default=None)

    def _tell(self, label, description=None, advice=None):
        """Tell the owner and those who manage the sessions.

        label and advice are ids of messages, said to each in their language;
        description is text that is there in one, an answer of the bank for
        example.
        """
        Configuration = Pool().get('mbank.configuration')

        def text(session):
            end = session.end or session.asked_end
            parts = [description]
            if advice:
                parts.append(gettext(
                        advice,
                        end=local_text(end, session.company) if end else '-',
                        certificate=session.certificate_subject or '-'))
            return ' '.join(filter(None, parts)) or None
        tell(
            self, concerned(self),
            lambda session: gettext(label, session=session.rec_name),
            text, by_mail=Configuration(1).warn_by_email)
