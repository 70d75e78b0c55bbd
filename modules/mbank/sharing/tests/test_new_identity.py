# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What a copy of a database keeps when it gets an identity of its own"
import datetime as dt

from trytond.modules.mbank import clock, gateway
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank.keyring.admin import _rewrap
from trytond.modules.mbank.keyring.sealed import sealed_models
from trytond.pool import Pool
from trytond.transaction import Transaction

from ...tests.tools import PIN, identity
from .envelopes import CONNECTION, ShareCase


class NewIdentityCase(ShareCase):
    "A copy beside its original"

    def sealed(self):
        "How many values are sealed, by model and field"
        cursor = Transaction().connection.cursor()
        counts = {}
        for model in sealed_models():
            table = model.__table__()
            for name in model._sealed_fields:
                column = getattr(table, name)
                cursor.execute(*table.select(table.id, where=column != None))  # noqa: E711
                counts[model.__name__, name] = len(cursor.fetchall())
        return counts

    def prepare_secrets(self):
        "A value in every field that is sealed"
        pool = Pool()
        Certificate = pool.get('mbank.certificate')
        ServerKey = pool.get('mbank.server_key')
        SigningJob = pool.get('mbank.signing.job')
        p12 = identity().p12
        values = gateway.certificate_values(gateway.load_signer(p12, PIN))
        Certificate.register(1, values, p12)
        key = ServerKey.register(values, 'kept', pin=PIN, content=p12)
        self.profile(CONNECTION, name="Away")
        session = self.new_session()
        end = clock.utcnow() + dt.timedelta(days=3)
        job_id = SigningJob.begin(
            {'purpose': 'session'}, [('12345678', None)], way='workstation',
            job_company=self.company_id, origin='https://erp.example',
            fingerprint=None, user=self.ewa_id, company=None,
            context_key='database', bank_user='BANK', asked_end=end)
        SigningJob.take(job_id, 'client 1.0')
        SigningJob.keep_login(job_id, b'LOGIN', 'text', None)
        return session.id, key.id, job_id

    def test_every_sealed_value_is_found(self):
        "Of any model: it gets the new key, and a copy of the database has none"
        session_id, _, job_id = self.work(self.prepare_secrets)
        before = self.work(self.sealed)
        self.assertEqual(
            {name for name, count in before.items() if not count}, set())
        self.work(vault.add_key)
        self.assertEqual(self.work(_rewrap), sum(before.values()))
        self.assertEqual(self.work(_rewrap), 0)

        def renew():
            Pool().get('mbank.database').renew_identity()
            vault.adopt()
        self.work(renew)
        self.assertEqual(set(self.work(self.sealed).values()), {0})

        def states():
            pool = Pool()
            return (
                pool.get('mbank.session')(session_id).state,
                pool.get('mbank.signing.job')(job_id).state,
                pool.get('mbank.external_database').search(
                    [('name', '=', "Away")], count=True),
                pool.get('mbank.server_key').search([], count=True))
        self.assertEqual(
            self.work(states), ('revoked', 'cancelled', 1, 0))


del ShareCase
