"""HTTP to the bank: one POST, sent once, with every limit set."""

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.retry import Retry

from companynet.profile import BankProfile

_CHUNK: Final = 64 * 1024
_CONNECT_RETRIES: Final = 2


@dataclass(frozen=True)
class HttpAnswer:
    """A whole answer."""

    status: int
    """The HTTP status."""

    content: bytes
    """The body."""


class TransportFailure(Exception):
    """No whole answer came.

    Args:
        kind: ``unreachable`` (nothing was sent), ``timeout``, ``lost`` (cut off) or ``invalid`` (an answer that is
            refused unread). All but the first leave the bank's side unknown.
        reason: words for a log, without anything of the request or the answer.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class _Body(io.BytesIO):
    """A request body that knows whether any of it was given to a connection.

    urllib3 reads it only after the connection stands and the head is sent, so that "not read" means "the bank never
    had the call".
    """

    taken = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.taken = True
        return super().read(size)


class _Watchdog:
    """Ends the connection of one call when the call's time is up.

    The read timeout begins anew with each byte, so a peer that trickles would hold a call for ever.
    """

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._fire)
        self._timer.daemon = True

    def __enter__(self) -> "_Watchdog":
        self._timer.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def watch(self, connected: socket.socket) -> None:
        """Watch this connection; ends it at once when the time is up already."""
        with self._lock:
            self._socket = connected
            if self.fired:
                _shut(connected)

    def _fire(self) -> None:
        with self._lock:
            self.fired = True
            if self._socket is not None:
                _shut(self._socket)


def _shut(connected: socket.socket) -> None:
    # The plain socket's shutdown, also below TLS: it wakes a blocked read and needs no answer of the peer.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


_watchdog: ContextVar[_Watchdog | None] = ContextVar("_watchdog", default=None)


def _watch(connection: HTTPConnection) -> None:
    watchdog = _watchdog.get()
    if watchdog is not None and connection.sock is not None:
        watchdog.watch(connection.sock)


class _WatchedHTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _watch(self)


class _WatchedHTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _watch(self)


class _WatchedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTPConnection


class _WatchedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPSConnection


class _BankAdapter(HTTPAdapter):
    """Repeats the making of a connection and nothing else."""

    def __init__(self) -> None:
        # read=False raises a read error as it is; a POST that was sent is never sent again.  # S-152
        super().__init__(
            max_retries=Retry(
                total=None,
                connect=_CONNECT_RETRIES,
                read=False,
                redirect=False,
                status=0,
                other=0,
                allowed_methods=None,
                respect_retry_after_header=False,
            )
        )

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)  # type: ignore[arg-type]
        self.poolmanager.pool_classes_by_scheme = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}


class BankTransport:
    """Posts envelopes to the endpoint of a profile.

    The environment is ignored: no proxy, no netrc, and no ``REQUESTS_CA_BUNDLE``, which would win over the roots set
    here. Each call has a connection of its own: one kept open could be closed by the bank just as the next order
    goes out, and that order's outcome would be unknown for nothing.
    """

    def __init__(self, profile: BankProfile) -> None:
        self._profile = profile
        session = requests.Session()
        session.trust_env = False
        session.verify = str(profile.ca_file or requests.utils.DEFAULT_CA_BUNDLE_PATH)
        for prefix in ("https://", "http://"):
            session.mount(prefix, _BankAdapter())
        self._session = session

    def close(self) -> None:
        """Let go of what is held."""
        self._session.close()

    def post(self, content: bytes, soap_action: str) -> HttpAnswer:
        """Send an envelope once and return the whole answer, whatever its status.

        Raises:
            TransportFailure: there is no whole answer; its kind says whether anything was sent.
        """
        body = _Body(content)
        answer: HttpAnswer | None = None
        with _Watchdog(self._profile.call_timeout) as watchdog:
            token = _watchdog.set(watchdog)
            # The failure is raised outside, so that no foreign exception (it would hold the request, and with it the
            # session's token) hangs on it as its context.
            try:
                answer = self._exchange(body, soap_action)
            except TransportFailure as error:
                failure = error
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                failure = _failure(error, sent=body.taken)
            except ValueError:
                failure = TransportFailure("unreachable", "the endpoint is not a URL that can be called")
            finally:
                _watchdog.reset(token)
        # An answer that was read to its end just as the time was up may be half of one: it does not count.
        if answer is not None and not watchdog.fired:
            return answer
        if watchdog.fired:
            seconds = self._profile.call_timeout
            kind = "timeout" if body.taken else "unreachable"
            failure = TransportFailure(kind, f"the call took more than {seconds:g} s")
        failure.__context__ = None
        raise failure

    def _exchange(self, body: _Body, soap_action: str) -> HttpAnswer:
        profile = self._profile
        with self._session.post(
            profile.endpoint,
            data=body,
            headers={
                "Content-Type": "text/xml; charset=utf-8",
                "SOAPAction": f'"{soap_action}"',
                "User-Agent": f"{profile.client_info}/{profile.client_version}",
                "Accept": "text/xml",
                # A packed answer could unfold to any size.
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            timeout=(profile.connect_timeout, profile.read_timeout),
            allow_redirects=False,
            stream=True,
        ) as response:
            if 300 <= response.status_code < 400:
                raise TransportFailure("invalid", f"a redirect (HTTP {response.status_code}) is refused")
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise TransportFailure("invalid", "a packed answer was not asked for and is refused")
            collected = bytearray()
            for chunk in _chunks(response):
                collected += chunk
                if len(collected) > profile.answer_limit:
                    raise TransportFailure("invalid", f"the answer has more than {profile.answer_limit} bytes")
            if not _framed(response) and not collected.rstrip().endswith(b"Envelope>"):
                raise TransportFailure("lost", "the connection ended before the whole answer came")
            return HttpAnswer(response.status_code, bytes(collected))


def _chunks(response: requests.Response) -> Iterator[bytes]:
    yield from response.raw.stream(_CHUNK, decode_content=False)


def _framed(response: requests.Response) -> bool:
    """Whether HTTP tells where the answer ends; if not, the end of the connection and a cut look the same."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def _failure(error: Exception, *, sent: bool) -> TransportFailure:
    name = type(_root(error)).__name__
    if not sent:
        return TransportFailure("unreachable", f"no connection to the bank ({name})")
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)) or isinstance(
        _root(error), (urllib3.exceptions.ReadTimeoutError, TimeoutError)
    ):
        return TransportFailure("timeout", "no answer in time")
    return TransportFailure("lost", f"the connection broke before the whole answer came ({name})")


def _root(error: BaseException) -> BaseException:
    """What lies below the wrappers of requests and urllib3."""
    seen = error
    while True:
        inner = getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((item for item in seen.args if isinstance(item, BaseException)), None)
        if inner is None or inner is seen:
            return seen
        seen = inner
