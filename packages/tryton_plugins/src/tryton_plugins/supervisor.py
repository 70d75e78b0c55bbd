"""`tryton-plugins run`: keeps web server, workers and cron of some databases running.

It watches the store: a database that enters service mode loses its jobs until it is over; after an
installation the web processes are replaced, one by one, without closing the port; installations asked
for in the ERP are carried out by a process of their own. Everything it started ends with it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tryton_plugins import database as databases
from tryton_plugins.children import Child
from tryton_plugins.errors import ConfigurationError
from tryton_plugins.files import quote_names, read_json, write_json
from tryton_plugins.install import recover
from tryton_plugins.requested import DONE, FAILED, Requests, RequestState
from tryton_plugins.service import ServiceFiles
from tryton_plugins.store import Store

WEB_PROCESSES = 2
#: Of each process. Every client that is logged in keeps one: it waits in it for what Tryton's bus has to say.
WEB_THREADS = 100
#: Seconds between two looks at the store.
_LOOK = 0.2
_JOBS_STOP_SECONDS = 110.0
_END_SECONDS = 15.0


class Supervisor:
    """One host: a configuration, its databases, one port."""

    def __init__(self, config: Path, names: Sequence[str], host: str, port: int) -> None:
        self._config = config.resolve()
        self._names = list(names)
        self._address = (host, port)
        self._store = Store.from_config(config)
        self._service = ServiceFiles(self._store.root)
        self._requests = Requests(self._store.root)
        self._lock = self._service.supervisor_lock
        self._jobs: dict[str, Child] = {}
        self._job_databases: list[str] = []
        self._served = self._service.generations()
        self._installation: subprocess.Popen[bytes] | None = None
        self._request_id = ""
        self._ending = False

    def run(self) -> int:
        """Run until SIGTERM or SIGINT; returns the exit status. Raises: ConfigurationError."""
        if not self._lock.exclusive_within(0.5):
            running = read_json(self._service.supervisor_path).get("pid", "?")
            raise ConfigurationError(
                reason=f"A supervisor of the store {self._store.root} runs already (process {running})."
            )
        # Workers run here, so the web processes leave tasks to them, unless the file says otherwise. Trytond
        # reads the environment when it is imported, which the next line does.
        os.environ["TRYTOND_QUEUE__WORKER"] = "true"
        databases.use_config(self._config)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        for name in self._names:
            self._service.prepare(name)
        for note in (self._store.root / "run").glob("web-*.json"):
            note.unlink(missing_ok=True)
        with self._socket() as listener:
            self._web = self._web_child(listener)
            try:
                self._begin(listener)
                while not self._ending:
                    self._look()
                    time.sleep(_LOOK)
            finally:
                self._stop_all()
        return 0

    def _end(self, _number: int, _frame: object) -> None:
        self._ending = True

    def _socket(self) -> socket.socket:
        # Opened here and handed down: a port of 0 is known at once, and the port stays open when the web
        # server is started again.
        listener = socket.socket(socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(self._address)
        except OSError as error:
            listener.close()
            raise ConfigurationError(
                reason=f"The address {self._address[0]}:{self._address[1]} is not free ({error.strerror})."
            ) from error
        listener.listen(512)
        listener.set_inheritable(True)
        return listener

    # Starting

    def _environment(self) -> dict[str, str]:
        return {
            "TRYTOND_CONFIG": str(self._config),
            "TRYTOND_DATABASE_NAMES": quote_names(self._names),
        }

    def _web_child(self, listener: socket.socket) -> Child:
        command = [sys.executable, "-m", "tryton_plugins.host", "web", "--bind", f"fd://{listener.fileno()}"]
        command += ["--worker-class", "gthread", "--workers", str(WEB_PROCESSES), "--threads", str(WEB_THREADS)]
        command += ["--timeout", "300", "--graceful-timeout", "10", "--no-control-socket"]
        command += ["--log-level", "warning", "tryton_plugins.host.application:app"]
        return Child("web", command, self._environment(), pass_fds=[listener.fileno()])

    def _begin(self, listener: socket.socket) -> None:
        for request_id in self._requests.running():
            self._interrupted(request_id)
        self._recover()
        self._web.start()
        self._look_at_jobs()
        self._write_state(listener)
        while not self._ending and self._loaded() < WEB_PROCESSES:
            self._watch_children()
            time.sleep(_LOOK)
        if self._ending:
            return
        host, port = listener.getsockname()[:2]
        ready = {"url": f"http://{host}:{port}/", "databases": self._names, "pid": os.getpid()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()

    def _write_state(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        write_json(
            self._service.supervisor_path,
            {"pid": os.getpid(), "databases": self._names, "url": f"http://{host}:{port}/"},
        )

    def _loaded(self) -> int:
        """How many living web processes have the code of now."""
        wanted = self._service.generations()
        count = 0
        for note in (self._store.root / "run").glob("web-*.json"):
            if not _alive(int(note.stem.removeprefix("web-"))):
                note.unlink(missing_ok=True)
            elif read_json(note) == wanted:
                count += 1
        return count

    # Watching

    def _look(self) -> None:
        self._watch_children()
        self._recover()
        self._look_at_jobs()
        self._look_at_code()
        self._look_at_requests()

    def _watch_children(self) -> None:
        for child in [self._web, *self._jobs.values()]:
            status = child.keep_running()
            if status is not None:
                _say(f"{child.name} ended with {status} and is started again")

    def _recover(self) -> None:
        for marker in self._service.markers():
            recover(self._store, self._service, marker.database, lambda _code, text: _say(text))

    def _look_at_jobs(self) -> None:
        in_service = {marker.database: marker for marker in self._service.markers()}
        wanted = [name for name in self._names if name not in in_service]
        if wanted != self._job_databases or (wanted and not self._jobs):
            self._stop_jobs(_JOBS_STOP_SECONDS)
            self._jobs = self._job_children(wanted)
            for job in self._jobs.values():
                job.start()
            self._job_databases = wanted
        for name, marker in in_service.items():
            if name in self._names and not self._service.acknowledged(marker):
                self._service.acknowledge(marker)

    def _job_children(self, names: list[str]) -> dict[str, Child]:
        if not names:
            return {}
        from trytond import config  # noqa: PLC0415 - reads the environment when imported

        kinds = ["cron"]
        if config.getboolean("queue", "worker"):
            kinds.append("worker")
        jobs = {}
        for kind in kinds:
            command = [sys.executable, "-m", "tryton_plugins.host", kind, "-c", str(self._config)]
            command += ["-n", "1", "-d", *names]
            # SIGINT lets the task that runs come to its end.
            jobs[kind] = Child(kind, command, self._environment(), stop_signal=signal.SIGINT)
        return jobs

    def _look_at_code(self) -> None:
        generations = self._service.generations()
        if generations != self._served:
            self._served = generations
            # Gunicorn starts new processes, which load the new code, and ends the old ones after them.
            self._web.signal(signal.SIGHUP)
            self._stop_jobs(_JOBS_STOP_SECONDS)
            self._look_at_jobs()

    def _stop_jobs(self, seconds: float) -> None:
        """Stop all jobs; the seconds are for all of them together."""
        end = time.monotonic() + seconds
        for job in self._jobs.values():
            job.ask_to_end()
        for job in self._jobs.values():
            job.end(max(1.0, end - time.monotonic()))
        self._jobs = {}

    # Installations asked for in the ERP

    def _interrupted(self, request_id: str) -> None:
        before = self._requests.state(request_id)
        error = {
            "code": "interrupted",
            "parameters": {},
            "text": "The installation was interrupted before its end; ask for it again.",
        }
        self._requests.set_state(request_id, RequestState(FAILED, before.steps, error))

    def _look_at_requests(self) -> None:
        if self._installation is not None:
            if self._installation.poll() is None:
                return
            # One that died before it began would be waiting still, and be begun over and over.
            if self._requests.state(self._request_id).state not in {DONE, FAILED}:
                self._interrupted(self._request_id)
            self._installation = None
        for request in self._requests.waiting():
            if request.database not in self._names:
                continue
            _say(f"{request.requested_by} asks for {request.archive} on {request.database}")
            command = [sys.executable, "-m", "tryton_plugins", "carry-out", request.id]
            command += ["-c", str(self._config)]
            self._request_id = request.id
            self._installation = subprocess.Popen(  # noqa: S603 - our own command
                command, stdin=subprocess.DEVNULL, start_new_session=True
            )
            return

    # Ending

    def _stop_all(self) -> None:
        if self._installation is not None and self._installation.poll() is None:
            # It takes back what it did and lifts service mode.
            self._installation.terminate()
            self._installation.wait()
        self._web.ask_to_end()
        self._stop_jobs(_END_SECONDS)
        self._web.end(_END_SECONDS)
        self._service.supervisor_path.unlink(missing_ok=True)
        self._lock.release()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _say(text: str) -> None:
    sys.stderr.write(f"tryton-plugins: {text}\n")
    sys.stderr.flush()
