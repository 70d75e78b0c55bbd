"""What lasts is the caller's, as versioned JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companynet.domain.order_intent import Fate, OrderIntent
from companynet.domain.order_snapshot import OrderGroupSnapshot, order_changes
from companynet.domain.order_state import OrderStatus, StatusKeys
from companynet.domain.session import Permission, PermissionConfig, Secret
from companynet.domain.session_opening import SessionOpening
from companynet.domain.session_snapshot import SessionKind, SessionSnapshot
from companynet.errors import FormatError
from companynet.profile import BankProfile

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ONE = OrderStatus("TO_AUTH", "G-1", "E-1")
TWO = OrderStatus("REALIZED", "G-1", "E-2")
GROUP = OrderGroupSnapshot("B-1", NOON, (ONE, TWO))
CONFIG = PermissionConfig(NOON + timedelta(days=90), (Permission("10000001"),))
SESSION = SessionSnapshot(
    "https://bank.example/ws",
    SessionKind.BACKGROUND,
    "10000001",
    "ALFA01",
    NOON,
    Secret("żeton"),
    CONFIG,
    CONFIG,
)
TEXTS = st.text(max_size=12)
STATES = st.builds(OrderStatus, TEXTS, TEXTS, st.none() | st.sampled_from("abc"), st.none() | TEXTS)


@given(st.lists(STATES), TEXTS, st.datetimes(timezones=st.just(UTC)))
def test_an_order_snapshot_comes_back_from_its_json(states: list[OrderStatus], group: str, at: datetime) -> None:
    snapshot = OrderGroupSnapshot(group, at, tuple(states))
    assert OrderGroupSnapshot.from_json(json.loads(json.dumps(snapshot.to_json()))) == snapshot


@pytest.mark.parametrize(
    "session", [SESSION, replace(SESSION, kind=SessionKind.LOGIN, asked=None, granted=None)], ids=["session", "login"]
)
def test_a_session_comes_back_from_its_json(session: SessionSnapshot) -> None:
    assert SessionSnapshot.from_json(json.loads(json.dumps(session.to_json()))) == session
    assert session.diks == ("10000001",)
    assert "żeton" not in repr(session)


OPENING = SessionOpening(
    "https://bank.example/ws", SessionKind.BACKGROUND, "10000001", "ALFA01", NOON, CONFIG, "ab12"
)


@pytest.mark.parametrize("reference", ["ab12", None])
def test_an_opening_comes_back_from_its_json(reference: str | None) -> None:
    """A session may be at the bank just if the call that makes it has left."""
    opening = replace(OPENING, reference=reference)
    assert SessionOpening.from_json(json.loads(json.dumps(opening.to_json()))) == opening
    assert opening.session_may_exist is (reference is not None)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"version": 2}, "version"),
        ({"kind": "other"}, "session_opening.kind"),
        ({"begun_at": "2026-01-05"}, "begun_at"),
    ],
)
def test_an_opening_that_cannot_be_read_is_named(change: dict[str, object], place: str) -> None:
    with pytest.raises(FormatError, match=place):
        SessionOpening.from_json(OPENING.to_json() | change)


INTENT = OrderIntent(
    endpoint="https://bank.example/ws",
    dik="10000001",
    client_order_group_id="B-1",
    file_name="B-1.xml",
    format="CT_ISO20022",
    sha256="ab" * 32,
    modified_at=NOON,
    begun_at=NOON,
    fate=Fate.TAKEN,
    task_id="T-1",
    group_id="G-1",
    states=GROUP,
)


@pytest.mark.parametrize(
    "intent", [INTENT, replace(INTENT, fate=Fate.UNKNOWN, task_id=None, states=None, not_known_at=NOON)]
)
def test_an_intent_comes_back_from_its_json(intent: OrderIntent) -> None:
    assert OrderIntent.from_json(json.loads(json.dumps(intent.to_json()))) == intent


@pytest.mark.parametrize(
    ("change", "words"),
    [({"fate": "lost"}, "'lost' is not known"), ({"begun_at": None}, "begun_at"), ({"states": 1}, "order-states")],
)
def test_a_damaged_intent_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(FormatError) as caught:
        OrderIntent.from_json(INTENT.to_json() | change)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "version: is 2; this program reads 1"),
        ({"snapshot": "companynet.session"}, "is not 'companynet.order-states'"),
        ({"states": {}}, "states: is not a list"),
        ({"asked_at": "2026-01-05T12:00:00"}, "asked_at: 2026-01-05T12:00:00 has no time zone"),
        ({"asked_at": "noon"}, "'noon' is not an ISO 8601 time"),
        ({"states": [{"key": "A"}]}, "states[0]: lacks end_to_end_id, group_id, text"),
        ({"more": 1}, "unknown keys: more"),
    ],
)
def test_another_form_is_refused_with_its_place(change: dict[str, object], words: str) -> None:
    with pytest.raises(FormatError) as caught:
        OrderGroupSnapshot.from_json(GROUP.to_json() | change, "f.json")
    assert words in str(caught.value)
    assert str(caught.value).startswith("f.json: ")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token": 5}, "token: is not text"),
        ({"token": ""}, "token: is not text"),
        ({"kind": "cookie"}, "'cookie' is not known"),
        ({"granted": {"end_time": NOON.isoformat(), "permissions": []}}, "at least one DIK"),
        ({"granted": {"end_time": NOON.isoformat(), "permissions": [{"dik": "1", "operations": [1]}]}}, "operations"),
        ({"version": 9, "extra": 1}, "version"),
    ],
)
def test_a_damaged_session_is_refused_and_its_token_not_shown(change: dict[str, object], words: str) -> None:
    with pytest.raises(FormatError) as caught:
        SessionSnapshot.from_json(SESSION.to_json() | change)
    assert words in str(caught.value)
    assert "żeton" not in str(caught.value)


def test_changes_are_the_orders_whose_newest_state_differs() -> None:
    later = OrderGroupSnapshot(
        "B-1", NOON, (ONE, OrderStatus("DENIED", "G-1", "E-1", "Brak środków"), TWO, OrderStatus("X", "G-1", "E-3"))
    )
    changes = order_changes(GROUP, later)
    assert [
        (item.end_to_end_id, item.before and item.before.key, item.after and item.after.key) for item in changes
    ] == [
        ("E-1", "TO_AUTH", "DENIED"),
        ("E-3", None, "X"),
    ]
    assert order_changes(later, later) == ()
    assert [item.end_to_end_id for item in order_changes(None, GROUP)] == ["E-1", "E-2"]


def test_an_order_the_bank_does_not_name_any_more_is_a_change() -> None:
    (change,) = order_changes(GROUP, OrderGroupSnapshot("B-1", NOON, (ONE,)))
    assert (change.end_to_end_id, change.after) == ("E-2", None)


def test_a_reason_that_comes_later_is_a_change() -> None:
    (change,) = order_changes(GROUP, replace(GROUP, states=(ONE, replace(TWO, text="powód"))))
    assert change.after is not None
    assert change.after.text == "powód"


def test_an_order_listed_twice_has_a_history() -> None:
    done = OrderStatus("REALIZED", "G-1", "E-1")
    group = OrderGroupSnapshot("B-1", NOON, (ONE, done))
    assert group.history("E-1") == (ONE, done)
    assert group.history("E-9") == ()
    assert group.current == {"E-1": done}
    assert group.final


def test_a_group_without_orders_is_not_final() -> None:
    assert not OrderGroupSnapshot("B-1", NOON, ()).final
    assert not GROUP.final


def test_what_the_status_keys_mean_is_the_profiles() -> None:
    """A bank with other final keys is a setting: the same stored states mean what the profile of today says."""
    profile = BankProfile(
        "https://bank.example/ws", final_status_keys=("PAID", "DENIED"), executed_status_keys=("PAID",)
    )
    keys = StatusKeys.of(profile)
    group = OrderGroupSnapshot("B-1", NOON, (OrderStatus("PAID", "G-1", "E-1"), OrderStatus("DENIED", "G-1", "E-2")))
    assert not group.final
    read = OrderGroupSnapshot.from_json(group.to_json(), keys=keys)
    assert read.final
    assert [state.executed for state in read.states] == [True, False]
    assert not OrderStatus("REALIZED", keys=keys).final
    assert OrderStatus("REALIZED").executed
    # What they mean is not stored: it is neither in the JSON nor in a comparison.
    assert read == group
    assert read.to_json() == group.to_json()
