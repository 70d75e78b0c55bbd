"""What the installer must know of a database before it touches it, read without loading Tryton's pool."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tryton_plugins.errors import DatabaseMissing, ModuleMissing, ModulesPending, NotTrytonDatabase

#: Our own table in each database: which plugin, in which folder of the store, the database was brought
#: to. It is written in the transaction of the activation, so it is true whatever dies when.
TABLE = "tryton_plugins_installed"


@dataclass(frozen=True)
class DatabaseState:
    """Modules and plugins of a database."""

    name: str
    modules: Mapping[str, str]
    """State by module name."""
    plugins: Mapping[str, str]
    """Folder of the store by plugin name."""

    def check(self, plugin: str, requires: Mapping[str, str]) -> None:
        """Whether a plugin that *requires* modules (name to title) may be activated.

        Raises: ModuleMissing, ModulesPending.
        """
        for module, title in requires.items():
            state = self.modules.get(module, "not known")
            if state != "activated":
                raise ModuleMissing(plugin=plugin, title=title, module=module, database=self.name, state=state)
        pending = sorted(name for name, state in self.modules.items() if state.startswith("to "))
        if pending:
            raise ModulesPending(database=self.name, modules=", ".join(pending))


def use_config(path: Path) -> None:
    """Make trytond read the configuration *path* in this process."""
    from trytond import config  # noqa: PLC0415 - reads the environment when imported

    config.update_etc(str(path))


@contextmanager
def _cursor(database: str) -> Iterator[Any]:
    from trytond import backend  # noqa: PLC0415 - needs the configuration

    opened = backend.Database(database) if database else backend.Database()
    connection = opened.connect().get_connection(readonly=True)
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.rollback()
        opened.put_connection(connection)
        opened.close()


def exists(database: str) -> bool:
    """Whether the PostgreSQL server has a database of that name; asked first, since connecting waits 30 s."""
    with _cursor("") as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s AND datallowconn", (database,))
        return cursor.fetchone() is not None


def inspect(database: str) -> DatabaseState:
    """Read a database's modules and plugins. Raises: DatabaseMissing, NotTrytonDatabase."""
    if not exists(database):
        raise DatabaseMissing(database=database)
    with _cursor(database) as cursor:
        cursor.execute("SELECT to_regclass('ir_module'), to_regclass(%s)", (TABLE,))
        modules_table, plugins_table = cursor.fetchone()
        if modules_table is None:
            raise NotTrytonDatabase(database=database)
        cursor.execute("SELECT name, state FROM ir_module")
        modules = dict(cursor.fetchall())
        plugins: dict[str, str] = {}
        if plugins_table is not None:
            cursor.execute(f"SELECT plugin, folder FROM {TABLE}")  # noqa: S608 - a constant
            plugins = dict(cursor.fetchall())
    return DatabaseState(database, modules, plugins)
