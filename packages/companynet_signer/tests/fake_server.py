"""A small server of the protocol, over real HTTP on this machine; told to do right, or any kind of wrong."""

import base64
import contextlib
import json
import secrets
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

from companynet.client import CompanyNet
from companynet.domain.kind import ERP_OPERATIONS
from companynet.domain.session import Permission, PermissionConfig
from companynet.profile import BankProfile
from companynet.signing import signature_text
from companynet.testing import FakeClock
from companynet_sandbox.customers import demo_data

DATABASE = "alfa"
CHALLENGE = "Logowanie użytkownika ALFA01, żądanie nr 4711 — podpisz"
SESSION_TEXT = "Sesja długotrwała do 2025-12-01, DIK 10000001"
END = datetime(2025, 12, 1, 22, 59, 59, tzinfo=UTC)
REFUSAL = {"pl": "Kod jest nieważny.", "en": "The code is not valid."}


def content(**changed: object) -> dict[str, object]:
    """What a job is for."""
    return {
        "purpose": "session",
        "bank": "mBank CompanyNet",
        "endpoint": "https://www.companynet-test.ebre.pl/ws/services/IBREService_v1_0",
        "bank_user": demo_data.USER_ALFA,
        "diks": [{"dik": demo_data.DIK_ALFA, "head_office": "Zakłady Przykładowe Alfa sp. z o.o."}],
        "operations": sorted(ERP_OPERATIONS),
        "end": f"{END:%Y-%m-%dT%H:%M:%SZ}",
        "requested_by": "Jan Kowalski",
        "database": DATABASE,
        "certificate": None,
        **changed,
    }


def link(origin: str, code: str) -> str:
    """What the web client opens."""
    return "mbanksign://sign?" + urlencode({"v": 1, "server": origin, "database": DATABASE, "code": code})


class Work:
    """What the server does between the rounds: here, nothing."""

    encoding = "utf-16-le"

    def challenge(self) -> str:
        return CHALLENGE

    def session_text(self, _signature: bytes) -> str:
        return SESSION_TEXT

    def make(self, _signature: bytes) -> dict[str, object]:
        return {"end": f"{END:%Y-%m-%dT%H:%M:%SZ}", "diks": [demo_data.DIK_ALFA], "difference": None}


class BankWork(Work):
    """Does it all at a bank."""

    def __init__(self, soap_url: str, now: datetime) -> None:
        self._profile = BankProfile(endpoint=soap_url)
        self._client = CompanyNet(self._profile, clock=FakeClock(now))
        self._config = PermissionConfig(END, (Permission(demo_data.DIK_ALFA),))
        self.session = None

    def challenge(self) -> str:
        return self._client.sessions.login_challenge(demo_data.DIK_ALFA, demo_data.USER_ALFA)

    def session_text(self, signature: bytes) -> str:
        line = signature_text(signature, self._profile)
        self._login = self._client.sessions.login(demo_data.DIK_ALFA, demo_data.USER_ALFA, line)
        return self._client.sessions.session_text(self._login, demo_data.DIK_ALFA, self._config)

    def make(self, signature: bytes) -> dict[str, object]:
        line = signature_text(signature, self._profile)
        self.session = self._client.sessions.create(self._login, demo_data.DIK_ALFA, self._config, line)
        granted = self.session.granted
        return {
            "end": f"{granted.end_time_utc:%Y-%m-%dT%H:%M:%SZ}",
            "diks": list(granted.diks),
            "difference": None,
        }


class FakeServer:
    """One job, one code, one ticket.

    ``wrong`` maps a message (``job``, ``signature``, ``declined``) to a function that is given the request handler
    and the right answer, and answers in its own way. ``content_of`` gives the content of a round.
    """

    def __init__(self, work: Work, port: int) -> None:
        self.work = work
        self.origin = f"http://127.0.0.1:{port}"
        self.code = secrets.token_urlsafe(32)
        self.ticket = secrets.token_urlsafe(32)
        self.content_of: Callable[[int], dict[str, object]] = lambda _round: content()
        self.wrong: dict[str, Callable[[BaseHTTPRequestHandler, dict[str, object]], None]] = {}
        self.requests: list[tuple[str, dict[str, object], dict[str, str]]] = []
        self.signatures: list[bytes] = []
        self.declined: list[str] = []
        self.done = False
        self._code_used = False
        self._round = 1

    @property
    def link(self) -> str:
        return link(self.origin, self.code)

    def answer(self, name: str, message: dict[str, object], bearer: str) -> tuple[int, dict[str, object]]:
        if name == "job":
            return self._job(message)
        if bearer != f"Bearer {self.ticket}":
            return 404, {"error": REFUSAL}
        if name == "declined":
            self.declined.append(str(message["reason"]))
            return 200, {}
        return self._signature(message)

    def _job(self, message: dict[str, object]) -> tuple[int, dict[str, object]]:
        if self._code_used or message["code"] != self.code:
            return 404, {"error": REFUSAL}
        self._code_used = True
        head = {"ticket": self.ticket, "expires": "2026-11-25T14:10:00Z"}
        return 200, {**head, **self._text(1, self.work.challenge())}

    def _signature(self, message: dict[str, object]) -> tuple[int, dict[str, object]]:
        if message["round"] != self._round:
            return 409, {"error": {"pl": "Nie ta runda.", "en": "Not this round."}}
        self._round += 1
        self.signatures.append(base64.b64decode(str(message["signature"]), validate=True))
        if message["round"] == 1:
            return 200, self._text(2, self.work.session_text(self.signatures[0]))
        self.done = True
        return 200, {"done": self.work.make(self.signatures[1])}

    def _text(self, number: int, text: str) -> dict[str, object]:
        return {
            "round": number,
            "encoding": self.work.encoding,
            "text": text,
            "content": self.content_of(number),
        }


@contextlib.contextmanager
def running(
    work: Work | None = None, *, port: int = 0, code: str = "", tls: ssl.SSLContext | None = None
) -> Iterator[FakeServer]:
    """A server that runs, on any port and with any code unless they are given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = self.path.rpartition("/")[2]
            assert self.path == f"/{DATABASE}/mbank/signing/{name}"
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            fake.requests.append((name, message, dict(self.headers)))
            status, answer = fake.answer(name, message, self.headers.get("Authorization", ""))
            answer = {"v": 1, **answer}
            if name in fake.wrong:
                fake.wrong[name](self, answer)
            else:
                send(self, json.dumps(answer).encode(), status=status)

        def log_message(self, *_arguments: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    fake = FakeServer(work or Work(), http.server_address[1])
    fake.code = code or fake.code
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
        fake.origin = fake.origin.replace("http:", "https:").replace("127.0.0.1", "localhost")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, **headers: str) -> None:
    """Answer."""
    with contextlib.suppress(ConnectionError):
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)
