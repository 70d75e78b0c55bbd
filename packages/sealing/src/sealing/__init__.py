"""Key ring, sealed records and sealed shares. Knows no bank and no ERP.

A key ring is a file outside the database. It seals single fields of records (`KeyRing.seal`), says
which databases it serves and where they live (`KeyRing.adopt`), and hands secrets to other databases
(`seal_share`, `open_share`).
"""

from sealing.errors import (
    NotServed,
    RingDamaged,
    RingPermissions,
    SealingError,
    ShareExpired,
    Tampered,
    UnknownKey,
    UntrustedSource,
)
from sealing.identity import PublicIdentity
from sealing.reading import checked_text, only, read_object, text_of
from sealing.record import RecordRef
from sealing.ring import KeyRing
from sealing.share import ENVELOPE_LIMIT, ShareInfo, open_share, seal_share

__all__ = [
    "ENVELOPE_LIMIT",
    "KeyRing",
    "NotServed",
    "PublicIdentity",
    "RecordRef",
    "RingDamaged",
    "RingPermissions",
    "SealingError",
    "ShareExpired",
    "ShareInfo",
    "Tampered",
    "UnknownKey",
    "UntrustedSource",
    "checked_text",
    "only",
    "open_share",
    "read_object",
    "seal_share",
    "text_of",
]
