# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The settings of sessions."""
import datetime as dt

from trytond.cache import Cache
from trytond.i18n import gettext
from trytond.model import ModelSQL, fields
from trytond.modules.company.model import CompanyValueMixin
from trytond.pool import Pool, PoolMeta

from .. import gateway
from ..exceptions import ConfigurationValidationError, SessionCreateError
from ..rights import has_right
from ..signing_ways import BY_HAND, SERVER, WORKSTATION

default_authorising_user = fields.Many2One(
    'res.user', "Default Authorising User",
    help="Operations of users without a session of their own are authorised "
    "by the session of this user.")


def kinds_ticked(record):
    "The kinds that are ticked on a form with a box for each"
    return tuple(
        kind for kind, name in [
            (gateway.STATEMENTS, 'for_statements'),
            (gateway.PAYMENTS, 'for_payments'),
            ] if getattr(record, name, None))


def may_authorise(user):
    "Whether the user may have a session that authorises others' operations"
    return user.active and has_right('group_session_create', user.id)


class Configuration(metaclass=PoolMeta):
    __name__ = 'mbank.configuration'
    _authorising_cache = Cache(
        'mbank.configuration.authorising', context=False)

    credentials_per_company = fields.Boolean(
        "Save credentials per company",
        help="Checked: a user has one session for each head office, "
        "otherwise one for the database.")
    default_authorising_user = fields.MultiValue(default_authorising_user)
    longest_life = fields.Integer("Longest Life (Days)", required=True,
        help="The most days a session may last.")
    default_life = fields.Integer("Default Life (Days)", required=True,
        help="The days proposed for a new session.")
    for_statements = fields.Boolean("Statements",
        help="Proposed for a new session: it covers statements.")
    for_payments = fields.Boolean("Payments",
        help="Proposed for a new session: it covers payments.")
    renewal_days = fields.Integer(
        "Renewal (Days before the End)", required=True,
        help="The days before the end of a session from which on it is "
        "renewed by itself, if its certificate may sign by itself.")
    session_warnings = fields.Char(
        "Warnings (Days before the End)", required=True,
        help="The days before the end of a session at which its user, and "
        "those who manage the sessions, are told, once each: numbers with "
        "commas.")
    warn_by_email = fields.Boolean("Warn by E-mail Too",
        help="To the addresses of the users, by the mail server of the "
        "configuration file.")
    sign_on_workstation = fields.Boolean("On the Workstation",
        help="By the signer, with a card, a cloud signature or a file; the "
        "PIN stays on the workstation.")
    sign_by_hand = fields.Boolean("By Hand",
        help="A text is downloaded, signed in any program and the signature "
        "uploaded, twice.")
    sign_on_server = fields.Boolean("With the Key Kept Here",
        help="With a PKCS#12 that is kept here, sealed, or a key on the "
        "server.")
    signer_url = fields.Char("Installer of the Signer",
        help="The address at which users get the signer.")

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._days |= {'longest_life', 'default_life', 'renewal_days'}

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
    def default_for_statements(cls):
        return True

    @classmethod
    def default_for_payments(cls):
        return True

    @classmethod
    def default_renewal_days(cls):
        return 30

    @classmethod
    def default_session_warnings(cls):
        return '30, 7, 1'

    @classmethod
    def default_warn_by_email(cls):
        return False

    @classmethod
    def default_sign_on_workstation(cls):
        return True

    @classmethod
    def default_sign_by_hand(cls):
        return True

    @classmethod
    def default_sign_on_server(cls):
        return True

    @classmethod
    def validate_fields(cls, configurations, field_names):
        super().validate_fields(configurations, field_names)
        for configuration in configurations:
            configuration._check_default_life()
            if not configuration.kinds:
                raise ConfigurationValidationError(gettext(
                        'mbank.msg_configuration_no_kind'))
            if not configuration.ways:
                raise ConfigurationValidationError(gettext(
                        'mbank.msg_configuration_no_way'))
            if not configuration.warnings:
                raise ConfigurationValidationError(gettext(
                        'mbank.msg_configuration_warnings',
                        text=configuration.session_warnings,
                        **cls.__names__('session_warnings')))
            url = configuration.signer_url
            if url and not url.startswith(('https://', 'http://')):
                raise ConfigurationValidationError(gettext(
                        'mbank.msg_configuration_signer_url', url=url,
                        **cls.__names__('signer_url')))

    def _check_default_life(self):
        if self.default_life > self.longest_life:
            raise ConfigurationValidationError(gettext(
                    'mbank.msg_configuration_default_life',
                    default=self.default_life, longest=self.longest_life))

    @property
    def warnings(self):
        "The days before the end, the most first; empty if they are wrong"
        days = [d.strip() for d in (self.session_warnings or '').split(',')]
        if not all(d.isdecimal() and 0 < int(d) < 1000 for d in days):
            return ()
        return tuple(sorted({int(d) for d in days}, reverse=True))

    @property
    def soon(self):
        "How near the end of a session is from its first warning on"
        return dt.timedelta(days=max(self.warnings))

    @property
    def kinds(self):
        "What a new session is proposed for"
        return kinds_ticked(self)

    @property
    def ways(self):
        "The ways of signing that are allowed, the first is proposed"
        return [way for way, allowed in [
                (WORKSTATION, self.sign_on_workstation),
                (BY_HAND, self.sign_by_hand),
                (SERVER, self.sign_on_server),
                ] if allowed]

    @property
    def proposed_way(self):
        return self.ways[0]

    def check_way(self, way):
        "Refuse a way of signing that is not allowed"
        if way not in self.ways:
            raise SessionCreateError(gettext('mbank.msg_signing_way'))

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

    @classmethod
    def authorising_for(cls, company_id):
        """What the choice of a session depends on, remembered.

        Whether credentials are kept per company, and the id of the default
        authorising user for operations of the head office, or None.
        """
        found = cls._authorising_cache.get(company_id)
        if found is None:
            configuration = cls(1)
            default = configuration.get_multivalue(
                'default_authorising_user', company=company_id)
            found = (
                bool(configuration.credentials_per_company),
                default.id if default else None)
            cls._authorising_cache.set(company_id, found)
        return found

    @classmethod
    def on_modification(cls, mode, configurations, field_names=None):
        super().on_modification(mode, configurations, field_names=field_names)
        cls._authorising_cache.clear()


class ConfigurationDefaultAuthorisingUser(ModelSQL, CompanyValueMixin):
    __name__ = 'mbank.configuration.default_authorising_user'

    configuration = fields.Many2One(
        'mbank.configuration', "Configuration", ondelete='CASCADE')
    default_authorising_user = default_authorising_user

    @classmethod
    def on_modification(cls, mode, values, field_names=None):
        super().on_modification(mode, values, field_names=field_names)
        Pool().get('mbank.configuration')._authorising_cache.clear()

    @classmethod
    def validate_fields(cls, values, field_names):
        super().validate_fields(values, field_names)
        for value in values:
            user, company = value.default_authorising_user, value.company
            if user is None:
                continue
            if not may_authorise(user):
                raise ConfigurationValidationError(gettext(
                        'mbank.msg_configuration_user_right',
                        user=user.rec_name))
            if company and company not in user.companies:
                raise ConfigurationValidationError(gettext(
                        'mbank.msg_configuration_user_company',
                        user=user.rec_name, company=company.rec_name))
