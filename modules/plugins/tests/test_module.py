# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Tryton's own tests of every module, and what people do with plugins."""
import datetime as dt
import json
import tempfile
from datetime import date, timedelta
from pathlib import Path
from string import Formatter

from trytond import config
from trytond.i18n import gettext
from trytond.model.exceptions import AccessError
from trytond.modules.plugins import host
from trytond.modules.plugins.exceptions import (
    PluginAccessError, PluginRefused)
from trytond.modules.plugins.refusal import MESSAGES
from trytond.pool import Pool
from trytond.tests.test_tryton import ModuleTestCase, with_transaction
from trytond.transaction import Transaction

from tryton_plugins import errors
from tryton_plugins.archive import Manifest, write_archive
from tryton_plugins.keys import ARCHIVE_PURPOSE, VendorKey
from tryton_plugins.licence import issue
from tryton_plugins.requested import Request, RequestState


class PluginsTestCase(ModuleTestCase):
    "The module keeps the rules every Tryton module keeps, and its own"
    module = 'plugins'

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.key = VendorKey.create()
        (self.folder / 'keys.pem').write_bytes(self.key.public_pem())
        if not config.has_section('plugins'):
            config.add_section('plugins')
        config.set('plugins', 'store', str(self.folder / 'store'))
        config.set('plugins', 'trusted_keys', str(self.folder / 'keys.pem'))
        self.addCleanup(config.remove_section, 'plugins')

    def archive(self, key=None):
        "The bytes of a signed archive without wheels"
        manifest = Manifest(
            'SamplePlugin', '8.0.1', '8.0', 'sample',
            {'automatic_settlement': 'AutomaticSettlements'}, (), {})
        path = self.folder / 'SamplePlugin.zip'
        signature = (key or self.key).sign(
            ARCHIVE_PURPOSE, manifest.to_bytes())
        write_archive(path, manifest, signature, {})
        return path.read_bytes()

    def licence(self, valid_until, key=None, **scope):
        return issue(
            key or self.key, licensee="Alfa", nip='', plugin='SamplePlugin',
            valid_from=date(2020, 1, 1), valid_until=valid_until,
            **(scope or {'max_databases': 1}))

    def upload(self, archive=None, licence=None):
        "Run the wizard as its buttons do"
        Upload = Pool().get('plugins.upload', type='wizard')
        session, _, _ = Upload.create()
        Upload.execute(session, {
                'start': {
                    'archive': archive,
                    'archive_name': 'MBankPluginV2.zip',
                    'licence': licence,
                    'licence_name': 'licence.json',
                    },
                }, 'add')
        Upload.delete(session)

    @with_transaction()
    def test_uploaded_plugin_is_listed_with_its_licence(self):
        "The list shows version, licensee and the day the licence ends"
        Archive = Pool().get('plugins.archive')
        self.upload(self.archive(), self.licence(date(2099, 12, 31)))
        archive, = Archive.search([])
        self.assertEqual(archive.file_name, 'SamplePlugin-8.0.1.zip')
        self.assertEqual(archive.state, 'ready')
        self.assertEqual(archive.version, '8.0.1')
        self.assertEqual(archive.requires, 'AutomaticSettlements')
        self.assertEqual(archive.licence_state, 'valid')
        self.assertEqual(archive.licensee, "Alfa")
        self.assertEqual(archive.valid_until, date(2099, 12, 31))
        self.assertIsNone(archive.installed)

    @with_transaction()
    def test_reason_of_an_invalid_licence_is_shown(self):
        "No licence, an outdated one and one for other databases each say so"
        Archive = Pool().get('plugins.archive')
        self.upload(self.archive())
        archive, = Archive.search([])
        self.assertEqual(archive.licence_state, 'invalid')
        self.assertIn("no licence for SamplePlugin", archive.licence_problem)
        yesterday = date.today() - timedelta(days=1)
        self.upload(licence=self.licence(yesterday))
        archive = Archive(archive.id)
        self.assertIn(
            "ended on %s" % yesterday, archive.licence_problem)
        self.assertEqual(archive.valid_until, yesterday)
        self.upload(licence=self.licence(
                date(2099, 1, 1), databases=['elsewhere']))
        archive = Archive(archive.id)
        self.assertIn("elsewhere, not", archive.licence_problem)

    @with_transaction()
    def test_damaged_file_of_the_store_is_a_row_that_says_so(self):
        "A file that cannot be unpacked, and a folder, do not break the list"
        Archive = Pool().get('plugins.archive')
        self.upload(self.archive(), self.licence(date(2099, 12, 31)))
        store = self.folder / 'store'
        whole = (store / 'archives' / 'SamplePlugin-8.0.1.zip').read_bytes()
        place = whole.index(b'plugin.json') + 13
        (store / 'archives' / 'Damaged.zip').write_bytes(
            whole[:place] + b'\xff' * 8 + whole[place + 8:])
        (store / 'archives' / 'Folder.zip').mkdir()
        (store / 'licences' / 'Folder.json').mkdir()
        Archive.synchronize()
        states = {a.file_name: a.state for a in Archive.search([])}
        self.assertEqual(states, {
                'Damaged.zip': 'refused',
                'Folder.zip': 'refused',
                'SamplePlugin-8.0.1.zip': 'ready',
                })
        damaged, = Archive.search([('file_name', '=', 'Damaged.zip')])
        self.assertIn("Damaged.zip", damaged.problem)

    @with_transaction()
    def test_forged_files_are_refused_at_upload(self):
        "What no trusted vendor signed does not get on the server"
        stranger = VendorKey.create()
        with self.assertRaisesRegex(PluginRefused, "does not trust"):
            self.upload(self.archive(stranger))
        with self.assertRaisesRegex(PluginRefused, "not signed by a vendor"):
            self.upload(licence=self.licence(date(2099, 1, 1), stranger))
        with self.assertRaisesRegex(PluginRefused, "MBankPluginV2.zip"):
            self.upload(b'not a zip')
        self.assertFalse((self.folder / 'store' / 'archives').exists())
        self.assertFalse((self.folder / 'store' / 'licences').exists())

    @with_transaction()
    def test_archive_altered_on_the_server_is_listed_as_refused(self):
        Archive = Pool().get('plugins.archive')
        self.upload(self.archive())
        path = self.folder / 'store' / 'archives' / 'SamplePlugin-8.0.1.zip'
        path.write_bytes(self.archive(VendorKey.create()))
        archive, = Archive.search([])
        self.assertEqual(archive.state, 'refused')
        self.assertIn("does not trust", archive.problem)
        path.unlink()
        Archive.synchronize()
        self.assertFalse(Archive.search([]))

    @with_transaction()
    def test_only_an_administrator_may(self):
        "Each transition checks the group itself, whatever the context says"
        pool = Pool()
        User = pool.get('res.user')
        Open = pool.get('plugins.archive.open', type='wizard')
        user, = User.create([{'name': "Anna", 'login': 'anna'}])
        with Transaction().set_user(user.id):
            with self.assertRaises(AccessError):
                self.upload(self.archive())
            # The groups of the wizard are passed by with a forged action
            with Transaction().set_context(action_id=-1):
                with self.assertRaises(PluginAccessError):
                    self.upload(self.archive())
                with self.assertRaises(PluginAccessError):
                    Open.create()
            for name in ['plugins.archive', 'plugins.installation']:
                Model = pool.get(name)
                with Transaction().set_context(_check_access=True):
                    with self.assertRaises(AccessError):
                        Model.search([])
        self.assertFalse((self.folder / 'store').exists())

    @with_transaction()
    def test_installation_needs_a_host_and_the_own_database(self):
        "Nothing is asked for that nobody would carry out"
        pool = Pool()
        Archive = pool.get('plugins.archive')
        Install = pool.get('plugins.install', type='wizard')
        Installation = pool.get('plugins.installation')
        self.upload(self.archive(), self.licence(date(2099, 12, 31)))
        archive, = Archive.search([])
        with Transaction().set_context(
                active_model='plugins.archive', active_id=archive.id,
                active_ids=[archive.id]):
            session, _, _ = Install.create()
            own = Transaction().database.name
            for database, reason in [
                    (own, "No host"), ('elsewhere', "cannot install")]:
                with self.assertRaisesRegex(PluginRefused, reason):
                    Install.execute(session, {
                            'start': {'database': database},
                            }, 'ask')
        self.assertFalse(Installation.search([]))

    @with_transaction()
    def test_outcome_is_read_from_the_store(self):
        pool = Pool()
        Installation = pool.get('plugins.installation')
        requests = host.requests()
        installation, = Installation.create([{
                    'plugin': 'SamplePlugin',
                    'version': '8.0.1',
                    'archive_name': 'a.zip',
                    'database': 'erp',
                    'request': 'a' * 32,
                    'requested_by': Transaction().user,
                    'requested_at': dt.datetime.now(),
                    }])
        self.assertEqual(requests.state('a' * 32).state, 'requested')
        requests.set_state('a' * 32, RequestState('failed', [
                    {'code': 'archive', 'text': "x", 'seconds': 0.5}], {
                    'code': 'licence_missing',
                    'parameters': {'plugin': 'SamplePlugin'},
                    'text': "x"}))
        self.assertEqual(installation.state, 'failed')
        self.assertIn("no licence for SamplePlugin", installation.problem)
        self.assertIn("0.5 s  The archive", installation.log)

    @with_transaction()
    def test_request_is_written_with_the_commit_only(self):
        "A transaction that is rolled back asks for nothing"
        request = Request('b' * 32, 'a.zip', 'erp', 'admin', '2026-01-01')
        host.ask(request)
        Transaction().rollback()
        self.assertFalse((self.folder / 'store' / 'requests').exists())
        host.ask(request)
        Transaction().commit()
        written = self.folder / 'store' / 'requests' / ('b' * 32 + '.json')
        self.assertEqual(
            json.loads(written.read_text())['archive'], 'a.zip')

    @with_transaction()
    def test_each_refusal_has_its_sentence(self):
        "The parameters of each error fit its message"
        def classes(parent):
            for child in parent.__subclasses__():
                yield child
                yield from classes(child)

        for error in classes(errors.PluginError):
            # Roots of the tree, and what only the vendor sees
            if error.code in {'plugin_error', 'build'}:
                continue
            names = {
                name for _, name, _, _ in Formatter().parse(error.sentence)
                if name}
            text = gettext(
                MESSAGES[error.code], **{n: '<%s>' % n for n in names})
            for name in names:
                self.assertIn('<%s>' % name, text)

    @with_transaction()
    def test_no_wizard_begins_for_another(self):
        "Also where the action that carries the groups is a forged one"
        pool = Pool()
        user, = pool.get('res.user').create([{
                    'name': "Piotr", 'login': 'piotr'}])
        with Transaction().set_user(user.id), \
                Transaction().set_context(action_id=-1):
            for name in [
                    'plugins.archive.open', 'plugins.upload',
                    'plugins.install']:
                Wizard = pool.get(name, type='wizard')
                with self.subTest(name=name), \
                        self.assertRaises(PluginAccessError):
                    Wizard.create()
            with self.assertRaises(PluginAccessError):
                pool.get('plugins.install.start').get_databases()


del ModuleTestCase
