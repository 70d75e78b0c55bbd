# This file is part of MBankPluginV2. The COPYRIGHT file at the top level of
# this repository contains the full copyright notices and license terms.
"""The only door to sealing: secrets of records, and shares.

The key ring is a file outside the database, named by keyring in the section
[mbank] of trytond.conf. Each value is bound to the identity of this database,
the model, the record and the field; the ring serves a database only where it
was adopted, so a copied database has no usable secret.
"""
from pathlib import Path

import sealing
import trytond.config as config
from sql import Column
from trytond.i18n import gettext
from trytond.pool import Pool
from trytond.transaction import Transaction

from .. import clock
from ..exceptions import (
    DatabaseNotAdoptedError, KeyRingError, SealedValueError, ShareEnvelopeError)

#: The longest envelope of a share, in bytes.
ENVELOPE_LIMIT = sealing.ENVELOPE_LIMIT
#: Untrusted JSON read with bounds: they raise ValueError.
read_object = sealing.read_object
text_of = sealing.text_of
checked_text = sealing.checked_text
only = sealing.only

_rings = {}

#: What is wrong with an envelope, each with its own sentence.
_ENVELOPE_ERRORS = {
    sealing.UntrustedSource: 'mbank.msg_share_forged',
    sealing.ShareExpired: 'mbank.msg_share_expired',
    sealing.Tampered: 'mbank.msg_share_tampered',
    }


def ring_path():
    "The path of the key ring, None if it is not configured"
    path = config.get('mbank', 'keyring', default='')
    return Path(path) if path else None


def _unusable(error=None):
    "The ring is not configured, or what is wrong with it"
    if Transaction().database is None:
        # mbank-admin makes the ring before there is a database to translate
        return KeyRingError(str(error) if error else (
                "No key ring is configured: set keyring in the section "
                "[mbank] of the configuration file."))
    if error is None:
        return KeyRingError(gettext('mbank.msg_keyring_not_configured'))
    return KeyRingError(gettext('mbank.msg_keyring_unusable', reason=error))


def _ring():
    path = ring_path()
    if not path:
        raise _unusable()
    if path not in _rings:
        try:
            _rings[path] = sealing.KeyRing.load(path)
        except sealing.SealingError as error:
            raise _unusable(error) from error
    return _rings[path]


def _place():
    Database = Pool().get('mbank.database')
    return Database.get_identity(), Database.get_location()


def _not_adopted(identity):
    return DatabaseNotAdoptedError(gettext(
            'mbank.msg_database_not_adopted',
            database=Transaction().database.name,
            identity=identity))


def _reference(identity, record, field):
    return sealing.RecordRef(identity, record.__name__, record.id, field)


def check():
    """Make sure that secrets of this database can be used here.

    Raises KeyRingError, or DatabaseNotAdoptedError for a copied database.
    """
    identity, location = _place()
    try:
        serves = _ring().serves(identity, location)
    except sealing.SealingError as error:
        raise _unusable(error) from error
    if not serves:
        raise _not_adopted(identity)


def seal(record, field, data):
    "Seal bytes for the field of the saved record"
    identity, location = _place()
    try:
        return _ring().seal(
            _reference(identity, record, field), data, location=location)
    except sealing.NotServed as error:
        raise _not_adopted(identity) from error
    except sealing.SealingError as error:
        raise _unusable(error) from error


def open(record, field, sealed):
    "Open what was sealed for the field of the record"
    identity, location = _place()
    try:
        return _ring().open(
            _reference(identity, record, field), sealed, location=location)
    except sealing.NotServed as error:
        raise _not_adopted(identity) from error
    except (sealing.UnknownKey, sealing.Tampered) as error:
        raise SealedValueError(gettext(
                'mbank.msg_sealed_value_unusable',
                record=record.rec_name,
                reason=error)) from error
    except sealing.SealingError as error:
        raise _unusable(error) from error


def stored(record, field):
    """The sealed bytes of the field, None if it is empty.

    Models blank their sealed fields in read and search, so this is the way
    to them from the server's own code.
    """
    table = record.__table__()
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.select(
            Column(table, field), where=table.id == record.id))
    row = cursor.fetchone()
    return bytes(row[0]) if row and row[0] is not None else None


def open_stored(record, field):
    "Open the sealed bytes of the field, None if it is empty"
    sealed = stored(record, field)
    return open(record, field, sealed) if sealed is not None else None


def adopt():
    """Serve this database at the place where it is now, and only there.

    Also gives the database its key pairs for shares, if it has none.
    """
    identity, location = _place()
    ring = _ring()
    try:
        ring.create_identity(identity)
        ring.adopt(identity, location, now=clock.now())
    except (sealing.SealingError, OSError) as error:
        raise _unusable(error) from error


def intents():
    "How many intents of this database the ring knows of, 0 without a ring"
    if not ring_path():
        # No session serves then, so nothing has left
        return 0
    identity, _ = _place()
    try:
        return _ring().intents(identity)
    except sealing.SealingError as error:
        raise _unusable(error) from error


