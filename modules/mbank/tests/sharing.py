# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"A firm whose database trusts itself, so that shares go round"
import datetime as dt
import tempfile
import uuid
from pathlib import Path

from trytond.modules.mbank import gateway, vault
from trytond.modules.mbank.clock import utcnow
from trytond.pool import Pool

from .bank import configure
from .firm import FirmCase
from .tools import adopt

DIK, OTHER_DIK = '20000001', '20000009'


class SharingCase(FirmCase):
    "What ewa receives is shared by the same database; plain has no right"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
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
        Source.create([{
                    'name': "Ourselves",
                    'public_identity': vault.public_identity(),
                    }])
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
            dik: sorted(gateway.SESSION_OPERATIONS) for dik in diks}

    def profile(self, connection, code=None, name="Beta"):
        "A profile of an external database"
        Database = Pool().get('mbank.external_database')
        database, = Database.create([{
                    'code': code or uuid.uuid4().hex, 'name': name,
                    'connection_secret': connection}])
        return database

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
