# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What the module tells a person, one class for each kind."""
from trytond.exceptions import UserError
from trytond.model.exceptions import AccessError


class PluginRefused(UserError):
    pass


class PluginAccessError(AccessError):
    pass
