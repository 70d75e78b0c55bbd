"""The bank must show a certificate under the roots of the profile before it is told anything."""

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from companynet.client import CompanyNet
from companynet.errors import BankUnreachable, Outcome
from companynet.profile import BankProfile
from companynet.testing import soap


def server_certificate(path: Path, address: str) -> None:
    """Key and certificate of a server, its own root, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))


class Bank(HTTPServer):
    """A TLS server that counts what it is told."""

    told = 0

    def handle_error(self, request: object, client_address: object) -> None:
        """A refused handshake is what some tests are about."""


class Answer(BaseHTTPRequestHandler):
    server: Bank

    def do_POST(self) -> None:
        self.server.told += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(soap("initLoginWithSignature", "podpisz"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Quiet."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture(params=["127.0.0.1", "127.0.0.2"])
def bank(request: pytest.FixtureRequest, folder: Path) -> Iterator[Bank]:
    """A server on 127.0.0.1 whose certificate is for that address, or for another."""
    server_certificate(folder / "server.pem", request.param)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    server = Bank(("127.0.0.1", 0), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def client(bank: Bank, ca_file: Path | None) -> CompanyNet:
    endpoint = f"https://127.0.0.1:{bank.server_address[1]}/ws"
    return CompanyNet(BankProfile(endpoint=endpoint, ca_file=ca_file, connect_timeout=3, read_timeout=3))


@pytest.mark.parametrize("bank", ["127.0.0.1"], indirect=True)
def test_a_bank_under_the_roots_of_the_profile_is_called(bank: Bank, folder: Path) -> None:
    with client(bank, folder / "server.pem") as companynet:
        assert companynet.sessions.login_challenge("10000001", "ALFA01") == "podpisz"
    assert bank.told == 1


@pytest.mark.parametrize(
    ("bank", "trusted"), [("127.0.0.1", False), ("127.0.0.2", True)], indirect=["bank"], ids=["root", "address"]
)
def test_a_bank_that_cannot_show_who_it_is_is_told_nothing(bank: Bank, folder: Path, trusted: bool) -> None:
    with (
        client(bank, folder / "server.pem" if trusted else None) as companynet,
        pytest.raises(BankUnreachable) as caught,
    ):
        companynet.sessions.login_challenge("10000001", "ALFA01")
    assert caught.value.outcome is Outcome.NOT_SENT
    assert "SSL" in str(caught.value) or "Certificate" in str(caught.value)
    assert bank.told == 0


def test_a_missing_root_file_is_told_nothing_either(bank: Bank, folder: Path) -> None:
    with client(bank, folder / "absent.pem") as companynet, pytest.raises(BankUnreachable):
        companynet.sessions.login_challenge("10000001", "ALFA01")
    assert bank.told == 0
