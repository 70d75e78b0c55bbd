"""Drives Tryton's web client in a real Chromium, as a Polish user would."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, Request, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
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
        self._asked: set[Request] = set()
        page.on("request", self._ask)
        for event in ("requestfinished", "requestfailed"):
            page.on(event, self._answered)

    def _answered(self, request: Request) -> None:
        self._asked.discard(request)

    def _ask(self, request: Request) -> None:
        # The client always has one question open at the bus.
        if not request.url.endswith("/bus"):
            self._asked.add(request)

    def settle(self) -> None:
        """Wait until the client has had no question to the server for a while: what is typed in a form that is still
        loading is lost."""
        if not self._comes_to_rest(seconds=60, quiet=5):
            raise AssertionError(f"the client does not come to rest: {[request.url for request in self._asked]}")

    def _comes_to_rest(self, seconds: int, quiet: int) -> bool:
        """Whether the client asks nothing for so many tenths of a second, within the seconds."""
        still = 0
        for _ in range(10 * seconds):
            still = 0 if self._asked else still + 1
            if still == quiet:
                return True
            self.page.wait_for_timeout(100)
        return False

    def log_in(self, login: str, password: str) -> None:
        """Log in through the two dialogs of the client and wait for the main bar."""
        page = self.page
        page.goto(f"{self._url}/#{self._database}", wait_until="domcontentloaded")
        dialog = page.locator(".login-dialog")
        # The client takes no login before it knows the databases, and says nothing.
        dialog.locator("#database:visible").first.wait_for(timeout=60_000)
        dialog.locator("#login").fill(login)
        dialog.locator("button[type=submit], .btn-primary").first.click()
        password_field = page.locator("input[type=password]")
        password_field.fill(password)
        password_field.press("Enter")
        page.locator("#user-preferences a").first.wait_for(state="visible", timeout=60_000)
        page.locator("#menu .treeview, #menu table").first.wait_for(state="visible", timeout=60_000)

    def open_menu(self, *path: str) -> None:
        """Open an entry of the menu: the labels from the top, each opened on the way and looked for below the one
        before."""
        place = '//*[@id="menu"]//'
        for depth, label in enumerate(path):
            place = f'({place}tr[.//*[contains(@class, "column-char") and @title="{label}"]])[1]'
            row = self.page.locator(f"xpath={place}")
            if depth < len(path) - 1:
                row.locator(".expander").first.click()
            else:
                row.click()
            place += "/following-sibling::"

    def menu_labels(self) -> list[str]:
        """What stands in the menu now."""
        return [label.strip() for label in self.page.locator("#menu .column-char").all_inner_texts()]

    def choose_tab(self, label: str) -> None:
        """Choose a tab of a list or of a form."""
        self.page.locator(".tab-pane.active").get_by_role("tab", name=re.compile(rf"^{re.escape(label)}")).click()

    def open_row(self, position: int = 0) -> None:
        """Open a record of the list that is shown."""
        self.page.locator(".tab-pane.active tbody tr:visible").nth(position).dblclick()

    def press(self, label: str) -> None:
        """Press the button of that text, wherever it is, as long as a person does.

        The client redraws a form when its last field is left, and for a moment each selection shows its first choice:
        a press without any length would send that. A wizard shows its buttons while it still takes its state in, and
        forgets a press without a word until then: a person who waits for the page to be there waits for that too.
        """
        self._comes_to_rest(seconds=10, quiet=3)
        name = re.compile(rf"^\s*{re.escape(label)}\s*$")
        self.page.get_by_role("button", name=name).click(delay=150)

    def picture(self, name: str) -> Path:
        """Write what the window shows to the folder of screenshots."""
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f"{name}.png"
        self.page.wait_for_timeout(600)  # dialogs slide in
        self.page.screenshot(path=str(path))
        return path

    def expect_text(self, text: str) -> None:
        """Wait until the text is on the page."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=30_000)


#: A list in a dialog shows its first row and „Więcej”, and the client opens the rest when that comes into view; on a
#: machine with much to do it may look too early. A person presses it then.
MORE = """
setInterval(
    () => document.querySelectorAll(".wizard-dialog .more-row button").forEach(more => more.offsetParent && more.click()),
    500)
"""


@contextmanager
def web_client(url: str, database: str, screenshots: Path) -> Iterator[WebClient]:
    """A fresh browser window on the web client at ``url``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        context = browser.new_context(
            viewport={"width": 1500, "height": 950}, locale="pl-PL", timezone_id="Europe/Warsaw"
        )
        context.add_init_script(MORE)
        client = WebClient(context.new_page(), url, database, screenshots)
        for event in ("pageerror", "requestfailed"):
            client.page.on(event, lambda what: print(f"web client: {what}"))
        try:
            yield client
        except BaseException:
            client.picture("failed")
            raise
        finally:
            browser.close()


#: Logs a person in by the login, in a browser of its own.
LogIn = Callable[[str], AbstractContextManager[WebClient]]


def dialog(client: WebClient) -> Locator:
    """The page of the wizard that is shown."""
    return client.page.locator(".wizard-dialog:visible")
