"""A share opens at its target, from its source, before its end, unaltered."""

import base64
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sealing import (
    KeyRing,
    NotServed,
    PublicIdentity,
    SealingError,
    ShareExpired,
    ShareInfo,
    Tampered,
    UntrustedSource,
    open_share,
    seal_share,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INFO = ShareInfo("alfa", "beta", "session-1", "anna", "Beta Handel", NOW + timedelta(days=30))
SECRET = b"token-of-the-bank"


@pytest.fixture
def alfa(tmp_path: Path) -> KeyRing:
    ring = KeyRing.create(tmp_path / "alfa.json")
    ring.adopt("alfa", "pg/alfa")
    ring.create_identity("alfa")
    return ring


@pytest.fixture
def beta(tmp_path: Path) -> KeyRing:
    ring = KeyRing.create(tmp_path / "beta.json")
    for name in ("beta", "gamma"):
        ring.adopt(name, f"pg/{name}")
        ring.create_identity(name)
    return ring


@pytest.fixture
def envelope(alfa: KeyRing, beta: KeyRing) -> bytes:
    return seal_share(alfa, "alfa", beta.public_identity("beta"), INFO, SECRET)


def test_share_opens_at_its_target(alfa: KeyRing, beta: KeyRing, envelope: bytes) -> None:
    assert SECRET not in envelope
    assert base64.b64encode(SECRET) not in envelope
    assert open_share(beta, "beta", alfa.public_identity("alfa"), envelope, NOW) == (INFO, SECRET)


@pytest.mark.parametrize("field", ["source", "target", "session", "user", "head_office", "expires"])
def test_each_bound_field_is_protected(alfa: KeyRing, beta: KeyRing, envelope: bytes, field: str) -> None:
    value = json.loads(envelope)
    value["info"][field] = "2099-01-01T00:00:00+00:00" if field == "expires" else "gamma"
    with pytest.raises((UntrustedSource, Tampered)):
        open_share(beta, "beta", alfa.public_identity("alfa"), json.dumps(value).encode(), NOW)


def test_share_replayed_to_another_target_does_not_open(alfa: KeyRing, beta: KeyRing, envelope: bytes) -> None:
    source = alfa.public_identity("alfa")
    with pytest.raises(Tampered, match="made for database beta, not for gamma"):
        open_share(beta, "gamma", source, envelope, NOW)
    value = json.loads(envelope)
    value["info"]["target"] = "gamma"
    with pytest.raises(UntrustedSource):
        open_share(beta, "gamma", source, json.dumps(value).encode(), NOW)


def test_forged_share_of_a_stranger_is_refused(alfa: KeyRing, beta: KeyRing, tmp_path: Path) -> None:
    """Anyone can seal to a public key; only the source can sign."""
    stranger = KeyRing.create(tmp_path / "stranger.json")
    stranger.create_identity("alfa")
    forged = seal_share(stranger, "alfa", beta.public_identity("beta"), INFO, b"mine")
    with pytest.raises(UntrustedSource, match="not signed by database alfa"):
        open_share(beta, "beta", alfa.public_identity("alfa"), forged, NOW)


def test_share_of_another_source_is_refused(alfa: KeyRing, beta: KeyRing, envelope: bytes) -> None:
    other = dataclasses.replace(alfa.public_identity("alfa"), database_id="delta")
    with pytest.raises(UntrustedSource, match="comes from database alfa"):
        open_share(beta, "beta", other, envelope, NOW)


def test_content_of_another_envelope_does_not_open(alfa: KeyRing, beta: KeyRing, envelope: bytes) -> None:
    second = dataclasses.replace(INFO, session="session-2")
    other = json.loads(seal_share(alfa, "alfa", beta.public_identity("beta"), second, b"x"))
    value = json.loads(envelope)
    value["sealed"] = other["sealed"]
    with pytest.raises(UntrustedSource):
        open_share(beta, "beta", alfa.public_identity("alfa"), json.dumps(value).encode(), NOW)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(days=400)])
def test_expired_share_is_refused(alfa: KeyRing, beta: KeyRing, envelope: bytes, late: timedelta) -> None:
    with pytest.raises(ShareExpired, match="session-1"):
        open_share(beta, "beta", alfa.public_identity("alfa"), envelope, INFO.expires + late)


def test_share_made_for_other_databases_is_not_sealed(alfa: KeyRing, beta: KeyRing) -> None:
    with pytest.raises(NotServed):
        seal_share(alfa, "alfa", beta.public_identity("gamma"), INFO, SECRET)


def test_copied_source_or_target_cannot_share(alfa: KeyRing, beta: KeyRing, envelope: bytes) -> None:
    with pytest.raises(NotServed):
        seal_share(alfa, "alfa", beta.public_identity("beta"), INFO, SECRET, location="pg/copy")
    with pytest.raises(NotServed):
        open_share(beta, "beta", alfa.public_identity("alfa"), envelope, NOW, location="pg/copy")


def test_every_cut_envelope_is_refused(alfa: KeyRing, beta: KeyRing, envelope: bytes) -> None:
    for length in range(0, len(envelope), 13):
        with pytest.raises(Tampered):
            open_share(beta, "beta", alfa.public_identity("alfa"), envelope[:length], NOW)


def test_identity_survives_json_and_has_one_fingerprint(beta: KeyRing) -> None:
    identity = beta.public_identity("beta")
    again = PublicIdentity.from_json(identity.to_json())
    assert again == identity
    assert again.fingerprint == identity.fingerprint
    assert again.fingerprint != beta.public_identity("gamma").fingerprint
    assert beta.create_identity("beta") == identity


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "sealing-identity-1"}', "null"])
def test_other_text_is_no_identity(text: str) -> None:
    with pytest.raises(SealingError):
        PublicIdentity.from_json(text)
