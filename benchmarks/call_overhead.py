"""A call: the processor's time of companynet beside bare zeep and bare requests, against the same local server.

Bare requests posts bytes that are ready and reads bytes: the least a call can cost in Python. Bare zeep makes the
message from values and reads the answer, without checking either against the schema. companynet checks both, makes a
connection for each call (one kept open may be closed under an order), and watches the time of the whole call; so both
peers are measured with a connection kept open and with one for each call.

Rounds of all peers take turns; of each the least disturbed round counts. Time is the processor's of this process.

Run: `python benchmarks/call_overhead.py [--calls N] [--rounds N] [--profile]`.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests
import zeep
import zeep.transports

import _bank
from companynet.client import CompanyNet
from companynet.contract import wsdl_path
from companynet.domain.session import Secret
from companynet.profile import BankProfile

Call = Callable[[], object]
TOKEN, DIK = "token-of-a-session", "10000001"
CONTEXT = {
    "dik": DIK,
    "language": "pl",
    "version": "1.0.9",
    "clientInfo": "benchmark",
    "clientVersion": "1",
    "authenticationToken": TOKEN,
}
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}


def session(*, kept: bool) -> requests.Session:
    made = requests.Session()
    made.trust_env = False
    if not kept:
        made.headers["Connection"] = "close"
    return made


def zeep_service(url: str, *, kept: bool) -> zeep.proxy.ServiceProxy:
    transport = zeep.transports.Transport(session=session(kept=kept), operation_timeout=60)
    client = zeep.Client(str(wsdl_path()), transport=transport, settings=zeep.Settings(xml_huge_tree=True))
    return client.create_service("{http://model.ws.hp.com}IBREService_v1_0HttpBinding", url)


def callers(url: str, operation: str) -> dict[str, Call]:
    """The peers, each as a function that makes one call."""
    arguments = {"orderGroupId": "G-1"} if operation == "getStatus" else {"taskId": "T-1"}
    client = CompanyNet(BankProfile(url))
    token = Secret(TOKEN)

    def ours() -> object:
        if operation == "getStatus":
            return client.orders.status(token, DIK, "G-1")
        return client.statements.result(token, DIK, "T-1")

    made: dict[str, Call] = {"companynet": ours}
    message = client._caller._contract.request(operation, {**arguments, "context": CONTEXT})
    for kept, words in ((True, "kept open"), (False, "one each")):
        service = zeep_service(url, kept=kept)[operation]
        plain = session(kept=kept)
        made[f"zeep, {words}"] = lambda service=service: service(context=CONTEXT, **arguments)
        made[f"requests, {words}"] = lambda plain=plain: plain.post(url, data=message, headers=HEADERS).content
    return made


def measured(peers: dict[str, Call], calls: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Milliseconds of the processor, and milliseconds that passed, of one call of each peer."""
    best = dict.fromkeys(peers, (float("inf"), float("inf")))
    for call in peers.values():
        call()
    for _round in range(rounds):
        for name, call in peers.items():
            spent, passed = time.process_time(), time.perf_counter()
            for _call in range(calls):
                call()
            spent, passed = time.process_time() - spent, time.perf_counter() - passed
            best[name] = min(best[name], (spent / calls * 1000, passed / calls * 1000))
    return best


def show(title: str, figures: dict[str, tuple[float, float]]) -> None:
    print(f"\n{title}")
    print(f"{'':22} {'CPU ms':>8} {'calls/CPU s':>12} {'passed ms':>10} {'companynet takes':>17}")
    ours = figures["companynet"][0]
    for name, (spent, passed) in figures.items():
        print(f"{name:22} {spent:8.2f} {1000 / spent:12.0f} {passed:10.2f} {ours / spent:16.2f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200, help="of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="show where our own time goes, and nothing else")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _bank.running() as (url, _pid):
        peers = callers(url, "getStatus")
        if options.profile:
            profile = cProfile.Profile()
            profile.enable()
            for _call in range(options.calls):
                peers["companynet"]()
            profile.disable()
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
            return
        show("getStatus, one order", measured(peers, options.calls, options.rounds))
        report = Path(folder, "report.sta")
        report.write_bytes(b":20:ST260105CYC/1\r\n" + b":86:770 PRZELEW ELIXIR; TYT.: FV 1/2026\r\n" * 25_000)
        with _bank.running(report=report) as (large, _pid):
            figures = measured(callers(large, "checkGetMT940Result"), max(1, options.calls // 40), options.rounds)
        show(f"checkGetMT940Result, a report of {report.stat().st_size / 1e6:.1f} MB as base64", figures)
        started = time.process_time()
        CompanyNet(BankProfile(url)).close()
        ours = time.process_time() - started
        started = time.process_time()
        zeep_service(url, kept=True)
        bare = time.process_time() - started
        print(f"\na new client: companynet {ours * 1000:.0f} ms of the processor, zeep {bare * 1000:.0f} ms")


if __name__ == "__main__":
    main()
