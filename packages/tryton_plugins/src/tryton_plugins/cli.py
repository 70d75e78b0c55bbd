"""`tryton-plugins`: build, license, verify, install, status, run. Exit 0 done, 1 refused, 2 wrong use."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

from tryton_plugins import database as databases
from tryton_plugins.archive import Archive, read_archive
from tryton_plugins.build import build_archive
from tryton_plugins.errors import PluginError
from tryton_plugins.install import Installer, Step, recover
from tryton_plugins.keys import TrustedKeys, VendorKey
from tryton_plugins.licence import Licence, issue, read_licence
from tryton_plugins.requested import DONE, FAILED, RUNNING, Requests, RequestState
from tryton_plugins.service import ServiceFiles
from tryton_plugins.store import Store
from tryton_plugins.supervisor import Supervisor


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except PluginError as error:
        sys.stderr.write(f"tryton-plugins: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("tryton-plugins: interrupted\n")
        return 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tryton-plugins", description="Plugin archives for Tryton 8.0.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _vendor_commands(commands)
    _server_commands(commands)
    return parser


def _vendor_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    keygen = commands.add_parser("keygen", help="vendor: make a key pair")
    keygen.add_argument("--key", type=Path, required=True, help="file of the private key, owner-only")
    keygen.add_argument("--public", type=Path, required=True, help="file of the public key, for servers")
    keygen.set_defaults(run=_keygen)

    build = commands.add_parser("build", help="vendor: build and sign an archive")
    build.add_argument("--name", required=True, help="the plugin's name, e.g. MBankPluginV2")
    build.add_argument("--module", type=Path, required=True, help="folder of the Tryton module")
    build.add_argument("--package", type=Path, action="append", default=[], help="folder of our own package")
    build.add_argument(
        "--requires-module",
        action="append",
        default=[],
        metavar="MODULE[=TITLE]",
        help="module that must be activated before, with the name users know",
    )
    build.add_argument("--key", type=Path, required=True, help="the vendor's private key")
    build.add_argument("--output", type=Path, help="default NAME.zip")
    build.set_defaults(run=_build)

    license_ = commands.add_parser("license", help="vendor: issue a licence")
    license_.add_argument("--key", type=Path, required=True)
    license_.add_argument("--licensee", required=True)
    license_.add_argument("--nip", default="")
    license_.add_argument("--plugin", required=True)
    license_.add_argument("--valid-from", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    license_.add_argument("--valid-until", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD")
    databases_ = license_.add_mutually_exclusive_group(required=True)
    databases_.add_argument("--max-databases", type=int)
    databases_.add_argument("--database", action="append", default=[])
    license_.add_argument("--output", type=Path, required=True)
    license_.set_defaults(run=_license)


def _server_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verify = commands.add_parser("verify", help="check an archive, and a licence for it")
    verify.add_argument("archive", type=Path)
    verify.add_argument("--license", type=Path)
    keys = verify.add_mutually_exclusive_group(required=True)
    keys.add_argument("--trusted-keys", type=Path, help="file of public keys")
    keys.add_argument("-c", "--config", type=Path, help="trytond.conf with [plugins] trusted_keys")
    verify.set_defaults(run=_verify)

    install = commands.add_parser("install", help="install an archive on a database, under service mode")
    install.add_argument("archive", type=Path)
    install.add_argument("--license", type=Path, help="default: the store's licence for the plugin")
    install.add_argument("-d", "--database", required=True)
    install.add_argument("-c", "--config", type=Path, required=True)
    install.set_defaults(run=_install)

    status = commands.add_parser("status", help="archives, licences, databases, service mode")
    status.add_argument("-c", "--config", type=Path, required=True)
    status.add_argument("-d", "--database", nargs="*", default=[])
    status.set_defaults(run=_status)

    run = commands.add_parser("run", help="keep web server, workers and cron running")
    run.add_argument("-c", "--config", type=Path, required=True)
    run.add_argument("-d", "--database", nargs="+", required=True)
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", type=int, default=8000, help="0 chooses one")
    run.set_defaults(run=_run)

    carry_out = commands.add_parser("carry-out", help="the supervisor's: an installation asked for in the ERP")
    carry_out.add_argument("request")
    carry_out.add_argument("-c", "--config", type=Path, required=True)
    carry_out.set_defaults(run=_carry_out)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _now() -> datetime:
    return datetime.now().astimezone()


def _keygen(options: argparse.Namespace) -> int:
    key = VendorKey.create()
    key.save(options.key, options.public)
    _say(f"key {key.name}: private in {options.key}, public in {options.public}")
    return 0


def _build(options: argparse.Namespace) -> int:
    output = options.output or Path(f"{options.name}.zip")
    titles = dict(entry.partition("=")[::2] for entry in options.requires_module)
    manifest = build_archive(
        output,
        name=options.name,
        module=options.module,
        packages=options.package,
        requires_modules={name: title or name for name, title in titles.items()},
        key=VendorKey.load(options.key),
    )
    _say(f"{output}: {manifest.name} {manifest.version} for Tryton {manifest.series}, {len(manifest.files)} wheels")
    return 0


def _license(options: argparse.Namespace) -> int:
    try:
        data = issue(
            VendorKey.load(options.key),
            licensee=options.licensee,
            nip=options.nip,
            plugin=options.plugin,
            valid_from=options.valid_from,
            valid_until=options.valid_until,
            max_databases=options.max_databases,
            databases=options.database,
        )
    except ValueError as error:
        sys.stderr.write(f"tryton-plugins license: {error}\n")
        return 2
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(data)
    _say(f"{options.output}: {options.plugin} for {options.licensee} until {options.valid_until}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    if options.config:
        trusted = Store.from_config(options.config).trusted()
    else:
        trusted = TrustedKeys.load(options.trusted_keys)
    archive = read_archive(options.archive, trusted)
    manifest = archive.manifest
    _say(f"{manifest.name} {manifest.version} for Tryton {manifest.series}, signed with {archive.signed_by}: right")
    if options.license:
        licence = read_licence(options.license, trusted)
        licence.check_dates(plugin=manifest.name, today=_now().date())
        _say(_licence_line(licence))
    return 0


def _licence_line(licence: Licence) -> str:
    scope = ", ".join(licence.databases) or f"{licence.max_databases} databases"
    return (
        f"licence {licence.number} of {licence.licensee} for {licence.plugin},"
        f" {licence.valid_from} to {licence.valid_until}, {scope}"
    )


def _end(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _step_line(step: Step) -> None:
    _say(f"{step.seconds:7.2f} s  {step.text}")


def _install(options: argparse.Namespace) -> int:
    # So that service mode is lifted whoever ends the installation.
    signal.signal(signal.SIGTERM, _end)
    unpacked = Installer(options.config, _step_line).install(
        options.archive, options.license, options.database, _now()
    )
    _say(f"{unpacked.manifest.name} {unpacked.manifest.version} is installed on {options.database}")
    return 0


def _carry_out(options: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, _end)
    store = Store.from_config(options.config)
    requests = Requests(store.root)
    request = requests.get(options.request)
    steps: list[dict[str, Any]] = []

    def note(step: Step) -> None:
        steps.append(asdict(step))
        requests.set_state(request.id, RequestState(RUNNING, steps))

    requests.set_state(request.id, RequestState(RUNNING, steps))
    try:
        Installer(options.config, note).install(
            store.root / "archives" / request.archive, None, request.database, _now()
        )
    except PluginError as error:
        refusal = {"code": error.code, "parameters": error.parameters, "text": str(error)}
        requests.set_state(request.id, RequestState(FAILED, steps, refusal))
        raise
    except BaseException as error:
        unexpected = {"code": "unexpected", "parameters": {"reason": type(error).__name__}, "text": repr(error)}
        requests.set_state(request.id, RequestState(FAILED, steps, unexpected))
        raise
    requests.set_state(request.id, RequestState(DONE, steps))
    return 0


def _status(options: argparse.Namespace) -> int:
    store = Store.from_config(options.config)
    service = ServiceFiles(store.root)
    databases.use_config(options.config)
    for name, archive in store.archives().items():
        if isinstance(archive, Archive):
            _say(f"archive {name}: {archive.manifest.name} {archive.manifest.version}")
        else:
            _say(f"archive {name}: refused. {archive}")
    for name, licence in store.licences().items():
        if isinstance(licence, Licence):
            try:
                licence.check_dates(plugin=licence.plugin, today=_now().date())
                _say(_licence_line(licence))
            except PluginError as error:
                _say(f"licence {name}: {error}")
        else:
            _say(f"licence {name}: refused. {licence}")
    for plugin in store.current():
        _say(f"in use: {plugin.manifest.name} {plugin.folder}")
    for marker in service.markers():
        if recover(store, service, marker.database, lambda _code, text: _say(text)) is None:
            _say(f"{marker.database}: service mode since {marker.started}, {marker.reason}")
    for name in options.database:
        plugins = databases.inspect(name).plugins
        has = ", ".join(f"{plugin} {folder}" for plugin, folder in sorted(plugins.items()))
        _say(f"database {name}: {has or 'no plugin'}")
    return 0


def _run(options: argparse.Namespace) -> int:
    return Supervisor(options.config, options.database, options.host, options.port).run()
