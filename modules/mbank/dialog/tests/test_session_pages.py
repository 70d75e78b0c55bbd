# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The pages of the dialog: what is offered, reviewed, and told after it."""
import datetime as dt
import json
import unittest

from companynet_sandbox.customers import demo_data
from trytond.model.exceptions import AccessError
from trytond.modules.mbank.dialog import session_term
from trytond.modules.mbank import gateway
from trytond.modules.mbank.exceptions import SessionCreateError
from trytond.modules.mbank.dialog.session_result import grant_rows
from trytond.modules.mbank.dialog.session_term import Limits
from trytond.pool import Pool
from trytond.tests.test_tryton import with_transaction
from trytond.transaction import Transaction

from ...tests.tools import (
    Queries, create_firm, create_user, model, now, wizard)
from .dialog import SessionCase, plain

TODAY = dt.date(2026, 11, 25)


class LimitsTestCase(unittest.TestCase):
    "Until when a session may be asked for"

    def limits(self, longest=365, certificate=None):
        return Limits(
            today=TODAY, longest=TODAY + dt.timedelta(days=longest),
            certificate=certificate and TODAY + dt.timedelta(
                days=certificate))

    def test_terms(self):
        "Each term ends on its day, and no term beyond a limit"
        for term, limits, day in [
                ('month', self.limits(), dt.date(2026, 12, 25)),
                ('quarter', self.limits(), dt.date(2027, 2, 23)),
                ('half', self.limits(), dt.date(2027, 5, 25)),
                ('year', self.limits(), dt.date(2027, 11, 25)),
                ('year', self.limits(longest=100), dt.date(2027, 3, 5)),
                ('half', self.limits(certificate=10), dt.date(2026, 12, 5)),
                ('certificate', self.limits(certificate=10),
                    dt.date(2026, 12, 5)),
                ('certificate', self.limits(longest=5, certificate=10),
                    dt.date(2026, 11, 30)),
                ('longest', self.limits(), dt.date(2027, 11, 25)),
                (session_term.CHOSEN, self.limits(), None),
                ]:
            with self.subTest(term=term, limits=limits):
                self.assertEqual(limits.day_of(term), day)

    def test_term_of_a_day(self):
        "A day is the term that ends on it, else a chosen day"
        limits = self.limits()
        self.assertEqual(limits.term_of(dt.date(2027, 2, 23)), 'quarter')
        self.assertEqual(
            limits.term_of(dt.date(2027, 2, 24)), session_term.CHOSEN)


