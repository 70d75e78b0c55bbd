"""Books that outlive the process: kill -9 in the middle of work loses nothing and doubles nothing."""

import datetime as dt
import itertools
import sqlite3
import threading
import time
from collections import Counter
from http.client import HTTPException
from urllib.error import URLError

import pytest

from companynet_sandbox.customers.demo_data import ALFA_PLN, BETA_PLN, make_nrb
from companynet_sandbox.testing import RunningBank
from companynet_sandbox.testing.client import Customer, Fault, Transfer, order_file

OUTSIDE = make_nrb("10201026", "0000000000000042")
WORKERS = 3


def kill_and_start(bank: RunningBank) -> None:
    bank.kill()
    bank.start()


class Sender(threading.Thread):
    """Sends files of two orders one after another until the bank is gone; knows which were answered."""

    def __init__(self, customer: Customer, name: str) -> None:
        super().__init__(name=name)
        self.customer = customer
        self.asked: list[str] = []
        self.answered: list[str] = []

    def run(self) -> None:
        for number in itertools.count():
            name = f"{self.name}-{number}"
            self.asked.append(name)
            data = order_file(f"M-{name}", Transfer(f"A-{name}"), Transfer(f"B-{name}"))
            try:
                self.customer.start_sending(name, data)
            except (OSError, HTTPException):
                return
            self.answered.append(name)


class Payer(threading.Thread):
    """Books transfers that come in until the bank is gone; knows the numbers of those answered."""

    def __init__(self, bank: RunningBank) -> None:
        super().__init__()
        self.bank = bank
        self.asked = 0
        self.answered: list[str] = []

    def run(self) -> None:
        while True:
            self.asked += 1
            incoming = {"account": BETA_PLN, "amount": "1.00", "debtor_name": "A"}
            try:
                self.answered += self.bank.post("/incoming", [incoming, incoming])["transaction_numbers"]
            except (URLError, OSError, HTTPException):
                return


@pytest.mark.parametrize("enough", [10, 40, 120])
def test_what_was_answered_is_in_the_books_once(customer: Customer, enough: int) -> None:
    """Calls run from several sides when the bank is killed; after a new start every one that was answered OK is
    there exactly once and whole, and of the others at most the one under way, whole or not at all."""
    customer.open_session()
    bank = customer.bank
    senders = [Sender(customer, f"W{number}") for number in range(WORKERS)]
    payer = Payer(bank)
    for thread in (*senders, payer):
        thread.start()
    until = time.monotonic() + 60
    while time.monotonic() < until and (
        sum(len(sender.answered) for sender in senders) < enough
        or not all((payer.answered, *(sender.answered for sender in senders)))
    ):
        time.sleep(0.001)
    bank.kill()
    for thread in (*senders, payer):
        thread.join(timeout=60)
    bank.start()
    groups = bank.get("/orders")
    kept = Counter(group["client_order_group_id"] for group in groups)
    answered = [name for sender in senders for name in sender.answered]
    assert len(answered) >= enough
    assert all(kept[name] == 1 for name in answered)
    assert set(kept.values()) == {1}
    under_way = {sender.asked[-1] for sender in senders}
    assert set(kept) - set(answered) <= under_way
    for group in groups:
        name = group["client_order_group_id"]
        assert [order["end_to_end_id"] for order in group["orders"]] == [f"A-{name}", f"B-{name}"]
    booked = [entry["tnr"] for entry in bank.get("/entries")]
    assert len(booked) == len(set(booked))
    assert set(payer.answered) <= set(booked)
    assert len(booked) - len(payer.answered) in {0, 2}
    balance = next(
        account["balance"]
        for who in bank.get("/state")["customers"]
        for account in who["accounts"]
        if account["account"] == BETA_PLN
    )
    assert balance == f"{150_000 + len(booked)}.00"
    for sender in senders:
        for name in (sender.answered[0], sender.answered[-1]):
            with pytest.raises(Fault, match="DUPLICATE_ID"):
                customer.start_sending(name, order_file("M-new", Transfer("new")))


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.08])
def test_a_bank_killed_as_the_time_passes_goes_on(customer: Customer, seconds: float) -> None:
    """Killed while a month goes by; after a new start and the rest of the way each order was booked once."""
    customer.open_session(end=dt.datetime.now(dt.UTC) + dt.timedelta(days=300))
    bank = customer.bank
    today = dt.date.fromisoformat(bank.get("/state")["day"])
    for number in range(30):
        day = today + dt.timedelta(days=number)
        customer.send_orders(f"C{number}", order_file(f"M{number}", Transfer(f"X{number}", "1.00", OUTSIDE), day=day))
    bank.post("/authorise", {"all": True})
    until = f"{dt.datetime.now(dt.UTC) + dt.timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"

    def pass_time() -> None:
        try:
            bank.post("/clock", {"now": until})
        except (URLError, OSError, HTTPException):
            return

    thread = threading.Thread(target=pass_time)
    thread.start()
    time.sleep(seconds)
    bank.kill()
    thread.join(timeout=60)
    bank.start()
    bank.post("/clock", {"now": until})
    references = Counter(entry["customer_reference"] for entry in bank.get("/entries"))
    assert references == {f"X{number}": 1 for number in range(30)}
    assert {order["status"] for group in bank.get("/orders") for order in group["orders"]} == {"REALIZED"}


