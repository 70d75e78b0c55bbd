"""What people do with orders in CompanyNet, through the control plane."""

import datetime as dt

import pytest

from companynet_sandbox.customers.demo_data import ALFA_PLN, BETA_PLN, DIK_ALFA, USER_ALFA, USER_BETA, make_nrb
from companynet_sandbox.testing import ControlRefused, RunningBank
from companynet_sandbox.testing.client import Customer, Transfer, order_file

OUTSIDE = make_nrb("10201026", "0000000000000042")
WRONG = BETA_PLN[:-1] + "9"


@pytest.fixture(autouse=True)
def session(customer: Customer) -> None:
    customer.open_session(end=dt.datetime.now(dt.UTC) + dt.timedelta(days=300))


def state(customer: Customer, group: str = "C1") -> str:
    return customer.states(group)[0][1]


def history(bank: RunningBank, group: int = 0) -> list[str]:
    return [step["status"] for step in bank.get("/orders")[group]["orders"][0]["history"]]


def test_two_people_authorise(customer: Customer) -> None:
    """The first makes it IN_AUTH, a second one AUTHORIZED; the same person does not count twice, nor a stranger."""
    bank = customer.bank
    bank.post("/customers", {"dik": DIK_ALFA, "people": 2})
    bank.post("/users/diks", {"user": USER_BETA, "dik": DIK_ALFA})
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    assert bank.post("/authorise", {"group_id": "C1", "user": USER_ALFA}) == {"authorised": 0}
    assert state(customer) == "IN_AUTH"
    with pytest.raises(ControlRefused, match="already"):
        bank.post("/authorise", {"group_id": "C1", "user": USER_ALFA})
    with pytest.raises(ControlRefused, match="does not act"):
        bank.post("/authorise", {"group_id": "C1", "user": "NOBODY"})
    assert bank.post("/authorise", {"group_id": "C1", "user": USER_BETA}) == {"authorised": 1}
    assert state(customer) == "AUTHORIZED"
    assert history(bank) == ["TO_AUTH", "IN_AUTH", "AUTHORIZED"]


def test_one_person_is_enough_where_one_is_asked_for(customer: Customer) -> None:
    """And only those entitled to the customer are asked."""
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    with pytest.raises(ControlRefused, match="does not act"):
        customer.bank.post("/authorise", {"group_id": "C1", "user": USER_BETA})
    assert customer.bank.post("/authorise", {"group_id": "C1", "user": USER_ALFA}) == {"authorised": 1}


def test_orders_of_a_group_are_authorised_one_by_one(customer: Customer) -> None:
    """By their reference; the others wait on."""
    customer.send_orders("C1", order_file("M1", Transfer("X"), Transfer("Y")))
    customer.bank.post("/authorise", {"group_id": "C1", "order_reference": "Y"})
    assert customer.states("C1") == [("X", "TO_AUTH"), ("Y", "AUTHORIZED")]


def test_an_edited_order_is_authorised_anew(customer: Customer) -> None:
    """Its first signature is worth nothing any more, and what is booked is what it says now."""
    bank = customer.bank
    bank.post("/customers", {"dik": DIK_ALFA, "people": 2})
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    bank.post("/authorise", {"group_id": "C1", "user": USER_ALFA})
    change = {
        "group_id": "C1",
        "order_reference": "X",
        "amount": "7.00",
        "title": "inny",
        "creditor_account": OUTSIDE,
    }
    assert bank.post("/orders/edit", change) == {"errors": []}
    assert history(bank) == ["TO_AUTH", "IN_AUTH", "TO_EDIT", "TO_AUTH"]
    bank.post("/authorise", {"group_id": "C1", "user": USER_ALFA})
    assert state(customer) == "IN_AUTH"
    bank.post("/authorise", {"all": True})
    bank.post("/book")
    (entry,) = bank.get("/entries")
    assert (entry["amount"], entry["code"]) == ("-7.00", "944")
    assert "TYT.: INNY" in entry["information"]


def test_a_wrong_order_is_edited_until_it_is_right(customer: Customer) -> None:
    """TO_EDIT until nothing is wrong with it; what is wrong is told."""
    bank = customer.bank
    customer.send_orders("C1", order_file("M1", Transfer("X", payee=WRONG)), fatal=False)
    assert state(customer) == "TO_EDIT"
    place = {"group_id": "C1", "order_reference": "X"}
    (error,) = bank.post("/orders/edit", {**place, "amount": "5.00"})["errors"]
    assert error.startswith("CREDITOR_ACCOUNT")
    assert state(customer) == "TO_EDIT"
    assert bank.post("/orders/edit", {**place, "creditor_account": f"PL{BETA_PLN}"}) == {"errors": []}
    assert state(customer) == "TO_AUTH"


