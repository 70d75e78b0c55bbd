"""Signing on the workstation against PostgreSQL: what comes at once, what dies, and the dialog that goes on by itself."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from demo import firms
from playwright.sync_api import expect

from companynet.clock import SYSTEM_CLOCK
from companynet.domain.session import Secret
from companynet_sandbox.customers import demo_data
from companynet_signer.flow import AtOnce, Flow, Stage
from companynet_signer.opening import Opening
from companynet_signer.settings import Settings, SettingsStore
from tests.browser.webclient import web_client
from tests.houses.databases import BIN
from tests.houses.signing import PIN, Answer, SigningHouse, filled_dialog, press_create, signing_house

AT_ONCE = 8
BUTTON = "Utwórz sesję długotrwałą mBank"


@pytest.fixture(scope="module")
def house() -> Iterator[SigningHouse]:
    """The house of these tests."""
    with signing_house("signing") as house:
        yield house


@pytest.fixture(autouse=True)
def no_open_job(house: SigningHouse) -> None:
    """Each test begins without a job and a session."""
    house.begin_anew()


def at_once(function: Callable[[], Answer]) -> list[Answer]:
    """The answers of several requests that start together."""
    barrier = threading.Barrier(AT_ONCE)

    def ask() -> Answer:
        barrier.wait()
        return function()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [future.result() for future in [pool.submit(ask) for _ in range(AT_ONCE)]]


def test_whole_way_over_http(house: SigningHouse) -> None:
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


def test_refusals_in_both_languages(house: SigningHouse) -> None:
    """A refusal comes in Polish and in English, whoever asks."""
    status, answer = house.take("x" * 43)
    assert status == 404
    assert answer["error"]["pl"].startswith("Nie ma takiego zadania podpisu")
    assert answer["error"]["en"].startswith("The signing is not known")


def test_a_job_changed_after_it_was_shown(
    house: SigningHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signer makes no second signature for another job than the one it showed, and the ERP says why it ended."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / ".config"))
    key_file = tmp_path / "jan.p12"
    key_file.write_bytes(house.p12)
    store = SettingsStore()
    store.change(lambda _settings: Settings(servers=(house.world.web_url,), files=(str(key_file),)))
    flow = Flow(press_create(filled_dialog(house.person("jan"))), Opening(store, SYSTEM_CLOCK), AtOnce())
    flow.start()
    flow.accept()
    flow.choose(0)
    house.sql("""UPDATE mbank_signing_job SET content = replace(content, '"Jan Kowalski"', '"Somebody else"')""")
    sessions = house.calls("createBackgroundSessionWithSignature")
    flow.sign(Secret(PIN))
    assert flow.failure is not None
    assert (flow.stage, flow.failure.sentence.key) == (Stage.FAILED, "job_changed"), flow.failure
    assert house.calls("createBackgroundSessionWithSignature") == sessions
    state, reason = house.job()
    assert state == "declined"
    assert "zmieni" in str(reason)
    assert house.sql("SELECT count(*) FROM mbank_session WHERE state = 'awaiting_signature'") == [(0,)]


def test_a_code_at_once(house: SigningHouse) -> None:
    """Of many requests with one code that come together one gets the job, and the bank is asked once."""
    code = house.begin()
    before = house.calls("initLoginWithSignature")
    answers = at_once(lambda: house.take(code))
    assert Counter(status for status, _ in answers) == {200: 1, 404: AT_ONCE - 1}
    assert house.calls("initLoginWithSignature") == before + 1
    [job] = [answer for status, answer in answers if status == 200]
    assert house.sign(job["ticket"], job)[0] == 200


def test_signatures_at_once(house: SigningHouse) -> None:
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


def test_the_server_dies_while_the_session_is_made(house: SigningHouse, tmp_path: Path) -> None:
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
    console = [str(BIN / "trytond-console"), "-c", str(house.world.config_file), "-d", house.database]
    house.world.cluster.run(*console, "-f", str(script))
    assert house.job()[0] == "failed"
    assert "przerwane" in str(house.job()[1]) or "interrupted" in str(house.job()[1])
    assert house.sql("SELECT state FROM mbank_session ORDER BY id DESC LIMIT 1") == [("refused",)]
    assert house.sql("SELECT count(*) FROM mbank_signing_job WHERE login_token IS NOT NULL") == [(0,)]
    assert house.calls(operation) <= before + 1


@pytest.mark.parametrize("bus", ["speaks", "is silent"])
def test_the_dialog_goes_on_by_itself(house: SigningHouse, screenshots: Path, bus: str) -> None:
    """In the web client the dialog waits for the signer, and shows the session as soon as it is made.

    Also where a message of the server's bus is lost.
    """
    with web_client(house.world.web_url, house.database, screenshots) as client:
        if bus == "is silent":
            client.page.route("**/bus", lambda _: None)
        client.log_in("jan", firms.PASSWORD)
        links: list[str] = []
        client.page.expose_function("caughtLink", lambda url: links.extend([url]))
        client.page.evaluate("() => { window.open = url => window.caughtLink(url); }")
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
        assert (link.scheme, query["server"], query["database"]) == ("mbanksign", house.world.web_url, house.database)
        status, job = house.take(query["code"])
        assert (status, len(links)) == (200, 2), job
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


def test_signing_by_hand_in_the_web_client(house: SigningHouse, screenshots: Path, tmp_path: Path) -> None:
    """The text is downloaded byte for byte, the signature chosen as a file, twice; a wrong file keeps the step."""
    with web_client(house.world.web_url, house.database, screenshots) as client:
        client.log_in("jan", firms.PASSWORD)
        client.open_menu("mBank", "Sesje długotrwałe", BUTTON)
        dialog = client.page.locator(".wizard-dialog:visible")
        client.settle()
        bank_user = dialog.get_by_label("Id użytkownika w mBanku")
        bank_user.fill(demo_data.USER_ALFA)
        # The client takes what was typed when the field is left.
        bank_user.press("Tab")
        dialog.get_by_label("Sposób podpisania").select_option(label="Ręcznie")
        client.settle()
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