def test_ids_serve_once_across_a_restart(customer: Customer) -> None:
    """clientOrderGroupId, MsgId and InstrId each; the second bank refuses what the first one took."""
    customer.open_session()
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    kill_and_start(customer.bank)
    for client_id, message_id, name in (("C1", "M2", "Y"), ("C2", "M1", "Y"), ("C2", "M2", "X")):
        with pytest.raises(Fault, match="DUPLICATE_ID"):
            customer.send_orders(client_id, order_file(message_id, Transfer(name)))
    customer.send_orders("C2", order_file("M2", Transfer("Y")))


def test_two_senders_of_one_id_at_once_are_not_both_taken(customer: Customer) -> None:
    """Eight calls race with the same ids: one is answered OK, the others are refused."""
    customer.open_session()
    outcomes: list[str] = []

    def send() -> None:
        try:
            customer.start_sending("C1", order_file("M1", Transfer("X")))
            outcomes.append("OK")
        except Fault as fault:
            outcomes.append(fault.code)

    threads = [threading.Thread(target=send) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert Counter(outcomes) == {"OK": 1, "DUPLICATE_ID": 7}
    assert len(customer.bank.get("/orders")) == 1


def test_the_agenda_and_signatures_outlive_the_process(customer: Customer) -> None:
    """A half-authorised order and one that waits for its day are as they were; the clock finds them again."""
    customer.open_session(end=dt.datetime.now(dt.UTC) + dt.timedelta(days=300))
    bank = customer.bank
    day = dt.date.fromisoformat(bank.get("/state")["day"]) + dt.timedelta(days=20)
    customer.send_orders("C1", order_file("M1", Transfer("X"), day=day))
    bank.post("/authorise", {"all": True})
    bank.post("/customers", {"dik": customer.dik, "people": 2})
    customer.send_orders("C2", order_file("M2", Transfer("Y")))
    bank.post("/authorise", {"group_id": "C2", "user": customer.user})
    agenda = bank.get("/agenda")
    kill_and_start(bank)
    assert bank.get("/agenda") == agenda != []
    assert customer.states("C2") == [("Y", "IN_AUTH")]
    bank.post("/clock", {"advance_seconds": 21 * 86400})
    assert customer.states("C1") == [("X", "REALIZED")]
    assert {entry["booked"] for entry in bank.get("/entries") if entry["account"] == ALFA_PLN} == {day.isoformat()}


def test_books_of_another_version_are_not_opened(bank: RunningBank) -> None:
    """A sentence says so, and what to do."""
    bank.stop()
    connection = sqlite3.connect(bank.directory / "bank.sqlite")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(RuntimeError, match="another version of the sandbox"):
        bank.start()
