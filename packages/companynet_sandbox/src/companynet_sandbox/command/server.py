"""The bank as a running process: the web service and the control plane, each on its own port."""

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Final

import waitress.server

from companynet_sandbox.books.file import Books
from companynet_sandbox.control.application import Control
from companynet_sandbox.service.application import PATH, Service

_HOST: Final = "127.0.0.1"
_BODY_LIMIT: Final = 40 * 1024 * 1024


class PortUnusable(Exception):
    """The bank cannot listen on a port; the text names it and says why."""


def serve(directory: Path, port: int, control_port: int) -> None:
    """Serve until SIGTERM or SIGINT; when ready, print one line of JSON with the two addresses.

    Args:
        directory: of the books.
        port: of the web service, 0 to choose one.
        control_port: of the control plane, 0 to choose one.

    Raises:
        BooksError: there are no books.
        PortUnusable: a port is taken, or not for this user.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_arguments: ended.set())
    books = Books(directory)
    servers = [
        _start(Service(books), port, "--port", threads=6),
        _start(Control(books), control_port, "--control-port", threads=2),
    ]
    soap, control = (f"http://{_HOST}:{server.effective_port}" for server in servers)
    sys.stdout.write(json.dumps({"soap": f"{soap}{PATH}", "control": f"{control}/"}) + "\n")
    sys.stdout.flush()
    if sys.stderr.isatty():
        sys.stderr.write(f"The bank runs on {directory}. Its page: {control}/ - Ctrl+C ends it.\n")
    ended.wait()
    for server in servers:
        server.task_dispatcher.shutdown()
    books.close()


def _start(application: Any, port: int, option: str, threads: int) -> Any:
    try:
        # Each server has a map of its own: waitress would else run both in whichever loop comes first.
        server = waitress.server.create_server(
            application,
            map={},
            host=_HOST,
            port=port,
            threads=threads,
            max_request_body_size=_BODY_LIMIT,
            ident="companynet-sandbox",
        )
    except OSError as error:
        raise PortUnusable(
            f"{option} {port}: {_HOST} port {port} cannot be used ({error.strerror}); choose another, or 0 for any"
        ) from None
    threading.Thread(target=server.run, name=f"server {port}", daemon=True).start()
    return server
