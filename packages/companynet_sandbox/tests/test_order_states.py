"""The table of an order's states."""

import itertools

import pytest

from companynet.domain import order_state
from companynet_sandbox.bank.order_states import (
    CARRIED_OUT,
    FINAL,
    MEANING,
    TRANSITIONS,
    TransitionRefused,
    allowed,
    move,
)
from companynet_sandbox.testing.client import Transfer, order_file
from companynet_sandbox.testing.room import Room

KEYS = {
    "TO_EDIT", "TO_AUTH", "IN_AUTH", "AUTHORIZED", "SIGN_VERIFY", "REALIZ", "IN_REALIZ", "PROCESSED", "CONDITIONAL",
    "CONFIRMED", "VALIDATED", "STOPPED", "STOP_CUST_C", "STOP_ACC_C", "DELETED", "REALIZED", "DENIED",
    "REALIZ_AND_COND",
}  # fmt: skip
#: The ways, written down a second time: one string a state.
WAYS = {
    "": "TO_EDIT TO_AUTH IN_AUTH",
    "TO_EDIT": "TO_AUTH DELETED",
    "TO_AUTH": "TO_EDIT IN_AUTH AUTHORIZED DELETED DENIED",
    "IN_AUTH": "TO_EDIT TO_AUTH AUTHORIZED DELETED DENIED",
    "AUTHORIZED": "SIGN_VERIFY DENIED",
    "SIGN_VERIFY": "VALIDATED DENIED",
    "VALIDATED": "REALIZ STOPPED STOP_CUST_C STOP_ACC_C DENIED",
    "REALIZ": "IN_REALIZ STOPPED STOP_CUST_C STOP_ACC_C DELETED DENIED",
    "IN_REALIZ": "PROCESSED CONDITIONAL DENIED",
    "CONDITIONAL": "IN_REALIZ STOPPED STOP_CUST_C STOP_ACC_C DELETED DENIED",
    "PROCESSED": "CONFIRMED",
    "CONFIRMED": "REALIZED REALIZ_AND_COND",
    "STOPPED": "REALIZ DENIED",
    "STOP_CUST_C": "REALIZ DENIED",
    "STOP_ACC_C": "REALIZ DENIED",
}


def test_the_keys_are_the_banks() -> None:
    """All of them and no others, each with a meaning; the final ones lead nowhere."""
    assert set(MEANING) == KEYS == set(TRANSITIONS) - {""}
    assert sorted(FINAL) == ["DELETED", "DENIED", "REALIZED", "REALIZ_AND_COND"]
    assert CARRIED_OUT < FINAL


def test_the_library_reads_the_keys_the_same() -> None:
    """Two readings of one list: the same keys, the same ones final, the same ones carried out."""
    assert order_state.KNOWN_KEYS == KEYS
    assert order_state.DEFAULT_KEYS.final == FINAL
    assert order_state.DEFAULT_KEYS.executed == CARRIED_OUT


@pytest.mark.parametrize("now_in", ["", *sorted(KEYS)])
def test_every_pair(room: Room, now_in: str) -> None:
    """Of each state with every other, those of the table are moved to and written down; all others are refused."""
    room.send_orders("C1", order_file("M1", Transfer("X")))
    for to in sorted(KEYS):
        with room.db() as db:
            db.execute("UPDATE orders SET status = ?", (now_in,))
            written = db.execute("SELECT count(*) FROM order_history").fetchone()[0]
            if to in WAYS.get(now_in, "").split():
                move(db, 1, room.now, to, "why")
                assert db.execute("SELECT status FROM orders").fetchone()[0] == to
                last = db.execute("SELECT * FROM order_history ORDER BY rowid DESC").fetchone()
                assert tuple(last) == (1, room.now.isoformat(), to, "why")
            else:
                with pytest.raises(TransitionRefused, match=f"cannot become {to}"):
                    move(db, 1, room.now, to)
                assert db.execute("SELECT status FROM orders").fetchone()[0] == now_in
                assert db.execute("SELECT count(*) FROM order_history").fetchone()[0] == written


def test_every_state_is_reached_and_left() -> None:
    """There is a way from the beginning to each, and from each that is not final to an end."""
    reached = {""}
    for _step in KEYS:
        reached |= set(itertools.chain.from_iterable(TRANSITIONS[key] for key in reached))
    assert reached - {""} == KEYS
    ending = set(FINAL)
    for _step in KEYS:
        ending |= {key for key in KEYS if any(allowed(key, to) for to in ending)}
    assert ending == KEYS
