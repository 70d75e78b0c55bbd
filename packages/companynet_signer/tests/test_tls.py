"""Connections with TLS: only to a server whose certificate leads to trusted roots, for the name that was shown."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from companynet_signer.errors import ServerUnreachable


def certified(folder: Path, name: str) -> ssl.SSLContext:
    """A context with a certificate by itself for a name, left in ``roots.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    (folder / "roots.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_the_roots_of_the_settings_are_trusted(tls_server, workstation, tmp_path) -> None:
    with tls_server(certified(tmp_path, "localhost")) as server:
        workstation.store.change(lambda settings: replace(settings, tls_roots=str(tmp_path / "roots.pem")))
        assert workstation.opening.conversation(server.link).fetch()


def refused(workstation, server) -> None:
    with pytest.raises(ServerUnreachable) as caught:
        workstation.opening.conversation(server.link).fetch()
    assert caught.value.sentence.key == "server_untrusted"
    assert server.requests == []


def test_an_unknown_certificate_is_refused(tls_server, workstation, tmp_path, monkeypatch) -> None:
    """Nothing is sent. Roots that the environment names are not looked at."""
    with tls_server(certified(tmp_path, "localhost")) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "roots.pem"))
        refused(workstation, server)


def test_a_certificate_for_another_name_is_refused(tls_server, workstation, tmp_path) -> None:
    with tls_server(certified(tmp_path, "erp.example")) as server:
        workstation.store.change(lambda settings: replace(settings, tls_roots=str(tmp_path / "roots.pem")))
        refused(workstation, server)


def test_roots_that_are_not_there_are_no_reason_to_trust(tls_server, workstation, tmp_path) -> None:
    with tls_server(certified(tmp_path, "localhost")) as server:
        workstation.store.change(lambda settings: replace(settings, tls_roots=str(tmp_path / "absent.pem")))
        with pytest.raises(ServerUnreachable):
            workstation.opening.conversation(server.link).fetch()
        assert server.requests == []


def test_a_server_that_speaks_no_tls_is_refused(server, workstation) -> None:
    link = server.link.replace("http%3A", "https%3A")
    with pytest.raises(ServerUnreachable):
        workstation.opening.conversation(link).fetch()
