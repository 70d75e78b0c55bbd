"""Settings: one owner-only file, written whole, read strictly; and the command that changes them."""

import json
import os
import stat
from pathlib import Path

import pytest

from companynet_signer.cli import main
from companynet_signer.errors import SettingsError
from companynet_signer.origin import Origin
from companynet_signer.settings import ModuleSetting, Settings, SettingsStore, settings_folder

FULL = Settings(
    language="pl",
    modules=(ModuleSetting("/opt/żółw.so", pin=False), ModuleSetting("/opt/b.so")),
    files=("/home/anna/anna.p12",),
    servers=("https://erp.example", "http://127.0.0.1:8000"),
    tls_roots="/etc/roots.pem",
)


def test_what_is_stored_is_read_back() -> None:
    SettingsStore().change(lambda _settings: FULL)
    assert SettingsStore().load() == FULL


def test_without_a_file_there_are_defaults() -> None:
    assert SettingsStore().load() == Settings()


def test_the_file_is_the_owners_alone() -> None:
    store = SettingsStore()
    store.change(lambda _settings: FULL)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_settings_that_others_may_change_are_not_used(mode) -> None:
    """They name code that is run and servers that are trusted."""
    store = SettingsStore()
    store.change(lambda _settings: FULL)
    store.path.chmod(mode)
    with pytest.raises(SettingsError) as caught:
        store.load()
    assert caught.value.sentence.key == "settings_open"


def test_a_write_that_fails_leaves_the_old_settings(monkeypatch) -> None:
    store = SettingsStore()
    store.change(lambda _settings: FULL)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError):
        store.change(lambda _settings: Settings())
    assert store.load() == FULL
    assert [path.name for path in store.path.parent.iterdir()] == ["settings.json"]


RIGHT = {"v": 1, "language": None, "modules": [], "files": [], "servers": [], "tls_roots": None}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps({**RIGHT, "v": 2}),
        json.dumps({**RIGHT, "language": "de"}),
        json.dumps({**RIGHT, "unknown": 1}),
        json.dumps({**RIGHT, "files": "x"}),
        json.dumps({**RIGHT, "files": [1]}),
        json.dumps({**RIGHT, "tls_roots": 1}),
        json.dumps({**RIGHT, "modules": [{"pin": True}]}),
        json.dumps({**RIGHT, "modules": [{"path": 1}]}),
        json.dumps({**RIGHT, "modules": [{"path": "x", "pin": "no"}]}),
        json.dumps({**RIGHT, "servers": ["https://erp.example/"]}),
        json.dumps({**RIGHT, "servers": ["https://ERP.example"]}),
        json.dumps({**RIGHT, "servers": ["http://erp.example"]}),
    ],
)
def test_damaged_settings_are_never_taken_for_none(text) -> None:
    """An empty list of servers in their place would ask the person anew, and forget what was set."""
    store = SettingsStore()
    store.change(lambda settings: settings)
    store.path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        store.load()
    assert caught.value.sentence.key == "settings_damaged"


def test_a_server_is_allowed_exactly() -> None:
    for other in ("https://erp.example:8443", "https://www.erp.example", "https://erp.example.evil.example"):
        assert not FULL.allows(Origin.parse(other))
    assert FULL.allows(Origin.parse("https://ERP.example:443"))
    assert not FULL.allows(Origin.parse("http://127.0.0.1:8001"))


def test_settings_lie_where_each_system_keeps_them() -> None:
    home = Path.home()
    assert settings_folder({}, "linux") == home / ".config" / "companynet-signer"
    assert settings_folder({"XDG_CONFIG_HOME": "/x"}, "linux") == Path("/x/companynet-signer")
    assert settings_folder({"XDG_CONFIG_HOME": "relative"}, "linux") == home / ".config" / "companynet-signer"
    assert settings_folder({"APPDATA": "/roaming"}, "win32") == Path("/roaming/companynet-signer")
    assert settings_folder({}, "darwin") == home / "Library" / "Application Support" / "companynet-signer"


def test_the_command_shows_and_changes(capsys, tmp_path) -> None:
    module, file, roots = (tmp_path / name for name in ("module.so", "anna.p12", "roots.pem"))
    for path in (module, file, roots):
        path.touch()
    words = ["--language", "pl", "--add-module", str(module), "--pin", "none", "--add-file", str(file)]
    assert main(["settings", *words, "--allow", "https://ERP.example", "--tls-roots", str(roots)]) == 0
    assert SettingsStore().load() == Settings(
        "pl", (ModuleSetting(str(module), pin=False),), (str(file),), ("https://erp.example",), str(roots)
    )
    capsys.readouterr()
    assert main(["settings"]) == 0
    shown = capsys.readouterr().out
    assert "dozwolone serwery: https://erp.example\n" in shown
    words = ["--language", "system", "--remove-module", str(module), "--remove-file", str(file)]
    assert main(["settings", *words, "--forbid", "https://erp.example", "--tls-roots", "usual"]) == 0
    assert SettingsStore().load() == Settings()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--add-module", "absent.so"), "There is no file"),
        (("--remove-file", "absent.p12"), "not in the settings"),
        (("--forbid", "https://erp.example"), "not in the settings"),
        (("--allow", "http://erp.example"), "Only https"),
        (("--allow", "erp.example"), "bare address"),
    ],
)
def test_what_cannot_be_set_is_told_and_changes_nothing(capsys, words, says) -> None:
    assert main(["settings", *words]) == 1
    assert says in capsys.readouterr().err
    assert not SettingsStore().path.exists()
