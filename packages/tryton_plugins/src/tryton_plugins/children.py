"""A child process of the supervisor: started, watched, started again, ended with all it started."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

#: A child that dies at once is started again after 1, 2, 4 … seconds, at most this many.
MAX_PAUSE = 30.0
#: One that lived this long begins with one second again.
STEADY_SECONDS = 60.0


class Child:
    """One command that should be running."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._command = list(command)
        self._environment = {**os.environ, **environment}
        self._stop_signal = stop_signal
        self._pass_fds = tuple(pass_fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = 1.0
        self._not_before = 0.0
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """The process's id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it in a process group of its own, so that all of it can be ended."""
        self._process = subprocess.Popen(  # noqa: S603 - our own commands
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            pass_fds=self._pass_fds,
            start_new_session=True,
        )
        self._started = time.monotonic()

    def keep_running(self) -> int | None:
        """Start it again if it died; returns the status it died with, None if it runs or must wait."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._not_before:
                self.start()
            return None
        status = self._process.poll()
        if status is None:
            return None
        _kill_group(self._process.pid, signal.SIGKILL)
        if now - self._started > STEADY_SECONDS:
            self._pause = 1.0
        self._not_before = now + self._pause
        self._pause = min(self._pause * 2, MAX_PAUSE)
        self._process = None
        return status

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def ask_to_end(self) -> None:
        """Ask it to end what it does. Ask once: a second SIGINT breaks the pool of a Tryton worker off in its
        own ending, and the pool then waits for ever."""
        self.signal(self._stop_signal)

    def end(self, seconds: float) -> None:
        """Give it the seconds to end by itself, then end it and all it started."""
        process = self._process
        if process is None:
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        _kill_group(process.pid, signal.SIGKILL)
        process.wait()
        self._process = None


def _kill_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # Nobody is left in the group.
        return
