# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"A firm whose database trusts itself, so that shares go round"
import base64
import datetime as dt
import json
import os
import tempfile
import uuid
from pathlib import Path
from unittest.mock import patch

from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import gateway
from trytond.modules.mbank.clock import utcnow
from trytond.pool import Pool

from .bank import configure
from .firm import FirmCase
from .tools import adopt

DIK, OTHER_DIK = '20000001', '20000009'


def another_identity(database_id=None):
    "The public identity of a database that is nobody's"
    key = base64.b64encode(os.urandom(32)).decode()
    text, _, _ = vault.read_identity(json.dumps({
                'format': 'sealing-identity-1',
                'database_id': database_id or str(uuid.uuid4()),
                'hpke_public': key,
                'sign_public': key,
                }))
    return text


def compare(record, identity=None):
    "What two administrators do with the key (by default of ourselves)"
    _, _, fingerprint = vault.read_identity(
        identity or vault.public_identity())
    record.told_fingerprint = fingerprint
    record.save()
    record.__class__.fingerprints_agree([record])


class SharingCase(FirmCase):
    """What ewa receives is shared by the same database; plain has no right

    The bank is another's matter: whether it is asked, and what follows from
    its answer, is this one's. tests/integration shares at a real one.
    """

    def setUp(self):
        super().setUp()
        self.asked = self.bank_says(None)

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.addClassCleanup(configure, keyring='')
        configure(keyring=Path(folder.name) / 'keyring')
        super().setUpClass()
        cls.work(adopt)
        cls.work(cls.prepare)

    @classmethod
    def prepare(cls):
        pool = Pool()
        Company = pool.get('company.company')
        Source = pool.get('mbank.trusted_source')
        User = pool.get('res.user')
        company = Company(cls.company_id)
        company.mbank_dik = DIK
        company.save()
        source, = Source.create([{
                    'name': "Ourselves",
                    'public_identity': vault.public_identity(),
                    }])
        compare(source)
        plain, ewa = User.create([{
                    'name': name, 'login': name,
                    'companies': [('add', [cls.company_id])],
                    'company': cls.company_id,
                    } for name in ['plain', 'ewa']])
        cls.plain_id, cls.ewa_id = plain.id, ewa.id
        cls.firm.give_rights('group_session_create', user=ewa.id)

    def begin(self, diks=(DIK,), user=1, days=30, **values):
        "Begin a session: (its id, its end and what is granted)"
        Session = Pool().get('mbank.session')
        end = utcnow() + dt.timedelta(days=days)
        session_id = Session.begin(
            [(dik, None) for dik in diks], user=user, context_key='database',
            bank_user='BANK', asked_end=end, request=uuid.uuid4().hex,
            **values)
        return session_id, end, {
            dik: gateway.operations_of(gateway.KINDS) for dik in diks}

    def profile(
            self, connection, code=None, name="Beta", pinned=False, **values):
        "A profile of an external database; pinned: this one's key is there"
        Database = Pool().get('mbank.external_database')
        database, = Database.create([{
                    'code': code or uuid.uuid4().hex, 'name': name,
                    'connection_secret': connection, **values}])
        if pinned:
            Database._offer(database.id, vault.public_identity())
            compare(Database(database.id))
        return Database(database.id)

    def live(self):
        "The live sessions of ewa"
        def read():
            Session = Pool().get('mbank.session')
            sessions = Session.search([
                    ('user', '=', self.ewa_id),
                    ('state', 'in', ['active', 'expiring']),
                    ])
            return [{
                    'id': s.id,
                    'shared_from': s.shared_from,
                    'end': s.end,
                    'diks': [d.dik for d in s.diks if d.granted],
                    'operations': s.diks[0].operation_names,
                    'token': vault.open_stored(s, 'token'),
                    } for s in sessions]
        return self.work(read)

    def bank_says(self, *answers):
        """What the bank answers to the proofs that follow, None for yes.

        The last one is its answer to all others too. Returns the calls.
        """
        calls = []

        def prove_session(token, **values):
            calls.append(token)
            error = answers[min(len(calls), len(answers)) - 1]
            if error is not None:
                raise error
        self.enterContext(
            patch.object(gateway, 'prove_session', prove_session))
        return calls
