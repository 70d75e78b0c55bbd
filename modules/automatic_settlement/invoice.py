# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The KSeF number of an invoice, by which a transfer names it."""
from trytond.model import fields
from trytond.pool import PoolMeta


class Invoice(metaclass=PoolMeta):
    __name__ = 'account.invoice'

    ksef_number = fields.Char(
        "KSeF Number",
        help="The number the invoice has in the national system of "
        "e-invoices. A transfer that names it pays this invoice.")

    @classmethod
    def __setup__(cls):
        cls.ksef_number.search_unaccented = False
        super().__setup__()
        # The number comes after the invoice was posted
        cls._check_modify_exclude.add('ksef_number')

    @classmethod
    def copy(cls, invoices, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('ksef_number')
        return super().copy(invoices, default=default)
