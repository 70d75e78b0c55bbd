"""What may become of an order file on its way: every pair of fate and event."""

import hashlib
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from companynet.domain.order_fate import TRANSITIONS, Event, Fate
from companynet.domain.order_intent import SETTLING, OrderIntent, Question
from companynet.domain.order_snapshot import OrderGroupSnapshot
from companynet.domain.order_state import OrderStatus
from companynet.errors import IntentError, ProfileError
from companynet.profile import BankProfile

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DATA = b"<Document/>"
INTENT = OrderIntent(
    endpoint="https://bank.example/ws",
    dik="10000001",
    client_order_group_id="B-1",
    file_name="B-1.xml",
    format="CT_ISO20022",
    sha256=hashlib.sha256(DATA).hexdigest(),
    modified_at=NOON,
    begun_at=NOON,
    fate=Fate.SENDING,
)
PROFILE = BankProfile(endpoint=INTENT.endpoint)
BELIEVING = replace(PROFILE, absence_by_client_id=True)
LATER = NOON + timedelta(days=1)

#: The bank may have it.
MAY_BE_THERE = (Fate.SENDING, Fate.UNKNOWN, Fate.HANDED_IN, Fate.TAKEN)
OVER = (Fate.REFUSED, Fate.NOT_SENT)

#: The table once more, by the first letters of the fates; "-" is an error.
EXPECTED = {
    # .......... BEGIN NOT_SENT DOUBT HANDED_IN REFUSED TAKEN ABSENT DECLARED_ABSENT NOTHING
    Fate.SENDING: "- N U H R T N - S",
    Fate.UNKNOWN: "- N U H R T N N U",
    Fate.HANDED_IN: "- H H H R T H - H",
    Fate.TAKEN: "- T T T T T T - T",
    Fate.REFUSED: "S R U H R T R R R",
    Fate.NOT_SENT: "S N U H R T N N N",
}


@pytest.mark.parametrize(("fate", "event"), list(itertools.product(Fate, Event)))
def test_each_pair_of_fate_and_event(fate: Fate, event: Event) -> None:
    letter = dict(zip(Event, EXPECTED[fate].split(), strict=True))[event]
    intent = replace(INTENT, fate=fate)
    if letter == "-":
        with pytest.raises(IntentError, match="the bank may have it"):
            intent.after(event)
    else:
        assert intent.after(event).fate is next(item for item in Fate if item.name[0] == letter)


def test_what_may_be_at_the_bank_is_freed_by_the_banks_word_alone() -> None:
    """Or, where the bank gave no task, by a person who looked."""
    freed = {(fate, event) for fate in MAY_BE_THERE for event in Event if TRANSITIONS[fate][event] in OVER}
    words = {Event.NOT_SENT, Event.REFUSED, Event.ABSENT}
    assert freed == {
        *((Fate.SENDING, event) for event in words),
        *((Fate.UNKNOWN, event) for event in words | {Event.DECLARED_ABSENT}),
        (Fate.HANDED_IN, Event.REFUSED),
    }


def test_what_the_bank_says_it_has_is_believed_in_every_fate() -> None:
    assert {TRANSITIONS[fate][Event.TAKEN] for fate in Fate} == {Fate.TAKEN}
    assert {TRANSITIONS[fate][Event.HANDED_IN] for fate in Fate} == {Fate.HANDED_IN, Fate.TAKEN}


@pytest.mark.parametrize("fate", Fate)
def test_only_what_is_surely_not_with_the_bank_is_sent_again_or_cancelled(fate: Fate) -> None:
    intent = replace(INTENT, fate=fate)
    assert (intent.may_be_sent, intent.may_be_cancelled) == ((fate in OVER),) * 2
    assert intent.is_open == (fate in MAY_BE_THERE)
    assert not replace(intent, task_id="T-1").may_be_cancelled


