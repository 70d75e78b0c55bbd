"""The running host: users wait through an installation and go on; nothing is left when it ends."""

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tryton_plugins.requested import Request, Requests, RequestState

PASSWORD = "admin-of-the-test"


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Speaks to one database as the web client does."""

    url: str
    database: str
    session: str = ""
    seen: list[tuple[float, Answer]] = field(default_factory=list)

    def call(self, method: str, *parameters: Any) -> Answer:
        body = json.dumps({"id": 0, "method": method, "params": parameters}).encode()
        headers = {"Content-Type": "application/json"}
        if self.session:
            headers["Authorization"] = f"Session {self.session}"
        return self.send(f"{self.database}/rpc/", body, headers)

    def send(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def login(self) -> None:
        user, key, _ = self.call("common.db.login", "admin", {"password": PASSWORD}, "en").json["result"]
        self.session = base64.b64encode(f"admin:{user}:{key}".encode()).decode()

    def preferences(self) -> Answer:
        return self.call("model.res.user.get_preferences", True, {})


def _descendants(pid: int) -> set[int]:
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            child, rest = int(status.parent.name), status.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        parents.setdefault(int(rest[1]), []).append(child)
    found: set[int] = set()
    todo = [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            found.add(child)
            todo.append(child)
    return found


def _gone(pids: set[int], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        alive = [pid for pid in pids if _running(pid)]
        if not alive:
            return True
        time.sleep(0.1)
    return False


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def _host(site: Any) -> Iterator[tuple[Client, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "tryton_plugins", "run", "-c", str(site.config), "-d", site.database]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        assert ready["databases"] == [site.database]
        yield Client(ready["url"], site.database), process
    finally:
        everything = _descendants(process.pid)
        if process.poll() is None:
            process.terminate()
            assert process.wait(60) == 0
        process.stdout.close()
        assert _gone(everything, 10), "the supervisor left processes behind"


@contextmanager
def _asking(client: Client) -> Iterator[None]:
    """A user who works all the time."""
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            client.seen.append((time.monotonic(), client.preferences()))
            time.sleep(0.1)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(90)


def _jobs(process: subprocess.Popen[str]) -> set[str]:
    names = set()
    for pid in _descendants(process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        names |= {"worker", "cron"} & set(words)
    return names


def _wait(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


def test_users_wait_through_an_installation_and_go_on(vendor: Any, make_site: Callable[[str], Any]) -> None:
    site = make_site("serviced")
    slow = vendor.archive("SlowPlugin", vendor.module("slow", register="time.sleep(4)"))
    with _host(site) as (client, process):
        client.login()
        assert client.preferences().status == 200
        assert _jobs(process) == {"worker", "cron"}
        assert "window.slow" not in client.send("custom.js").body.decode()
        with _asking(client):
            licence = vendor.licence("SlowPlugin")
            outcomes: list[Any] = []
            installing = threading.Thread(target=lambda: outcomes.append(site.install(slow, licence)))
            installing.start()
            _wait(lambda: any(answer.status == 503 for _, answer in client.seen))
            _wait(lambda: not _jobs(process))
            # The page itself stays: who reloads it waits too.
            assert client.send("").body == b"<html></html>"
            installing.join(120)
            _wait(lambda: client.seen[-1][1].status == 200)
            _wait(lambda: _jobs(process) == {"worker", "cron"})
        assert outcomes[0].returncode == 0, outcomes[0].stderr
        assert "jobs are stopped" in outcomes[0].stdout
        statuses = [answer.status for _, answer in client.seen]
        assert set(statuses) == {200, 503}, set(statuses)
        first = next(answer for _, answer in client.seen if answer.status == 503)
        assert first.headers["Retry-After"] == "5"
        assert first.headers["X-Tryton-Service"] == "service"
        assert first.json["error"]["pl"] == (
            "Trwają prace serwisowe w bazie serviced: instalacja wtyczki SlowPlugin 8.0.0."
            " Po ich zakończeniu program wróci do pracy sam."
        )
        assert "service mode" in first.json["error"]["en"]
        # The same session goes on, in processes that know the new module.
        assert client.preferences().status == 200
        access = client.call("model.ir.model.search_count", [["name", "=", "slow.thing"]], {})
        assert access.json["result"] == 1
        assert client.send("serviced/service-mode").json == {"service": False}
        script = client.send("custom.js")
        assert "window.slow = true;" in script.body.decode()
        assert "X-Tryton-Service" in script.body.decode()
        assert client.send("custom.js", headers={"If-None-Match": script.headers["ETag"]}).status == 304
        assert "#service-mode" in client.send("custom.css").body.decode()


def test_failed_installation_ends_service_mode_and_users_go_on(vendor: Any, make_site: Callable[[str], Any]) -> None:
    site = make_site("recovering")
    broken = vendor.archive("BrokenPlugin", vendor.module("broken", indexes="raise RuntimeError('broken')"))
    with _host(site) as (client, process):
        client.login()
        with _asking(client):
            done = site.install(broken, vendor.licence("BrokenPlugin"))
            _wait(lambda: client.seen[-1][1].status == 200)
        assert done.returncode == 1
        assert "The database is as it was before" in done.stderr
        assert any(answer.status == 503 for _, answer in client.seen)
        _wait(lambda: _jobs(process) == {"worker", "cron"})
        assert client.preferences().status == 200


def test_installation_asked_for_in_the_erp_is_carried_out(
    vendor: Any, sample: Path, make_site: Callable[[str], Any]
) -> None:
    site = make_site("asked")
    requests = Requests(site.store.root)
    stored = site.store.archive_path(site.store.add_archive(sample.read_bytes(), "a.zip").manifest).name
    first, second = "a" * 32, "b" * 32
    now = "2026-03-02T10:00:00+01:00"
    with _host(site) as (client, _process):
        client.login()
        requests.add(Request(first, stored, "asked", "admin", now))
        _wait(lambda: requests.state(first).state == "failed")
        error = requests.state(first).error
        assert error is not None
        assert error["code"] == "licence_missing"
        assert error["parameters"] == {"plugin": "SamplePlugin"}
        licence = vendor.licence("SamplePlugin")
        site.store.add_licence(licence.read_bytes(), licence.name)
        requests.add(Request(second, stored, "asked", "admin", now))
        _wait(lambda: requests.state(second).state in {"done", "failed"}, 90)
        state = requests.state(second)
        assert state.error is None
        assert [step["code"] for step in state.steps] == [
            "archive", "licence", "unpacked", "requirements", "database", "service_on", "activated", "service_off",
        ]  # fmt: skip
        _wait(lambda: client.preferences().status == 200)


def _outcome(client: Client, installation: int) -> dict[str, Any]:
    answer = client.call(
        "model.plugins.installation.read", [installation], ["state", "problem", "log"], {"language": "pl"}
    )
    return answer.json["result"][0] if answer.status == 200 else {"state": "running"}


def test_administrator_installs_from_the_erp(vendor: Any, sample: Path, make_site: Callable[[str], Any]) -> None:
    """The module `plugins`: upload, the button, and the outcome in Polish."""
    site = make_site("erp")
    command = [sys.executable, "-m", "tryton_plugins.host", "admin", "-c", str(site.config), "-d", "erp"]
    subprocess.run([*command, "-u", "plugins"], check=True)
    licence = vendor.licence("SamplePlugin", max_databases=None, databases=["erp"])
    with _host(site) as (client, _process):
        client.login()
        files = {
            key: {"__class__": "bytes", "base64": base64.b64encode(path.read_bytes()).decode()}
            for key, path in (("archive", sample), ("licence", licence))
        }
        _wizard(client, "plugins.upload", "add", {**files, "archive_name": "a.zip", "licence_name": "l.json"}, {})
        listed = client.call(
            "model.plugins.archive.search_read", [], 0, None, None, ["version", "licence_state", "installed"], {}
        ).json["result"]
        assert [(row["version"], row["licence_state"], row["installed"]) for row in listed] == [
            ("8.0.0", "valid", None)
        ]
        record = listed[0]["id"]
        context = {"active_model": "plugins.archive", "active_id": record, "active_ids": [record]}
        asked = _wizard(client, "plugins.install", "ask", {"database": "erp"}, context)
        installation = asked["actions"][0][1]["res_id"]
        _wait(lambda: _outcome(client, installation)["state"] in {"done", "failed"}, 120)
        outcome = _outcome(client, installation)
        assert outcome["problem"] is None
        assert outcome["state"] == "done"
        assert "Włączono tryb serwisowy." in outcome["log"]
        installed = client.call("model.plugins.archive.read", [record], ["installed"], {}).json["result"]
        assert installed[0]["installed"] == "8.0.0"


def _wizard(client: Client, name: str, state: str, values: dict[str, Any], context: dict[str, Any]) -> Any:
    session = client.call(f"wizard.{name}.create", context).json["result"][0]
    answer = client.call(f"wizard.{name}.execute", session, {"start": values}, state, context).json
    assert "error" not in answer, answer
    return answer["result"]


def test_dead_children_come_back(make_site: Callable[[str], Any]) -> None:
    site = make_site("dying")
    with _host(site) as (client, process):
        before = _descendants(process.pid)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        _wait(lambda: _jobs(process) == {"worker", "cron"})
        _wait(lambda: _answers(client))
        assert not before & _descendants(process.pid)


def _answers(client: Client) -> bool:
    try:
        return client.call("common.db.login", "admin", {"password": PASSWORD}, "en").status == 200
    except OSError:
        return False


def test_clients_that_wait_for_news_leave_room_for_others(make_site: Callable[[str], Any]) -> None:
    """Each client keeps a request to the bus open; forty of them do not keep anybody from working."""
    site = make_site("waiting")
    with site.config.open("a") as file:
        file.write("[bus]\nallow_subscribe = True\n")
    with _host(site) as (client, _process), contextlib.ExitStack() as waiting:
        client.login()
        headers = {"Content-Type": "application/json", "Authorization": f"Session {client.session}"}
        for _ in range(40):
            connection = http.client.HTTPConnection(urlsplit(client.url).netloc)
            waiting.callback(connection.close)
            connection.request("POST", f"/{site.database}/bus", json.dumps({"channels": []}), headers)
        assert client.preferences().status == 200


def test_second_supervisor_of_a_store_is_refused(make_site: Callable[[str], Any]) -> None:
    site = make_site("twice")
    with _host(site):
        done = site.command("run", "-c", site.config, "-d", "twice", "--port", "0")
        assert done.returncode == 1
        assert "runs already" in done.stderr


def test_nothing_outlives_a_killed_supervisor(make_site: Callable[[str], Any]) -> None:
    site = make_site("orphans")
    command = [sys.executable, "-m", "tryton_plugins", "run", "-c", str(site.config), "-d", "orphans"]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    everything = _descendants(process.pid)
    assert len(everything) >= 5
    process.kill()
    process.wait()
    process.stdout.close()
    assert _gone(everything, 30)


def test_request_cut_off_by_the_end_of_the_host_says_so(make_site: Callable[[str], Any]) -> None:
    site = make_site("cutoff")
    requests = Requests(site.store.root)
    requests.add(Request("c" * 32, "x.zip", "cutoff", "admin", "2026-03-02T10:00:00+01:00"))
    requests.set_state("c" * 32, RequestState("running"))
    with _host(site):
        state = requests.state("c" * 32)
    assert state.state == "failed"
    assert state.error is not None
    assert state.error["code"] == "interrupted"


def test_request_whose_process_dies_before_it_begins_is_not_begun_again(make_site: Callable[[str], Any]) -> None:
    """What carries it out cannot read the configuration; that is said, once."""
    site = make_site("stillborn")
    requests = Requests(site.store.root)
    with _host(site) as (_client, process):
        hidden = site.config.with_suffix(".hidden")
        site.config.rename(hidden)
        requests.add(Request("d" * 32, "x.zip", "stillborn", "admin", "2026-03-02T10:00:00+01:00"))
        _wait(lambda: requests.state("d" * 32).state == "failed")
        hidden.rename(site.config)
        assert process.poll() is None
    error = requests.state("d" * 32).error
    assert error is not None
    assert error["code"] == "interrupted"


def test_request_names_an_archive_of_the_store_only() -> None:
    for archive in ("../x.zip", "/etc/passwd", "a/b.zip"):
        with pytest.raises(ValueError, match="plain name"):
            Request("a" * 32, archive, "db", "admin", "")
