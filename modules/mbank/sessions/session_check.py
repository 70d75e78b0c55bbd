# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The regular check of all sessions, run by cron."""
from trytond.pool import PoolMeta
from trytond.transaction import without_check_access

from .. import independent
from .session_owner import lock_unentitled


class Session(metaclass=PoolMeta):
    __name__ = 'mbank.session'

    @classmethod
    @without_check_access
    def check_all(cls):
        """Look at all sessions, in this order.

        1. Lock those of users who may have none any more: rights may have
           been changed past the models.
        2. Begin the renewals that are due, before anybody is warned of an
           end that will not come.
        3. Expire, warn, and go on with what a dead process left.
        4. End at the bank what is to be ended there.
        """
        # Of the default user it is not told again every hour.
        independent.run(lock_unentitled, changed=False)
        cls.begin_renewals()
        cls.check_each()
        cls.finish_all()
