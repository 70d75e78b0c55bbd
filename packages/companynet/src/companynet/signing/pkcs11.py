"""A key on a token, behind a PKCS#11 module: a card, an HSM, a cloud signature."""

import contextlib
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pkcs11
from asn1crypto import algos
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11 import exceptions as driver

from companynet.domain.session import Secret
from companynet.errors import DriverError, SigningError, TokenAbsent, WrongPin
from companynet.signing.certificate import EC, RSA, CertificateInfo
from companynet.signing.cms import DIGEST, CmsSigner
from companynet.signing.identity import Identity, KeyPlace
from companynet.signing.raw_key import signature_length
from companynet.signing.token_worker import DRIVER_ERRORS, translated, worker_for
from companynet.signing.tokens import find_token, log_in, log_out
from companynet.signing_reasons import ReasonCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkcs11._pkcs11 import lib as Library  # noqa: N812 -- a class in the clothes of a function

#: A session takes two signatures: the login challenge and the session text.  # L-021
SESSION_SIGNATURES: Final = 2

_KEY_TYPES: Final = {RSA: KeyType.RSA, EC: KeyType.EC}


@dataclass
class _Unlocked:
    """A token that is logged in to. Touched by the module's thread alone, but for being dropped."""

    session: pkcs11.Session
    key: pkcs11.SignMixin
    mechanism: Mechanism
    left: int
    pin: Secret | None
    """Only for keys that ask for it at each signature."""


class _TokenKey:
    """The private key of an identity; signs while it is unlocked."""

    def __init__(self, place: KeyPlace, certificate: CertificateInfo) -> None:
        self._place = place
        self._kind = certificate.key_kind
        self._length = signature_length(certificate)
        self._worker = worker_for(place.token.module)
        self._unlocked: _Unlocked | None = None

    @property
    def signature_length(self) -> int:
        return self._length

    def sign_raw(self, data: bytes, digest: str) -> bytes:
        if digest != DIGEST:
            raise SigningError(
                f"no key on a token signs with {digest}", reason_code=ReasonCode.KEY_DIGEST, digest=digest
            )
        unlocked = self._unlocked
        if unlocked is None:
            label = self._place.token.label
            raise SigningError(
                f"{label}: the token is locked; unlock it with its PIN first",
                reason_code=ReasonCode.TOKEN_NOT_UNLOCKED,
                place=label,
            )
        unlocked.left -= 1
        try:
            signature = self._worker.run(lambda _library: self._sign(unlocked, data))
        except SigningError:
            # Whatever went wrong, nothing is tried with this PIN again.
            self.lock()
            raise
        if not unlocked.left:
            self.lock()
        return signature

    def unlock(self, pin: Secret | None, signatures: int) -> None:
        self._unlocked = self._worker.run(lambda library: self._open(library, pin, signatures))

    def lock(self) -> None:
        unlocked, self._unlocked = self._unlocked, None
        if unlocked is not None:
            self._worker.run(lambda library: log_out(library, unlocked.session))

    def _open(self, library: "Library", pin: Secret | None, signatures: int) -> _Unlocked:
        place = self._place.token
        token = find_token(library, place)
        session = log_in(token, place, pin)
        failure: SigningError
        try:
            key = self._find_key(session)
            mechanism = self._mechanism(token)
            at_each = self._asks_at_each_signature(key)
        except SigningError as error:
            failure = error
        except DRIVER_ERRORS as error:
            failure = translated(error, place.label)
        else:
            if not at_each:
                return _Unlocked(session, key, mechanism, signatures, None)
            if pin is not None and not token.flags & pkcs11.TokenFlag.PROTECTED_AUTHENTICATION_PATH:
                return _Unlocked(session, key, mechanism, signatures, pin)
            # The library's C_Login for one signature always sends a PIN.  # S-164
            failure = DriverError(
                f"{place.label}: the key asks for its PIN at each signature, and the PIN is typed on the reader or "
                "not at all: this cannot be done here; sign by hand with the vendor's program",
                reason_code=ReasonCode.PIN_AT_EACH_SIGNATURE,
                place=place.label,
            )
        log_out(library, session)
        raise failure

    def _find_key(self, session: pkcs11.Session) -> pkcs11.SignMixin:
        wanted: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
        if self._kind in _KEY_TYPES:
            wanted[Attribute.KEY_TYPE] = _KEY_TYPES[self._kind]
        if self._place.key_id:
            wanted[Attribute.ID] = bytes.fromhex(self._place.key_id)
        keys = list(session.get_objects(wanted))
        if len(keys) == 1 and isinstance(keys[0], pkcs11.SignMixin):
            return keys[0]
        label = self._place.token.label
        if keys:
            raise DriverError(
                f"{label}: {len(keys)} keys fit the certificate in what the token shows",
                reason_code=ReasonCode.KEYS_SEVERAL,
                place=label,
                count=len(keys),
            )
        # Keys show only to who is logged in.
        raise DriverError(
            f"{label}: there is no key for the certificate in what the token shows; does it want a PIN?",
            reason_code=ReasonCode.KEY_ABSENT,
            place=label,
        )

    def _mechanism(self, token: pkcs11.Token) -> Mechanism:
        if self._kind == EC:
            return Mechanism.ECDSA
        offered = token.slot.get_mechanisms()
        return Mechanism.SHA256_RSA_PKCS if Mechanism.SHA256_RSA_PKCS in offered else Mechanism.RSA_PKCS

    @staticmethod
    def _asks_at_each_signature(key: pkcs11.SignMixin) -> bool:
        """Whether the PIN is wanted for each signature; older tokens do not know the attribute.  # S-164"""
        try:
            return bool(key[Attribute.ALWAYS_AUTHENTICATE])
        except driver.AttributeTypeInvalid:
            return False

    def _sign(self, unlocked: _Unlocked, data: bytes) -> bytes:
        failure: SigningError
        try:
            pin = None if unlocked.pin is None else unlocked.pin.reveal()
            signature = unlocked.key.sign(_prepared(data, unlocked.mechanism), mechanism=unlocked.mechanism, pin=pin)
            return _dss(signature) if unlocked.mechanism is Mechanism.ECDSA else signature
        except DRIVER_ERRORS as error:
            failure = self._failure(error, unlocked)
        raise failure

    def _failure(self, error: Exception, unlocked: _Unlocked) -> SigningError:
        """What a failed signature means: when the card has gone, drivers name many reasons."""
        label = self._place.token.label
        failure = translated(error, label)
        if isinstance(failure, WrongPin):
            return failure
        try:
            unlocked.session.token.slot.get_token()
        except DRIVER_ERRORS:
            return TokenAbsent(
                f"{label}: the token was removed before it signed", reason_code=ReasonCode.TOKEN_REMOVED, place=label
            )
        return failure


