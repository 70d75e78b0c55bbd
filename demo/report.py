"""Prints each step of the demonstration with its figures and its time."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class StepFailed(Exception):
    """A step did not do what it should; the text says what was expected and what was there."""


class Report:
    """The steps so far."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.steps = 0

    def say(self, text: str) -> None:
        """A line below the step that is going on."""
        print(f"      {text}", flush=True)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One step: its title, what it says, its time. An error passes on, with the step named."""
        self.steps += 1
        print(f"{self.steps:4}. {title}", flush=True)
        started = time.monotonic()
        try:
            yield
        except BaseException:
            print(f"      FAILED after {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
            raise
        print(f"      done in {time.monotonic() - started:.1f} s", flush=True)

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._started


def expect(actual: object, wanted: object, what: str) -> None:
    """Compare what was read back with what should be there.

    Raises:
        StepFailed: they differ.
    """
    if actual != wanted:
        raise StepFailed(f"{what}: {wanted!r} was expected, {actual!r} is there")
