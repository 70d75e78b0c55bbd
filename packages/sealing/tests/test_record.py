"""A sealed field opens at its place only, whole only, and with its own ring only."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealing import KeyRing, NotServed, RecordRef, SealingError, Tampered, UnknownKey
from sealing.encoding import length_prefixed

REF = RecordRef("db-1", "mbank.session", 7, "token")


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    made = KeyRing.create(tmp_path_factory.mktemp("ring") / "ring.json")
    made.adopt("db-1", "here")
    made.adopt("db-2", "there")
    return made


@given(data=st.binary(max_size=300))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_sealed_opens(ring: KeyRing, data: bytes) -> None:
    sealed = ring.seal(REF, data)
    assert ring.open(REF, sealed) == data
    assert ring.open(dataclasses.replace(REF, id="7"), sealed) == data


@pytest.mark.parametrize(
    "change",
    [{"database": "db-2"}, {"model": "mbank.certificate"}, {"id": 8}, {"field": "password"}],
    ids=lambda change: next(iter(change)),
)
def test_swapped_row_field_model_or_database_does_not_open(ring: KeyRing, change: dict[str, object]) -> None:
    sealed = ring.seal(REF, b"secret")
    with pytest.raises(Tampered, match="altered or belongs to another"):
        ring.open(dataclasses.replace(REF, **change), sealed)  # type: ignore[arg-type]


def test_places_whose_texts_run_together_differ() -> None:
    """Lengths are part of the associated data: "ab"+"c" is not "a"+"bc"."""
    one = RecordRef("db", "ab", "c", "f").associated_data()
    other = RecordRef("db", "a", "bc", "f").associated_data()
    assert one != other


@given(st.lists(st.binary(max_size=6), max_size=5), st.lists(st.binary(max_size=6), max_size=5))
def test_length_prefix_is_unambiguous(one: list[bytes], other: list[bytes]) -> None:
    assert (length_prefixed(*one) == length_prefixed(*other)) == (one == other)


def test_every_flipped_byte_and_every_cut_is_noticed(ring: KeyRing) -> None:
    sealed = ring.seal(REF, b"secret")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises((Tampered, UnknownKey)):
            ring.open(REF, bytes(altered))
        with pytest.raises(Tampered):
            ring.open(REF, sealed[:position])
    with pytest.raises(Tampered):
        ring.open(REF, sealed + b"\0")


def test_another_ring_does_not_open_and_says_which_ring_it_was(ring: KeyRing, tmp_path: Path) -> None:
    other = KeyRing.create(tmp_path / "other.json")
    other.adopt("db-1", "here")
    sealed = ring.seal(REF, b"secret")
    with pytest.raises(UnknownKey, match=ring.ring_id):
        other.open(REF, sealed)
    with pytest.raises(UnknownKey):
        other.rewrap(sealed)


def test_wrapped_key_of_another_value_does_not_help(ring: KeyRing) -> None:
    """A data key moved between two values of the same record opens neither."""
    one, two = ring.seal(REF, b"first!"), ring.seal(REF, b"second")
    mixed = one[:76] + two[76:]
    with pytest.raises(Tampered):
        ring.open(REF, mixed)


def test_unadopted_database_is_not_served(ring: KeyRing) -> None:
    with pytest.raises(NotServed, match="db-9"):
        ring.seal(RecordRef("db-9", "m", 1, "f"), b"x")


def test_secret_is_not_in_error_texts(ring: KeyRing) -> None:
    sealed = ring.seal(REF, b"hunter2-hunter2")
    with pytest.raises(SealingError) as caught:
        ring.open(dataclasses.replace(REF, id=99), sealed)
    assert "hunter2" not in str(caught.value)
    assert b"hunter2" not in sealed
