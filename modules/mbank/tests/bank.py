# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"A live long-lived session at the sandbox bank, for the tests of the module"
import datetime as dt
import json
import tempfile
import uuid
from pathlib import Path

import trytond.config as config
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import running_bank
from companynet_sandbox.testing import make_identity
from trytond.modules.mbank import gateway, independent
from trytond.pool import Pool

from .firm import FirmCase
from .sessions import put_in_force
from .tools import adopt

PIN = '1234'


def configure(**settings):
    "Set settings of the section [mbank]"
    if not config.has_section('mbank'):
        config.add_section('mbank')
    for name, value in settings.items():
        config.set('mbank', name, str(value))


class BankCase(FirmCase):
    "A firm with a session at a bank of its own"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.bank = cls.enterClassContext(running_bank(cls.folder / 'bank'))
        cls.addClassCleanup(configure, keyring='')
        configure(keyring=cls.folder / 'keyring')
        cls.set_profile()
        super().setUpClass()
        cls.work(adopt)
        cls.work(cls.set_dik)
        cls.work(cls.open_session)

    @classmethod
    def set_profile(cls, **values):
        "Use the sandbox, with short waits"
        path = cls.folder / 'profile.json'
        path.write_text(json.dumps({
                    'endpoint': cls.bank.soap_url,
                    'poll_interval': 0.05,
                    'read_timeout': 5,
                    'call_timeout': 5,
                    **values,
                    }))
        configure(profile=path)

    @classmethod
    def set_dik(cls):
        # In a request of its own: what the intent of a session does by itself
        # may roll back what is not committed, SQLite has one connection
        company = Pool().get('company.company')(cls.company_id)
        company.mbank_dik = demo_data.DIK_ALFA
        company.save()

    @classmethod
    def open_session(cls):
        "Create the session of user 1 for the firm's DIK"
        pool = Pool()
        Session = pool.get('mbank.session')
        Company = pool.get('company.company')
        now = dt.datetime.now(dt.timezone.utc)
        company = Company(cls.company_id)
        identity = make_identity(
            "Jan Kowalski", now - dt.timedelta(days=1),
            now + dt.timedelta(days=365), PIN)
        cls.bank.post('/certificates', {
                'user': demo_data.USER_ALFA,
                'certificate_pem': identity.certificate_pem,
                })
        end = now.replace(tzinfo=None, microsecond=0) + dt.timedelta(days=90)
        session_id = independent.run(
            Session.begin, [(demo_data.DIK_ALFA, company.id)], user=1,
            context_key=Session.key_of(company),
            bank_user=demo_data.USER_ALFA, asked_end=end,
            request=uuid.uuid4().hex)
        gateway.create_session(
            gateway.load_signer(identity.p12, PIN),
            diks=[demo_data.DIK_ALFA],
            operations=gateway.operations_of(gateway.KINDS),
            bank_user=demo_data.USER_ALFA, end=end, session_id=session_id, company_id=company.id,
            keep=lambda *made: independent.run(
                put_in_force, session_id, *made))
