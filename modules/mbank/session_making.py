# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the ways of signing share: keeping a session, and what failed says."""
from trytond.i18n import gettext
from trytond.pool import Pool

from . import gateway, independent
from .exceptions import MBankError
from .session import local_text


def keep(session_id, token, store, *args):
    """Store the session the bank has made, and end the one it replaces.

    store(*args) stores it and returns the id of the session that was
    superseded, or None. What cannot be stored is ended at the bank, and the
    error raised; if it could not be ended either its session_may_exist says
    so.
    """
    Session = Pool().get('mbank.session')
    try:
        old_id = independent.run(store, *args)
    except Exception:
        try:
            gateway.discard_session(token, session_id)
        except MBankError as error:
            error.session_may_exist = True
            raise
        raise
    if old_id is not None:
        # What it could not end is ended by the hourly check.
        old = Session(old_id)
        if not old.shared_from:
            Session.finish(old)


def may_exist_reason(error, end, company):
    "The sentence on a session the bank may have made, None if it has not"
    if not getattr(error, 'session_may_exist', False):
        return None
    return gettext(
        'mbank.msg_session_may_exist', reason=error.message,
        end=local_text(end, company))
