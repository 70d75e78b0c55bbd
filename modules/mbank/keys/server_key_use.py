# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""Signing with a key on the server.

The server runs in several processes, each with a login of its own at a token,
so a key is claimed in the database first: one process at a time uses it. That
a kept PIN is being tried is committed before the token has it: a PIN that was
wrong, or whose outcome a dead process took with it, is never tried again by
itself. Three wrong ones lock a token.  # L-213
"""
import logging
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field

from trytond.i18n import gettext
from trytond.pool import Pool

from .. import gateway, independent, telling
from ..clock import utcnow
from ..exceptions import (
    KeptPinError, KeyBusyError, KeyNotAllowedError, LastTryError,
    PinLockedError, PinNotKeptError, WrongPinError)
from ..keyring import vault
from ..rights import has_right
from ..sessions.session_making import PENDING_LIFE
from .server_key import KEPT, TOKEN

logger = logging.getLogger(__name__)

#: Seconds to wait for who signs with the key just now.
WAIT = 30
_PAUSE = 0.2


@dataclass(frozen=True)
class _Taken:
    "A claimed key"

    token_key: object
    """Where it is on a token; None for a PKCS#12."""

    content: bytes | None = field(repr=False)
    """The PKCS#12; None for a token."""

    pin: str | None = field(repr=False)
    """The kept one, if it is to be used."""


@contextmanager
def signer_of(key_id, user=None, pin=None, attended=False):
    """A signer with the key, for the two signatures of a session.

    user (an id) signs and must be named on the key; None is for the
    administrator's own test. Without a pin the kept one is used, or none
    where the token asks for none here; attended says that somebody is there
    to type it at the device. The key must not be locked by the running
    transaction.

    Raises KeyNotAllowedError, PinNotKeptError, KeyBusyError, LastTryError,
    KeptPinError, or what the token says.
    """
    claim = uuid.uuid4().hex
    taken = _wait_for(key_id, claim, user, pin is not None, attended)
    try:
        with _opened(taken, pin) as signer:
            if taken.pin is not None:
                independent.run(_proved, key_id, claim)
            yield signer
    except (WrongPinError, PinLockedError) as error:
        if taken.pin is None:
            raise
        independent.run(_drop_pin, key_id,
            gettext('mbank.msg_server_key_pin_wrong', reason=error.message))
        raise KeptPinError.of(
            'mbank.msg_server_key_kept_pin', reason=error.message) from error
    finally:
        try:
            independent.run(_release, key_id, claim)
        except Exception:
            # What was signed is worth more: a claim that is left ends by
            # itself.
            logger.exception("server key %s not released", key_id)


@contextmanager
def _opened(taken, pin):
    "The signer; with a token, while it is logged in"
    if taken.token_key is None:
        yield gateway.load_signer(
            taken.content, pin if pin is not None else taken.pin)
        return
    if taken.pin is not None:
        # Somebody typed wrong ones elsewhere: the last try is a person's.
        if gateway.last_try(taken.token_key.token):
            raise LastTryError.of('mbank.msg_server_key_last_try')
        pin = taken.pin
    with gateway.unlocked(taken.token_key, pin) as signer:
        yield signer


def _wait_for(key_id, claim, user, typed, attended):
    "Claim the key, as soon as it is free"
    deadline = time.monotonic() + WAIT
    independent.run(_drop_left, key_id)
    while True:
        taken = independent.run(_take, key_id, claim, user, typed, attended)
        if taken is not None:
            return taken
        if time.monotonic() > deadline:
            raise KeyBusyError.of('mbank.msg_server_key_busy')
        time.sleep(_PAUSE)


# Each in a transaction of its own

def _drop_left(key_id):
    """Take the claim of a process that died from it.

    The PIN it was trying may have been wrong, so it is dropped.
    """
    ServerKey = Pool().get('mbank.server_key')
    key = ServerKey(key_id)
    if not key.claim or key.claimed > utcnow() - PENDING_LIFE:
        return
    if key.pin_tried:
        _drop_pin(key_id, gettext('mbank.msg_server_key_pin_unknown'))
    ServerKey.write([key], {'claim': None, 'claimed': None, 'pin_tried': False})


def _take(key_id, claim, user, typed, attended):
    "The claimed key, None if another uses it"
    ServerKey = Pool().get('mbank.server_key')
    key = ServerKey(key_id)
    if user is not None:
        _check_user(key, user)
    if not typed and not (attended and not key.asks_pin or key.unattended):
        raise PinNotKeptError.of(
            'mbank.msg_server_key_pin_missing', key=key.name)
    if key.claim:
        return None
    pin = None
    if not typed and key.pin_way == KEPT:
        pin = vault.open_stored(key, 'pin').decode()
    ServerKey.write([key], {
            'claim': claim, 'claimed': utcnow(),
            'pin_tried': pin is not None})
    if key.kind == TOKEN:
        return _Taken(key.token_key, None, pin)
    return _Taken(None, vault.open_stored(key, 'content'), pin)


def _check_user(key, user):
    "Refuse who is not named, or may create no sessions"
    User = Pool().get('res.user')
    user = User(user)
    if (user not in key.users or not user.active
            or not has_right('group_session_create', user.id)):
        raise KeyNotAllowedError.of(
            'mbank.msg_server_key_not_allowed', key=key.name,
            user=user.rec_name)


def _own(key_id, claim):
    "The key, unless its claim was taken over"
    ServerKey = Pool().get('mbank.server_key')
    return ServerKey.search([('id', '=', key_id), ('claim', '=', claim)])


def _proved(key_id, claim):
    "The PIN that was tried is right"
    ServerKey = Pool().get('mbank.server_key')
    ServerKey.write(_own(key_id, claim), {'pin_tried': False})


def _release(key_id, claim):
    ServerKey = Pool().get('mbank.server_key')
    ServerKey.write(_own(key_id, claim), {
            'claim': None, 'claimed': None, 'pin_tried': False})


def _drop_pin(key_id, reason):
    "Forget a kept PIN that must not be tried again, and tell"
    ServerKey = Pool().get('mbank.server_key')
    key = ServerKey(key_id)
    ServerKey.write([key], {'pin': None, 'pin_problem': reason})
    telling.tell(
        key, telling.users_of('group_mbank_admin'),
        lambda key: gettext(
            'mbank.msg_server_key_pin_dropped', key=key.name),
        lambda _: reason)
