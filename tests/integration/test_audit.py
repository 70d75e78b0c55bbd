"""The audit on PostgreSQL: what the database itself refuses, and a server that is killed in the middle of a call."""

# ruff: noqa: S608 -- statements of the test's own

import contextlib
import threading
import time
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.houses.databases import BIN
from tests.houses.house import give
from tests.houses.signing import SigningHouse, signing_house

LONG_AGO = "now() - interval '2000 days'"
COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'mbank_call'"


@pytest.fixture(scope="module")
def bank() -> Iterator[SigningHouse]:
    """The house with a session of Jan's, who may download."""
    with signing_house("audit") as house:
        _, job = house.take(house.begin())
        _, second = house.sign(job["ticket"], job)
        assert house.sign(job["ticket"], second)[0] == 200
        give(house.person("admin"), "jan", "group_statement_download")
        yield house


def clean(house: SigningHouse, tmp_path: Path) -> None:
    """What the cron does."""
    script = tmp_path / "clean.py"
    script.write_text("pool.get('mbank.call').clean()\n")
    console = [str(BIN / "trytond-console"), "-c", str(house.world.config_file), "-d", house.database]
    house.world.cluster.run(*console, "-f", str(script))


def insert(house: SigningHouse, outcome: str, time_: str = "now()") -> int:
    """A row as the gateway writes it; its id."""
    [(row,)] = house.sql(
        "INSERT INTO mbank_call (time, operation, outcome, session, session_number) "
        f"SELECT {time_}, 'getStatus', '{outcome}', max(id), max(id) FROM mbank_session RETURNING id"
    )
    return int(row)


def test_every_call_has_its_row(bank: SigningHouse) -> None:
    """The rows of a download are the calls the bank had, each completed, and none holds anything long."""
    before = len(bank.world.control("/calls"))
    [(last,)] = bank.sql("SELECT max(id) FROM mbank_call")
    bank.download()
    rows = bank.sql(
        f"SELECT operation, outcome, duration > interval '0' FROM mbank_call WHERE id > {last} ORDER BY id"
    )
    assert [row[0] for row in rows] == [call["operation"] for call in bank.world.control("/calls")[before:]]
    assert {row[1:] for row in rows} == {("accepted", True)}
    for (column,) in bank.sql(COLUMNS):
        assert not bank.sql(f'SELECT 1 FROM mbank_call WHERE length("{column}"::text) > 200')


def test_a_completed_row_is_never_changed(bank: SigningHouse) -> None:
    """Not one column by any SQL, save the link to a deleted session."""
    row = insert(bank, "accepted")
    changes = {
        "time": "now() - interval '1 day'",
        "outcome": "'refused'",
        "duration": "interval '1 s'",
        "session": "(SELECT min(id) - 1 FROM mbank_session)",
        "session_number": "5",
    }
    columns = {column for (column,) in bank.sql(COLUMNS)} - {"write_uid", "write_date"}
    assert len(columns) > 15
    for column in columns:
        value = changes.get(column, "'x'" if column not in {"company", "requester", "authoriser", "id"} else "-1")
        if column.startswith("create_"):
            value = "now()" if column.endswith("date") else "1"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bank.sql(f'UPDATE mbank_call SET "{column}" = {value} WHERE id = {row}')
    bank.sql(f"UPDATE mbank_call SET session = NULL WHERE id = {row}")


def test_a_row_is_completed_once(bank: SigningHouse) -> None:
    row = insert(bank, "pending")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bank.sql(f"UPDATE mbank_call SET outcome = 'accepted', operation = 'getMT940Ex' WHERE id = {row}")
    bank.sql(f"UPDATE mbank_call SET outcome = 'accepted' WHERE id = {row}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bank.sql(f"UPDATE mbank_call SET outcome = 'unknown' WHERE id = {row}")


def test_only_old_rows_can_be_deleted(bank: SigningHouse, tmp_path: Path) -> None:
    """By the retention or by anybody; and never one that is under way. The audit is not emptied at once."""
    young, old = insert(bank, "accepted", "now() - interval '1800 days'"), insert(bank, "accepted", LONG_AGO)
    older, pending = insert(bank, "refused", "now() - interval '2500 days'"), insert(bank, "pending", LONG_AGO)
    for row in (young, pending):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bank.sql(f"DELETE FROM mbank_call WHERE id = {row}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bank.sql("TRUNCATE mbank_call")
    clean(bank, tmp_path)
    left = bank.sql(
        f"SELECT id, outcome FROM mbank_call WHERE id IN ({young}, {old}, {older}, {pending}) ORDER BY id"
    )
    assert left == [(young, "accepted"), (old, "accepted"), (pending, "unknown")]


def test_without_its_row_no_call_is_made(bank: SigningHouse) -> None:
    """A table that takes no rows stops every call, and the person reads why, in Polish."""
    before = len(bank.world.control("/calls"))
    bank.sql("ALTER TABLE mbank_call ADD CONSTRAINT full_table CHECK (false) NOT VALID")
    try:
        with pytest.raises(xmlrpc.client.Fault, match="nie udało się przedtem zapisać w rejestrze"):
            bank.download()
    finally:
        bank.sql("ALTER TABLE mbank_call DROP CONSTRAINT full_table")
    assert len(bank.world.control("/calls")) == before
    bank.download()


def test_the_server_dies_in_the_middle_of_a_call(bank: SigningHouse, tmp_path: Path) -> None:
    """Its row is there, under way; after a while it is unknown, and nothing else of it is changed."""
    bank.world.control("/faults", {"operation": "getMT940Ex", "kind": "slow", "seconds": 5, "count": 1})

    def send() -> None:
        with contextlib.suppress(OSError, xmlrpc.client.Error):
            bank.download()

    sender = threading.Thread(target=send)
    sender.start()
    pending = "SELECT id, operation FROM mbank_call WHERE outcome = 'pending' AND operation = 'getMT940Ex'"
    while not bank.sql(pending):
        time.sleep(0.05)
    bank.kill()
    sender.join()
    [(row, _operation)] = bank.sql(pending)
    bank.start()
    clean(bank, tmp_path)
    assert bank.sql(f"SELECT outcome FROM mbank_call WHERE id = {row}") == [("pending",)]
    bank.sql("ALTER TABLE mbank_call DISABLE TRIGGER ALL")
    bank.sql(f"UPDATE mbank_call SET time = time - interval '2 hours' WHERE id = {row}")
    bank.sql("ALTER TABLE mbank_call ENABLE TRIGGER ALL")
    clean(bank, tmp_path)
    assert bank.sql(f"SELECT outcome, duration FROM mbank_call WHERE id = {row}") == [("unknown", None)]
