"""Files nobody vouched for: whatever is wrong with them, there is one family of refusals, and no list breaks."""

import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tryton_plugins.archive import MANIFEST, SIGNATURE, verify_archive
from tryton_plugins.errors import ArchiveError, LicenceError, LicenceUnreadable, PluginError
from tryton_plugins.keys import ARCHIVE_PURPOSE, LICENCE_PURPOSE
from tryton_plugins.licence import Licence, verify_licence
from tryton_plugins.requested import FAILED, Request, Requests
from tryton_plugins.store import Store
from tryton_plugins.wheel import read_wheel

DEEP = b"[" * 200_000 + b"]" * 200_000
SEED = 29


def _packed(method: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as container:
        container.writestr(MANIFEST, b"{}" * 1000)
    return made.getvalue()


def _damaged(data: bytes) -> bytes:
    """The archive with its packed bytes spoilt, and its directory whole."""
    begin = data.index(b"plugin.json") + len(b"plugin.json")
    return data[: begin + 2] + b"\xff" * 8 + data[begin + 10 :]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=str)
def test_damaged_or_strange_packing_is_a_refusal(store: Store, method: int) -> None:
    for data in (_packed(method), _damaged(_packed(method))):
        with pytest.raises(ArchiveError):
            verify_archive(data, "Plugin.zip", store.trusted())


def test_any_changed_byte_ends_in_a_refusal(sample: Path, store: Store) -> None:
    """Bytes set, cut out and put in at random places (seed 29): never another exception, never accepted changed."""
    whole = sample.read_bytes()
    chance = random.Random(SEED)  # noqa: S311 -- no secret
    accepted = 0
    for _ in range(400):
        place, count = chance.randrange(len(whole)), chance.choice([0, 1, 4])
        data = whole[:place] + chance.randbytes(count) + whole[place + chance.choice([0, 1, 4]) :]
        try:
            archive = verify_archive(data, "Plugin.zip", store.trusted())
        except ArchiveError:
            continue
        accepted += 1
        assert archive.wheels == verify_archive(whole, "Plugin.zip", store.trusted()).wheels
    assert accepted < 100


@pytest.mark.parametrize(
    "signature", [DEEP, b'{"key": "' + b"9" * 5000 + b'", "signature": ""}', b'{"key": "\\ud800"}', b"\xff", b"[]"]
)
def test_no_signature_brings_another_exception(sample: Path, store: Store, signature: bytes) -> None:
    with zipfile.ZipFile(sample) as container:
        entries = {name: container.read(name) for name in container.namelist()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as changed:
        for name, content in {**entries, SIGNATURE: signature}.items():
            changed.writestr(name, content)
    with pytest.raises(ArchiveError):
        verify_archive(made.getvalue(), "Plugin.zip", store.trusted())


@pytest.mark.parametrize(
    "manifest",
    [
        DEEP,
        b'{"format": ' + b"1" * 5000 + b"}",
        {"requires_modules": ["ir"], "module_titles": {"ir": 7}},
        {"requires_modules": ["ir"], "module_titles": {"ir": "\ud800"}},
        {"requires_python": ["trytond >>> 8"]},
        {"requires_python": [["trytond"]]},
        {"series": 8.0},
        {"files": {"wheels/x.whl": None}},
        {"files": []},
        {"name": "Sample\0Plugin"},
    ],
    ids=lambda value: repr(value)[:40],
)
def test_no_signed_manifest_brings_another_exception(vendor: Any, sample: Path, store: Store, manifest: Any) -> None:
    with zipfile.ZipFile(sample) as container:
        entries = {name: container.read(name) for name in container.namelist()}
    content = manifest
    if isinstance(manifest, dict):
        content = json.dumps({**json.loads(entries[MANIFEST]), **manifest}).encode()
    signature = json.dumps(vendor.key.sign(ARCHIVE_PURPOSE, content).to_json()).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as changed:
        for name, data in {**entries, MANIFEST: content, SIGNATURE: signature}.items():
            changed.writestr(name, data)
    with pytest.raises(ArchiveError):
        verify_archive(made.getvalue(), "Plugin.zip", store.trusted())


def test_wheel_with_a_requirement_that_is_none_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as container:
        container.writestr("x-1.dist-info/METADATA", "Name: x\nVersion: 1\nRequires-Dist: lxml >>> 5\n")
        container.writestr("x-1.dist-info/WHEEL", "Root-Is-Purelib: true\n")
    with pytest.raises(ArchiveError):
        read_wheel("x.whl", made.getvalue())


def _licence(vendor: Any, **changes: Any) -> bytes:
    values = json.loads(vendor.licence("SamplePlugin").read_bytes())["licence"] | changes
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return json.dumps({"licence": values, **vendor.key.sign(LICENCE_PURPOSE, canonical).to_json()}).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"databases": {"max": float("inf")}},
        {"databases": {"names": [1, None]}},
        {"databases": []},
        {"licensee": 7},
        {"licensee": "a\0b"},
        {"number": "../../x"},
        {"plugin": "a/b"},
        {"valid_until": 20261231},
        {"valid_until": "9" * 5000},
    ],
    ids=str,
)
def test_no_signed_licence_brings_another_exception(vendor: Any, store: Store, changes: dict[str, Any]) -> None:
    with pytest.raises(LicenceUnreadable):
        verify_licence(_licence(vendor, **changes), "l.json", store.trusted())


