# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What settlement tells a person, one class for each kind."""
from trytond.exceptions import UserError


class SettlementError(UserError):
    pass


class ImportProblemsError(UserError):
    pass


class ClarificationAccountMissing(UserError):
    pass


class SettlementBusyError(UserError):
    pass
