"""The sandbox bank: calls a second over real HTTP, by one caller and by several, beside a server that does no work.

The sandbox runs as its own process on its own books; callers post envelopes that are ready with bare requests, on a
connection each keeps open, from processes of their own. The peer is the same HTTP server with fixed answers, so the
ratio is what the bank's work (schema, session, books, log of calls) costs. The processor's time is the bank's.

Run: `python benchmarks/sandbox_rate.py [--seconds S] [--callers N …]`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psutil
import requests

import _bank
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import RunningBank, make_identity, running_bank
from companynet_sandbox.testing.client import Customer, Transfer, order_file

PASSWORD = "of-a-test"  # noqa: S105
DAY = dt.date(2026, 1, 5)
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


@dataclass(frozen=True)
class Figures:
    """Of one operation with so many callers."""

    rate: float
    """Calls a second."""

    spent: float
    """Milliseconds of the server's processor for a call."""


def customer(bank: RunningBank) -> Customer:
    """A customer with a session, a day of entries, and a group of orders."""
    now = dt.datetime.now(dt.UTC)
    identity = make_identity("Jan Kowalski", now - dt.timedelta(days=1), now + dt.timedelta(days=300), PASSWORD)
    bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": identity.certificate_pem})
    made = Customer(bank, identity, PASSWORD)
    made.open_session()
    entries = [
        {
            "account": demo_data.ALFA_PLN,
            "amount": str(Decimal(number) + 1),
            "currency": "PLN",
            "debtor_name": "Klient S.A.",
            "debtor_account": "83101010230000261395100000",
            "title": f"FV {number}/2026",
            "date": DAY.isoformat(),
        }
        for number in range(100)
    ]
    bank.post("/incoming", entries)
    made.send_orders("RATE-1", order_file("RATE-1", Transfer("R-1"), Transfer("R-2")))
    return made


def envelopes(made: Customer) -> dict[str, bytes]:
    """What is sent again and again."""
    task = f"<m:taskId>{made.call('getMT940Ex', days()).text('return')}</m:taskId>"
    while made.call("checkGetMT940Result", task).text("return/finished") == "false":
        pass
    bodies = {
        "getStatus": "<m:orderGroupId>RATE-1</m:orderGroupId>",
        "checkGetMT940Result": task,
        "getMT940Ex": days(),
    }
    return {name: made.caller.envelope(name, body, dik=made.dik, token=made.token) for name, body in bodies.items()}


def days() -> str:
    return f"<m:from>{DAY}</m:from><m:to>{DAY}</m:to><m:compressed>false</m:compressed>"


def caller(url: str, envelope: bytes, seconds: float) -> int:
    """Call until the time is over; how many calls that were."""
    session = requests.Session()
    session.trust_env = False
    made = 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        answer = session.post(url, data=envelope, headers=HEADERS, timeout=30)
        assert answer.status_code == 200, answer.text
        made += 1
    return made


def measured(url: str, pid: int, envelope: bytes, callers: int, seconds: float) -> Figures:
    """Let so many callers work at the same time."""
    process = psutil.Process(pid)
    with multiprocessing.get_context("spawn").Pool(callers) as pool:
        pool.starmap(caller, [(url, envelope, 0.2)] * callers)
        before, started = process.cpu_times(), time.perf_counter()
        made = sum(pool.starmap(caller, [(url, envelope, seconds)] * callers))
        passed, after = time.perf_counter() - started, process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    return Figures(made / passed, spent / made * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 4])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_bank(Path(folder, "bank")) as bank:
        made = customer(bank)
        pid = next(
            child.pid
            for child in psutil.Process().children(recursive=True)
            if "companynet_sandbox.cli" in " ".join(child.cmdline())
        )
        report = Path(folder, "report.sta")
        report.write_bytes(made.statements(DAY, DAY)[0])
        ready = envelopes(made)
        heads = ("callers", "sandbox/s", "CPU ms", "no work/s", "CPU ms", "sandbox takes")
        print(f"{'':22}" + "{:>8} {:>10} {:>8} {:>10} {:>8} {:>14}".format(*heads))
        with _bank.running(report=report, threads=6) as (bare, bare_pid):
            for operation, envelope in ready.items():
                for callers in options.callers:
                    ours = measured(bank.soap_url, pid, envelope, callers, options.seconds)
                    none = measured(bare, bare_pid, envelope, callers, options.seconds)
                    print(
                        f"{operation:22}{callers:8} {ours.rate:10.0f} {ours.spent:8.2f} {none.rate:10.0f} "
                        f"{none.spent:8.2f} {ours.spent / none.spent:13.1f}x"
                    )


if __name__ == "__main__":
    main()
