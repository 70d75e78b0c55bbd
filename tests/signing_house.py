"""One database with the plugin, the sandbox bank and the running server: what signs sessions is tried on it."""

import base64
import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo import firms
from demo import world as places
from demo.erp import Person
from demo.templates import make_templates
from demo.world import World

from companynet.domain.session import Secret
from companynet.signing import Pkcs12Signer
from companynet_sandbox import demo_data, testkit

DATABASE = "signing"
PIN = "123456"
BIN = Path(sys.executable).parent

Answer = tuple[int, dict[str, Any]]


@dataclass
class House:
    """The running server, and its bank."""

    world: World

    def start(self) -> None:
        """Start the host: web processes, worker, cron; it answers when this returns."""
        self.world.start_host(DATABASE)

    def kill(self) -> None:
        """End the host and all it started as a crash does."""
        process = self.world._processes[-1]
        for pid in [*descendants(process.pid), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()

    def person(self, login: str) -> Person:
        """A fresh login."""
        return Person(self.world.web_url, DATABASE, login, firms.PASSWORD)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL as the owner of the cluster."""
        with self.world.cluster.connect(DATABASE) as connection:
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


def filled_dialog(person: Person) -> Any:
    """The person's dialog, filled in for a session to be signed on the workstation, on its last page."""
    dialog = person.wizard("mbank.session.create")
    dialog.form.bank_user = demo_data.USER_ALFA
    dialog.form.way = "workstation"
    dialog.execute("review_")
    return dialog


def press_create(dialog: Any) -> str:
    """Press the button of a filled dialog: the link it opens."""
    # Proteus would run the action in place of showing it.
    data = {dialog.form_state: dialog.form._get_on_change_values()}
    made = dialog._proxy.execute(dialog.session_id, data, "create_", dialog._config.context)
    [(action, _)] = made["actions"]
    return str(action["url"])


def code_of(link: str) -> str:
    """The code in a link."""
    return parse_qs(urlsplit(link).query)["code"][0]


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


def make_database(world: World, name: str, firm: firms.Firm) -> None:
    """A database of the firm, with the plugin; the server does not run."""
    templates = make_templates(world.cluster, dt.datetime.now(dt.UTC).date(), world.config_file, print)
    world.cluster.drop(name)
    world.cluster.create(name, templates[firm.database])
    admin = str(BIN / "trytond-admin")
    world.cluster.run(admin, "-c", str(world.config_file), "-d", name, "-u", "mbank", "-l", "pl")


@contextmanager
def running_house(certificate_pem: str, pkcs11_modules: str = "") -> Iterator[House]:
    """A house in which Jan may create sessions.

    Args:
        certificate_pem: registered with the bank for Jan's user there.
        pkcs11_modules: of keys on the server, as :class:`demo.world.World` has them.
    """
    directory = places.BUILD / "demo" / "signing"
    shutil.rmtree(directory, ignore_errors=True)
    with World(directory, pkcs11_modules=pkcs11_modules) as world:
        world.write_configuration()
        make_database(world, DATABASE, firms.ALFA)
        world.start_bank()
        world.control("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": certificate_pem})
        house = House(world)
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
            world.cluster.drop(DATABASE)


@dataclass
class SigningHouse(House):
    """A house, and who signs there by the way of the workstation."""

    signer: Pkcs12Signer
    p12: bytes
    """The same key, as a file; its password is the PIN."""

    def begin(self) -> str:
        """Jan asks for a session to be signed on the workstation: the code of the link."""
        return code_of(press_create(filled_dialog(self.person("jan"))))

    def post(self, path: str, message: dict[str, Any], ticket: str | None = None) -> Answer:
        """What the signer sends."""
        headers = {"Content-Type": "application/json"}
        if ticket:
            headers["Authorization"] = f"Bearer {ticket}"
        request = urllib.request.Request(  # noqa: S310 - the server on this machine
            f"{self.world.web_url}/{DATABASE}/mbank/signing/{path}", json.dumps(message).encode(), headers
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def take(self, code: str) -> Answer:
        """Change the code for the job."""
        return self.post("job", {"v": 1, "code": code, "client": "test 1.0"})

    def signature(self, content: bytes) -> bytes:
        """What the signer makes of the bytes; in a thread, for the browser's has an event loop running."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self.signer.sign_detached, content).result()

    def sign(self, ticket: str, job: dict[str, Any]) -> Answer:
        """Sign the text of a round and send the signature."""
        signature = self.signature(job["text"].encode(job["encoding"]))
        message = {"v": 1, "round": job["round"], "signature": base64.b64encode(signature).decode()}
        return self.post("signature", message, ticket)


@contextmanager
def signing_house() -> Iterator[SigningHouse]:
    """A running house; Jan signs with a key in a file."""
    now = dt.datetime.now(dt.UTC)
    made = testkit.make_identity("Jan Kowalski", now - dt.timedelta(days=1), now + dt.timedelta(days=300), PIN)
    with running_house(made.certificate_pem) as house:
        yield SigningHouse(house.world, Pkcs12Signer.load(made.p12, Secret(PIN)), made.p12)
