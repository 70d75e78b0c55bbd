"""HTTP to the bank: one POST, sent once, with every limit set."""

import io
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import requests
import urllib3

from companynet.profile import BankProfile
from companynet.soap.connections import BankAdapter, Watchdog, watchdog_of_call
from companynet.soap.root_cause import root_cause
from companynet.soap.tls import read_secret_line, roots_of, tls_context

_CHUNK: Final = 64 * 1024

#: Alerts by which a server ends the handshake because of the client's certificate.  # S-157
_CERTIFICATE_ALERTS: Final = (
    "ALERT_CERTIFICATE_REQUIRED",
    "ALERT_BAD_CERTIFICATE",
    "ALERT_UNSUPPORTED_CERTIFICATE",
    "ALERT_CERTIFICATE_REVOKED",
    "ALERT_CERTIFICATE_EXPIRED",
    "ALERT_CERTIFICATE_UNKNOWN",
    "ALERT_UNKNOWN_CA",
)


@dataclass(frozen=True)
class HttpAnswer:
    """A whole answer."""

    status: int
    """The HTTP status."""

    content: bytes = field(repr=False)
    """The body; it may hold a token."""

    content_type: str = ""
    """What the server says that it is; empty if it says nothing."""

    retry_after: str | None = None
    """When a server that turned the call away wants to be asked again, as it came."""


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


class BankTransport:
    """Posts envelopes to the endpoint of a profile.

    The environment is ignored: no proxy but the profile's, no netrc, and no ``REQUESTS_CA_BUNDLE``, which would win
    over the roots set here. Each call has a connection of its own: one kept open could be closed by the bank just as
    the next order goes out, and that order's outcome would be unknown for nothing.

    Raises:
        ProfileError: a file of the profile (roots, client certificate, password, credentials) cannot be used.
    """

    def __init__(self, profile: BankProfile) -> None:
        self._profile = profile
        # Without TLS there is nothing to show or to check.
        context = tls_context(profile) if profile.endpoint.lower().startswith("https:") else None
        credentials = read_secret_line(profile.proxy_credentials_file, "proxy_credentials_file")
        session = requests.Session()
        session.trust_env = False
        session.verify = str(roots_of(profile))
        if profile.proxy:
            session.proxies = {"http": profile.proxy, "https": profile.proxy}
        for prefix in ("https://", "http://"):
            session.mount(prefix, BankAdapter(context, credentials))
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
        with Watchdog(self._profile.call_timeout) as watchdog:
            token = watchdog_of_call.set(watchdog)
            # The failure is raised outside, so that no foreign exception (it would hold the request, and with it the
            # session's token) hangs on it as its context.
            try:
                answer = self._exchange(body, soap_action)
            except TransportFailure as error:
                failure = error
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                failure = _failure(error, sent=body.taken)
            except ValueError as error:
                failure = (
                    _failure(error, sent=True)
                    if body.taken
                    else TransportFailure("unreachable", "the endpoint is not a URL that can be called")
                )
            except Exception as error:  # noqa: BLE001 -- whatever a library raises: what has left has left
                failure = _failure(error, sent=body.taken)
            finally:
                watchdog_of_call.reset(token)
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
            return HttpAnswer(
                response.status_code,
                bytes(collected),
                response.headers.get("Content-Type", ""),
                response.headers.get("Retry-After"),
            )


def _chunks(response: requests.Response) -> Iterator[bytes]:
    yield from response.raw.stream(_CHUNK, decode_content=False)


def _framed(response: requests.Response) -> bool:
    """Whether HTTP tells where the answer ends; if not, the end of the connection and a cut look the same."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def _failure(error: Exception, *, sent: bool) -> TransportFailure:
    root = root_cause(error)
    name = type(root).__name__
    reason = (root.reason or "") if isinstance(root, ssl.SSLError) else ""
    if reason.endswith(_CERTIFICATE_ALERTS):
        # In TLS 1.3 the alert may come after the call has left. That the bank reads nothing before it knows who calls
        # is likely, not proven.
        kind = "lost" if sent else "unreachable"
        return TransportFailure(kind, f"the bank does not accept this side's certificate ({reason})")
    if isinstance(root, ssl.SSLCertVerificationError):
        name = f"{name}: {root.verify_message}"
    if not sent:
        return TransportFailure("unreachable", f"no connection to the bank ({name})")
    if isinstance(error, (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)) or isinstance(
        root, (urllib3.exceptions.ReadTimeoutError, TimeoutError)
    ):
        return TransportFailure("timeout", "no answer in time")
    return TransportFailure("lost", f"the connection broke before the whole answer came ({name})")
