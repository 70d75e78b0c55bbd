# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import PoolMeta

from .exceptions import DIKValidationError

# The length of a DIK is not public; those seen have eight digits.  # L-400
DIK_LONGEST = 20


def is_dik(text):
    "Whether the text can be a DIK: digits only"
    return text.isascii() and text.isdigit() and len(text) <= DIK_LONGEST


class Company(metaclass=PoolMeta):
    __name__ = 'company.company'

    # Each call asks for it and for nothing else of the head office.
    mbank_dik = fields.Char("[mBank] mBankDIK", loading='lazy',
        help="The DIK number given by mBank to this head office.\n"
        "Without it no communication with the bank starts.")

    @classmethod
    def validate_fields(cls, companies, field_names):
        super().validate_fields(companies, field_names)
        if field_names and 'mbank_dik' not in field_names:
            return
        for company in companies:
            if company.mbank_dik and not is_dik(company.mbank_dik):
                raise DIKValidationError(gettext(
                        'mbank.msg_company_dik_digits',
                        company=company.rec_name,
                        dik=company.mbank_dik))

    @classmethod
    def copy(cls, companies, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('mbank_dik')
        return super().copy(companies, default=default)
