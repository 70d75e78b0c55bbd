"""Drives Tryton's web client in a real Chromium, as a Polish user would."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class WebClient:
    """One person's browser window."""

    def __init__(self, page: Page, url: str, database: str, screenshots: Path) -> None:
        self.page = page
        self._url = url
        self._database = database
        self._screenshots = screenshots

    def log_in(self, login: str, password: str) -> None:
        """Log in through the two dialogs of the client and wait for the main bar."""
        page = self.page
        page.goto(f"{self._url}/#{self._database}", wait_until="domcontentloaded")
        dialog = page.locator(".login-dialog")
        dialog.locator("#login").fill(login)
        dialog.locator("button[type=submit], .btn-primary").first.click()
        password_field = page.locator("input[type=password]")
        password_field.fill(password)
        password_field.press("Enter")
        page.locator("#user-preferences a").first.wait_for(state="visible", timeout=60_000)
        page.locator("#menu .treeview, #menu table").first.wait_for(state="visible", timeout=60_000)

    def open_wizard(self, name: str) -> None:
        """Open a wizard by the client's own deep link."""
        self.page.evaluate("name => Sao.Wizard.create({'name': name})", name)

    def open_records(self, model: str, domain: str = "[]", *, views: tuple[str, ...] = ("tree", "form")) -> None:
        """Open a tab with the records of a model."""
        self.page.evaluate(
            "([model, domain, views]) => Sao.Tab.create("
            "{'model': model, 'domain': JSON.parse(domain), 'mode': views, 'name': model})",
            [model, domain, list(views)],
        )

    def button(self, label: str) -> Locator:
        """A button of that text, wherever it is."""
        return self.page.get_by_role("button", name=re.compile(rf"^\s*{re.escape(label)}\s*$"))

    def picture(self, name: str) -> Path:
        """Write what the window shows to the folder of screenshots."""
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f"{name}.png"
        self.page.screenshot(path=str(path))
        return path

    def expect_text(self, text: str) -> None:
        """Wait until the text is on the page."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=30_000)


@contextmanager
def web_client(url: str, database: str, screenshots: Path) -> Iterator[WebClient]:
    """A fresh browser window on the web client at ``url``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        context = browser.new_context(viewport={"width": 1500, "height": 950}, locale="pl-PL")
        try:
            yield WebClient(context.new_page(), url, database, screenshots)
        finally:
            browser.close()