def note_intent(number):
    """Keep in the ring that the intent of the number is committed.

    To be called before anything that follows from the intent leaves.
    """
    identity, _ = _place()
    try:
        _ring().note_intent(identity, number)
    except sealing.NotServed as error:
        raise _not_adopted(identity) from error
    except (sealing.SealingError, OSError) as error:
        raise _unusable(error) from error


def adopt_new():
    """Adopt the database if the ring is there and does not know it yet.

    Returns whether it was adopted. For the installation: a ring that is not
    configured or cannot be written must not stop it, the first use says so.
    """
    path = ring_path()
    if not path:
        return False
    identity, _ = _place()
    try:
        if not path.exists():
            create_ring()
        if identity in _ring().databases:
            return False
        adopt()
    except KeyRingError:
        return False
    return True


def create_ring():
    "Make the key ring at the configured path"
    path = ring_path()
    if not path:
        raise _unusable()
    try:
        _rings[path] = sealing.KeyRing.create(path, now=clock.now())
    except (sealing.SealingError, OSError) as error:
        raise _unusable(error) from error


def add_key():
    "Add a key to the ring and make it the current one; returns its version"
    try:
        return _ring().add_key(now=clock.now())
    except (sealing.SealingError, OSError) as error:
        raise _unusable(error) from error


def ring_status():
    "What an administrator may know of the ring: plain values, no key"
    ring = _ring()
    return {
        'path': str(ring.path),
        'ring': ring.ring_id,
        'versions': list(ring.versions),
        'current': ring.current_version,
        'databases': dict(ring.databases),
        }


def rewrap(record, field):
    "Bring the sealed field under the ring's current key, if it is not"
    sealed = stored(record, field)
    if sealed is None:
        return False
    try:
        ring = _ring()
        if not ring.needs_rewrap(sealed):
            return False
        sealed = ring.rewrap(sealed)
    except sealing.SealingError as error:
        raise SealedValueError(gettext(
                'mbank.msg_sealed_value_unusable',
                record=record.rec_name,
                reason=error)) from error
    record.__class__.write([record], {field: sealed})
    return True


def public_identity():
    "The public identity of this database as JSON, for other databases"
    identity, location = _place()
    try:
        ring = _ring()
        ring.require(identity, location)
        return ring.public_identity(identity).to_json()
    except sealing.NotServed as error:
        raise _not_adopted(identity) from error
    except sealing.SealingError as error:
        raise _unusable(error) from error


def _identity(text):
    try:
        return sealing.PublicIdentity.from_json(text or '')
    except sealing.SealingError as error:
        raise ShareEnvelopeError(gettext(
                'mbank.msg_share_unusable', reason=error)) from error


def read_identity(text):
    """A public identity (JSON): as it is stored, the database id, and the
    fingerprint.

    Raises ShareEnvelopeError if the text is none.
    """
    identity = _identity(text)
    return identity.to_json(), identity.database_id, identity.fingerprint


def fingerprint_agrees(text, told):
    """Whether told is the fingerprint of the public identity (JSON).

    Raises ShareEnvelopeError if the text is none.
    """
    return _identity(text).agrees(told or '')


def seal_share(target, *, session, user, head_office, expires, payload):
    """Seal bytes to another database, signed by this one.

    target is the public identity of the other database (JSON); expires is a
    naive datetime in UTC. Returns the envelope in bytes.
    """
    identity, location = _place()
    try:
        target = sealing.PublicIdentity.from_json(target)
        info = sealing.ShareInfo(
            source=identity, target=target.database_id,
            session=str(session), user=str(user),
            head_office=str(head_office),
            expires=clock.aware(expires))
        return sealing.seal_share(
            _ring(), identity, target, info, payload, location=location)
    except sealing.NotServed as error:
        raise _not_adopted(identity) from error
    except (sealing.SealingError, ValueError) as error:
        # A ValueError: the other side would not read it, it is too long.
        raise ShareEnvelopeError(gettext(
                'mbank.msg_share_unusable', reason=error)) from error


def open_share(source, envelope):
    """Open an envelope that a trusted source made for this database.

    source is the public identity of the source (JSON). Returns a dictionary
    with source, target, session, user, head_office and expires (naive, UTC),
    and the bytes that were shared.
    """
    identity, location = _place()
    try:
        info, payload = sealing.open_share(
            _ring(), identity, sealing.PublicIdentity.from_json(source),
            envelope, clock.now(), location=location)
    except sealing.NotServed as error:
        raise _not_adopted(identity) from error
    except sealing.SealingError as error:
        for class_, message in _ENVELOPE_ERRORS.items():
            if isinstance(error, class_):
                raise ShareEnvelopeError(gettext(message)) from error
        raise _unusable(error) from error
    return {
        'source': info.source,
        'target': info.target,
        'session': info.session,
        'user': info.user,
        'head_office': info.head_office,
        'expires': clock.stored(info.expires),
        }, payload
