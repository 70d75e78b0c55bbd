"""What stands before Tryton's WSGI application: service mode, and the web client's custom files."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.wsgi import ClosingIterator

from tryton_plugins.files import Lock
from tryton_plugins.host.custom import CustomFiles
from tryton_plugins.service import Marker, ServiceFiles

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

#: The answer of service mode is known by this header; its value is `service` or `restart`.
HEADER = "X-Tryton-Service"
# S-309: RFC 9110, 15.6.4 and 10.2.3.
RETRY_SERVICE = 5
RETRY_RESTART = 1
#: Long polls last minutes and hold no transaction: an installation does not wait for them.
_UNCOUNTED = frozenset({"bus"})
#: The web client asks here whether service mode is over.
STATUS = "service-mode"


class Middleware:
    """Answers 503 for a database in service mode or with newer code than this process has loaded."""

    def __init__(
        self,
        application: Application,
        service: ServiceFiles,
        custom: CustomFiles,
        generations: Mapping[str, int],
    ) -> None:
        """*generations* are those read before the code was loaded."""
        self._application = application
        self._service = service
        self._custom = custom
        self._loaded = dict(generations)
        self._current = dict(generations)
        self._stamp = 0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI call."""
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        if (file := self._custom.get(path)) is not None:
            return file.respond(environ, start_response)
        parts = path.split("/")
        if len(parts) < 3 or not parts[1]:
            return self._application(environ, start_response)
        return self._for_database(parts[1], parts[2], environ, start_response)

    def _for_database(
        self, database: str, rest: str, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        requests = self._service.requests_lock(database)
        # The lock is taken before the marker is looked at, the installer writes the marker before it
        # takes the lock alone: no request can begin unseen.
        free = rest in _UNCOUNTED or requests.try_shared()
        handed_on = False
        try:
            marker = self._service.marker(database)
            if marker is not None or not free:
                return _unavailable(start_response, *_service_answer(database, marker), RETRY_SERVICE, "service")
            if self._outdated(database):
                return _unavailable(start_response, *_restart_answer(), RETRY_RESTART, "restart")
            if rest == STATUS:
                start_response("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "no-store")])
                return [b'{"service": false}']
            answer = ClosingIterator(self._application(environ, start_response), [_releaser(requests)])
            handed_on = True
            return answer
        finally:
            if not handed_on:
                requests.release()

    def _outdated(self, database: str) -> bool:
        try:
            stamp = self._service.generations_path.stat().st_mtime_ns
        except FileNotFoundError:
            return False
        if stamp != self._stamp:
            self._current = self._service.generations()
            self._stamp = stamp
        return self._current.get(database, 0) != self._loaded.get(database, 0)


def _releaser(lock: Lock) -> Callable[[], None]:
    return lock.release


def _service_answer(database: str, marker: Marker | None) -> tuple[str, str]:
    what = marker.reason if marker else ""
    detail_pl = f": instalacja wtyczki {what}" if what else ""
    detail_en = f": {what} is being installed" if what else ""
    return (
        f"Trwają prace serwisowe w bazie {database}{detail_pl}. Po ich zakończeniu program wróci do pracy sam.",
        f"Database {database} is in service mode{detail_en}. The program goes on by itself afterwards.",
    )


def _restart_answer() -> tuple[str, str]:
    return (
        "Program uruchamia się ponownie po pracach serwisowych. Za chwilę wróci do pracy sam.",
        "The program restarts after service mode. It goes on by itself in a moment.",
    )


def _unavailable(start_response: StartResponse, polish: str, english: str, retry: int, kind: str) -> Iterable[bytes]:
    body = json.dumps({"error": {"code": f"{kind}_mode", "pl": polish, "en": english}}, ensure_ascii=False).encode()
    start_response(
        "503 Service Unavailable",
        [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(retry)),
            ("Cache-Control", "no-store"),
            (HEADER, kind),
        ],
    )
    return [body]
