# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Renewing a session by the dialog that is opened from it."""
from trytond.model import ModelView
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction, without_check_access

from ..rights import check_right
from ..sessions.session_states import LIVE


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'renew': {
                    'invisible': (
                        ~Eval('state').in_(sorted(LIVE))
                        | Bool(Eval('shared_from'))),
                    'depends': ['state', 'shared_from'],
                    'icon': 'tryton-refresh',
                    },
                })

    @classmethod
    @ModelView.button_action('mbank.wizard_session_create')
    def renew(cls, sessions):
        check_right('group_session_create')
        for session in sessions:
            session.check_renewable()


class RenewalMixin:
    "The part of the dialog that renews the session it was opened from"

    def _renewed(self):
        "The user's session the dialog was opened from, or None"
        Session = Pool().get('mbank.session')
        context = Transaction().context
        if (context.get('active_model') != 'mbank.session'
                or not context.get('active_id')):
            return None
        return Session.renewed_by(context['active_id'])

    def _renewed_id(self):
        renewed = self._renewed()
        return renewed.id if renewed else None

    @without_check_access
    def _company(self):
        "That of the session to be renewed, if it is still the user's"
        renewed = self._renewed()
        if renewed and renewed.company in self._companies():
            return renewed.company
        return super()._company()

    @without_check_access
    def default_start(self, fields):
        values = super().default_start(fields)
        renewed = self._renewed()
        if not renewed:
            return values
        granted = [d.dik for d in renewed.diks if d.granted]
        rows = values['diks']
        for row in rows:
            row['covered'] = row['dik'] in granted
        offered = {row['dik'] for row in rows}
        rows += [
            {'covered': True, 'dik': dik}
            for dik in granted if dik not in offered]
        values['bank_user'] = renewed.bank_user
        values['expires'] = self._today() + renewed.life
        certificate = renewed.certificate
        if certificate and certificate.valid_to > renewed.end:
            values['certificate'] = certificate.id
        if values.get('certificate'):
            Certificate = Pool().get('mbank.certificate')
            values['expires'] = min(
                values['expires'],
                self._last_day(Certificate(values['certificate'])))
        return values
