"""Who can sign, and where the key is: the values a listing gives."""

from dataclasses import dataclass, field
from pathlib import Path

from companynet.errors import SigningError, TriesLeft
from companynet.signing.certificate import CertificateInfo, Unusable


@dataclass(frozen=True)
class TokenPlace:
    """Where a token is. It is found again by serial number and label; slot numbers change."""

    module: str
    """Path of the PKCS#11 module."""

    label: str
    """The token's label."""

    serial: str
    """The token's serial number; what is not printable in it is replaced."""

    slot: int
    """The number of its slot when it was listed; decides between tokens of the same label and serial number."""


@dataclass(frozen=True)
class KeyPlace:
    """Where a key on a token is."""

    token: TokenPlace
    """The token that holds it."""

    key_id: str
    """CKA_ID of the key and its certificate, hexadecimal; empty if the token gives none."""


@dataclass(frozen=True)
class PinState:
    """What a token tells of its PIN before it is asked for."""

    tries: TriesLeft
    """Warn before the last one; at none there is nothing to ask for."""

    pad: bool
    """The PIN is typed on the reader or in the driver's own window: ask for none."""

    needed: bool
    """The token wants a login; cloud signatures often do without."""

    must_change: bool
    """The PIN is the one from delivery or outdated, and must be changed with the vendor's program."""


@dataclass(frozen=True)
class TokenInfo:
    """A token that is there, whether it shows certificates or not."""

    place: TokenPlace
    """Where it is."""

    manufacturer: str
    """As the token says."""

    model: str
    """As the token says."""

    pin: PinState
    """As told while listing; ask again right before a PIN is asked for."""


@dataclass(frozen=True)
class Identity:
    """A certificate a person may sign with."""

    place: KeyPlace | Path
    """The key on a token, or the PKCS#12 file."""

    certificate: CertificateInfo
    """What the certificate says."""

    unusable: Unusable | None
    """Why it cannot sign for the bank at the time of the listing; None if it can."""

    chain: tuple[bytes, ...] = field(repr=False)
    """DER of the certificates above it that lie beside it, the nearest first."""


@dataclass(frozen=True)
class ListingProblem:
    """Something that could not be read while listing; it hides nothing else."""

    where: str
    """The module, and the token if one was reached."""

    error: SigningError
    """What went wrong; its class tells the kind."""


@dataclass(frozen=True)
class Listing:
    """What is there to sign with."""

    identities: tuple[Identity, ...]
    """Usable ones and others; the latter with their reason."""

    tokens: tuple[TokenInfo, ...]
    """Every token seen. One without identities may show its certificates only after its PIN."""

    problems: tuple[ListingProblem, ...]
    """Modules, tokens and certificates that could not be read."""
