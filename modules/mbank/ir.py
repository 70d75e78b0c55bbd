# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction, without_check_access

_OWN = {
    'mbank.session', 'mbank.certificate', 'mbank.share',
    'mbank.share.inbox', 'mbank.signing.job', 'mbank.call', 'mbank.ending'}

#: Shown for every head office of the user, whichever is worked for.
_ALL_COMPANIES = {'mbank.overview'}


class Rule(metaclass=PoolMeta):
    __name__ = 'ir.rule'

    @classmethod
    def _get_context(cls, model_name):
        context = super()._get_context(model_name)
        if model_name in _OWN:
            context['user_id'] = Transaction().user
        if model_name in _ALL_COMPANIES:
            context['companies'] = cls._all_companies()
        return context

    @classmethod
    def _get_cache_key(cls, model_names):
        key = super()._get_cache_key(model_names)
        if model_names & _OWN:
            key = (*key, Transaction().user)
        if model_names & _ALL_COMPANIES:
            key = (*key, cls._all_companies())
        return key

    @classmethod
    def _all_companies(cls):
        User = Pool().get('res.user')
        with without_check_access():
            return tuple(
                c.id for c in User(Transaction().user).companies)
