# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Installations of a plugin on a database, asked for and followed."""
import datetime as dt
import uuid

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction
from trytond.wizard import Button, StateAction, StateView, Wizard

from tryton_plugins.requested import Request

from . import host
from .exceptions import PluginRefused
from .refusal import sentence, step_line
from .rights import AdministratorMixin, check_administrator


class Installation(ModelSQL, ModelView):
    "Plugin Installation"
    __name__ = 'plugins.installation'

    plugin = fields.Char("Plugin", required=True, readonly=True)
    version = fields.Char("Version", required=True, readonly=True)
    archive_name = fields.Char("Archive", required=True, readonly=True)
    database = fields.Char("Database", required=True, readonly=True)
    request = fields.Char("Request", required=True, readonly=True)
    requested_by = fields.Many2One(
        'res.user', "Requested By", required=True, readonly=True)
    requested_at = fields.DateTime("Requested At", required=True, readonly=True)
    state = fields.Function(fields.Selection([
                ('requested', "Requested"),
                ('running', "Running"),
                ('done', "Installed"),
                ('failed', "Refused"),
                ], "State"), 'get_outcome')
    problem = fields.Function(fields.Text("Reason"), 'get_outcome')
    log = fields.Function(fields.Text("Course"), 'get_outcome')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('requested_at', 'DESC'), ('id', 'DESC')]
        cls._buttons.update({
                'refresh': {},
                })

    def get_rec_name(self, name):
        return '%s %s - %s' % (self.plugin, self.version, self.database)

    @classmethod
    def get_outcome(cls, installations, names):
        requests = host.requests()
        result = {name: {} for name in names}
        for installation in installations:
            found = requests.state(installation.request)
            values = {
                'state': found.state,
                'problem': sentence(**found.error) if found.error else None,
                'log': '\n'.join(map(step_line, found.steps)),
                }
            for name in names:
                result[name][installation.id] = values[name]
        return result

    @classmethod
    @ModelView.button
    def refresh(cls, installations):
        # The state is read from the store each time the record is
        pass


class Install(AdministratorMixin, Wizard):
    "Installation on Database"
    __name__ = 'plugins.install'
    start = StateView('plugins.install.start',
        'plugins.install_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Install", 'ask', 'tryton-ok', default=True),
            ])
    ask = StateAction('plugins.act_installation_form')

    def default_start(self, fields):
        return {
            'plugin': self.record.plugin,
            'version': self.record.version,
            'database': Transaction().database.name,
            }

    def do_ask(self, action):
        pool = Pool()
        Installation = pool.get('plugins.installation')
        database = self.start.database
        if database not in host.databases():
            raise PluginRefused(
                gettext('plugins.msg_database_not_allowed', database=database))
        if not host.supervised(database):
            raise PluginRefused(
                gettext('plugins.msg_no_host', database=database))
        archive = self.record
        if archive.state != 'ready' or archive.licence_state != 'valid':
            raise PluginRefused(archive.licence_problem or archive.problem)
        with Transaction().set_context(_check_access=False):
            installation, = Installation.create([{
                        'plugin': archive.plugin,
                        'version': archive.version,
                        'archive_name': archive.file_name,
                        'database': database,
                        'request': uuid.uuid4().hex,
                        'requested_by': Transaction().user,
                        'requested_at': dt.datetime.now(),
                        }])
        host.ask(Request(
                id=installation.request,
                archive=installation.archive_name,
                database=database,
                requested_by=installation.requested_by.login,
                # trytond keeps time in UTC
                requested_at=installation.requested_at.isoformat() + '+00:00'))
        return action, {'res_id': installation.id}


class InstallStart(ModelView):
    "Installation on Database"
    __name__ = 'plugins.install.start'

    plugin = fields.Char("Plugin", readonly=True)
    version = fields.Char("Version", readonly=True)
    database = fields.Selection(
        'get_databases', "Database", required=True,
        help="During the installation it is in service mode: "
        "users wait and come back to their work after it.")

    @classmethod
    def get_databases(cls):
        check_administrator()
        return [(name, name) for name in host.databases()]
