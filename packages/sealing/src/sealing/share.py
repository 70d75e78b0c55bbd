"""A secret handed from one database to another: sealed to the target, signed by the source.

HPKE (X25519, HKDF-SHA256, AES-256-GCM) keeps the content for the target; its info binds all of
`ShareInfo` and both identities. HPKE does not say who sealed, so the source signs the envelope with
Ed25519. An envelope opens as often as it is presented: a receiver that must take it once remembers it.
"""

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from sealing.encoding import from_base64, length_prefixed, to_base64
from sealing.errors import NotServed, ShareExpired, Tampered, UntrustedSource
from sealing.identity import PublicIdentity
from sealing.reading import only, read_object, text_of
from sealing.ring import KeyRing

_FORMAT = "sealing-share-1"
#: The longest envelope, in bytes, and the longest text of `ShareInfo`, in characters.
ENVELOPE_LIMIT = 64 * 1024
TEXT_LIMIT = 300
_YEARS = range(2000, 2201)
# S-300: RFC 9180; S-303: RFC 8032 for the signature.
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True)
class ShareInfo:
    """What a share is for; every field is bound to its content."""

    source: str
    """Database id of the sender."""
    target: str
    """Database id of the receiver."""
    session: str
    """The session's identity at the source."""
    user: str
    """The user of the target who may use it."""
    head_office: str
    """The head office of the target it is for."""
    expires: datetime
    """Aware; the share does not open from this moment on."""

    def __post_init__(self) -> None:
        if self.expires.tzinfo is None:
            raise ValueError("The expiry of a share must carry its time zone.")
        if self.expires.year not in _YEARS:
            raise ValueError(f"The expiry of a share must lie in the years {_YEARS[0]} to {_YEARS[-1]}.")

    def values(self) -> dict[str, str]:
        """The fields as text, as they are signed."""
        return {
            "source": self.source,
            "target": self.target,
            "session": self.session,
            "user": self.user,
            "head_office": self.head_office,
            "expires": self.expires.isoformat(),
        }


def _bound(info: ShareInfo, source: PublicIdentity, target: PublicIdentity) -> bytes:
    return length_prefixed(
        _FORMAT, *info.values().values(), source.hpke_public, source.sign_public,
        target.hpke_public, target.sign_public,
    )  # fmt: skip


def _fields(envelope: bytes) -> tuple[ShareInfo, bytes, bytes]:
    value = read_object(envelope, limit=ENVELOPE_LIMIT, depth=2)
    only(value, "format", "info", "sealed", "signature")
    info = value["info"]
    if value["format"] != _FORMAT or not isinstance(info, dict):
        raise ValueError("another format")
    only(info, *ShareInfo.__dataclass_fields__)
    texts = {key: text_of(info, key, TEXT_LIMIT) for key in info}
    expires = datetime.fromisoformat(texts.pop("expires"))
    return (
        ShareInfo(**texts, expires=expires),
        from_base64(value["sealed"]),
        from_base64(value["signature"]),
    )


def _parse(envelope: bytes) -> tuple[ShareInfo, bytes, bytes]:
    try:
        return _fields(envelope)
    except (ValueError, TypeError) as error:
        raise Tampered("The bytes are not a share, or a part of it is missing.") from error


def seal_share(
    ring: KeyRing,
    source_id: str,
    target: PublicIdentity,
    info: ShareInfo,
    payload: bytes,
    *,
    location: str | None = None,
) -> bytes:
    """Seal *payload* so that only *target* opens it and can tell that *source_id* sent it.

    With *location* the source must be adopted there. Returns an envelope (JSON, UTF-8), at most
    `ENVELOPE_LIMIT` bytes.
    Raises: NotServed if the ring does not serve the source, or *info* names other databases; ValueError if
    the envelope would not be read again: it is too long, or a text of *info* is.
    """
    if location is not None:
        ring.require(source_id, location)
    if info.source != source_id or info.target != target.database_id:
        raise NotServed(
            f"The share goes from {info.source} to {info.target}, the identities are {source_id} and"
            f" {target.database_id}."
        )
    source = ring.private_identity(source_id)
    bound = _bound(info, source.public, target)
    sealed = _SUITE.encrypt(payload, X25519PublicKey.from_public_bytes(target.hpke_public), bound)
    value = {
        "format": _FORMAT,
        "info": info.values(),
        "sealed": to_base64(sealed),
        "signature": to_base64(source.sign.sign(length_prefixed(bound, sealed))),
    }
    envelope = json.dumps(value, sort_keys=True).encode()
    _fields(envelope)
    return envelope


def open_share(
    ring: KeyRing,
    target_id: str,
    source: PublicIdentity,
    envelope: bytes,
    now: datetime,
    *,
    location: str | None = None,
) -> tuple[ShareInfo, bytes]:
    """Open an envelope that *source*, whom the caller trusts, made for *target_id*.

    *now* is aware; the envelope may be any bytes of anybody. Returns what the share is for, its expiry in UTC,
    and its content.
    Raises: NotServed if the ring does not serve the target (at *location*, if given); UntrustedSource if
    the envelope names another source or its signature is not that source's; ShareExpired; Tampered if it
    is made for another database or its content was altered.
    """
    if location is not None:
        ring.require(target_id, location)
    target = ring.private_identity(target_id)
    info, sealed, signature = _parse(envelope)
    if info.source != source.database_id:
        raise UntrustedSource(f"The share comes from database {info.source}, not from {source.database_id}.")
    if info.target != target_id:
        raise Tampered(f"The share is made for database {info.target}, not for {target_id}.")
    bound = _bound(info, source, target.public)
    try:
        Ed25519PublicKey.from_public_bytes(source.sign_public).verify(signature, length_prefixed(bound, sealed))
    except InvalidSignature as error:
        raise UntrustedSource(f"The share is not signed by database {source.database_id}, or was altered.") from error
    if now >= info.expires:
        raise ShareExpired(
            f"The share of session {info.session} ended at {info.expires.isoformat()};"
            " ask the source database for a new one."
        )
    utc = dataclasses.replace(info, expires=info.expires.astimezone(UTC))
    try:
        return utc, _SUITE.decrypt(sealed, target.hpke, bound)
    except (InvalidTag, ValueError) as error:
        raise Tampered(f"The content of the share from {info.source} does not open.") from error
