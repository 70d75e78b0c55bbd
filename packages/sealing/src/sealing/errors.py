"""The errors of this package.

    SealingError
    ├── RingPermissions   the key ring's file can be read by others, or is not ours
    ├── RingDamaged       the key ring is missing, not readable as one, or half of it is gone
    ├── UnknownKey        sealed with a key this ring does not hold
    ├── Tampered          the sealed bytes are not those that were sealed for this place
    ├── NotServed         the ring does not serve this database at this location
    ├── UntrustedSource   a share is not signed by the source it names
    └── ShareExpired      a share's time has passed

No message and no attribute holds a key or a sealed value.
"""


class SealingError(Exception):
    """Root of all errors of this package; its text is one sentence that names the place."""


class RingPermissions(SealingError):
    """The key ring's file is open to others, or belongs to another user."""


class RingDamaged(SealingError):
    """The key ring's file is missing or cannot be read as a key ring."""


class UnknownKey(SealingError):
    """The value was sealed by another ring, or with a key that was retired."""


class Tampered(SealingError):
    """The sealed bytes were altered, cut, or moved from another record, field or database."""


class NotServed(SealingError):
    """The ring does not serve the database, or not at this location (a copied database)."""


class UntrustedSource(SealingError):
    """A share does not come from the source it names."""


class ShareExpired(SealingError):
    """A share was opened after its expiry."""
