# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
import uuid
import weakref
from pathlib import Path

import trytond
import trytond.config as config
from trytond import backend
from trytond.i18n import gettext
from trytond.model import ModelSingleton, ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction, without_check_access

from . import vault
from .session import utcnow

#: Where the database of an open connection lives: it cannot be moved or
#: renamed meanwhile, and every sealed value asks for it.
_locations = weakref.WeakKeyDictionary()


class Database(ModelSingleton, ModelSQL, ModelView):
    __name__ = 'mbank.database'

    identity = fields.Char("Identity", required=True, readonly=True,
        help="Given at the installation; the key ring knows the database "
        "by it.")
    # Databases that share a session with this one read these two by SQL.
    public_identity = fields.Text("Public Identity", readonly=True,
        help="For the trusted sources of other databases; it holds no "
        "secret.")
    series = fields.Char("Series", readonly=True)
    fingerprint = fields.Function(fields.Char("Fingerprint",
            help="What two administrators read to each other."),
        'get_fingerprint')
    inbox_told = fields.DateTime("Told of Refused Shares", readonly=True)
    adopted = fields.DateTime("Adopted", readonly=True)
    adopted_at = fields.Char("Adopted at", readonly=True,
        help="Where the database was when the key ring last adopted it.")

    @classmethod
    def __register__(cls, module):
        super().__register__(module)
        # At each update of the module the database is of its series.
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update([table.series], [trytond.__series__]))

    @classmethod
    def default_series(cls):
        return trytond.__series__

    def get_fingerprint(self, name):
        if not self.public_identity:
            return None
        _, _, fingerprint = vault.read_identity(self.public_identity)
        return fingerprint

    @classmethod
    def default_identity(cls):
        return str(uuid.uuid4())

    @classmethod
    def create(cls, vlist):
        records = super().create(vlist)
        # Runs once, at the installation of the module in this database.
        if vault.adopt_new():
            cls._record_adoption()
        return records

    @classmethod
    def _record_adoption(cls):
        cls.write([cls.get_singleton()], {
                'adopted': utcnow(),
                'adopted_at': cls.get_location(),
                'public_identity': vault.public_identity(),
                })

    @classmethod
    @without_check_access
    def adopt(cls):
        "Let the key ring serve this database where it is now"
        vault.adopt()
        cls._record_adoption()

    @classmethod
    def copy(cls, records, default=None):
        default = default.copy() if default is not None else {}
        default['identity'] = cls.default_identity()
        default['public_identity'] = None
        return super().copy(records, default=default)

    @classmethod
    def get_identity(cls):
        "The identity of this database"
        # Every sealed value asks for it: one bare statement, never an old one
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.select(table.identity))
        identity, = cursor.fetchone()
        return identity

    @classmethod
    @without_check_access
    def renew_identity(cls):
        """Give a copy an identity of its own.

        Nothing that was sealed opens after that: the sessions are locked
        here and stay as they are in the original and at the bank.
        """
        pool = Pool()
        Session = pool.get('mbank.session')
        SigningJob = pool.get('mbank.signing.job')
        Certificate = pool.get('mbank.certificate')
        ServerKey = pool.get('mbank.server_key')
        identity = cls.default_identity()
        cls.write([cls.get_singleton()], {
                'identity': identity, 'public_identity': None})
        reason = gettext('mbank.msg_session_of_original')
        SigningJob.give_up(reason)
        Session.give_up(reason)
        ServerKey.delete(ServerKey.search([]))
        Certificate.delete(Certificate.search([]))
        return identity

    @classmethod
    def get_location(cls):
        """Where this database lives.

        A copy (createdb --template, a restored dump) has another name or
        another object id, another cluster has another system identifier.
        """
        transaction = Transaction()
        name = transaction.database.name
        if transaction.connection in _locations:
            return _locations[transaction.connection]
        if backend.name == 'sqlite':
            if name == ':memory:':
                return 'sqlite::memory:'
            directory = Path(config.get('database', 'path', default='.'))
            return f'sqlite:{directory.resolve()}/{name}'
        cursor = transaction.connection.cursor()
        cursor.execute(
            "SELECT has_function_privilege('pg_control_system()', 'execute')")
        allowed, = cursor.fetchone()
        if allowed:
            cursor.execute("SELECT system_identifier FROM pg_control_system()")
            server, = cursor.fetchone()
        else:
            uri = config.parse_uri(config.get('database', 'uri'))
            server = f'{uri.hostname or ""}:{uri.port or ""}'
        cursor.execute(
            "SELECT oid FROM pg_database WHERE datname = current_database()")
        oid, = cursor.fetchone()
        location = f'postgresql:{server}/{oid}/{name}'
        _locations[transaction.connection] = location
        return location