@pytest.mark.parametrize(
    ("profile", "now", "changes", "fate"),
    [
        (PROFILE, LATER, {}, Fate.UNKNOWN),
        (BELIEVING, LATER, {}, Fate.NOT_SENT),
        (BELIEVING, LATER, {"fate": Fate.SENDING}, Fate.NOT_SENT),
        (BELIEVING, LATER, {"task_id": "T-1"}, Fate.UNKNOWN),
        (BELIEVING, LATER, {"fate": Fate.HANDED_IN, "task_id": "T-1"}, Fate.HANDED_IN),
        (BELIEVING, LATER, {"fate": Fate.TAKEN}, Fate.TAKEN),
        (BELIEVING, NOON + SETTLING, {}, Fate.UNKNOWN),
    ],
    ids=["default", "able to know", "killed", "task", "handed in", "taken", "too soon"],
)
def test_not_known_is_believed_only_of_a_source_that_would_know(
    profile: BankProfile, now: datetime, changes: dict[str, object], fate: Fate
) -> None:
    intent = replace(replace(INTENT, fate=Fate.UNKNOWN), **changes)  # type: ignore[arg-type]
    asked = intent.not_known(now, profile, "the bank: unknown group")
    assert (asked.fate, asked.not_known_at, asked.reason) == (fate, now, "the bank: unknown group")


def test_the_settling_time_begins_when_the_call_can_have_left_last() -> None:
    last = NOON + timedelta(seconds=PROFILE.call_timeout) + SETTLING
    assert INTENT.settled_at(PROFILE) == last
    lost = INTENT.in_doubt("lost")
    assert not lost.may_be_declared_absent(last - timedelta(seconds=1), PROFILE)
    assert lost.may_be_declared_absent(last, PROFILE)


def test_a_person_declares_absent_only_what_has_no_task_and_is_not_leaving() -> None:
    lost = INTENT.in_doubt("lost")
    assert lost.declared_absent(LATER, PROFILE, "Anna looked").fate is Fate.NOT_SENT
    for intent in (INTENT, lost.after(Event.HANDED_IN, task_id="T-1"), lost.after(Event.TAKEN)):
        assert not intent.may_be_declared_absent(LATER, PROFILE)
        with pytest.raises(IntentError, match="may not be declared absent"):
            intent.declared_absent(LATER, PROFILE, "Anna looked")


def test_another_sending_begins_with_what_the_first_left_behind() -> None:
    again = replace(INTENT, fate=Fate.NOT_SENT, reason="x", not_known_at=NOON).begin(LATER)
    assert again == replace(INTENT, begun_at=LATER)


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_id_of_the_bank_is_none(empty: str | None) -> None:
    intent = INTENT.after(Event.HANDED_IN, task_id=empty, group_id=empty)
    assert (intent.task_id, intent.group_id) == (None, None)


@pytest.mark.parametrize(
    ("task", "group", "own", "expected"),
    [
        (True, False, True, (Question.TASK, Question.OWN_ID)),
        (True, True, True, (Question.GROUP, Question.OWN_ID)),
        (True, False, False, (Question.TASK,)),
        (False, True, False, (Question.GROUP,)),
        (False, False, True, (Question.OWN_ID,)),
        (False, False, False, ()),
    ],
)
def test_everything_held_is_asked_the_task_first(
    task: bool, group: bool, own: bool, expected: tuple[Question, ...]
) -> None:
    intent = replace(INTENT, task_id="T" if task else None, group_id="G" if group else None)
    assert intent.questions(replace(PROFILE, status_by_client_id=own)) == expected


def test_an_intent_is_open_until_each_of_its_orders_is_at_its_end() -> None:
    def states(*keys: str) -> OrderGroupSnapshot:
        orders = tuple(OrderStatus(key, "G", f"E-{number}") for number, key in enumerate(keys))
        return OrderGroupSnapshot("G", NOON, orders)

    taken = INTENT.after(Event.TAKEN)
    assert taken.is_open
    assert taken.after(Event.TAKEN, states=states("REALIZED", "TO_AUTH")).is_open
    assert not taken.after(Event.TAKEN, states=states("REALIZED", "DENIED")).is_open


def test_other_data_than_those_stored_are_not_handed_in() -> None:
    assert INTENT.file(DATA).data == DATA
    with pytest.raises(IntentError, match="B-1: its data are not those"):
        INTENT.file(DATA + b"\n")


def test_a_bank_that_finds_no_own_ids_cannot_miss_them() -> None:
    with pytest.raises(ProfileError, match="absence_by_client_id"):
        BankProfile(endpoint="https://bank.example/ws", status_by_client_id=False, absence_by_client_id=True)
