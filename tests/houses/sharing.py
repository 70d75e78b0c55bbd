"""Two databases with the plugin and the running server of both; one of them shares sessions with the other."""

import datetime as dt
import subprocess
import time
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from demo import firms
from demo.erp import Person
from demo.world import World

from companynet_sandbox import testing
from companynet_sandbox.customers import demo_data
from tests.houses.databases import BIN, databases, new_world
from tests.houses.house import give

SOURCE, TARGET = "sharing_source", "sharing_target"
ROLE = "mbank_share_minimum"
PIN = "123456"


@dataclass
class House:
    """The running server of both databases."""

    world: World

    def person(self, database: str, login: str) -> Person:
        """A fresh login; sentences are in English."""
        person = Person(self.world.web_url, database, login, firms.PASSWORD)
        person.config.set_context(language="en")
        return person

    def sql(self, database: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run SQL as the owner of the cluster."""
        with self.world.cluster.connect(database) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def dialog(self) -> Any:
        """The sharing dialog of Jan, on its first page."""
        return self.person(SOURCE, "jan").wizard("mbank.session.share")

    def share(self) -> Any:
        """Jan shares with Ewa; the share."""
        dialog = self.dialog()
        dialog.execute("connect")
        dialog.form.user = "ewa"
        dialog.execute("share_")
        return self.person(SOURCE, "jan").model("mbank.share")(dialog.form.share_id)

    def receive(self) -> list[tuple[str, str]]:
        """Ewa receives; state and reason of all rows, oldest first."""
        ewa = self.person(TARGET, "ewa")
        ewa.wizard("mbank.share.receive")
        return [(row.state, row.reason) for row in ewa.model("mbank.share.inbox").find(order=[("id", "ASC")])]

    def run_cron(self, method: str) -> None:
        """Run a scheduled task of the source now."""
        self.person(SOURCE, "admin").one("ir.cron", ("method", "=", method)).click("run_once")

    def live(self) -> list[Any]:
        """Ewa's sessions in force."""
        return self.person(TARGET, "ewa").find("mbank.session", ("state", "in", ["active", "expiring"]))


def agree(record: Any, fingerprint: str) -> None:
    """What an administrator does with the fingerprint the other one reads out."""
    record.told_fingerprint = fingerprint
    record.save()
    record.click("fingerprints_agree")


def wait_for(world: World) -> None:
    for _ in range(300):
        try:
            for database in (SOURCE, TARGET):
                Person(world.web_url, database, "admin", firms.PASSWORD)
        except (OSError, xmlrpc.client.Fault):  # it answers before its databases are loaded
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(world.log("server").read_text()[-3000:])


def create_session(house: House) -> None:
    """Jan's session, covering the DIK of the target."""
    now = dt.datetime.now(dt.UTC)
    made = testing.make_identity("Jan Kowalski", now - dt.timedelta(days=1), now + dt.timedelta(days=300), PIN)
    house.world.control("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": made.certificate_pem})
    jan = house.person(SOURCE, "jan")
    register = jan.wizard("mbank.certificate.register")
    register.form.file_ = made.p12
    register.form.file_name = "jan.p12"
    register.form.pin_password = PIN
    register.execute("register")
    dialog = jan.wizard("mbank.session.create")
    typed = dialog.form.diks.new()
    typed.covered = True
    typed.dik = demo_data.DIK_BETA
    dialog.form.bank_user = demo_data.USER_ALFA
    dialog.form.way = "server"
    dialog.execute("review_")
    dialog.form.pin_password = PIN
    dialog.execute("create_")


def configure(house: House) -> None:
    """DIKs, rights, trust, and the profile with a role that has no right yet."""
    for database, firm in ((SOURCE, firms.ALFA), (TARGET, firms.BETA)):
        admin = house.person(database, "admin")
        company = admin.one("company.company", ("party.name", "=", firm.companies[0].name))
        company.mbank_dik = firm.companies[0].dik
        company.save()
    give(house.person(SOURCE, "admin"), "jan", "group_session_create", "group_share")
    give(house.person(TARGET, "admin"), "ewa", "group_session_create", "group_share")
    own = house.person(SOURCE, "admin").one("mbank.database")
    trusted = house.person(TARGET, "admin").model("mbank.trusted_source")(
        name="Alfa", public_identity=own.public_identity
    )
    agree(trusted, own.fingerprint)
    house.sql(TARGET, f'DROP ROLE IF EXISTS "{ROLE}"')
    house.sql(TARGET, f'CREATE ROLE "{ROLE}" LOGIN')
    house.person(SOURCE, "admin").model("mbank.external_database")(
        code="beta",
        name="Beta",
        kind="postgres",
        connection_secret=f"host={house.world.cluster.directory};username={ROLE};Database={TARGET}",
    ).save()


@contextmanager
def running_server(world: World) -> Iterator[None]:
    """The server of both databases."""
    with world.log("server").open("w") as log:
        server = subprocess.Popen(
            [str(BIN / "trytond"), "-c", str(world.config_file), "-d", SOURCE, TARGET],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_for(world)
        yield
    finally:
        server.terminate()
        server.wait()


@contextmanager
def sharing_house() -> Iterator[House]:
    """Both databases with the plugin, the bank, the server; no right granted to the role yet."""
    of = {SOURCE: firms.ALFA, TARGET: firms.BETA}
    with new_world("sharing") as world:
        try:
            with databases(world, of):
                world.start_bank()
                with running_server(world):
                    house = House(world)
                    configure(house)
                    create_session(house)
                    yield house
        finally:
            # Databases where it has rights keep it.
            with world.cluster.connect() as connection:
                connection.execute(f'DROP ROLE IF EXISTS "{ROLE}"')
