"""The vendor's key: makes signatures; and the keys a server trusts."""

import base64
import binascii
import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tryton_plugins.errors import ConfigurationError

#: S-303: RFC 8032. What is signed begins with its purpose, so that a licence can never pass as an archive.
ARCHIVE_PURPOSE = b"tryton-plugin-archive-1\0"
LICENCE_PURPOSE = b"tryton-plugin-licence-1\0"

_FINGERPRINT = re.compile("[0-9a-f]{16}")
_PEM_END = b"-----END PUBLIC KEY-----"


def fingerprint(public: Ed25519PublicKey) -> str:
    """The key's name: the first 16 hexadecimal digits of the SHA-256 of its raw bytes."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


@dataclass(frozen=True)
class Signature:
    """A signature and the name of the key that made it."""

    key: str
    value: bytes

    def to_json(self) -> dict[str, str]:
        """As JSON values."""
        return {"key": self.key, "signature": base64.b64encode(self.value).decode()}

    @classmethod
    def from_json(cls, value: object) -> "Signature":
        """Read `to_json`'s form; raises ValueError if it is not."""
        if not isinstance(value, dict) or not _FINGERPRINT.fullmatch(str(value.get("key"))):
            raise ValueError("not a signature")
        try:
            return cls(str(value["key"]), base64.b64decode(str(value.get("signature")), validate=True))
        except binascii.Error as error:
            raise ValueError("not a signature") from error


class VendorKey:
    """The private key of whoever makes plugins and licences."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def __repr__(self) -> str:
        return f"<VendorKey {self.name}>"

    @classmethod
    def create(cls) -> "VendorKey":
        """A new random key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> "VendorKey":
        """Read a PEM file. Raises: ConfigurationError."""
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise ConfigurationError(reason=f"The vendor key {path} cannot be read: {error.strerror}.") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ConfigurationError(reason=f"The file {path} is not a private key.") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise ConfigurationError(reason=f"The vendor key {path} is not an Ed25519 key.")
        return cls(private)

    @property
    def name(self) -> str:
        """The fingerprint of its public half."""
        return fingerprint(self._private.public_key())

    def sign(self, purpose: bytes, data: bytes) -> Signature:
        """Sign *data* for one *purpose*."""
        return Signature(self.name, self._private.sign(purpose + data))

    def save(self, private_path: Path, public_path: Path) -> None:
        """Write both halves as PEM; the private one owner-only and never over another file.

        Raises: ConfigurationError if *private_path* exists.
        """
        pem = self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        private_path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(private_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise ConfigurationError(reason=f"There is a file {private_path} already.") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        public_path.parent.mkdir(parents=True, exist_ok=True)
        public_path.write_bytes(self.public_pem())

    def public_pem(self) -> bytes:
        """The public half as PEM."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


@dataclass(frozen=True)
class TrustedKeys:
    """The public keys a server accepts signatures of."""

    place: str
    """The file they come from, for messages."""
    keys: dict[str, Ed25519PublicKey] = field(repr=False)

    @classmethod
    def load(cls, path: Path) -> "TrustedKeys":
        """Read PEM blocks, or JSON `{"keys": [PEM, …]}`. Raises: ConfigurationError."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(reason=f"The trusted keys {path} cannot be read: {error.strerror}.") from error
        try:
            if data.lstrip().startswith(b"{"):
                blocks = [str(pem).encode() for pem in json.loads(data)["keys"]]
            else:
                blocks = [part + _PEM_END for part in data.split(_PEM_END)[:-1]]
            keys = [serialization.load_pem_public_key(block.strip()) for block in blocks]
        except (ValueError, KeyError, TypeError, RecursionError, UnsupportedAlgorithm) as error:
            raise ConfigurationError(reason=f"The file {path} does not hold public keys.") from error
        trusted = {fingerprint(key): key for key in keys if isinstance(key, Ed25519PublicKey)}
        if not trusted or len(trusted) != len(keys):
            raise ConfigurationError(reason=f"The file {path} must hold Ed25519 public keys, one or more.")
        return cls(str(path), trusted)

    def trusts(self, signature: Signature) -> bool:
        """Whether the named key is one of ours; says nothing of the signature itself."""
        return signature.key in self.keys

    def verifies(self, signature: Signature, purpose: bytes, data: bytes) -> bool:
        """Whether a trusted key made *signature* over exactly *data* for *purpose*."""
        key = self.keys.get(signature.key)
        if key is None:
            return False
        try:
            key.verify(signature.value, purpose + data)
        except InvalidSignature:
            return False
        return True
