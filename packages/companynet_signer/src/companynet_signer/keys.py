"""The keys a person can choose from, and what each asks before it signs."""

import contextlib
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from companynet.clock import Clock
from companynet.domain.session import Secret
from companynet.errors import DriverError, SigningError, TokenAbsent, TriesLeft
from companynet.signing import (
    CertificateInfo,
    CmsSigner,
    Identity,
    KeyPlace,
    Listing,
    Pkcs11Signer,
    Pkcs12Signer,
    TokenInfo,
    Unusable,
    find_modules,
    list_identities,
    list_token,
    pin_state,
)
from companynet.signing_reasons import ReasonCode
from companynet_signer.errors import ManyKeys, NoKey
from companynet_signer.language import Sentence, sentence
from companynet_signer.settings import ModuleSetting, Settings

#: Why a warning is given before a PIN is asked for.
_WARNINGS: Final = {TriesLeft.LOW: "pin_low", TriesLeft.LAST: "pin_last"}


class PinKind(enum.Enum):
    """What a key asks for before it signs."""

    NONE = "none"
    """Nothing; the vendor's program may ask by itself."""

    PIN = "pin"
    """The PIN of a token."""

    PASSWORD = "password"  # noqa: S105 -- a word for a kind
    """The password of a file; it may be empty."""

    PAD = "pad"
    """The PIN, typed on the reader."""


@dataclass(frozen=True)
class PinQuestion:
    """What to ask the person for."""

    kind: PinKind
    """What."""

    warning: Sentence | None = None
    """To be shown beside the question."""

    blocked: Sentence | None = None
    """Why there is nothing to ask for; None if there is."""


@dataclass(frozen=True)
class Choice:
    """A key to choose."""

    key: Identity | TokenInfo | Path
    """A certificate with its key; a token that shows its certificates after its PIN; a PKCS#12 file."""

    blocked: Sentence | None = None
    """Why it cannot be chosen; None if it can."""

    @property
    def certificate(self) -> CertificateInfo | None:
        """What the certificate says, if it can be seen before the PIN."""
        return self.key.certificate if isinstance(self.key, Identity) else None

    @property
    def name(self) -> str:
        """Whose key it is, or where it lies."""
        if isinstance(self.key, Identity):
            return self.key.certificate.common_name or self.key.certificate.subject
        return self.key.name if isinstance(self.key, Path) else self.key.place.label

    @property
    def is_file(self) -> bool:
        """Whether the key is in a PKCS#12 file."""
        return isinstance(self.key.place if isinstance(self.key, Identity) else self.key, Path)

    @property
    def place(self) -> Sentence:
        """Where the key is."""
        if isinstance(self.key, TokenInfo):
            return sentence("place_token", label=self.key.place.label)
        if isinstance(self.key, Path):
            return sentence("place_file", name=self.key.name)
        if isinstance(self.key.place, KeyPlace):
            return sentence("place_token", label=self.key.place.token.label)
        return sentence("place_file", name=self.key.place.name)


