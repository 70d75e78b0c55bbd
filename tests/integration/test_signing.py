"""Signing on the workstation against PostgreSQL: what comes at once, what dies, and the dialog that goes on by itself."""

import base64
import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from demo import firms
from demo import world as places
from demo.erp import Person
from demo.templates import make_templates
from demo.world import World
from playwright.sync_api import expect

from companynet.domain.session import Secret
from companynet.signing import Pkcs12Signer
from companynet_sandbox import demo_data, testkit
from tests.browser.webclient import web_client
from tests.integration.test_sharing_rights import give

DATABASE = "signing"
PIN = "123456"
BIN = Path(sys.executable).parent
AT_ONCE = 8
BUTTON = "Utwórz sesję długotrwałą mBank"

Answer = tuple[int, dict[str, Any]]


@dataclass
class House:
    """The running server, and who signs."""

    world: World
    signer: Pkcs12Signer

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

    def begin(self) -> str:
        """Jan asks for a session to be signed on the workstation: the code of the link."""
        dialog = self.person("jan").wizard("mbank.session.create")
        dialog.form.bank_user = demo_data.USER_ALFA
        dialog.form.way = "workstation"
        # Proteus would run the action in place of showing it.
        data = {dialog.form_state: dialog.form._get_on_change_values()}
        made = dialog._proxy.execute(dialog.session_id, data, "create_", dialog._config.context)
        [(action, _)] = made["actions"]
        return parse_qs(urlsplit(action["url"]).query)["code"][0]

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

    def calls(self, operation: str) -> int:
        """How often the bank was asked for an operation."""
        return sum(call["operation"] == operation for call in self.world.control("/calls"))

    def job(self) -> tuple[str, str | None]:
        """State and reason of the newest job."""
        [row] = self.sql("SELECT state, reason FROM mbank_signing_job ORDER BY id DESC LIMIT 1")
        return row[0], row[1]


def descendants(pid: int) -> list[int]:
    """The processes a process started, and those they did."""
    lines = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, lines.splitlines())}
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [below for child in found for below in descendants(child)]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One database with the plugin, the bank, the server; Jan may create sessions."""
    directory = places.BUILD / "demo" / "signing"
    shutil.rmtree(directory, ignore_errors=True)
    now = dt.datetime.now(dt.UTC)
    made = testkit.make_identity("Jan Kowalski", now - dt.timedelta(days=1), now + dt.timedelta(days=300), PIN)
    with World(directory) as world:
        world.write_configuration()
        templates = make_templates(world.cluster, now.date(), world.config_file, print)
        world.cluster.drop(DATABASE)
        world.cluster.create(DATABASE, templates[firms.ALFA.database])
        world.cluster.run(
            str(BIN / "trytond-admin"), "-c", str(world.config_file), "-d", DATABASE, "-u", "mbank", "-l", "pl"
        )
        world.start_bank()
        world.control("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": made.certificate_pem})
        house = House(world, Pkcs12Signer.load(made.p12, Secret(PIN)))
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


@pytest.fixture(autouse=True)
def no_open_job(house: House) -> None:
    """Each test begins without a job."""
    house.sql("DELETE FROM mbank_signing_job")
    house.sql("DELETE FROM mbank_session WHERE state = 'awaiting_signature'")


def at_once(function: Callable[[], Answer]) -> list[Answer]:
    """The answers of several requests that start together."""
    barrier = threading.Barrier(AT_ONCE)

    def ask() -> Answer:
        barrier.wait()
        return function()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [future.result() for future in [pool.submit(ask) for _ in range(AT_ONCE)]]


def test_whole_way_over_http(house: House) -> None:
    """Two rounds make a session that works, and nothing secret is in the server's log."""
    code = house.begin()
    status, job = house.take(code)
    assert (status, job["round"]) == (200, 1)
    status, second = house.sign(job["ticket"], job)
    assert (status, second["round"], second["content"]) == (200, 2, job["content"])
    status, done = house.sign(job["ticket"], second)
    assert (status, done["done"]["diks"]) == (200, [row["dik"] for row in job["content"]["diks"]])
    jan = house.person("jan")
    assert jan.one("mbank.session", ("state", "=", "active")).certificate.name == "Jan Kowalski"
    log = house.world.log("host").read_text()
    assert code not in log
    assert job["ticket"] not in log


