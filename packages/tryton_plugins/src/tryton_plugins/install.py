"""Install a plugin on a database: check everything first, then service mode, activation, and back."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tryton_plugins import database as databases
from tryton_plugins.archive import Archive, read_archive
from tryton_plugins.errors import ActivationFailed, PluginError, WrongSeries
from tryton_plugins.licence import read_licence
from tryton_plugins.requirements import check_requirements
from tryton_plugins.service import Marker, ServiceFiles, ServiceMode
from tryton_plugins.store import Store, Unpacked

#: Seconds for running jobs and requests to end. A job may be downloading a day of statements.
JOBS_SECONDS = 120.0
REQUESTS_SECONDS = 60.0
#: Polish is what the users of our plugins read.
LANGUAGES = ("pl",)


@dataclass(frozen=True)
class Step:
    """A finished step of an installation."""

    code: str
    """Stable: archive, licence, unpacked, requirements, database, service_on, activated, service_off, …"""
    text: str
    """What was done, in English."""
    seconds: float


Progress = Callable[[Step], None]


class _Steps:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = time.monotonic()

    def done(self, code: str, text: str) -> None:
        now = time.monotonic()
        self._progress(Step(code, text, round(now - self._last, 2)))
        self._last = now


class Installer:
    """Installs on the databases of one host."""

    def __init__(self, config: Path, progress: Progress) -> None:
        self._config = config
        self._store = Store.from_config(config)
        self._service = ServiceFiles(self._store.root)
        self._steps = _Steps(progress)

    def install(self, archive_path: Path, licence_path: Path | None, database: str, now: datetime) -> Unpacked:
        """Install the archive on *database*; without *licence_path* the store's licence is used.

        *now* is aware, local: its day decides about the licence. Raises: PluginError; then the database is
        as it was, and not in service mode.
        """
        databases.use_config(self._config)
        archive = read_archive(archive_path, self._store.trusted())
        manifest = archive.manifest
        self._check_series(archive)
        self._steps.done(
            "archive", f"archive {archive_path.name}: {manifest.name} {manifest.version}, signature right"
        )
        self._check_licence(archive, licence_path, database, now)
        unpacked = self._store.unpack(archive)
        self._steps.done("unpacked", f"unpacked to {unpacked.site.parent}")
        others = [plugin.site for plugin in self._store.current() if plugin.manifest.name != manifest.name]
        check_requirements(manifest.name, manifest.requires_python, others)
        self._steps.done("requirements", f"{len(manifest.requires_python)} libraries are on the server")
        recover(self._store, self._service, database, self._steps.done)
        state = databases.inspect(database)
        state.check(manifest.name, manifest.requires_modules)
        titles = ", ".join(manifest.requires_modules.values()) or "no other module"
        self._steps.done("database", f"database {database} is ready: {titles}")
        with self._service_mode(unpacked, database, now) as mode:
            self._activate(unpacked, database, mode)
        return unpacked

    def _check_series(self, archive: Archive) -> None:
        from trytond import __series__  # noqa: PLC0415 - reads the configuration when imported

        manifest = archive.manifest
        if manifest.series != __series__:
            raise WrongSeries(
                plugin=manifest.name, version=manifest.version, wanted=manifest.series, found=__series__
            )

    def _check_licence(self, archive: Archive, path: Path | None, database: str, now: datetime) -> None:
        plugin = archive.manifest.name
        licence = read_licence(path or self._store.licence_for(plugin), self._store.trusted())
        licence.check(plugin=plugin, database=database, used_by=self._used_by(plugin, database), today=now.date())
        self._steps.done("licence", f"licence of {licence.licensee}, valid until {licence.valid_until.isoformat()}")

    def _used_by(self, plugin: str, database: str) -> set[str]:
        """The other databases that have the plugin; those that were dropped do not count."""
        used = set()
        for name in self._service.generations():
            if name != database and databases.exists(name) and plugin in databases.inspect(name).plugins:
                used.add(name)
        return used

    @contextmanager
    def _service_mode(self, unpacked: Unpacked, database: str, now: datetime) -> Iterator[ServiceMode]:
        manifest = unpacked.manifest
        mode = ServiceMode(self._service, database)
        mode.enter(
            reason=f"{manifest.name} {manifest.version}",
            plugin=manifest.name,
            folder=unpacked.folder,
            module=manifest.module,
            now=now,
        )
        try:
            jobs = mode.wait_for_jobs(JOBS_SECONDS)
            mode.wait_for_requests(REQUESTS_SECONDS)
            self._steps.done(
                "service_on",
                f"service mode of {database} is on, jobs are stopped"
                if jobs
                else f"service mode of {database} is on; no supervisor runs, jobs started by other means are yours",
            )
            try:
                yield mode
            finally:
                # Also after a failure: who is interrupted does not know how far the activation came.
                take_into_use(self._store, self._service, database, manifest.name, unpacked.folder)
        finally:
            mode.lift()
            self._steps.done("service_off", f"service mode of {database} is off")

    def _activate(self, unpacked: Unpacked, database: str, mode: ServiceMode) -> None:
        manifest = unpacked.manifest
        command = [sys.executable, "-m", "tryton_plugins.host", "activate", "-c", str(self._config)]
        command += ["-d", database, "--plugin", manifest.name, "--folder", unpacked.folder]
        command += ["--module", manifest.module]
        # The child shares the lock: service mode lasts until both are gone.
        child = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[mode.lock_descriptor],
        )
        try:
            _, errors = child.communicate()
        except BaseException:
            child.send_signal(signal.SIGTERM)
            child.wait()
            raise
        if child.returncode:
            raise ActivationFailed(
                module=manifest.module, database=database, reason=_reason(errors, child.returncode)
            )
        self._steps.done("activated", f"module {manifest.module} is activated in {database}")


def _reason(errors: str, status: int) -> str:
    """The last line of a traceback, which names the exception."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    return lines[-1].rstrip(".") if lines else f"its process ended with {status}"


def take_into_use(store: Store, files: ServiceFiles, database: str, plugin: str, folder: str) -> bool:
    """Use the plugin's folder from now on, if the database says that it was brought to it."""
    try:
        finished = databases.inspect(database).plugins.get(plugin) == folder
    except PluginError:
        # The database itself is gone; there is nothing left to serve.
        return False
    if finished:
        store.set_current(plugin, folder)
        files.raise_generation(database)
    return finished


def recover(store: Store, files: ServiceFiles, database: str, done: Callable[[str, str], None]) -> Marker | None:
    """Lift a service mode whose installation is gone; returns its marker if there was one.

    The database itself says whether the activation had been committed: then the plugin is taken into use,
    otherwise nothing has changed.
    """
    marker = files.marker(database)
    if marker is None or not files.stale(marker):
        return None
    lock = files.lock(database)
    if not lock.try_exclusive():
        return None
    try:
        finished = take_into_use(store, files, database, marker.plugin, marker.folder)
        files.marker_path(database).unlink(missing_ok=True)
        done(
            "recovered",
            f"lifted service mode of {database}, left by process {marker.pid} since {marker.started};"
            f" {marker.plugin} is {'installed' if finished else 'not installed'} there",
        )
    finally:
        lock.release()
    return marker
