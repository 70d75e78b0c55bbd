# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"A head office, a bank of its own, and the dialog"
from itertools import count
from unittest import TestCase

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import running_bank
from trytond.modules.mbank.keyring import vault
from trytond.pool import Pool
from trytond.tests.test_tryton import (
    activate_module, drop_db, with_transaction)
from trytond.transaction import Transaction

from ...tests.tools import (
    PIN, configured, create_firm, create_user, identity, wizard)

_logins = count(1)


class SessionCase(TestCase):
    "Each test has a user of its own: what is done is committed, as in life"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        drop_db()
        activate_module('mbank')
        cls.addClassCleanup(drop_db)
        cls.bank = cls.enterClassContext(running_bank())
        cls.enterClassContext(configured(endpoint=cls.bank.soap_url))
        cls.prepare()

    @classmethod
    @with_transaction()
    def prepare(cls):
        vault.create_ring()
        vault.adopt()
        cls.company = create_firm(demo_data.DIK_ALFA).id
        cls.bank.post('/certificates', {
                'user': demo_data.USER_ALFA,
                'certificate_pem': identity().certificate_pem})
        Transaction().commit()

    def user(self):
        Company = Pool().get('company.company')
        user = create_user(
            'signatory%s' % next(_logins), Company(self.company),
            'group_session_create')
        Transaction().commit()
        return user

    def register(self, user, signature=None, pin=PIN):
        signature = signature or identity()
        id_, start, _ = wizard(user, 'mbank.certificate.register', 'create')
        wizard(user, 'mbank.certificate.register', 'execute', id_, {
                'start': {
                    'file_': signature.p12,
                    'file_name': 'jan.p12',
                    'pin_password': pin,
                    }}, 'register')
        Transaction().commit()
        return Pool().get('mbank.certificate').search([
                ('user', '=', user.id)], limit=1)[0]

    def open(self, user):
        id_, start, _ = wizard(
            user, 'mbank.session.create', 'create', company=self.company)
        view = wizard(user, 'mbank.session.create', 'execute', id_, {},
            start, company=self.company)['view']
        Transaction().commit()
        return id_, dict(view['defaults'])

    def press(self, user, id_, values, pin=PIN, **changed):
        values = {
            'bank_user': demo_data.USER_ALFA,
            'way': 'server',
            **{k: v for k, v in values.items() if k != 'way'}, **changed}
        self.go(user, id_, 'review_', start=plain(values))
        return self.go(user, id_, 'create_', review={'pin_password': pin})

    def go(self, user, id_, state, **data):
        "One request of the dialog: what its page shows then"
        try:
            result = wizard(
                user, 'mbank.session.create', 'execute', id_, data, state,
                company=self.company)
        except Exception:
            Transaction().rollback()
            raise
        Transaction().commit()
        return result['view']['defaults']

    def make(self, user, **changed):
        self.register(user)
        id_, values = self.open(user)
        made = self.press(user, id_, values, **changed)
        return Pool().get('mbank.session')(made['session_id'])

    def sessions(self, user):
        return Pool().get('mbank.session').search([('user', '=', user.id)])

    def at_bank(self):
        return [s for s in self.bank.get('/sessions') if not s['ended']]

    def assertNoTrace(self, *secrets):
        "None of the secrets is in any table"
        cursor = Transaction().connection.cursor()
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for table, in cursor.fetchall():
            cursor.execute('SELECT * FROM "%s"' % table)
            for row in cursor.fetchall():
                for secret in secrets:
                    for value in row:
                        if isinstance(value, str):
                            self.assertNotIn(secret, value, msg=table)
                        elif isinstance(value, bytes):
                            self.assertNotIn(
                                secret.encode(), value, msg=table)


def plain(values):
    "What a client sends back of what a page shows"
    values['diks'] = [
        {k: v for k, v in row.items() if not k.endswith('.')}
        for row in values['diks']]
    return {k: v for k, v in values.items() if not k.endswith('.')}
