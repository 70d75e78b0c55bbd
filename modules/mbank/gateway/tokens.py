# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Keys on tokens of the server (HSM, card, cloud module), through PKCS#11.

Only the modules the configuration file of the server names are ever loaded:
to load one is to run its code.
"""
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trytond.config as config
from companynet import signing
from companynet.domain.session import Secret
from companynet.errors import TriesLeft
from companynet.signing.certificate import unusable_error

from .. import exceptions
from ..clock import now
from .errors import translated, user_error
from .signing import values_of


@dataclass(frozen=True)
class Token:
    "Where a token is"

    module: str
    """The name the configuration file gives its module."""

    label: str
    """Of the token."""

    serial: str
    """Of the token."""

    slot: int
    """The number of its slot when it was listed."""

    def __str__(self):
        return '%s, %s %s' % (self.module, self.label, self.serial)


@dataclass(frozen=True)
class TokenKey:
    "A key on a token, with what signs need to carry"

    token: Token
    """Where it is."""

    key_id: str
    """Of the key on the token, hexadecimal; empty if the token gives none."""

    certificates: tuple = field(repr=False)
    """DER: the key's own certificate, then those above it."""


@dataclass(frozen=True)
class ListedKey:
    "A key to choose"

    key: TokenKey
    """Where it is."""

    values: dict
    """What the certificate says."""

    unusable: str | None
    """Why it cannot sign now, the sentence for a person; None if it can."""


@dataclass(frozen=True)
class ListedTokens:
    "What a module shows"

    keys: tuple
    """ListedKey each."""

    hidden: tuple
    """Token each: those that show no certificate before their PIN."""


def token_modules():
    """The names of the PKCS#11 modules and their paths.

    In the section [mbank]: pkcs11_modules = name=path,name=path. Raises
    KeyStoreError with what is wrong there.
    """
    modules = {}
    for entry in config.get('mbank', 'pkcs11_modules', default='').split(','):
        entry = entry.strip()
        if not entry:
            continue
        name, _, path = (part.strip() for part in entry.partition('='))
        if not name or name in modules or not Path(path).is_absolute():
            raise exceptions.KeyStoreError.of(
                'mbank.msg_pkcs11_modules', entry=entry)
        modules[name] = path
    return modules


def _path(module):
    paths = token_modules()
    if module not in paths:
        raise exceptions.KeyStoreError.of(
            'mbank.msg_pkcs11_module_unknown', module=module)
    return paths[module]


def _place(token):
    return signing.TokenPlace(
        module=_path(token.module), label=token.label, serial=token.serial,
        slot=token.slot)


def list_tokens(module):
    """What the tokens of the module show without a PIN.

    Raises TokenAbsentError or KeyStoreError if nothing could be read.
    """
    listing = signing.list_identities([_path(module)], now())
    if listing.problems and not listing.tokens:
        raise user_error(listing.problems[0].error)
    return _listed(module, listing)


def list_token(token, pin):
    """What a token shows after its PIN; logged out again at once.

    Raises WrongPinError, PinLockedError, TokenAbsentError or KeyStoreError.
    """
    with translated():
        listing = signing.list_token(
            _place(token), Secret(pin) if pin else None, now())
    return _listed(token.module, listing)


def _token(module, place):
    return Token(module, place.label, place.serial, place.slot)


def _listed(module, listing):
    shown = {identity.place.token for identity in listing.identities}
    return ListedTokens(
        keys=tuple(
            ListedKey(
                key=TokenKey(
                    token=_token(module, identity.place.token),
                    key_id=identity.place.key_id,
                    certificates=(
                        identity.certificate.der, *identity.chain)),
                values=values_of(identity.certificate),
                unusable=_why_unusable(identity))
            for identity in listing.identities),
        hidden=tuple(
            _token(module, token.place) for token in listing.tokens
            if token.place not in shown))


def _why_unusable(identity):
    if identity.unusable is None:
        return None
    return user_error(
        unusable_error(identity.certificate, identity.unusable)).message


def last_try(token):
    """Whether one more wrong PIN locks the token, as it tells.

    Raises TokenAbsentError or KeyStoreError.
    """
    with translated():
        return signing.pin_state(_place(token)).tries is TriesLeft.LAST


@contextmanager
def unlocked(key, pin=None):
    """A signer with the key, its token logged in for one session.

    The PIN is sent once, when the block begins; without one none is sent, as
    for tokens that ask for none or at the device. Errors of the library in
    the block are translated. Raises WrongPinError, PinLockedError,
    TokenAbsentError, KeyStoreError or SigningDeclinedError.
    """
    with translated():
        certificate = signing.read_certificate(key.certificates[0])
        identity = signing.Identity(
            place=signing.KeyPlace(_place(key.token), key.key_id),
            certificate=certificate,
            unusable=certificate.unusable(now()),
            chain=key.certificates[1:])
        secret = Secret(pin) if pin is not None else None
        with signing.Pkcs11Signer(identity).unlocked(secret) as signer:
            yield signer
