"""Activate a plugin's module in one database, in one transaction.

Tryton (S-307) commits once in the middle of an activation, after the tables and before the indexes and history
tables; what fails later leaves a module that counts as activated and is not whole. Here everything is one
transaction of the database: it happens wholly or, whatever dies and when, not at all.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from tryton_plugins.database import TABLE

#: Seconds to wait for somebody's lock on a table before giving up.
LOCK_TIMEOUT = 60


def activate(database: str, *, module: str, plugin: str, folder: str, languages: Collection[str]) -> None:
    """Activate (or update) *module*, load its translations, note *plugin* and its store *folder*.

    *languages* are loaded beside those the database has, and are made choosable. Raises whatever Tryton
    raises; then nothing has changed.
    """
    from trytond import pool as trytond_pool  # noqa: PLC0415 - the import path is set by the caller first
    from trytond.pool import Pool  # noqa: PLC0415

    Pool.start()
    original = trytond_pool.load_modules
    trytond_pool.load_modules = _load_modules(plugin, folder, languages)
    try:
        Pool(database).init(update=[module])
    finally:
        trytond_pool.load_modules = original


def _load_modules(plugin: str, folder: str, languages: Collection[str]) -> Callable[..., bool]:
    """What `Pool.init` calls to load modules, in one transaction."""

    def load(database: str, pool: Any, update: list[str], **_: object) -> bool:
        from trytond.modules import create_graph, load_module_graph  # noqa: PLC0415
        from trytond.transaction import Transaction  # noqa: PLC0415

        with Transaction().start(database, 0) as transaction, transaction.set_context(_no_trigger=True):
            cursor = transaction.connection.cursor()
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
            cursor.execute("SELECT name FROM ir_module WHERE state = 'activated'")
            modules = {name for (name,) in cursor.fetchall()} | set(update)
            wanted = _languages(cursor) | set(languages)
            with _one_transaction():
                load_module_graph(create_graph(modules), pool, list(update), wanted, indexes=True)
            pool.get("ir.configuration")(1).check()
            pool.get("ir.module").update_list()
            Lang = pool.get("ir.lang")  # noqa: N806 - Tryton's way
            Lang.write(Lang.search([("code", "in", list(wanted))]), {"translatable": True})
            _note(cursor, plugin, folder)
        return True

    return load


def _languages(cursor: Any) -> set[str]:
    from trytond import config  # noqa: PLC0415

    cursor.execute("SELECT code FROM ir_lang WHERE translatable")
    return {code for (code,) in cursor.fetchall()} | {config.get("database", "language")}


def _note(cursor: Any, plugin: str, folder: str) -> None:
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {TABLE}"
        " (plugin VARCHAR PRIMARY KEY, folder VARCHAR NOT NULL, installed TIMESTAMP WITH TIME ZONE NOT NULL)"
    )
    cursor.execute(
        f"INSERT INTO {TABLE} VALUES (%s, %s, CURRENT_TIMESTAMP)"  # noqa: S608 - a constant
        " ON CONFLICT (plugin) DO UPDATE SET folder = EXCLUDED.folder, installed = EXCLUDED.installed",
        (plugin, folder),
    )


@contextmanager
def _one_transaction() -> Iterator[None]:
    """Within it a commit only empties the caches; the commit comes with the end of the transaction."""
    from trytond.transaction import Transaction  # noqa: PLC0415

    original = Transaction.commit

    def empty_caches(transaction: Any) -> None:
        for cache in transaction.cache.values():
            cache.clear()

    Transaction.commit = empty_caches
    try:
        yield
    finally:
        Transaction.commit = original