def test_what_is_authorised_is_edited_no_more(customer: Customer) -> None:
    """Nor is what was sent as not editable, nor what is not there."""
    bank = customer.bank
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    customer.send_orders("C2", order_file("M2", Transfer("Y")), editable=False)
    bank.post("/authorise", {"group_id": "C1"})
    for place, reason in (
        (("C1", "X"), "is AUTHORIZED"),
        (("C2", "Y"), "not editable"),
        (("C1", "Z"), "not in group"),
    ):
        with pytest.raises(ControlRefused, match=reason):
            bank.post("/orders/edit", {"group_id": place[0], "order_reference": place[1], "amount": "5.00"})


def test_people_delete_until_the_bank_begins(customer: Customer) -> None:
    """DELETED before authorisation and while an order waits for its day; not when it is carried out."""
    bank = customer.bank
    later = dt.date.fromisoformat(bank.get("/state")["day"]) + dt.timedelta(days=40)
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    customer.send_orders("C2", order_file("M2", Transfer("Y"), day=later))
    customer.send_orders("C3", order_file("M3", Transfer("Z")))
    bank.post("/orders/delete", {"group_id": "C1"})
    bank.post("/authorise", {"group_id": "C2"})
    bank.post("/authorise", {"group_id": "C3"})
    bank.post("/book")
    bank.post("/orders/delete", {"group_id": "C2"})
    with pytest.raises(ControlRefused, match="is REALIZED and cannot become DELETED"):
        bank.post("/orders/delete", {"group_id": "C3"})
    with pytest.raises(ControlRefused, match="no such orders"):
        bank.post("/orders/delete", {"group_id": "C9"})
    bank.post("/clock", {"advance_seconds": 60 * 86400})
    assert [state(customer, group) for group in ("C1", "C2", "C3")] == ["DELETED", "DELETED", "REALIZED"]
    assert len(bank.get("/entries")) == 2


def test_a_blocked_customer_is_stopped_until_released(customer: Customer) -> None:
    """STOP_CUST_C; unblocking lets the orders go on."""
    bank = customer.bank
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    bank.post("/authorise", {"all": True})
    bank.post("/customers", {"dik": DIK_ALFA, "blocked": True})
    bank.post("/book")
    assert state(customer) == "STOP_CUST_C"
    assert bank.post("/customers", {"dik": DIK_ALFA, "blocked": False})["released"] == 1
    bank.post("/book")
    assert state(customer) == "REALIZED"


def test_a_blocked_account_is_stopped_until_released(customer: Customer) -> None:
    """STOP_ACC_C; the same for an account."""
    bank = customer.bank
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    bank.post("/authorise", {"all": True})
    bank.post("/accounts/block", {"account": ALFA_PLN, "blocked": True})
    bank.post("/book")
    assert state(customer) == "STOP_ACC_C"
    assert bank.post("/accounts/block", {"account": ALFA_PLN, "blocked": False})["released"] == 1
    bank.post("/clock", {"advance_seconds": 1})
    assert state(customer) == "REALIZED"


def test_the_bank_stops_and_releases(customer: Customer) -> None:
    """STOPPED with a reason; stopped orders may be denied too."""
    bank = customer.bank
    later = dt.date.fromisoformat(bank.get("/state")["day"]) + dt.timedelta(days=9)
    customer.send_orders("C1", order_file("M1", Transfer("X"), day=later))
    bank.post("/authorise", {"all": True})
    bank.post("/book")
    assert bank.post("/orders/stop", {"group_id": "C1", "reason": "Sprawdzenie"}) == {"stopped": 1}
    assert bank.get("/orders")[0]["orders"][0]["description"] == "Sprawdzenie"
    assert bank.post("/orders/release", {"all": True}) == {"released": 1}
    assert state(customer) == "REALIZ"
    bank.post("/orders/stop", {"group_id": "C1"})
    bank.post("/clock", {"advance_seconds": 10 * 86400})
    assert state(customer) == "STOPPED"
    assert bank.post("/deny", {"group_id": "C1", "reason": "Sankcje"}) == {"denied": 1}
    assert state(customer) == "DENIED"


def test_sent_to_authorisation_is_in_authorisation(customer: Customer) -> None:
    """With sendToAuth the order waits for signatures at once."""
    customer.send_orders("C1", order_file("M1", Transfer("X")), to_authorisation=True)
    assert state(customer) == "IN_AUTH"
    customer.bank.post("/authorise", {"group_id": "C1", "user": USER_ALFA})
    assert history(customer.bank) == ["IN_AUTH", "AUTHORIZED"]
