"""The booking engine: what is due happens once, in order, on its day."""

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companynet_sandbox.accounts.posting import Posting
from companynet_sandbox.bank import fees, incoming
from companynet_sandbox.bank.execution import replan
from companynet_sandbox.books.clock import ZONE, bank_day
from companynet_sandbox.customers.demo_data import ALFA_EUR, ALFA_PLN, BETA_PLN, make_nrb
from companynet_sandbox.testing import Identity
from companynet_sandbox.testing.client import Transfer, order_file
from companynet_sandbox.testing.room import Room, at

OUTSIDE = make_nrb("10201026", "0000000000000042")
GERMAN = "DE89370400440532013000"
DAY = dt.date(2026, 3, 4)
WHOLE_LIFE = ["TO_AUTH", "AUTHORIZED", "SIGN_VERIFY", "VALIDATED", "REALIZ", "IN_REALIZ", "PROCESSED", "CONFIRMED"]


def pay(room: Room, *transfers: Transfer, day: dt.date = DAY, **flags: bool) -> None:
    room.pay(order_file("M1", *transfers, day=day), **flags)


def moments(room: Room, status: str, name: str = "X") -> list[dt.datetime]:
    rows = room.rows(
        "SELECT at FROM order_history JOIN orders ON orders.id = order_id"
        " WHERE order_history.status = ? AND end_to_end_id = ?",
        status,
        name,
    )
    return [dt.datetime.fromisoformat(row["at"]) for row in rows]


def test_an_elixir_order_waits_for_its_session(room: Room) -> None:
    """Authorised at 8:00 it is verified a minute later, and leaves at 9:30, not before."""
    pay(room, Transfer("X", payee=OUTSIDE))
    room.run("2026-03-04 09:29:59")
    assert room.history() == WHOLE_LIFE[:5]
    assert room.entries(ALFA_PLN) == []
    room.run("2026-03-04 12:00")
    assert room.history() == [*WHOLE_LIFE, "REALIZED"]
    assert moments(room, "VALIDATED") == [at("2026-03-04 08:01")]
    assert moments(room, "REALIZED") == [at("2026-03-04 09:30")]


@pytest.mark.parametrize(
    ("authorised", "booked"),
    [
        ("2026-03-04 15:59:30", "2026-03-05"),  # verified too late for 16:00
        ("2026-03-04 17:45", "2026-03-05"),
        ("2026-03-06 17:45", "2026-03-09"),
        ("2026-04-02 18:00", "2026-04-03"),  # Good Friday is a bank day
        ("2026-04-03 18:00", "2026-04-07"),  # Easter Monday is none
        ("2026-12-23 18:00", "2026-12-28"),
    ],
)
def test_elixir_keeps_to_bank_days(room: Room, authorised: str, booked: str) -> None:
    """The booking date is that of the session which took the order."""
    room.now = at(authorised)
    pay(room, Transfer("X", payee=OUTSIDE), day=bank_day(room.now))
    room.run("2026-12-31 12:00")
    assert [row["booked"] for row in room.entries(ALFA_PLN)] == [booked]


def test_what_is_at_once_needs_no_bank_day(room: Room) -> None:
    """Internal and instant orders go on a Sunday, a minute after they were authorised."""
    room.now = at("2026-03-08 09:00")
    pay(room, Transfer("A"), Transfer("B", payee=OUTSIDE, instrument="EXPRESSELIXIR"),
        Transfer("C", payee=OUTSIDE, instrument="BLUECASH"), Transfer("D", payee=OUTSIDE), day=dt.date(2026, 3, 8),
    )  # fmt: skip
    room.run("2026-03-08 09:01")
    assert [room.status(name) for name in "ABCD"] == ["REALIZED", "REALIZED", "REALIZED", "REALIZ"]


def test_sorbnet_and_foreign_keep_their_hours(room: Room) -> None:
    """At once while they are open, later when they open on the next bank day. Foreign ones settle a day later."""
    room.pay(order_file("M1", Transfer("A", payee=OUTSIDE, instrument="SORBNET"), day=DAY))
    room.pay(order_file("M2", Transfer("B", payee=GERMAN, currency="EUR"), debtor=ALFA_EUR, day=DAY), "C2")
    room.run("2026-03-04 08:01")
    assert (room.status("A"), room.status("B")) == ("REALIZED", "PROCESSED")
    room.now = at("2026-03-06 16:30")
    room.pay(order_file("M3", Transfer("D", payee=OUTSIDE, instrument="SORBNET"), day=dt.date(2026, 3, 6)), "C3")
    room.run("2026-03-31 12:00")
    assert moments(room, "REALIZED", "B") == [at("2026-03-05 08:00")]
    assert moments(room, "REALIZED", "D") == [at("2026-03-09 08:00")]


def test_a_later_day_is_waited_for(room: Room) -> None:
    """An order of the 20th goes by the first session of the 20th; an internal one as the day begins."""
    pay(room, Transfer("X", payee=OUTSIDE), Transfer("Y"), day=dt.date(2026, 3, 20))
    room.run("2026-03-19 23:59")
    assert room.entries(ALFA_PLN) == []
    room.run("2026-04-30 12:00")
    assert moments(room, "REALIZED", "X") == [at("2026-03-20 09:30")]
    assert moments(room, "REALIZED", "Y") == [at("2026-03-20 00:00")]


