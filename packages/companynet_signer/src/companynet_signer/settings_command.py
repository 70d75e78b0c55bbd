"""What the command ``settings`` does."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from companynet_signer.desk import Desk
from companynet_signer.errors import SettingsError
from companynet_signer.keys import KeyRack
from companynet_signer.language import say
from companynet_signer.origin import Origin
from companynet_signer.settings import ModuleSetting, Settings

_PIN: Final = {"ask": True, "none": False, "token": None}
_PIN_SHOWN: Final = {None: "", True: " (PIN: ask)", False: " (PIN: none)"}


def change_settings(desk: Desk, arguments: argparse.Namespace) -> int:
    """``settings``: change what is asked for, and show what is set then."""
    changed = _changed(desk.settings, arguments)
    if changed != desk.settings:
        changed = desk.store.change(lambda settings: _changed(settings, arguments))
    for key, values in (
        ("settings_file", [str(desk.store.path)]),
        ("settings_language", [changed.language or desk.say("of_system")]),
        ("settings_modules", [module.path + _PIN_SHOWN[module.pin] for module in changed.modules]),
        ("settings_known", [module.path for module in KeyRack.of(Settings(), desk.clock).modules]),
        ("settings_files", list(changed.files)),
        ("settings_servers", [say(Origin.parse(server).shown, desk.language) for server in changed.servers]),
        ("settings_roots", [changed.tls_roots or desk.say("usual_roots")]),
    ):
        sys.stdout.write(f"{desk.say(key)}: {', '.join(values) or desk.say('none')}\n")
    return 0


def _changed(settings: Settings, arguments: argparse.Namespace) -> Settings:
    """The settings after what the command line says.

    Raises:
        SettingsError: a file is not there, or what shall go is not set.
        LinkRefused: a server is none.
    """
    if arguments.language:
        settings = replace(settings, language=None if arguments.language == "system" else arguments.language)
    if arguments.add_module:
        added = ModuleSetting(_file(arguments.add_module), _PIN[arguments.pin])
        others = tuple(module for module in settings.modules if module.path != added.path)
        settings = replace(settings, modules=(*others, added))
    if arguments.remove_module:
        modules = {module.path: module for module in settings.modules}
        gone = _one_of(arguments.remove_module, tuple(modules))
        settings = replace(settings, modules=tuple(module for path, module in modules.items() if path != gone))
    if arguments.add_file:
        file = _file(arguments.add_file)
        settings = replace(settings, files=(*(known for known in settings.files if known != file), file))
    if arguments.remove_file:
        gone = _one_of(arguments.remove_file, settings.files)
        settings = replace(settings, files=tuple(file for file in settings.files if file != gone))
    if arguments.allow:
        settings = settings.with_server(Origin.parse(arguments.allow))
    if arguments.forbid:
        gone = str(Origin.parse(arguments.forbid))
        if gone not in settings.servers:
            raise SettingsError("settings_not_there", what=gone)
        settings = replace(settings, servers=tuple(server for server in settings.servers if server != gone))
    if arguments.tls_roots:
        roots = None if arguments.tls_roots == "usual" else _file(arguments.tls_roots)
        settings = replace(settings, tls_roots=roots)
    return settings


def _file(name: str) -> str:
    """The whole path of a file that is there."""
    path = Path(name).expanduser().absolute()
    if not path.is_file():
        raise SettingsError("settings_no_file", path=path)
    return str(path)


def _one_of(name: str, known: tuple[str, ...]) -> str:
    """Which of the paths known is meant, as it is set or as the shell completes it."""
    for path in (name, str(Path(name).expanduser().absolute())):
        if path in known:
            return path
    raise SettingsError("settings_not_there", what=name)
