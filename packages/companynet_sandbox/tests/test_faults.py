"""Faults on demand, the contract's edges, and books that outlive the process."""

import http.client
import time
import urllib.parse

import pytest

from companynet_sandbox.access import demands
from companynet_sandbox.access.operations import OPERATIONS
from companynet_sandbox.customers import demo_data
from companynet_sandbox.service.handlers import HANDLERS
from companynet_sandbox.testing import ControlRefused, RunningBank
from companynet_sandbox.testing.client import Caller, Customer, Fault, Transfer, order_file

UNKNOWN = "<m:orderGroupId>X</m:orderGroupId>"


def order_fault(customer: Customer, kind: str, operation: str = "universalPaymentSend", **more: float | str) -> None:
    customer.bank.post("/faults", {"operation": operation, "kind": kind, **more})


@pytest.mark.parametrize(
    ("kind", "error"), [("lost_answer", http.client.RemoteDisconnected), ("cut", http.client.IncompleteRead)]
)
def test_a_lost_answer_leaves_the_work_done(customer: Customer, kind: str, error: type[Exception]) -> None:
    """The caller learns nothing, the bank has the orders: asking by the customer's own id tells."""
    customer.open_session()
    order_fault(customer, kind)
    with pytest.raises(error):
        customer.start_sending("C1", order_file("M1", Transfer("X")))
    assert customer.states("C1") == [("X", "TO_AUTH")]
    with pytest.raises(Fault, match="DUPLICATE_ID"):
        customer.start_sending("C1", order_file("M1", Transfer("X")))


def test_garbage_leaves_the_work_done(customer: Customer) -> None:
    """Status 200 and no XML."""
    customer.open_session()
    order_fault(customer, "garbage")
    with pytest.raises(SyntaxError):
        customer.start_sending("C1", order_file("M1", Transfer("X")))
    assert customer.states("C1") == [("X", "TO_AUTH")]


@pytest.mark.parametrize(
    ("kind", "code"),
    [("duplicate", "DUPLICATE_ID"), ("certificate_refused", "CERTIFICATE_REFUSED"), ("throttled", "THROTTLED")],
)
def test_refusals_on_demand_do_nothing(customer: Customer, kind: str, code: str) -> None:
    """Once as ordered, then never again; nothing was done."""
    customer.open_session()
    order_fault(customer, kind)
    with pytest.raises(Fault, match=code):
        customer.start_sending("C1", order_file("M1", Transfer("X")))
    with pytest.raises(Fault, match="ORDER_GROUP_UNKNOWN"):
        customer.states("C1")
    customer.start_sending("C1", order_file("M1", Transfer("X")))


def test_a_page_with_status_500(customer: Customer) -> None:
    """As a server before the bank would answer; nothing was done."""
    order_fault(customer, "http500", "*")
    body = f"<m:userLogin>{customer.user}</m:userLogin>"
    data = customer.caller.envelope("initLoginWithSignature", body, dik=customer.dik)
    status, answer = customer.caller.send(data)
    assert (status, answer[:6]) == (500, b"<html>")
    assert customer.caller.send(data)[0] == 200


def test_slow_is_late(customer: Customer) -> None:
    """The answer is right, and late."""
    order_fault(customer, "slow", "initLoginWithSignature", seconds=0.5)
    begun = time.monotonic()
    customer.login()
    assert time.monotonic() - begun >= 0.5


def test_a_session_ended_on_demand_stays_ended(customer: Customer) -> None:
    """Not only this call is refused."""
    customer.open_session()
    order_fault(customer, "session_ended", "getStatus")
    for _call in range(2):
        with pytest.raises(Fault, match="SESSION_INVALID"):
            customer.states("X")
    assert customer.bank.get("/sessions")[0]["ended_by"] == "fault on demand"


def test_a_login_ended_on_demand_stays_ended(customer: Customer) -> None:
    """A login is ended as a long-lived session is."""
    token = customer.login()
    order_fault(customer, "session_ended", "logout")
    for _call in range(2):
        with pytest.raises(Fault, match="SESSION_INVALID"):
            customer.caller.call("logout", token=token)


