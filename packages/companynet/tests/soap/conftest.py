"""A certificate authority for tests, and a bank behind TLS."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from companynet.testing import soap

ANSWER = soap("initLoginWithSignature", "podpisz")


class Authority:
    """Issues certificates that its own root proves."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        root = (
            self._builder(self._name, self._key.public_key(), 24)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.root = folder / f"{name}.root.pem"
        self.root.write_bytes(root.public_bytes(Encoding.PEM))

    def issue(self, name: str, *, password: str = "", hours: int = 1) -> tuple[Path, Path]:
        """Certificate and key of a host (an address) or a person, in two PEM files.

        Args:
            name: address or name.
            password: of the key.
            hours: how long from now it holds; less than nothing for one that ran out.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key(), hours
        ).add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        if name[0].isdigit():
            address = x509.IPAddress(ipaddress.ip_address(name))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        certificate, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        certificate.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM))
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        return certificate, key_file

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, hours: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + timedelta(hours=hours))
        )


class TlsBank:
    """A bank behind TLS on a free port that gives one answer to every call.

    Args:
        context: its TLS settings.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.heads: list[str] = []
        """The head of each request."""
        self.callers: list[str] = []
        """The name in the certificate of each caller."""
        self.connections = 0
        """How many connections were made."""

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/ws"

    def __enter__(self) -> "TlsBank":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        with socket.create_connection(self._listener.getsockname(), timeout=1):
            pass
        self._thread.join(5)
        self._listener.close()

    def _run(self) -> None:
        while True:
            plain, _address = self._listener.accept()
            if self._closing:
                plain.close()
                return
            self.connections += 1
            plain.settimeout(5)
            with self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as connection:
                try:
                    connection.do_handshake()
                    self._serve(connection)
                except OSError:
                    # What the client sent is read before the connection closes: a reset would overtake the alert.
                    _drain(connection)

    def _serve(self, connection: ssl.SSLSocket) -> None:
        received = b""
        while b"</s" not in received and b"Envelope>" not in received:
            if not (chunk := connection.recv(65536)):
                return
            received += chunk
        self.heads.append(received.partition(b"\r\n\r\n")[0].decode("latin-1"))
        certificate = connection.getpeercert() or {}
        subject = certificate.get("subject", ())
        self.callers += [value for part in subject for key, value in part if key == "commonName"]  # type: ignore[misc]
        connection.sendall(ANSWER)


def _drain(connection: ssl.SSLSocket) -> None:
    try:
        while socket.socket.recv(connection, 65536):
            pass
    except OSError:
        return


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Próbny CA")


@pytest.fixture
def tls_bank(authority: Authority) -> Iterator[Callable[..., TlsBank]]:
    """Starts a bank that the authority vouches for; all of them are stopped at the end."""
    running: list[TlsBank] = []

    def start(
        *,
        clients: Path | None = None,
        version: ssl.TLSVersion | None = None,
        hours: int = 1,
        address: str = "127.0.0.1",
    ) -> TlsBank:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue(address, hours=hours))
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        running.append(TlsBank(context).__enter__())
        return running[-1]

    yield start
    for bank in running:
        bank.__exit__(None, None, None)
