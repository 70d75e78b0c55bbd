"""A signatory's workstation: a screen, a home of its own, the signer installed there, and a hand on mouse and keys."""

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
TITLE = "Podpis dla mBanku"


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


#: Of the signer's own tests.
screen = _load(ROOT / "packages" / "companynet_signer" / "tests" / "screen.py")


@dataclass
class SignerWindow:
    """The signer's window, seen and used from outside."""

    display: str
    number: str
    """Of the window on the screen."""

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            screen.press(self.display, "key", key)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        screen.press(self.display, "type", "--delay", "20", text)

    def click(self, across: int, down: int) -> None:
        """Click so many pixels from the left and the upper edge; if negative, from the right and the lower one."""
        left, top, width, height = self._place()
        x, y = left + across + width * (across < 0), top + down + height * (down < 0)
        screen.press(self.display, "mousemove", str(x), str(y), "click", "1")

    def shown(self) -> str:
        """The text in the middle, as the person copies it: a click in it, all of it marked, copied."""
        _left, _top, width, height = self._place()
        self.click(width // 2, height // 2)
        self.press("ctrl+slash", "ctrl+c")
        return clipboard(self.display)

    def _place(self) -> tuple[int, int, int, int]:
        lines = _xdotool(self.display, "getwindowgeometry", "--shell", self.number).splitlines()
        values = dict(line.split("=") for line in lines)
        return int(values["X"]), int(values["Y"]), int(values["WIDTH"]), int(values["HEIGHT"])


@dataclass
class Workstation:
    """The machine of one person."""

    display: str
    home: Path
    cards: Path
    """SoftHSM's configuration."""

    screenshots: Path

    @property
    def environment(self) -> dict[str, str]:
        """What programs of this person are started with."""
        return {
            **os.environ,
            "DISPLAY": self.display,
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local" / "share"),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "LANGUAGE": "pl",
            "LC_ALL": "C.UTF-8",
            "TZ": "Europe/Warsaw",
            "SOFTHSM2_CONF": str(self.cards),
        }

    def signer(self, *words: str) -> str:
        """Run the signer's command in a terminal; what it says."""
        command = [str(Path(sys.executable).with_name("companynet-signer")), *words]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def window(self, heading: str) -> SignerWindow:
        """The signer's window, once it shows a heading."""
        title = f"{TITLE} – {heading}"
        try:
            screen.wait_for(lambda: title in self.windows().values(), lambda: time.sleep(0.1))
        except AssertionError:
            self.picture(f"failed-{int(time.time())}")
            raise
        [number] = [number for number, shown in self.windows().items() if shown == title]
        # It is drawn, and takes the focus, a moment after its title.
        time.sleep(0.5)
        return SignerWindow(self.display, number)

    def windows(self) -> dict[str, str]:
        """The title of each window of the signer, by its number."""
        # Searching compares letters beyond ASCII wrongly; telling one window's title does not.
        found = _xdotool(self.display, "search", "--onlyvisible", "--name", TITLE).split()
        return {number: _xdotool(self.display, "getwindowname", number).strip() for number in found}

    def picture(self, name: str) -> None:
        """Keep what the screen shows."""
        screen.picture(self.display, self.screenshots / f"{name}.png")


def clipboard(display: str) -> str:
    """What was copied last on a screen; empty if nothing was."""
    # In a process of its own: Tk ends the process it is in when the screen goes.
    code = "import tkinter; root = tkinter.Tk(); root.withdraw(); print(end=root.clipboard_get())"
    command = [sys.executable, "-X", "utf8", "-c", code]
    environment = {**os.environ, "DISPLAY": display}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=screen.TIMEOUT, check=False)
    return done.stdout.decode()


def _xdotool(display: str, *words: str) -> str:
    """What xdotool tells; nothing if there is no such window, or no longer."""
    environment = {**os.environ, "DISPLAY": display}
    done = subprocess.run(
        ["xdotool", *words], env=environment, capture_output=True, text=True, timeout=screen.TIMEOUT, check=False
    )
    return done.stdout


@contextlib.contextmanager
def workstation(folder: Path, cards: Path, screenshots: Path) -> Iterator[Workstation]:
    """A workstation; its screen goes at the end."""
    home = folder / "home"
    home.mkdir()
    with screen.xvfb(folder / "xvfb.log") as display:
        yield Workstation(display, home, cards, screenshots)
