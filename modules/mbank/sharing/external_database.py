# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Profiles of external databases: where a session may be shared to."""
import dataclasses
import re
import ssl
from pathlib import PurePosixPath

import trytond.config as config
from trytond.i18n import gettext
from trytond.model import (
    DeactivableMixin, ModelSQL, ModelView, Unique, fields)
from trytond.pool import Pool
from trytond.pyson import Eval

from ..clock import utcnow
from ..exceptions import (
    ConnectionStringValidationError, TargetError, UnverifiedWarning)
from ..keyring import vault
from ..keyring.sealed import SealedMixin
from ..rights import check_right
from . import target
from .connection_string import (
    MASK, ConnectionString, ConnectionStringError)

_PROBLEMS = {
    'part': 'mbank.msg_connection_part',
    'key': 'mbank.msg_connection_key',
    'twice': 'mbank.msg_connection_twice',
    'missing': 'mbank.msg_connection_missing',
    'quote': 'mbank.msg_connection_quote',
    'quoted': 'mbank.msg_connection_quoted',
    'port': 'mbank.msg_connection_port',
    'sslmode': 'mbank.msg_connection_sslmode',
    'fallback': 'mbank.msg_connection_fallback',
    'host': 'mbank.msg_connection_host',
    'rootcert': 'mbank.msg_connection_rootcert',
    }
#: The most characters of the certificates of a target.
_ROOTS_LIMIT = 64 * 1024
_PEM = re.compile('-----BEGIN ([^-]*)-----')


def parse(text):
    "The connection string, or the sentence that names its wrong part"
    try:
        return ConnectionString.parse(text)
    except ConnectionStringError as error:
        raise ConnectionStringValidationError(gettext(
                _PROBLEMS[error.code], **error.parameters)) from None


def _sockets():
    "The folders of sockets that the server's administrator lets be used"
    return {
        PurePosixPath(name.strip())
        for name in config.get('mbank', 'target_sockets', default='').split(
            ',')
        if name.strip()}


def _check_roots(text):
    """Refuse what are not certificates, or are more than that."""
    kinds = set(_PEM.findall(text))
    try:
        if len(text) > _ROOTS_LIMIT or kinds != {'CERTIFICATE'}:
            raise ValueError
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(
            cadata=text)
    except (ValueError, ssl.SSLError):
        raise ConnectionStringValidationError(gettext(
                'mbank.msg_connection_roots')) from None


