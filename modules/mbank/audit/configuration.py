# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""For how long the audit is kept."""
from trytond.i18n import gettext
from trytond.model import fields
from trytond.pool import PoolMeta

from ..exceptions import ConfigurationValidationError
from . import call_guard


class Configuration(metaclass=PoolMeta):
    __name__ = 'mbank.configuration'

    audit_keep_days = fields.Integer("Keep the Audit (Days)", required=True,
        help="The days a call to the bank is kept in the audit.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._days |= {'audit_keep_days'}

    @classmethod
    def default_audit_keep_days(cls):
        # What happened in January is kept as long as evidence of December:
        # five years from the end of the year  # S-630
        return 2192

    def _check_days(self, name):
        super()._check_days(name)
        if (name == 'audit_keep_days'
                and self.audit_keep_days < call_guard.LEAST_DAYS):
            raise ConfigurationValidationError(gettext(
                    'mbank.msg_configuration_audit',
                    days=self.audit_keep_days,
                    least=call_guard.LEAST_DAYS,
                    **self.__names__('audit_keep_days')))
