"""Orders: taken once, checked, carried out, told about."""

import datetime as dt

import pytest

from companynet_sandbox.books.clock import ZONE
from companynet_sandbox.customers import demo_data
from companynet_sandbox.customers.demo_data import ALFA_EUR, ALFA_PLN, BETA_PLN, make_nrb
from companynet_sandbox.testing.client import Customer, Fault, Transfer, order_file

OUTSIDE = make_nrb("10201026", "0000000000000042")


@pytest.fixture(autouse=True)
def session(customer: Customer) -> None:
    customer.open_session()


def balance(customer: Customer, account: str) -> str:
    customers = customer.bank.get("/state")["customers"]
    return next(item["balance"] for who in customers for item in who["accounts"] if item["account"] == account)


def refused(code: str) -> pytest.RaisesExc[Fault]:
    return pytest.RaisesExc(Fault, check=lambda fault: fault.code == code)


def test_an_order_lives_from_sending_to_both_statements(customer: Customer) -> None:
    """TO_AUTH, AUTHORIZED, REALIZED; both legs carry title, account and one stem of the transaction number."""
    answer = customer.send_orders("C1", order_file("M1", Transfer("E2E-1", "123.45", title="FV 7/2026")))
    group = answer.text("return/groupId")
    assert customer.states(group) == customer.states("C1") == [("E2E-1", "TO_AUTH")]
    customer.bank.post("/authorise", {"group_id": group})
    assert customer.states("C1") == [("E2E-1", "AUTHORIZED")]
    assert customer.bank.post("/book") == {"realized": 1, "denied": 0, "waiting": 0}
    assert customer.states("C1") == [("E2E-1", "REALIZED")]
    assert balance(customer, ALFA_PLN) == "249876.55"
    assert balance(customer, BETA_PLN) == "150123.45"
    out, into = customer.bank.get("/entries")
    assert out["customer_reference"] == "E2E-1"
    for part in (f"NA RACH.: {BETA_PLN}", "DLA: BETA HANDEL S.A.", "TYT.: FV 7/2026", "REF. KLIENTA: E2E-1"):
        assert part in out["information"]
    assert f"Z RACH.: {ALFA_PLN}; OD: ZAKŁADY PRZYKŁADOWE ALFA" in into["information"]
    assert out["tnr"].split(".")[0] == into["tnr"].split(".")[0]
    assert out["tnr"] != into["tnr"]


def test_an_order_to_another_bank_leaves_one_entry(customer: Customer) -> None:
    """The code follows the payee: Elixir, tax office, ZUS."""
    tax, zus = make_nrb("10100071", "2222525244576700"), make_nrb("60000002", "0260015252445767")
    orders = [Transfer(name, payee=payee) for name, payee in (("A", OUTSIDE), ("B", tax), ("C", zus))]
    customer.send_orders("C1", order_file("M1", *orders))
    customer.bank.post("/authorise", {"all": True})
    customer.bank.post("/book")
    assert [item["code"] for item in customer.bank.get("/entries")] == ["944", "946", "945"]


@pytest.mark.parametrize(
    ("client_id", "message_id", "name"), [("C1", "M2", "Y"), ("C2", "M1", "Y"), ("C2", "M2", "X")]
)
def test_an_id_serves_once_ever(customer: Customer, client_id: str, message_id: str, name: str) -> None:
    """clientOrderGroupId, MsgId, InstrId: a repeated one is refused and nothing is taken."""
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    with refused("DUPLICATE_ID"):
        customer.send_orders(client_id, order_file(message_id, Transfer(name)))
    assert len(customer.bank.get("/orders")) == 1


def test_an_id_twice_in_a_file_is_refused(customer: Customer) -> None:
    """InstrId is unique in the file, too."""
    with refused("DUPLICATE_ID"):
        customer.send_orders("C1", order_file("M1", Transfer("X"), Transfer("X")))


TODAY = dt.datetime.now(ZONE).date()
WRONG = {
    "CONTROL_SUM": order_file("M1", Transfer("X"), control_sum="99.00"),
    "DEBTOR_ACCOUNT": order_file("M1", Transfer("X"), debtor=BETA_PLN),
    "CREDITOR_ACCOUNT": order_file("M1", Transfer("X", payee=BETA_PLN[:-1] + "9")),
    "CURRENCY": order_file("M1", Transfer("X"), debtor=ALFA_EUR),
    "AMOUNT": order_file("M1", Transfer("X", amount="0.00")),
    "TITLE": order_file("M1", Transfer("X", title="T" * 141)),
    "ORDER_COUNT": order_file("M1", Transfer("X")).replace(b"<NbOfTxs>1<", b"<NbOfTxs>2<"),
    "CREDITOR_NAME": order_file("M1", Transfer("X")).replace(b"Beta Handel S.A.", b""),
    "CREDITOR_NAME too long": order_file("M1", Transfer("X")).replace(b"Beta Handel S.A.", b"N" * 71),
    "EXECUTION_DATE": order_file("M1", Transfer("X"), day=TODAY + dt.timedelta(days=368)),
    "PAYMENT_METHOD": order_file("M1", Transfer("X")).replace(b"TRF", b"CHK"),
}


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_is_told_and_nothing_taken(customer: Customer, code: str) -> None:
    """The result has the error and no group; the ids are free for a corrected file."""
    answer = customer.send_orders("C1", WRONG[code])
    assert code.partition(" ")[0] in answer.texts("code")
    assert answer.text("return/groupId") == ""
    with refused("ORDER_GROUP_UNKNOWN"):
        customer.states("C1")
    corrected = customer.send_orders("C1", order_file("M1", Transfer("X")))
    assert corrected.text("return/groupId")


