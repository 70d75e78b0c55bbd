# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Account numbers: the one form by which they are compared, and what they are."""
from companynet.domain.account import is_account, is_mbank, normal_form

__all__ = ['is_account', 'is_mbank', 'normal_form']
