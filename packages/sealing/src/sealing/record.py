"""A sealed value of one record's field: its layout, wrapping and associated data.

Layout: `SLR1` | ring id (8) | key version (4) | wrap nonce (12) | wrapped data key (48) |
data nonce (12) | ciphertext with tag (n + 16). The data key is random per sealing and wrapped with
AES-256-GCM-SIV by the ring's key; the data is AES-256-GCM under the data key, with the record's
place as associated data, so a row moved elsewhere does not open.
"""

import os
import struct
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV

from sealing.contents import RING_ID_BYTES, RingKey
from sealing.encoding import length_prefixed
from sealing.errors import Tampered

_MAGIC = b"SLR1"
# S-301: RFC 8452 (SIV, misuse-resistant wrapping); S-302: NIST SP 800-38D (GCM, 96 bit nonce, 128 bit tag).
_NONCE = 12
_DATA_KEY = 32
_TAG = 16
_HEADER = len(_MAGIC) + RING_ID_BYTES + 4
_WRAP_END = _HEADER + _NONCE + _DATA_KEY + _TAG
_SHORTEST = _WRAP_END + _NONCE + _TAG


@dataclass(frozen=True)
class RecordRef:
    """The place a sealed value belongs to; it opens nowhere else."""

    database: str
    """The database's identity (not its name)."""
    model: str
    id: int | str
    """The record's id; 7 and "7" are the same place."""
    field: str

    def associated_data(self) -> bytes:
        """The place as bytes no other place gives."""
        return length_prefixed("sealing-record-1", self.database, self.model, str(self.id), self.field)

    def __str__(self) -> str:
        return f"{self.model},{self.id} {self.field} of database {self.database}"


@dataclass(frozen=True)
class Sealed:
    """A sealed value taken apart, still closed."""

    ring_id: bytes
    version: int
    wrap_nonce: bytes = field(repr=False)
    wrapped_key: bytes = field(repr=False)
    data: bytes = field(repr=False)
    """Data nonce and ciphertext."""

    @classmethod
    def parse(cls, sealed: bytes) -> "Sealed":
        """Take *sealed* apart. Raises: Tampered if it is too short or not a sealed value."""
        sealed = bytes(sealed)
        if len(sealed) < _SHORTEST or not sealed.startswith(_MAGIC):
            raise Tampered("The bytes are not a sealed value, or a part of it is missing.")
        ring_end = len(_MAGIC) + RING_ID_BYTES
        (version,) = struct.unpack(">I", sealed[ring_end:_HEADER])
        return cls(
            ring_id=sealed[len(_MAGIC) : ring_end],
            version=version,
            wrap_nonce=sealed[_HEADER : _HEADER + _NONCE],
            wrapped_key=sealed[_HEADER + _NONCE : _WRAP_END],
            data=sealed[_WRAP_END:],
        )

    def to_bytes(self) -> bytes:
        """The sealed value as it is stored."""
        header = _MAGIC + self.ring_id + struct.pack(">I", self.version)
        return header + self.wrap_nonce + self.wrapped_key + self.data


def _wrap_associated(ring_id: bytes, version: int) -> bytes:
    return length_prefixed("sealing-wrap-1", ring_id, str(version))


def _wrap(ring_id: bytes, key: RingKey, data_key: bytes) -> tuple[bytes, bytes]:
    nonce = os.urandom(_NONCE)
    return nonce, AESGCMSIV(key.key).encrypt(nonce, data_key, _wrap_associated(ring_id, key.version))


def _unwrap(sealed: Sealed, key: RingKey) -> bytes:
    associated = _wrap_associated(sealed.ring_id, sealed.version)
    try:
        return AESGCMSIV(key.key).decrypt(sealed.wrap_nonce, sealed.wrapped_key, associated)
    except InvalidTag as error:
        raise Tampered("The key of a sealed value was altered.") from error


def seal_record(ring_id: bytes, key: RingKey, ref: RecordRef, data: bytes) -> bytes:
    """Seal *data* for the place *ref* under *key*."""
    data_key = AESGCM.generate_key(_DATA_KEY * 8)
    nonce = os.urandom(_NONCE)
    ciphertext = AESGCM(data_key).encrypt(nonce, data, ref.associated_data())
    wrap_nonce, wrapped = _wrap(ring_id, key, data_key)
    return Sealed(ring_id, key.version, wrap_nonce, wrapped, nonce + ciphertext).to_bytes()


def open_record(sealed: Sealed, key: RingKey, ref: RecordRef) -> bytes:
    """Open *sealed* at the place *ref*. Raises: Tampered."""
    data_key = _unwrap(sealed, key)
    try:
        return AESGCM(data_key).decrypt(sealed.data[:_NONCE], sealed.data[_NONCE:], ref.associated_data())
    except InvalidTag as error:
        raise Tampered(
            f"The sealed value at {ref} was altered or belongs to another record, field or database."
        ) from error


def rewrap_record(sealed: Sealed, old: RingKey, new: RingKey) -> bytes:
    """The same sealed data with its key wrapped by *new*; the data is not decrypted. Raises: Tampered."""
    wrap_nonce, wrapped = _wrap(sealed.ring_id, new, _unwrap(sealed, old))
    return Sealed(sealed.ring_id, new.version, wrap_nonce, wrapped, sealed.data).to_bytes()
