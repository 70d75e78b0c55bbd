"""Alarms of calls: one thread for all of them, which most calls never wake.

A thread for each call would cost more of the processor than all the rest the library does for one.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from math import inf
from typing import Final

logger = logging.getLogger(__name__)


class Alarm:
    """Something to be done at a time, unless it is taken back before.

    Args:
        at: seconds of the monotonic clock.
        ring: what is to be done; short, for other alarms wait meanwhile.
    """

    def __init__(self, at: float, ring: Callable[[], None]) -> None:
        self.at = at
        self.ring = ring


class Alarms:
    """Alarms that are set. For any threads; a process that was forked begins with none.

    The thread sleeps until the earliest alarm it knows of. Alarms that are set meanwhile are mostly for later and
    wake nobody; when it wakes and none is left it ends.
    """

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._waiting: set[Alarm] = set()
        self._wakes_at = inf
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        """Do something in so many seconds."""
        alarm = Alarm(time.monotonic() + seconds, ring)
        with self._changed:
            self._waiting.add(alarm)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="companynet alarms", daemon=True)
                self._thread.start()
            elif alarm.at < self._wakes_at:
                self._changed.notify()
        return alarm

    def take_back(self, alarm: Alarm) -> None:
        """Do it no more. It may be under way."""
        with self._changed:
            self._waiting.discard(alarm)

    def _run(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                due = [alarm for alarm in self._waiting if alarm.at <= now]
                if not due:
                    if not self._waiting:
                        self._thread = None
                        return
                    self._wakes_at = min(alarm.at for alarm in self._waiting)
                    self._changed.wait(self._wakes_at - now)
                    self._wakes_at = inf
                    continue
                self._waiting.difference_update(due)
            for alarm in due:
                try:
                    alarm.ring()
                except Exception:
                    # The thread is the others' too.
                    logger.exception("an alarm could not be rung")


#: Of this process.
ALARMS: Final = Alarms()
