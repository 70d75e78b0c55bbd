"""The window on a screen of its own: its stages, keys, the PIN's field; pictures are kept."""

import _tkinter
import gc
import importlib.util
import os
import subprocess
import sys
import time
import tkinter as tk
from pathlib import Path
from tkinter import font, ttk

import pytest

from companynet_signer.flow import Stage
from companynet_signer.settings import SettingsStore
from companynet_signer.window import SignerWindow, open_root


def _load(name: str):
    spec = importlib.util.spec_from_file_location(f"companynet_signer_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


screen, fake_server = _load("screen"), _load("fake_server")
PIN = "314159"
PASSWORD = "tajne-hasło"
PICTURES = Path(os.environ.get("MBANK_SCREENSHOTS", ".build/tests/screenshots")).absolute()


@pytest.fixture(scope="module")
def display(tmp_path_factory):
    with screen.xvfb(tmp_path_factory.mktemp("screen") / "xvfb.log") as name:
        yield name


class Hand:
    """A person at the window."""

    def __init__(self, root: tk.Tk, window: SignerWindow, display: str) -> None:
        self.root = root
        self.window = window
        self.display = display

    @property
    def flow(self):
        return self.window.flow

    def until(self, fits) -> None:
        screen.wait_for(fits, self.step)

    def step(self) -> None:
        self.root.update()
        time.sleep(0.005)

    def stage(self, stage: Stage) -> None:
        self.until(lambda: self.flow.stage is stage)
        self.settle()

    def settle(self) -> None:
        for _ in range(10):
            self.step()

    def listed(self) -> None:
        self.until(lambda: self.flow.choices is not None)
        self.until(
            lambda: self.flow.chosen is None or self.flow.question is not None or self.window.views.chosen_note
        )
        self.settle()

    def all(self, kind: type, widget: tk.Misc | None = None) -> list:
        inside = (widget or self.root).winfo_children()
        return [item for item in inside if isinstance(item, kind)] + [
            found for item in inside for found in self.all(kind, item)
        ]

    def button(self, key: str) -> ttk.Button:
        text = self.window.views.say(key)
        return next(button for button in self.all(ttk.Button) if button["text"] == text)

    def text(self) -> str:
        said = [widget.get("1.0", "end-1c") for widget in self.all(tk.Text)]
        return "\n".join([*said, *(str(label["text"]) for label in self.all(ttk.Label))])

    def press(self, key: str) -> None:
        (self.root.focus_get() or self.root).event_generate(key)
        self.settle()

    def type(self, text: str) -> None:
        focus = self.root.focus_get()
        assert isinstance(focus, ttk.Entry), focus
        focus.insert("end", text)

    def pick(self, name: str) -> None:
        index = next(i for i, choice in enumerate(self.flow.choices) if choice.name == name)
        (tree,) = self.all(ttk.Treeview)
        tree.selection_set(str(index))
        self.settle()
        self.listed()

    def picture(self, name: str) -> None:
        self.settle()
        screen.picture(self.display, PICTURES / f"signer-{name}.png")
        assert (PICTURES / f"signer-{name}.png").stat().st_size > 5000


@pytest.fixture
def opened(workstation, display, monkeypatch):
    """Opens the window for a server's link."""
    monkeypatch.setenv("DISPLAY", display)
    roots = []

    def open_(server, *, trusted: bool = True, language: str = "pl", **keys) -> Hand:
        workstation.has(**keys)
        if trusted:
            workstation.trusts(server)
        root = open_root()
        assert root is not None
        roots.append(root)
        hand = Hand(root, SignerWindow(root, server.link, workstation.opening, language), display)
        hand.window.start()
        hand.settle()
        return hand

    yield open_
    for root in roots:
        try:
            root.destroy()
        except tk.TclError:
            continue
    roots.clear()
    # Tk's variables must go in the thread that made them.
    gc.collect()


def is_gone(hand: Hand) -> bool:
    try:
        return not hand.root.winfo_exists()
    except tk.TclError:
        return True


def test_from_the_link_to_the_session(opened, bank_server, proxy, registered) -> None:
    """A new server, the job, a card and its PIN, the session; by keyboard alone but for the choice of the card."""
    hand = opened(bank_server, trusted=False, modules=(proxy.module,))
    assert hand.flow.stage is Stage.SERVER
    hand.picture("1-server")
    hand.button("button_trust").focus_set()
    hand.press("<Return>")
    hand.stage(Stage.JOB)
    assert "10000001 – Zakłady Przykładowe Alfa" in hand.text()
    hand.picture("2-job")
    hand.press("<Return>")
    hand.listed()
    hand.pick("Anna P-256")
    registered(hand.flow.choices[hand.flow.chosen].certificate.der)
    hand.all(ttk.Entry)[0].focus_force()
    hand.settle()
    hand.type(PIN)
    hand.picture("3-keys")
    hand.press("<Return>")
    hand.stage(Stage.GRANTED)
    assert "Sesja długotrwała powstała" in hand.text()
    hand.picture("4-granted")
    hand.press("<Return>")
    hand.until(lambda: hand.flow.stage is Stage.CLOSED)
    assert bank_server.done
    assert proxy.calls.count("L") == 1


def test_in_english_all_is_english(opened, server, key_file) -> None:
    hand = opened(server, files=(key_file,))
    hand.stage(Stage.JOB)
    hand.button("button_language").invoke()
    assert "Consent to a long-lived session" in hand.text()
    assert hand.button("button_next")["text"] == "Next"
    hand.picture("job-english")
    hand.press("<Return>")
    hand.listed()
    assert "Password of the file" in hand.text()


def test_enter_does_not_trust_a_server(opened, server) -> None:
    """The button in focus is the one that declines."""
    hand = opened(server, trusted=False)
    hand.until(lambda: isinstance(hand.root.focus_get(), ttk.Button))
    hand.press("<Return>")
    hand.until(lambda: is_gone(hand))
    assert server.requests == []
    assert SettingsStore().load().servers == ()


@pytest.mark.parametrize("way", ["<Escape>", "cross"])
def test_escape_and_the_cross_decline(opened, server, way) -> None:
    hand = opened(server)
    hand.stage(Stage.JOB)
    if way == "cross":
        hand.root.tk.call(hand.root.protocol("WM_DELETE_WINDOW"))
    else:
        hand.press(way)
    hand.until(lambda: is_gone(hand))
    assert server.declined == ["declined"]


def test_a_wrong_pin_is_told_and_its_field_is_empty(opened, server, proxy) -> None:
    """The focus is where the next one is typed."""
    hand = opened(server, modules=(proxy.module,))
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    hand.pick("Anna RSA-2048")
    hand.all(ttk.Entry)[0].focus_force()
    hand.settle()
    proxy.play("last")
    hand.type("271828")
    hand.press("<Return>")
    hand.stage(Stage.KEYS)
    hand.listed()
    assert "PIN jest błędny" in hand.text()
    assert "Błędny PIN zablokuje kartę" in hand.text()
    (entry,) = hand.all(ttk.Entry)
    assert (entry.get(), hand.root.focus_get()) == ("", entry)
    assert proxy.calls == "L"
    hand.picture("wrong-pin")
    hand.button("button_copy").invoke()
    assert hand.root.clipboard_get().startswith("PIN jest błędny")


def test_that_fewer_tries_are_left_is_said_once(opened, server, proxy) -> None:
    hand = opened(server, modules=(proxy.module,))
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    hand.pick("Anna RSA-2048")
    hand.all(ttk.Entry)[0].focus_force()
    hand.settle()
    proxy.play("low")
    hand.type("271828")
    hand.press("<Return>")
    hand.stage(Stage.KEYS)
    hand.listed()
    assert hand.text().count("Zostało mniej prób niż zwykle") == 1


@pytest.mark.parametrize(("language", "words"), [("pl", "Nazwa pliku:"), ("en", "File name:")])
def test_the_file_dialog_speaks_the_persons_language(opened, server, language, words) -> None:
    """Tk's own words too, whatever the system is set to; the language may be changed in the window."""
    hand = opened(server, language=language)
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    seen = []

    def look() -> None:
        children = hand.root.tk.splitlist(hand.root.tk.call("winfo", "children", "."))
        (name,) = [child for child in children if "filedialog" in child]
        labels = hand.root.tk.splitlist(hand.root.tk.call("winfo", "children", f"{name}.contents.f2"))
        seen.extend(hand.root.tk.call(label, "cget", "-text") for label in labels if "lab" in label)
        hand.root.tk.call(f"{name}.contents.f2.cancel", "invoke")

    hand.root.after(700, look)
    hand.button("button_file").invoke()
    assert words in seen
    assert hand.flow.choices == ()


def test_the_pin_is_hidden_and_gone_from_the_field_at_once(opened, server, key_file) -> None:
    hand = opened(server, files=(key_file,))
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    (entry,) = hand.all(ttk.Entry)
    assert entry["show"] == "•"
    hand.type(PASSWORD)
    seen = []
    sign = hand.flow.sign
    hand.flow.sign = lambda pin: (seen.append(entry.get()), sign(pin))
    hand.press("<Return>")
    assert seen == [""]
    hand.stage(Stage.GRANTED)


def test_while_the_server_works_the_window_answers(opened, server, key_file) -> None:
    """Nothing blocks: events are handled while the answer is awaited."""
    challenge = server.work.challenge

    def slow() -> str:
        time.sleep(0.6)
        return challenge()

    server.work.challenge = slow
    hand = opened(server, files=(key_file,))
    longest, started = 0.0, time.monotonic()
    ticks = []
    hand.root.after(10, lambda: ticks.append(1))
    while hand.flow.stage is Stage.FETCHING:
        before = time.monotonic()
        hand.step()
        longest = max(longest, time.monotonic() - before)
    assert time.monotonic() - started > 0.4
    assert ticks
    assert longest < 0.4
    hand.stage(Stage.JOB)


def test_without_a_certificate_it_says_what_to_do(opened, server) -> None:
    hand = opened(server)
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    assert "Nie znaleziono certyfikatu" in hand.text()
    assert hand.button("button_sign").instate(["disabled"])
    hand.picture("no-keys")


def test_unusable_certificates_are_grey_and_say_why(opened, server, proxy, clock) -> None:
    clock.advance(600 * 24 * 3600)
    hand = opened(server, modules=(proxy.module,))
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    (tree,) = hand.all(ttk.Treeview)
    index = next(i for i, choice in enumerate(hand.flow.choices) if choice.name == "Anna P-256")
    assert tree.item(str(index), "tags") == ("blocked",)
    hand.pick("Anna P-256")
    assert "Nie można użyć: certyfikat stracił ważność" in hand.text()
    assert hand.all(ttk.Entry) == []
    hand.picture("unusable")


def test_who_goes_through_the_list_by_keyboard_stays_in_it(opened, server, proxy) -> None:
    """Of several keys none is chosen before the person does; the first press of an arrow chooses the first."""
    hand = opened(server, modules=(proxy.module,))
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    assert isinstance(hand.root.focus_get(), ttk.Treeview)
    for chosen in range(2):
        hand.press("<Down>")
        hand.listed()
        assert hand.flow.chosen == chosen
        assert isinstance(hand.root.focus_get(), ttk.Treeview)
    hand.press("<Tab>")
    assert not isinstance(hand.root.focus_get(), ttk.Treeview)


def test_no_key_is_lost_while_the_window_is_drawn_anew(opened, server, proxy) -> None:
    hand = opened(server, modules=(proxy.module,))
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    hand.root.focus_get().event_generate("<Down>")
    # All that happens before Tk is idle; a key that comes now belongs in the list.
    while hand.flow.chosen is None:
        hand.root.tk.dooneevent(_tkinter.WINDOW_EVENTS | _tkinter.TIMER_EVENTS | _tkinter.DONT_WAIT)
    assert isinstance(hand.root.focus_get(), ttk.Treeview)


def test_who_clicks_in_the_list_goes_on_with_the_pin(opened, server, proxy) -> None:
    hand = opened(server, modules=(proxy.module,))
    hand.stage(Stage.JOB)
    hand.press("<Return>")
    hand.listed()
    (tree,) = hand.all(ttk.Treeview)
    left, top, width, height = tree.bbox("0")
    x, y = tree.winfo_rootx() + left + width // 2, tree.winfo_rooty() + top + height // 2
    screen.press(hand.display, "mousemove", str(x), str(y), "click", "1")
    hand.until(lambda: hand.flow.chosen == 0)
    hand.listed()
    assert isinstance(hand.root.focus_get(), ttk.Entry)


def test_the_job_can_be_paged_through_from_any_button(opened, server) -> None:
    server.work.challenge = lambda: "wiersz\r\n" * 60
    hand = opened(server)
    hand.stage(Stage.JOB)
    assert isinstance(hand.root.focus_get(), ttk.Button)
    (text,) = hand.all(tk.Text)
    hand.press("<Next>")
    assert text.yview()[0] > 0
    hand.press("<Prior>")
    assert text.yview()[0] == 0


def test_a_failure_can_be_copied(opened, server) -> None:
    server.wrong["job"] = lambda handler, _right: fake_server.send(handler, b"", status=500)
    hand = opened(server)
    hand.stage(Stage.FAILED)
    assert "błędem 500" in hand.text()
    hand.button("button_copy").invoke()
    assert "błędem 500" in hand.root.clipboard_get()
    hand.picture("failed")


def test_letters_grow_and_shrink(opened, server) -> None:
    hand = opened(server)
    hand.stage(Stage.JOB)
    size = font.nametofont("TkDefaultFont").actual("size")
    for _ in range(6):
        hand.press("<Control-plus>")
    assert font.nametofont("TkDefaultFont").actual("size") == size + 6
    hand.picture("large-letters")
    for _ in range(6):
        hand.press("<Control-minus>")
    assert font.nametofont("TkDefaultFont").actual("size") == size


def test_the_command_opens_the_window_and_real_keys_sign(display, server, workstation, key_file) -> None:
    """The whole program in a process of its own: Enter, the password, Enter, Enter. Exit status 0."""
    workstation.has(files=(key_file,))
    workstation.trusts(server)
    environment = {**os.environ, "DISPLAY": display, "LC_ALL": "C.UTF-8"}
    code = (
        "import sys; from datetime import UTC, datetime; from companynet.testing import FakeClock; "
        "from companynet_signer.cli import main; "
        "sys.exit(main(sys.argv[1:], clock=FakeClock(datetime(2025, 9, 1, tzinfo=UTC))))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, "open", server.link], env=environment)
    try:
        for title, words in (
            ("Consent to a long-lived session", ()),
            ("Choose a certificate", ("type", "--delay", "20", PASSWORD)),
            ("The long-lived session was made", ()),
        ):
            screen.press(display, "search", "--sync", "--onlyvisible", "--name", title)
            # The focus comes when the window is drawn.
            time.sleep(0.5)
            if words:
                screen.press(display, *words)
            screen.press(display, "key", "Return")
        assert process.wait(timeout=screen.TIMEOUT) == 0
        assert server.done
    finally:
        process.kill()
        process.wait()
