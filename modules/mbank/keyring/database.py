# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Whose database this is: its identity, its adoption, what it counts."""
import uuid
import weakref
from pathlib import Path

import trytond
import trytond.config as config
from trytond import backend
from trytond.i18n import gettext
from trytond.model import ModelSingleton, ModelSQL, ModelView, fields
from trytond.pyson import Eval
from trytond.transaction import Transaction, without_check_access

from ..clock import utcnow
from ..rights import check_right
from . import restored, vault
from .sealed import sealed_models

#: Where the database of an open connection lives: it cannot be moved or
#: renamed meanwhile, and every sealed value asks for it.
_locations = weakref.WeakKeyDictionary()


_restored = {'invisible': ~Eval('restored')}


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
    intents = fields.Integer("Order Files", required=True, readonly=True,
        help="How many files of orders this database has decided to send. "
        "The key ring counts them too: a database that counts fewer was "
        "restored from a backup.")
    restored = fields.DateTime(
        "Restored", readonly=True, states=_restored,
        help="When the database was adopted after it had been moved, copied "
        "or restored.")
    missing_intents = fields.Integer(
        "Order Files Not Known Here", readonly=True, states=_restored,
        help="So many files of orders were sent that the database does not "
        "know of.")
    # How many of them the administrators were told of
    missing_told = fields.Integer("Order Files Told of", readonly=True)
    compared = fields.DateTime(
        "Compared with the Bank", readonly=True, states=_restored)
    compared_by = fields.Many2One(
        'res.user', "Compared by", readonly=True, ondelete='RESTRICT',
        states=_restored)

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._buttons.update({
                'declare_compared': {
                    'invisible': ~Eval('restored') | Eval('compared'),
                    'depends': ['restored', 'compared'],
                    },
                })

    @classmethod
    def __register__(cls, module):
        super().__register__(module)
        # At each update of the module the database is of its series.
        table = cls.__table__()
        cursor = Transaction().connection.cursor()
        cursor.execute(*table.update([table.series], [trytond.__series__]))

    @classmethod
    def default_intents(cls):
        return 0

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
        """Let the key ring serve this database where it is now.

        Returns how many files of orders were sent that it does not know of,
        None if it is where it was and knows them all. Otherwise no order
        leaves it before a person has compared it with the bank.
        """
        database = cls.get_singleton()
        moved = (
            database.adopted and database.adopted_at != cls.get_location())
        vault.adopt()
        missing = None
        if moved or vault.intents() > (database.intents or 0):
            missing = cls.freeze()
        cls._record_adoption()
        return missing

    @classmethod
    def freeze(cls):
        """Let nothing leave before it was compared with the bank.

        Returns how many files of orders it does not know of.
        """
        return restored.freeze()

    @classmethod
    @ModelView.button
    def declare_compared(cls, databases):
        "Orders may leave again: a person has compared them with the bank"
        check_right('group_mbank_admin')
        with without_check_access():
            cls.write(databases, {
                    'compared': utcnow(),
                    'compared_by': Transaction().user or None,
                    })

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
        identity = cls.default_identity()
        cls.write([cls.get_singleton()], {
                'identity': identity, 'public_identity': None,
                # Adopted nowhere under this one: the next adoption is of a
                # copy, wherever it is
                'adopted_at': None})
        reason = gettext('mbank.msg_session_of_original')
        for model in sealed_models():
            model.give_up(reason)
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
