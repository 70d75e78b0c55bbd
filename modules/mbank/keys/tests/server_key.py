# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"An administrator who registers keys on the server, and who signs with them"
import base64
import ssl
from contextlib import contextmanager

import trytond.config as config
from companynet_sandbox.customers import demo_data
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.signing import DB_NAME, SigningCase
from ...tests.tokens import TOKEN_PIN, tokens
from ...tests.tools import create_user, model, wizard

WRONG = 'sejf-0000-PIN'
REGISTER = 'mbank.server_key.register'


class ServerKeyCase(SigningCase):
    "An administrator, and a signatory who is named on the keys"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not config.has_section('mbank'):
            config.add_section('mbank')
        config.set('mbank', 'pkcs11_modules', 'hsm=%s' % tokens().module)
        cls.addClassCleanup(config.set, 'mbank', 'pkcs11_modules', '')
        cls.admin = cls.work(cls._admin)

    @classmethod
    def _admin(cls):
        Company = Pool().get('company.company')
        return create_user(
            'administrator', Company(cls.company), 'group_mbank_admin').id

    def setUp(self):
        super().setUp()
        tokens().quiet()
        self.addCleanup(tokens().quiet)
        self.addCleanup(self.work, self._forget_keys)

    @staticmethod
    def _forget_keys():
        ServerKey = Pool().get('mbank.server_key')
        ServerKey.delete(ServerKey.search([]))

    # The administrator's dialogs

    def step(self, name, state, id_=None, user=None, active=None, **data):
        "One request of a wizard: (its id, the answer)"
        user = user or self.admin

        def execute(id_):
            context = {'action_id': None}
            if active:
                context.update(
                    active_model='mbank.server_key', active_id=active,
                    active_ids=[active])
            if id_ is None:
                id_, _, _ = wizard(user, name, 'create', **context)
            return id_, wizard(
                user, name, 'execute', id_, data, state, **context)
        return self.work(execute, id_)

    def listed(self):
        "What the dialog offers to choose: (its id, {label: value})"
        id_, answer = self.step(
            REGISTER, 'next_', start={'kind': 'token', 'module': 'hsm'})
        return id_, self.choices(answer)

    def choices(self, answer):
        shown = answer['view']['defaults']['choices']

        def ask():
            return model(
                self.admin, REGISTER + '.choose', 'get_choices',
                {'choices': shown})
        return {label: value for value, label in self.work(ask) if value}

    def register(self, label='RSA', pin_way='kept', pin=TOKEN_PIN, users=True):
        "Register the key of a token and name the signatory: its id"
        id_, choices = self.listed()
        choice, = (v for k, v in choices.items() if ', %s ' % label in k)
        _, answer = self.step(REGISTER, 'register', id_, choose={
                'choice': choice, 'pin_way': pin_way, 'pin_password': pin})
        return self.named(answer, users)

    def register_file(self, content, pin_way='kept', pin=TOKEN_PIN):
        _, answer = self.step(REGISTER, 'next_', start={
                'kind': 'pkcs12', 'file_': content, 'pin_way': pin_way,
                'pin_password': pin})
        return self.named(answer)

    def named(self, answer, users=True):
        (_, data), = answer['actions']
        key_id, = data['res_id']
        if users:
            self.name(key_id, 'add')
        self.register_at_bank(key_id)
        return key_id

    def name(self, key_id, how):
        self.work(lambda: model(
                self.admin, 'mbank.server_key', 'write', [key_id],
                {'users': [(how, [self.user])]}))

    def register_at_bank(self, key_id):
        kind, lines = self.key(key_id, 'kind', 'certificates')
        if kind == 'token':
            der = base64.b64decode(lines.split()[0])
            self.bank.post('/certificates', {
                    'user': demo_data.USER_ALFA,
                    'certificate_pem': ssl.DER_cert_to_PEM_cert(der)})

    # What is there

    def key(self, key_id, *names):
        values, = self.read('mbank.server_key', *names,
            domain=[('id', '=', key_id)])
        return values if len(names) > 1 else values[0]

    def column(self, key_id, name):
        def read():
            table = Pool().get('mbank.server_key').__table__()
            cursor = Transaction().connection.cursor()
            cursor.execute(*table.select(
                    getattr(table, name), where=table.id == key_id))
            return cursor.fetchone()[0]
        return self.work(read)

    def certificate(self, *names):
        "Of the signatory's newest certificate"
        values, *_ = self.read('mbank.certificate', *names)
        return values if len(names) > 1 else values[0]

    def keep(self, key_id, pin):
        "Another PIN is kept: that of the token was changed elsewhere"
        self.work(lambda: Pool().get('mbank.server_key').keep_pin(
                key_id, pin))

    # Signing without anybody

    @contextmanager
    def unattended(self, user=None):
        certificate = self.certificate('id')
        with Transaction().start(DB_NAME, 0), \
                Pool().get('mbank.certificate').unattended_signer(
                    certificate, user or self.user) as signer:
            yield signer

    def sign(self, user=None):
        with self.unattended(user) as signer:
            return signer.sign_detached(b'text')
