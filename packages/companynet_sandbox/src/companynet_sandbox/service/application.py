"""The web service: one call in, one transaction, one answer out."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING, Final

from waitress.channel import ClientDisconnected

from companynet import contract as shipped
from companynet_sandbox.access import demands, refusal
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.bank import engine
from companynet_sandbox.books.clock import bank_now
from companynet_sandbox.books.file import Books, digest
from companynet_sandbox.service.contract import Contract, ContractBroken, Request
from companynet_sandbox.service.guard import Call, session_invalid
from companynet_sandbox.service.handlers import HANDLERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH: Final = "/ws/services/IBREService_v1_0"  # L-014
_XML: Final = "text/xml; charset=utf-8"
_LIMIT: Final = 32 * 1024 * 1024
#: Seconds, of those who are turned away.  # S-230
_RETRY_AFTER: Final = "1"
#: A code that says nothing of whether the work was done.
_INTERNAL_ERROR: Final = "INTERNAL_ERROR"
_LISTED_NOWHERE: Final = "Internal error (on demand)"
_GARBAGE: Final = b"\x00\xffthis is no answer of a bank\xfe<<<"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, and how it goes wrong on its way, if it shall."""

    status: str
    body: bytes
    content_type: str = _XML
    going_wrong: demands.Demand | None = None


