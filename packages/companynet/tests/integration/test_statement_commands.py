"""``companynet statement fetch`` against a running bank: files whole, confirmed only when asked and stored."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from companynet.cli import statement_fetch
from companynet.formats import read_statements
from companynet_sandbox.customers import demo_data

ALFA = demo_data.DIK_ALFA


@pytest.fixture
def day(bank: Any) -> Iterator[str]:
    """A day with an entry on two accounts, given out though it is not over."""
    bank.post("/settings", {"open_days": True})
    today = bank.get("/state")["day"]
    bank.post(
        "/incoming",
        [
            {"account": demo_data.ALFA_PLN, "amount": "12.34", "debtor_name": "Żółw sp. z o.o.", "title": "FV 1"},
            {"account": demo_data.ALFA_EUR, "amount": "5.00", "debtor_name": "Muster GmbH", "title": "Re 2"},
        ],
    )
    yield today
    bank.post("/settings", {"open_days": False})


def fetch(desk: Any, day: str, *arguments: object) -> Any:
    days = ("--from", day, "--to", day) if day else ()
    return desk.on_session("statement", "fetch", *days, "--output", desk.folder, *arguments)


def confirmed(desk: Any, task_id: str) -> bool:
    (task,) = [task for task in desk.bank.get("/tasks") if task["task_id"] == task_id]
    return task["confirmed"] is not None


@pytest.mark.parametrize("packed", [(), ("--compressed",)], ids=["plain", "packed"])
def test_reports_are_stored_as_the_bank_made_them(open_desk: Any, day: str, packed: tuple[str, ...]) -> None:
    done = fetch(open_desk, day, "--json", *packed)
    assert (done.status, done.err) == (0, "")
    (file,) = done.json["files"]
    data = Path(file["path"]).read_bytes()
    assert data.startswith(b"\x01\r\n:20:")
    assert len(read_statements(data, "x")) == len(file["statements"]) == 2
    assert not confirmed(open_desk, done.json["task_id"])
    assert not done.json["confirmed"]
    assert not list(open_desk.folder.glob("*.part"))


def test_confirmation_is_asked_for(open_desk: Any, day: str) -> None:
    done = fetch(open_desk, day, "--json", "--confirm")
    assert done.status == 0
    assert done.json["confirmed"]
    assert confirmed(open_desk, done.json["task_id"])


def test_an_account_is_chosen(open_desk: Any, day: str) -> None:
    done = fetch(open_desk, day, "--json", "--account", demo_data.ALFA_EUR)
    (file,) = done.json["files"]
    assert [item["currency"] for item in file["statements"]] == ["EUR"]
    table = fetch(open_desk, day, "--account", "PL" + demo_data.ALFA_PLN)
    assert table.status == 0
    assert f"PL{demo_data.ALFA_PLN}" in table.out
    assert f"PL{demo_data.ALFA_EUR}" not in table.out


def test_an_account_without_statement_is_told(open_desk: Any, day: str) -> None:
    done = fetch(open_desk, day, "--account", demo_data.BETA_PLN)
    assert done.status == 1
    assert f"--account {demo_data.BETA_PLN}: no statement" in done.err


def test_no_statements_is_an_answer(open_desk: Any) -> None:
    done = fetch(open_desk, "2020-02-01")
    assert (done.status, done.err) == (0, "")
    assert "no statements for these days" in done.out


def test_a_report_that_cannot_be_read_is_kept_and_not_confirmed(
    open_desk: Any, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bank would not give it out again: the bytes are there for a person to look at."""
    from companynet.errors import FormatError

    def refuse(_data: bytes, source: str, _code_page: str | None) -> list[object]:
        raise FormatError(source, "line 1", "damaged")

    monkeypatch.setattr(statement_fetch, "read_statements", refuse)
    done = fetch(open_desk, day, "--json", "--confirm")
    assert done.status == 1
    assert "line 1: damaged" in done.err
    assert "not confirmed" in done.err
    assert Path(done.json["files"][0]["path"]).stat().st_size > 0
    assert not confirmed(open_desk, done.json["task_id"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "2026-02-30", "--to", "2026-03-01"), "--from '2026-02-30' is no day"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "--from 2026-03-02 is after --to 2026-03-01"),
        (("--from", "2026-03-01", "--to", "2026-03-01", "--account", "123"), "--account: '123' is not an account"),
        (("--from", "2026-03-01", "--to", "2026-03-01", "--dik", "5"), f"--dik 5: the session covers {ALFA}"),
        (("--from", "2026-03-01", "--to", "2026-03-01", "--output", "/nowhere"), "--output /nowhere is no folder"),
    ],
)
def test_what_was_given_wrong_is_told(open_desk: Any, arguments: tuple[str, ...], words: str) -> None:
    calls = len(open_desk.bank.get("/calls"))
    done = fetch(open_desk, "", *arguments)
    assert (done.status, done.out) == (2, "")
    assert words in done.err
    assert len(open_desk.bank.get("/calls")) == calls


def test_several_diks_want_a_choice(desk: Any) -> None:
    assert desk.open("--dik", ALFA, "--dik", demo_data.DIK_ALFA_SERVICE).status == 0
    done = fetch(desk, "2020-02-01")
    assert done.status == 2
    assert "choose one with --dik" in done.err
    assert fetch(desk, "2020-02-01", "--dik", ALFA).status == 0


@pytest.mark.parametrize(("kind", "status"), [("lost_answer", 3), ("garbage", 3), ("throttled", 2)])
def test_a_call_that_fails_has_its_exit_status_and_advice(open_desk: Any, kind: str, status: int) -> None:
    open_desk.bank.post("/faults", {"operation": "getMT940Ex", "kind": kind})
    done = fetch(open_desk, "2020-02-01")
    assert done.status == status
    assert len(done.err.splitlines()) == 1
    assert " -- " in done.err
    assert open_desk.token not in done.err


def test_a_bank_that_does_not_finish_is_asked_again_later(desk: Any) -> None:
    desk.write_profile(poll_limit=1, poll_interval=0)
    assert desk.open().status == 0
    desk.bank.post("/settings", {"polls": 5})
    done = fetch(desk, "2020-02-01")
    desk.bank.post("/settings", {"polls": 1})
    assert done.status == 3
    assert "Ask for the same task again later" in done.err


def test_days_are_those_of_the_bank(open_desk: Any, day: str) -> None:
    """The file's name tells whose, which days and which task."""
    done = fetch(open_desk, day, "--json")
    name = Path(done.json["files"][0]["path"]).name
    assert name.startswith(f"{ALFA}_{day}_{day}_")
    assert json.loads(done.out)["task_id"] in name
    assert dt.date.fromisoformat(day)
