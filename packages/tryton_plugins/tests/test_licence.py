"""Licences: each refusal says why."""

import json
from datetime import date
from typing import Any

import pytest

from tryton_plugins.errors import (
    LicenceError,
    LicenceExhausted,
    LicenceExpired,
    LicenceForged,
    LicenceMissing,
    LicenceNotYetValid,
    LicenceOtherDatabase,
    LicenceOtherPlugin,
    LicenceUnreadable,
)
from tryton_plugins.keys import VendorKey
from tryton_plugins.licence import issue, verify_licence
from tryton_plugins.store import Store

TODAY = date(2026, 3, 2)


def _check(vendor: Any, store: Store, used_by: tuple[str, ...] = (), today: date = TODAY, **changes: Any) -> None:
    path = vendor.licence("SamplePlugin", **changes)
    verify_licence(path.read_bytes(), path.name, store.trusted()).check(
        plugin="SamplePlugin", database="alfa", used_by=used_by, today=today
    )


def test_valid_licence_passes_on_its_first_and_last_day(vendor: Any, store: Store) -> None:
    for today in (date(2026, 1, 1), date(2026, 12, 31)):
        _check(vendor, store, today=today, valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31))


def test_outdated_licence_names_the_day(vendor: Any, store: Store) -> None:
    with pytest.raises(LicenceExpired, match="ended on 2026-03-01"):
        _check(vendor, store, valid_until=date(2026, 3, 1))


def test_licence_of_tomorrow_is_not_valid_today(vendor: Any, store: Store) -> None:
    with pytest.raises(LicenceNotYetValid, match="from 2026-03-03, today is 2026-03-02"):
        _check(vendor, store, valid_from=date(2026, 3, 3))


def test_licence_for_another_plugin(vendor: Any, store: Store) -> None:
    path = vendor.licence("OtherPlugin")
    licence = verify_licence(path.read_bytes(), path.name, store.trusted())
    with pytest.raises(LicenceOtherPlugin, match="is for OtherPlugin, not for SamplePlugin"):
        licence.check(plugin="SamplePlugin", database="alfa", used_by=(), today=TODAY)


def test_licence_for_named_databases(vendor: Any, store: Store) -> None:
    _check(vendor, store, max_databases=None, databases=["alfa", "beta"])
    with pytest.raises(LicenceOtherDatabase, match="beta, gamma, not alfa"):
        _check(vendor, store, max_databases=None, databases=["beta", "gamma"])


def test_licence_counts_databases_but_not_the_same_twice(vendor: Any, store: Store) -> None:
    _check(vendor, store, used_by=("alfa", "beta"), max_databases=2)
    with pytest.raises(LicenceExhausted, match="2 databases and they are in use: beta, gamma"):
        _check(vendor, store, used_by=("beta", "gamma"), max_databases=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("valid_until", "2199-12-31"),
        ("plugin", "OtherPlugin"),
        ("databases", {"max": 999}),
        ("licensee", "Somebody else"),
        ("nip", ""),
    ],
)
def test_altered_licence_is_refused(vendor: Any, store: Store, field: str, value: object) -> None:
    document = json.loads(vendor.licence("SamplePlugin").read_bytes())
    document["licence"][field] = value
    with pytest.raises(LicenceForged, match=r"my\.json"):
        verify_licence(json.dumps(document).encode(), "my.json", store.trusted())


def test_licence_of_a_stranger_is_refused_under_any_key_name(vendor: Any, store: Store) -> None:
    stranger = VendorKey.create()
    made = issue(
        stranger, licensee="x", nip="", plugin="SamplePlugin", valid_from=TODAY, valid_until=TODAY, max_databases=1
    )  # fmt: skip
    for key in (stranger.name, vendor.key.name):
        document = {**json.loads(made), "key": key}
        with pytest.raises(LicenceForged):
            verify_licence(json.dumps(document).encode(), "l", store.trusted())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"licence": {}}', b"[" * 10_000, b"\xff"])
def test_other_files_are_no_licence(store: Store, data: bytes) -> None:
    with pytest.raises(LicenceUnreadable):
        verify_licence(data, "l", store.trusted())


def test_signed_but_strange_values_are_no_licence(vendor: Any, store: Store) -> None:
    from tryton_plugins.keys import LICENCE_PURPOSE

    values = {"format": 1}
    signature = vendor.key.sign(LICENCE_PURPOSE, json.dumps(values, separators=(",", ":")).encode())
    with pytest.raises(LicenceUnreadable):
        verify_licence(json.dumps({"licence": values, **signature.to_json()}).encode(), "l", store.trusted())


def test_store_takes_the_licence_that_lasts_longest(vendor: Any, store: Store) -> None:
    with pytest.raises(LicenceMissing, match="no licence for SamplePlugin"):
        store.licence_for("SamplePlugin")
    for year in (2027, 2029, 2028):
        path = vendor.licence("SamplePlugin", valid_until=date(year, 1, 1))
        store.add_licence(path.read_bytes(), path.name)
    chosen = store.licences()[store.licence_for("SamplePlugin").name]
    assert not isinstance(chosen, LicenceError)
    assert chosen.valid_until == date(2029, 1, 1)  # type: ignore[union-attr]


def test_licence_file_must_be_possible(vendor: Any) -> None:
    for wrong in ({"max_databases": 0}, {"databases": ["a"]}, {"valid_until": date(2019, 1, 1)}):
        with pytest.raises(ValueError, match="licence"):
            vendor.licence("SamplePlugin", **wrong)
