# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Tokens in SoftHSM behind the proxy of the library's own tests."""
import atexit
import datetime as dt
import importlib.util
import os
import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption, Encoding, pkcs12)
from trytond.modules.mbank.gateway import tokens as gateway_tokens

TOKEN_PIN = 'sejf-4471-PIN'
_LIBRARY_TESTS = (
    Path(__file__).resolve().parents[3]
    / 'packages' / 'companynet' / 'tests' / 'signing')
_LABELS = {
    'RSA': lambda: rsa.generate_private_key(65537, 2048),
    'EC': lambda: ec.generate_private_key(ec.SECP256R1()),
    'cloud': lambda: rsa.generate_private_key(65537, 2048),
    'hidden': lambda: ec.generate_private_key(ec.SECP256R1()),
    }


def _load(name):
    spec = importlib.util.spec_from_file_location(
        'companynet_signing_' + name, _LIBRARY_TESTS / (name + '.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def helpers():
    "The authority, the tokens and the proxy of the library's tests"
    module = _load('conftest')
    module.PIN = TOKEN_PIN
    return module


@cache
def trust():
    "Trust lists and CRLs of the library's tests, made now"
    module = _load('test_trust')
    module.NOW = dt.datetime.now(dt.timezone.utc)
    return module


@cache
def authority():
    return helpers().Authority.make()


class Tokens:
    "Tokens named after what is on them"

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / 'tokens').mkdir()
        configuration = self.folder / 'softhsm2.conf'
        configuration.write_text(
            'directories.tokendir = %s/tokens\nlog.level = ERROR\n' % folder)
        os.environ['SOFTHSM2_CONF'] = str(configuration)
        library = self.folder / 'libsofthsm2.so'
        shutil.copyfile(helpers().softhsm_library(), library)
        for label in _LABELS:
            subprocess.run(shlex.split(
                    "softhsm2-util --init-token --free --label %s --pin %s "
                    "--so-pin 12345678" % (label, TOKEN_PIN)),
                check=True, capture_output=True)
        worker = gateway_tokens.signing.token_worker.worker_for(str(library))
        for label, make in _LABELS.items():
            key = make()
            worker.run(lambda lib, label=label, key=key: helpers().put(
                    lib, label, key, authority()))
        self.proxy = helpers().proxy_library.__wrapped__(
            helpers().Tokens(str(library), self.folder))
        self.module = self.proxy.module

    def quiet(self):
        "Play nothing, and forget the calls"
        self.proxy.play()
        self.proxy.calls_file.unlink(missing_ok=True)

    @property
    def logins(self):
        "How often a token was given a PIN"
        return self.proxy.calls.count('L')


@cache
def tokens():
    "The tokens of this process"
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, True)
    return Tokens(folder)


def person(name, **options):
    "A PKCS#12 with a certificate of the authority: (its bytes, its PEM)"
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority().certify(key, name, **options)
    return pkcs12.serialize_key_and_certificates(
        name.encode(), key, certificate, None,
        BestAvailableEncryption(TOKEN_PIN.encode())), pem(certificate)


def pem(certificate):
    return certificate.public_bytes(Encoding.PEM).decode()
