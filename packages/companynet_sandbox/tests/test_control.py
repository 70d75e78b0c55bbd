"""The control plane's JSON: long lists in pages, filters, and a list of routes that is true."""

import http.client
import time
import urllib.parse

import pytest

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import ControlRefused, RunningBank
from companynet_sandbox.testing.client import Customer, Fault, Transfer, order_file

ACCOUNT = demo_data.ALFA_PLN
DAYS = ("2026-02-02", "2026-02-03", "2026-02-04")


@pytest.fixture
def booked(bank: RunningBank) -> RunningBank:
    """A bank with three days of four entries on one account, and an entry on another."""
    entry = {"account": ACCOUNT, "code": "770"}
    bank.post("/entries", [{**entry, "amount": f"{n}.00", "date": day} for day in DAYS for n in range(1, 5)])
    bank.post("/entries", {**entry, "account": demo_data.BETA_PLN, "amount": "-7.00", "date": DAYS[0]})
    return bank


def all_pages(bank: RunningBank, path: str, name: str, **parameters: str) -> list[dict[str, object]]:
    """Read page after page until one is empty."""
    rows: list[dict[str, object]] = []
    while True:
        after = {"after": str(rows[-1][name])} if rows else {}
        page = bank.get(f"{path}?{urllib.parse.urlencode({**parameters, **after})}")
        if not page:
            return rows
        rows += page


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_pages_of_entries_join_to_the_whole(booked: RunningBank, order: str) -> None:
    """Nothing is left out or twice at the edges of pages, in either order."""
    whole = [row for row in booked.get("/entries") if row["account"] == ACCOUNT]
    rows = all_pages(booked, "/entries", "id", account=ACCOUNT, order=order, limit="5")
    assert rows == (whole if order == "oldest" else whole[::-1])
    assert len(rows) == 12


def test_entries_of_a_day_of_an_account(booked: RunningBank) -> None:
    """Both filters hold at once."""
    rows = booked.get(f"/entries?account={ACCOUNT}&day={DAYS[1]}")
    assert {(row["account"], row["booked"]) for row in rows} == {(ACCOUNT, DAYS[1])}
    assert [row["amount"] for row in rows] == ["1.00", "2.00", "3.00", "4.00"]


def test_days_carry_balances_on(booked: RunningBank) -> None:
    """Opening + turnover = closing of each day, closing = next opening, and a page goes on where the last ended."""
    days = all_pages(booked, "/days", "day", account=ACCOUNT, limit="2")
    assert [(day["day"], day["entries"]) for day in days] == [(day, 4) for day in reversed(DAYS)]
    assert days[0]["closing"] == "250030.00"
    assert [day["opening"] for day in days] == ["250020.00", "250010.00", "250000.00"]
    assert {(day["credits"], day["debits"]) for day in days} == {("10.00", "0.00")}
    assert booked.get(f"/days?account={demo_data.ALFA_EUR}") == []


def test_accounts_in_pages(bank: RunningBank) -> None:
    """As in the state, a few at a time; or of one customer alone."""
    state = [
        {"dik": customer["dik"], **account}
        for customer in bank.get("/state")["customers"]
        for account in customer["accounts"]
    ]
    assert all_pages(bank, "/accounts", "account", limit="3") == state
    assert [row["account"] for row in bank.get(f"/accounts?dik={demo_data.DIK_BETA}")] == [demo_data.BETA_PLN]
    assert [(row["dik"], row["accounts"]) for row in bank.get("/directory")] == [
        (demo_data.DIK_ALFA, 2), (demo_data.DIK_ALFA_SERVICE, 1), (demo_data.DIK_BETA, 1),
    ]  # fmt: skip


def test_calls_by_operation_outcome_and_page(customer: Customer) -> None:
    """A watcher asks for what came after the last call it saw; filters name operation and outcome."""
    customer.open_session()
    bank = customer.bank
    whole = bank.get("/calls")
    assert all_pages(bank, "/calls", "id", order="newest", limit="3") == whole[::-1]
    assert bank.get("/calls?limit=1") == whole[-1:]
    for _call in range(2):
        with pytest.raises(Fault):
            customer.states("X")
    new = bank.get(f"/calls?after={whole[-1]['id']}")
    assert [row["outcome"] for row in new] == ["ORDER_GROUP_UNKNOWN"] * 2
    assert bank.get("/calls?operation=getStatus") == new
    assert bank.get("/calls?operation=getStatus&outcome=OK") == []
    assert "ORDER_GROUP_UNKNOWN" in bank.get("/choices")["call_outcomes"]


