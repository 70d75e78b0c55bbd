"""The conversation in a terminal, for machines without a screen or without Tk."""

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from companynet.domain.session import Secret
from companynet_signer.flow import Flow, Stage
from companynet_signer.views import Views

_INDENT: Final = "    "


def converse(
    flow: Flow,
    views: Views,
    *,
    ask: Callable[[str], str] = input,
    ask_secret: Callable[[str], str] = getpass.getpass,
) -> bool:
    """Carry a conversation to its end. The flow's work is done at once.

    Args:
        flow: not yet started.
        views: puts it in words.
        ask: asks the person.
        ask_secret: asks without showing what is typed.

    Returns:
        Whether the session was made.
    """
    terminal = _Terminal(flow, views, ask, ask_secret)
    flow.start()
    try:
        while flow.stage is not Stage.CLOSED:
            terminal.step()
    except (EOFError, KeyboardInterrupt):
        flow.close()
    return flow.granted is not None


class _Terminal:
    def __init__(self, flow: Flow, views: Views, ask: Callable[[str], str], ask_secret: Callable[[str], str]) -> None:
        self._flow = flow
        self._views = views
        self._ask = ask
        self._ask_secret = ask_secret

    def step(self) -> None:
        """One question and its answer."""
        flow = self._flow
        if flow.stage is Stage.SERVER:
            self._show_all()
            self._decide("terminal_trust", flow.trust_server)
        elif flow.stage is Stage.JOB:
            self._show_all()
            self._decide("terminal_accept", flow.accept)
        elif flow.stage is Stage.KEYS:
            self._keys()
        elif flow.stage is Stage.FAILED and flow.failure is not None and flow.failure.again:
            self._show_all()
            self._decide("terminal_again", flow.again)
        else:
            self._show_all()
            flow.close()

    def _decide(self, question: str, yes: Callable[[], None]) -> None:
        answer = self._ask(self._views.say(question)).strip().lower()
        if answer and answer in self._views.say("terminal_yes").split():
            yes()
        else:
            self._flow.close()

    def _keys(self) -> None:
        flow, views = self._flow, self._views
        self._write(f"\n{views.heading}")
        for text in (views.failure, views.keys_note):
            if text:
                self._write(text)
        for number, line in enumerate(views.keys, 1):
            parts = (line.name, line.issuer, line.valid_to, line.place)
            self._write(f"{number:3}. " + " | ".join(part for part in parts if part))
            if line.why_not:
                self._write(f"{_INDENT} {views.say('blocked_because', why=line.why_not)}")
        answer = self._ask(views.say("terminal_choose")).strip()
        if answer.lower() == "q":
            flow.close()
        elif answer.lower() == "r":
            flow.look_for_keys()
        elif answer.isdecimal():
            flow.choose(int(answer) - 1)
            self._sign()
        elif answer:
            flow.add_file(Path(answer).expanduser())
            self._sign()

    def _sign(self) -> None:
        flow, views = self._flow, self._views
        if views.chosen_note:
            self._write(views.chosen_note)
        pin = views.pin
        if not flow.may_sign or pin is None:
            return
        if pin.warning:
            self._write(pin.warning)
        if pin.typed:
            flow.sign(Secret(self._ask_secret(views.say("terminal_pin", question=pin.label))))
        else:
            self._write(pin.label)
            flow.sign(None)

    def _show_all(self) -> None:
        views = self._views
        self._write(f"\n{views.heading}\n\n{views.text}")
        for row in views.rows:
            self._write(f"{row.label}:")
            for line in row.lines:
                self._write(f"{_INDENT}{line}")

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
