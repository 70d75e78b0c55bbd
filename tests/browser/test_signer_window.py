"""The whole way of a signatory: the web client in a real Chromium with a window, the link, the signer, a card, the bank.

Nothing is passed by hand from one to the next: Chromium opens the link as the desktop says, the signer's window is
used by mouse and keys alone, and the dialog goes on by itself.
"""

import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo import firms
from playwright.sync_api import Locator, expect, sync_playwright

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import Identity, make_identity
from tests.browser.webclient import CHROMIUM, FLAGS, WebClient
from tests.cards import LIBRARY, make_cards
from tests.houses.house import House, running_house
from tests.workstation import SignerWindow, Workstation, clipboard, screen, workstation

PIN = "314159"
BUTTON = "Utwórz sesję długotrwałą mBank"
POLICY = Path("/etc/chromium/policies/managed/mbank-tests.json")
#: Chromium's own bubbles, none of which this is about.
QUIET = {
    "CommandLineFlagSecurityWarningsEnabled": False,
    "DefaultNotificationsSetting": 2,
    "PasswordManagerEnabled": False,
    "TranslateEnabled": False,
}
JAN, ANNA, OLD = "Karta Jana", "Karta Anny", "Stara karta"


@pytest.fixture(scope="module")
def people() -> dict[str, Identity]:
    """What is on the cards: Jan's, a colleague's, and one that is past its time."""
    now = dt.datetime.now(dt.UTC)

    def made(name: str, since: int, until: int) -> Identity:
        return make_identity(name, now + dt.timedelta(days=since), now + dt.timedelta(days=until), PIN)

    return {
        OLD: made("Jan Kowalski", -800, -70),
        ANNA: made("Anna Nowak", -9, 300),
        JAN: made("Jan Kowalski", -9, 300),
    }


@pytest.fixture(scope="module")
def house(people: dict[str, Identity]) -> Iterator[House]:
    """The server; the bank knows the certificate on Jan's card."""
    with running_house("window", people[JAN].certificate_pem) as house:
        yield house


@pytest.fixture(scope="module")
def cards(people: dict[str, Identity], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three cards, each in a reader of its own."""
    return make_cards(tmp_path_factory.mktemp("cards"), people, PIN)


@pytest.fixture
def desk(cards: Path, screenshots: Path, tmp_path: Path) -> Iterator[Workstation]:
    """Jan's machine: the signer is registered and knows the module of the cards; it has spoken with no server yet."""
    with workstation(tmp_path, cards, screenshots) as desk:
        assert "mbanksign" in desk.signer("register")
        desk.signer("settings", "--add-module", LIBRARY)
        yield desk


@pytest.fixture
def client(desk: Workstation, house: House, screenshots: Path) -> Iterator[WebClient]:
    """Chromium with a window on that machine, Jan logged in; an administrator lets the ERP open the signer unasked,
    which takes root.
    """
    house.begin_anew()
    POLICY.parent.mkdir(parents=True, exist_ok=True)
    opened = {"protocol": "mbanksign", "allowed_origins": [house.world.web_url]}
    POLICY.write_text(json.dumps({"AutoLaunchProtocolsFromOrigins": [opened], **QUIET}))
    try:
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                desk.home / "chromium",
                executable_path=CHROMIUM,
                headless=False,
                args=[*FLAGS, "--window-position=0,0", "--window-size=1280,900"],
                env=desk.environment,
                no_viewport=True,
                locale="pl-PL",
                timezone_id="Europe/Warsaw",
            )
            client = WebClient(context.pages[0], house.world.web_url, house.database, screenshots)
            try:
                client.log_in("jan", firms.PASSWORD)
                yield client
            finally:
                context.close()
    finally:
        POLICY.unlink()


def ask(client: WebClient, desk: Workstation) -> Locator:
    """Jan asks for a session to be signed on the workstation, from the main bar; the dialog, on its last page."""
    client.page.locator(".navbar").get_by_role("button", name=BUTTON).click()
    dialog = client.page.locator(".wizard-dialog:visible")
    expect(dialog.get_by_label("Sposób podpisania").locator("option:checked")).to_have_text("Na stacji roboczej")
    expect(dialog.get_by_text("10000001")).to_be_visible()
    client.settle()
    bank_user = dialog.get_by_label("Id użytkownika w mBanku")
    bank_user.fill(demo_data.USER_ALFA)
    # Left as a person leaves it, so that the client takes what is in it.
    bank_user.press("Tab")
    client.settle()
    expect(bank_user).to_have_value(demo_data.USER_ALFA)
    desk.picture("whole-1-dialog")
    client.press("Dalej")
    expect(dialog.get_by_role("button", name="Utwórz sesję")).to_be_visible()
    client.settle()
    return dialog


