# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What an adopted database does with orders that may have left it."""
from trytond.pool import PoolMeta

from . import order_sending


class Database(metaclass=PoolMeta):
    __name__ = 'mbank.database'

    @classmethod
    def freeze(cls):
        missing = super().freeze()
        order_sending.ask_first()
        return missing
