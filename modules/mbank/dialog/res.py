# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the client's main bar shows to the user."""
from trytond.pool import PoolMeta

from ..rights import has_right
from .main_bar import button_of


class User(metaclass=PoolMeta):
    __name__ = 'res.user'

    @classmethod
    def _get_preferences(cls, user, context_only=False):
        preferences = super()._get_preferences(
            user, context_only=context_only)
        if not context_only and has_right('group_session_create', user.id):
            preferences['mbank_session'] = button_of(user)
        return preferences
