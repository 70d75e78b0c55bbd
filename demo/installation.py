"""The plugin on its way to a database: archive, licence, installation under service mode."""

import datetime as dt
import json
import re
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from demo.erp import Person
from demo.templates import ROOT
from demo.world import World

PLUGIN = "MBankPluginV2"
_TOOL = str(Path(sys.executable).with_name("tryton-plugins"))


@dataclass
class Vendor:
    """Who makes the plugin and sells licences: here, the demonstration itself."""

    world: World
    key: Path = field(init=False)
    archive: Path = field(init=False)

    def __post_init__(self) -> None:
        folder = self.world.directory / "vendor"
        folder.mkdir(exist_ok=True)
        self.key = folder / "vendor-key.pem"
        self.archive = folder / f"{PLUGIN}.zip"

    def build(self) -> str:
        """Build and sign the archive; the line the tool printed."""
        if not self.key.exists():
            self.world.cluster.run(_TOOL, "keygen", "--key", str(self.key), "--public", str(self.world.trusted_keys))
        done = self.world.cluster.run(
            _TOOL, "build", "--name", PLUGIN, "--module", str(ROOT / "modules/mbank"),
            "--package", str(ROOT / "packages/companynet"), "--package", str(ROOT / "packages/sealing"),
            "--requires-module", "automatic_settlement=AutomaticSettlements",
            "--key", str(self.key), "--output", str(self.archive),
        )  # fmt: skip
        return done.stdout.strip()

    def license(self, name: str, licensee: str, nip: str, valid_until: dt.date, databases: int = 5) -> Path:
        """Issue a licence file."""
        path = self.key.with_name(f"{name}.licence")
        self.world.cluster.run(
            _TOOL, "license", "--key", str(self.key), "--licensee", licensee, "--nip", nip,
            "--plugin", PLUGIN, "--valid-from", "2026-01-01", "--valid-until", valid_until.isoformat(),
            "--max-databases", str(databases), "--output", str(path),
        )  # fmt: skip
        return path


def install(world: World, archive: Path, licence: Path, database: str) -> str:
    """Install the plugin on a database, as an administrator would from a shell.

    Raises:
        RuntimeError: the tool refused; the text holds its sentence.
    """
    done = world.cluster.run(
        _TOOL, "install", str(archive), "--license", str(licence), "-d", database, "-c", str(world.config_file)
    )
    return done.stdout


class Visitor:
    """A user who keeps working while the plugin is installed: the same login asks again and again."""

    def __init__(self, person: Person) -> None:
        self._url = person.address
        self._headers = {"Content-Type": "application/json", "Authorization": person.authorization}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self.refused = 0
        self.sentence = ""
        self.served_after = False

    def __enter__(self) -> "Visitor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        deadline = time.monotonic() + 60
        while self.refused and not self.served_after and time.monotonic() < deadline:
            time.sleep(0.1)
        self._stop.set()
        self._thread.join()

    def _visit(self) -> None:
        body = json.dumps({"id": 1, "method": "model.res.user.get_preferences", "params": [True, {}]}).encode()
        while not self._stop.is_set():
            request = urllib.request.Request(  # noqa: S310 - the host on this machine
                self._url, data=body, headers=self._headers
            )
            try:
                with urllib.request.urlopen(request, timeout=30):  # noqa: S310
                    self.served_after = self.refused > 0
            except urllib.error.HTTPError as error:
                if error.code == 503:
                    self.refused += 1
                    self.sentence = self.sentence or _sentence(error.read().decode("utf-8", "replace"))
            except (urllib.error.URLError, OSError):
                pass  # web processes are being restarted
            self._stop.wait(0.05)


def _sentence(body: str) -> str:
    try:
        value = json.loads(body)
    except ValueError:
        return re.sub(r"<[^>]+>", " ", body).strip()
    found = re.search(r"Tr[^\"]*\.", json.dumps(value, ensure_ascii=False))
    return found.group(0) if found else body


def clear(world: World) -> None:
    """Forget what an earlier demonstration left: books of the bank, plugins, keys."""
    for path in (world.directory / "bank", world.store):
        shutil.rmtree(path, ignore_errors=True)
    (world.directory / "keyring.json").unlink(missing_ok=True)
