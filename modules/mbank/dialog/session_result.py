# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the bank granted, beside what it was asked for."""
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If
from trytond.transaction import Transaction

from .. import gateway, independent
from ..clock import local_text
from ..rights import has_right


def result_values(session_id):
    """The page after the session was made.

    Read beside the transaction of the request, which may not see yet what
    was stored. Raises AccessError unless the session is the user's.
    """
    Session = Pool().get('mbank.session')

    def read():
        session = Session(session_id)
        if session.user.id != Transaction().user:
            # The number comes from the client.
            raise AccessError(gettext(
                    'mbank.msg_session_not_owner', session=session_id))
        rows = grant_rows(session)
        otherwise = [row for row in rows if row['otherwise']]
        return {
            'session_id': session_id,
            'state': session.state_string,
            'reason': session.reason,
            'user': session.user.rec_name,
            'bank_user': session.bank_user,
            'summary': gettext(
                'mbank.msg_result_otherwise' if otherwise
                else 'mbank.msg_result_as_asked'),
            'granted': rows,
            'shareable': (
                has_right('group_share') and not session.shared_from),
            }
    return independent.run(read)


def grant_rows(session):
    "What was asked for and what was granted, in words: a row a thing"
    company = session.company
    asked_end = session.asked_end or session.end
    granted_end = session.bank_end or session.end
    rows = [_grant_row(
            gettext('mbank.msg_result_end'),
            local_text(asked_end, company) if asked_end else None,
            local_text(granted_end, company) if granted_end else None)]
    for dik in session.diks:
        name = (
            '%s, %s' % (dik.dik, dik.company.rec_name) if dik.company
            else dik.dik)
        rows.append(_grant_row(
                gettext('mbank.msg_result_dik', dik=name),
                gateway.kinds_text(session.asked_kinds)
                if dik.asked else None,
                gateway.operations_text(dik.granted_names)))
    return rows


def _grant_row(what, asked, granted):
    otherwise = asked != granted
    nothing = gettext('mbank.msg_result_nothing')
    return {
        'what': what,
        'asked': asked or nothing,
        'granted': granted or nothing,
        'otherwise': otherwise,
        'mark': gettext(
            'mbank.msg_result_mark_otherwise' if otherwise
            else 'mbank.msg_result_mark_same'),
        }


class SessionCreateResult(ModelView):
    __name__ = 'mbank.session.create.result'

    session_id = fields.Integer("Session", readonly=True)
    shareable = fields.Boolean("Can Be Shared", readonly=True)
    state = fields.Char("State", readonly=True)
    reason = fields.Text("Reason", readonly=True,
        states={
            'invisible': ~Bool(Eval('reason')),
            })
    user = fields.Char("User", readonly=True)
    bank_user = fields.Char("User at mBank", readonly=True)
    summary = fields.Char("Answer of the Bank", readonly=True)
    granted = fields.One2Many(
        'mbank.session.create.granted', None, "Granted", readonly=True)


class SessionCreateGranted(ModelView):
    __name__ = 'mbank.session.create.granted'

    what = fields.Char("What", readonly=True)
    asked = fields.Char("Asked For", readonly=True)
    granted = fields.Char("Granted", readonly=True)
    otherwise = fields.Boolean("Otherwise", readonly=True)
    mark = fields.Char("Comparison", readonly=True)

    @classmethod
    def view_attributes(cls):
        return super().view_attributes() + [
            ('/tree', 'visual',
                If(Eval('otherwise'), 'warning', 'success'))]
