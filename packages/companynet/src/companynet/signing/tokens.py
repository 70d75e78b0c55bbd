"""Tokens behind PKCS#11 modules: found, listed, logged in to.

Functions with a ``library`` run on the module's own thread, see :mod:`companynet.signing.token_worker`.
"""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Final

import pkcs11
from asn1crypto import x509 as asn1_x509
from pkcs11 import Attribute, ObjectClass, TokenFlag
from pkcs11 import exceptions as driver

from companynet.domain.session import Secret
from companynet.errors import DriverError, PinLocked, SigningError, TokenAbsent, TriesLeft, WrongPin
from companynet.signing.certificate import read_certificate
from companynet.signing.cms import MALFORMED
from companynet.signing.identity import Identity, KeyPlace, Listing, ListingProblem, PinState, TokenInfo, TokenPlace
from companynet.signing.token_worker import DRIVER_ERRORS, ModuleWorker, translated, worker_for
from companynet.signing_reasons import ReasonCode

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 -- a class in the clothes of a function

#: Seconds a module may take to be listed; readers wake up slowly, cloud modules ask their server.
LISTING_TIMEOUT: Final = 30.0


def list_identities(modules: Sequence[str], now: datetime, *, timeout: float = LISTING_TIMEOUT) -> Listing:
    """Everything there is to sign with, without a PIN.

    To load a module is to run its code: give only paths from settings, never from a message or a page.

    Certificates on tokens are mostly public. A token that hides them shows up among the tokens only, see
    :func:`list_token`. A module that fails is a problem of the listing and hides no other.

    Args:
        modules: paths of PKCS#11 modules.
        now: the time for which certificates are judged.
        timeout: seconds to wait for each; they are asked at the same time.
    """
    # All at once: one that is slow, or hangs, keeps no other waiting. Links to one module are one.
    by_worker: dict[ModuleWorker, str] = {}
    for module in modules:
        by_worker.setdefault(worker_for(module), module)
    started = [
        (worker, module, worker.start(functools.partial(_list_library, module=module, now=now)))
        for worker, module in by_worker.items()
    ]
    parts = [_listed(worker, module, future, timeout) for worker, module, future in started]
    return Listing(
        identities=tuple(identity for part in parts for identity in part.identities),
        tokens=tuple(token for part in parts for token in part.tokens),
        problems=tuple(problem for part in parts for problem in part.problems),
    )


def list_token(place: TokenPlace, pin: Secret | None, now: datetime) -> Listing:
    """What a token that hides its certificates shows after its PIN; logged out again at once.

    Args:
        place: the token.
        pin: None where none is asked for.
        now: the time for which certificates are judged.

    Raises:
        WrongPin, PinLocked: the PIN is wrong, or no longer taken.
        TokenAbsent, DriverError: the token is not there, or cannot be read.
    """

    def work(library: "Library") -> Listing:
        token = find_token(library, place)
        session = log_in(token, place, pin)
        try:
            return _list_session(session, _token_info(token, place.module), now)
        finally:
            log_out(library, session)

    worker = worker_for(place.module)
    with worker.alone_with(place):
        return worker.run(work)


def pin_state(place: TokenPlace) -> PinState:
    """What a token tells of its PIN now. Ask this right before asking a person for the PIN.

    Raises:
        TokenAbsent, DriverError: the token is not there, or cannot be read.
    """
    worker = worker_for(place.module)
    return worker.run(lambda library: _pin_state(find_token(library, place)), timeout=LISTING_TIMEOUT)


def find_token(library: "Library", place: TokenPlace) -> pkcs11.Token:
    """The token of a place, read anew.

    Raises:
        TokenAbsent: it is not there.
    """
    fitting = [
        token
        for token in _tokens(library)
        if isinstance(token, pkcs11.Token) and (_serial(token), token.label) == (place.serial, place.label)
    ]
    if not fitting:
        raise TokenAbsent(
            f"{place.label}: there is no such token; is the card in the reader?",
            reason_code=ReasonCode.TOKEN_ABSENT,
            place=place.label,
        )
    return next((token for token in fitting if token.slot.slot_id == place.slot), fitting[0])


def log_in(token: pkcs11.Token, place: TokenPlace, pin: Secret | None) -> pkcs11.Session:
    """Open a session, logged in unless no PIN is given and the token has no pad of its own.

    A token that is locked is not asked, and neither is one for which an empty PIN was typed: that may cost a try.

    Raises:
        WrongPin: with what the token tells of the tries left. Nothing is tried again.
        PinLocked: it is locked, before or by this PIN.
        SigningDeclined: the person cancelled on the pad.
        TokenAbsent, DriverError: the token is not there, or the driver failed.
    """
    state = _pin_state(token)
    if state.tries is TriesLeft.NONE:
        raise PinLocked(
            f"{place.label}: the PIN is locked; unlock it with the vendor's program",
            reason_code=ReasonCode.PIN_LOCKED,
            place=place.label,
        )
    credential: str | object | None = None
    if state.pad:
        credential = pkcs11.types.PROTECTED_AUTH
    elif pin is not None:
        credential = pin.reveal()
        if not credential:
            raise WrongPin(
                f"{place.label}: the PIN is empty; the token was not asked",
                reason_code=ReasonCode.PIN_EMPTY,
                place=place.label,
                tries_left=state.tries,
            )
    failure: SigningError | None = None
    try:
        return token.open(user_pin=credential)
    except DRIVER_ERRORS as error:
        failure = translated(error, place.label)
    # python-pkcs11 leaves the session of a failed login open, without login; it ends with the process.
    if isinstance(failure, WrongPin):
        raise _wrong_pin(token, place)
    raise failure


