# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What the tests of all rooms use: a key ring, users, calls as a client makes them"
import datetime as dt
import json
import os
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest import TestCase
from unittest.mock import patch

import trytond.config as config
from companynet_sandbox.testing import make_identity
from trytond.modules.company.tests import create_company
from trytond.modules.mbank.keyring import vault
from trytond.modules.mbank import clock
from trytond.pool import Pool
from trytond.tests.test_tryton import activate_module
from trytond.transaction import Transaction

PIN = 'tajny-7391'


class Killed(BaseException):
    "The process ends here: no handler of Exception sees it"


def now():
    return dt.datetime.now(dt.timezone.utc)


@contextmanager
def later(**delta):
    "The module's clock stands so much later; the bank's is its own"
    with patch.object(clock, 'now', lambda: now() + dt.timedelta(**delta)):
        yield


@cache
def identity(name='Jan Kowalski', days=200):
    "A signature like a qualified one, valid for the days to come"
    return make_identity(
        name, now() - dt.timedelta(days=30), now() + dt.timedelta(days=days),
        PIN)


def adopt():
    "Let the key ring serve the test's database"
    if not vault.ring_path().exists():
        vault.create_ring()
    vault.adopt()


@contextmanager
def configured(**values):
    "A key ring of its own, and settings of the section [mbank]"
    if not config.has_section('mbank'):
        config.add_section('mbank')
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o700)
        values = {
            'keyring': str(Path(directory) / 'ring.json'),
            'endpoint': '',
            'profile': '',
            **values}
        if values['endpoint']:
            profile = Path(directory) / 'profile.json'
            profile.write_text(json.dumps({
                        'endpoint': values['endpoint'],
                        'poll_interval': 0.05}))
            values.update(profile=str(profile), endpoint='')
        for name, value in values.items():
            config.set('mbank', name, value)
        try:
            yield Path(directory)
        finally:
            for name in values:
                config.set('mbank', name, '')


class ConfiguredCase(TestCase):
    "The module in a database, a key ring of its own for each test"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        activate_module('mbank')

    def setUp(self):
        super().setUp()
        self.enterContext(configured())


class Queries:
    "Counts the queries of the running transaction's connection"

    def __enter__(self):
        self.count = 0
        self.connection = Transaction().connection
        self.connection.set_trace_callback(self._one)
        return self

    def _one(self, statement):
        self.count += 1

    def __exit__(self, *exception):
        self.connection.set_trace_callback(None)


def call(user, type_, name, method, *args, **context):
    "Call a method as the dispatcher does for the user's client"
    pool = Pool()
    obj = pool.get(name, type=type_)
    rpc = obj.__rpc__[method]
    c_args, c_kwargs, c_context, timestamp = rpc.convert(
        obj, *args, dict(context))
    with Transaction().set_user(int(user)), \
            Transaction().set_context(c_context):
        meth = rpc.decorate(getattr(obj, method))
        if rpc.instantiate is None:
            return rpc.result(meth(*c_args, **c_kwargs))
        return rpc.result(meth(*c_args, **c_kwargs))


def model(user, name, method, *args, **context):
    return call(user, 'model', name, method, *args, **context)


def wizard(user, name, method, *args, **context):
    return call(user, 'wizard', name, method, *args, **context)


def create_firm(dik='10000001', name="Alfa"):
    company = create_company(name)
    company.mbank_dik = dik
    company.timezone = 'Europe/Warsaw'
    company.save()
    return company


def create_user(login, company, *groups):
    pool = Pool()
    User = pool.get('res.user')
    ModelData = pool.get('ir.model.data')
    user, = User.create([{
                'name': login,
                'login': login,
                'companies': [('add', [company.id])],
                'company': company.id,
                'groups': [('add', [
                            ModelData.get_id('mbank', g) for g in groups])],
                }])
    return user
