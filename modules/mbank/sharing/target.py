# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The target database of a share, by plain SQL, outside of the ORM.

The role in the connection string needs no more than MINIMUM_RIGHTS; there is
no statement in this file that they do not cover. Each thing found missing is
an exception with its own sentence. What the target answers is read with
bounds: it is another's database, and what is there may be written by others.
"""
import os
import socket
import ssl
import tempfile
import threading
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import trytond
from trytond.i18n import gettext

from ..exceptions import (
    ShareEnvelopeError, TargetAccessError, TargetHeadOfficeError,
    TargetNotReadyError, TargetUnreachableError, TargetUserError)
from ..keyring import vault
from .share_proof import ANSWERS

#: Seconds until the connection, or a statement, is given up.
TIMEOUT = 10
#: Seconds until a connection is cut, whatever is going on.
LONGEST = 60
#: The longest texts that are taken from the target, in characters.
NAME_LIMIT = 100
IDENTITY_LIMIT = 1000
REASON_LIMIT = 300
_ANSWERS = frozenset(ANSWERS.values())
#: The largest number a record can have.
_LARGEST_ID = 2 ** 31 - 1

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
    ('SELECT', 'mbank_share_inbox', ('share_identity', 'answer')),
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
def connect(profile, connection_string, roots=None):
    """Connect to the database of the profile for the time of the block.

    profile is its name for the sentences; roots are the certificates (PEM) of
    those who may vouch for the server, None for those of this server's system.
    Raises TargetUnreachableError.
    """
    with _file_of(roots) as path:
        try:
            connection = psycopg.connect(
                autocommit=True, **_parameters(connection_string, path))
        except psycopg.Error as error:
            raise TargetUnreachableError(gettext(
                    'mbank.msg_target_unreachable',
                    profile=profile,
                    host=connection_string.host,
                    port=connection_string.port,
                    database=connection_string.database,
                    reason=_reason(error, connection_string))) from None
    cutting = threading.Timer(LONGEST, _cut, [connection])
    cutting.daemon = True
    cutting.start()
    try:
        yield Target(profile, connection_string, connection)
    finally:
        cutting.cancel()
        connection.close()


def _cut(connection):
    "End the waiting for a server that does not answer any more"
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg.Error):
        pass  # It was closed meanwhile.


@contextmanager
def _file_of(roots):
    "The path of a file of our own with the certificates, while it is needed"
    if not roots:
        yield None
        return
    with tempfile.NamedTemporaryFile(suffix='.pem') as file:
        file.write(roots.encode())
        file.flush()
        yield file.name


def _parameters(connection_string, roots):
    if roots is None and connection_string.mode.startswith('verify'):
        # Which the driver's own build would look for elsewhere.  # S-780
        roots = ssl.get_default_verify_paths().cafile or 'system'
    return {
        'host': connection_string.host,
        # What the environment says is not meant for this connection. A name
        # that is taken for this machine is not looked up.
        'hostaddr': '127.0.0.1' if connection_string.is_localhost else '',
        'port': connection_string.port,
        'user': connection_string.username,
        'dbname': connection_string.database,
        'password': connection_string.password or '',
        'sslmode': connection_string.mode,
        'sslrootcert': roots or '',
        'sslcertmode': 'disable',
        # It would be taken in place of TLS, whatever sslmode says.  # S-781
        'gssencmode': 'disable',
        'connect_timeout': TIMEOUT,
        'application_name': 'mbank',
        'client_encoding': 'UTF8',
        'options': '-c statement_timeout=%ds' % TIMEOUT,
        # The password is never sent in the clear; without one, none that the
        # environment of the server holds is sent instead.  # S-501
        'require_auth': (
            '!password' if connection_string.password else 'none'),
        }


def _reason(error, connection_string):
    "What the driver says, in one short line and without the password"
    text = ' '.join(str(error).split())
    if connection_string.password:
        text = text.replace(connection_string.password, '***')
    return shown(text, REASON_LIMIT)


def shown(text, limit=NAME_LIMIT):
    "A text of others as it can be shown: no controls, no turning, not long"
    text = ''.join(
        c for c in text if unicodedata.category(c) not in {'Cc', 'Cf', 'Cs'})
    return text if len(text) <= limit else text[:limit - 1] + '…'


class _Strange(Exception):
    "A value of the target that nothing of ours can have written"


def _text(value, limit=NAME_LIMIT):
    """A text to work with, whole; raises _Strange."""
    try:
        text = value.decode()
    except (AttributeError, UnicodeDecodeError):
        raise _Strange from None
    if len(text) > limit or not text or text != shown(text, limit):
        raise _Strange
    return text


def _name(value):
    "A text to be shown, None if there is none"
    return shown(value.decode('utf-8', 'replace')) if value else None


def _number(value):
    "The number of a record; raises _Strange"
    text = _text(value)
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or not (
            0 < int(text) <= _LARGEST_ID):
        raise _Strange
    return int(text)


class Target:
    "The connected database"

    def __init__(self, profile, connection_string, connection):
        self.profile = profile
        self._connection_string = connection_string
        self._connection = connection

    def _execute(self, statement, parameters=(), columns=1):
        """The rows as the target has sent them: lists of bytes and None.

        The driver reads no value: of which type it is the other side says.
        """
        try:
            result = self._connection.execute(statement, parameters).pgresult
            if result.nfields != columns:
                raise psycopg.DataError("columns of another number")
            return [
                [result.get_value(row, column)
                    for column in range(result.nfields)]
                for row in range(result.ntuples)]
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
        rows = self._execute("SELECT series FROM mbank_database")
        series = _name(rows[0][0]) if rows else None
        if series != trytond.__series__:
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_series',
                    profile=self.profile,
                    series=series or '-',
                    own=trytond.__series__))
        found = self.key(own)
        self._check_insert()
        return found

    def key(self, own=None):
        """Who the target says it is; whether that is true a person says.

        own is the identity of the database that asks. Raises
        TargetNotReadyError or TargetAccessError.
        """
        rows = self._execute(
            "SELECT identity, public_identity FROM mbank_database",
            columns=2)
        identity, public_identity = rows[0] if rows else [None] * 2
        if own and identity == own.encode():
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_itself', profile=self.profile))
        if not public_identity:
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_not_adopted', profile=self.profile))
        try:
            named = _text(identity)
            public_identity, of, _ = vault.read_identity(
                _text(public_identity, IDENTITY_LIMIT))
            if named != of:
                raise _Strange
        except (_Strange, ShareEnvelopeError):
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_strange_identity',
                    profile=self.profile)) from None
        return Identity(named, public_identity)

    def _check_plugin(self):
        if not self._there('ir_module'):
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_not_tryton',
                    profile=self.profile,
                    database=self._connection_string.database))
        rows = self._execute(
            "SELECT state FROM ir_module WHERE name = 'mbank'")
        if (not rows
                or rows[0][0] != b'activated'
                or not self._there('mbank_share_inbox')
                or not self._there('mbank_database', 'series')):
            raise TargetNotReadyError(gettext(
                    'mbank.msg_target_no_plugin', profile=self.profile))

    def _check_insert(self):
        for right, table, columns in MINIMUM_RIGHTS:
            if right != 'INSERT':
                continue
            for column in columns:
                allowed = self._execute(
                    "SELECT has_column_privilege(quote_ident(%s), %s, %s)",
                    (table, column, right))
                if allowed != [[b't']]:
                    raise TargetAccessError(gettext(
                            'mbank.msg_target_access',
                            profile=self.profile,
                            role=self._connection_string.username,
                            reason='%s (%s) ON %s' % (right, column, table)))

    def _read(self, statement, make, parameters=(), columns=3):
        "What make makes of the rows; one that is out of bounds is left out"
        for row in self._execute(statement, parameters, columns):
            try:
                yield make(*row)
            except _Strange:
                continue

    def users(self):
        """The users who may have sessions; at least one.

        Raises TargetUserError.
        """
        users = list(self._read(_USERS, lambda id, login, name: Receiver(
                    _number(id), _text(login), _name(name))))
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
        offices = list(self._read(
                _HEAD_OFFICES, lambda id, dik, name: HeadOffice(
                    _number(id), _text(dik), _name(name))))
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

    def answers(self, shares):
        """What became there of shares, by their identities: (share, answer).

        Answers that are none of those known are left out.
        """
        rows = self._read(
            "SELECT share_identity, answer FROM mbank_share_inbox "
            "WHERE share_identity = ANY(%s)",
            lambda share, answer: (_text(share), _text(answer)),
            [list(shares)], columns=2)
        return [
            (share, answer) for share, answer in rows
            if share in shares and answer in _ANSWERS]

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
