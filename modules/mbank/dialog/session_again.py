# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Renewing a session by the dialog that is opened from it."""
from trytond.model import ModelView
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Bool, Eval
from trytond.transaction import Transaction

from .. import gateway
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


def opened_from():
    "The user's session the dialog was opened from, or None"
    Session = Pool().get('mbank.session')
    context = Transaction().context
    if (context.get('active_model') != 'mbank.session'
            or not context.get('active_id')):
        return None
    return Session.renewed_by(context['active_id'])


def kind_values(kinds):
    "The boxes of the page of the choice that are ticked for the kinds"
    return {
        'for_statements': gateway.STATEMENTS in kinds,
        'for_payments': gateway.PAYMENTS in kinds,
        }


def propose_again(values, place):
    "Have the values propose what the session to be renewed was granted"
    Certificate = Pool().get('mbank.certificate')
    renewed = place.renewed
    granted = [d.dik for d in renewed.diks if d.granted]
    rows = values['diks']
    for row in rows:
        row['covered'] = row['dik'] in granted
    offered = {row['dik'] for row in rows}
    rows += [
        {'covered': True, 'dik': dik} for dik in granted if dik not in offered]
    values.update(kind_values(renewed.asked_kinds))
    values['bank_user'] = renewed.bank_user
    values['expires'] = place.today + renewed.life
    certificate = renewed.certificate
    if certificate and certificate.valid_to > renewed.end:
        values['certificate'] = certificate.id
    if values.get('certificate'):
        values['expires'] = min(
            values['expires'],
            place.last_day(Certificate(values['certificate'])))
