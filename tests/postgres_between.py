"""Somebody between a client and a PostgreSQL: passes all on, with TLS towards the client or without."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

#: The first message of a client that wants TLS: its length and the number of the request.
_TLS_WANTED = bytes([0, 0, 0, 8, 4, 210, 22, 47])


class Authority:
    """Makes certificates of servers."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = self._made(self._name, self._key, x509.BasicConstraints(ca=True, path_length=None))
        """Its own certificate, what a client is to trust."""

    def certificate(self, address: str) -> str:
        """Key and certificate of a server with that address, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private.decode() + self._made(name, key, alternative)

    def _made(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> str:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=10))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Between:
    """Listens on 127.0.0.1 while the block runs."""

    server: Path
    """The socket of the PostgreSQL behind."""
    certificate: str | None
    """Key and certificate it shows; without them it lets the server say that it has no TLS."""
    folder: Path
    seen: bytearray = field(default_factory=bytearray)
    """All that a client has sent, as who is in between can read it."""

    def __enter__(self) -> "Between":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        _in_background(self._serve)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            _in_background(lambda client=client: self._pass_on(client))

    def _pass_on(self, client: socket.socket) -> None:
        behind = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError), client, behind:
            behind.connect(str(self.server))
            if self.certificate:
                if client.recv(8) != _TLS_WANTED:
                    return
                client.sendall(b"S")
                client = self._context().wrap_socket(client, server_side=True)
            _in_background(lambda: self._copy(behind, client))
            self._copy(client, behind, self.seen)

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = self.folder / "server.pem"
        path.write_text(self.certificate or "")
        context.load_cert_chain(path)
        return context

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket, seen: bytearray | None = None) -> None:
        with contextlib.suppress(OSError, ValueError):
            while data := source.recv(65_536):
                if seen is not None:
                    seen += data
                target.sendall(data)
        with contextlib.suppress(OSError, ValueError):
            target.shutdown(socket.SHUT_RDWR)


def _in_background(function: Callable[[], object]) -> None:
    threading.Thread(target=function, daemon=True).start()
