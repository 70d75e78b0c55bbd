"""The control plane: what happens at the bank beside the web service, and a look into its books.

``GET /api`` lists its routes with an example for each; :mod:`companynet_sandbox.control.api` holds what it says.
"""

import json
import logging
from collections.abc import Callable, Iterable
from datetime import UTC
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any, Final

from companynet_sandbox.access import certificates, passwords
from companynet_sandbox.accounts.posting import Posting, PostingRefused, post
from companynet_sandbox.bank import engine, execution, fees
from companynet_sandbox.bank.order_states import TransitionRefused
from companynet_sandbox.books import clock
from companynet_sandbox.books.file import DEFAULT_SETTINGS, Books
from companynet_sandbox.books.settings import check_value
from companynet_sandbox.control import accounts, api, orders, page, views
from companynet_sandbox.control.queries import QUERIES, Query
from companynet_sandbox.control.requests import Fields, RequestWrong, as_list, read_entry, read_incoming

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LIMIT: Final = 32 * 1024 * 1024

#: The page takes nothing from elsewhere and shows the books as they are now.
_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; connect-src 'self'; img-src data:; script-src 'self'; style-src 'self'",
    ),
    ("X-Content-Type-Options", "nosniff"),
)

logger = logging.getLogger(__name__)


class Control:
    """The control plane as a WSGI application: JSON, and a page at ``/``.

    Args:
        books: open ones.
    """

    def __init__(self, books: Books) -> None:
        self._books = books

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one HTTP request."""
        status, body, content_type = self._answer(environ)
        length = ("Content-Length", str(len(body)))
        start_response(status, [("Content-Type", content_type), length, *_HEADERS])
        return [body]

    def _answer(self, environ: "WSGIEnvironment") -> tuple[str, bytes, str]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        try:
            with self._books.transaction() as db:
                engine.catch_up(db)
            if method == "GET":
                found = self._show(path, environ.get("QUERY_STRING", ""))
                if found is not None:
                    return found
            if method == "POST" and path in _WRITERS:
                body = _read_body(environ)
                with self._books.transaction() as db:
                    return _json("200 OK", _WRITERS[path](db, body))
        except (RequestWrong, PostingRefused, TransitionRefused) as error:
            return _json("400 Bad Request", {"error": str(error)})
        except Exception:
            logger.exception("%s %s failed", method, path)
            return _json("500 Internal Server Error", {"error": f"{method} {path} failed; the bank's log says why"})
        known = ", ".join(
            [*(f"GET {name}" for name in ("/", "/api", *_readable())), *(f"POST {name}" for name in _WRITERS)]
        )
        return _json("404 Not Found", {"error": f"{method} {path} is not known; there are {known}"})

    def _show(self, path: str, parameters: str) -> tuple[str, bytes, str] | None:
        """The answer to what is read, or None if there is no such path."""
        if path in page.FILES:
            return "200 OK", *page.read(path)
        if path == "/api":
            return _json("200 OK", api.describe(_readable(), _WRITERS))
        with self._books.transaction() as db:
            if path == "/statement":
                return accounts.statement(db, parameters)
            if path in QUERIES:
                return _json("200 OK", QUERIES[path](db, Query(parameters, f"GET {path}")))
            if path in _READERS:
                return _json("200 OK", _READERS[path](db))
        return None


def _readable() -> list[str]:
    return ["/statement", *_READERS, *QUERIES]


def _read_body(environ: "WSGIEnvironment") -> object:
    # A page of another origin cannot send this type without the browser asking first.
    if not environ.get("CONTENT_TYPE", "").startswith("application/json"):
        raise RequestWrong("send JSON with Content-Type: application/json")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > _LIMIT:
        raise RequestWrong("the body has more than 32 MiB")
    try:
        return json.loads(environ["wsgi.input"].read(length) or b"{}")
    except ValueError as error:
        raise RequestWrong(f"the body is not JSON: {error}") from None


def _json(status: str, value: object) -> tuple[str, bytes, str]:
    return status, json.dumps(value, ensure_ascii=False, indent=1).encode(), "application/json"


def _certificates(db: Connection, body: object) -> dict[str, Any]:
    made = []
    for item in as_list(body):
        fields = Fields(item, "certificate")
        user, pem = fields.text("user"), fields.text("certificate_pem")
        fields.end()
        try:
            made.append(certificates.register(db, user, pem))
        except ValueError as error:
            raise RequestWrong(str(error)) from None
    return {"sha256": made[0] if len(made) == 1 else made}


def _revoke_certificate(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "certificate")
    sha256 = fields.text("sha256")
    fields.end()
    revoked = certificates.revoke(db, sha256)
    if not revoked:
        raise RequestWrong(f"certificate {sha256} is registered for nobody")
    return {"revoked": revoked}


def _passwords(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "password")
    user, password = fields.text("user"), fields.text("password")
    fields.end()
    try:
        passwords.give(db, user, password)
    except ValueError as error:
        raise RequestWrong(str(error)) from None
    return {"user": user}


def _incoming(db: Connection, body: object) -> dict[str, Any]:
    return _post_all(db, body, "incoming", read_incoming)


def _entries(db: Connection, body: object) -> dict[str, Any]:
    return _post_all(db, body, "entry", read_entry)


def _post_all(
    db: Connection, body: object, kind: str, read: Callable[[object, str], tuple[Posting, str]]
) -> dict[str, Any]:
    now = clock.bank_now(db)
    numbers = []
    for index, item in enumerate(as_list(body), 1):
        place = f"{kind} {index}"
        posting = accounts.posting_of(db, item, place, read)
        try:
            numbers.append(post(db, now, posting))
        except ValueError as error:
            raise RequestWrong(f"{place}: {error}") from None
    return {"booked": len(numbers), "transaction_numbers": numbers}


def _clock(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "clock")
    text, seconds = fields.text("now", ""), fields.number("advance_seconds", 0)
    fields.end()
    try:
        moment = clock.parse_moment(text) if text else None
    except ValueError:
        raise RequestWrong(f"clock: now must be a moment such as 2026-01-31T08:00:00Z, is {text!r}") from None
    before = clock.bank_now(db)
    if moment is not None:
        clock.set_now(db, moment)
    if seconds:
        clock.advance(db, seconds)
    if clock.bank_now(db) < before:
        fees.plan_month(db, clock.bank_now(db))
    booked = engine.counting(db, lambda: engine.catch_up(db))
    return {"now": clock.bank_now(db).astimezone(UTC).isoformat(), "booked": booked}


def _book(db: Connection, body: object) -> dict[str, Any]:
    Fields(body, "book").end()
    return engine.counting(db, lambda: execution.book_orders(db, clock.bank_now(db)))


def _end_sessions(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "end")
    everything, user, session = fields.flag("all"), fields.text("user", ""), fields.number("session_id", 0)
    fields.end()
    if not (everything or user or session):
        raise RequestWrong('give "session_id", "user" or "all": true')
    ended = db.execute(
        "UPDATE sessions SET ended = ?, ended_by = 'bank' WHERE ended IS NULL AND (? OR login = ? OR id = ?)",
        (clock.bank_now(db).isoformat(), everything, user, session),
    ).rowcount
    return {"ended": ended}


def _account(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "account")
    number, closed = fields.text("account"), fields.flag("closed")
    fields.end()
    if db.execute("UPDATE accounts SET closed = ? WHERE nrb = ?", (closed, number)).rowcount != 1:
        raise RequestWrong(f"account {number}: not in these books")
    return {"account": number, "closed": closed}


def _settings(db: Connection, body: object) -> dict[str, Any]:
    fields = Fields(body, "settings")
    given = body if isinstance(body, dict) else {}
    for name in given.keys() & (DEFAULT_SETTINGS.keys() - {"clock_offset"}):
        fields.skip(name)
        try:
            value = check_value(name, given[name])
        except ValueError as error:
            raise RequestWrong(f"settings: {error}") from None
        db.execute("UPDATE settings SET value = ? WHERE name = ?", (value, name))
    fields.end()
    # Hours and fees may have changed: what waits for them is planned anew.
    now = clock.bank_now(db)
    execution.replan(db, now)
    fees.plan_month(db, now)
    return views.settings(db)


_READERS: Final[dict[str, Callable[[Connection], Any]]] = {
    "/state": views.state,
    "/clock": views.time,
    "/directory": views.customers,
    "/users": views.users,
    "/sessions": views.sessions,
    "/faults": views.faults,
    "/tasks": views.tasks,
    **accounts.READERS,
}
_WRITERS: Final[dict[str, Callable[[Connection, object], Any]]] = {
    "/certificates": _certificates,
    "/certificates/revoke": _revoke_certificate,
    "/passwords": _passwords,
    "/incoming": _incoming,
    "/entries": _entries,
    "/clock": _clock,
    "/book": _book,
    "/sessions/end": _end_sessions,
    "/accounts": _account,
    "/settings": _settings,
    **orders.WRITERS,
    **accounts.WRITERS,
}
