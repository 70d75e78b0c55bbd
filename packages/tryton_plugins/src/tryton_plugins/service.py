"""Service mode of a database, as files that every process of the host sees.

An installation holds the lock `run/<database>.lock` and writes the marker `service/<database>.json`. From
then on web processes answer 503 for that database and the supervisor stops its jobs and writes
`run/<database>.ack`. Who dies gives up the lock, so a marker without a holder is stale and anybody may
lift it. Each finished installation raises the database's generation: web processes that were started
before it hold old code and answer 503 until they are replaced.
"""

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tryton_plugins.errors import NotQuiet, ServiceModeBusy
from tryton_plugins.files import Lock, exclusive, file_name, read_json, write_json

_STEP = 0.05
_GLANCE = 0.5


@dataclass(frozen=True)
class Marker:
    """Why a database is in service mode."""

    id: str
    database: str
    reason: str
    plugin: str
    folder: str
    """The unpacked folder that is being installed."""
    module: str
    started: str
    """ISO time with zone."""
    pid: int

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Marker | None":
        """The marker in a file, None if it is none."""
        try:
            return cls(**value)
        except TypeError:
            return None


class ServiceFiles:
    """The files of service mode in one store."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def marker_path(self, database: str) -> Path:
        """Exists while the database is in service mode."""
        return self._root / "service" / f"{file_name(database)}.json"

    def _run(self, name: str) -> Path:
        return self._root / "run" / name

    def lock(self, database: str) -> Lock:
        """Held by whoever has put the database in service mode."""
        return Lock(self._run(f"{file_name(database)}.lock"))

    def requests_lock(self, database: str) -> Lock:
        """Shared by the requests of a database that are being answered."""
        return Lock(self._run(f"{file_name(database)}.requests"))

    def prepare(self, database: str) -> None:
        """Make the file requests share, so that only databases of this host have one."""
        path = self._run(f"{file_name(database)}.requests")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def marker(self, database: str) -> Marker | None:
        """The marker of *database*, None if it is not in service mode."""
        return Marker.from_json(read_json(self.marker_path(database)))

    def markers(self) -> list[Marker]:
        """All databases in service mode."""
        names = [unquote(path.stem) for path in sorted((self._root / "service").glob("*.json"))]
        return [marker for name in names if (marker := self.marker(name))]

    def stale(self, marker: Marker) -> bool:
        """Whether the installation that wrote *marker* is gone."""
        return not self.lock(marker.database).held_by_another()

    # Acknowledgement of the supervisor

    def acknowledge(self, marker: Marker) -> None:
        """The supervisor: no job of the database runs any more."""
        write_json(self._run(f"{file_name(marker.database)}.ack"), {"id": marker.id})

    def acknowledged(self, marker: Marker) -> bool:
        """Whether the supervisor has acknowledged exactly this marker."""
        return read_json(self._run(f"{file_name(marker.database)}.ack")).get("id") == marker.id

    @property
    def supervisor_lock(self) -> Lock:
        """Held by the running supervisor."""
        return Lock(self._run("supervisor.lock"))

    @property
    def supervisor_path(self) -> Path:
        """What the supervisor says of itself."""
        return self._run("supervisor.json")

    def served(self) -> list[str]:
        """The databases the running supervisor serves; none if none runs."""
        if not self.supervisor_lock.held_by_another():
            return []
        return [str(name) for name in read_json(self.supervisor_path).get("databases", [])]

    def supervised(self, database: str) -> bool:
        """Whether a supervisor runs and serves *database*."""
        return database in self.served()

    # Generations

    @property
    def generations_path(self) -> Path:
        """How often the code of each database changed."""
        return self._run("generations.json")

    def generations(self) -> dict[str, int]:
        """The generation of each database that ever had an installation."""
        return {name: int(number) for name, number in read_json(self.generations_path).items()}

    def raise_generation(self, database: str) -> None:
        """Processes started before now hold old code for *database*."""
        with exclusive(self._run("generations.lock")):
            generations = self.generations()
            write_json(self.generations_path, {**generations, database: generations.get(database, 0) + 1})

    def web_note(self, pid: int) -> Path:
        """Where a web process says which generations it has loaded."""
        return self._run(f"web-{pid}.json")


class ServiceMode:
    """One installation's service mode: enter, wait until all is quiet, lift."""

    def __init__(self, files: ServiceFiles, database: str) -> None:
        self._files = files
        self._database = database
        self._lock = files.lock(database)
        self._marker: Marker | None = None

    @property
    def lock_descriptor(self) -> int:
        """For the activating child: service mode lasts while either lives."""
        return self._lock.descriptor

    def enter(self, *, reason: str, plugin: str, folder: str, module: str, now: datetime) -> None:
        """Put the database in service mode. Raises: ServiceModeBusy."""
        if not self._lock.exclusive_within(_GLANCE):
            other = self._files.marker(self._database)
            raise ServiceModeBusy(
                database=self._database,
                started=other.started if other else "now",
                reason=other.reason if other else "another installation",
            )
        self._files.prepare(self._database)
        marker = Marker(
            id=uuid.uuid4().hex,
            database=self._database,
            reason=reason,
            plugin=plugin,
            folder=folder,
            module=module,
            started=now.isoformat(timespec="seconds"),
            pid=os.getpid(),
        )
        write_json(self._files.marker_path(self._database), marker.__dict__)
        self._marker = marker

    def wait_for_jobs(self, seconds: float) -> bool:
        """Wait until the supervisor has stopped the database's jobs; False if no supervisor serves it.

        Raises: NotQuiet.
        """
        marker = self._marker
        if marker is None or not self._files.supervised(self._database):
            return False
        self._wait(lambda: self._files.acknowledged(marker), seconds, "jobs")
        return True

    def wait_for_requests(self, seconds: float) -> None:
        """Wait until the requests that had begun before are answered. Raises: NotQuiet."""
        requests = self._files.requests_lock(self._database)
        self._wait(requests.try_exclusive, seconds, "requests")
        requests.release()

    def _wait(self, done: Callable[[], bool], seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise NotQuiet(what=what, database=self._database, seconds=int(seconds))
            time.sleep(_STEP)

    def lift(self) -> None:
        """Take the database out of service mode; no harm if it is not in it."""
        if self._marker is not None:
            self._files.marker_path(self._database).unlink(missing_ok=True)
            self._marker = None
        self._lock.release()