def test_the_limits_themselves_are_taken(customer: Customer) -> None:
    """A name of 70, a title of 140, ids of 35 characters, a day 366 days ahead."""
    longest = Transfer("X" * 33, title="T" * 140)
    data = order_file("M" * 35, longest, day=TODAY + dt.timedelta(days=366))
    answer = customer.send_orders("C1", data.replace(b"Beta Handel S.A.", b"N" * 70))
    assert answer.texts("code") == []
    assert answer.text("return/groupId")


def test_errors_that_are_not_fatal_wait_to_be_edited(customer: Customer) -> None:
    """The right orders are taken, the wrong one is TO_EDIT and is never carried out."""
    data = order_file("M1", Transfer("GOOD"), Transfer("BAD", payee=BETA_PLN[:-1] + "9"))
    answer = customer.send_orders("C1", data, fatal=False)
    assert answer.texts("orderReference") == ["BAD"]
    assert customer.states("C1") == [("GOOD", "TO_AUTH"), ("BAD", "TO_EDIT")]
    customer.bank.post("/authorise", {"all": True})
    customer.bank.post("/book")
    assert customer.states("C1") == [("GOOD", "REALIZED"), ("BAD", "TO_EDIT")]


@pytest.mark.parametrize(
    "data",
    [
        b"not xml",
        b"<Document/>",
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><Document>&e;</Document>',
        order_file("M1", Transfer("X")).replace(b"100.00", b"1<!-- -->00.00"),
        order_file("", Transfer("X")),
    ],
)
def test_files_that_are_no_orders_are_refused(customer: Customer, data: bytes) -> None:
    """ORDER_INVALID; comments inside an amount and document types too."""
    with refused("ORDER_INVALID"):
        customer.send_orders("C1", data)


def test_a_wrong_md5_is_refused(customer: Customer) -> None:
    """What was announced is not what came."""
    with refused("ORDER_INVALID"):
        customer.start_sending("C1", order_file("M1", Transfer("X")), md5="0" * 32)


def test_lack_of_funds_denies_or_waits(customer: Customer) -> None:
    """DENIED with a reason; with orderAwaitingFunds the order waits for the money."""
    customer.send_orders("C1", order_file("M1", Transfer("X", "999999.00")))
    customer.send_orders("C2", order_file("M2", Transfer("Y", "999999.00")), awaiting_funds=True)
    customer.bank.post("/authorise", {"all": True})
    customer.bank.post("/book")
    assert customer.states("C1") == [("X", "DENIED")]
    assert customer.states("C2") == [("Y", "CONDITIONAL")]
    assert customer.bank.get("/orders")[0]["orders"][0]["description"] == "Brak środków na rachunku"
    incoming = {"account": ALFA_PLN, "amount": "999999.00", "debtor_name": "Bank", "title": "kredyt"}
    customer.bank.post("/incoming", incoming)
    customer.bank.post("/book")
    assert customer.states("C2") == [("Y", "REALIZ_AND_COND")]
    assert balance(customer, ALFA_PLN) == "250000.00"


def test_closed_accounts_deny(customer: Customer) -> None:
    """Nothing is booked to a closed account."""
    customer.bank.post("/accounts", {"account": BETA_PLN, "closed": True})
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    customer.bank.post("/authorise", {"all": True})
    customer.bank.post("/book")
    assert customer.states("C1") == [("X", "DENIED")]
    assert customer.bank.get("/entries") == []


def test_orders_of_a_later_day_wait_for_the_clock(customer: Customer) -> None:
    """Moving the clock to the day carries them out."""
    day = dt.date.fromisoformat(customer.bank.get("/state")["day"]) + dt.timedelta(days=2)
    customer.send_orders("C1", order_file("M1", Transfer("X"), day=day))
    customer.bank.post("/authorise", {"all": True})
    assert customer.bank.post("/book")["waiting"] == 1
    assert customer.bank.post("/clock", {"advance_seconds": 2 * 86400})["booked"]["realized"] == 1
    assert customer.bank.get("/entries")[0]["booked"] == day.isoformat()


def test_nothing_is_carried_out_twice(customer: Customer) -> None:
    """Booking again finds nothing to do."""
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    customer.bank.post("/authorise", {"all": True})
    customer.bank.post("/book")
    assert customer.bank.post("/book") == {"realized": 0, "denied": 0, "waiting": 0}
    assert len(customer.bank.get("/entries")) == 2


def test_the_bank_may_deny_one_order(customer: Customer) -> None:
    """A refusal carries its reason."""
    customer.send_orders("C1", order_file("M1", Transfer("X"), Transfer("Y")))
    asked = {"group_id": "C1", "order_reference": "Y", "reason": "Sankcje"}
    assert customer.bank.post("/deny", asked) == {"denied": 1}
    assert customer.states("C1") == [("X", "TO_AUTH"), ("Y", "DENIED")]


def test_a_group_is_known_to_its_customer_only(customer: Customer) -> None:
    """Another DIK does not see it."""
    customer.open_session(demo_data.DIK_ALFA, demo_data.DIK_ALFA_SERVICE)
    customer.send_orders("C1", order_file("M1", Transfer("X")))
    customer.dik = demo_data.DIK_ALFA_SERVICE
    with refused("ORDER_GROUP_UNKNOWN"):
        customer.states("C1")
