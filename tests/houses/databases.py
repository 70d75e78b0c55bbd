"""A PostgreSQL for all houses, and databases with a firm's books in it: copies of what was made once."""

import datetime as dt
import hashlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo import firms
from demo.templates import fingerprint, make_templates, making
from demo.world import BUILD, World

from tests.fingerprint import of_modules

BIN = Path(sys.executable).parent
HOUSES = BUILD / "tests" / "houses"
_MADE = "plugin_"


@contextmanager
def new_world(name: str, pkcs11_modules: str = "") -> Iterator[World]:
    """A world whose folder is empty but for its configuration.

    Args:
        name: of the folder; nobody else has a world of that name at the same time.
        pkcs11_modules: of keys on the server, as :class:`demo.world.World` has them.
    """
    shutil.rmtree(HOUSES / name, ignore_errors=True)
    with World(HOUSES / name, pkcs11_modules=pkcs11_modules) as world:
        world.write_configuration()
        yield world


@contextmanager
def databases(world: World, of: dict[str, firms.Firm], *, plugin: bool = True) -> Iterator[None]:
    """Databases with the books of firms, by their names; dropped at the end. The server does not run.

    Args:
        world: its key ring serves them.
        of: the firm of each.
        plugin: whether they have the plugin.
    """
    for name, firm in of.items():
        template = _with_plugin(world, firm) if plugin else _with_books(world, firm)
        world.cluster.drop(name)
        world.cluster.create(name, template)
    if plugin:
        _adopt(world, *of)
    try:
        yield
    finally:
        for name in of:
            world.cluster.drop(name)


def _adopt(world: World, *names: str) -> None:
    """Let the world's key ring serve copies, each as a database of its own."""
    for name in names:
        with world.cluster.connect(name) as connection:
            connection.execute("UPDATE mbank_database SET identity = gen_random_uuid()")
    admin = [str(BIN / "mbank-admin"), "-c", str(world.config_file)]
    if not (world.directory / "keyring.json").exists():
        world.cluster.run(*admin, "keys", "create")
    of = [word for name in names for word in ("-d", name)]
    world.cluster.run(*admin, *of, "adopt")


def _with_books(world: World, firm: firms.Firm) -> str:
    return make_templates(world.cluster, dt.date.today(), world.config_file, print)[firm.database]


def _with_plugin(world: World, firm: firms.Firm) -> str:
    """The template of the firm's database with the plugin, which no key ring serves yet."""
    books = _with_books(world, firm)
    of = fingerprint(dt.date.today()) + of_modules()
    mark = _MADE + hashlib.sha256(of.encode()).hexdigest()[:10]
    name = f"{mark}_{firm.database}"
    with making(world.cluster):
        there = world.cluster.databases()
        if name in there:
            return name
        for old in there:
            if old.startswith(_MADE) and mark not in old:
                world.cluster.drop(old)
        made = f"making_{name}"
        world.cluster.drop(made)
        world.cluster.create(made, books)
        without_ring = world.directory / "without-ring.conf"
        without_ring.write_text(f"[database]\nuri = {world.cluster.uri}\nlanguage = pl\n", encoding="utf-8")
        world.cluster.run(str(BIN / "trytond-admin"), "-c", str(without_ring), "-d", made, "-u", "mbank", "-l", "pl")
        with world.cluster.connect() as connection:
            connection.execute(f'ALTER DATABASE "{made}" RENAME TO "{name}"')
        world.cluster.freeze(name)
    return name
