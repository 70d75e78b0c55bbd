# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.i18n import gettext
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

from .rights import has_right
from .session import local_text


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def _get_preferences(cls, user, context_only=False):
        preferences = super()._get_preferences(
            user, context_only=context_only)
        if not context_only and has_right('group_session_create', user.id):
            preferences['mbank_session'] = cls._mbank_session(user)
        return preferences

    @classmethod
    @without_check_access
    def _mbank_session(cls, user):
        "What the client needs for the button on its main bar"
        pool = Pool()
        Action = pool.get('ir.action')
        ModelData = pool.get('ir.model.data')
        Session = pool.get('mbank.session')
        language = user.language.code if user.language else None
        with Transaction().set_context(language=language):
            company = user.company or (
                user.companies[0] if user.companies else None)
            session = Session.live_of(user.id, company) if company else None
            SigningJob = pool.get('mbank.signing.job')
            if company and SigningJob.open_of(
                    user.id, Session.key_of(company)) is not None:
                state = 'signing'
                title = gettext('mbank.msg_button_session_signing')
            elif session and not session.is_past:
                state = session.state
                title = gettext(
                    'mbank.msg_button_session_live',
                    end=local_text(session.end, company))
            else:
                state = 'none'
                title = gettext('mbank.msg_button_session_none')
            return {
                'label': gettext('mbank.msg_button_session_create'),
                'title': title,
                'state': state,
                'action': Action.get_action_id(
                    ModelData.get_id('mbank', 'wizard_session_create')),
                }
