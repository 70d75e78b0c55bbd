"""Connections to the bank: watched by the clock, made through a proxy if the profile says so, never used twice."""

import base64
import contextlib
import socket
import ssl
import threading
from contextvars import ContextVar
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.retry import Retry

from companynet.soap.alarms import ALARMS, Alarm

_CONNECT_RETRIES: Final = 2


class Watchdog:
    """Ends the connection of one call when the call's time is up.

    The read timeout begins anew with each byte, so a peer that trickles would hold a call for ever.
    """

    def __init__(self, seconds: float) -> None:
        self.fired = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._seconds = seconds
        self._alarm: Alarm | None = None

    def __enter__(self) -> "Watchdog":
        self._alarm = ALARMS.set(self._seconds, self._fire)
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._alarm is not None:
            ALARMS.take_back(self._alarm)
            self._alarm = None
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


#: The watchdog of the call under way.
watchdog_of_call: ContextVar[Watchdog | None] = ContextVar("watchdog_of_call", default=None)


def _watch(connected: Any) -> Any:
    watchdog = watchdog_of_call.get()
    if watchdog is not None and connected is not None:
        watchdog.watch(connected)
    return connected


class _WatchedHTTPConnection(HTTPConnection):
    # The socket is watched as soon as there is one: a proxy could trickle its answer to CONNECT.
    def _new_conn(self) -> socket.socket:
        connected: socket.socket = _watch(super()._new_conn())
        return connected


class _WatchedHTTPSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        connected: socket.socket = _watch(super()._new_conn())
        return connected

    def connect(self) -> None:
        super().connect()
        # TLS has taken the plain socket over.
        _watch(self.sock)


class _WatchedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _WatchedHTTPConnection

    def _put_conn(self, conn: Any) -> None:
        _end(conn)
        super()._put_conn(None)


class _WatchedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPSConnection

    def _put_conn(self, conn: Any) -> None:
        _end(conn)
        super()._put_conn(None)


def _end(connection: Any) -> None:
    # A server may answer as if the connection went on and end it a moment later: a second request on it would be
    # lost, and who asked for "close" must send none.  # S-158
    if connection is not None:
        connection.close()


_POOLS: Final = {"http": _WatchedHTTPPool, "https": _WatchedHTTPSPool}


class BankAdapter(HTTPAdapter):
    """Repeats the making of a connection and nothing else.

    Args:
        context: the TLS settings; None where there is no TLS.
        proxy_credentials: user, colon and password for the proxy; an empty text for none. They go to the proxy alone.
    """

    def __init__(self, context: ssl.SSLContext | None, proxy_credentials: str) -> None:
        self._context = context
        self._proxy_headers: dict[str, str] = {}
        if proxy_credentials:
            encoded = base64.b64encode(proxy_credentials.encode("utf-8")).decode("ascii")
            self._proxy_headers["Proxy-Authorization"] = f"Basic {encoded}"
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

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As the base's, with our connections and TLS settings."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """As the base's, with our connections and TLS settings."""
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def proxy_headers(self, proxy: str) -> dict[str, str]:  # noqa: ARG002 -- the base's signature
        """What the proxy alone is told."""
        return dict(self._proxy_headers)
