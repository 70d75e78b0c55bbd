"""Archives: only what the vendor signed is accepted, and nothing is written before."""

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tryton_plugins.archive import MANIFEST, SIGNATURE, Manifest, read_zip, verify_archive, write_archive
from tryton_plugins.cli import main
from tryton_plugins.errors import (
    ArchiveError,
    ArchiveTampered,
    ArchiveTooLarge,
    ArchiveUnreadable,
    ArchiveUnsafe,
    ConfigurationError,
    UntrustedKey,
)
from tryton_plugins.keys import ARCHIVE_PURPOSE, LICENCE_PURPOSE, TrustedKeys, VendorKey
from tryton_plugins.store import Store
from tryton_plugins.wheel import read_wheel

Entries = dict[str, bytes]


def _entries(path: Path) -> Entries:
    with zipfile.ZipFile(path) as container:
        return {name: container.read(name) for name in container.namelist()}


def _zip(entries: Entries) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as container:
        for name, content in entries.items():
            container.writestr(name, content)
    return made.getvalue()


def _signed(entries: Entries, key: VendorKey, **changes: Any) -> bytes:
    """The archive with a changed manifest, rightly signed."""
    manifest = json.dumps({**json.loads(entries[MANIFEST]), **changes}).encode()
    signature = json.dumps(key.sign(ARCHIVE_PURPOSE, manifest).to_json()).encode()
    return _zip({**entries, MANIFEST: manifest, SIGNATURE: signature})


def test_built_archive_verifies_and_names_what_it_needs(sample: Path, store: Store) -> None:
    archive = store.add_archive(sample.read_bytes(), sample.name)
    assert archive.manifest.name == "SamplePlugin"
    assert archive.manifest.version == "8.0.0"
    assert archive.manifest.module == "sample"
    assert archive.manifest.requires_python == ("trytond<8.1,>=8.0",)
    assert list(store.archives()) == ["SamplePlugin-8.0.0.zip"]


def test_same_sources_give_the_same_bytes(vendor: Any, sample: Path, tmp_path: Path) -> None:
    again = vendor.archive("SamplePlugin", vendor.module("sample"), output=tmp_path / "again.zip")
    assert again.read_bytes() == sample.read_bytes()


def test_rest_of_an_old_build_does_not_get_in(vendor: Any, sample: Path, tmp_path: Path) -> None:
    """setuptools takes whatever lies in build/lib: the sources are copied without it."""
    module = vendor.module("sample")
    stray = module / "build" / "lib" / "trytond" / "modules" / "sample" / "stray.py"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_text("raise SystemExit\n")
    again = vendor.archive("SamplePlugin", module, output=tmp_path / "again.zip")
    assert again.read_bytes() == sample.read_bytes()


def _changed_wheel(entries: Entries) -> str:
    name = next(name for name in entries if name.endswith(".whl"))
    middle = len(entries[name]) // 2
    entries[name] = entries[name][:middle] + b"!" + entries[name][middle:]
    return name


def _changed_manifest(entries: Entries) -> str:
    entries[MANIFEST] = entries[MANIFEST].replace(b"SamplePlugin", b"OtherPlugins")
    return MANIFEST


def _added_file(entries: Entries) -> str:
    entries["wheels/extra-1.0-py3-none-any.whl"] = b"x"
    return "wheels/extra-1.0-py3-none-any.whl"


def _missing_file(entries: Entries) -> str:
    name = next(name for name in entries if name.endswith(".whl"))
    del entries[name]
    return name


def _spoilt_signature(entries: Entries) -> str:
    entries[SIGNATURE] = b"{}"
    return SIGNATURE


@pytest.mark.parametrize("attack", [_changed_wheel, _changed_manifest, _added_file, _missing_file, _spoilt_signature])
def test_tampered_archive_is_refused_and_the_file_is_named(
    sample: Path, store: Store, attack: Callable[[Entries], str]
) -> None:
    entries = _entries(sample)
    name = attack(entries)
    with pytest.raises(ArchiveTampered) as caught:
        store.add_archive(_zip(entries), "Plugin.zip")
    assert caught.value.parameters == {"archive": "Plugin.zip", "file": name}
    assert not (store.root / "archives").exists()


def test_archive_of_another_vendor_is_refused(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(VendorKey.create().public_pem())
    with pytest.raises(UntrustedKey, match=r"other\.pem"):
        verify_archive(sample.read_bytes(), "Plugin.zip", TrustedKeys.load(tmp_path / "other.pem"))


def test_name_of_a_trusted_key_over_a_strangers_signature_does_not_help(
    vendor: Any, sample: Path, store: Store
) -> None:
    entries = _entries(sample)
    forged = VendorKey.create().sign(ARCHIVE_PURPOSE, entries[MANIFEST]).to_json()
    entries[SIGNATURE] = json.dumps({**forged, "key": vendor.key.name}).encode()
    with pytest.raises(ArchiveTampered, match=MANIFEST):
        verify_archive(_zip(entries), "Plugin.zip", store.trusted())


def test_signature_of_a_licence_does_not_pass_for_an_archive(vendor: Any, sample: Path, store: Store) -> None:
    entries = _entries(sample)
    other = vendor.key.sign(LICENCE_PURPOSE, entries[MANIFEST])
    entries[SIGNATURE] = json.dumps(other.to_json()).encode()
    with pytest.raises(ArchiveTampered):
        verify_archive(_zip(entries), "Plugin.zip", store.trusted())


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/cron.d/evil", "a/../../evil", "..\\evil.py", "C:/evil"], ids=str
)
def test_entry_that_leads_outside_is_refused(sample: Path, store: Store, name: str) -> None:
    with pytest.raises(ArchiveUnsafe) as caught:
        verify_archive(_zip({**_entries(sample), name: b"x"}), "Plugin.zip", store.trusted())
    assert caught.value.parameters["file"] == name


