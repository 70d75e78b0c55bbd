"""Three people at the web client, in Polish: the accountant, the signatory, and one without the right."""

import re
import xmlrpc.client

import pytest
from demo import firms
from demo.job import PIN, Job
from playwright.sync_api import expect

from tests.browser.webclient import LogIn

BUTTON = "Utwórz sesję długotrwałą mBank"


def test_the_accountant_sees_what_was_settled_and_why(job: Job, log_in: LogIn) -> None:
    """The imported statement shows a decision and a reason beside each entry, and all reasons in the entry."""
    with log_in("anna") as client:
        client.open_menu("Księgowość", "Wyciągi", "Wyciągi")
        client.choose_tab("Zaksięgowane")
        client.open_row()
        client.choose_tab("Źródła")
        rows = client.page.locator(".tab-pane.active .form-one2many tbody tr:visible")
        settled = rows.filter(has_text="Automatycznie").filter(has_text="Numer faktury FV/")
        expect(settled.first).to_be_visible(timeout=30_000)
        client.picture("accountant-statement")
        settled.first.dblclick()
        dialog = client.page.locator(".modal-dialog:visible")
        reasons = dialog.get_by_label("Powody")
        expect(reasons).to_have_value(_lines("znaleziony w tytule", "Nazwa kontrahenta zgadza się"))
        client.picture("accountant-entry")


def test_the_signatory_makes_a_session(job: Job, log_in: LogIn) -> None:
    """The menu opens the dialog beside a session in force; with the PIN another is made and shown as active."""
    with log_in("jan") as client:
        client.open_menu("mBank", "Sesje długotrwałe", BUTTON)
        dialog = client.page.locator(".wizard-dialog:visible")
        expect(dialog.get_by_text("10000002")).to_be_visible()
        expect(dialog.get_by_label("Id użytkownika w mBanku")).to_have_value("ALFA01")
        client.settle()
        dialog.get_by_label("Sposób podpisania").select_option(label="Kluczem przechowywanym tutaj")
        client.picture("signatory-dialog")
        client.press("Dalej")
        expect(dialog.get_by_label("PIN")).to_be_focused()
        client.settle()
        dialog.get_by_label("PIN").fill(PIN)
        client.press("Utwórz sesję")
        expect(dialog.get_by_label("Stan")).to_have_value("Aktywna", timeout=60_000)
        for dik in ("10000001", "10000002"):
            expect(dialog.get_by_text(dik)).to_be_visible()
        client.picture("signatory-granted")
        client.press("Otwórz sesję")
        state = client.page.locator(".tab-pane.active").get_by_role("combobox", name="Stan:")
        expect(state.locator("option:checked")).to_have_text("Aktywna")
        client.picture("signatory-session")
    live = job.person(firms.ALFA, "jan").find("mbank.session", ("state", "=", "active"))
    assert len(live) == 1
    assert [row for row in job.world.control("/sessions") if not row.get("ended")]


def test_a_wrong_pin_is_said_in_the_dialog(job: Job, log_in: LogIn) -> None:
    """The sentence names the PIN, and the session there was goes on."""
    before = [s.id for s in job.person(firms.ALFA, "jan").find("mbank.session", ("state", "=", "active"))]
    with log_in("jan") as client:
        client.open_menu("mBank", "Sesje długotrwałe", BUTTON)
        dialog = client.page.locator(".wizard-dialog:visible")
        expect(dialog.get_by_label("Id użytkownika w mBanku")).to_have_value("ALFA01")
        client.settle()
        dialog.get_by_label("Sposób podpisania").select_option(label="Kluczem przechowywanym tutaj")
        client.press("Dalej")
        expect(dialog.get_by_label("PIN")).to_be_focused()
        client.settle()
        dialog.get_by_label("PIN").fill("000000")
        client.press("Utwórz sesję")
        client.expect_text("PIN lub hasło pliku z kluczem jest błędne")
        client.picture("signatory-wrong-pin")
    after = [s.id for s in job.person(firms.ALFA, "jan").find("mbank.session", ("state", "=", "active"))]
    assert after == before


def test_who_has_no_right_has_neither_button_nor_menu(job: Job, log_in: LogIn) -> None:
    """Hiding is courtesy: the server refuses the dialog over RPC too."""
    with log_in("piotr") as client:
        assert client.page.get_by_text(BUTTON).count() == 0
        labels = client.menu_labels()
        assert "Strony" in labels
        assert "mBank" not in labels
        client.picture("without-right")
    piotr = job.person(firms.ALFA, "piotr")
    with pytest.raises(xmlrpc.client.Fault) as refused:
        piotr.wizard("mbank.session.create")
    assert 'Nie masz uprawnień do uruchomienia kreatora "mbank.session.create"' in refused.value.faultString
    with pytest.raises(xmlrpc.client.Fault) as refused:
        piotr.model("mbank.session")(user=piotr.config.user).save()
    assert 'Nie masz dostępu do "Sesja mBank"' in refused.value.faultString
    assert not job.person(firms.ALFA, "admin").find("mbank.session", ("user.login", "=", "piotr"))


def _lines(*parts: str) -> re.Pattern[str]:
    """The parts in this order, over several lines."""
    return re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
