"""One database with the plugin, the sandbox bank and the running server: what signs sessions is tried on it."""

import contextlib
import datetime as dt
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from demo import firms
from demo.erp import Person
from demo.world import World

from companynet_sandbox.customers import demo_data
from tests.houses.databases import databases, new_world


@dataclass
class House:
    """The running server, and its bank."""

    world: World
    database: str

    def start(self) -> None:
        """Start the host: web processes, worker, cron; it answers when this returns."""
        self.world.start_host(self.database)

    def kill(self) -> None:
        """End the host and all it started as a crash does."""
        process = self.world._processes[-1]
        for pid in [*descendants(process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def person(self, login: str) -> Person:
        """A fresh login."""
        return Person(self.world.web_url, self.database, login, firms.PASSWORD)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL as the owner of the cluster."""
        with self.world.cluster.connect(self.database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def begin_anew(self) -> None:
        """Forget all signing jobs, what waited for them and who signed; the sessions there were serve no more."""
        self.sql("DELETE FROM mbank_signing_job")
        self.sql("DELETE FROM mbank_session WHERE state = 'awaiting_signature'")
        self.sql("UPDATE mbank_session SET state = 'superseded' WHERE state = 'active'")
        # The one that signed last is offered by the dialog.
        self.sql("UPDATE mbank_session SET certificate = NULL")
        self.sql("DELETE FROM mbank_certificate")

    def job(self) -> tuple[str, str | None]:
        """State and reason of the newest job."""
        [row] = self.sql("SELECT state, reason FROM mbank_signing_job ORDER BY id DESC LIMIT 1")
        return row[0], row[1]

    def download(self) -> None:
        """Jan downloads yesterday's statements."""
        wizard = self.person("jan").wizard("mbank.statement.download")
        wizard.form.date_from = wizard.form.date_to = dt.date.today() - dt.timedelta(days=1)
        wizard.execute("download")

    def calls(self, operation: str) -> int:
        """How often the bank was asked for an operation."""
        return sum(call["operation"] == operation for call in self.world.control("/calls"))


def descendants(pid: int) -> list[int]:
    """The processes a process started, and those they did."""
    lines = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, lines.splitlines())}
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [below for child in found for below in descendants(child)]


def give(person: Person, login: str, *groups: str) -> None:
    """Have an administrator give rights of the plugin to a user."""
    user = person.one("res.user", ("login", "=", login))
    for group in groups:
        user.groups.append(person.model("res.group")(person.xml_id(f"mbank.{group}")))
    user.save()


@contextmanager
def running_house(name: str, certificate_pem: str, pkcs11_modules: str = "") -> Iterator[House]:
    """A house in which Jan may create sessions.

    Args:
        name: of its world and its database.
        certificate_pem: registered with the bank for Jan's user there.
        pkcs11_modules: of keys on the server, as :class:`demo.world.World` has them.
    """
    with new_world(name, pkcs11_modules) as world, databases(world, {name: firms.ALFA}):
        world.start_bank()
        world.control("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": certificate_pem})
        house = House(world, name)
        house.start()
        try:
            admin = house.person("admin")
            company = admin.one("company.company", ("party.name", "=", firms.ALFA.companies[0].name))
            company.mbank_dik = firms.ALFA.companies[0].dik
            company.save()
            give(admin, "jan", "group_session_create")
            yield house
        finally:
            house.kill()
