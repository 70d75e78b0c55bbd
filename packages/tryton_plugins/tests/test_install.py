"""Installation on a real PostgreSQL: refusals before anything is touched, all or nothing after."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tryton_plugins.files import read_json
from tryton_plugins.service import ServiceFiles

MakeSite = Callable[[str], Any]


def test_install_activates_the_module_in_polish_and_takes_the_plugin_into_use(
    vendor: Any, sample: Path, make_site: MakeSite
) -> None:
    site = make_site("fresh")
    done = site.install(sample, vendor.licence("SamplePlugin"))
    assert done.returncode == 0, done.stderr
    for text in ("signature right", "valid until", "service mode of fresh is on", "service mode of fresh is off"):
        assert text in done.stdout
    assert " s  " in done.stdout
    with site.server.connect("fresh") as connection:
        state = connection.execute("SELECT state FROM ir_module WHERE name = 'sample'").fetchone()
        polish = connection.execute(
            "SELECT value FROM ir_translation WHERE module = 'sample' AND lang = 'pl' AND src = 'Hello'"
        ).fetchone()
        noted = connection.execute("SELECT plugin, folder FROM tryton_plugins_installed").fetchall()
        indexes = connection.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'sample_thing'").fetchone()
    assert (state, polish, noted) == (("activated",), ("Witaj",), [("SamplePlugin", "8.0.0")])
    assert indexes != (0,)
    assert read_json(site.store.root / "installed" / "current.json") == {"SamplePlugin": "8.0.0"}
    assert ServiceFiles(site.store.root).markers() == []
    status = site.command("status", "-c", site.config, "-d", "fresh")
    assert "database fresh: SamplePlugin 8.0.0" in status.stdout
    again = site.install(sample, vendor.licence("SamplePlugin"))
    assert again.returncode == 0, again.stderr


def test_plugin_code_wins_over_the_environment(vendor: Any, sample: Path, make_site: MakeSite) -> None:
    """A Tryton module of an archive is found although it lies outside Tryton's package."""
    site = make_site("paths")
    assert site.install(sample, vendor.licence("SamplePlugin")).returncode == 0
    code = (
        "import sys; from pathlib import Path; from tryton_plugins.store import Store;"
        "from tryton_plugins.host.path import use_plugins;"
        f"use_plugins(Store.from_config(Path({str(site.config)!r})));"
        "from trytond.tools import import_module; print(import_module('sample').__file__);"
        "from trytond.modules import get_module_info; print(get_module_info('sample')['version'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    file, version = done.stdout.split()
    assert Path(file).is_relative_to(site.store.root / "installed" / "SamplePlugin" / "8.0.0" / "site")
    assert version == "8.0.0"


def test_missing_module_is_named_with_what_to_do_and_nothing_is_touched(vendor: Any, make_site: MakeSite) -> None:
    site = make_site("nobase")
    before = site.server.fingerprint("nobase")
    archive = vendor.archive(
        "NeedsBase",
        vendor.module("needsbase", depends="base_of_test"),
        requires={"base_of_test": "AutomaticSettlements"},
    )
    done = site.install(archive, vendor.licence("NeedsBase"))
    assert done.returncode == 1
    assert "AutomaticSettlements" in done.stderr
    assert "Install AutomaticSettlements first" in done.stderr
    assert "service mode" not in done.stdout
    assert site.server.fingerprint("nobase") == before


def test_second_plugin_stands_on_the_first(vendor: Any, make_site: MakeSite) -> None:
    site = make_site("twoplugins")
    base = vendor.archive("BasePlugin", vendor.module("base_of_test"))
    needs = vendor.archive(
        "NeedsBase", vendor.module("needsbase", depends="base_of_test"), requires={"base_of_test": "Base"}
    )
    assert site.install(base, vendor.licence("BasePlugin")).returncode == 0
    done = site.install(needs, vendor.licence("NeedsBase"))
    assert done.returncode == 0, done.stderr
    assert sorted(read_json(site.store.root / "installed" / "current.json")) == ["BasePlugin", "NeedsBase"]


def test_without_a_valid_licence_nothing_is_unpacked(vendor: Any, sample: Path, make_site: MakeSite) -> None:
    site = make_site("unlicensed")
    outdated = site.install(sample, vendor.licence("SamplePlugin", valid_until=date(2021, 1, 1)))
    assert outdated.returncode == 1
    assert "ended on 2021-01-01" in outdated.stderr
    none = site.command("install", sample, "-d", "unlicensed", "-c", site.config)
    assert none.returncode == 1
    assert "no licence for SamplePlugin" in none.stderr
    assert not (site.store.root / "installed").exists()


def test_licence_counts_the_databases_that_have_the_plugin(vendor: Any, sample: Path, make_site: MakeSite) -> None:
    one, two = make_site("counted_one"), make_site("counted_two")
    licence = vendor.licence("SamplePlugin", max_databases=1)
    assert one.install(sample, licence).returncode == 0
    assert one.install(sample, licence).returncode == 0
    done = two.install(sample, licence)
    assert done.returncode == 1
    assert "covers 1 databases and they are in use: counted_one" in done.stderr


def test_database_that_does_not_exist_is_refused_at_once(vendor: Any, sample: Path, make_site: MakeSite) -> None:
    site = make_site("there")
    started = time.monotonic()
    done = site.command(
        "install", sample, "--license", vendor.licence("SamplePlugin"), "-d", "nowhere", "-c", site.config
    )
    assert done.returncode == 1
    assert "There is no database nowhere" in done.stderr
    assert time.monotonic() - started < 20


FAILURES = {
    "while tables are made": {"register": "raise RuntimeError('broken table')"},
    "after Tryton's own commit": {"indexes": "raise RuntimeError('broken index')"},
    "killed": {"register": "os.kill(os.getpid(), 9)"},
    "killed after Tryton's own commit": {"indexes": "os.kill(os.getpid(), 9)"},
}


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_failed_activation_leaves_the_database_as_it_was(vendor: Any, make_site: MakeSite, failure: str) -> None:
    name = f"failing_{list(FAILURES).index(failure)}"
    site = make_site(name)
    before = site.server.fingerprint(name)
    archive = vendor.archive("BrokenPlugin", vendor.module("broken", **FAILURES[failure]))
    done = site.install(archive, vendor.licence("BrokenPlugin"))
    assert done.returncode == 1
    assert "The database is as it was before" in done.stderr
    assert ("SIGKILL" if "killed" in failure else "RuntimeError: broken") in done.stderr
    assert f"service mode of {name} is off" in done.stdout
    assert site.server.fingerprint(name) == before
    assert ServiceFiles(site.store.root).markers() == []
    assert not (site.store.root / "installed" / "current.json").exists()


def _sleeper(vendor: Any, begun: Path, seconds: int) -> Path:
    """An archive whose activation makes a file, then takes its time."""
    register = f"open({str(begun)!r}, 'w').close(); time.sleep({seconds})"
    made: Path = vendor.archive("SlowPlugin", vendor.module("slow", register=register))
    return made


def _begin(site: Any, archive: Path, licence: Path, begun: Path) -> subprocess.Popen[str]:
    """Start an installation and wait until the database is in service mode and activation runs."""
    command = [sys.executable, "-m", "tryton_plugins", "install", str(archive), "--license", str(licence)]
    installing = subprocess.Popen(
        [*command, "-d", site.database, "-c", str(site.config)], stdout=subprocess.PIPE, text=True
    )
    assert installing.stdout is not None
    for line in installing.stdout:
        if "is on" in line:
            break
    until = time.monotonic() + 60
    while not begun.exists():
        assert time.monotonic() < until, "the activation never began"
        time.sleep(0.05)
    return installing


def test_interrupted_installation_takes_all_back(vendor: Any, make_site: MakeSite, tmp_path: Path) -> None:
    site = make_site("interrupted")
    before = site.server.fingerprint("interrupted")
    slow = _sleeper(vendor, tmp_path / "begun", 60)
    installing = _begin(site, slow, vendor.licence("SlowPlugin"), tmp_path / "begun")
    assert [marker.database for marker in ServiceFiles(site.store.root).markers()] == ["interrupted"]
    installing.terminate()
    assert installing.wait(60) == 1
    assert ServiceFiles(site.store.root).markers() == []
    assert site.server.fingerprint("interrupted") == before


def test_marker_of_a_killed_installation_is_recognised_and_lifted(
    vendor: Any, sample: Path, make_site: MakeSite, tmp_path: Path
) -> None:
    """Service mode lasts while the activation lives; then the next command lifts it and says so."""
    site = make_site("killed")
    slow = _sleeper(vendor, tmp_path / "begun", 8)
    licence = vendor.licence("SlowPlugin")
    installing = _begin(site, slow, licence, tmp_path / "begun")
    installing.send_signal(signal.SIGKILL)
    installing.wait(60)
    busy = site.install(slow, licence)
    assert busy.returncode == 1
    assert "in service mode already" in busy.stderr
    files = ServiceFiles(site.store.root)
    end = time.monotonic() + 60
    while not files.stale(files.markers()[0]) and time.monotonic() < end:
        time.sleep(0.2)
    done = site.command("status", "-c", site.config, "-d", "killed")
    assert "lifted service mode of killed" in done.stdout
    # The activation had been committed, so the plugin is in use.
    assert "SlowPlugin is installed there" in done.stdout
    assert "database killed: SlowPlugin 8.0.0" in done.stdout
    assert files.markers() == []
    assert json.loads((site.store.root / "installed" / "current.json").read_text()) == {"SlowPlugin": "8.0.0"}


def test_pending_module_changes_are_refused(vendor: Any, sample: Path, make_site: MakeSite) -> None:
    site = make_site("pending")
    with site.server.connect("pending") as connection:
        connection.execute("UPDATE ir_module SET state = 'to upgrade' WHERE name = 'res'")
    done = site.install(sample, vendor.licence("SamplePlugin"))
    assert done.returncode == 1
    assert "wait to be performed (res)" in done.stderr


def test_missing_library_is_named(vendor: Any, make_site: MakeSite) -> None:
    site = make_site("library")
    module = vendor.module("wants_library", register="pass")
    project = module / "pyproject.toml"
    text = project.read_text()
    project.write_text(text.replace('"trytond>=8.0,<8.1"', '"trytond>=8.0,<8.1", "cryptography>=9999"'))
    done = site.install(vendor.archive("WantsLibrary", module), vendor.licence("WantsLibrary"))
    assert done.returncode == 1
    assert "needs cryptography>=9999 on the server, found: 5" in done.stderr
