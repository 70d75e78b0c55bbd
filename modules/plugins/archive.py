# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Plugin archives on the server: put there, shown with their licences."""
from trytond import backend
from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, Unique, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction
from trytond.wizard import (
    Button, StateAction, StateTransition, StateView, Wizard)

from tryton_plugins.archive import Archive as StoredArchive
from tryton_plugins.errors import LicenceError, LicenceMissing, PluginError
from tryton_plugins.licence import Licence

from . import host
from .refusal import refused, sentence
from .rights import AdministratorMixin


class Archive(ModelSQL, ModelView):
    "Plugin Archive"
    __name__ = 'plugins.archive'
    _rec_name = 'file_name'

    file_name = fields.Char("File", required=True, readonly=True)
    state = fields.Function(fields.Selection([
                ('ready', "Signed by a trusted vendor"),
                ('refused', "Refused"),
                ], "Archive State"), 'get_store')
    problem = fields.Function(fields.Text("Reason of Refusal", states={
                'invisible': Eval('state') != 'refused',
                }), 'get_store')
    plugin = fields.Function(fields.Char("Plugin"), 'get_store')
    version = fields.Function(fields.Char("Version"), 'get_store')
    requires = fields.Function(fields.Char("Requires"), 'get_store')
    licence_state = fields.Function(fields.Selection([
                (None, ""),
                ('valid', "Valid"),
                ('invalid', "Not valid"),
                ], "Licence"), 'get_store')
    licence_problem = fields.Function(fields.Text(
            "Reason the Licence Is Not Valid", states={
                'invisible': Eval('licence_state') != 'invalid',
                }), 'get_store')
    licensee = fields.Function(fields.Char("Licensee"), 'get_store')
    valid_until = fields.Function(fields.Date("Valid Until"), 'get_store')
    installed = fields.Function(
        fields.Char("Installed Version",
            help="The version installed in this database."),
        'get_store')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints += [
            ('file_name_unique', Unique(table, table.file_name),
                'plugins.msg_archive_unique'),
            ]
        cls._order = [('file_name', 'ASC'), ('id', 'ASC')]
        cls._buttons.update({
                'install': {
                    'invisible': ((Eval('state') != 'ready')
                        | (Eval('licence_state') != 'valid')),
                    'depends': ['state', 'licence_state'],
                    },
                })

    @classmethod
    def synchronize(cls):
        "Make the records follow the files of the store"
        try:
            files = host.store().archives()
        except PluginError as error:
            raise refused(error) from error
        archives = cls.search([])
        known = {a.file_name for a in archives}
        cls.delete([a for a in archives if a.file_name not in files])
        cls.create([{'file_name': f} for f in files if f not in known])

    @classmethod
    def get_store(cls, archives, names):
        pool = Pool()
        Date = pool.get('ir.date')
        today = Date.today()
        store = host.store()
        try:
            files, licences = store.archives(), store.licences()
        except PluginError as error:
            raise refused(error) from error
        versions = cls._installed_versions()
        result = {name: {} for name in names}
        for archive in archives:
            values = cls._archive_values(files.get(archive.file_name))
            if values['plugin']:
                values.update(cls._licence_values(
                        values['plugin'], licences.values(), today))
                values['installed'] = versions.get(values['plugin'])
            for name in names:
                result[name][archive.id] = values.get(name)
        return result

    @classmethod
    def _archive_values(cls, found):
        if isinstance(found, StoredArchive):
            manifest = found.manifest
            return {
                'state': 'ready',
                'plugin': manifest.name,
                'version': manifest.version,
                'requires': ', '.join(manifest.requires_modules.values()),
                }
        if isinstance(found, PluginError):
            problem = sentence(found.code, found.parameters, str(found))
        else:
            problem = gettext('plugins.msg_archive_gone')
        return {'state': 'refused', 'plugin': None, 'problem': problem}

    @classmethod
    def _licence_values(cls, plugin, licences, today):
        "What the best licence of the plugin says for this database"
        database = Transaction().database.name
        own = [
            l for l in licences
            if isinstance(l, Licence) and l.plugin == plugin]
        values = {}
        try:
            if not own:
                raise LicenceMissing(plugin=plugin)
            licence = max(own, key=lambda l: l.valid_until)
            values['licensee'] = licence.licensee
            values['valid_until'] = licence.valid_until
            licence.check(
                plugin=plugin, database=database, used_by=(), today=today)
        except LicenceError as error:
            values['licence_state'] = 'invalid'
            values['licence_problem'] = sentence(
                error.code, error.parameters, str(error))
        else:
            values['licence_state'] = 'valid'
        return values

    @classmethod
    def _installed_versions(cls):
        # The table of tryton_plugins, see tryton_plugins.database
        table = 'tryton_plugins_installed'
        if not backend.TableHandler.table_exist(table):
            return {}
        cursor = Transaction().connection.cursor()
        cursor.execute('SELECT plugin, folder FROM ' + table)
        return dict(cursor.fetchall())

    @classmethod
    @ModelView.button_action('plugins.wizard_install')
    def install(cls, archives):
        pass


class OpenArchives(AdministratorMixin, Wizard):
    "Open Plugins"
    __name__ = 'plugins.archive.open'
    start_state = 'open_'
    open_ = StateAction('plugins.act_archive_form')

    def do_open_(self, action):
        pool = Pool()
        Archive = pool.get('plugins.archive')
        with Transaction().set_context(_check_access=False):
            Archive.synchronize()
        return action, {}


class Upload(AdministratorMixin, Wizard):
    "Put Plugin on the Server"
    __name__ = 'plugins.upload'
    start = StateView('plugins.upload.start',
        'plugins.upload_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Put on the Server", 'add', 'tryton-ok', default=True),
            ])
    add = StateTransition()
    open_ = StateAction('plugins.act_archive_form')

    def transition_add(self):
        pool = Pool()
        Archive = pool.get('plugins.archive')
        store = host.store()
        try:
            for file, name, add in [
                    (self.start.archive, self.start.archive_name,
                        store.add_archive),
                    (self.start.licence, self.start.licence_name,
                        store.add_licence),
                    ]:
                if file:
                    add(bytes(file), name or '?')
        except PluginError as error:
            raise refused(error) from error
        with Transaction().set_context(_check_access=False):
            Archive.synchronize()
        return 'open_'


class UploadStart(ModelView):
    "Put Plugin on the Server"
    __name__ = 'plugins.upload.start'

    archive = fields.Binary("Archive", filename='archive_name',
        states={
            'required': ~Eval('licence'),
            },
        help="The plugin's ZIP file, e.g. MBankPluginV2.zip.")
    archive_name = fields.Char("Archive Name")
    licence = fields.Binary("Licence", filename='licence_name',
        states={
            'required': ~Eval('archive'),
            },
        help="The licence file of the plugin's vendor.")
    licence_name = fields.Char("Licence Name")

