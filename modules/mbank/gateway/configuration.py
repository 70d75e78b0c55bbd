# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Which bank is spoken to, shown where everything is set."""
from trytond.model import fields
from trytond.pool import PoolMeta

from ..exceptions import MBankError
from .connection import endpoint


class Configuration(metaclass=PoolMeta):
    __name__ = 'mbank.configuration'

    bank_endpoint = fields.Function(
        fields.Char("Bank's Web Service",
            help="Set in the configuration file of the server."),
        'get_bank_endpoint')

    @classmethod
    def default_bank_endpoint(cls):
        return cls(1).get_bank_endpoint('bank_endpoint')

    def get_bank_endpoint(self, name):
        try:
            return endpoint()
        except MBankError as error:
            return error.message
