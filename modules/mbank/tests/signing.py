# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""A signatory, a bank in its own process, and the signer's side of the routes.

Each request is a transaction of its own, as in life: what the steps commit
stays, and each test has a user of its own.
"""
import base64
import datetime as dt
import json
import subprocess
import tempfile
from itertools import count
from operator import attrgetter
from pathlib import Path
from unittest import TestCase
from urllib.parse import parse_qs, urlsplit

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import running_bank
from trytond.modules.mbank.signing import signing_steps
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.pool import Pool
from trytond.protocols.wrappers import Response
from trytond.tests.test_tryton import DB_NAME, activate_module, drop_db
from trytond.transaction import Transaction, TransactionError
from trytond.wsgi import TrytondWSGI, app
from werkzeug.test import Client

from .tools import (
    PIN, configured, create_firm, create_user, identity, wizard)

ORIGIN = 'http://localhost'
_REQUEST = {
    'remote_addr': '127.0.0.1',
    'http_host': 'localhost',
    'scheme': 'http',
    'is_secure': False,
    'root_path': '',
    }
_logins = count(1)
#: pytest imports the module by its folder too, and its routes with it; those
#: that belong to the classes of the pool are asked.
SERVER = TrytondWSGI()
for _rule in app.url_map.iter_rules():
    if _rule.endpoint.__module__ == 'trytond.modules.mbank.signing.routes':
        SERVER.url_map.add(_rule.empty())


def signature_over(text, signed_by=None, encoding='utf-16-le'):
    "What the signer makes of a text: detached CMS in DER"
    signer = gateway.load_signer((signed_by or identity()).p12, PIN)
    return signer.sign_detached(text.encode(encoding))


def embedding_signature(content):
    "What OpenSSL makes of a file if it is not told to leave the text out"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / 'text').write_bytes(content)
        (folder / 'key.p12').write_bytes(identity().p12)
        for command in [
                ['pkcs12', '-in', 'key.p12', '-nodes', '-out', 'key.pem',
                    '-passin', 'pass:' + PIN],
                ['cms', '-sign', '-binary', '-nodetach', '-md', 'sha256',
                    '-in', 'text', '-signer', 'key.pem', '-outform', 'PEM',
                    '-out', 'signature'],
                ]:
            subprocess.run(
                ['openssl', *command], cwd=folder, check=True,
                capture_output=True)
        return (folder / 'signature').read_bytes()


class SigningCase(TestCase):
    "Signing jobs at the sandbox bank"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('mbank')
        cls.addClassCleanup(drop_db)
        cls.bank = cls.enterClassContext(running_bank())
        cls.enterClassContext(configured(endpoint=cls.bank.soap_url))
        cls.bank.post('/certificates', {
                'user': demo_data.USER_ALFA,
                'certificate_pem': identity().certificate_pem})
        cls.company = cls.work(cls._prepare)

    @staticmethod
    def _prepare():
        vault.create_ring()
        vault.adopt()
        return create_firm(demo_data.DIK_ALFA).id

    @classmethod
    def work(cls, function, *args, **kwargs):
        "Run the function as a request does"
        extras = {}
        while True:
            with Transaction().start(
                    DB_NAME, 0, context={'_request': _REQUEST},
                    **extras) as transaction:
                try:
                    return function(*args, **kwargs)
                except TransactionError as error:
                    transaction.rollback()
                    error.fix(extras)
                except BaseException:
                    transaction.rollback()
                    raise

    def setUp(self):
        super().setUp()
        self.user = self.work(self._user)
        # The attempts of one test are not the next one's.
        self.work(self._forget_attempts)

    def _user(self):
        Company = Pool().get('company.company')
        return create_user(
            'signatory%s' % next(_logins), Company(self.company),
            'group_session_create').id

    @staticmethod
    def _forget_attempts():
        LoginAttempt = Pool().get('res.user.login.attempt')
        LoginAttempt.delete(LoginAttempt.search([]))

    # The dialog

    def dialog(self, state, id_=None, user=None, **data):
        "One request of the dialog: (its id, the answer)"
        user = user or self.user

        def execute(id_):
            context = {'company': self.company, '_request': _REQUEST}
            if id_ is None:
                id_, _, _ = wizard(
                    user, 'mbank.session.create', 'create', **context)
            return id_, wizard(
                user, 'mbank.session.create', 'execute', id_, data, state,
                **context)
        return self.work(execute, id_)

    def choose(self, way='workstation', **changed):
        "Go through the pages and press the button: (its id, the answer)"
        pin = changed.pop('pin_password', None)
        id_, answer = self.dialog('begin')
        values = dict(answer['view']['defaults'])
        values = {
            **{k: v for k, v in values.items() if not k.endswith('.')},
            'bank_user': demo_data.USER_ALFA,
            'way': way,
            **changed}
        values['diks'] = [
            {k: v for k, v in row.items() if not k.endswith('.')}
            for row in values['diks']]
        self.dialog('review_', id_, start=values)
        return self.dialog('create_', id_, review={'pin_password': pin})

    def begin(self, **changed):
        "Ask for a session to be signed on the workstation: its code"
        _, answer = self.choose(**changed)
        return self.code_of(answer)

    @staticmethod
    def code_of(answer):
        (action, _), = answer['actions']
        link = urlsplit(action['url'])
        assert (link.scheme, link.netloc) == ('mbanksign', 'sign'), link
        query = {k: v for k, (v,) in parse_qs(link.query).items()}
        assert query.pop('v') == '1'
        assert query.pop('server') == ORIGIN, query
        assert query.pop('database') == DB_NAME
        code = query.pop('code')
        assert not query, query
        return code

    # The signer

    def post(self, path, message, ticket=None, headers=None, raw=None,
            base_url=ORIGIN, content_type='application/json'):
        "What the signer sends: (status, the members of the answer)"
        headers = dict(headers or {})
        if ticket is not None:
            headers['Authorization'] = 'Bearer ' + ticket
        answer = Client(SERVER, Response).post(
            '/%s/mbank/signing/%s' % (DB_NAME, path),
            data=json.dumps(message) if raw is None else raw,
            content_type=content_type, headers=headers, base_url=base_url)
        return answer.status_code, json.loads(answer.get_data())

    def take(self, code, **options):
        return self.post(
            'job', {'v': 1, 'code': code, 'client': 'test 1.0'}, **options)

    def send(self, ticket, round_, signature, **options):
        return self.post('signature', {
                'v': 1,
                'round': round_,
                'signature': base64.b64encode(signature).decode(),
                }, ticket=ticket, **options)

    def half(self, **changed):
        "A job with its first signature used: (ticket, answer)"
        status, job = self.take(self.begin(**changed))
        self.assertEqual(status, 200, job)
        status, second = self.send(
            job['ticket'], 1, signature_over(job['text']))
        self.assertEqual(status, 200, second)
        return job['ticket'], second

    # What is there

    def read(self, name, *fields, domain=None):
        "The values of the user's records of a model, the newest first"
        def search():
            Model = Pool().get(name)
            return [
                [attrgetter(field)(record) for field in fields]
                for record in Model.search(
                    domain or [('user', '=', self.user)],
                    order=[('id', 'DESC')])]
        return self.work(search)

    def job_state(self):
        (state, reason), *_ = self.read('mbank.signing.job', 'state', 'reason')
        return state, reason

    def session_states(self):
        return [s for s, in self.read('mbank.session', 'state')]

    def calls(self):
        "The operations asked for, with what came of them, in their order"
        calls = self.read('mbank.call', 'operation', 'outcome',
            domain=[('authoriser', '=', self.user)])
        return [tuple(call) for call in reversed(calls)]

    def age(self, **delta):
        "Let so much time have passed for the user's jobs"
        def write():
            table = Pool().get('mbank.signing.job').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.select(
                    table.id, table.code_until, table.ticket_until,
                    table.made, where=table.user == self.user))
            for id_, *times in cursor.fetchall():
                times = [t and t - dt.timedelta(**delta) for t in times]
                cursor.execute(*table.update(
                        [table.code_until, table.ticket_until, table.made],
                        times, where=table.id == id_))
        self.work(write)

    def clean(self):
        self.work(signing_steps.clean)

    def sealed_login(self):
        "The sealed login of the user's newest job"
        def read():
            table = Pool().get('mbank.signing.job').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.select(
                    table.login_token, where=table.user == self.user,
                    order_by=table.id.desc))
            return cursor.fetchone()[0]
        return self.work(read)

    def bank_calls(self, operation):
        "How many calls of the operation the bank has had"
        return len([
                c for c in self.bank.get('/calls')
                if c['operation'] == operation])

    def assertNoTrace(self, *secrets):
        "None of the secrets is in any table"
        def look():
            cursor = Transaction().connection.cursor()
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")
            for table, in cursor.fetchall():
                cursor.execute('SELECT * FROM "%s"' % table)
                for row in cursor.fetchall():
                    for value in map(str, row):
                        for secret in secrets:
                            self.assertNotIn(secret, value, msg=table)
        self.work(look)


__all__ = [
    'DB_NAME', 'ORIGIN', 'SERVER', 'SigningCase', 'signature_over']