def test_a_connection_closed_before_leaves_nothing_done(customer: Customer) -> None:
    """The caller sees what it sees of a lost answer, and here the bank has nothing: only asking tells."""
    customer.open_session()
    order_fault(customer, "closed")
    with pytest.raises(http.client.RemoteDisconnected):
        customer.start_sending("C1", order_file("M1", Transfer("X")))
    with pytest.raises(Fault, match="ORDER_GROUP_UNKNOWN"):
        customer.states("C1")
    assert [call["outcome"] for call in customer.bank.get("/calls")][-2] == "NO_ANSWER"
    customer.start_sending("C1", order_file("M1", Transfer("X")))


@pytest.mark.parametrize(("kind", "status"), [("http429", 429), ("http503", 503)])
def test_turned_away_with_a_time_to_come_again(customer: Customer, kind: str, status: int) -> None:
    """Status and Retry-After, without a SOAP fault; nothing was done."""
    order_fault(customer, kind, "initLoginWithSignature")
    url = urllib.parse.urlsplit(customer.bank.soap_url)
    body = f"<m:userLogin>{customer.user}</m:userLogin>"
    data = customer.caller.envelope("initLoginWithSignature", body, dik=customer.dik)
    connection = http.client.HTTPConnection(url.netloc, timeout=20)
    connection.request("POST", url.path, data, {"Content-Type": "text/xml"})
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Retry-After")) == (status, "1")
    assert b"Envelope" not in answer.read()
    connection.close()
    assert customer.bank.get("/calls")[-1]["outcome"] == f"HTTP_{status}"
    assert customer.login()


def outcomes(customer: Customer, calls: int) -> str:
    """T where a call was throttled, else a dot."""
    made = ""
    for _call in range(calls):
        with pytest.raises(Fault) as caught:
            customer.states("X")
        made += "T" if caught.value.code == "THROTTLED" else "."
    return made


def test_faults_by_chance_follow_their_seed(customer: Customer) -> None:
    """The same seed gives the same calls, another one others; about as many as the probability says."""
    customer.open_session()
    sequences = []
    for seed in ("a", "a", "b"):
        customer.bank.post("/faults", {"clear": True})
        order_fault(customer, "throttled", "getStatus", probability=0.3, seed=seed)
        sequences.append(outcomes(customer, 100))
    assert sequences[0] == sequences[1] != sequences[2]
    assert all(15 <= sequence.count("T") <= 45 for sequence in sequences)
    assert sequences[0] == "".join("T" if demands.draw("a", number) < 0.3 else "." for number in range(100))


def test_chance_goes_on_after_a_restart(customer: Customer) -> None:
    """The sequence is in the books: killed after 40 calls it goes on with the 41st."""
    customer.open_session()
    order_fault(customer, "throttled", "getStatus", probability=0.3, seed="a")
    first = outcomes(customer, 40)
    customer.bank.kill()
    customer.bank.start()
    expected = "".join("T" if demands.draw("a", number) < 0.3 else "." for number in range(60))
    assert first + outcomes(customer, 20) == expected


def test_chance_may_have_an_end_and_others_beside_it(customer: Customer) -> None:
    """Two strikes and no more; a fault of another operation draws from a sequence of its own."""
    customer.open_session()
    order_fault(customer, "throttled", "getStatus", probability=0.5, seed="a", count=2)
    order_fault(customer, "duplicate", "universalPaymentSend", probability=0.5, seed="a")
    assert outcomes(customer, 30).count("T") == 2
    assert [fault["operation"] for fault in customer.bank.get("/faults")] == ["universalPaymentSend"]


def test_count_and_skip(customer: Customer) -> None:
    """The second and third call go wrong, the first and fourth do not; forgetting clears."""
    customer.open_session()
    order_fault(customer, "throttled", "getStatus", skip=1, count=2)
    codes = []
    for _call in range(4):
        with pytest.raises(Fault) as caught:
            customer.states("X")
        codes.append(caught.value.code)
    assert codes == ["ORDER_GROUP_UNKNOWN", "THROTTLED", "THROTTLED", "ORDER_GROUP_UNKNOWN"]
    order_fault(customer, "throttled", "getStatus")
    assert customer.bank.post("/faults", {"clear": True}) == {"faults": []}


