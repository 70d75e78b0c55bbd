"""The sandbox bank's control page, clicked through in a real Chromium. No Tryton is needed."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import make_identity, running_bank
from companynet_sandbox.testing.client import Customer, Transfer, order_file
from tests.browser.webclient import CHROMIUM, FLAGS

MARKUP = "<script>document.title='taken over'</script>"


@pytest.fixture(scope="module")
def customer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Customer]:
    """A user with a session and two order groups; a payer whose name is markup; a day with more than one page."""
    now = dt.datetime.now(dt.UTC)
    identity = make_identity("Jan Kowalski", now - dt.timedelta(days=9), now + dt.timedelta(days=600), "x")
    with running_bank(tmp_path_factory.mktemp("bank")) as bank:
        bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": identity.certificate_pem})
        made = Customer(bank, identity, "x")
        made.open_session()
        made.send_orders("C1", order_file("M1", Transfer("A", "12345.67")))
        made.send_orders("C2", order_file("M2", Transfer("B")))
        incoming = {"account": demo_data.ALFA_PLN, "debtor_name": "Gamma"}
        bank.post("/incoming", [{**incoming, "amount": f"{n}.00", "title": f"FV {n}"} for n in range(1, 61)])
        card = {"debtor_name": MARKUP, "title": "karta 5174 9900 0000 0004", "amount": "0.50"}
        bank.post("/incoming", {**incoming, **card})
        yield made


@pytest.fixture
def page(customer: Customer) -> Iterator[Page]:
    """A fresh window on the page; an error of its script fails the test."""
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        window = browser.new_page(viewport={"width": 1400, "height": 900})
        window.on("pageerror", lambda error: errors.append(str(error)))
        window.goto(customer.bank.control_url)
        yield window
        browser.close()
    assert errors == []


def open_section(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()


def test_a_book_by_day_in_pages_with_markup_as_text(page: Page, screenshots: Path) -> None:
    """The newest entries first, the rest on demand; a payer's markup is text; a card's number has no middle."""
    page.get_by_role("link", name="43 1140 1010 0000 5252 4400 1001").click()
    rows = page.locator("details.day[open] tbody tr")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("<SCRIPT>")
    expect(rows.first).to_contain_text("5174 •••• •••• 0004")
    page.get_by_role("button", name="More entries of this day").click()
    expect(rows).to_have_count(61)
    expect(rows.last).to_contain_text("FV 1")
    assert "taken over" not in page.title()
    page.screenshot(path=str(screenshots / "control-book.png"))


def test_orders_are_authorised_booked_and_denied(page: Page, customer: Customer) -> None:
    """Each button does what it says at the bank, and the page shows it; a refusal appears beside its button."""
    open_section(page, "Orders")
    first = page.locator("section.card").filter(has_text="customer's id C1")
    first.get_by_role("button", name="Authorise").click()
    expect(first.locator("tbody .state").first).to_have_text("AUTHORIZED")
    first.get_by_role("button", name="Authorise").click()
    expect(first.locator("output.bad")).to_contain_text("has no orders that wait for authorisation")
    page.get_by_role("button", name="Book now").click()
    expect(page.locator("#told")).to_contain_text("Carried out: 1")
    second = page.locator("section.card").filter(has_text="customer's id C2")
    second.get_by_label("Reason").fill("Podpis <b>nieczytelny</b>")
    second.get_by_role("button", name="Deny").click()
    expect(second.locator("tbody .state").first).to_have_text("DENIED")
    expect(second).to_contain_text("Podpis <b>nieczytelny</b>")
    assert (customer.states("C1"), customer.states("C2")) == ([("A", "REALIZED")], [("B", "DENIED")])
    page.get_by_label("State").select_option("DENIED")
    page.get_by_role("button", name="Filter").click()
    expect(first).to_have_count(0)
    expect(second).to_be_visible()


def test_faults_clock_calls_and_the_end_of_a_session(page: Page, customer: Customer) -> None:
    """Switches work, calls come in by themselves until paused, and the bank ends a session."""
    bank = customer.bank
    open_section(page, "Faults")
    page.get_by_label("Operation").select_option("getStatus")
    page.get_by_label("Kind").select_option("slow")
    page.get_by_label("Seconds late").fill("0")
    page.get_by_role("button", name="Order the fault").click()
    expect(page.locator("#told")).to_have_text("The fault is in wait.")
    assert [(fault["operation"], fault["kind"]) for fault in bank.get("/faults")] == [("getStatus", "slow")]
    open_section(page, "Calls")
    expect(page.locator("h1")).to_have_text("Calls")
    rows = page.locator("tbody tr")
    expect(rows.last).to_contain_text("initLoginWithSignature")
    expect(rows.filter(has_text="slow")).to_have_count(0)
    customer.states("C1")
    expect(rows.filter(has_text="slow")).to_have_count(1, timeout=20_000)
    expect(rows.first).to_contain_text("getStatus")
    page.get_by_role("button", name="Pause").click()
    shown = rows.count()
    customer.states("C1")
    page.wait_for_timeout(2500)
    expect(rows).to_have_count(shown)
    page.get_by_role("button", name="Go on").click()
    expect(rows).to_have_count(shown + 1, timeout=20_000)
    open_section(page, "Clock")
    page.get_by_role("button", name="To next morning").click()
    expect(page.locator("#told")).to_contain_text(re.compile(r"It is \d{4}-\d\d-\d\d 08:00:\d\d now"))
    page.get_by_role("button", name="Real time").click()
    expect(page.locator("main")).to_contain_text("Europe/Warsaw. This is the real time.")
    assert abs(bank.get("/clock")["offset_seconds"]) <= 1
    open_section(page, "Sessions")
    page.get_by_role("button", name="End as the bank").click()
    expect(page.locator("tbody")).to_contain_text("by bank")
    assert bank.get("/sessions")[0]["ended_by"] == "bank"


def test_the_page_fits_a_telephone_and_works_by_keyboard(page: Page) -> None:
    """At 400 px nothing is wider than the window; the first tab stop leads to the content, and Enter follows links."""
    page.set_viewport_size({"width": 400, "height": 800})
    for name in ("Accounts", "Orders", "Sessions", "Certificates", "Calls", "Faults", "Clock", "API"):
        open_section(page, name)
        expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_have_text(name)
        page.locator("h1").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, name
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.get_by_role("navigation").get_by_role("link", name="Faults").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Faults")
    unnamed = page.locator("input:visible, select:visible, textarea:visible").evaluate_all(
        "fields => fields.filter(field => !field.labels.length).length"
    )
    assert unnamed == 0


def test_a_stopped_bank_is_told(page: Page) -> None:
    """Where the bank does not answer, the page says so beside the button that was pressed."""
    open_section(page, "Clock")
    button = page.get_by_role("button", name="+ 1 hour")
    button.wait_for()
    page.route("**/clock", lambda route: route.abort())
    button.click()
    expect(page.locator("output.bad")).to_contain_text("The bank does not answer")