@pytest.mark.parametrize("data", [DEEP[:60_000], b"", b"\xff\xfe", b"[]", b"7", b'{"licence": ' + b"1" * 9000 + b"}"])
def test_no_licence_file_brings_another_exception(store: Store, data: bytes) -> None:
    with pytest.raises(LicenceError):
        verify_licence(data, "l.json", store.trusted())


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _broken(path: Path) -> None:
    path.write_bytes(_damaged(_packed(zipfile.ZIP_DEFLATED)))


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("make", [_folder, _pipe, _loop, _broken, _huge])
def test_one_bad_file_is_a_row_that_says_so_and_the_others_stay(
    vendor: Any, sample: Path, store: Store, make: Callable[[Path], None]
) -> None:
    """A pipe would be waited for without end, a folder, a loop of links and a huge file are not read."""
    store.add_archive(sample.read_bytes(), sample.name)
    store.add_licence(vendor.licence("SamplePlugin").read_bytes(), "l.json")
    make(store.root / "archives" / "Bad.zip")
    make(store.root / "licences" / "Bad.json")
    archives = store.archives()
    assert isinstance(archives.pop("Bad.zip"), PluginError)
    assert list(archives) == ["SamplePlugin-8.0.0.zip"]
    licences = store.licences()
    assert isinstance(licences.pop("Bad.json"), PluginError)
    (licence,) = licences.values()
    assert isinstance(licence, Licence)
    assert licence.valid_until > date(2000, 1, 1)


def test_name_that_is_no_text_is_listed_in_a_form_a_database_can_hold(store: Store) -> None:
    folder = store.root / "archives"
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"Pl\xf3gin.zip")).write_bytes(b"no zip")
    ((name, error),) = store.archives().items()
    assert name == "Pl\\xf3gin.zip"
    str(error).encode()


def test_state_of_an_installation_that_is_none_is_a_failure_that_says_so(tmp_path: Path) -> None:
    requests = Requests(tmp_path)
    requests.add(Request("0" * 32, "a.zip", "alfa", "admin", "2026-03-02T10:00:00+01:00"))
    for content in (b'{"odd": 1}', DEEP):
        (tmp_path / "requests" / f"{'0' * 32}.state.json").write_bytes(content)
        found = requests.state("0" * 32)
        assert found.state in {"requested", FAILED}
        assert requests.running() == []