def consent(client: WebClient, desk: Workstation) -> SignerWindow:
    """The dialog is sent off; the window, with what is to be signed, when it was read."""
    client.press("Utwórz sesję")
    window = desk.window("Zgoda na sesję długotrwałą")
    # Cards are looked for meanwhile; from outside nobody sees when that is done.
    time.sleep(4)
    return window


def choose_card(window: SignerWindow) -> None:
    """Jan's card is the second, below Anna's; then the field for its PIN, which comes when the card was asked."""
    window.press("Down", "Down")
    time.sleep(2)
    window.press("Tab")


def test_from_the_main_bar_to_an_active_session(house: House, client: WebClient, desk: Workstation) -> None:
    """First contact, what is signed in words, a card among others, one PIN entry; the dialog goes on by itself."""
    dialog = ask(client, desk)
    desk.picture("whole-1-review")
    client.press("Utwórz sesję")
    window = desk.window("Nowy serwer prosi o podpis")
    desk.picture("whole-2-server")
    assert house.world.web_url in window.shown()
    assert house.job()[0] == "waiting"
    window.click(-80, -40)
    window = desk.window("Zgoda na sesję długotrwałą")
    desk.picture("whole-3-job")
    shown = window.shown()
    for words in (
        "w imieniu użytkownika ALFA01 bez kolejnych podpisów",
        "Numery DIK i centrale\t10000001 – Zakłady Przykładowe Alfa sp. z o.o.\n",
        "Do czego służy sesja\twyciągi: zamawianie, odbieranie i potwierdzanie odbioru\n",
        "\tpłatności: wysyłanie zleceń płatniczych i sprawdzanie, co się z nimi dzieje\n",
        "Zlecający\tJan Kowalski\n",
        f"Baza\t{house.database}\n",
        f"Tekst banku do podpisania (logowanie)\nCompanyNet 10000001 {demo_data.USER_ALFA} ",
    ):
        assert words in shown, words
    window.press("Return")
    window = desk.window("Wybierz certyfikat i podpisz")
    desk.picture("whole-4-cards")
    choose_card(window)
    window.type(PIN)
    desk.picture("whole-5-pin")
    window.press("Return")
    window = desk.window("Sesja długotrwała powstała")
    desk.picture("whole-6-granted")
    assert "Różnice\tbrak: bank przyznał wszystko\n" in window.shown()
    window.press("Return")
    expect(dialog.get_by_label("Stan")).to_have_value("Aktywna", timeout=30_000)
    client.settle()
    desk.picture("whole-7-result")
    assert not desk.windows()
    [session] = house.person("jan").find("mbank.session", ("state", "=", "active"))
    assert session.certificate.name == "Jan Kowalski"
    assert [made["user"] for made in house.world.control("/sessions")] == [demo_data.USER_ALFA]


def test_a_wrong_pin_is_told_and_the_person_tries_again(house: House, client: WebClient, desk: Workstation) -> None:
    """Nothing goes to the bank and nothing is tried by itself; the same window takes the right one then."""
    desk.signer("settings", "--allow", house.world.web_url)
    dialog = ask(client, desk)
    consent(client, desk).press("Return")
    window = desk.window("Wybierz certyfikat i podpisz")
    choose_card(window)
    logins = house.calls("loginWithSignature")
    window.type("271828")
    window.press("Return")
    said = "PIN jest błędny. Nic nie zostało podpisane."

    def is_said() -> bool:
        # The button that copies what went wrong.
        window.click(-60, 84)
        return clipboard(desk.display).startswith(said)

    screen.wait_for(is_said)
    desk.picture("whole-wrong-pin")
    assert house.calls("loginWithSignature") == logins
    assert house.job()[0] == "taken"
    window.type(PIN)
    window.press("Return")
    desk.window("Sesja długotrwała powstała").press("Return")
    expect(dialog.get_by_label("Stan")).to_have_value("Aktywna", timeout=30_000)
    assert house.calls("loginWithSignature") == logins + 1


def test_who_declines_is_told_so_by_the_client_and_nothing_is_left(
    house: House, client: WebClient, desk: Workstation
) -> None:
    """Escape in the window ends the job; the dialog says so by itself."""
    desk.signer("settings", "--allow", house.world.web_url)
    logins = house.calls("loginWithSignature")
    dialog = ask(client, desk)
    consent(client, desk).press("Escape")
    reason = dialog.get_by_label("Powód")
    expect(reason).to_have_value("Osoba przy programie podpisującym odmówiła podpisu. Niczego nie utworzono.")
    desk.picture("whole-declined")
    assert not desk.windows()
    assert house.job()[0] == "declined"
    assert house.sql("SELECT count(*) FROM mbank_session WHERE state = 'awaiting_signature'") == [(0,)]
    assert house.calls("loginWithSignature") == logins
