"""The places and processes of the demonstration: folders, configuration, the bank, the host."""

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from demo.postgres import Cluster
from demo.templates import ROOT

BUILD = ROOT / ".build"
WEB_ROOT = BUILD / "web" / "node_modules" / "tryton-sao"
_BIN = Path(sys.executable).parent


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class World:
    """Everything that runs. Use as a context manager: what was started is stopped at its end."""

    directory: Path
    """Keys, archives and logs; made if missing. The PostgreSQL is beside it: worlds with other databases share it."""

    web_port: int = field(default_factory=free_port)
    pkcs11_modules: str = ""
    """Of keys on the server, as trytond.conf has them: ``name=path,name=path``."""

    cluster: Cluster = field(init=False)
    bank: dict[str, str] = field(init=False, default_factory=dict)
    _processes: list[subprocess.Popen[str]] = field(init=False, default_factory=list)
    _lock: IO[str] = field(init=False)

    def __post_init__(self) -> None:
        self.directory = self.directory.resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.cluster = Cluster(self.directory.parent / "postgres")

    def __enter__(self) -> "World":
        """Take the folder for this run and start the server.

        Raises:
            RuntimeError: another run has it.
        """
        self._lock = self.directory.with_name(f"{self.directory.name}.running").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise RuntimeError(
                f"a demonstration or a test is running in {self.directory} and uses the same databases; end it first"
            ) from None
        self.cluster.start()
        self.cluster.join_environment()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            _stop(process)
        self.cluster.stop()
        self._lock.close()

    @property
    def config_file(self) -> Path:
        """The trytond.conf of the demonstration."""
        return self.directory / "trytond.conf"

    @property
    def store(self) -> Path:
        """Where the plugin host keeps archives, licences and what is installed."""
        return self.directory / "plugins"

    @property
    def trusted_keys(self) -> Path:
        """The vendors' public keys the host trusts."""
        return self.directory / "trusted-keys.pem"

    @property
    def profile(self) -> Path:
        """The bank profile of the ERP: the sandbox as it runs now."""
        return self.directory / "bank-profile.json"

    @property
    def web_url(self) -> str:
        """Where the web client is served."""
        return f"http://127.0.0.1:{self.web_port}"

    def log(self, name: str) -> Path:
        """The log of a process."""
        return self.directory / f"{name}.log"

    def write_configuration(self) -> None:
        """Write trytond.conf for the embedded database, the store and the key ring."""
        self.config_file.write_text(
            f"""[database]
uri = {self.cluster.uri}
language = pl

[web]
listen = 127.0.0.1:{self.web_port}
root = {WEB_ROOT}

[bus]
allow_subscribe = True

[cache]
clean_timeout = 0

[queue]
worker = True
clean_days = 1

[session]
super_pwd = {secrets.token_hex(16)}

[plugins]
store = {self.store}
trusted_keys = {self.trusted_keys}

[mbank]
keyring = {self.directory / "keyring.json"}
profile = {self.profile}
pkcs11_modules = {self.pkcs11_modules}
target_sockets = {self.cluster.directory}
""",
            encoding="utf-8",
        )
        self.config_file.chmod(0o600)

    def start_bank(self) -> None:
        """Start the sandbox bank with its demonstration customers, in books of its own.

        Raises:
            RuntimeError: it did not start; the text holds its log.
        """
        folder = self.directory / "bank"
        sandbox = str(_BIN / "companynet-sandbox")
        self.cluster.run(sandbox, "init", "--dir", str(folder), "--demo")
        process = self._start("bank", sandbox, "serve", "--dir", str(folder), "--port", "0", "--control-port", "0")
        self.bank = self._first_json("bank", process)
        self.profile.write_text(
            json.dumps({"endpoint": self.bank["soap"], "poll_interval": 0.2, "poll_limit": 100}),
            encoding="utf-8",
        )

    def start_host(self, *databases: str) -> None:
        """Start web processes, worker and cron for the databases, and wait until they answer.

        Raises:
            RuntimeError: it did not start; the text holds its log.
        """
        process = self._start(
            "host", str(_BIN / "tryton-plugins"), "run", "-c", str(self.config_file),
            "--port", str(self.web_port), "-d", *databases,
        )  # fmt: skip
        self._first_json("host", process)

    def control(self, path: str, body: Any = None) -> Any:
        """Call the bank's control plane: GET, or POST with ``body`` as JSON."""
        request = urllib.request.Request(  # noqa: S310 - the sandbox on this machine
            self.bank["control"].rstrip("/") + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    def _start(self, name: str, *command: str) -> subprocess.Popen[str]:
        with self.log(name).open("w") as log:
            process = subprocess.Popen(  # noqa: S603 - commands of our own
                command, env=os.environ, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        self._processes.append(process)
        return process

    def _first_json(self, name: str, process: subprocess.Popen[str]) -> dict[str, str]:
        for line in process.stdout or ():
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict):
                return {key: str(value) for key, value in answer.items()}
        raise RuntimeError(f"{name} did not start:\n{self.log(name).read_text()[-3000:]}")


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    deadline = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