def test_unknown_kinds_and_values_are_refused(bank: RunningBank) -> None:
    """A test that misspells a fault must not pass by mistake."""
    for body in (
        {"operation": "login", "kind": "unreachable"},
        {"kind": "cut", "cuont": 2},
        {"kind": "cut", "count": 0},
        {"kind": "cut", "probability": 0},
        {"kind": "cut", "probability": 1.5},
        {"kind": "cut", "seed": 7},
    ):
        with pytest.raises(ControlRefused):
            bank.post("/faults", body)


def test_every_operation_of_the_contract_is_served(bank: RunningBank) -> None:
    """An empty request of each is refused by the schema, not by a missing operation."""
    caller = Caller(bank)
    assert len(OPERATIONS) == 13
    assert tuple(HANDLERS) == OPERATIONS
    for operation in OPERATIONS:
        data = caller.envelope(operation, "<m:bogus/>")
        status, answer = caller.send(data)
        assert status == 500
        assert b"REQUEST_INVALID" in answer
        assert b"bogus" in answer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<a/>",
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body/></s:Envelope>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>',
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
    ],
)
def test_what_is_no_request_is_a_fault(bank: RunningBank, data: bytes) -> None:
    """Every answer is a SOAP fault with the bank's code; the bank goes on."""
    status, answer = Caller(bank).send(data)
    assert status == 500
    assert b"REQUEST_INVALID" in answer


def test_comments_in_requests_are_refused(customer: Customer) -> None:
    """They would cut a value short for a careless reader."""
    body = "<m:userLogin>ALFA<!-- -->01</m:userLogin>"
    _status, answer = customer.caller.send(customer.caller.envelope("initLoginWithSignature", body, dik=customer.dik))
    assert b"REQUEST_INVALID" in answer


def test_a_killed_bank_forgets_nothing(customer: Customer) -> None:
    """After kill -9 and a new start: session, orders, tasks, clock and balances are as they were."""
    bank = customer.bank
    bank.post("/clock", {"advance_seconds": 86400})
    customer.open_session()
    task = customer.start_sending("C1", order_file("M1", Transfer("X")))
    bank.post("/authorise", {"all": True})
    bank.post("/book")
    before = bank.get("/state")
    bank.kill()
    bank.start()
    after = bank.get("/state")
    assert after["customers"] == before["customers"]
    assert after["settings"] == before["settings"]
    assert customer.states("C1") == [("X", "REALIZED")]
    result = customer.call("checkPaymentSendResult", f"<m:taskId>{task}</m:taskId>")
    assert result.text("return/finished") == "false"
    with pytest.raises(Fault, match="DUPLICATE_ID"):
        customer.start_sending("C1", order_file("M1", Transfer("X")))


def test_the_control_plane_names_what_is_wrong(bank: RunningBank) -> None:
    """Wrong accounts, amounts, currencies, values and paths are refused with a sentence; all or nothing is booked."""
    good = {"account": demo_data.ALFA_PLN, "amount": "1.00", "debtor_name": "A"}
    wrong = (
        ({**good, "amount": "1.001"}, "at most two decimals"),
        ({**good, "amount": "-1.00"}, "must be positive"),
        ({**good, "account": "1" * 26}, "not in these books"),
        ({**good, "currency": "EUR"}, "is kept in PLN"),
        ({**good, "colour": "red"}, "unknown values colour"),
        ({**good, "virtual_account": "XX12"}, "XX and 12 digits"),
    )
    for body, reason in wrong:
        with pytest.raises(ControlRefused, match=reason):
            bank.post("/incoming", [good, body])
    with pytest.raises(ControlRefused, match="is not known"):
        bank.get("/nothing")
    with pytest.raises(ControlRefused, match="operation 'getStatsu' is not known"):
        bank.post("/faults", {"operation": "getStatsu", "kind": "slow"})
    assert bank.get("/faults") == []
    with pytest.raises(ControlRefused, match="wait for authorisation"):
        bank.post("/authorise", {"group_id": "X"})
    assert bank.get("/entries") == []


def test_calls_are_logged_with_who_and_outcome(customer: Customer) -> None:
    """Operation, user, DIK, outcome; refused ones too."""
    customer.open_session()
    with pytest.raises(Fault):
        customer.states("X")
    last = customer.bank.get("/calls")[-1]
    assert (last["operation"], last["user"], last["dik"], last["outcome"]) == (
        "getStatus", customer.user, customer.dik, "ORDER_GROUP_UNKNOWN",
    )  # fmt: skip