def test_transfers_from_other_banks_come_with_a_session(room: Room) -> None:
    """Sent after the last session they come by the first of the next bank day; Sorbnet's come at once."""
    with room.db() as db:
        for code, moment in (("770", "2026-03-06 17:31"), ("911", "2026-03-04 10:00"), ("771", "2026-03-04 10:00")):
            incoming.expect(db, at(moment), Posting(account=ALFA_PLN, amount=100, code=code))
    room.run("2026-03-31 12:00")
    assert [(row["code"], row["booked"]) for row in room.entries(ALFA_PLN)] == [
        ("771", "2026-03-04"), ("911", "2026-03-04"), ("770", "2026-03-09"),
    ]  # fmt: skip


def test_a_transfer_for_a_closed_account_goes_back(room: Room) -> None:
    """Nothing is booked, and the books say why."""
    with room.db() as db:
        incoming.expect(db, room.now, Posting(account=ALFA_PLN, amount=100, code="770"))
        db.execute("UPDATE accounts SET closed = 1 WHERE nrb = ?", (ALFA_PLN,))
    room.run("2026-03-31 12:00")
    assert room.entries(ALFA_PLN) == []
    with room.db() as db:
        assert "is closed" in incoming.listed(db)[0]["outcome"]


def test_monthly_fees_once_a_month(room: Room) -> None:
    """On the last day of each month, whatever it is, and in no month twice, though the clock be set back."""
    room.execute("UPDATE settings SET value = 'true' WHERE name = 'fees'")
    with room.db() as db:
        fees.plan_month(db, room.now)
    room.run("2026-06-15 12:00")
    days = ["2026-03-31", "2026-03-31", "2026-04-30", "2026-04-30", "2026-05-31", "2026-05-31"]
    assert [row["booked"] for row in room.entries(ALFA_PLN)] == days
    assert [row["code"] for row in room.entries(ALFA_PLN)] == ["843", "794"] * 3
    room.run("2026-06-30 21:59")
    assert [row["booked"] for row in room.entries(ALFA_PLN)] == days
    with room.db() as db:
        fees.plan_month(db, at("2026-05-30 12:00"))
    room.run("2026-05-31 23:00")
    assert [row["booked"] for row in room.entries(ALFA_PLN)] == days


def test_what_waits_is_planned_anew_when_hours_change(room: Room) -> None:
    """The session of 13:30 is moved to 12:00, and the order goes with it."""
    room.now = at("2026-03-04 11:30")
    pay(room, Transfer("X", payee=OUTSIDE))
    room.run("2026-03-04 11:40")
    room.execute("UPDATE settings SET value = '12:00' WHERE name = 'elixir_out'")
    with room.db() as db:
        replan(db, room.now)
    room.run("2026-03-04 20:00")
    assert moments(room, "REALIZED") == [at("2026-03-04 12:00")]


def test_an_order_that_awaits_funds_goes_when_they_come(room: Room) -> None:
    """CONDITIONAL until money comes in, then by the next session, and REALIZ_AND_COND at last."""
    pay(room, Transfer("X", "300000.00", payee=OUTSIDE), awaiting_funds=True)
    room.run("2026-03-04 12:00")
    assert room.status() == "CONDITIONAL"
    with room.db() as db:
        incoming.expect(db, room.now, Posting(account=ALFA_PLN, amount=100_000_00, code="770"))
    room.run("2026-03-31 12:00")
    assert room.history()[5:] == [
        "IN_REALIZ",
        "CONDITIONAL",
        "IN_REALIZ",
        "PROCESSED",
        "CONFIRMED",
        "REALIZ_AND_COND",
    ]
    assert moments(room, "REALIZ_AND_COND") == [at("2026-03-04 16:00")]


def test_funds_are_awaited_for_some_days_only(room: Room) -> None:
    """Three days after its own the order is denied, and nothing was booked."""
    pay(room, Transfer("X", "300000.00", payee=OUTSIDE), awaiting_funds=True)
    room.run("2026-03-31 12:00")
    assert room.history()[-2:] == ["CONDITIONAL", "DENIED"]
    assert moments(room, "DENIED") == [at("2026-03-08 00:00")]
    assert room.entries(ALFA_PLN) == []


def test_money_that_comes_in_pays_orders_in_their_order(room: Room) -> None:
    """The first that waits is served first; the second finds nothing left and waits on."""
    for number in (1, 2):
        data = order_file(f"M{number}", Transfer(f"X{number}", "300000.00"), day=DAY)
        room.pay(data, f"C{number}", awaiting_funds=True)
    room.run("2026-03-04 12:00")
    with room.db() as db:
        incoming.expect(db, room.now, Posting(account=ALFA_PLN, amount=60_000_00, code="771"))
    room.run("2026-03-05 12:00")
    assert (room.status("X1"), room.status("X2")) == ("REALIZ_AND_COND", "CONDITIONAL")


