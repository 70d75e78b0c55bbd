# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.pool import PoolMeta
from trytond.transaction import Transaction

_OWN = {
    'mbank.session', 'mbank.certificate', 'mbank.share',
    'mbank.share.inbox', 'mbank.signing.job', 'mbank.call', 'mbank.ending'}


class Rule(metaclass=PoolMeta):
    __name__ = 'ir.rule'

    @classmethod
    def _get_context(cls, model_name):
        context = super()._get_context(model_name)
        if model_name in _OWN:
            context['user_id'] = Transaction().user
        return context

    @classmethod
    def _get_cache_key(cls, model_names):
        key = super()._get_cache_key(model_names)
        if model_names & _OWN:
            key = (*key, Transaction().user)
        return key
