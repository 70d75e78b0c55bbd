# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""What a person sees of sessions: the main bar, the list, the calendar."""
import datetime as dt
import json
from itertools import count
from unittest import TestCase
from unittest.mock import patch

from companynet_sandbox.customers import demo_data
from trytond.model import fields
from trytond.model.exceptions import AccessError
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.sessions import session_check
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    DB_NAME, activate_module, drop_db, with_transaction)
from trytond.transaction import Transaction, check_access

from ...tests.sessions import put_in_force
from ...tests.tools import Queries, configured, create_firm, create_user, model

_logins = count(1)
GRANTED = {demo_data.DIK_ALFA: gateway.operations_of(gateway.KINDS)}


class SessionViewsTestCase(TestCase):
    "Sessions stored as the bank would have granted them"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('mbank')
        cls.addClassCleanup(drop_db)
        cls.enterClassContext(configured())
        cls.prepare()

    @classmethod
    @with_transaction()
    def prepare(cls):
        vault.create_ring()
        vault.adopt()
        cls.company = create_firm(demo_data.DIK_ALFA).id
        Transaction().commit()

    def user(self, *groups):
        Company = Pool().get('company.company')
        return create_user(
            'viewer%s' % next(_logins), Company(self.company), *groups)

    def signatory(self, *groups):
        return self.user('group_session_create', *groups)

    def session(self, user, days=90, **values):
        "A session in force of the user that ends after the days"
        Session = Pool().get('mbank.session')
        end = utcnow() + dt.timedelta(days=days)
        session_id = Session.begin(
            [(demo_data.DIK_ALFA, self.company)], user=user.id,
            context_key='database', bank_user=demo_data.USER_ALFA,
            asked_end=end, **values)
        return put_in_force(session_id, b'token', end, GRANTED)

    def button(self, user):
        User = Pool().get('res.user')
        with Transaction().set_user(user.id):
            return User.get_preferences(context_only=False)['mbank_session']

    @with_transaction()
    def test_who_may_read_calls_comes_to_them_from_a_session(self):
        "The menu is the auditor's; the signatory and the manager have this"
        Keyword = Pool().get('ir.action.keyword')
        for group in [
                'group_audit', 'group_session_manage',
                'group_session_create']:
            with self.subTest(group=group), \
                    Transaction().set_user(self.user(group).id), \
                    check_access():
                found = [
                    a['res_model'] for a in Keyword.get_keyword(
                        'form_relate', ('mbank.session', -1))
                    if a['type'] == 'ir.action.act_window']
                self.assertEqual(found.count('mbank.call'), 1)

    @with_transaction()
    def test_rows_that_are_worked_out_are_not_written(self):
        "By whatever way, also by who may read them"
        user = self.user('group_session_create', 'group_mbank_admin')
        for name in ['mbank.ending', 'mbank.overview']:
            Rows = Pool().get(name)
            with Transaction().set_user(user.id), check_access():
                for change in [
                        lambda: Rows.create([{}]),
                        lambda: Rows.write(Rows.browse([1]), {}),
                        lambda: Rows.delete(Rows.browse([1])),
                        lambda: Rows.import_data(['id'], [['1']]),
                        ]:
                    with self.subTest(name=name), \
                            self.assertRaises(AccessError):
                        change()

    # The main bar

    @with_transaction()
    def test_without_a_session_the_button_creates_one(self):
        "The label is that of the mission, and there is no session to open"
        shown = self.button(self.signatory())
        self.assertEqual(shown['label'], "Create long-lived mBank session")
        self.assertEqual(
            (shown['state'], shown['badge'], shown['session']),
            ('none', None, None))
        self.assertTrue(shown['action'])

    @with_transaction()
    def test_a_live_session_is_opened(self):
        "The button tells until when, and opens the session"
        user = self.signatory()
        session = self.session(user)
        shown = self.button(user)
        self.assertEqual(
            (shown['state'], shown['session']), ('active', session.id))
        self.assertIn('until', shown['badge'])

    @with_transaction()
    def test_expiring(self):
        "One that ends soon says how many days are left"
        Session = Pool().get('mbank.session')
        user = self.signatory()
        session = self.session(user, days=5)
        Session.write([session], {'state': 'expiring'})
        shown = self.button(user)
        self.assertEqual(
            (shown['state'], shown['session']), ('expiring', session.id))
        self.assertRegex(shown['badge'], r"days left: [45]$")

    @with_transaction()
    def test_a_session_that_waits_for_its_proof(self):
        "What the bank has made and is not in force yet is taken up"
        Session = Pool().get('mbank.session')
        user = self.signatory()
        end = utcnow() + dt.timedelta(days=90)
        session_id = Session.begin(
            [(demo_data.DIK_ALFA, self.company)], user=user.id,
            context_key='database', asked_end=end)
        Session.keep_made(session_id, b'token', end, GRANTED)
        shown = self.button(user)
        self.assertEqual((shown['state'], shown['session']), ('signing', None))
        self.assertEqual(
            shown['label'], "Finish the long-lived mBank session")

    @with_transaction()
    def test_certificate_ends_soon(self):
        "A session whose certificate ends soon says so before it does"
        Certificate = Pool().get('mbank.certificate')
        user = self.signatory()
        certificate, = Certificate.create([{
                    'user': user.id, 'name': 'Jan', 'fingerprint': 'x',
                    'valid_to': utcnow() + dt.timedelta(days=40)}])
        self.session(user, days=39, certificate=certificate.id)
        shown = self.button(user)
        self.assertEqual(shown['state'], 'warning')
        self.assertIn('certificate ends', shown['badge'])
        self.assertIn('Jan', shown['title'])

    @with_transaction()
    def test_how_the_last_one_ended(self):
        "Expired, ended by the bank and being ended differ; later it is over"
        Session = Pool().get('mbank.session')
        # A lock that is missing lets the test run again, outside subtests.
        Pool().get('mbank.configuration').lock()
        for days, end, state, badge in [
                (-1, lambda s: Session.mark_invalid(s.id, "Gone"),
                    'expired', 'expired'),
                (-1, lambda s: None, 'expired', 'expired'),
                (9, lambda s: Session.mark_invalid(s.id, "The bank says so"),
                    'ended', 'ended'),
                (9, lambda s: Session.lock_here(s.id, "Revoked"),
                    'ended', 'being ended at the bank'),
                ]:
            with self.subTest(badge=badge, days=days):
                user = self.signatory()
                session = self.session(user, days=days)
                end(session)
                shown = self.button(user)
                self.assertEqual(
                    (shown['state'], shown['session']), (state, None))
                self.assertEqual(
                    shown['label'], "Create long-lived mBank session")
                self.assertTrue(shown['badge'].startswith(badge))
                if state == 'ended' and badge == 'ended':
                    self.assertIn("The bank says so", shown['title'])
        Session.write([session], {
                'ended': utcnow() - dt.timedelta(days=31)})
        self.assertEqual(self.button(user)['state'], 'none')

    @with_transaction()
    def test_the_bar_is_cheap(self):
        "It asks the database as often with one session as with fifty"
        counts = []
        for number in [1, 50]:
            user = self.signatory()
            for _ in range(number):
                self.session(user)
            self.button(user)
            with Queries() as queries:
                self.button(user)
            counts.append(queries.count)
        few, many = counts
        self.assertLessEqual(many, few)
        self.assertLess(few, 60)

    # The views

    @with_transaction()
    def test_use_is_told_in_constant_queries(self):
        "Last call and calls today come from the audit, for all at once"
        pool = Pool()
        Call = pool.get('mbank.call')
        manager = self.user('group_session_manage')
        sessions = [self.session(self.signatory()) for _ in range(12)]
        now = utcnow()
        for time in [now, now, now - dt.timedelta(days=3)]:
            Call.begin(
                operation='getStatus', session=sessions[0].id, time=time)
        names = ['last_call', 'calls_today', 'use', 'sharing']
        ids = [s.id for s in sessions]
        counts = []
        # The first reads what the memory of the process keeps.
        for part in [ids[:2], ids[:2], ids]:
            # What is cached is not asked for.
            Transaction().get_cache().clear()
            with Queries() as queries:
                rows = model(
                    manager, 'mbank.session', 'read', part, names,
                    company=self.company)
            counts.append(queries.count)
        by_id = {row['id']: row for row in rows}
        used, unused = by_id[ids[0]], by_id[ids[1]]
        self.assertEqual((used['last_call'], used['calls_today']), (now, 2))
        self.assertIn("calls today: 2", used['use'])
        self.assertEqual(unused['use'], "It was not used yet.")
        self.assertEqual(
            unused['sharing'], "It is not shared with any database.")
        self.assertIsNone(unused['last_call'])
        self.assertLessEqual(counts[2], counts[1] + 3)

    @with_transaction()
    def test_search_by_what_a_person_knows(self):
        "User, DIK, head office and bank user find the session"
        Session = Pool().get('mbank.session')
        user = self.signatory()
        session = self.session(user)
        for text in [user.name, demo_data.DIK_ALFA, 'Alfa',
                demo_data.USER_ALFA]:
            with self.subTest(text=text):
                self.assertIn(session, Session.search([
                            ('rec_name', 'ilike', '%' + text + '%')]))
        self.assertEqual(
            Session.search([('rec_name', 'ilike', '%nothing%')]), [])

    @with_transaction()
    def test_operations_in_words(self):
        "What a DIK may do is said in words"
        dik, = self.session(self.signatory()).diks
        self.assertEqual(
            dik.operations_text,
            'statements, payments')

    @with_transaction()
    def test_history(self):
        "Each change of the state is kept, with who and why; nobody edits it"
        Event = Pool().get('mbank.session.event')
        Session = Pool().get('mbank.session')
        user = self.signatory()
        with Transaction().set_user(user.id):
            session = self.session(user)
        Session.mark_invalid(session.id, "The bank says so")
        root = Pool().get('res.user')(Transaction().user)
        events = [
            (e.before, e.after, e.user, e.reason)
            for e in Event.search([('session', '=', session.id)],
                order=[('id', 'ASC')])]
        self.assertEqual(events, [
                ('draft', 'awaiting_signature', user, None),
                ('awaiting_signature', 'proving', user, None),
                ('proving', 'active', user, None),
                ('active', 'revoked', root, "The bank says so"),
                ])
        shown = model(user, 'mbank.session.event', 'search_read',
            [('session', '=', session.id)], 0, None, None, ['after'])
        self.assertEqual(len(shown), 4)
        stranger = self.signatory()
        self.assertEqual(model(
                stranger, 'mbank.session.event', 'search',
                [('session', '=', session.id)]), [])
        for method, args in [
                ('write', ([shown[0]['id']], {'reason': 'x'})),
                ('delete', ([shown[0]['id']],)),
                ('create', ([{'session': session.id}],))]:
            with self.subTest(method=method), self.assertRaises(AccessError):
                model(user, 'mbank.session.event', method, *args)

    # The calendar

    @with_transaction()
    def test_calendar(self):
        "Ends of sessions and certificates, each seen by whom it concerns"
        pool = Pool()
        Certificate = pool.get('mbank.certificate')
        Session = pool.get('mbank.session')
        user = self.signatory()
        certificate, = Certificate.create([{
                    'user': user.id, 'name': 'Jan', 'fingerprint': 'y',
                    'valid_to': utcnow() - dt.timedelta(days=1)}])
        soon = self.session(user, days=20)
        revoked = self.session(self.signatory())
        Session.lock_here(revoked.id, "Revoked")
        later = self.session(self.signatory(), days=200)
        names = ['kind', 'state', 'time', 'title', 'color', 'session']

        def shown(who):
            rows = model(who, 'mbank.ending', 'search_read',
                [], 0, None, None, names, company=self.company)
            return {(r['kind'], r['time']): r for r in rows}
        own = shown(user)
        self.assertEqual(
            {key: row['state'] for key, row in own.items()},
            {('session', soon.end): 'soon',
                ('certificate', certificate.valid_to): 'past'})
        self.assertIn(user.name, own['session', soon.end]['title'])
        everything = shown(self.user('group_session_manage'))
        self.assertEqual(
            everything['session', later.end]['state'], 'later')
        self.assertNotIn(('session', revoked.end), [
                (k, t) for (k, t), r in everything.items()
                if r['session'] == revoked.id])
        self.assertEqual(
            len({row['color'] for row in everything.values()}), 3)
        with self.assertRaises(AccessError):
            shown(self.user('group_statement_download'))

    def set_(self, **values):
        Configuration = Pool().get('mbank.configuration')
        configuration = Configuration(1)
        for name, value in values.items():
            setattr(configuration, name, value)
        configuration.save()

    @with_transaction()
    def test_context_in_words(self):
        "What a session is kept for is said, and the list sorted by it"
        Company = Pool().get('company.company')
        Session = Pool().get('mbank.session')
        of_database = self.session(self.signatory())
        of_office = self.session(self.signatory())
        Session.write([of_office], {'company': self.company})
        self.assertEqual(of_database.context_name, "Database")
        self.assertEqual(
            Session(of_office.id).context_name,
            Company(self.company).rec_name)
        ids = [of_database.id, of_office.id]
        first, second = (
            [s.id for s in Session.search(
                    [('id', 'in', ids)], order=[('context_name', way)])]
            for way in ['ASC', 'DESC'])
        self.assertEqual(sorted(first), ids)
        self.assertEqual(first, second[::-1])

    @with_transaction()
    def test_near_its_end(self):
        "What is near follows the first warning, what is due the renewal"
        Session = Pool().get('mbank.session')
        user = self.signatory()
        session = self.session(user, days=40)
        self.set_default(user)

        def seen():
            due, rest = (
                {s.id for s in Session.search([('renewal_due', '=', value)])}
                for value in [True, False])
            self.assertEqual(
                due | rest, {s.id for s in Session.search([])})
            self.assertFalse(due & rest)
            self.assertEqual(
                Session(session.id).renewal_due, session.id in due)
            calendar, = model(user, 'mbank.ending', 'search_read',
                [('session', '=', session.id)], 0, None, None, ['state'],
                company=self.company)
            overview = self.overview(self.company)['statements']['state']
            return session.id in due, calendar['state'], overview
        self.assertEqual(seen(), (False, 'later', 'covered'))
        self.set_(session_warnings='45, 5')
        self.assertEqual(seen(), (False, 'soon', 'soon'))
        self.set_(renewal_days=41)
        self.assertEqual(seen(), (True, 'soon', 'soon'))
        Session.write([session], {'shared_from': 'elsewhere'})
        self.assertFalse(seen()[0])

    # The overview

    def overview(self, company, user=None):
        "The rows of the head office by kind, as an administrator sees them"
        user = user or self.user('group_mbank_admin')
        rows = model(user, 'mbank.overview', 'search_read',
            [('company', '=', company)], 0, None, None,
            ['kind', 'state', 'authoriser', 'until', 'own', 'explanation'],
            company=company)
        return {row['kind']: row for row in rows}

    def set_default(self, user):
        self.set_(default_authorising_user=user)

    def assertGap(self, company, text, kinds=2):
        rows = self.overview(company)
        gaps = [r for r in rows.values() if r['state'] == 'gap']
        self.assertEqual(len(gaps), kinds)
        for row in gaps:
            self.assertRegex(row['explanation'], text)
            self.assertIsNone(row['authoriser'])
        return rows

    @with_transaction()
    def test_overview(self):
        "A row a head office and kind: whose session authorises, or the gap"
        Company = Pool().get('company.company')
        Dik = Pool().get('mbank.session.dik')
        Session = Pool().get('mbank.session')
        self.assertGap(self.company, "default authorising user")
        default = self.signatory()
        self.set_default(default)
        self.assertGap(self.company, "has no session")
        session = self.session(default)
        rows = self.overview(self.company)
        self.assertEqual(set(rows), {'statements', 'payments'})
        for row in rows.values():
            self.assertEqual(
                (row['state'], row['authoriser'], row['until']),
                ('covered', default.rec_name, session.end))
            self.assertIn(default.name, row['explanation'])
            self.assertIn(default.name, row['own'])
        Session.write([session], {
                'end': utcnow() + dt.timedelta(days=9)})
        self.assertEqual(
            {r['state'] for r in self.overview(self.company).values()},
            {'soon'})
        dik, = session.diks
        Dik.write([dik], {'operations': json.dumps(
                    ['getMT940Ex', 'checkGetMT940Result',
                        'confirmResponseReceived', 'getStatus'])})
        rows = self.assertGap(
            self.company, r"payments.*without: .*sending orders", kinds=1)
        self.assertEqual(rows['payments']['state'], 'gap')
        Dik.write([dik], {'granted': False})
        self.assertGap(self.company, demo_data.DIK_ALFA)
        Session.write([session], {
                'end': utcnow() - dt.timedelta(hours=1)})
        rows = self.assertGap(self.company, "come to its end")
        self.assertIsNone(rows['payments']['own'])
        Company.write([Company(self.company)], {'mbank_dik': None})
        self.assertGap(self.company, "mBankDIK")

    @with_transaction()
    def test_overview_is_for_those_who_manage(self):
        "Only administrators and managers see it, their head offices alone"
        create_firm('77777777', "Inna")
        second = create_firm('77777778', "Druga").id
        admin = self.user('group_mbank_admin')
        User = Pool().get('res.user')
        User.write([admin], {'companies': [('add', [second])]})
        shown = model(admin, 'mbank.overview', 'search_read',
            [], 0, None, None, ['company'], company=self.company)
        self.assertEqual(
            {row['company'] for row in shown}, {self.company, second})
        self.assertTrue(self.overview(
                self.company, self.user('group_session_manage')))
        with self.assertRaises(AccessError):
            self.overview(self.company, self.signatory())

    @with_transaction()
    def test_gaps_are_found(self):
        "The filter for gaps gives the rows without an authoriser"
        Overview = Pool().get('mbank.overview')
        default = self.signatory()
        self.set_default(default)
        self.session(default)
        without = create_firm('66666666', "Bez sesji").id
        gaps = Overview.search([('state', '=', 'gap')])
        self.assertIn(without, {row.company.id for row in gaps})
        self.assertNotIn(self.company, {row.company.id for row in gaps})
        self.assertEqual(
            len(Overview.search([('state', '!=', 'gap')])), 2)

    @with_transaction()
    def test_overview_does_not_ask_for_each_head_office(self):
        "Thirty head offices take few more queries than three"
        Overview = Pool().get('mbank.overview')
        default = self.signatory()
        self.set_default(default)
        self.session(default)
        counts = []
        for number in [3, 30]:
            for n in range(number):
                create_firm('8%s%04d' % (number, n), "F %s %s" % (number, n))
            Transaction().get_cache().clear()
            rows = Overview.search([])
            with Queries() as queries:
                Overview.read([r.id for r in rows],
                    ['state', 'authoriser', 'own', 'explanation'])
            counts.append((queries.count, len(rows)))
        (few, _), (many, rows) = counts
        self.assertGreater(rows, 60)
        self.assertLess(many - few, 45)

    @with_transaction()
    def test_a_copy_is_asked_for_anew(self):
        "Nothing of the life, the secret or the end of a session is in a copy"
        Session = Pool().get('mbank.session')
        old = self.session(self.signatory())
        session = self.session(old.user)
        everything = {
            name: value for name, value in [
                ('warned', 7), ('renewal_message', "no"),
                ('renewal_tried', utcnow()), ('reason', "because"),
                ('finish_message', "later"), ('finish_tries', 3),
                ('finish_next', utcnow()), ('request', 'once'),
                ('renews', old.id), ('shared_from', 'there'),
                ('superseded_by', old.id), ('ended', utcnow()),
                ('finish_pending', True)]}
        Session.write([session], everything)
        copy, = Session.copy([session])
        stored = {
            name: field for name, field in Session._fields.items()
            if not isinstance(field, (fields.Function, fields.One2Many))}
        kept = {
            name for name in stored
            if name not in {
                'id', 'create_uid', 'create_date', 'write_uid', 'write_date'}
            and getattr(copy, name)}
        self.assertEqual(copy.state, 'draft')
        self.assertLessEqual(kept - {'state'}, Session._copied)
        self.assertFalse(copy.events or copy.shares or copy.diks)
        # Each field that is reset was filled in, or is of another kind
        self.assertLessEqual(
            stored.keys() - Session._copied - everything.keys(), {
                'id', 'create_uid', 'create_date', 'write_uid', 'write_date',
                'state', 'token', 'activated', 'end', 'bank_end'})

    def test_the_regular_check_has_one_order(self):
        "Who may have none goes first, the bank is told last"
        Session = Pool(DB_NAME).get('mbank.session')
        steps = []
        with patch.object(session_check, 'lock_unentitled',
                lambda changed: steps.append('lock_unentitled')), \
                patch.object(session_check.independent, 'run',
                    lambda step, **values: step(**values)):
            for name in ['begin_renewals', 'check_each', 'finish_all']:
                self.enterContext(patch.object(
                        Session, name, lambda name=name: steps.append(name)))
            with Transaction().start(DB_NAME, 0):
                Session.check_all()
        self.assertEqual(steps, [
                'lock_unentitled', 'begin_renewals', 'check_each',
                'finish_all'])
