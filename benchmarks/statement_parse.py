"""Statements: entries a second of companynet beside the `mt-940` library, on the same large statements.

The statements are those of the sandbox's generator: an account with 1,000, 10,000 and 100,000 entries on one day,
with titles as people write them. The peer reads the frame of MT940 and leaves :86: as it is (its default for a bank
it does not know); companynet also reads :86:, checks the balance and masks card numbers. The peer is given the same
text without 0x01 and 0x03, which it does not know. Rounds of all take turns; time is the processor's, and the least
disturbed round counts.

Run: `python benchmarks/statement_parse.py [--large N] [--rounds N] [--profile]`.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import mt940

from companynet.formats import read_statements
from companynet_sandbox.accounts.reports import report_of_day
from companynet_sandbox.books.file import Books, create_books
from companynet_sandbox.customers.generator.run import FIRST_DAY, Plan, generate

if TYPE_CHECKING:
    from collections.abc import Callable


def statement(entries: int) -> bytes:
    """An account's day with so many entries."""
    with tempfile.TemporaryDirectory() as folder:
        create_books(Path(folder))
        books = Books(Path(folder))
        plan = Plan(accounts=1, entries=entries, days=1, seed=entries)
        generate(books, plan, None, None, lambda _counts: None)
        with books.transaction() as db:
            made = report_of_day(db, plan.dik, FIRST_DAY, FIRST_DAY)
        books.close()
    return made


def seconds(work: Callable[[], int], wanted: int) -> float:
    """Seconds of the processor."""
    started = time.process_time()
    found = work()
    spent = time.process_time() - started
    assert found == wanted, f"{found} entries were read in place of {wanted}"
    return spent


def ours(data: bytes) -> int:
    (read,) = read_statements(data, "generated")
    assert not read.problems
    return len(read.entries)


def peer(text: str) -> int:
    return len(mt940.parse(text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=100_000, help="entries of the largest statement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="show where our own time goes, and nothing else")
    options = parser.parse_args()
    if options.profile:
        data = statement(5000)
        profile = cProfile.Profile()
        profile.runcall(ours, data)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    files = {size: statement(size) for size in (1000, 10_000, options.large)}
    rates, others = dict.fromkeys(files, 0.0), dict.fromkeys(files, 0.0)
    for _round in range(options.rounds):
        for size, data in files.items():
            text = data.decode("iso-8859-2").replace("\x01\r\n", "").replace("-\x03", "-")
            rates[size] = max(rates[size], size / seconds(lambda data=data: ours(data), size))
            others[size] = max(others[size], size / seconds(lambda text=text: peer(text), size))
    print(f"{'entries':>9} {'MB':>6} {'companynet/s':>13} {'mt-940/s':>10} {'ratio':>7}")
    for size, data in files.items():
        ratio = rates[size] / others[size]
        print(f"{size:9,} {len(data) / 1e6:6.1f} {rates[size]:13,.0f} {others[size]:10,.0f} {ratio:6.2f}x")
    growth = rates[options.large] / rates[1000]
    print(f"entries/s at {options.large:,} over at 1,000: {growth:.2f} (1 is flat)")


if __name__ == "__main__":
    main()
