"""Processes that end with their parent, so that nothing is left when the supervisor is killed."""

import ctypes
import os
import signal
import sys

#: S-308: prctl(2): PR_SET_PDEATHSIG.
_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the kernel end this process, and each process it forks, when its parent is gone (Linux)."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

    ask()
    os.register_at_fork(after_in_child=ask)
