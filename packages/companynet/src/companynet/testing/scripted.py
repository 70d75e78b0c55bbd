"""A peer on a real socket that does to each call what it was told, right or wrong."""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from xml.sax.saxutils import escape

Step = bytes | Callable[[socket.socket], None]
"""What to do with one call: raw bytes to send, or a function that is given the connection."""

_NAMESPACE = "http://model.ws.hp.com"  # L-014


class ScriptedBank:
    """Takes connections on a free port of this machine, reads one request each, and does the next step.

    Use it as a context manager. When the steps are used up a connection is closed without an answer.

    Args:
        steps: in order, one per call.
    """

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.heads: list[str] = []
        """The head of each request, in order."""
        self.bodies: list[bytes] = []
        """The body of each request, in order."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/ws/services/IBREService_v1_0"

    @property
    def closed(self) -> bool:
        """Whether it is being closed; for steps that wait."""
        return self._closing.is_set()

    def then(self, *steps: Step) -> None:
        """Add steps."""
        self._steps.extend(steps)

    def __enter__(self) -> "ScriptedBank":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        # Wakes the thread out of accept.
        with contextlib.suppress(OSError), socket.create_connection(self._listener.getsockname(), timeout=1):
            pass
        self._thread.join(timeout=5)
        self._listener.close()

    def wait(self, seconds: float) -> None:
        """Wait that long, or until the bank is closed; for steps that hang."""
        self._closing.wait(seconds)

    def _run(self) -> None:
        while True:
            connection, _address = self._listener.accept()
            with connection, contextlib.suppress(OSError):
                if self._closing.is_set():
                    return
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        received = b""
        while b"\r\n\r\n" not in received:
            if not (chunk := connection.recv(65536)):
                return
            received += chunk
        head, _, body = received.partition(b"\r\n\r\n")
        text = head.decode("latin-1")
        length = next(
            int(line.partition(":")[2]) for line in text.splitlines() if line.lower().startswith("content-length:")
        )
        while len(body) < length:
            if not (chunk := connection.recv(65536)):
                return
            body += chunk
        self.heads.append(text)
        self.bodies.append(body)
        if not self._steps:
            return
        step = self._steps.pop(0)
        if isinstance(step, bytes):
            connection.sendall(step)
        else:
            step(connection)


def http(body: bytes | str, status: str = "200 OK", *, content_type: str = "text/xml", extra: str = "") -> bytes:
    """A whole HTTP answer.

    Args:
        body: text is sent as UTF-8.
        status: code and words.
        content_type: of the body.
        extra: further head lines, each ended by CRLF.
    """
    data = body.encode("utf-8") if isinstance(body, str) else body
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n{extra}\r\n"
    return head.encode("latin-1") + data


def envelope(body: str) -> str:
    """A SOAP envelope around what goes into its body; ``m:`` is the bank's namespace."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="{_NAMESPACE}">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def soap(operation: str, returned: str = "") -> bytes:
    """The answer to an operation.

    Args:
        operation: its name.
        returned: XML inside its ``return`` element; nothing for an operation that returns nothing.
    """
    inner = f"<m:return>{returned}</m:return>" if returned else ""
    return http(envelope(f"<m:{operation}Response>{inner}</m:{operation}Response>"))


def fault(
    code: str, message: str, *, status: str = "500 Internal Server Error", faultcode: str = "s:Client"
) -> bytes:
    """A fault of the bank with its own code in the detail."""
    detail = (
        f"<detail><m:CompanyNetFault><m:code>{escape(code)}</m:code><m:message>{escape(message)}</m:message>"
        "</m:CompanyNetFault></detail>"
    )
    body = (
        f"<s:Fault><faultcode>{faultcode}</faultcode><faultstring>{escape(message)}</faultstring>{detail}</s:Fault>"
    )
    return http(envelope(body), status)
