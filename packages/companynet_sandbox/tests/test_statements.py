"""Statements as the service gives them out: closed days, chained balances."""

import datetime as dt
import gzip
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companynet_sandbox.accounts.posting import Posting, post
from companynet_sandbox.accounts.reports import report_of_day
from companynet_sandbox.books.clock import bank_now
from companynet_sandbox.books.file import Books, create_books
from companynet_sandbox.customers import demo_data
from companynet_sandbox.customers.demo_data import ALFA_EUR, ALFA_PLN, DIK_ALFA
from companynet_sandbox.customers.demo_day import demo_entries
from companynet_sandbox.testing import ControlRefused
from companynet_sandbox.testing.client import Customer, Fault

FIRST = dt.date(2026, 1, 5)


def incoming(day: dt.date | None = None, amount: str = "10.00", account: str = ALFA_PLN) -> dict[str, str]:
    made = {"account": account, "amount": amount, "debtor_name": "Żółw sp. z o.o.", "title": "FV 1"}
    return {**made, "date": day.isoformat()} if day else made


def today(customer: Customer) -> dt.date:
    return dt.date.fromisoformat(customer.bank.get("/state")["day"])


def test_each_day_with_entries_is_a_report_of_all_accounts(customer: Customer) -> None:
    """Days without entries give none, another customer's accounts are in none, balances and numbers chain."""
    customer.open_session()
    third = FIRST + dt.timedelta(days=2)
    later = [incoming(third, "1.00"), incoming(third, "2.00", ALFA_EUR), incoming(third, "9.00", demo_data.BETA_PLN)]
    customer.bank.post("/incoming", [incoming(FIRST), *later])
    first, second = customer.statements(FIRST, FIRST + dt.timedelta(days=9))
    assert b":60F:C260105PLN250000,00\r\n" in first
    assert b":62F:C260105PLN250010,00\r\n" in first
    assert b":28C:1/1" in first
    assert b":60F:C260107PLN250010,00\r\n" in second
    assert b":28C:2/1" in second
    assert b":60F:C260107EUR40000,00\r\n" in second
    assert second.count(b"\x01\r\n") == second.count(b"-\x03\r\n") == 2
    assert "ŻÓŁW SP. Z O.O.".encode("iso-8859-2") in first


def test_statement_numbers_begin_anew_each_year(customer: Customer) -> None:
    """Two days of December, then the first of January."""
    customer.open_session()
    days = [dt.date(2025, 12, 30), dt.date(2025, 12, 31), dt.date(2026, 1, 2)]
    customer.bank.post("/incoming", [incoming(day) for day in days])
    reports = customer.statements(days[0], days[-1])
    assert [report.split(b":28C:")[1].split(b"\r\n")[0] for report in reports] == [b"1/1", b"2/1", b"1/1"]


def test_the_running_day_is_not_given_out(customer: Customer) -> None:
    """Unless the setting says so, or the day is over."""
    customer.open_session()
    customer.bank.post("/incoming", incoming())
    day = today(customer)
    assert customer.statements(day, day) == []
    customer.bank.post("/settings", {"open_days": True})
    assert len(customer.statements(day, day)) == 1
    customer.bank.post("/settings", {"open_days": False})
    customer.bank.post("/clock", {"advance_seconds": 86400})
    assert len(customer.statements(day, day)) == 1


def test_a_day_given_out_takes_no_entries_any_more(customer: Customer) -> None:
    """Else the next statement's opening would not be this one's closing."""
    customer.open_session()
    customer.bank.post("/incoming", incoming(FIRST))
    customer.statements(FIRST, FIRST)
    with pytest.raises(ControlRefused, match="is out"):
        customer.bank.post("/incoming", incoming(FIRST))


def test_compressed_is_gzip_of_the_same(customer: Customer) -> None:
    """The same bytes, smaller."""
    customer.open_session()
    customer.bank.post("/incoming", incoming(FIRST))
    (plain,) = customer.statements(FIRST, FIRST)
    (packed,) = customer.statements(FIRST, FIRST, compressed="true")
    assert gzip.decompress(packed) == plain


