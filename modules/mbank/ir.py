# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Rules of the module's models may ask whose user it is."""
from trytond.pool import PoolMeta
from trytond.transaction import Transaction


def _is_own(model_name):
    return model_name.startswith('mbank.')


class Rule(metaclass=PoolMeta):
    __name__ = 'ir.rule'

    @classmethod
    def _get_context(cls, model_name):
        "The rules of our models may ask whose user_id it is"
        context = super()._get_context(model_name)
        if _is_own(model_name):
            context['user_id'] = Transaction().user
        return context

    @classmethod
    def _get_cache_key(cls, model_names):
        key = super()._get_cache_key(model_names)
        if any(map(_is_own, model_names)):
            key = (*key, Transaction().user)
        return key
