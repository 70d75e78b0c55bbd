"""What the subcommands of ``companynet-sandbox`` do; :mod:`companynet_sandbox.cli` reads their options."""

import argparse
import json
import secrets
import sys
import time
from datetime import date
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from companynet_sandbox.access import certificates, passwords
from companynet_sandbox.books import clock
from companynet_sandbox.books.file import Books, create_books, remove_books
from companynet_sandbox.command import summary
from companynet_sandbox.customers import demo_data
from companynet_sandbox.customers.generator.run import Counts, Plan, generate

#: Ended by Ctrl+C, as shells say it.
INTERRUPTED = 130
_REPORT_EVERY = 0.2


class CommandFailed(Exception):
    """The command cannot do what it is asked; the text says what is wrong where."""


def init(options: argparse.Namespace) -> int:
    """Make books."""
    if options.force:
        remove_books(options.dir)
    create_books(options.dir)
    if options.demo:
        fill_with_demo(options.dir)
    return 0


def fill_with_demo(directory: Path) -> None:
    """Write the demonstration's customers into empty books."""
    books = Books(directory)
    try:
        with books.transaction() as db:
            demo_data.fill(db)
    finally:
        books.close()


def serve(options: argparse.Namespace) -> int:
    """Run the bank."""
    from companynet_sandbox.command import server  # noqa: PLC0415 - the other commands need no server

    try:
        server.serve(options.dir, options.port, options.control_port)
    except server.PortUnusable as error:
        raise CommandFailed(str(error)) from None
    return 0


def make_customer(options: argparse.Namespace) -> int:
    """Generate a large customer."""
    plan = Plan(options.accounts, options.entries, options.days, options.seed, options.first_day)
    last_day = list(plan.working_days())[-1]
    books = Books(options.dir)
    try:
        progress = _Progress(options.accounts * options.entries * options.days)
        counts = generate(books, plan, options.truth, options.open_items, progress.report)
        progress.end()
        with books.transaction() as db:
            _warn_of_days_to_come(db, last_day)
    except KeyboardInterrupt:
        progress.end()
        # The last day may have been written and not been reported yet.
        with books.transaction() as db:
            entries = summary.summarise(db, options.dir)["entries"]
        sys.stderr.write(f"companynet-sandbox: stopped; {entries:,} entries are in the books\n")
        return INTERRUPTED
    finally:
        books.close()
    rate = round(counts.entries / progress.seconds())
    made = {
        "dik": plan.dik,
        "user": plan.user,
        "accounts": plan.accounts,
        "entries": counts.entries,
        "paying": counts.paying,
        "open_items": counts.open_items,
        "first_day": next(plan.working_days()).isoformat(),
        "last_day": last_day.isoformat(),
        "entries_per_second": rate,
    }
    _say(
        made if options.json else
        f"customer {plan.dik}, user {plan.user}: {counts.entries:,} entries on {plan.accounts:,} accounts, "
        f"{made['first_day']} to {last_day}; {counts.paying:,} of them pay something of {counts.open_items:,} open "
        f"items ({rate:,} entries/s)"
    )  # fmt: skip
    return 0


def register(options: argparse.Namespace) -> int:
    """Register a certificate for a user."""
    pem = _read_certificate(options.certificate)
    books = Books(options.dir)
    try:
        with books.transaction() as db:
            _check_user(db, options.user)
            sha256 = certificates.register(db, options.user, pem)
    finally:
        books.close()
    _say({"user": options.user, "sha256": sha256} if options.json else f"{sha256} is registered for {options.user}")
    return 0


def password(options: argparse.Namespace) -> int:
    """Make a one-time password and print it, which is what it is for."""
    made = f"{secrets.randbelow(10**10):010d}"
    books = Books(options.dir)
    try:
        with books.transaction() as db:
            _check_user(db, options.user)
            passwords.give(db, options.user, made)
    finally:
        books.close()
    _say({"user": options.user, "password": made} if options.json else made)
    return 0


def status(options: argparse.Namespace) -> int:
    """Say what is in the books."""
    books = Books(options.dir)
    try:
        with books.transaction() as db:
            figures = summary.summarise(db, options.dir)
    finally:
        books.close()
    _say(figures if options.json else "\n".join(summary.to_lines(figures)))
    return 0


class _Progress:
    """Tells a person at a terminal how far it is; programs are told nothing."""

    def __init__(self, total: int) -> None:
        self.entries = 0
        self._total = total
        self._begun = time.monotonic()
        self._told = 0.0
        self._shown = sys.stderr.isatty()

    def report(self, counts: Counts) -> None:
        """Note the counts, and show them if the last time is a while ago."""
        self.entries = counts.entries
        now = time.monotonic()
        if self._shown and now - self._told >= _REPORT_EVERY:
            self._told = now
            rate = self.entries / self.seconds()
            sys.stderr.write(f"\r{self.entries:,} of {self._total:,} entries, {rate:,.0f}/s\x1b[K")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the line clean."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")

    def seconds(self) -> float:
        """Since the beginning."""
        return max(time.monotonic() - self._begun, 0.001)


def _warn_of_days_to_come(db: Connection, last_day: date) -> None:
    today = clock.bank_day(clock.bank_now(db))
    if last_day >= today:
        sys.stderr.write(
            f"companynet-sandbox: note: it is {today} at this bank, so the statements up to {last_day} are not given "
            "out yet; move its clock on the control page\n"
        )


def _check_user(db: Connection, user: str) -> None:
    known = [row["login"] for row in db.execute("SELECT login FROM users ORDER BY login LIMIT 20")]
    if user not in known and db.execute("SELECT 1 FROM users WHERE login = ?", (user,)).fetchone() is None:
        there = f"there are {', '.join(known)}" if known else "these books have no users"
        raise CommandFailed(f"--user {user}: not known; {there}")


def _read_certificate(path: Path) -> str:
    """The certificate of a file, PEM or DER, as PEM."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"--certificate {path}: cannot be read ({error.strerror})") from None
    try:
        pem = b"-----BEGIN" in data
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    except ValueError:
        raise CommandFailed(f"--certificate {path}: is no certificate in PEM or DER") from None
    return certificate.public_bytes(Encoding.PEM).decode()


def _say(what: str | dict[str, Any]) -> None:
    sys.stdout.write((what if isinstance(what, str) else json.dumps(what, ensure_ascii=False)) + "\n")