def test_link_in_an_archive_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as container:
        info = zipfile.ZipInfo("wheels/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        container.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveUnsafe):
        read_zip(made.getvalue(), "Plugin.zip", 1000)


def test_two_entries_of_one_name_are_refused(sample: Path) -> None:
    made = io.BytesIO(sample.read_bytes())
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(made, "a") as container:
        container.writestr(MANIFEST, b"{}")
    with pytest.raises(ArchiveUnsafe):
        read_zip(made.getvalue(), "Plugin.zip", 1 << 30)


def test_bomb_is_refused_before_it_is_unpacked() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as container:
        container.writestr("bomb", b"\0" * 5_000_000)
    assert len(made.getvalue()) < 10_000
    with pytest.raises(ArchiveTooLarge):
        read_zip(made.getvalue(), "Plugin.zip", 1_000_000)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip", b"PK\x05\x06" + b"\0" * 18])
def test_other_files_are_no_archive(store: Store, data: bytes) -> None:
    with pytest.raises(ArchiveUnreadable):
        verify_archive(data, "Plugin.zip", store.trusted())


def test_every_cut_archive_is_refused(sample: Path, store: Store) -> None:
    whole = sample.read_bytes()
    for length in range(0, len(whole), 97):
        with pytest.raises(ArchiveError):
            verify_archive(whole[:length], "Plugin.zip", store.trusted())


@pytest.mark.parametrize(
    "change",
    [{"name": "../x"}, {"version": "../../x"}, {"module": "a.b"}, {"name": ""}, {"format": 2}],
    ids=str,
)
def test_signed_manifest_still_cannot_name_another_place(
    vendor: Any, sample: Path, store: Store, change: dict[str, Any]
) -> None:
    with pytest.raises(ArchiveUnreadable):
        verify_archive(_signed(_entries(sample), vendor.key, **change), "Plugin.zip", store.trusted())


def _wheel(files: dict[str, bytes], *, pure: str = "true") -> bytes:
    info = {
        "x-1.dist-info/METADATA": b"Name: x\nVersion: 1\n",
        "x-1.dist-info/WHEEL": f"Root-Is-Purelib: {pure}\n".encode(),
    }
    return _zip({**info, **files})


@pytest.mark.parametrize("name", ["evil.pth", "x-1.data/scripts/evil"])
def test_wheel_that_runs_code_at_start_or_leaves_its_folder_is_refused(name: str) -> None:
    with pytest.raises(ArchiveUnsafe):
        read_wheel("x.whl", _wheel({name: b"import os"}))


@pytest.mark.parametrize("data", [_wheel({}, pure="false"), _wheel({"x/y.so": b""}), _zip({"x.py": b""})])
def test_only_pure_wheels_are_accepted(data: bytes) -> None:
    with pytest.raises(ArchiveUnreadable):
        read_wheel("x.whl", data)


def test_unpacked_folder_in_use_is_never_changed(vendor: Any, sample: Path, store: Store) -> None:
    """A second build of the same version goes beside the first, which may be running."""
    first = store.unpack(store.add_archive(sample.read_bytes(), "a.zip"))
    before = (first.site / "trytond/modules/sample/thing.py").read_text()
    other = vendor.archive("SamplePlugin", vendor.module("sample", register="time.sleep(0)"))
    second = store.unpack(store.add_archive(other.read_bytes(), "b.zip"))
    assert first.folder == "8.0.0"
    assert second.folder.startswith("8.0.0+")
    assert (first.site / "trytond/modules/sample/thing.py").read_text() == before
    assert store.unpack(store.add_archive(sample.read_bytes(), "a.zip")) == first


def test_verify_command_says_right_or_why_not(
    vendor: Any, sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys.pem").write_bytes(vendor.key.public_pem())
    arguments = ["verify", str(sample), "--trusted-keys", str(tmp_path / "keys.pem")]
    assert main([*arguments, "--license", str(vendor.licence("SamplePlugin"))]) == 0
    assert "SamplePlugin 8.0.0" in capsys.readouterr().out
    assert main([*arguments, "--license", str(vendor.licence("OtherPlugin"))]) == 1
    assert "is for OtherPlugin, not for SamplePlugin" in capsys.readouterr().err


def test_vendor_key_is_owner_only_never_overwritten_and_never_shown(tmp_path: Path) -> None:
    arguments = ["keygen", "--key", str(tmp_path / "key.pem"), "--public", str(tmp_path / "public.pem")]
    assert main(arguments) == 0
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    key = VendorKey.load(tmp_path / "key.pem")
    assert repr(key) == f"<VendorKey {key.name}>"
    assert list(TrustedKeys.load(tmp_path / "public.pem").keys) == [key.name]
    with pytest.raises(ConfigurationError, match="already"):
        key.save(tmp_path / "key.pem", tmp_path / "public.pem")


def test_wrong_use_is_status_2() -> None:
    for arguments in ([], ["install"], ["verify", "x.zip"], ["run"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2


def test_manifest_survives_its_file(vendor: Any, tmp_path: Path) -> None:
    manifest = Manifest("P", "8.0.1", "8.0", "p", {"a": "Aaa"}, ("lxml>=5",), {})
    write_archive(tmp_path / "p.zip", manifest, vendor.key.sign(ARCHIVE_PURPOSE, manifest.to_bytes()), {})
    assert Manifest.from_bytes(_entries(tmp_path / "p.zip")[MANIFEST]) == manifest
