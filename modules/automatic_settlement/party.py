# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The virtual account of a party, by which who paid is known."""
from trytond.model import fields
from trytond.pool import PoolMeta


class Party(metaclass=PoolMeta):
    __name__ = 'party.party'

    virtual_account = fields.Char(
        "Virtual Account",
        help="The account of mass payments given to the party. "
        "What is paid to it is paid by the party.")

    @classmethod
    def __setup__(cls):
        cls.virtual_account.search_unaccented = False
        super().__setup__()

    @classmethod
    def copy(cls, parties, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('virtual_account')
        return super().copy(parties, default=default)
