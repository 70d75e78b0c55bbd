# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"Sessions at the sandbox bank whose clock, and the module's, can be moved"
import datetime as dt
from contextlib import contextmanager
from unittest.mock import patch

import trytond.config as config
from companynet_sandbox.customers import demo_data
from trytond.modules.mbank import clock
from trytond.pool import Pool
from trytond.tests.test_tryton import DB_NAME
from trytond.transaction import Transaction
from trytond.worker import run_task

from .signing import _REQUEST, SigningCase
from .tools import PIN, identity, model, now, wizard

NOWHERE = 'http://127.0.0.1:9/nowhere'


class LifeCase(SigningCase):
    "A signatory with a key that is kept here"

    with_queue = True

    @classmethod
    def work(cls, function, *args, **kwargs):
        "Run the function as a request does, then the tasks it queued"
        transactions = []

        def run():
            transactions.append(Transaction())
            return function(*args, **kwargs)
        result = super().work(run)
        # The commit may have queued some too.
        tasks = list(transactions[-1].tasks)
        transactions[-1].tasks.clear()
        while tasks and cls.with_queue:
            run_task(DB_NAME, tasks.pop(0))
        return result

    def setUp(self):
        super().setUp()
        self.enterContext(self.time())

    @contextmanager
    def time(self):
        "Both clocks, moved by pass_"
        self.passed = dt.timedelta()
        with patch.object(clock, 'now', self.now):
            yield
        self.bank.post('/clock', {'now': now().isoformat()})

    def now(self):
        return now() + self.passed

    def pass_(self, **delta):
        "Let so much time pass here and at the bank"
        self.passed += dt.timedelta(**delta)
        self.bank.post('/clock', {'now': self.now().isoformat()})

    def pass_until(self, session_id, days):
        "Let time pass until the session has so many days left"
        end = self.session(session_id, 'end')
        left = end - self.now().replace(tzinfo=None)
        self.pass_(seconds=left.total_seconds() - days * 86400)

    @contextmanager
    def bank_away(self):
        "The bank cannot be reached"
        profile = config.get('mbank', 'profile')
        config.set('mbank', 'profile', '')
        config.set('mbank', 'endpoint', NOWHERE)
        try:
            yield
        finally:
            config.set('mbank', 'profile', profile)
            config.set('mbank', 'endpoint', '')

    # What people do

    def register(self, signature=None):
        "Register a certificate with its key; its id"
        signature = signature or identity()
        self.bank.post('/certificates', {
                'user': demo_data.USER_ALFA,
                'certificate_pem': signature.certificate_pem})

        def register():
            id_, _, _ = wizard(
                self.user, 'mbank.certificate.register', 'create')
            wizard(self.user, 'mbank.certificate.register', 'execute', id_, {
                    'start': {
                        'kind': 'pkcs12',
                        'file_': signature.p12,
                        'file_name': 'jan.p12',
                        'pin_password': PIN,
                        }}, 'register')
            return Pool().get('mbank.certificate').search([
                    ('user', '=', self.user)], order=[('id', 'DESC')])[0].id
        return self.work(register)

    def dialog(self, state, id_=None, user=None, renewing=None, **data):
        context = {'company': self.company, '_request': _REQUEST}
        if renewing is not None:
            context.update(active_model='mbank.session', active_id=renewing)
        user = user or self.user

        def execute(id_):
            if id_ is None:
                id_, _, _ = wizard(
                    user, 'mbank.session.create', 'create', **context)
            return id_, wizard(
                user, 'mbank.session.create', 'execute', id_, data, state,
                **context)
        return self.work(execute, id_)

    def offered(self, renewing=None):
        "The dialog, opened: (its id, what it offers)"
        id_, answer = self.dialog('begin', renewing=renewing)
        values = {
            k: v for k, v in answer['view']['defaults'].items()
            if not k.endswith('.')}
        values['diks'] = [
            {k: v for k, v in row.items() if not k.endswith('.')}
            for row in values['diks']]
        return id_, values

    def make(self, renewing=None, **changed):
        "Press the button with the key that is kept here: what is shown"
        pin = changed.pop('pin_password', PIN)
        id_, values = self.offered(renewing)
        answer = self.ask(
            id_, {**values, 'way': 'server', **changed}, renewing, pin)
        return answer['view']['defaults']

    def ask(self, id_, values, renewing=None, pin=None):
        "Go on with what was chosen, and press the button: the answer"
        values = {
            **values,
            'bank_user': values.get('bank_user') or demo_data.USER_ALFA}
        self.dialog('review_', id_, renewing=renewing, start=values)
        return self.dialog(
            'create_', id_, renewing=renewing,
            review={'pin_password': pin})[1]

    def made(self, days=90, **changed):
        "A session in force, made for so many days: its id"
        expires = (self.now() + dt.timedelta(days=days)).date()
        return self.make(expires=expires, **changed)['session_id']

    def revoke(self, session_id, user=None):
        self.work(
            model, user or self.user, 'mbank.session', 'revoke', [session_id])

    # What the server does

    def check(self):
        "The regular check, as the cron runs it"
        self.work(lambda: Pool().get('mbank.session').check_all())

    def finish_all(self):
        self.work(lambda: Pool().get('mbank.session').finish_all())

    def setting(self, **values):
        "Set settings of the module, for this test"
        def write(values):
            Configuration = Pool().get('mbank.configuration')
            configuration = Configuration(1)
            before = {name: getattr(configuration, name) for name in values}
            for name, value in values.items():
                setattr(configuration, name, value)
            configuration.save()
            return before
        before = self.work(write, values)
        self.addCleanup(self.work, write, before)

    # What is there

    def session(self, session_id, *names):
        def read():
            session = Pool().get('mbank.session')(session_id)
            return [getattr(session, name) for name in names]
        values = self.work(read)
        return values if len(values) > 1 else values[0]

    def sessions(self):
        "The user's sessions, the first first: (id, state)"
        return [
            (id_, state)
            for id_, state in reversed(self.read('mbank.session', 'id', 'state'))]

    def bell(self, user=None):
        "What the user was told, the first first"
        return [
            label for label, in reversed(self.read(
                    'res.notification', 'label',
                    domain=[('user', '=', user or self.user)]))]

    def at_bank(self):
        "How many sessions live at the bank"
        end = self.now().isoformat()
        return len([
                s for s in self.bank.get('/sessions')
                if not s['ended'] and s['end_time'] > end])