def test_refusals_in_both_languages(house: House) -> None:
    """A refusal comes in Polish and in English, whoever asks."""
    status, answer = house.take("x" * 43)
    assert status == 404
    assert answer["error"]["pl"].startswith("Nie ma takiego zadania podpisu")
    assert answer["error"]["en"].startswith("The signing is not known")


def test_a_code_at_once(house: House) -> None:
    """Of many requests with one code that come together one gets the job, and the bank is asked once."""
    code = house.begin()
    before = house.calls("initLoginWithSignature")
    answers = at_once(lambda: house.take(code))
    assert Counter(status for status, _ in answers) == {200: 1, 404: AT_ONCE - 1}
    assert house.calls("initLoginWithSignature") == before + 1
    [job] = [answer for status, answer in answers if status == 200]
    assert house.sign(job["ticket"], job)[0] == 200


def test_signatures_at_once(house: House) -> None:
    """Of many signatures of a round that come together one goes to the bank, in both rounds."""
    _, job = house.take(house.begin())
    ticket = job["ticket"]
    for operation in ("loginWithSignature", "createBackgroundSessionWithSignature"):
        before = house.calls(operation)
        due = job
        answers = at_once(lambda due=due: house.sign(ticket, due))  # type: ignore[misc]
        assert Counter(status for status, _ in answers) == {200: 1, 409: AT_ONCE - 1}
        assert house.calls(operation) == before + 1
        [job] = [answer for status, answer in answers if status == 200]
    assert job["done"]
    assert len(house.person("jan").find("mbank.session", ("state", "=", "active"))) == 1


def test_the_server_dies_while_the_session_is_made(house: House, tmp_path: Path) -> None:
    """Killed with the last call under way: nothing is sent again, and later the job and its session say what is known."""
    _, job = house.take(house.begin())
    _, second = house.sign(job["ticket"], job)
    operation = "createBackgroundSessionWithSignature"
    before = house.calls(operation)
    house.world.control("/faults", {"operation": operation, "kind": "slow", "seconds": 5, "count": 1})

    def send() -> None:
        with contextlib.suppress(OSError):
            house.sign(job["ticket"], second)

    sender = threading.Thread(target=send)
    sender.start()
    signatures = "SELECT signatures FROM mbank_signing_job"
    while house.sql(signatures) != [(2,)]:
        time.sleep(0.05)
    time.sleep(0.5)
    house.kill()
    sender.join()
    house.start()
    assert house.sign(job["ticket"], second)[0] == 409
    assert house.job()[0] == "half_signed"
    house.sql("UPDATE mbank_signing_job SET ticket_until = ticket_until - interval '1 hour'")
    script = tmp_path / "clean.py"
    script.write_text("pool.get('mbank.signing.job').clean()\n")
    console = [str(BIN / "trytond-console"), "-c", str(house.world.config_file), "-d", DATABASE]
    house.world.cluster.run(*console, "-f", str(script))
    assert house.job()[0] == "failed"
    assert "przerwane" in str(house.job()[1]) or "interrupted" in str(house.job()[1])
    assert house.sql("SELECT state FROM mbank_session ORDER BY id DESC LIMIT 1") == [("refused",)]
    assert house.sql("SELECT count(*) FROM mbank_signing_job WHERE login_token IS NOT NULL") == [(0,)]
    assert house.calls(operation) <= before + 1