class PagesTestCase(SessionCase):
    "The dialog, page by page"

    def review(self, user, id_, values, **changed):
        values = {
            'bank_user': demo_data.USER_ALFA, 'way': 'server',
            **{k: v for k, v in values.items() if k != 'way'}, **changed}
        return self.go(user, id_, 'review_', start=plain(values))

    @with_transaction()
    def test_the_certificate_of_another_is_not_told_of(self):
        "The page is asked without the dialog, for whatever certificate"
        Start = Pool().get('mbank.session.create.start')
        own, other = self.user(), self.user()
        certificate = self.register(other)
        stranger = create_user('stranger', own.company)

        def told(user):
            with Transaction().set_user(user.id):
                start = Start(certificate=certificate, term='longest')
                start.on_change_certificate()
                return start.limit
        self.assertIn(str(certificate.valid_to.year), told(other))
        self.assertNotIn(certificate.subject, told(own))
        with self.assertRaises(AccessError):
            told(stranger)

    @with_transaction()
    def test_review_says_what_will_be_asked(self):
        "Before signing a page names bank, user, DIKs, operations, end, way"
        user = self.user()
        certificate = self.register(user)
        id_, values = self.open(user)
        shown = self.review(user, id_, values, diks=[
                *values['diks'],
                {'covered': True, 'dik': demo_data.DIK_BETA}])
        self.assertIn(self.bank.soap_url, shown['bank'])
        self.assertEqual(shown['bank_user'], demo_data.USER_ALFA)
        self.assertIn(certificate.name, shown['certificate'])
        self.assertEqual(shown['way'], 'With the Key Kept Here')
        self.assertEqual(
            [(d['dik'], d['head_office']) for d in shown['diks']],
            [(demo_data.DIK_ALFA, 'Alfa'),
                (demo_data.DIK_BETA, '(no head office of yours)')])
        self.assertEqual(
            shown['diks'][0]['asked_for'], 'statements, payments')
        self.assertTrue(shown['pin_asked'])
        self.assertIn('23:59', shown['end'])
        self.assertEqual(self.sessions(user), [])

    @with_transaction()
    def test_back_loses_nothing(self):
        "Who goes back from the review finds what was chosen"
        user = self.user()
        certificate = self.register(user)
        id_, values = self.open(user)
        day = now().date() + dt.timedelta(days=17)
        self.review(user, id_, values, expires=day, term='day',
            certificate=certificate.id,
            diks=[
                {**values['diks'][0], 'covered': False},
                {'covered': True, 'dik': demo_data.DIK_BETA}])
        again = self.go(
            user, id_, 'start', review={'pin_password': 'half-typed'})
        self.assertEqual(again['bank_user'], demo_data.USER_ALFA)
        self.assertEqual(again['way'], 'server')
        self.assertEqual(again['certificate'], certificate.id)
        self.assertEqual((again['term'], again['expires']), ('day', day))
        self.assertEqual(
            [(d['covered'], d['dik'], bool(d.get('company')))
                for d in again['diks']],
            [(False, demo_data.DIK_ALFA, True),
                (True, demo_data.DIK_BETA, False)])
        self.assertNoTrace('half-typed')

    @with_transaction()
    def test_a_dik_twice(self):
        "A DIK that is there twice is refused by its value"
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        with self.assertRaisesRegex(
                SessionCreateError, demo_data.DIK_ALFA + '.*twice'):
            self.review(user, id_, values, diks=[
                    *values['diks'],
                    {'covered': True, 'dik': ' %s ' % demo_data.DIK_ALFA}])

    @with_transaction()
    def test_terms_follow_the_certificate(self):
        "The term sets the day, the certificate the limit, a day the term"
        user = self.user()
        certificate = self.register(user)
        last = certificate.valid_to.date()
        changed = model(user, 'mbank.session.create.start', 'on_change', {
                'term': 'year', 'certificate': certificate.id,
                'expires': now().date()}, ['term'], company=self.company)
        self.assertEqual(changed['expires'], last)
        changed = model(user, 'mbank.session.create.start', 'on_change', {
                'term': 'certificate', 'certificate': certificate.id},
            ['certificate'], company=self.company)
        self.assertEqual(changed['expires'], last)
        self.assertIn("end of the certificate", changed['limit'])
        changed = model(user, 'mbank.session.create.start', 'on_change', {
                'term': 'month', 'certificate': certificate.id,
                'expires': now().date() + dt.timedelta(days=3)},
            ['expires'], company=self.company)
        self.assertEqual(changed['term'], 'day')

    @with_transaction()
    def test_certificates_say_that_they_end(self):
        "One that ended or ends soon says so where it is chosen"
        user = self.user()
        certificate = self.register(user)
        Certificate = Pool().get('mbank.certificate')
        for days, text in [(20, 'ends soon'), (-1, 'expired on')]:
            Certificate.write([certificate], {
                    'valid_to': now().replace(tzinfo=None, microsecond=0)
                    + dt.timedelta(days=days)})
            self.assertIn(text, Certificate(certificate.id).rec_name)

    @with_transaction()
    def test_granted_beside_asked(self):
        "After it a row a thing tells what was asked and what was granted"
        user = self.user()
        self.register(user)
        id_, values = self.open(user)
        made = self.press(user, id_, values)
        self.assertEqual(
            made['summary'], "The bank granted all that was asked for.")
        self.assertEqual([r['otherwise'] for r in made['granted']],
            [False, False])
        Dik = Pool().get('mbank.session.dik')
        Session = Pool().get('mbank.session')
        session = Session(made['session_id'])
        end = session.end - dt.timedelta(days=10)
        Session.write([session], {'end': end, 'bank_end': end})
        Dik.write(list(session.diks), {
                'operations': json.dumps(['getMT940Ex', 'getStatus'])})
        Dik.create([
                {'session': session.id, 'dik': '1', 'asked': True},
                {'session': session.id, 'dik': '2', 'granted': True,
                    'operations': json.dumps(
                        gateway.operations_of(gateway.KINDS))}])
        rows = grant_rows(Session(session.id))
        self.assertEqual([row['otherwise'] for row in rows], [True] * 4)
        by_name = {row['what']: row for row in rows}
        self.assertEqual(by_name['DIK 1']['granted'], 'nothing')
        self.assertEqual(by_name['DIK 2']['asked'], 'nothing')
        alfa = next(r for r in rows if demo_data.DIK_ALFA in r['what'])
        self.assertEqual(
            alfa['granted'],
            'statements (without: confirming that statements were received, '
            'receiving statements), payments (without: asking whether orders '
            'were taken, sending orders)')
        self.assertEqual({r['mark'] for r in rows}, {'otherwise'})

    @with_transaction()
    def test_queries_do_not_grow_with_head_offices(self):
        "Opening and reviewing ask the database as often for 40 as for 3"
        User = Pool().get('res.user')
        user = self.user()
        self.register(user)
        counts = []
        for number in [2, 37]:
            companies = [
                create_firm('9%s%05d' % (number, n), "Firma %s/%s" % (
                        number, n)).id
                for n in range(number)]
            User.write([User(user.id)], {'companies': [('add', companies)]})
            id_, start, _ = wizard(
                user, 'mbank.session.create', 'create', company=self.company)
            with Queries() as opened:
                values = dict(self.go(user, id_, start))
            with Queries() as reviewed:
                self.review(user, id_, values)
            counts.append((opened.count, reviewed.count))
            self.assertGreater(len(values['diks']), number)
        few, many = counts
        self.assertLessEqual(many[0], few[0] + 3)
        self.assertLessEqual(many[1], few[1] + 3)

