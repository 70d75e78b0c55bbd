"""Whatever bytes come from outside, only the errors of this package come out, after bounded work."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealing import (
    ENVELOPE_LIMIT,
    KeyRing,
    PublicIdentity,
    SealingError,
    ShareInfo,
    Tampered,
    open_share,
    read_object,
    seal_share,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
INFO = ShareInfo("alfa", "beta", "session-1", "anna", "Beta Handel", NOW + timedelta(days=30))


class House:
    """Two databases of one ring, and a genuine envelope."""

    def __init__(self, folder: Path) -> None:
        self.ring = KeyRing.create(folder / "ring.json")
        for name in ("alfa", "beta"):
            self.ring.create_identity(name)
        self.source = self.ring.public_identity("alfa")
        self.envelope = seal_share(self.ring, "alfa", self.ring.public_identity("beta"), INFO, b"token")

    def open(self, envelope: bytes) -> None:
        open_share(self.ring, "beta", self.source, envelope, NOW)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("ring"))


#: What one unsigned row stopped all receiving with, and their kin.
ODD: dict[str, bytes] = {
    "deep lists": b"[" * 60_000,
    "deep objects": b'{"a":' * 10_000,
    "deep inside": b'{"format":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "a huge number": b'{"format": 1' + b"0" * 60_000 + b"}",
    "a huge float": b'{"format": 1e999999999}',
    "not a number": b'{"format": NaN}',
    "NUL": b'{"format": "\\u0000"}',
    "half a character": b'{"\\ud800": "\\udfff"}',
    "UTF-16": '{"format": "x"}'.encode("utf-16"),
    "not UTF-8": b'{"format": "\xff"}',
    "a key twice": b'{"format": "a", "format": "b"}',
    "quotes without end": b'"' + b'\\"' * 30_000,
    "too long": b" " * (ENVELOPE_LIMIT + 1),
    "nothing": b"",
    "a list": b"[]",
    "null": b"null",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_bytes_are_refused_at_once(house: House, name: str) -> None:
    started = time.process_time()
    with pytest.raises(Tampered):
        house.open(ODD[name])
    with pytest.raises(Tampered):
        PublicIdentity.from_json(ODD[name])
    assert time.process_time() - started < 1


def mutations() -> st.SearchStrategy[Any]:
    """JSON values, odd letters and huge numbers among them."""
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=20),
        st.sampled_from(["\ud800", "\0", "9" * 5000, "AAAA"]),
        st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]),
    )  # fmt: skip
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_genuine_envelope_with_any_part_replaced_is_refused(house: House, data: st.DataObject) -> None:
    value = json.loads(house.envelope)
    place = data.draw(st.sampled_from(["info", "sealed", "signature", "format", *value["info"]]))
    new = data.draw(mutations())
    holder = value["info"] if place in value["info"] else value
    if holder[place] == new:
        return
    holder[place] = new
    with pytest.raises(SealingError):
        house.open(json.dumps(value).encode())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | mutations().map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_an_error_of_the_package_alone(house: House, data: bytes) -> None:
    with pytest.raises(SealingError):
        house.open(data)
    with pytest.raises(SealingError):
        PublicIdentity.from_json(data)


@pytest.mark.parametrize("year", [1, 1999, 2201, 9999])
def test_an_expiry_out_of_range_is_no_expiry(year: int) -> None:
    with pytest.raises(ValueError, match="years 2000 to 2200"):
        ShareInfo("a", "b", "s", "u", "h", datetime(year, 6, 1, tzinfo=UTC))


def test_what_could_not_be_read_is_not_sealed(house: House) -> None:
    """A source does not send what every target must refuse."""
    target = house.ring.public_identity("beta")
    with pytest.raises(ValueError, match="more than"):
        seal_share(house.ring, "alfa", target, INFO, b"x" * ENVELOPE_LIMIT)
    long = ShareInfo("alfa", "beta", "s", "u" * 400, "h", INFO.expires)
    with pytest.raises(ValueError, match="400 characters"):
        seal_share(house.ring, "alfa", target, long, b"x")


def test_the_reader_names_what_is_wrong_and_not_the_content() -> None:
    with pytest.raises(ValueError, match="number") as caught:
        read_object(b'{"secret": 12345}', limit=100, depth=1)
    assert "12345" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_fingerprint_agrees_in_any_form_and_only_whole(house: House) -> None:
    told = house.source.fingerprint
    for form in (told, told.upper(), told.replace(" ", ""), told.replace(" ", ":"), f"  {told.replace(' ', '-')}\n"):
        assert house.source.agrees(form)
    other = house.ring.public_identity("beta").fingerprint
    for form in (
        "",
        told[:-1],
        told[:4],
        other,
        told + "0",
        "\ud800",
        told.replace(told[0], "\N{FULLWIDTH DIGIT ONE}"),
    ):
        assert not house.source.agrees(form)
