# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Who is told of what happens to a session."""
from trytond.bus import Bus

from ..telling import users_of


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
