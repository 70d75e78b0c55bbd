"""Settlement: entries a second at 1,000, 10,000 and 100,000 open items, beside a loop over pairs in the same run.

The naive loop is what one writes first: for each entry look at every open item, with the number as a substring of the
title, the account and the amount. Time is the processor's, so that others on the machine do not count.

Run: `python benchmarks/settlement_match.py [--large N]`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import re
import time
from decimal import Decimal

from settlement import Decision, Entry, Kind, Matcher, OpenItem

DAY = dt.date(2026, 11, 24)


def account(party: int) -> str:
    return f"{61:02d}11402004{party:016d}"


def made_items(count: int, parties: int) -> list[OpenItem]:
    chance = random.Random(count)  # noqa: S311  data for measuring
    items = []
    for at in range(count):
        party = chance.randrange(parties)
        items.append(
            OpenItem(
                id=str(at),
                kind=Kind.RECEIVABLE,
                party=f"P{party}",
                party_name=f"Firma{party} Handel Sp. z o.o.",
                party_accounts=(account(party),),
                number=f"FV/{at:06d}/{1 + at % 12:02d}/2026",
                amount=Decimal(chance.randrange(1000, 500_000)) / 100,
                currency="PLN",
                date=DAY - dt.timedelta(chance.randrange(60)),
                due_date=DAY,
            )
        )
    return items


def made_entries(items: list[OpenItem], count: int) -> list[Entry]:
    """Half name their invoice in some form, a quarter only come from the account, a quarter are strangers'."""
    chance = random.Random(count)  # noqa: S311  data for measuring
    entries = []
    for at, item in enumerate(chance.sample(items, count)):
        serial, month = item.number.split("/")[1:3]
        sort = at % 4
        title = (f"ZAPLATA ZA FV {int(serial)}/{month}/2026", f"FAKTURA VAT NR {item.number}", "PRZELEW", "CZYNSZ")[
            sort
        ]
        entries.append(
            Entry(
                id=str(at),
                amount=item.amount,
                currency="PLN",
                value_date=DAY,
                remittance=title,
                counterparty_account=item.party_accounts[0] if sort < 3 else "99" * 13,
                counterparty_name=item.party_name if sort < 3 else "JAN KOWALSKI",
            )
        )
    return entries


def plain(text: str) -> str:
    """Blanks for separators, no leading zeros: without that a loop finds no number at all."""
    parted = re.sub(r"[^A-Z0-9]+", " ", text.upper())
    return " " + re.sub(r"0*([0-9]+)", r"\1", parted) + " "


def naive(entries: list[Entry], items: list[OpenItem]) -> int:
    """Look at every pair; what can be made ready once is made ready once."""
    ready = [(item.amount, item.currency, plain(item.number), set(item.party_accounts)) for item in items]
    settled = 0
    for entry in entries:
        title = plain(entry.remittance)
        for amount, currency, number, accounts in ready:
            identified = number in title or entry.counterparty_account in accounts
            if identified and amount == entry.amount and currency == entry.currency:
                settled += 1
                break
    return settled


def measured(items: list[OpenItem], entries: list[Entry]) -> tuple[float, float, str]:
    """Seconds to index, entries a second, and both figures of matching as text."""
    start = time.process_time()
    matcher = Matcher(items)
    built = time.process_time()
    proposals = matcher.match_all(entries)
    rate = len(entries) / (time.process_time() - built)
    automatic = sum(proposal.decision is Decision.AUTOMATIC for proposal in proposals)
    return built - start, rate, f"{rate:10.0f} {automatic / len(entries):10.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", type=int, default=0, help="measure this many items too, such as 1000000")
    large = parser.parse_args().large
    sizes = [1000, 10_000, 100_000, *([large] if large else [])]
    heads = ("index s", "entries/s", "automatic", "pairs/s", "found", "ratio")
    print(f"{'open items':>22} " + "{:>8} {:>10} {:>10} {:>9} {:>6} {:>8}".format(*heads))
    rates = {}
    for size in sizes:
        items = made_items(size, size // 5)
        built, rates[size], line = measured(items, made_entries(items, min(size, 5000)))
        # A loop over pairs is measured on fewer entries: its rate does not depend on how many there are.
        entries = made_entries(items, max(40, min(1000, 4_000_000 // size)))
        start = time.process_time()
        found = naive(entries, items)
        loop = len(entries) / (time.process_time() - start)
        print(f"{size:22,} {built:8.2f} {line} {loop:9.0f} {found / len(entries):6.0%} {rates[size] / loop:7.2f}x")
    items = made_items(20_000, 1)
    built, _, line = measured(items, made_entries(items, 4000))
    print(f"{'20,000 of one party':>22} {built:8.2f} {line}")
    print(f"entries/s at {sizes[-1]:,} items over at 1,000: {rates[sizes[-1]] / rates[1000]:.2f} (1 is flat)")


if __name__ == "__main__":
    main()