class KeyRack:
    """Finds keys and opens them.

    Args:
        modules: PKCS#11 modules to look in.
        files: PKCS#12 files.
        clock: tells for which time certificates are judged.
    """

    def __init__(self, modules: Sequence[ModuleSetting], files: Sequence[Path], clock: Clock) -> None:
        self.modules: Final = tuple(modules)
        self._files = list(files)
        self._clock = clock

    @property
    def files(self) -> tuple[Path, ...]:
        """The PKCS#12 files."""
        return tuple(self._files)

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> "KeyRack":
        """The keys of the settings, and of the known modules that are on this machine."""
        modules = {module.path: module for module in settings.modules}
        for found in find_modules():
            modules.setdefault(str(found.path), ModuleSetting(str(found.path)))
        return cls(tuple(modules.values()), [Path(file) for file in settings.files], clock)

    def add_file(self, path: Path) -> None:
        """Have one more PKCS#12 file to choose from."""
        if path not in self._files:
            self._files.append(path)

    def listing(self) -> Listing:
        """What the modules show without a PIN."""
        return list_identities([module.path for module in self.modules], self._clock.now())

    def choices(self, listing: Listing, wanted: str | None) -> tuple[Choice, ...]:
        """What there is to choose from; what can be chosen comes first.

        Args:
            listing: what the modules show.
            wanted: SHA-256 of the certificate chosen in the ERP, lower-case hexadecimal; None for any.
        """
        return _sorted([*self._on_tokens(listing, wanted), *(Choice(file) for file in self._files)])

    def _on_tokens(self, listing: Listing, wanted: str | None) -> list[Choice]:
        choices = [Choice(identity, blocked(identity, wanted)) for identity in listing.identities]
        seen = {identity.place.token for identity in listing.identities if isinstance(identity.place, KeyPlace)}
        choices.extend(
            Choice(token)
            for token in listing.tokens
            if token.place not in seen and token.pin.needed and self._takes_pin(token.place.module) is not False
        )
        return choices

    def ask(self, choice: Choice) -> PinQuestion:
        """What to ask for, right before asking.

        Raises:
            SigningError: the token is not there, or cannot be read.
        """
        if choice.is_file:
            return PinQuestion(PinKind.PASSWORD)
        place = choice.key.place.token if isinstance(choice.key, Identity) else choice.key.place  # type: ignore[union-attr]
        state, takes = pin_state(place), self._takes_pin(place.module)
        if state.tries is TriesLeft.NONE:
            return PinQuestion(PinKind.PIN, blocked=sentence("pin_locked"))
        key = "pin_must_change" if state.must_change else _WARNINGS.get(state.tries)
        warning = sentence(key) if key else None
        if state.pad:
            return PinQuestion(PinKind.PAD, warning)
        if takes is False or (takes is None and not state.needed):
            return PinQuestion(PinKind.NONE)
        return PinQuestion(PinKind.PIN, warning)

    def reveal(self, choice: Choice, pin: Secret | None, wanted: str | None) -> tuple[Choice, ...]:
        """What a choice turns out to be once its PIN is given: itself, but for tokens that hide their certificates.

        Raises:
            SigningError: the token did not take the PIN, or cannot be read.
        """
        if not isinstance(choice.key, TokenInfo):
            return (choice,)
        listing = list_token(choice.key.place, pin, self._clock.now())
        return _sorted([Choice(identity, blocked(identity, wanted)) for identity in listing.identities])

    @contextlib.contextmanager
    def opened(self, choice: Choice, pin: Secret | None, *, signatures: int) -> Iterator[CmsSigner]:
        """A key, ready for a few signatures; locked again at the end.

        Raises:
            SigningError: it did not open; nothing is tried again.
        """
        if isinstance(choice.key, Identity) and isinstance(choice.key.place, KeyPlace):
            with Pkcs11Signer(choice.key).unlocked(pin, signatures=signatures) as signer:
                yield signer
        else:
            path = choice.key if isinstance(choice.key, Path) else choice.key.place
            if not isinstance(path, Path):
                raise ManyKeys("keys_shown")
            yield Pkcs12Signer.load(_content(path), pin or Secret(""))

    def _takes_pin(self, module: str) -> bool | None:
        return next((setting.pin for setting in self.modules if setting.path == module), None)


def _sorted(choices: Sequence[Choice]) -> tuple[Choice, ...]:
    """What can be chosen first, then by name: modules give their tokens in no order that lasts."""
    return tuple(sorted(choices, key=lambda choice: (choice.blocked is not None, choice.name.casefold())))


def the_one(choices: Sequence[Choice]) -> Choice:
    """The one choice that can be chosen.

    Raises:
        ManyKeys: there is none, or more than one.
    """
    open_ones = [choice for choice in choices if choice.blocked is None]
    if len(open_ones) != 1:
        raise ManyKeys("keys_shown" if open_ones else "keys_none")
    return open_ones[0]


def check_certificate(certificate: CertificateInfo, wanted: str | None, now: datetime) -> None:
    """Check a certificate right before it signs.

    Raises:
        NoKey: it cannot be used, or is not the one chosen in the ERP.
    """
    why = _why_not(certificate, certificate.unusable(now), wanted)
    if why is not None:
        raise NoKey("certificate_unusable", name=certificate.common_name or certificate.subject, why=why)


def blocked(identity: Identity, wanted: str | None) -> Sentence | None:
    """Why an identity cannot be chosen; None if it can."""
    return _why_not(identity.certificate, identity.unusable, wanted)


def _why_not(certificate: CertificateInfo, unusable: Unusable | None, wanted: str | None) -> Sentence | None:
    if unusable is not None:
        return sentence(
            f"unusable_{unusable.reason.value}",
            valid_from=_moment(certificate.valid_from),
            valid_to=_moment(certificate.valid_to),
            kind=certificate.key_kind,
        )
    if wanted is not None and certificate.sha256 != wanted:
        return sentence("not_the_chosen")
    return None


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _content(path: Path) -> bytes:
    """The bytes of a PKCS#12 file."""
    failure: SigningError
    try:
        return path.read_bytes()
    except FileNotFoundError:
        failure = TokenAbsent(f"{path}: there is no such file", reason_code=ReasonCode.FILE_ABSENT, file=str(path))
    except OSError as error:
        failure = DriverError(
            f"{path}: {error.strerror}", reason_code=ReasonCode.FILE_UNREADABLE, file=str(path), error=error.strerror
        )
    raise failure