def test_the_dialog_goes_on_by_itself(house: House, screenshots: Path) -> None:
    """In the web client the dialog waits for the signer, and shows the session as soon as it is made."""
    with web_client(house.world.web_url, DATABASE, screenshots) as client:
        client.log_in("jan", firms.PASSWORD)
        links: list[str] = []
        client.page.expose_function("caughtLink", lambda url: links.extend([url]))
        client.page.evaluate("window.open = url => { window.caughtLink(url); }")
        client.page.locator(".navbar").get_by_role("button", name=BUTTON).click()
        bar = client.page.locator("#mbank-session a")
        dialog = client.page.locator(".wizard-dialog:visible")
        way = dialog.get_by_label("Sposób podpisania")
        expect(way.locator("option:checked")).to_have_text("Na stacji roboczej")
        expect(dialog.get_by_label("PIN")).to_be_hidden()
        client.settle()
        dialog.get_by_label("Id użytkownika w mBanku").fill(demo_data.USER_ALFA)
        client.picture("signing-dialog")
        client.press("Dalej")
        client.press("Utwórz sesję")
        message = dialog.get_by_label("Stan")
        expect(message).to_have_value("Czekam na podpis…", timeout=30_000)
        client.picture("signing-waiting")
        # Left and taken up again.
        client.press("Zamknij")
        expect(dialog).to_be_hidden()
        expect(bar.locator(".mbank-state-signing")).to_be_visible()
        bar.click()
        expect(message).to_have_value("Czekam na podpis…", timeout=30_000)
        client.press("Otwórz program podpisujący ponownie")
        for _ in range(100):
            if len(links) == 2:
                break
            client.page.wait_for_timeout(100)
        link = urlsplit(links[-1])
        query = {name: value for name, [value] in parse_qs(link.query).items()}
        assert (link.scheme, query["server"], query["database"]) == ("mbanksign", house.world.web_url, DATABASE)
        _, job = house.take(query["code"])
        expect(message).to_have_value("Program podpisujący pobrał tekst. Czekam na podpis…", timeout=10_000)
        _, second = house.sign(job["ticket"], job)
        expect(message).to_have_value("Złożono pierwszy z dwóch podpisów. Czekam na drugi…", timeout=10_000)
        started = time.monotonic()
        assert house.sign(job["ticket"], second)[0] == 200
        answered = time.monotonic()
        expect(message).to_have_value("Aktywna", timeout=10_000)
        print(f"round 2: {answered - started:.2f} s, then the dialog: {time.monotonic() - answered:.2f} s")
        expect(bar.locator(".mbank-state-active")).to_be_visible()
        client.picture("signing-granted")


def test_signing_by_hand_in_the_web_client(house: House, screenshots: Path, tmp_path: Path) -> None:
    """The text is downloaded byte for byte, the signature chosen as a file, twice; a wrong file keeps the step."""
    with web_client(house.world.web_url, DATABASE, screenshots) as client:
        client.log_in("jan", firms.PASSWORD)
        client.open_menu("mBank", "Sesje długotrwałe", BUTTON)
        dialog = client.page.locator(".wizard-dialog:visible")
        client.settle()
        dialog.get_by_label("Id użytkownika w mBanku").fill(demo_data.USER_ALFA)
        dialog.get_by_label("Sposób podpisania").select_option(label="Ręcznie")
        client.press("Dalej")
        client.press("Utwórz sesję")
        for step in (1, 2):
            expect(dialog.get_by_label("Krok")).to_have_value(f"Krok {step} z 2", timeout=30_000)
            with client.page.expect_download() as download:
                dialog.get_by_role("button", name="Zapisz jako").first.click()
            text = Path(download.value.path()).read_bytes()
            stored = house.sql("SELECT text FROM mbank_signing_job")[0][0]
            assert text == stored.encode("utf-16-le")
            signature = tmp_path / f"signed-{step}.p7s"
            chooser = dialog.locator("input[type=file]").last
            if step == 1:
                signature.write_bytes(b"no signature")
                chooser.set_input_files(signature)
                client.press("Użyj podpisu")
                client.expect_text("podpis")
                client.picture("signing-by-hand-wrong")
                client.page.locator(".modal-dialog:visible .btn:visible").last.click()
            signature.write_bytes(house.signature(text))
            chooser.set_input_files(signature)
            client.picture(f"signing-by-hand-{step}")
            client.press("Użyj podpisu")
        expect(dialog.get_by_label("Stan")).to_have_value("Aktywna", timeout=30_000)
