# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What will be asked of the bank, said before it is, and what came of it."""
from trytond.i18n import gettext
from trytond.model import ModelView, fields
from trytond.model.exceptions import AccessError
from trytond.pool import Pool
from trytond.pyson import Bool, Eval, If
from trytond.transaction import Transaction, without_check_access

from .. import gateway, independent
from ..clock import local_text
from ..operation_words import operations_text
from ..rights import has_right
from ..sharing.share import LIVE as SHARES_LIVE
from ..signing_ways import BY_HAND, SERVER, WORKSTATION

BANK = 'mBank CompanyNet'
_NEXT_STEPS = {
    WORKSTATION: 'mbank.msg_review_workstation',
    BY_HAND: 'mbank.msg_review_by_hand',
    SERVER: 'mbank.msg_review_server',
    }


class ReviewMixin:
    "The pages of the dialog before and after the session is made"

    @without_check_access
    def default_review(self, fields):
        start = self.start
        with_key = start.way == SERVER
        choice = self._choice(with_key)
        pin_asked = with_key and choice.certificate.pin_asked
        next_step = _NEXT_STEPS[start.way]
        if with_key and not pin_asked:
            next_step = 'mbank.msg_review_server_no_pin'
        operations = operations_text(gateway.SESSION_OPERATIONS)
        return {
            'bank': '%s, %s' % (BANK, gateway.endpoint()),
            'bank_user': choice.bank_user,
            'end': local_text(choice.end, choice.company),
            'way': start.way_string,
            'certificate': (
                choice.certificate.rec_name if choice.certificate
                else gettext('mbank.msg_review_any_certificate')),
            'diks': [{
                    'dik': dik,
                    'head_office': name or gettext(
                        'mbank.msg_review_no_head_office'),
                    'operations': operations,
                    } for dik, name in choice.named_diks],
            'current': start.current,
            'shared_with': self._shared_with(),
            'next_step': gettext(next_step),
            'pin_asked': pin_asked,
            }

    def _shared_with(self):
        "Whom the present session is shared with"
        Share = Pool().get('mbank.share')
        current = self._current()
        if current is None:
            return None
        shares = Share.search([
                ('session', '=', current.id),
                ('state', 'in', sorted(SHARES_LIVE)),
                ])
        return '; '.join(share.rec_name for share in shares) or None

    def default_result(self, fields):
        """What the bank granted, beside what it was asked for.

        Read beside this transaction, which may not see yet what was stored.
        """
        Session = Pool().get('mbank.session')
        session_id = self.result.session_id

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
                operations_text(gateway.SESSION_OPERATIONS)
                if dik.asked else None,
                operations_text(dik.operation_names)
                if dik.granted else None))
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


class SessionCreateReview(ModelView):
    __name__ = 'mbank.session.create.review'

    bank = fields.Char("Bank", readonly=True)
    bank_user = fields.Char("User at mBank", readonly=True)
    end = fields.Char("Valid Until", readonly=True)
    way = fields.Char("Way of Signing", readonly=True)
    certificate = fields.Char("Certificate", readonly=True)
    diks = fields.One2Many(
        'mbank.session.create.review.dik', None, "Asked For", readonly=True)
    current = fields.Char("Present Session", readonly=True,
        states={
            'invisible': ~Bool(Eval('current')),
            },
        help="The new session takes its place.")
    shared_with = fields.Char("The Present Session Is Shared with",
        readonly=True,
        states={
            'invisible': ~Bool(Eval('shared_with')),
            })
    next_step = fields.Char("What Comes Next", readonly=True)
    pin_asked = fields.Boolean("PIN Is Asked For", readonly=True)
    pin_password = fields.Char("PIN", strip=False,
        states={
            'invisible': ~Bool(Eval('pin_asked')),
            'required': Bool(Eval('pin_asked')),
            },
        help="Of the signature. It is used for the two signatures of this "
        "request and not stored.")


class SessionCreateReviewDik(ModelView):
    __name__ = 'mbank.session.create.review.dik'

    dik = fields.Char("DIK", readonly=True)
    head_office = fields.Char("Head Office", readonly=True)
    operations = fields.Char("Operations", readonly=True)


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
