# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"What the policy of the signature demands of a key on the server"
import logging
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import trytond.config as config
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from trytond.modules.mbank.exceptions import (
    CertificateUnusableError, ProfileError)

from ...tests.tokens import authority, person, trust
from ...tests.tools import PIN, identity
from .server_key import ServerKeyCase


class PolicyTestCase(ServerKeyCase):
    "What the server's settings ask of a certificate"

    @contextmanager
    def setting(self, **values):
        for name, value in values.items():
            config.set('mbank', name, value)
        try:
            yield
        finally:
            for name in values:
                config.set('mbank', name, '')

    def test_qualified_required(self):
        "Without the word of being qualified a certificate is refused"
        plain, _ = person('Ewa Zwykła', statements=b'')
        self.register_file(plain)
        with self.setting(certificate_requirement='own_word'):
            with self.assertRaisesRegex(
                    CertificateUnusableError, 'qualified one is required'):
                self.register_file(person('Jan Zwykły', statements=b'')[0])
            with self.assertRaises(CertificateUnusableError):
                self.choose(way='server')
            self.register_file(person('Jan Kwalifikowany')[0])
        self.assertEqual(self.session_states(), [])

    def test_on_the_trust_list(self):
        "Where a list is required a certificate of another issuer is refused"
        publisher = trust().ListSigner()
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / 'list.xml').write_bytes(publisher.sign(trust().list_of(
                        trust().service(authority().certificate),
                        next_update='2099-01-01T00:00:00Z')))
            (folder / 'signer.pem').write_bytes(publisher.pem)
            with self.setting(
                    certificate_requirement='listed',
                    trust_list=str(folder / 'list.xml'),
                    trust_list_signers=str(folder / 'signer.pem')):
                key_id = self.register_file(person('Anna Listowa')[0])
                self.assertIsNotNone(self.column(key_id, 'pin'))
                with self.assertRaisesRegex(
                        CertificateUnusableError, 'trust list does not tell'):
                    self.register_file(identity().p12, pin=PIN)

    def test_revoked(self):
        "What a CRL of its issuer calls revoked signs nothing"
        content, pem = person('Ewa Odwołana')
        key_id = self.register_file(content)
        serial = load_pem_x509_certificate(pem.encode()).serial_number
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / 'issuer.pem').write_bytes(
                authority().certificate.public_bytes(Encoding.PEM))
            (folder / 'issuer.crl').write_bytes(trust().crl_of(
                    authority(), SimpleNamespace(serial_hex='%X' % serial),
                    'with it'))
            with self.setting(revocation=str(folder)):
                with self.assertRaisesRegex(
                        CertificateUnusableError, 'issuer revoked it'):
                    self.step(
                        'mbank.server_key.test', 'begin', active=key_id)
                with self.assertRaises(CertificateUnusableError):
                    self.choose(way='server')
                self.register_file(person('Ewa Ważna')[0])
        self.assertEqual(self.session_states(), [])

    def test_setting_that_cannot_be_used(self):
        "Nothing is signed by less than what is set, and the setting is named"
        self.register()
        for values in [
                {'certificate_requirement': 'perhaps'},
                {'certificate_requirement': 'listed'},
                {'trust_list': '/nowhere/list.xml'},
                {'revocation': '/nowhere'}]:
            with self.subTest(values=values), self.setting(**values), \
                    self.assertRaises(ProfileError) as error, \
                    self.assertLogs(level=logging.ERROR):
                self.choose(way='server')
            self.assertIn('[mbank]', error.exception.message)
        self.assertEqual(self.session_states(), [])
