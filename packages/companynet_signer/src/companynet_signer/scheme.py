"""Links ``mbanksign://…`` open the signer: registered per user, and taken back.

Linux by a .desktop file and xdg-mime, tried. Windows by the registry, **not tried on Windows**. On macOS a link can
only open an application bundle; README.md says how to make one.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from companynet_signer.errors import SchemeError
from companynet_signer.link import SCHEME

_DESKTOP: Final = "companynet-signer.desktop"
_MIME: Final = f"x-scheme-handler/{SCHEME}"
_REGISTRY: Final = rf"Software\Classes\{SCHEME}"
_TIMEOUT: Final = 30
#: What needs no quotes in Exec, and what must be escaped inside them.  # S-273
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./%+:@,-]+")
_QUOTED: Final = re.compile(r'(["`$\\])')


def own_command(*, terminal: bool) -> list[str]:
    """What starts this program with a link behind it.

    Args:
        terminal: hold the conversation in a terminal.
    """
    # The one-folder build is its own program; else the interpreter that runs now has this package.
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", __package__]
    return [*program, "open", *(["--terminal"] if terminal else [])]


def register(command: Sequence[str], *, terminal: bool) -> str:
    """Have links of the scheme start a command, for this user.

    Args:
        command: program and arguments; the link is put behind them.
        terminal: the command needs a terminal.

    Returns:
        Where that is noted.

    Raises:
        SchemeError: it could not be done.
    """
    if sys.platform == "win32":
        return _register_windows(command)
    if sys.platform == "darwin":
        raise SchemeError("scheme_system")
    return _register_linux(command, terminal=terminal)


def unregister() -> None:
    """Take back what :func:`register` did; nothing if there is nothing to take back.

    Raises:
        SchemeError: it could not be done.
    """
    if sys.platform == "win32":
        _unregister_windows()
    elif sys.platform == "darwin":
        raise SchemeError("scheme_system")
    else:
        _unregister_linux()


def desktop_file(command: Sequence[str], *, terminal: bool) -> str:
    """The .desktop file that has links open a command.

    Args:
        command: program and arguments; the link is put behind them.
        terminal: the command needs a terminal.
    """
    arguments = " ".join(_exec_argument(part) for part in command)
    # The value of a key has its own escapes, on top of those of Exec.  # S-273
    arguments = arguments.replace("\\", "\\\\")
    return (
        "[Desktop Entry]\n"
        "Type=Application\n"
        "Name=CompanyNet Signer\n"
        "Name[pl]=Podpis dla mBanku\n"
        f"Exec={arguments} %u\n"
        f"Terminal={'true' if terminal else 'false'}\n"
        "NoDisplay=true\n"
        f"MimeType={_MIME};\n"
    )


def _exec_argument(text: str) -> str:
    """An argument of Exec, quoted only if it must be: xdg-open's own way, where no desktop helps, takes no quotes."""
    text = text.replace("%", "%%")
    return text if _PLAIN.fullmatch(text) else '"' + _QUOTED.sub(r"\\\1", text) + '"'


def _folder(variable: str, usual: str) -> Path:
    configured = Path(os.environ.get(variable, ""))
    return configured if configured.is_absolute() else Path.home() / usual


def _register_linux(command: Sequence[str], *, terminal: bool) -> str:
    if shutil.which("xdg-mime") is None:
        raise SchemeError("scheme_tool")
    applications = _folder("XDG_DATA_HOME", ".local/share") / "applications"
    path = applications / _DESKTOP
    problem: str | None = None
    try:
        applications.mkdir(parents=True, exist_ok=True)
        # xdg-mime writes there and does not make the folder.
        _folder("XDG_CONFIG_HOME", ".config").mkdir(parents=True, exist_ok=True)
        path.write_text(desktop_file(command, terminal=terminal), encoding="utf-8")
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem is None:
        problem = _run("xdg-mime", "default", _DESKTOP, _MIME)
    if problem is not None:
        raise SchemeError("scheme_failed", why=problem)
    _refresh(applications)
    return str(path)


def _unregister_linux() -> None:
    applications = _folder("XDG_DATA_HOME", ".local/share") / "applications"
    lists = _folder("XDG_CONFIG_HOME", ".config") / "mimeapps.list"
    problem: str | None = None
    try:
        (applications / _DESKTOP).unlink(missing_ok=True)
        if lists.exists():
            text = lists.read_text(encoding="utf-8")
            kept = re.sub(rf"^{re.escape(_MIME)}={re.escape(_DESKTOP)};?\n", "", text, flags=re.MULTILINE)
            if kept != text:
                lists.write_text(kept, encoding="utf-8")
    except (OSError, UnicodeError) as error:
        problem = type(error).__name__
    if problem is not None:
        raise SchemeError("scheme_failed", why=problem)
    _refresh(applications)


def _refresh(applications: Path) -> None:
    """Some desktops look in a cache; those without the tool look in the files."""
    if applications.is_dir() and shutil.which("update-desktop-database"):
        _run("update-desktop-database", str(applications))


def _run(program: str, *arguments: str) -> str | None:
    """Run a tool of the desktop; what went wrong, or None."""
    path = shutil.which(program)
    if path is None:
        return f"{program}: not found"
    try:
        done = subprocess.run(  # noqa: S603 -- tools of the desktop with arguments of our own
            [path, *arguments], capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{program}: {type(error).__name__}"
    return None if done.returncode == 0 else f"{program}: {done.returncode}"


def _register_windows(command: Sequence[str]) -> str:
    """Not tried on Windows."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 -- only there

        line = subprocess.list2cmdline(command) + ' "%1"'
        problem: str | None = None
        try:
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _REGISTRY) as key:
                winreg.SetValueEx(key, None, 0, winreg.REG_SZ, "URL:CompanyNet Signer")
                winreg.SetValueEx(key, "URL Protocol", 0, winreg.REG_SZ, "")
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, rf"{_REGISTRY}\shell\open\command") as key:
                winreg.SetValueEx(key, None, 0, winreg.REG_SZ, line)
        except OSError as error:
            problem = error.strerror or type(error).__name__
        if problem is not None:
            raise SchemeError("scheme_failed", why=problem)
    return rf"HKEY_CURRENT_USER\{_REGISTRY}"


def _unregister_windows() -> None:
    """Not tried on Windows."""
    if sys.platform == "win32":
        import contextlib  # noqa: PLC0415 -- only there
        import winreg  # noqa: PLC0415 -- only there

        # A key is removed when nothing is below it.
        for below in (r"\shell\open\command", r"\shell\open", r"\shell", ""):
            with contextlib.suppress(FileNotFoundError):
                winreg.DeleteKey(winreg.HKEY_CURRENT_USER, _REGISTRY + below)
