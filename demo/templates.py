"""Databases made once and copied: all modules with Polish takes a minute, a copy a second."""

import datetime as dt
import fcntl
import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.firms import FIRMS, PASSWORD
from demo.postgres import Cluster

ROOT = Path(__file__).resolve().parent.parent

#: What is in a database before the plugin: the host's modules and AutomaticSettlements.
MODULES = (
    "account_invoice",
    "account_payment",
    "account_payment_clearing",
    "account_statement",
    "account_statement_rule",
    "automatic_settlement",
    "bank",
    "company",
    "party",
    "plugins",
)

_SOURCES = (
    "constraints.txt",
    "demo/firms.py",
    "demo/seed.py",
    "demo/templates.py",
    "packages/companynet_sandbox/src/companynet_sandbox/customers/demo_data.py",
    "modules/automatic_settlement/**/*",
    "modules/plugins/**/*",
)


def fingerprint(day: dt.date) -> str:
    """What the templates are made of, as ten characters: they are made anew when it changes."""
    digest = hashlib.sha256(str(day.year).encode())
    for pattern in _SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.suffix in {".py", ".txt", ".xml", ".cfg", ".po"} and "tests" not in path.parts:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def make_templates(cluster: Cluster, day: dt.date, config_file: Path, said: Callable[[str], None]) -> dict[str, str]:
    """Make the template of each firm, unless it is there. Of two who want them at once one makes them.

    Args:
        cluster: the running PostgreSQL.
        day: the day of the demonstration; invoices are dated before it.
        config_file: a trytond.conf that finds the cluster.
        said: takes a line about what is going on.

    Returns:
        The name of the template database by firm.

    Raises:
        RuntimeError: Tryton could not make one; the text holds the end of its output.
    """
    with making(cluster):
        return _make_templates(cluster, day, config_file, said)


@contextmanager
def making(cluster: Cluster) -> Iterator[None]:
    """Be the only one who makes templates in the cluster."""
    with cluster.directory.with_name("templates.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_templates(cluster: Cluster, day: dt.date, config_file: Path, said: Callable[[str], None]) -> dict[str, str]:
    mark = fingerprint(day)
    names = {firm: f"template_{mark}_{firm}" for firm in FIRMS}
    there = set(cluster.databases())
    missing = [firm for firm, name in names.items() if name not in there]
    if not missing:
        return names
    for old in there:
        if old.startswith("template_") and mark not in old:
            cluster.drop(old)
    base = f"template_{mark}_modules"
    if base not in there:
        said("Tryton's modules with Polish, once (about a minute)")
        _activate(cluster, base, config_file)
    for firm in missing:
        said(f"the books of {firm}, once")
        made = f"making_{firm}"
        cluster.drop(made)
        cluster.create(made, base)
        cluster.run(sys.executable, "-m", "demo.seed", made, firm, day.isoformat(), str(config_file))
        with cluster.connect(made) as connection:
            # Their invoices are to be printed; each house would begin with that, and nobody looks at it.
            connection.execute("DELETE FROM ir_queue")
        with cluster.connect() as connection:
            connection.execute(f'ALTER DATABASE "{made}" RENAME TO "{names[firm]}"')
        cluster.freeze(names[firm])
    return names


def _activate(cluster: Cluster, name: str, config_file: Path) -> None:
    making = "making_modules"
    cluster.drop(making)
    cluster.create(making)
    password_file = config_file.with_name("admin-password")
    password_file.write_text(PASSWORD + "\n", encoding="utf-8")
    password_file.chmod(0o600)
    cluster.run(
        str(Path(sys.executable).with_name("trytond-admin")),
        "-c", str(config_file), "-d", making, "-u", *MODULES,
        "--activate-dependencies", "-l", "pl", "en", "--email", "admin@firma.example",
        TRYTONPASSFILE=str(password_file),
    )  # fmt: skip
    with cluster.connect() as connection:
        connection.execute(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
    cluster.freeze(name)
