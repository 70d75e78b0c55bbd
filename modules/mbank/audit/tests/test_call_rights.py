# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Who reads the audit, what nobody changes, exports and the time rows are kept"
import datetime as dt
import hashlib
from unittest.mock import patch

from trytond.model.exceptions import AccessError
from trytond.modules.mbank.audit import call, call_export, call_guard
from trytond.modules.mbank import clock
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.exceptions import (
    CallExportError, ConfigurationValidationError)
from trytond.pool import Pool
from trytond.tests.test_tryton import with_transaction
from trytond.transaction import Transaction, without_check_access

from ...tests.sessions import make_session
from ...tests.tools import (
    ConfiguredCase, Queries, adopt, create_firm, create_user, model, wizard)

DAY = dt.timedelta(days=1)


class CallRightsTestCase(ConfiguredCase):
    "The audit, asked as a client asks"

    def prepare(self):
        adopt()
        self.company = create_firm()
        self.jan = create_user('jan', self.company, 'group_session_create')
        self.piotr = create_user(
            'piotr', self.company, 'group_session_create')
        self.ewa = create_user(
            'ewa', self.company, 'group_statement_download')
        self.boss = create_user(
            'boss', self.company, 'group_session_manage')
        self.auditor = create_user('auditor', self.company, 'group_audit')
        self.session = make_session(self.jan, self.company)

    def record(self, outcome='accepted', time=None, session=True, **values):
        "A row as the gateway writes it; its id"
        Call = Pool().get('mbank.call')
        company = values.pop('company', self.company)
        id_ = Call.begin(**{
                'operation': 'getMT940Ex', 'purpose': 'getMT940Ex',
                'dik': '10000001', 'reference': 'a1',
                'time': time or utcnow(),
                **Call.parties(
                    company and company.id, self.jan.id,
                    self.session.id if session else None),
                **values})
        if outcome != 'pending':
            Call.end(
                id_, outcome, duration=dt.timedelta(milliseconds=1250),
                bank_code=None)
        return id_

    def find(self, user, domain=()):
        return list(model(
                user, 'mbank.call', 'search', list(domain), 0, None, None))

    @with_transaction()
    def test_who_reads(self):
        """The auditor all, who manages sessions those on sessions, an owner
        those on the own session, others none"""
        self.prepare()
        own = self.record()
        without = self.record(session=False, authoriser=self.piotr.id)
        self.assertEqual(set(self.find(self.auditor)), {own, without})
        self.assertEqual(self.find(self.boss), [own])
        self.assertEqual(self.find(self.jan), [own])
        self.assertEqual(self.find(self.piotr), [without])
        with self.assertRaises(AccessError):
            self.find(self.ewa)
        with self.assertRaises(AccessError):
            model(self.piotr, 'mbank.call', 'read', [own], ['operation'])

    @with_transaction()
    def test_head_offices(self):
        "Calls for a head office that is not the user's are not seen"
        self.prepare()
        other = create_firm('20000002', "Beta")
        hidden = self.record(company=other)
        seen = self.record()
        self.assertEqual(self.find(self.auditor), [seen])
        self.assertEqual(self.find(self.auditor, [('id', '=', hidden)]), [])

    @with_transaction()
    def test_nobody_changes_it(self):
        """Neither a user with all rights nor the server's own code writes,
        creates, deletes, copies or imports a row"""
        self.prepare()
        pool = Pool()
        Access = pool.get('ir.model.access')
        Call = pool.get('mbank.call')
        id_ = self.record()
        Access.create([{
                    'model': 'mbank.call', 'perm_read': True,
                    'perm_write': True, 'perm_create': True,
                    'perm_delete': True}])
        for user in [1, self.auditor.id]:
            for method, args in [
                    ('write', ([id_], {'outcome': 'refused'})),
                    ('write', ([id_], {'session': None})),
                    ('create', ([{'operation': 'x'}],)),
                    ('delete', ([id_],)),
                    ('copy', ([id_],)),
                    ('import_data', (['operation'], [['x']])),
                    ]:
                with self.subTest(user=user, method=method, args=args), \
                        self.assertRaises(AccessError):
                    model(user, 'mbank.call', method, *args)
        record = Call(id_)
        for change in [
                lambda: Call.write([record], {'outcome': 'refused'}),
                lambda: Call.write([record], {'session': None, 'dik': '1'}),
                lambda: Call.create([{'operation': 'x'}]),
                lambda: Call.delete([record])]:
            with without_check_access(), Transaction().set_user(0), \
                    self.assertRaises(AccessError):
                change()
        self.assertEqual(Call(id_).outcome, 'accepted')

    @with_transaction()
    def test_a_deleted_session_leaves_its_number(self):
        "An attempt that was given up is deleted, its calls are not"
        self.prepare()
        pool = Pool()
        Session = pool.get('mbank.session')
        Call = pool.get('mbank.call')
        attempt = Session.begin(
            [('1', None)], user=self.piotr.id, context_key='database')
        id_ = Call.begin(
            time=utcnow(), operation='initLoginWithSignature',
            **Call.parties(self.company.id, self.jan.id, attempt))
        Session.discard(attempt)
        call_ = Call(id_)
        self.assertIsNone(call_.session)
        self.assertEqual(call_.session_number, attempt)
        self.assertEqual(call_.authoriser_name, 'jan')

    @with_transaction()
    def test_sorting(self):
        "Only by the time, for which there is an index"
        self.prepare()
        definitions = model(self.auditor, 'mbank.call', 'fields_get', [])
        self.assertEqual(
            {n for n, d in definitions.items() if d.get('sortable')},
            {'time'})

    @with_transaction()
    def test_found_by_reference(self):
        "What stands in an error finds the call"
        self.prepare()
        self.record()
        id_ = self.record(reference='abc123')
        self.assertEqual(
            self.find(self.auditor, [('rec_name', 'ilike', 'abc123%')]),
            [id_])

    # The time rows are kept

    @with_transaction()
    def test_kept_and_deleted(self):
        "Older rows go in batches, younger ones and those under way stay"
        self.prepare()
        keep = Pool().get('mbank.configuration')(1).audit_keep_days
        self.assertEqual(keep, 2192)
        old, young = utcnow() - (keep + 1) * DAY, utcnow() - (keep - 1) * DAY
        for _ in range(5):
            self.record(time=old)
        stay = {self.record(time=young), self.record()}
        Call = Pool().get('mbank.call')
        with patch.object(call, 'BATCH', 2):
            self.assertEqual(Call._delete_old(utcnow() - keep * DAY), 2)
            left = {self.record(time=old, outcome='pending')} | stay
            while Call._delete_old(utcnow() - keep * DAY):
                pass
        self.assertEqual(set(self.find(self.auditor)), left)

    @with_transaction()
    def test_the_least_time(self):
        "Five years at least: fewer cannot be set, and deletes no more"
        self.prepare()
        Configuration = Pool().get('mbank.configuration')
        configuration = Configuration(1)
        configuration.audit_keep_days = call_guard.LEAST_DAYS - 1
        with self.assertRaises(ConfigurationValidationError):
            configuration.save()

    # Exports

    def export(self, user, company=None, outcome=None, **dates):
        today = dt.date.today()
        id_, _, _ = wizard(user, 'mbank.call.export', 'create')
        return wizard(
            user, 'mbank.call.export', 'execute', id_, {
                'start': {
                    'date_from': dates.get('date_from', today - DAY),
                    'date_to': dates.get('date_to', today + DAY),
                    'company': company and company.id,
                    'outcome': outcome,
                    }}, 'result')['view']['defaults']

    @with_transaction()
    def test_export(self):
        "A file a Polish spreadsheet opens, and a record of who took it"
        self.prepare()
        time = utcnow()
        self.record(time=time, requester_name='=cmd()')
        self.record(time=time, outcome='refused')
        made = self.export(self.auditor, self.company)
        self.assertEqual(made['rows'], 2)
        content = bytes(made['file'])
        self.assertTrue(content.startswith(b'\xef\xbb\xbf'))
        head, first, second = content.decode('utf-8-sig').split('\r\n')[:3]
        self.assertEqual(head.split(';')[:2], ['Time', 'Operation'])
        values = dict(zip(head.split(';'), first.split(';')))
        self.assertEqual(values['Duration'], '1,250')
        self.assertEqual(values['Outcome'], 'Accepted')
        self.assertEqual(values['Name of Requester'], "'=cmd()")
        self.assertEqual(values['Name of Authoriser'], 'jan')
        self.assertEqual(values['Name of Head Office'], self.company.rec_name)
        self.assertIn('Refused', second)
        local = time.replace(tzinfo=dt.timezone.utc).astimezone(
            clock.zone_of(self.company))
        self.assertEqual(values['Time'], local.strftime('%Y-%m-%d %H:%M:%S'))
        export, = Pool().get('mbank.call.export').search([])
        self.assertEqual((export.user, export.rows, export.company),
            (self.auditor, 2, self.company))
        self.assertEqual(export.sha256, hashlib.sha256(content).hexdigest())

    @with_transaction()
    def test_export_asks_for_many_rows_at_once(self):
        "A file of forty rows takes as many queries as one of three"
        self.prepare()
        # The titles of the columns are read once.
        call_export.write([self.record()])
        counts = []
        for rows in [3, 40]:
            calls = [self.record() for _ in range(rows)]
            with Queries() as written:
                call_export.write(calls)
            counts.append(written.count)
        self.assertEqual(*counts)

    @with_transaction()
    def test_export_of_a_choice(self):
        "By outcome and by the days of the head office, both included"
        self.prepare()
        self.record(outcome='unknown')
        # Midnight of the head office is 23:00 or 22:00 UTC of the day before
        for time in ['2026-01-09 22:59:59', '2026-01-09 23:00:00',
                '2026-01-10 22:59:59', '2026-01-10 23:00:00']:
            self.record(time=dt.datetime.fromisoformat(time))
        self.assertEqual(
            self.export(self.auditor, outcome='unknown')['rows'], 1)
        day = dt.date(2026, 1, 10)
        self.assertEqual(self.export(
                self.auditor, self.company,
                date_from=day, date_to=day)['rows'], 2)

    @with_transaction()
    def test_export_has_a_limit(self):
        "A file that would be too large is refused whole, never cut"
        self.prepare()
        for _ in range(3):
            self.record()
        with patch.object(call_export, 'LIMIT', 2), \
                self.assertRaises(CallExportError):
            self.export(self.auditor)
        self.assertEqual(Pool().get('mbank.call.export').search([]), [])

    @with_transaction()
    def test_who_exports(self):
        "The auditor, the own head offices, and the record is as fixed"
        self.prepare()
        other = create_firm('20000002', "Beta")
        self.record(company=other)
        for user in [self.jan, self.boss, self.ewa]:
            with self.subTest(user=user.login), \
                    self.assertRaises(AccessError):
                self.export(user)
        with self.assertRaises(AccessError):
            self.export(self.auditor, other)
        self.assertEqual(self.export(self.auditor)['rows'], 0)
        Export = Pool().get('mbank.call.export')
        export, = Export.search([])
        for method, args in [
                ('write', ([export.id], {'rows': 5})),
                ('delete', ([export.id],)),
                ('create', ([{'rows': 1}],))]:
            with self.subTest(method=method), self.assertRaises(AccessError):
                model(1, 'mbank.call.export', method, *args)
        for change in [
                lambda: Export.write([export], {'rows': 5}),
                lambda: Export.delete([export])]:
            with self.assertRaises(AccessError):
                change()
