"""Runs ``companynet`` and kills itself at its n-th step: python killed_client.py N TRACE ARGUMENTS…

A step is each write, sync, renaming and removal of a journal or a session file, the beginning and the end of each call, and each line printed.
TRACE gets the names of the steps passed, one a line. With an N beyond the last step the program ends by itself.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from companynet.cli import files, main, order_sending, session_shown
from companynet.soap.transport import BankTransport


class Steps:
    """Counts, notes and kills."""

    def __init__(self, last: int, trace: Path) -> None:
        self._left = last
        self._trace = trace

    def __call__(self, name: str) -> None:
        self._left -= 1
        if self._left < 0:
            # Nothing is flushed, no handler runs.
            os.kill(os.getpid(), signal.SIGKILL)
        with self._trace.open("a", encoding="utf-8") as stream:
            stream.write(f"{name}\n")

    def before(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that is a step before it is run."""

        def stepped(*arguments: Any, **more: Any) -> Any:
            self(name)
            return function(*arguments, **more)

        return stepped


class System:
    """The operating system as the files see it."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        value = getattr(os, name)
        return self._steps.before(name, value) if name in {"open", "fdopen", "fsync", "link"} else value


def run() -> int:
    steps = Steps(int(sys.argv[1]), Path(sys.argv[2]))
    files.os = System(steps)  # type: ignore[assignment]
    Path.replace = steps.before("replace", Path.replace)  # type: ignore[method-assign]
    Path.unlink = steps.before("unlink", Path.unlink)  # type: ignore[method-assign]
    order_sending.say = steps.before("print", order_sending.say)
    session_shown.say = steps.before("print", session_shown.say)
    post = BankTransport.post

    def posted(*arguments: Any, **more: Any) -> Any:
        steps("call")
        answer = post(*arguments, **more)
        steps("answer")
        return answer

    BankTransport.post = posted  # type: ignore[method-assign]
    return main(sys.argv[3:])


if __name__ == "__main__":
    sys.exit(run())
