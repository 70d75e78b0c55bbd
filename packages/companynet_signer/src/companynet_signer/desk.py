"""What every command has at hand."""

import getpass
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from companynet.clock import Clock
from companynet.domain.session import Secret
from companynet_signer.errors import SignerError
from companynet_signer.language import say, sentence
from companynet_signer.settings import Settings, SettingsStore


@dataclass(frozen=True)
class Desk:
    """What every command has at hand."""

    store: SettingsStore
    """Of the settings."""

    settings: Settings
    """As they are."""

    language: str
    """Of all that is said."""

    clock: Clock
    """Tells the time."""

    def say(self, key: str, **values: object) -> str:
        """A sentence of the table."""
        return say(sentence(key, **values), self.language)

    def complain(self, text: str) -> None:
        """Write a line to standard error."""
        sys.stderr.write(f"companynet-signer: {text}\n")

    def pin(self, name: str, pin_file: Path | None) -> Secret:
        """A PIN, from its file or from the person.

        Args:
            name: of what it is for.
            pin_file: owner-only; None to ask the person.

        Raises:
            SignerError: the person gave none, or the file cannot be used.
        """
        return self._asked(name) if pin_file is None else _read(pin_file)

    def _asked(self, name: str) -> Secret:
        try:
            return Secret(getpass.getpass(self.say("pin_of", name=name)))
        except (EOFError, KeyboardInterrupt):
            raise SignerError("no_pin") from None


def _read(pin_file: Path) -> Secret:
    key, why = "", ""
    try:
        mode = pin_file.stat().st_mode
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            key = "pin_file_open"
        else:
            text = pin_file.read_text(encoding="utf-8")
            return Secret(text.removesuffix("\n").removesuffix("\r"))
    except (OSError, UnicodeError) as error:
        key, why = "pin_file_unread", type(error).__name__
    raise SignerError(key, path=pin_file, why=why)