def _wrong_pin(token: pkcs11.Token, place: TokenPlace) -> SigningError:
    tries: TriesLeft | None = None
    with contextlib.suppress(*DRIVER_ERRORS):
        tries = _pin_state(token.slot.get_token()).tries
    if tries is TriesLeft.NONE:
        return PinLocked(
            f"{place.label}: the PIN is wrong, and is locked now",
            reason_code=ReasonCode.PIN_LOCKED_NOW,
            place=place.label,
        )
    return WrongPin(
        f"{place.label}: the PIN is wrong", reason_code=ReasonCode.PIN_WRONG, place=place.label, tries_left=tries
    )


def log_out(library: "Library", session: pkcs11.Session) -> None:
    """End a session and its login, whatever the driver says.

    If the driver refuses, the module is shut down, which ends its logins too; it starts anew when used.  # S-161
    """
    try:
        session.close()
        return
    except DRIVER_ERRORS:
        pass
    with contextlib.suppress(*DRIVER_ERRORS):
        library.finalize()


def _listed(worker: ModuleWorker, module: str, future: Future[Listing | SigningError], timeout: float) -> Listing:
    try:
        return worker.answer(future, timeout=timeout)
    except SigningError as error:
        return Listing((), (), (ListingProblem(module, error),))


def _list_library(library: "Library", module: str, now: datetime) -> Listing:
    identities: list[Identity] = []
    tokens: list[TokenInfo] = []
    problems: list[ListingProblem] = []
    for token in _tokens(library):
        if isinstance(token, Exception):
            problems.append(ListingProblem(module, translated(token, module)))
            continue
        info = _token_info(token, module)
        tokens.append(info)
        try:
            with token.open() as session:
                part = _list_session(session, info, now)
            identities.extend(part.identities)
            problems.extend(part.problems)
        except DRIVER_ERRORS as error:
            problems.append(ListingProblem(f"{module}: {info.place.label}", translated(error, info.place.label)))
    return Listing(tuple(identities), tuple(tokens), tuple(problems))


def _tokens(library: "Library") -> Iterator[pkcs11.Token | Exception]:
    """The tokens that are there; for one that cannot be read, the driver's error."""
    for slot in library.get_slots(token_present=True):
        try:
            token = slot.get_token()
        except (driver.TokenNotPresent, driver.DeviceRemoved):
            continue
        except DRIVER_ERRORS as error:
            yield error
            continue
        if token.flags & TokenFlag.TOKEN_INITIALIZED:
            yield token


def _list_session(session: pkcs11.Session, info: TokenInfo, now: datetime) -> Listing:
    found: list[tuple[bytes, bytes]] = []
    problems: list[ListingProblem] = []
    # A search must be finished before anything else is asked: an open one makes the next call fail.
    for item in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
        try:
            found.append((_attribute(item, Attribute.ID), bytes(item[Attribute.VALUE])))
        except DRIVER_ERRORS as error:
            problems.append(ListingProblem(info.place.label, translated(error, info.place.label)))
    authorities = [der for _key_id, der in found if _is_authority(der)]
    identities: list[Identity] = []
    for key_id, der in found:
        if der in authorities:
            continue
        try:
            certificate = read_certificate(der)
        except DriverError as error:
            problems.append(ListingProblem(info.place.label, error.with_traceback(None)))
            continue
        identities.append(
            Identity(
                place=KeyPlace(info.place, key_id.hex()),
                certificate=certificate,
                unusable=certificate.unusable(now),
                chain=_chain(der, authorities),
            )
        )
    return Listing(tuple(identities), (info,), tuple(problems))


def _attribute(item: pkcs11.Object, attribute: Attribute) -> bytes:
    try:
        return bytes(item[attribute])
    except driver.AttributeTypeInvalid:
        return b""


def _is_authority(der: bytes) -> bool:
    try:
        return bool(asn1_x509.Certificate.load(der).ca)
    except MALFORMED:
        return False


def _chain(der: bytes, authorities: Sequence[bytes]) -> tuple[bytes, ...]:
    """The certificates above one, the nearest first, by the names alone: the bank checks them."""
    chain: list[bytes] = []
    above = {asn1_x509.Certificate.load(item).subject.hashable: item for item in authorities}
    issuer = asn1_x509.Certificate.load(der).issuer.hashable
    while issuer in above:
        chain.append(above.pop(issuer))
        issuer = asn1_x509.Certificate.load(chain[-1]).issuer.hashable
    return tuple(chain)


def _token_info(token: pkcs11.Token, module: str) -> TokenInfo:
    place = TokenPlace(module=module, label=token.label, serial=_serial(token), slot=token.slot.slot_id)
    return TokenInfo(place=place, manufacturer=token.manufacturer_id, model=token.model, pin=_pin_state(token))


def _serial(token: pkcs11.Token) -> str:
    return token.serial.rstrip(b"\0").decode("ascii", errors="replace")


def _pin_state(token: pkcs11.Token) -> PinState:
    """The flags of a token in words.  # S-162"""
    flags = token.flags
    if flags & TokenFlag.USER_PIN_LOCKED:
        tries = TriesLeft.NONE
    elif flags & TokenFlag.USER_PIN_FINAL_TRY:
        tries = TriesLeft.LAST
    elif flags & TokenFlag.USER_PIN_COUNT_LOW:
        tries = TriesLeft.LOW
    else:
        tries = TriesLeft.MANY
    return PinState(
        tries=tries,
        pad=bool(flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        needed=bool(flags & TokenFlag.LOGIN_REQUIRED),
        must_change=bool(flags & TokenFlag.USER_PIN_TO_BE_CHANGED),
    )
