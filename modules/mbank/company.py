# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The DIK number on the head office's card."""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import (
    Transaction, check_access, without_check_access)

from .exceptions import DIKSharedWarning, DIKValidationError

# The length of a DIK is not public; those seen have eight digits.  # L-400
DIK_LONGEST = 20


def is_dik(text):
    "Whether the text can be a DIK: digits only"
    return text.isascii() and text.isdigit() and len(text) <= DIK_LONGEST


def same_dik(text):
    "What is one number is one DIK: zeros in front and blanks do not part them"
    return ''.join((text or '').split()).lstrip('0')


def offices_with(dik):
    "The head offices that have the DIK"
    Company = Pool().get('company.company')
    with without_check_access():
        return [
            c for c in Company.search([('mbank_dik', 'not in', [None, ''])])
            if same_dik(c.mbank_dik) == same_dik(dik)]


def names_of(companies):
    """The names of the head offices, for the user of the transaction

    Those the user may not see are not named.
    """
    Company = Pool().get('company.company')
    with check_access():
        seen = {c.id for c in Company.search([
                    ('id', 'in', [c.id for c in companies])])}
    with without_check_access():
        return ', '.join(dict.fromkeys(
                c.rec_name if c.id in seen
                else gettext('mbank.msg_company_other') for c in companies))


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
            if company.mbank_dik:
                company._check_dik_shared()

    def _check_dik_shared(self):
        "One DIK for two head offices is a person's deliberate decision"
        Warning = Pool().get('res.user.warning')
        transaction = Transaction()
        others = [c for c in offices_with(self.mbank_dik) if c != self]
        if not others:
            return
        values = {
            'company': self.rec_name,
            'dik': self.mbank_dik,
            'others': names_of(others),
            }
        if not transaction.user or transaction.context.get('_skip_warnings'):
            # Nobody is there to be asked
            raise DIKValidationError(gettext(
                    'mbank.msg_company_dik_shared_unattended', **values))
        # A new head office has another number at the second try, so the
        # others and the DIK make the question.
        key = Warning.format(
            'mbank_dik_shared.%s' % same_dik(self.mbank_dik), others)
        if Warning.check(key):
            raise DIKSharedWarning(
                key, gettext('mbank.msg_company_dik_shared', **values))

    @classmethod
    def copy(cls, companies, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('mbank_dik')
        return super().copy(companies, default=default)
