# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
from trytond.model import (
    ModelSingleton, ModelSQL, ModelView, fields)
from trytond.modules.company.model import (
    CompanyMultiValueMixin, CompanyValueMixin)
from trytond.pyson import Eval

from . import gateway
from .exceptions import MBankError

default_authorising_user = fields.Many2One(
    'res.user', "Default Authorising User",
    help="Operations of users without a session of their own are authorised "
    "by the session of this user.")


class Configuration(
        ModelSingleton, CompanyMultiValueMixin, ModelSQL, ModelView):
    __name__ = 'mbank.configuration'

    credentials_per_company = fields.Boolean(
        "Save credentials per company",
        help="Checked: a user has one session for each head office, "
        "otherwise one for the database.")
    default_authorising_user = fields.MultiValue(default_authorising_user)
    longest_life = fields.Integer("Longest Life", required=True,
        domain=[('longest_life', '>', 0)],
        help="The most days a session may last.")
    default_life = fields.Integer("Default Life", required=True,
        domain=[
            ('default_life', '>', 0),
            ('default_life', '<=', Eval('longest_life', 0)),
            ],
        help="The days proposed for a new session.")
    warning_days = fields.Integer("Warning", required=True,
        domain=[('warning_days', '>=', 0)],
        help="The days before the end of a session at which its user is "
        "told to make a new one.")
    bank_endpoint = fields.Function(
        fields.Char("Bank's Web Service",
            help="Set in the configuration file of the server."),
        'get_bank_endpoint')

    @classmethod
    def default_credentials_per_company(cls):
        return False

    @classmethod
    def default_longest_life(cls):
        return 365

    @classmethod
    def default_default_life(cls):
        return 90

    @classmethod
    def default_warning_days(cls):
        return 14

    @classmethod
    def default_bank_endpoint(cls):
        return cls(1).get_bank_endpoint('bank_endpoint')

    def get_bank_endpoint(self, name):
        try:
            return gateway.endpoint()
        except MBankError as error:
            return error.message

    def _context_pattern(self, pattern):
        # One user for the database, unless credentials are kept by company.
        if not self.credentials_per_company:
            return {**pattern, 'company': None}
        return pattern

    def get_multivalue(self, name, **pattern):
        if name == 'default_authorising_user':
            pattern = self._context_pattern(pattern)
        return super().get_multivalue(name, **pattern)

    def set_multivalue(self, name, value, save=True, **pattern):
        if name == 'default_authorising_user':
            pattern = self._context_pattern(pattern)
        return super().set_multivalue(name, value, save=save, **pattern)

    def authorising_user_of(self, company):
        "The default authorising user for operations of the head office"
        return self.get_multivalue(
            'default_authorising_user', company=company.id)


class ConfigurationDefaultAuthorisingUser(ModelSQL, CompanyValueMixin):
    __name__ = 'mbank.configuration.default_authorising_user'

    configuration = fields.Many2One(
        'mbank.configuration', "Configuration", ondelete='CASCADE')
    default_authorising_user = default_authorising_user