class ExternalDatabase(SealedMixin, DeactivableMixin, ModelSQL, ModelView):
    __name__ = 'mbank.external_database'
    _sealed_fields = ('password',)

    code = fields.Char("Code", required=True)
    name = fields.Char("Name", required=True)
    kind = fields.Selection([
            ('postgres', "Postgres"),
            ], "Kind", required=True, sort=False)
    # "secret" in the name keeps the content out of the server's log.
    connection_secret = fields.Char("Connection Data", required=True,
        translate=False, strip=False,
        help="host=…;port=…;username=…;password=…;Database=…\n"
        "Also sslmode. The password is sealed and never shown again; leave "
        "*** to keep it.")
    root_certificates = fields.Text("Root Certificates", strip=False,
        help="In PEM: who may vouch for the target's server.\n"
        "Leave empty for those this server's system trusts.")
    unverified = fields.Boolean("Allow an Unverified Connection",
        help="Lets sslmode be disable, require or verify-ca: who is on the "
        "way can then read the connection, or answer in the target's place.")
    protection = fields.Function(
        fields.Char("Protection"), 'get_protection')
    password = fields.Binary("Password", readonly=True)
    checked_at = fields.DateTime("Checked", readonly=True,
        states={
            'invisible': ~Eval('checked_at'),
            })
    check_passed = fields.Boolean("Ready for Sharing", readonly=True,
        states={
            'invisible': ~Eval('checked_at'),
            })
    check_result = fields.Text("Result of the Check", readonly=True,
        states={
            'invisible': ~Eval('checked_at'),
            })

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('code', 'ASC'), ('id', 'ASC')]
        table = cls.__table__()
        cls._sql_constraints += [
            ('code_unique', Unique(table, table.code),
                'mbank.msg_external_database_code_unique'),
            ]
        cls._buttons.update({
                'check_connection': {
                    'icon': 'tryton-refresh',
                    },
                })

    @classmethod
    def default_kind(cls):
        return 'postgres'

    @classmethod
    def default_unverified(cls):
        return False

    def get_protection(self, name):
        string = parse(self.connection_secret)
        if string.is_local:
            return gettext('mbank.msg_protection_local')
        if string.is_safe:
            return gettext('mbank.msg_protection_verified')
        return gettext('mbank.msg_protection_none', mode=string.mode)

    @classmethod
    def validate_fields(cls, databases, field_names):
        super().validate_fields(databases, field_names)
        if field_names and not field_names & {
                'connection_secret', 'unverified', 'root_certificates'}:
            return
        for database in databases:
            database._check_protection()

    def _check_protection(self):
        "Refuse a connection others could read, unless that was allowed"
        Warning = Pool().get('res.user.warning')
        string = parse(self.connection_secret)
        if string.is_socket and PurePosixPath(string.host) not in _sockets():
            raise ConnectionStringValidationError(gettext(
                    'mbank.msg_connection_socket'))
        if self.root_certificates:
            _check_roots(self.root_certificates)
        if not string.is_safe and not self.unverified:
            raise ConnectionStringValidationError(gettext(
                    'mbank.msg_connection_unverified', mode=string.mode))
        if not string.is_safe:
            key = Warning.format('mbank_unverified', [self])
            if Warning.check(key):
                raise UnverifiedWarning(key, gettext(
                        'mbank.msg_connection_unverified_warning',
                        profile=self.rec_name))

    def get_rec_name(self, name):
        return '[%s] %s' % (self.code, self.name)

    @classmethod
    def search_rec_name(cls, name, clause):
        operator = 'AND' if clause[1].startswith(('!', 'not ')) else 'OR'
        return [operator,
            ('code', *clause[1:]),
            ('name', *clause[1:]),
            ]

    # The password is taken out before anything is stored

    @classmethod
    def create(cls, vlist):
        vlist = [values.copy() for values in vlist]
        passwords = [cls._take_password(values) for values in vlist]
        if MASK in passwords:
            raise ConnectionStringValidationError(gettext(
                    'mbank.msg_connection_password_again'))
        databases = super().create(vlist)
        for database, password in zip(databases, passwords):
            if password is not None:
                database._seal_password(password)
        return databases

    @classmethod
    def write(cls, *args):
        actions = iter(args)
        args, sealing = [], []
        for databases, values in zip(actions, actions):
            if 'connection_secret' not in values:
                cls._check_as_kept(databases, values)
            else:
                values = values.copy()
                text = values['connection_secret']
                if parse(text).password == MASK:
                    cls._check_kept(databases, text)
                    cls._check_as_kept(databases, values)
                    cls._take_password(values)
                else:
                    sealing.append((databases, cls._take_password(values)))
                    values['password'] = None
            if values.keys() & {
                    'connection_secret', 'root_certificates', 'unverified'}:
                values = {
                    **values, 'checked_at': None, 'check_passed': None,
                    'check_result': None}
            args += [databases, values]
        super().write(*args)
        for databases, password in sealing:
            if password is None:
                continue
            for database in databases:
                database._seal_password(password)

    @classmethod
    def copy(cls, databases, default=None):
        default = default.copy() if default is not None else {}
        default.setdefault('code', lambda data: data['code'] + ' (2)')
        # The password is not copied with it.
        default.setdefault(
            'connection_secret', lambda data: dataclasses.replace(
                parse(data['connection_secret']), password=None).masked)
        for name in ['checked_at', 'check_passed', 'check_result']:
            default.setdefault(name)
        return super().copy(databases, default=default)

    @classmethod
    def _take_password(cls, values):
        "Leave the masked string in the values, return the password"
        if 'connection_secret' not in values:
            return None
        string = parse(values['connection_secret'])
        values['connection_secret'] = string.masked
        return string.password

    @classmethod
    def _check_kept(cls, databases, text):
        """Refuse to keep the password for another server.

        Who may change the profile but does not know the password could send
        it to a server of his own.
        """
        new = parse(text)
        for database in databases:
            old = parse(database.connection_secret)
            if (not vault.stored(database, 'password')
                    or (old.host, old.port, old.username, old.sslmode)
                    != (new.host, new.port, new.username, new.sslmode)):
                raise ConnectionStringValidationError(gettext(
                        'mbank.msg_connection_password_again'))

    @classmethod
    def _check_as_kept(cls, databases, values):
        "The password is kept for a server that is verified as before, too"
        for database in databases:
            changed = any(
                name in values
                and (values[name] or None) != (getattr(database, name) or None)
                for name in ['root_certificates', 'unverified'])
            if changed and vault.stored(database, 'password'):
                raise ConnectionStringValidationError(gettext(
                        'mbank.msg_connection_password_again'))

    def _seal_password(self, password):
        self.__class__.write([self], {
                'password': vault.seal(
                    self, 'password', password.encode()),
                })

    def connection_string(self):
        "What was typed in, password included: for connecting only"
        string = parse(self.connection_secret)
        password = vault.open_stored(self, 'password')
        return dataclasses.replace(
            string, password=password.decode() if password else None)

    def connect(self):
        "A context manager for the connected target; raises TargetError"
        string = self.connection_string()
        # As it may have been stored past the models.
        if not string.is_safe and not self.unverified:
            raise TargetError(gettext(
                    'mbank.msg_connection_unverified', mode=string.mode))
        if string.is_socket and PurePosixPath(string.host) not in _sockets():
            raise TargetError(gettext('mbank.msg_connection_socket'))
        return target.connect(
            self.rec_name, string, self.root_certificates)

    # The check

    @classmethod
    @ModelView.button
    def check_connection(cls, databases):
        check_right('group_mbank_admin')
        for database in databases:
            problems = database.problems()
            cls.write([database], {
                    'checked_at': utcnow(),
                    'check_passed': not problems,
                    'check_result': '\n'.join(problems) or gettext(
                        'mbank.msg_target_ready',
                        profile=database.rec_name),
                    })

    def problems(self):
        "The sentences about what keeps a session from being shared there"
        Database = Pool().get('mbank.database')
        problems = []
        try:
            with self.connect() as there:
                found = there.identity(Database.get_identity())
                for check in [
                        lambda: self.require_key(found, by_hand=True),
                        there.users, there.head_offices,
                        lambda: there.answers([])]:
                    try:
                        check()
                    except TargetError as error:
                        problems.append(error.message)
        except TargetError as error:
            problems.append(error.message)
        return problems