def _prepared(data: bytes, mechanism: Mechanism) -> bytes:
    """What a mechanism is given: hashing tokens the data, others the digest in the form of their kind.  # S-165"""
    if mechanism is Mechanism.SHA256_RSA_PKCS:
        return data
    digest = hashlib.sha256(data).digest()
    if mechanism is Mechanism.ECDSA:
        return digest
    info: bytes = algos.DigestInfo({"digest_algorithm": {"algorithm": DIGEST}, "digest": digest}).dump()
    return info


def _dss(signature: bytes) -> bytes:
    """r and s side by side, as tokens give them, in DER, as CMS wants them.  # S-165"""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


class Pkcs11Signer(CmsSigner):
    """Signs with a key on a token, while it is unlocked::

        with Pkcs11Signer(identity).unlocked(pin) as signer:
            sessions.open(dik, bank_user, config, signer, keep=store)

    Args:
        identity: from :func:`companynet.signing.list_identities`, with a key on a token.

    Raises:
        ValueError: the identity is a file.
    """

    def __init__(self, identity: Identity) -> None:
        if not isinstance(identity.place, KeyPlace):
            raise ValueError("this identity is a file, not a token")  # noqa: TRY004 -- a value of the right type
        self._key = _TokenKey(identity.place, identity.certificate)
        self._token = identity.place.token
        super().__init__(self._key, identity.certificate, identity.chain)

    @contextlib.contextmanager
    def unlocked(
        self, pin: Secret | None = None, *, signatures: int = SESSION_SIGNATURES
    ) -> "Iterator[Pkcs11Signer]":
        """Log in to the token, for a few signatures.

        The PIN is sent once. For keys that ask for it at each signature it is kept until the last of them, for
        others it is not kept at all. After the last signature, after a failure, and at the end of the block the
        token is logged out and the PIN dropped. Python cannot wipe a text from memory: dropping is all it can do.

        Nothing is tried again by itself: after a wrong PIN ask the person, with
        :func:`companynet.signing.pin_state`.

        Args:
            pin: None where none is asked for: on a PIN pad (a PIN given there is not sent), or with a cloud module.
            signatures: how many may be made.

        Raises:
            WrongPin: with the tries left as the token tells.
            PinLocked: too many wrong PINs, before or with this one.
            SigningDeclined: the person cancelled on the pad.
            TokenAbsent: the token is not there.
            DriverError: the driver failed, the key is not there, or it cannot be used with this library.
        """
        with worker_for(self._token.module).alone_with(self._token):
            self._key.unlock(pin, signatures)
            del pin
            try:
                yield self
            finally:
                self._key.lock()
