"""The person's settings: one JSON file, theirs alone, written whole."""

import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from companynet_signer.errors import LinkRefused, SettingsError
from companynet_signer.language import LANGUAGES
from companynet_signer.origin import Origin

FOLDER: Final = "companynet-signer"
FILE_NAME: Final = "settings.json"
_VERSION: Final = 1


@dataclass(frozen=True)
class ModuleSetting:
    """A PKCS#11 module to look for keys in, beside the known ones."""

    path: str
    """Of the library. Loading it runs its code."""

    pin: bool | None = None
    """Whether its tokens take a PIN; None for what they tell themselves."""


@dataclass(frozen=True)
class Settings:
    """What the person has set."""

    language: str | None = None
    """``pl`` or ``en``; None for the system's."""

    modules: tuple[ModuleSetting, ...] = ()
    """Further PKCS#11 modules, or known ones with another way of asking for the PIN."""

    files: tuple[str, ...] = ()
    """PKCS#12 files with keys."""

    servers: tuple[str, ...] = ()
    """Origins of servers that may ask for signatures."""

    tls_roots: str | None = None
    """A PEM file with the TLS roots to trust; None for the usual ones."""

    def allows(self, server: Origin) -> bool:
        """Whether a server is on the list, exactly."""
        return str(server) in self.servers

    def with_server(self, server: Origin) -> "Settings":
        """The same with a server on the list."""
        return self if self.allows(server) else replace(self, servers=(*self.servers, str(server)))


def settings_folder(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Where settings lie on this system.  # S-271

    Args:
        environment: None for the process's own.
        platform: as ``sys.platform``.
    """
    variables = os.environ if environment is None else environment
    if platform == "win32" and variables.get("APPDATA"):
        return Path(variables["APPDATA"]) / FOLDER
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / FOLDER
    # A relative path there is not valid and is passed over.
    configured = Path(variables.get("XDG_CONFIG_HOME", ""))
    return (configured if configured.is_absolute() else Path.home() / ".config") / FOLDER


class SettingsStore:
    """Reads and writes the settings.

    Args:
        folder: of the file; None for the system's place.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path: Final = (folder or settings_folder()) / FILE_NAME

    def load(self) -> Settings:
        """The settings; the defaults if there is no file.

        Raises:
            SettingsError: the file cannot be read, is damaged, or others may write it: it names code that is run
                and servers that are trusted.
        """
        key, why = "", ""
        try:
            mode = self.path.stat().st_mode
            if os.name == "posix" and mode & (stat.S_IWGRP | stat.S_IWOTH):
                key = "settings_open"
            else:
                return _read(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return Settings()
        except OSError as error:
            key, why = "settings_unread", error.strerror or ""
        except (ValueError, TypeError, KeyError, LinkRefused, RecursionError):
            key = "settings_damaged"
        raise SettingsError(key, path=self.path, why=why)

    def change(self, change: Callable[[Settings], Settings]) -> Settings:
        """Change what is stored.

        Args:
            change: is given the settings of now.

        Returns:
            What is stored now.

        Raises:
            SettingsError: the file cannot be read or written.
        """
        changed = change(self.load())
        problem: str | None = None
        try:
            self._write(changed)
        except OSError as error:
            problem = error.strerror or type(error).__name__
        if problem is not None:
            raise SettingsError("settings_unwritten", path=self.path, why=problem)
        return changed

    def _write(self, settings: Settings) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = json.dumps({"v": _VERSION, **asdict(settings)}, ensure_ascii=False, indent=2) + "\n"
        # mkstemp makes it readable for its owner alone; it takes the place of the old one whole or not at all.
        descriptor, name = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=self.path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _read(values: object) -> Settings:
    """Settings from JSON.

    Raises:
        ValueError, TypeError, KeyError, LinkRefused: they are not right.
    """
    if not isinstance(values, dict) or values.pop("v", None) != _VERSION:
        raise ValueError("not these settings")
    servers = _texts(values.pop("servers"))
    modules = tuple(ModuleSetting(**module) for module in values.pop("modules"))
    files = _texts(values.pop("files"))
    settings = Settings(modules=modules, files=files, servers=servers, **values)
    if settings.language not in (None, *LANGUAGES) or not isinstance(settings.tls_roots, str | None):
        raise ValueError("a value is not right")
    if not all(isinstance(module.path, str) and isinstance(module.pin, bool | None) for module in modules):
        raise ValueError("a module is not right")
    for server in servers:
        if str(Origin.parse(server)) != server:
            raise ValueError("a server is not in its one form")
    return settings


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("not a list of texts")
    return tuple(values)
