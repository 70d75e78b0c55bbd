# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The target database of a share, by plain SQL, outside of the ORM.

The role in the connection string needs no more than MINIMUM_RIGHTS; there is
no statement in this file that they do not cover. Each thing found missing is
an exception with its own sentence.
"""
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import trytond
from trytond.i18n import gettext

from .exceptions import (
    TargetAccessError, TargetHeadOfficeError, TargetNotReadyError,
    TargetUnreachableError, TargetUserError)

#: Seconds until the connection, or a statement, is given up.
TIMEOUT = 10

#: What the role may do: tables with the columns it reads, and what it adds.
MINIMUM_RIGHTS = (
    ('SELECT', 'ir_module', ('name', 'state')),
    ('SELECT', 'ir_model_data', ('module', 'fs_id', 'model', 'db_id')),
    ('SELECT', 'res_group', ('id', 'parent', 'active')),
    ('SELECT', 'res_user', ('id', 'name', 'login', 'active')),
    ('SELECT', 'res_user-res_group', ('user', 'group')),
    ('SELECT', 'company_company', ('id', 'party', 'mbank_dik')),
    ('SELECT', 'party_party', ('id', 'name')),
    ('SELECT', 'mbank_database', ('identity', 'public_identity', 'series')),
    ('INSERT', 'mbank_share_inbox', ('source', 'envelope')),
    )

# The users of the group, and of those whose parent it is.
_USERS = """
    WITH RECURSIVE entitled(id, active) AS (
        SELECT g.id, g.active
        FROM res_group g
        JOIN ir_model_data d ON d.db_id = g.id
        WHERE d.module = 'mbank' AND d.model = 'res.group'
            AND d.fs_id = 'group_session_create' AND g.active
        UNION
        SELECT g.id, g.active
        FROM res_group g JOIN entitled e ON g.parent = e.id
    )
    SELECT DISTINCT u.id, u.login, u.name
    FROM res_user u
    JOIN "res_user-res_group" m ON m."user" = u.id
    JOIN entitled e ON e.id = m."group"
    WHERE u.active
    ORDER BY u.name, u.login
    """
_HEAD_OFFICES = """
    SELECT c.id, c.mbank_dik, p.name
    FROM company_company c JOIN party_party p ON p.id = c.party
    WHERE c.mbank_dik IS NOT NULL AND c.mbank_dik <> ''
    ORDER BY p.name, c.id
    """


def grants(role):
    "The statements that give a role of the target what it needs"
    statements = []
    for right, table, columns in MINIMUM_RIGHTS:
        statements.append('GRANT %s (%s) ON "%s" TO "%s";' % (
                right, ', '.join('"%s"' % c for c in columns), table, role))
    return statements


@dataclass(frozen=True)
class Identity:
    "Who the target is"
    identity: str
    public_identity: str


@dataclass(frozen=True)
class Receiver:
    "A user of the target who may have sessions"
    id: int
    login: str
    name: str

    @property
    def label(self):
        return '%s (%s)' % (self.name or self.login, self.login)


@dataclass(frozen=True)
class HeadOffice:
    "A head office of the target with its DIK"
    id: int
    dik: str
    name: str

    @property
    def label(self):
        return '%s (%s)' % (self.name or '', self.dik)


@contextmanager
def connect(profile, connection_string):
    """Connect to the database of the profile for the time of the block.

    profile is its name for the sentences. Raises TargetUnreachableError.
    """
    try:
        connection = psycopg.connect(
            autocommit=True, **_parameters(connection_string))
    except psycopg.Error as error:
        raise TargetUnreachableError(gettext(
                'mbank.msg_target_unreachable',
                profile=profile,
                host=connection_string.host,
                port=connection_string.port,
                database=connection_string.database,
                reason=_reason(error, connection_string))) from None
    try:
        yield Target(profile, connection_string, connection)
    finally:
        connection.close()


def _parameters(connection_string):
    parameters = {
        'host': connection_string.host,
        'port': connection_string.port,
        'user': connection_string.username,
        'dbname': connection_string.database,
        'password': connection_string.password,
        'sslmode': connection_string.sslmode,
        'sslrootcert': connection_string.sslrootcert,
        'connect_timeout': TIMEOUT,
        'application_name': 'mbank',
        'options': '-c statement_timeout=%ds' % TIMEOUT,
        # The password is never sent in the clear; without one, none that the
        # environment of the server holds is sent instead.  # S-501
        'require_auth': (
            '!password' if connection_string.password else 'none'),
        }
    return {k: v for k, v in parameters.items() if v is not None}


def _reason(error, connection_string):
    "What the driver says, in one line and without the password"
    text = ' '.join(str(error).split())
    if connection_string.password:
        text = text.replace(connection_string.password, '***')
    return text


class Target:
    "The connected database"

    def __init__(self, profile, connection_string, connection):
        self.profile = profile
        self._connection_string = connection_string
        self._connection = connection

    def _execute(self, statement, parameters=()):
        try:
            cursor = self._connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
        except psycopg.errors.InsufficientPrivilege as error:
            raise TargetAccessError(gettext(
                    'mbank.msg_target_access',
                    profile=self.profile,
                    role=self._connection_string.username,
                    reason=_reason(error, self._connection_string))) from None
        except psycopg.Error as error:
            raise self._failed(error) from None

    def _failed(self, error):
        return TargetUnreachableError(gettext(
                'mbank.msg_target_failed',
                profile=self.profile,
                reason=_reason(error, self._connection_string)))

    def _there(self, table, column=None):
        "Whether the table, or its column, is in the database"
        rows = self._execute(
            "SELECT 1 FROM pg_catalog.pg_attribute "
            "WHERE attrelid = to_regclass(quote_ident(%s)) "
            "AND (%s::text IS NULL OR attname = %s) AND NOT attisdropped "
            "LIMIT 1",
            (table, column, column))
        return bool(rows)

    def identity(self, own=None):
        """Who the target is, after all that must be there is there.

        own is the identity of the database that asks. Raises
        TargetNotReadyError or TargetAccessError.
        """
        self._check_plugin()
        rows = self._execute(
            "SELECT identity, public_identity, series FROM mbank_database")
        identity, public_identity, series = rows[0] if rows else [None] * 3
        if series != trytond.__series__:
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_series',
                    profile=self.profile,
                    series=series or '-',
                    own=trytond.__series__))
        if own and identity == own:
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_itself', profile=self.profile))
        if not public_identity:
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_not_adopted', profile=self.profile))
        self._check_insert()
        return Identity(identity, public_identity)

    def _check_plugin(self):
        if not self._there('ir_module'):
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_not_tryton',
                    profile=self.profile,
                    database=self._connection_string.database))
        rows = self._execute(
            "SELECT state FROM ir_module WHERE name = 'mbank'")
        if (not rows
                or rows[0][0] != 'activated'
                or not self._there('mbank_share_inbox')
                or not self._there('mbank_database', 'series')):
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_no_plugin', profile=self.profile))

    def _check_insert(self):
        for right, table, columns in MINIMUM_RIGHTS:
            if right != 'INSERT':
                continue
            for column in columns:
                [(allowed,)] = self._execute(
                    "SELECT has_column_privilege(quote_ident(%s), %s, %s)",
                    (table, column, right))
                if not allowed:
                    raise TargetAccessError(gettext(
                            'mbank.msg_target_access',
                            profile=self.profile,
                            role=self._connection_string.username,
                            reason='%s (%s) ON %s' % (right, column, table)))

    def users(self):
        """The users who may have sessions; at least one.

        Raises TargetUserError.
        """
        users = [Receiver(*row) for row in self._execute(_USERS)]
        if not users:
            raise TargetUserError(gettext(
                    'mbank.msg_target_no_users', profile=self.profile))
        return users

    def user(self, login):
        "The user of the login; raises TargetUserError without the right"
        for user in self.users():
            if user.login == login:
                return user
        raise TargetUserError(gettext(
                'mbank.msg_target_user',
                profile=self.profile, login=login or '-'))

    def head_offices(self):
        """The head offices that have a DIK; at least one.

        Raises TargetHeadOfficeError.
        """
        offices = [HeadOffice(*row) for row in self._execute(_HEAD_OFFICES)]
        if not offices:
            raise TargetHeadOfficeError(gettext(
                    'mbank.msg_target_no_head_offices', profile=self.profile))
        return offices

    def head_office(self, id):
        "The head office of the id; raises TargetHeadOfficeError"
        for office in self.head_offices():
            if office.id == id:
                return office
        raise TargetHeadOfficeError(gettext(
                'mbank.msg_target_head_office', profile=self.profile))

    def post(self, source, envelope):
        """Put one envelope into the inbox and commit.

        Posting the same envelope again harms nothing: it opens once. Raises
        TargetError, with the outcome 'unknown' if the envelope may be there.
        """
        try:
            self._connection.execute(
                "INSERT INTO mbank_share_inbox (source, envelope) "
                "VALUES (%s, %s)", (source, envelope))
        except psycopg.Error as error:
            failed = self._failed(error)
            if error.sqlstate is None:
                failed.outcome = 'unknown'
            raise failed from None
