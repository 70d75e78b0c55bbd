"""Memory over many calls: the resident size of a process that makes 100,000 of them, in steps, beside bare zeep.

Each peer has a process of its own, against the same local server, one after the other. Shown is the size after one
call and after each step; growth is told from the first step on, when all is loaded.

Run: `python benchmarks/call_memory.py [--calls N] [--steps N]`.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
from pathlib import Path

import _bank
from call_overhead import CONTEXT, DIK, TOKEN, zeep_service
from companynet.client import CallRecord, CompanyNet
from companynet.domain.session import Secret
from companynet.profile import BankProfile

PEERS = ("companynet", "zeep")
PAGE = resource.getpagesize()


def resident() -> float:
    """Megabytes of this process in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE / 1e6


def work(peer: str, url: str, calls: int, steps: int) -> None:
    """Make the calls; prints the megabytes after one call, and after each step."""
    if peer == "zeep":
        service = zeep_service(url, kept=True)

        def call() -> None:
            service.getStatus(context=CONTEXT, orderGroupId="G-1")
    else:
        made = 0

        def count(_record: CallRecord) -> None:
            nonlocal made
            made += 1

        client = CompanyNet(BankProfile(url), on_call=count)
        token = Secret(TOKEN)

        def call() -> None:
            client.orders.status(token, DIK, "G-1")

    call()
    print(f"{resident():.1f}", flush=True)
    for _step in range(steps):
        for _call in range(calls // steps):
            call()
        print(f"{resident():.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        work(options.peer, options.url, options.calls, options.steps)
        return
    print(f"{options.calls:,} calls in {options.steps} steps; megabytes in memory after one call and after each step")
    growths = {}
    with _bank.running() as (url, _pid):
        for peer in PEERS:
            command = [sys.executable, __file__, "--peer", peer, "--url", url]
            command += ["--calls", str(options.calls), "--steps", str(options.steps)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            sizes = [float(line) for line in done.stdout.split()]
            growths[peer] = sizes[-1] - sizes[1]
            shown = " ".join(f"{size:6.1f}" for size in sizes)
            print(f"{peer:12} {shown}   from first step to last {growths[peer]:+.1f}")
    per_call = growths["companynet"] * 1e6 / max(1, options.calls - options.calls // options.steps)
    print(f"companynet: {per_call:+.1f} bytes a call")


if __name__ == "__main__":
    main()
