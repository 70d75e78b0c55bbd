"""For tests: a sandbox bank in a process of its own, and a bare caller of its web service."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from companynet_sandbox.books.file import FILE_NAME, create_books
from companynet_sandbox.command.commands import fill_with_demo

_TIMEOUT = 60


class ControlRefused(Exception):
    """The control plane declined; the text is its own."""


class RunningBank:
    """A bank that runs in a process of its own, on books that stay when it stops.

    Args:
        directory: of the books; made and filled with the demonstration's customers if there are none.
    """

    soap_url: str
    """Of the web service."""

    control_url: str
    """Of the control plane, with a slash at its end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises:
            RuntimeError: it did not start; the text holds its log.
        """
        if not (self.directory / FILE_NAME).exists():
            create_books(self.directory)
            fill_with_demo(self.directory)
        command = [sys.executable, "-m", "companynet_sandbox.cli"]
        log = self.directory / "bank.log"
        with log.open("a") as stream:
            self._process = subprocess.Popen(  # noqa: S603
                [*command, "serve", "--dir", str(self.directory)], stdout=subprocess.PIPE, stderr=stream, text=True
            )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self.stop()
            raise RuntimeError(f"the sandbox bank did not start:\n{log.read_text()[-3000:]}")
        urls = json.loads(line)
        self.soap_url, self.control_url = urls["soap"], urls["control"]

    def stop(self) -> None:
        """End it in an orderly way."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash does."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it stand still: calls are taken in by the system and answered by nobody."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            # The signal is only on its way until the system says that all threads stand.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._signal(number)
        self._process.wait(timeout=_TIMEOUT)
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def get(self, path: str) -> Any:
        """Ask the control plane.

        Raises:
            ControlRefused: it declined.
        """
        return self._control(path, None)

    def post(self, path: str, body: Any = None) -> Any:
        """Tell the control plane to do something.

        Raises:
            ControlRefused: it declined.
        """
        return self._control(path, {} if body is None else body)

    def _control(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the bank on this machine
            self.control_url.rstrip("/") + "/" + path.lstrip("/"),
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = json.loads(error.read()).get("error", str(error))
        raise ControlRefused(text)


@contextmanager
def running_bank(directory: Path | None = None) -> Iterator[RunningBank]:
    """A running bank, stopped at the end.

    Args:
        directory: of its books, which stay; None for a temporary one.
    """
    with tempfile.TemporaryDirectory(prefix="companynet-sandbox-") as temporary:
        place = directory or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        bank = RunningBank(place)
        bank.start()
        try:
            yield bank
        finally:
            bank.stop()