def test_polling_and_confirming(customer: Customer) -> None:
    """Not finished once, or as often as set; what is not finished cannot be confirmed; what was, is marked."""
    customer.open_session()
    body = f"<m:from>{FIRST}</m:from><m:to>{FIRST}</m:to><m:compressed>false</m:compressed>"
    task = f"<m:taskId>{customer.call('getMT940Ex', body).text('return')}</m:taskId>"
    polls = [customer.call("checkGetMT940Result", task).text("return/finished") for _poll in range(2)]
    assert polls == ["false", "true"]
    customer.bank.post("/settings", {"polls": 2})
    task = f"<m:taskId>{customer.call('getMT940Ex', body).text('return')}</m:taskId>"
    with pytest.raises(Fault, match="REQUEST_INVALID"):
        customer.call("confirmResponseReceived", task)
    polls = [customer.call("checkGetMT940Result", task).text("return/finished") for _poll in range(3)]
    assert polls == ["false", "false", "true"]
    customer.call("confirmResponseReceived", task)
    customer.call("confirmResponseReceived", task)
    assert [item["confirmed"] is not None for item in customer.bank.get("/tasks")] == [False, True]


def test_a_strangers_task_is_unknown(customer: Customer) -> None:
    """Tasks belong to a DIK and an operation."""
    customer.open_session(demo_data.DIK_ALFA, demo_data.DIK_ALFA_SERVICE)
    body = f"<m:from>{FIRST}</m:from><m:to>{FIRST}</m:to><m:compressed>false</m:compressed>"
    task = f"<m:taskId>{customer.call('getMT940Ex', body).text('return')}</m:taskId>"
    with pytest.raises(Fault, match="REQUEST_INVALID"):
        customer.call("checkGetMT940Result", task, dik=demo_data.DIK_ALFA_SERVICE)
    with pytest.raises(Fault, match="REQUEST_INVALID"):
        customer.call("checkPaymentSendResult", task)


def test_days_backwards_are_refused(customer: Customer) -> None:
    """From after to."""
    customer.open_session()
    with pytest.raises(Fault, match="REQUEST_INVALID"):
        customer.statements(FIRST, FIRST - dt.timedelta(days=1))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-(10**7), 10**7).filter(bool)), min_size=1, max_size=30))
def test_balances_chain_over_the_days(tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[int, int]]) -> None:
    """Whatever is booked in whatever order: a day opens with what the last one closed with."""
    directory = tmp_path_factory.mktemp("books")
    create_books(directory)
    books = Books(directory)
    with books.transaction() as db:
        demo_data.fill(db)
        for offset, amount in moves:
            booked = FIRST + dt.timedelta(days=offset)
            post(db, bank_now(db), Posting(account=ALFA_PLN, amount=amount, code="770", booked=booked))
        closing, number = "C250000,00", 0
        for offset in sorted({offset for offset, _amount in moves}):
            day = FIRST + dt.timedelta(days=offset)
            text = report_of_day(db, DIK_ALFA, day, day).decode("iso-8859-2")
            opening, now_closing = re.findall(r":6[02]F:([CD])\d{6}PLN([\d,]+)", text)
            assert "".join(opening) == closing
            closing, number = "".join(now_closing), number + 1
            assert f":28C:{number}/1" in text
        total = 25_000_000 + sum(amount for _offset, amount in moves)
        assert int(closing[1:].replace(",", "")) * (1 if closing[0] == "C" else -1) == total
    books.close()


def test_a_demonstration_day_is_booked_whole(customer: Customer) -> None:
    """About sixty entries of all kinds, every one of them taken; the same each time."""
    items = [
        {"number": f"{n}/2026", "amount": f"{100 + n}.11", "party_name": f"Łoś {n % 9}", "party_account": account}
        for n in range(1, 27)
        for account in [demo_data.make_nrb("10201026", f"{n % 9:016d}")]
    ]
    entries = demo_entries(ALFA_PLN, FIRST, items, items[:4])
    assert 55 <= len(entries) <= 75
    assert entries == demo_entries(ALFA_PLN, FIRST, items, items[:4])
    assert {number for entry in entries for number in entry["pays"]} >= {item["number"] for item in items[:24]}
    assert customer.bank.post("/entries", entries)["booked"] == len(entries)
    customer.open_session()
    (report,) = customer.statements(FIRST, FIRST)
    assert report.count(b":61:") == len(entries)
    assert b"RCN1234,56" in report


def test_a_demonstration_day_needs_no_invoices() -> None:
    """Without open items there is still a day."""
    assert len(demo_entries(ALFA_PLN, FIRST)) > 30