def test_orders_by_state_and_group(customer: Customer) -> None:
    """Groups by either id; a state leaves only orders in it, and groups that have some."""
    customer.open_session()
    bank = customer.bank
    customer.send_orders("C1", order_file("M1", Transfer("A"), Transfer("B")))
    customer.send_orders("C2", order_file("M2", Transfer("C")))
    bank.post("/deny", {"group_id": "C1", "order_reference": "A"})
    whole = bank.get("/orders")
    assert all_pages(bank, "/orders", "group_id", order="newest", limit="1") == whole[::-1]
    assert bank.get("/orders?group=C2") == bank.get(f"/orders?group={whole[1]['group_id']}") == whole[1:]
    denied = bank.get("/orders?status=DENIED")
    assert [[order["end_to_end_id"] for order in group["orders"]] for group in denied] == [["A"]]
    assert bank.get("/choices")["order_states"] == ["DENIED", "TO_AUTH"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/entries?acount=1", "unknown parameters acount"),
        ("/entries?limit=0", "limit must be 1 to 10000, is '0'"),
        ("/entries?limit=5&limit=6", "limit is given twice"),
        ("/entries?after=x", "after must be the id of a row, a whole number, is 'x'"),
        ("/entries?order=up", "order must be oldest or newest, is 'up'"),
        ("/entries?day=2026-02-30", "day must be a day YYYY-MM-DD, is '2026-02-30'"),
        ("/days", "account must be given"),
        ("/days?account=1&after=x", "after must be a day"),
        ("/accounts?order=newest", "unknown parameters order"),
    ],
)
def test_wrong_parameters_are_named(bank: RunningBank, path: str, reason: str) -> None:
    """A misspelt filter must not show everything."""
    with pytest.raises(ControlRefused, match=reason):
        bank.get(path)


def test_the_clock_tells_its_zone_and_distance(bank: RunningBank) -> None:
    """What was added to the real time is told, and taking it away again gives the real time."""
    bank.post("/clock", {"advance_seconds": 7200})
    told = bank.get("/clock")
    assert (told["zone"], told["offset_seconds"]) == ("Europe/Warsaw", 7200)
    bank.post("/clock", {"advance_seconds": -told["offset_seconds"]})
    assert bank.get("/clock")["offset_seconds"] == 0


def test_the_clock_is_never_before_the_time_it_was_set_to(bank: RunningBank) -> None:
    """Whatever part of a real second it is set in: what is due at eight is due when it is set to eight."""
    for _setting in range(20):
        told = bank.post("/clock", {"now": "2030-01-02T08:00:00+01:00"})
        assert told["now"] >= "2030-01-02T07:00:00+00:00"
        time.sleep(0.06)


#: Examples that stand for something a test has to make first.
PLACEHOLDERS = {
    "POST /certificates": "is no certificate",
    "POST /certificates/revoke": "is registered for nobody",
    "POST /orders/edit": "GROUP",
    "POST /orders/delete": "GROUP",
}


def test_the_list_of_routes_is_true(bank: RunningBank) -> None:
    """Each route is described; each example is taken as it stands, or refused for its placeholder only."""
    routes = bank.get("/api")
    assert len(routes) > 20
    for route in routes:
        name = f"{route['method']} {route['path']}"
        assert route["summary"], f"{name} has no note in companynet_sandbox.control.api"
        if route["method"] == "GET":
            parameters = route["example"] or {}
            assert parameters.keys() <= route["parameters"].keys(), name
            status, text, _policy = asked(bank, "GET", f"{route['path']}?{urllib.parse.urlencode(parameters)}")
            assert status == 200, (name, text)
        elif name in PLACEHOLDERS:
            with pytest.raises(ControlRefused, match=PLACEHOLDERS[name]):
                bank.post(route["path"], route["example"])
        else:
            bank.post(route["path"], route["example"])


def test_no_note_is_left_of_a_route_that_went(bank: RunningBank) -> None:
    """Every note is of a route."""
    from companynet_sandbox.control.api import NOTES

    assert NOTES.keys() == {f"{route['method']} {route['path']}" for route in bank.get("/api")}


def asked(bank: RunningBank, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str, str]:
    """Status, text and content security policy of an answer."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(bank.control_url).netloc, timeout=20)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers["Content-Security-Policy"]
    finally:
        connection.close()


def test_the_page_takes_nothing_from_elsewhere(bank: RunningBank) -> None:
    """Its three files are served, name no other host, and the browser is told to load none."""
    for path in ("/", "/page.css", "/page.js"):
        status, text, policy = asked(bank, "GET", path)
        assert status == 200
        assert "://" not in text
        assert "default-src 'none'" in policy


def test_a_post_of_another_origin_is_refused(bank: RunningBank) -> None:
    """A form of a foreign page cannot send JSON's content type, and without it nothing is done."""
    status, text, _policy = asked(bank, "POST", "/clock", '{"advance_seconds": 60}', **{"Content-Type": "text/plain"})
    assert status == 400
    assert "Content-Type: application/json" in text
    assert bank.get("/clock")["offset_seconds"] == 0
