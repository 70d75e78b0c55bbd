"""Tryton's own commands with the installed plugins: `python -m tryton_plugins.host worker|cron|admin …`.

`web` is gunicorn with gunicorn's options.
`activate` is the part of an installation that runs in a process of its own.
"""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from tryton_plugins.host.death import end_with_parent
from tryton_plugins.host.path import use_plugins
from tryton_plugins.store import Store

_WEB = "gunicorn.app.wsgiapp"
_COMMANDS = {"worker": "trytond.cli.worker", "cron": "trytond.cli.cron", "admin": "trytond.cli.admin"}


def _config(arguments: list[str]) -> Path:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-c", "--config", default=os.environ.get("TRYTOND_CONFIG"))
    found, _ = parser.parse_known_args(arguments)
    if not found.config:
        parser.error("give the configuration with -c FILE")
    return Path(found.config)


def main(arguments: list[str]) -> int:
    """Run one command; everything after its name is trytond's own."""
    if not arguments or arguments[0] not in {*_COMMANDS, "web", "activate"}:
        sys.stderr.write(f"usage: python -m tryton_plugins.host {'|'.join(_COMMANDS)}|web [options]\n")
        return 2
    command, rest = arguments[0], arguments[1:]
    if command == "activate":
        return _activate(rest)
    if command == "web":
        # Gunicorn reads its options itself; its processes put the plugins in front one by one.
        end_with_parent()
        sys.argv = ["gunicorn", *rest]
        import_module(_WEB).run()
        return 0
    store = Store.from_config(_config(rest))
    if command != "admin":
        end_with_parent()
    use_plugins(store)
    sys.argv = [f"trytond-{command}", *rest]
    import_module(_COMMANDS[command]).main()
    return 0


def _activate(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tryton_plugins.host activate")
    parser.add_argument("-c", "--config", type=Path, required=True)
    for option in ("--database", "--plugin", "--folder", "--module"):
        parser.add_argument(*(["-d"] if option == "--database" else []), option, required=True)
    options = parser.parse_args(arguments)
    from tryton_plugins.database import use_config  # noqa: PLC0415
    from tryton_plugins.host.activation import activate  # noqa: PLC0415
    from tryton_plugins.install import LANGUAGES  # noqa: PLC0415

    use_config(options.config)
    use_plugins(Store.from_config(options.config), {options.plugin: options.folder})
    activate(
        options.database,
        module=options.module,
        plugin=options.plugin,
        folder=options.folder,
        languages=LANGUAGES,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