class Service:
    """The bank's web service as a WSGI application.

    Args:
        books: open ones.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self._contract = Contract()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one HTTP request."""
        answer = self._route(environ)
        kind = answer.going_wrong.kind if answer.going_wrong else ""
        if kind == "slow" and answer.going_wrong:
            time.sleep(answer.going_wrong.seconds)
        if kind in {"lost_answer", "closed"}:
            raise ClientDisconnected  # waitress closes the connection without a byte
        body = _GARBAGE if kind == "garbage" else answer.body
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(body)))]
        if kind in _BUSY:
            headers.append(("Retry-After", _RETRY_AFTER))
        if kind == "done_redirect":
            headers.append(("Location", "/elsewhere"))
        start_response(answer.status, headers)
        # Fewer bytes than announced: waitress closes the connection after them.
        return [body[: len(body) // 2]] if kind == "cut" else [body]

    def _route(self, environ: "WSGIEnvironment") -> Answer:
        if environ.get("PATH_INFO") != PATH:
            return Answer("404 Not Found", f"the service is at {PATH}\n".encode(), "text/plain")
        if environ["REQUEST_METHOD"] == "GET":
            return self._describe(environ)
        if environ["REQUEST_METHOD"] != "POST":
            return Answer("405 Method Not Allowed", b"POST an envelope, or GET ?wsdl\n", "text/plain")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > _LIMIT:
            return Answer("413 Content Too Large", b"an envelope has at most 32 MiB\n", "text/plain")
        return self.answer(environ["wsgi.input"].read(length))

    def _describe(self, environ: "WSGIEnvironment") -> Answer:
        query = environ.get("QUERY_STRING", "").lower()
        if query == "xsd":
            return Answer("200 OK", shipped.schema_path().read_bytes())
        if query != "wsdl":
            return Answer("200 OK", b"POST an envelope, or GET ?wsdl\n", "text/plain")
        address = f"http://{environ.get('HTTP_HOST', '127.0.0.1')}{PATH}"
        text = shipped.wsdl_path().read_text(encoding="utf-8")
        text = text.replace(f"http://localhost{PATH}", address)
        text = text.replace('schemaLocation="IBREService_v1_0.xsd"', f'schemaLocation="{address}?xsd"')
        return Answer("200 OK", text.encode())

    def answer(self, data: bytes) -> Answer:
        """Answer one envelope."""
        try:
            request = self._contract.read(data)
        except ContractBroken as error:
            with self._books.transaction() as db:
                _log(db, None, refusal.REQUEST_INVALID, None)
            return self._refuse(refusal.REQUEST_INVALID, str(error), error.code)
        with self._books.transaction() as db:
            engine.catch_up(db)
            demand = demands.take(db, request.operation)
        try:
            body = self._perform(request, demand)
        except Refusal as error:
            message = error.message(request.text("context", "language"))
            return self._refuse(error.code, message, "Client", demand)
        except _PageInstead as page:
            body = f"<html><body>{page.status}</body></html>".encode()
            return Answer(page.status, body, "text/html", going_wrong=demand)
        except Exception:
            logger.exception("%s failed", request.operation)
            with self._books.transaction() as db:
                _log(db, Call(db, bank_now(db), request), _INTERNAL_ERROR, None)
            return self._refuse(_INTERNAL_ERROR, "The sandbox bank failed; its log says why", "Server")
        return self._instead(demand) or Answer("200 OK", body, going_wrong=demand)

    def _instead(self, demand: demands.Demand | None) -> Answer | None:
        """What is answered in place of the answer, though the work is done; None if it is the answer."""
        kind = demand.kind if demand else ""
        if kind in _DONE_PAGES:
            status = _DONE_PAGES[kind]
            body = f"<html><body>{status}</body></html>".encode()
            return Answer(status, body, "text/html", going_wrong=demand)
        if kind == "done_unknown_fault":
            return self._refuse(_INTERNAL_ERROR, _LISTED_NOWHERE, "Client", demand)
        if kind in _BARE_FAULTS:
            body = self._contract.bare_fault(_BARE_FAULTS[kind], "NullPointerException")
            return Answer("500 Internal Server Error", body, going_wrong=demand)
        return None

    def _perform(self, request: Request, demand: demands.Demand | None) -> bytes:
        fault = demand.kind if demand else None
        calls: list[Call] = []
        try:
            with self._books.transaction() as db:
                call = Call(db, bank_now(db), request)
                calls.append(call)
                call.check_version()
                if demand is not None:
                    _go_wrong_before(demand)
                body = self._contract.answer(HANDLERS[request.operation](call))
                _log(db, call, "OK", fault)
                return body
        except (Refusal, _PageInstead) as error:
            with self._books.transaction() as db:
                if isinstance(error, Refusal) and error.afterwards is not None:
                    error.afterwards(db)
                if fault == "session_ended":
                    _end_session(db, calls[0])
                _log(db, calls[0], error.code if isinstance(error, Refusal) else error.outcome, fault)
            raise

    def _refuse(self, code: str, message: str, faultcode: str, demand: demands.Demand | None = None) -> Answer:
        # SOAP 1.1 over HTTP sends a fault with status 500.  # S-201
        body = self._contract.fault(code, message, faultcode)
        return Answer("500 Internal Server Error", body, going_wrong=demand)


#: Kinds that do the work and answer a page.
_DONE_PAGES: Final = {
    "done_http404": "404 Not Found",
    "done_http429": "429 Too Many Requests",
    "done_http502": "502 Bad Gateway",
    "done_http503": "503 Service Unavailable",
    "done_redirect": "302 Found",
    "done_page": "200 OK",
}
#: Kinds that do the work and answer a fault without a code of the bank, and SOAP's code of it.
_BARE_FAULTS: Final = {"done_empty_fault": "", "done_client_fault": "Client", "done_server_fault": "Server"}
#: Kinds that say when to ask again.
_BUSY: Final = frozenset({"http429", "http503", "done_http429", "done_http503"})

#: Kinds that are answered by a page of a server before the bank, or not at all.
_PAGES: Final = {
    "http500": "500 Internal Server Error",
    "http429": "429 Too Many Requests",
    "http503": "503 Service Unavailable",
    "closed": "500 Internal Server Error",  # never sent: the connection closes before
}


class _PageInstead(Exception):
    """On demand: a page in place of an answer.

    Args:
        kind: of :data:`_PAGES`.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.status = _PAGES[kind]
        self.outcome = "NO_ANSWER" if kind == "closed" else f"HTTP_{self.status[:3]}"


def _go_wrong_before(demand: demands.Demand) -> None:
    """The kinds that keep the work from being done."""
    if demand.kind in _PAGES:
        raise _PageInstead(demand.kind)
    if demand.kind == "session_ended":
        raise session_invalid()
    if demand.kind == "unknown_fault":
        raise Refusal(_INTERNAL_ERROR, _LISTED_NOWHERE, _LISTED_NOWHERE)
    if demand.kind in demands.REFUSALS:
        raise Refusal(*demands.REFUSALS[demand.kind])


def _end_session(db: Connection, call: Call) -> None:
    """End what the call was made on: a long-lived session or a login."""
    db.execute("UPDATE logins SET ended = 1 WHERE digest = ?", (digest(call.token),))
    db.execute(
        "UPDATE sessions SET ended = ?, ended_by = 'fault on demand' WHERE digest = ? AND ended IS NULL",
        (call.now.isoformat(), digest(call.token)),
    )


def _log(db: Connection, call: Call | None, outcome: str, fault: str | None) -> None:
    """Note a call. No token, password, signature or content goes in."""
    at = (call.now if call else bank_now(db)).isoformat()
    operation = call.request.operation if call else ""
    login, dik, session_id = (call.login, call.dik, call.session_id) if call else (None, None, None)
    db.execute(
        "INSERT INTO calls (at, operation, login, dik, session_id, outcome, fault) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at, operation, login, dik, session_id, outcome, fault),
    )
