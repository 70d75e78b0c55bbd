# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the button on the client's main bar says of the user's session."""
import datetime as dt

from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from ..clock import day_text, local_text, utcnow
from ..sessions import session_states

#: For so long the bar says how the last session ended.
REMEMBERED = dt.timedelta(days=30)


@without_check_access
def button_of(user):
    """The button of a user who may create sessions.

    Label, badge and title are its texts, state its colour, action what it
    starts; session is the user's live session, which it opens instead.
    """
    pool = Pool()
    Action = pool.get('ir.action')
    ModelData = pool.get('ir.model.data')
    language = user.language.code if user.language else None
    with Transaction().set_context(language=language):
        company = user.company or next(iter(user.companies), None)
        return {
            'label': gettext('mbank.msg_button_session_create'),
            'badge': None,
            'session': None,
            'action': Action.get_action_id(
                ModelData.get_id('mbank', 'wizard_session_create')),
            **_state_of(user, company),
            }


def _state_of(user, company):
    pool = Pool()
    Session = pool.get('mbank.session')
    SigningJob = pool.get('mbank.signing.job')
    if company is None:
        return {
            'state': 'none',
            'title': gettext('mbank.msg_session_no_company'),
            }
    if SigningJob.open_of(user.id, Session.key_of(company)) is not None:
        return {
            'state': 'signing',
            'label': gettext('mbank.msg_button_session_sign'),
            'title': gettext('mbank.msg_button_session_signing'),
            }
    if Session.unproven_of(user.id, company) is not None:
        return {
            'state': 'signing',
            'label': gettext('mbank.msg_button_session_prove'),
            'title': gettext('mbank.msg_button_session_proving'),
            }
    session = Session.live_of(user.id, company)
    if session is None:
        return _last_state_of(user, company)
    if session.is_past:
        return _expired(session, company)
    return {
        'session': session.id,
        'label': gettext('mbank.msg_button_session_own'),
        **_live(session, company),
        }


def _live(session, company):
    end = day_text(session.end, company) if session.end else ''
    certificate = session.certificate
    if session.state == session_states.EXPIRING:
        return {
            'state': 'expiring',
            'badge': gettext(
                'mbank.msg_button_badge_expiring',
                end=end, days=max(0, (session.end - utcnow()).days)),
            'title': gettext(
                'mbank.msg_button_session_expiring',
                end=local_text(session.end, company)),
            }
    if certificate and certificate.expires_soon:
        until = day_text(certificate.valid_to, company)
        return {
            'state': 'warning',
            'badge': gettext(
                'mbank.msg_button_badge_certificate', valid_to=until),
            'title': gettext(
                'mbank.msg_button_session_certificate',
                certificate=certificate.name, valid_to=until, end=end),
            }
    return {
        'state': 'active',
        'badge': gettext('mbank.msg_button_badge_live', end=end),
        'title': gettext(
            'mbank.msg_button_session_live',
            end=local_text(session.end, company)),
        }


def _last_state_of(user, company):
    "There is no session: how the last one ended, if that is not long ago"
    Session = Pool().get('mbank.session')
    last = Session.search([
            ('user', '=', user.id),
            ('context_key', '=', Session.key_of(company)),
            ('state', 'in', [
                    session_states.EXPIRED, session_states.REVOKED]),
            ('ended', '>=', utcnow() - REMEMBERED),
            ], order=[('id', 'DESC')], limit=1)
    if not last:
        return {
            'state': 'none',
            'title': gettext('mbank.msg_button_session_none'),
            }
    session, = last
    if session.state == session_states.EXPIRED:
        return _expired(session, company)
    if session.finish_pending:
        return {
            'state': 'ended',
            'badge': gettext('mbank.msg_button_badge_finishing'),
            'title': gettext('mbank.msg_button_session_finishing'),
            }
    return {
        'state': 'ended',
        'badge': gettext('mbank.msg_button_badge_ended'),
        'title': gettext(
            'mbank.msg_button_session_ended', reason=session.reason or ''),
        }


def _expired(session, company):
    return {
        'state': 'expired',
        'badge': gettext(
            'mbank.msg_button_badge_expired',
            end=day_text(session.end, company) if session.end else ''),
        'title': gettext('mbank.msg_button_session_expired'),
        }


