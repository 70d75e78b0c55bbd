"""A screen of the tests' own: Xvfb, pictures of it, keys pressed on it."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

TIMEOUT = 60


@contextlib.contextmanager
def xvfb(log: Path) -> Iterator[str]:
    """A screen; gives its DISPLAY."""
    read, write = os.pipe()
    with log.open("wb") as stream:
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
        process = subprocess.Popen(command, pass_fds=(write,), stdout=stream, stderr=stream)
    os.close(write)
    try:
        with os.fdopen(read) as numbers:
            yield f":{numbers.readline().strip()}"
    finally:
        process.terminate()
        process.wait(timeout=TIMEOUT)


def picture(display: str, path: Path) -> None:
    """Write what the screen shows, as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["scrot", "--overwrite", str(path)], check=True, env={**os.environ, "DISPLAY": display})


def press(display: str, *words: str) -> None:
    """Have xdotool do something: ``key Return``, ``type --delay 5 text``."""
    environment = {**os.environ, "DISPLAY": display}
    subprocess.run(["xdotool", *words], check=True, env=environment, stdout=subprocess.DEVNULL, timeout=TIMEOUT)


def wait_for(fits: Callable[[], object], step: Callable[[], object] = lambda: time.sleep(0.02)) -> None:
    """Wait until something is so, taking steps."""
    limit = time.monotonic() + TIMEOUT
    while not fits():
        assert time.monotonic() < limit, "it did not come about in time"
        step()
