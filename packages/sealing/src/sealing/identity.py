"""Who a database is to other databases: one key pair to receive with, one to sign with."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sealing.encoding import from_base64, length_prefixed, to_base64
from sealing.errors import Tampered
from sealing.reading import only, read_object, text_of

_FORMAT = "sealing-identity-1"
_KEY_BYTES = 32
#: The longest identity as JSON, in bytes, and the longest id, in characters.
_LIMIT = 1024
_ID_LIMIT = 100
_FINGERPRINT_DIGITS = 40


@dataclass(frozen=True)
class PublicIdentity:
    """The public half of a database's identity; safe to store and to send."""

    database_id: str
    """The database's identity as its ring knows it."""
    hpke_public: bytes
    """X25519 public key, 32 bytes: shares are sealed to it."""
    sign_public: bytes
    """Ed25519 public key, 32 bytes: shares of this database are verified with it."""

    def __post_init__(self) -> None:
        if not self.database_id:
            raise ValueError("An identity needs a database id.")
        if len(self.hpke_public) != _KEY_BYTES or len(self.sign_public) != _KEY_BYTES:
            raise ValueError(f"The public keys of {self.database_id} must be {_KEY_BYTES} bytes each.")

    @property
    def fingerprint(self) -> str:
        """What two administrators read to each other: SHA-256 over id and keys, in groups of four."""
        digest = hashlib.sha256(
            length_prefixed(_FORMAT, self.database_id, self.hpke_public, self.sign_public)
        ).hexdigest()
        return " ".join(digest[start : start + 4] for start in range(0, _FINGERPRINT_DIGITS, 4))

    def agrees(self, told: str) -> bool:
        """Whether *told* is the whole fingerprint, as a person types or pastes it: case, blanks, colons and dashes
        do not matter."""
        digits = "".join(told.split()).replace(":", "").replace("-", "").lower()
        return hmac.compare_digest(digits.encode("utf-8", "replace"), self.fingerprint.replace(" ", "").encode())

    def to_json(self) -> str:
        """The identity as one line of JSON."""
        return json.dumps(
            {
                "format": _FORMAT,
                "database_id": self.database_id,
                "hpke_public": to_base64(self.hpke_public),
                "sign_public": to_base64(self.sign_public),
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "PublicIdentity":
        """Read what `to_json` wrote, whoever may have written it. Raises: Tampered if it is not an identity."""
        try:
            data = text.encode() if isinstance(text, str) else text
            return cls._from_value(read_object(data, limit=_LIMIT, depth=1))
        except (ValueError, TypeError) as error:
            raise Tampered("The text is not the public identity of a database.") from error

    @classmethod
    def _from_value(cls, value: dict[str, object]) -> "PublicIdentity":
        only(value, "format", "database_id", "hpke_public", "sign_public")
        if value["format"] != _FORMAT:
            raise ValueError("another format")
        return cls(
            database_id=text_of(value, "database_id", _ID_LIMIT),
            hpke_public=from_base64(value["hpke_public"]),
            sign_public=from_base64(value["sign_public"]),
        )


@dataclass(frozen=True)
class PrivateIdentity:
    """The private half; it exists in the ring and in memory only."""

    database_id: str
    hpke: X25519PrivateKey = field(repr=False)
    sign: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def create(cls, database_id: str) -> "PrivateIdentity":
        """New random keys for *database_id*."""
        return cls(database_id, X25519PrivateKey.generate(), Ed25519PrivateKey.generate())

    @classmethod
    def from_raw(cls, database_id: str, hpke: bytes, sign: bytes) -> "PrivateIdentity":
        """Read the keys' raw 32 bytes; raises ValueError if they are not."""
        return cls(
            database_id,
            X25519PrivateKey.from_private_bytes(hpke),
            Ed25519PrivateKey.from_private_bytes(sign),
        )

    def raw(self) -> tuple[bytes, bytes]:
        """The private keys' raw bytes, for the ring's file only."""
        return self.hpke.private_bytes_raw(), self.sign.private_bytes_raw()

    @property
    def public(self) -> PublicIdentity:
        """What other databases may know."""
        encoding = serialization.Encoding.Raw
        public_format = serialization.PublicFormat.Raw
        return PublicIdentity(
            self.database_id,
            self.hpke.public_key().public_bytes(encoding, public_format),
            self.sign.public_key().public_bytes(encoding, public_format),
        )
