"""The signature of a person: a PKCS#12 file or a key on a token, and its PIN. Imported by who signs."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from companynet.cli.failures import Unusable
from companynet.cli.passwords import read_secret
from companynet.clock import SYSTEM_CLOCK
from companynet.errors import TriesLeft
from companynet.signing import (
    Identity,
    KeyPlace,
    Pkcs11Signer,
    Pkcs12Signer,
    Signer,
    check_usable,
    find_identity,
    pin_state,
)

_OF_TOKENS = ("card", "slot", "key_id")
#: What a token tells of its PIN before it is asked for.
_WARNINGS = {
    TriesLeft.MANY: "",
    TriesLeft.LOW: " (a wrong one was entered before)",
    TriesLeft.LAST: " (the last try: a wrong one locks the token)",
}


@contextmanager
def signer_of(arguments: argparse.Namespace) -> Iterator[Signer | None]:
    """Who signs, ready for the two signatures of a session; None if no signature is named.

    Raises:
        Unusable: what names a key on a token is given without ``--pkcs11``.
        SecretMissing: there is no PIN to be had.
        SigningError: the key is not there or not to be used, or its PIN is not right. Nothing is tried again.
        OSError: the file cannot be read.
    """
    if arguments.pkcs11 is None:
        for name in _OF_TOKENS:
            if getattr(arguments, name) is not None:
                raise Unusable(f"--{name.replace('_', '-')} is of a token: give --pkcs11 too")
    if arguments.p12 is not None:
        data = arguments.p12.read_bytes()
        yield Pkcs12Signer.load(data, read_secret(arguments, "pin", f"PIN of {arguments.p12}"))
    elif arguments.pkcs11 is not None:
        identity = find_identity(
            arguments.pkcs11,
            SYSTEM_CLOCK.now(),
            token=arguments.card,
            slot=arguments.slot,
            key_id=arguments.key_id,
        )
        with _unlocked(arguments, identity) as signer:
            yield signer
    else:
        yield None


@contextmanager
def _unlocked(arguments: argparse.Namespace, identity: Identity) -> Iterator[Signer]:
    # Before a PIN is asked for: a wrong one costs a try.
    check_usable(identity.certificate, SYSTEM_CLOCK.now())
    pin = None
    if isinstance(identity.place, KeyPlace):
        state = pin_state(identity.place.token)
        # One that is locked is not asked, and says so itself.
        if state.needed and not state.pad and state.tries is not TriesLeft.NONE:
            pin = read_secret(arguments, "pin", f"PIN of {identity.place.token.label}{_WARNINGS[state.tries]}")
    with Pkcs11Signer(identity).unlocked(pin) as signer:
        yield signer
