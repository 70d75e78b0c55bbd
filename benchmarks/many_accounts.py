"""Many accounts: statements of 200 customers at once, at a bank that takes 200 ms for each answer.

`companynet.pool` with the profile's limit on parallel calls, beside the same jobs one after another on one client;
the same jobs on threads that use bare zeep are a peer. Time is what passed: the point of it is to wait less.

Run: `python benchmarks/many_accounts.py [--accounts N] [--delay S] [--parallel N]`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import zeep
import zeep.transports

import _bank
from companynet.client import CompanyNet
from companynet.contract import wsdl_path
from companynet.domain.session import Secret
from companynet.pool import ask_many
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = Secret("token-of-a-session")
DAY = dt.date(2026, 1, 5)


def job(dik: str) -> Callable[[CompanyNet], int]:
    """Asks for a day's statements and fetches them: two calls. How many reports there were."""
    return lambda bank: len(bank.statements.fetch(TOKEN, dik, DAY, DAY).reports)


def by_zeep(url: str, diks: list[str], parallel: int) -> int:
    """The same two calls for each customer with bare zeep, a client for each thread."""

    def fetch(part: list[str]) -> int:
        client = zeep.Client(str(wsdl_path()), transport=zeep.transports.Transport(operation_timeout=60))
        service: Any = client.create_service("{http://model.ws.hp.com}IBREService_v1_0HttpBinding", url)
        found = 0
        for dik in part:
            context = {
                "dik": dik,
                "language": "pl",
                "version": "1.0.9",
                "clientInfo": "benchmark",
                "clientVersion": "1",
                "authenticationToken": TOKEN.reveal(),
            }
            task = service.getMT940Ex(**{"context": context, "from": DAY, "to": DAY, "compressed": False})
            found += len(service.checkGetMT940Result(context=context, taskId=task).reports.Report)
        return found

    with ThreadPoolExecutor(parallel) as pool:
        return sum(pool.map(fetch, [diks[number::parallel] for number in range(parallel)]))


def timed(work: Callable[[], int], wanted: int) -> tuple[float, float]:
    """Seconds that passed, and seconds of the processor."""
    passed, spent = time.perf_counter(), time.process_time()
    found = work()
    passed, spent = time.perf_counter() - passed, time.process_time() - spent
    assert found == wanted, f"{found} reports in place of {wanted}"
    return passed, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--delay", type=float, default=0.2, help="seconds of the bank for an answer")
    parser.add_argument("--parallel", type=int, default=BankProfile("x").parallel_limit)
    options = parser.parse_args()
    diks = [f"3{number:07d}" for number in range(options.accounts)]
    with _bank.running(delay=options.delay, threads=2 * options.parallel) as (url, _pid):
        profile = BankProfile(url, parallel_limit=options.parallel)

        def pooled() -> int:
            return sum(done.result() for done in ask_many(profile, [job(dik) for dik in diks]))

        def alone() -> int:
            with CompanyNet(profile) as client:
                return sum(job(dik)(client) for dik in diks)

        figures = {
            f"companynet.pool, {options.parallel} at once": timed(pooled, len(diks)),
            f"zeep on {options.parallel} threads": timed(lambda: by_zeep(url, diks, options.parallel), len(diks)),
            "one after another": timed(alone, len(diks)),
        }
    last = figures["one after another"][0]
    print(f"{options.accounts} accounts, two calls each, {options.delay * 1000:.0f} ms an answer")
    print(f"{'':30} {'passed s':>9} {'CPU s':>7} {'of one after another':>21}")
    for name, (passed, spent) in figures.items():
        print(f"{name:30} {passed:9.2f} {spent:7.2f} {'1/' + format(last / passed, '.1f'):>21}")
    share = next(iter(figures.values()))[0] / last
    print(f"goal, at most 1/8: {'reached' if share <= 1 / 8 else 'MISSED'}")


if __name__ == "__main__":
    main()
