# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What is set for the whole database; each room adds what it asks for."""
from trytond.i18n import gettext
from trytond.model import ModelSingleton, ModelSQL, ModelView
from trytond.modules.company.model import CompanyMultiValueMixin

from .exceptions import ConfigurationValidationError

#: A hundred years: no date is counted beyond what dates there are.
MOST_DAYS = 36_525


class Configuration(
        ModelSingleton, CompanyMultiValueMixin, ModelSQL, ModelView):
    __name__ = 'mbank.configuration'
    #: The fields that are a number of days.
    _days = frozenset()

    def get_rec_name(self, name):
        return self.__names__()['model']

    @classmethod
    def validate_fields(cls, configurations, field_names):
        super().validate_fields(configurations, field_names)
        for configuration in configurations:
            for name in sorted(cls._days):
                configuration._check_days(name)

    def _check_days(self, name):
        days = getattr(self, name)
        if not 0 < days <= MOST_DAYS:
            raise ConfigurationValidationError(gettext(
                    'mbank.msg_configuration_days', days=days,
                    most=MOST_DAYS, **self.__names__(name)))
