"""The key ring's file: owner-only, whole or not at all, versioned."""

import base64
import json
import multiprocessing
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sealing import KeyRing, NotServed, RecordRef, RingDamaged, RingPermissions, UnknownKey

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REF = RecordRef("db-1", "mbank.session", 7, "token")


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    made = KeyRing.create(tmp_path / "ring.json", now=NOW)
    made.adopt("db-1", "pg/erp", now=NOW)
    return made


def test_created_file_is_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        ring = KeyRing.create(tmp_path / "ring.json")
    finally:
        os.umask(old)
    assert ring.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620])
def test_ring_open_to_others_is_refused_with_what_to_do(ring: KeyRing, mode: int) -> None:
    ring.path.chmod(mode)
    with pytest.raises(RingPermissions, match="chmod 600"):
        KeyRing.load(ring.path)


def test_ring_of_another_user_is_refused(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The running user is pretended, since changing a file's owner needs root."""
    monkeypatch.setattr(os, "geteuid", lambda: ring.path.stat().st_uid + 1)
    with pytest.raises(RingPermissions, match="belongs to user"):
        KeyRing.load(ring.path)


def test_existing_file_is_never_overwritten(ring: KeyRing) -> None:
    before = ring.path.read_bytes()
    with pytest.raises(RingDamaged, match="already"):
        KeyRing.create(ring.path)
    assert ring.path.read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'"x"', b'{"format": "other"}'])
def test_damaged_ring_is_named_and_shows_nothing(ring: KeyRing, damage: bytes) -> None:
    ring.path.write_bytes(damage)
    with pytest.raises(RingDamaged, match=r"ring\.json"):
        KeyRing.load(ring.path)


def test_every_cut_of_the_file_is_refused(ring: KeyRing) -> None:
    whole = ring.path.read_bytes()
    for length in range(0, len(whole) - 2, 17):
        ring.path.write_bytes(whole[:length])
        with pytest.raises(RingDamaged):
            KeyRing.load(ring.path)


def test_current_key_missing_is_damage(ring: KeyRing) -> None:
    value = json.loads(ring.path.read_bytes())
    value["keys"] = {}
    ring.path.write_text(json.dumps(value))
    with pytest.raises(RingDamaged):
        KeyRing.load(ring.path)


def test_failed_write_leaves_the_old_ring_and_no_rest(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ring.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        ring.add_key()
    assert ring.path.read_bytes() == before
    assert sorted(p.name for p in ring.path.parent.iterdir()) == ["ring.json", "ring.json.lock"]


def _add_keys(path: Path, count: int) -> None:
    ring = KeyRing.load(path)
    for _ in range(count):
        ring.add_key()


def test_two_processes_changing_the_ring_lose_nothing(ring: KeyRing) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_add_keys, args=(ring.path, 10)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    assert ring.versions == tuple(range(1, 22))


def test_change_by_another_process_is_seen_at_once(ring: KeyRing) -> None:
    other = KeyRing.load(ring.path)
    other.add_key()
    sealed = other.seal(REF, b"secret")
    assert ring.open(REF, sealed) == b"secret"
    other.forget("db-1")
    with pytest.raises(NotServed):
        ring.open(REF, sealed)


def test_rotation_rewraps_the_key_and_leaves_the_data(ring: KeyRing) -> None:
    sealed = ring.seal(REF, b"secret")
    assert not ring.needs_rewrap(sealed)
    assert ring.add_key(now=NOW) == 2
    assert ring.open(REF, sealed) == b"secret"
    assert ring.needs_rewrap(sealed)
    fresh = ring.rewrap(sealed)
    assert not ring.needs_rewrap(fresh)
    assert fresh[-(12 + 6 + 16) :] == sealed[-(12 + 6 + 16) :]
    ring.retire_key(1)
    assert ring.open(REF, fresh) == b"secret"
    with pytest.raises(UnknownKey, match="key 1"):
        ring.open(REF, sealed)


def test_current_key_cannot_be_retired(ring: KeyRing) -> None:
    with pytest.raises(UnknownKey):
        ring.retire_key(1)


def test_copied_database_at_another_location_is_not_served(ring: KeyRing) -> None:
    sealed = ring.seal(REF, b"secret", location="pg/erp")
    assert ring.serves("db-1", "pg/erp")
    assert not ring.serves("db-1", "pg/erp_copy")
    assert not ring.serves("db-2", "pg/erp")
    with pytest.raises(NotServed, match="it lives at pg/erp"):
        ring.open(REF, sealed, location="pg/erp_copy")
    ring.adopt("db-1", "pg/erp_copy")
    assert ring.open(REF, sealed, location="pg/erp_copy") == b"secret"
    with pytest.raises(NotServed):
        ring.open(REF, sealed, location="pg/erp")


def test_no_secret_in_any_repr(ring: KeyRing) -> None:
    ring.create_identity("db-1")
    value = json.loads(ring.path.read_bytes())
    secrets = [entry["key"] for entry in value["keys"].values()]
    secrets += value["databases"]["db-1"]["identity"].values()
    shown = repr(ring) + repr(ring._contents()) + repr(ring.private_identity("db-1"))
    shown += repr(ring._contents().keys) + repr(ring._contents().databases)
    for secret in secrets:
        assert secret not in shown
        assert repr(base64.b64decode(secret)) not in shown


def test_count_of_intents_only_rises_and_survives_adoption_and_rotation(ring: KeyRing) -> None:
    ring.adopt("alfa", "here")
    assert ring.intents("alfa") == 0
    ring.note_intent("alfa", 2)
    ring.note_intent("alfa", 1)
    ring.adopt("alfa", "there")
    ring.create_identity("alfa")
    ring.add_key()
    assert KeyRing.load(ring.path).intents("alfa") == 2
    assert ring.intents("beta") == 0


def test_intent_of_a_database_the_ring_does_not_know_is_refused(ring: KeyRing) -> None:
    with pytest.raises(NotServed):
        ring.note_intent("beta", 1)


def test_intents_noted_by_two_processes_at_once_keep_the_highest(ring: KeyRing) -> None:
    ring.adopt("alfa", "here")
    numbers = list(range(1, 9))
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.starmap(_note, [(ring.path, number) for number in numbers])
    assert ring.intents("alfa") == max(numbers)


def _note(path: Path, number: int) -> None:
    KeyRing.load(path).note_intent("alfa", number)
