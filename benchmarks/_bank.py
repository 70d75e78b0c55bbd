"""A server that answers a call of the bank with fixed bytes, in a process of its own; for measuring, not for truth.

It does no work of a bank, so what is measured beside it is the caller. `python benchmarks/_bank.py --delay S` serves
and prints its address.
"""

from __future__ import annotations

import argparse
import base64
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import waitress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PATH = "/ws/services/IBREService_v1_0"
_OPERATION = re.compile(rb"Body[^>]*>\s*<(?:[\w-]+:)?(\w+)")
_STATE = (
    "<m:OrderState><m:orderGroupId>G-1</m:orderGroupId><m:orderReference>E2E-1</m:orderReference><m:status>"
    "<m:statusKey>TO_AUTH</m:statusKey></m:status></m:OrderState>"
)


def envelope(operation: str, returned: str) -> bytes:
    """The answer to an operation."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://model.ws.hp.com"><s:Body>'
        f"<m:{operation}Response><m:return>{returned}</m:return></m:{operation}Response></s:Body></s:Envelope>"
    ).encode()


def answers(report: bytes) -> dict[bytes, bytes]:
    """The answer to each operation that is measured."""
    content = base64.b64encode(report).decode()
    reports = (
        f"<m:finished>true</m:finished><m:reports><m:Report><m:content>{content}</m:content></m:Report></m:reports>"
    )
    return {
        b"getStatus": envelope("getStatus", _STATE),
        b"getMT940Ex": envelope("getMT940Ex", "T-1"),
        b"checkGetMT940Result": envelope("checkGetMT940Result", reports),
    }


def serve(delay: float, report: bytes, threads: int) -> None:
    """Serve until killed."""
    fixed = answers(report)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        found = _OPERATION.search(body)
        answer = fixed[found[1] if found else b"getStatus"]
        if delay:
            time.sleep(delay)
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(answer)))])
        return [answer]

    server = waitress.create_server(application, host="127.0.0.1", port=0, threads=threads, connection_limit=1000)
    print(f"http://127.0.0.1:{server.effective_port}{PATH}", flush=True)
    server.run()


@contextmanager
def running(*, delay: float = 0.0, report: Path | None = None, threads: int = 4) -> Iterator[tuple[str, int]]:
    """The address of a running server, and the id of its process.

    Args:
        delay: seconds before each answer.
        report: the file of a statement it gives out; None for a short one.
        threads: how many calls it takes at the same time.
    """
    command = [sys.executable, __file__, "--delay", str(delay), "--threads", str(threads)]
    command += ["--report", str(report)] if report else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args()
    serve(options.delay, options.report.read_bytes() if options.report else b":20:X\r\n", options.threads)


if __name__ == "__main__":
    main()