def test_a_refusing_bank_denies_and_nothing_is_booked(room: Room) -> None:
    """In the session itself, with the reason."""
    room.execute("INSERT INTO counterparties VALUES (?, 'refuse', 'Zły numer rachunku')", OUTSIDE)
    pay(room, Transfer("X", payee=OUTSIDE))
    room.run("2026-03-31 12:00")
    assert room.history()[-2:] == ["IN_REALIZ", "DENIED"]
    assert room.rows("SELECT description FROM orders")[0]["description"] == "Zły numer rachunku"
    assert room.entries(ALFA_PLN) == []


def test_a_returned_transfer_comes_back_reversed(room: Room) -> None:
    """RD by the first session of the next bank day, for the same amount; the order stays REALIZED."""
    room.now = at("2026-03-06 08:00")
    room.execute("INSERT INTO counterparties VALUES (?, 'return', 'Rachunek nie istnieje')", OUTSIDE)
    pay(room, Transfer("X", payee=OUTSIDE), day=dt.date(2026, 3, 6))
    room.run("2026-03-31 12:00")
    out, back = room.entries(ALFA_PLN)
    assert (back["amount"], back["reversal"], back["booked"]) == (-out["amount"], 1, "2026-03-09")
    assert "TYT.: ZWROT RACHUNEK NIE ISTNIEJE FV 1/2026" in back["information"]
    assert room.status() == "REALIZED"


def test_a_return_to_a_closed_account_does_not_stop_the_bank(room: Room) -> None:
    """The money stays with the bank, and the day goes on."""
    room.execute("INSERT INTO counterparties VALUES (?, 'return', 'X')", OUTSIDE)
    pay(room, Transfer("X", payee=OUTSIDE))
    room.run("2026-03-04 12:00")
    room.execute("UPDATE accounts SET closed = 1 WHERE nrb = ?", ALFA_PLN)
    room.run("2026-03-31 12:00")
    assert len(room.entries(ALFA_PLN)) == 1
    assert room.rows("SELECT * FROM agenda") == []


#: Orders of all ways, of days near and far.
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["internal", "elixir", "instant", "sorbnet", "poor", "returned"]),
        st.integers(0, 40),
        st.integers(1, 50_000),
    ),
    min_size=1,
    max_size=12,
)
PAUSES = st.lists(st.integers(1, 60 * 86400), max_size=4)


def transfer(index: int, kind: str, grosze: int) -> Transfer:
    instrument = {"instant": "EXPRESSELIXIR", "sorbnet": "SORBNET"}.get(kind, "")
    payee = {"internal": BETA_PLN, "returned": make_nrb("10901014", "0000000000000007")}.get(kind, OUTSIDE)
    amount = f"{grosze / 100:.2f}" if kind != "poor" else "260000.00"
    return Transfer(f"N{index}", amount, payee, instrument=instrument)


@pytest.fixture
def rooms(tmp_path: Path, identity: Identity) -> Iterator[Iterator[Room]]:
    made: list[Room] = []

    def rooms() -> Iterator[Room]:
        for number in itertools.count():
            made.append(Room(tmp_path / f"{number}", identity, "haslo-p12"))
            yield made[-1]

    yield rooms()
    for room in made:
        room.books.close()


def test_two_advances_are_one(rooms: Iterator[Room]) -> None:
    """However the time is cut, the books are the same: entries, numbers, orders, histories."""

    @settings(max_examples=12, deadline=None)
    @given(ORDERS, PAUSES)
    def check(orders: list[tuple[str, int, int]], pauses: list[int]) -> None:
        contents = []
        for cuts in ([], sorted(pauses)):
            room = next(rooms)
            room.execute("UPDATE settings SET value = 'true' WHERE name = 'fees'")
            with room.db() as db:
                fees.plan_month(db, room.now)
            room.execute(
                "INSERT INTO counterparties VALUES (?, 'return', 'X')", make_nrb("10901014", "0000000000000007")
            )
            begun = room.now
            for index, (kind, days, grosze) in enumerate(orders):
                data = order_file(f"M{index}", transfer(index, kind, grosze), day=DAY + dt.timedelta(days=days))
                room.pay(data, f"C{index}", awaiting_funds=index % 2 == 0)
            for seconds in cuts:
                room.run(f"{(begun + dt.timedelta(seconds=seconds)).astimezone(ZONE):%Y-%m-%d %H:%M:%S}")
            room.run("2026-05-15 12:00")
            contents.append(
                [
                    [tuple(row) for row in room.rows(query)]
                    for query in (
                        "SELECT * FROM entries ORDER BY id",
                        "SELECT * FROM orders ORDER BY id",
                        "SELECT * FROM order_history ORDER BY rowid",
                    )
                ]
            )
        assert contents[0] == contents[1]
        _entries, _orders, history = contents[0]
        sums = "SELECT turnover, (SELECT coalesce(sum(amount), 0) FROM entries WHERE account = nrb) FROM accounts"
        assert all(kept == booked for kept, booked in room.rows(sums))
        assert [row[1] for row in history] == sorted(row[1] for row in history)

    check()
