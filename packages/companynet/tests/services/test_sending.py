"""The machine of sending against a bank that says what the test wants: what is kept, and when."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from companynet import errors
from companynet.domain.order_intent import Event, Fate, OrderIntent
from companynet.domain.session import Secret
from companynet.testing import FakeClock, ScriptedBank
from companynet.testing.scripted import envelope, fault, http, soap

TOKEN = Secret("token-of-the-session")
DATA = b"<Document/>"
HANDED_IN = soap("universalPaymentSend", "T-2")
NOT_YET = soap("checkPaymentSendResult", "<m:finished>false</m:finished>")
TAKEN = soap("checkPaymentSendResult", "<m:finished>true</m:finished><m:groupId>G-9</m:groupId>")
NO_GROUP = soap("checkPaymentSendResult", "<m:finished>true</m:finished>")
V01 = "<m:ValidationError><m:code>V01</m:code><m:message>Błędny NRB</m:message></m:ValidationError>"
WRONG = f"<m:errors>{V01}</m:errors>"
USED = WRONG.replace("V01", "DUPLICATE_ID")
STATES = soap(
    "getStatus",
    "<m:OrderState><m:orderGroupId>G-9</m:orderGroupId><m:orderReference>E-1</m:orderReference>"
    "<m:status><m:statusKey>TO_AUTH</m:statusKey></m:status></m:OrderState>",
)
NO_STATES = http(envelope("<m:getStatusResponse><m:return/></m:getStatusResponse>"))
NOT_KNOWN = fault("ORDER_GROUP_UNKNOWN", "nie znam")
LOST = b""


@dataclass
class Desk:
    """A caller that stores, and counts the calls that had left when it did."""

    connection: Any
    bank: ScriptedBank
    kept: list[tuple[Fate, int]] = field(default_factory=list)
    newest: OrderIntent | None = None

    def keep(self, intent: OrderIntent) -> None:
        self.kept.append((intent.fate, len(self.bank.bodies)))
        self.newest = intent

    def intent(self, event: Event | None = None, **known: str) -> OrderIntent:
        clock: FakeClock = self.connection.clock
        intent = OrderIntent(
            endpoint=self.bank.url, dik="10000001", client_order_group_id="B-1", file_name="B-1.xml",
            format="CT_ISO20022", sha256=hashlib.sha256(DATA).hexdigest(), modified_at=clock.now(),
            begun_at=clock.now() - timedelta(hours=1), fate=Fate.SENDING,
        )  # fmt: skip
        return intent.after(event, **known) if event else intent  # type: ignore[arg-type]

    @property
    def asked_for(self) -> list[str]:
        """What each call asked for."""
        found = []
        for body in self.bank.bodies:
            for name in (b"taskId>", b"orderGroupId>", b"clientOrderGroupId>"):
                if name in body:
                    found.append(body.split(name)[1].split(b"<")[0].decode())
                    break
        return found


@pytest.fixture
def desk(bank: ScriptedBank, connect: Callable[..., Any]) -> Callable[..., Desk]:
    def make(**values: object) -> Desk:
        return Desk(connect(poll_limit=1, **values), bank)

    return make


def send(desk: Desk) -> OrderIntent:
    return desk.connection.client.sending.send(TOKEN, desk.intent(), DATA, desk.keep)  # type: ignore[no-any-return]


def ask(desk: Desk, intent: OrderIntent) -> OrderIntent:
    return desk.connection.client.sending.ask(TOKEN, intent, desk.keep)  # type: ignore[no-any-return]


def test_the_task_is_kept_before_the_question_leaves(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    bank.then(HANDED_IN, TAKEN)
    at = desk()
    sent = send(at)
    assert (sent.fate, sent.task_id, sent.group_id) == (Fate.TAKEN, "T-2", "G-9")
    assert at.kept == [(Fate.HANDED_IN, 1), (Fate.TAKEN, 2)]
    assert at.newest == sent


def test_a_task_that_cannot_be_kept_is_not_asked_for(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    bank.then(HANDED_IN, TAKEN)
    at = desk()

    def full(_intent: OrderIntent) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        at.connection.client.sending.send(TOKEN, at.intent(), DATA, full)
    assert len(bank.bodies) == 1


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        (LOST, Fate.UNKNOWN),
        (fault("DUPLICATE_ID", "było"), Fate.UNKNOWN),
        (fault("ORDER_INVALID", "błąd"), Fate.REFUSED),
        (fault("SESSION_INVALID", "koniec"), Fate.NOT_SENT),
        (fault("THROTTLED", "później"), Fate.NOT_SENT),
    ],
    ids=["lost", "duplicate", "refused", "session ended", "throttled"],
)
def test_what_a_failed_handing_in_says_is_kept(
    bank: ScriptedBank, desk: Callable[..., Desk], answer: bytes, fate: Fate
) -> None:
    bank.then(answer)
    at = desk()
    with pytest.raises(errors.BankError) as caught:
        send(at)
    assert at.kept == [(fate, 1)]
    assert at.newest is not None
    assert at.newest.reason == str(caught.value)


def test_a_bank_that_is_away_was_sent_nothing(desk: Callable[..., Desk]) -> None:
    at = desk(endpoint="http://127.0.0.1:9/ws")
    at.bank = type("Nowhere", (), {"url": "http://127.0.0.1:9/ws", "bodies": []})()  # type: ignore[assignment]
    with pytest.raises(errors.BankUnreachable):
        send(at)
    assert at.kept == [(Fate.NOT_SENT, 0)]


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (LOST, errors.AnswerLost),
        (NOT_YET, errors.PollingExpired),
        (fault("SESSION_INVALID", "koniec"), errors.SessionInvalid),
        (fault("DUPLICATE_ID", "było"), errors.DuplicateOrder),
        (soap("checkPaymentSendResult", f"<m:finished>true</m:finished>{USED}"), errors.DuplicateOrder),
        (fault("ORDER_GROUP_UNKNOWN", "nie znam"), errors.OrderGroupUnknown),
    ],
    ids=["lost", "at work", "session ended", "duplicate", "duplicate found later", "nonsense"],
)
def test_a_lost_answer_to_the_question_leaves_the_task_known(
    bank: ScriptedBank, desk: Callable[..., Desk], question: bytes, error: type[errors.BankError]
) -> None:
    bank.then(HANDED_IN, question)
    at = desk()
    with pytest.raises(error):
        send(at)
    assert at.kept == [(Fate.HANDED_IN, 1), (Fate.HANDED_IN, 2)]
    assert at.newest is not None
    assert (at.newest.task_id, at.newest.may_be_sent, at.newest.may_be_cancelled) == ("T-2", False, False)


def test_refused_orders_are_kept_as_such(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    bank.then(HANDED_IN, soap("checkPaymentSendResult", f"<m:finished>true</m:finished>{WRONG}"))
    at = desk()
    with pytest.raises(errors.OrderRefused):
        send(at)
    assert [fate for fate, _calls in at.kept] == [Fate.HANDED_IN, Fate.REFUSED]


def test_errors_beside_a_group_are_no_refusal(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    """Some of the orders may have been taken: only their states tell."""
    answer = f"<m:finished>true</m:finished><m:groupId>G-9</m:groupId>{WRONG}"
    bank.then(HANDED_IN, soap("checkPaymentSendResult", answer))
    sent = send(desk())
    assert (sent.fate, sent.group_id, sent.may_be_sent) == (Fate.TAKEN, "G-9", False)
    assert sent.reason == "V01 Błędny NRB"


def test_what_the_bank_was_seen_to_have_is_not_refused_later(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    bank.then(soap("checkPaymentSendResult", f"<m:finished>true</m:finished>{WRONG}"), STATES)
    at = desk()
    asked = ask(at, at.intent(Event.TAKEN, task_id="T-2"))
    assert asked.fate is Fate.TAKEN
    assert {fate for fate, _calls in at.kept} == {Fate.TAKEN}


@pytest.mark.parametrize("forgotten", [LOST, fault("T-404", "nie ma zadania"), fault("", ""), http("", "500 X")])
def test_a_task_the_bank_does_not_tell_of_is_asked_for_by_our_own_id(
    bank: ScriptedBank, desk: Callable[..., Desk], forgotten: bytes
) -> None:
    bank.then(forgotten, STATES)
    at = desk()
    asked = ask(at, at.intent(Event.HANDED_IN, task_id="T-2"))
    assert (asked.fate, asked.group_id) == (Fate.TAKEN, "G-9")
    assert at.asked_for == ["T-2", "B-1"]
    assert asked.states is not None


def test_a_group_is_asked_for_by_the_banks_id_first(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    bank.then(TAKEN, NOT_KNOWN, STATES)
    at = desk()
    assert ask(at, at.intent(Event.HANDED_IN, task_id="T-2")).states is not None
    assert at.asked_for == ["T-2", "G-9", "B-1"]


@pytest.mark.parametrize("answer", [NOT_KNOWN, NO_STATES], ids=["not known", "no orders"])
@pytest.mark.parametrize("believing", [False, True])
def test_with_a_task_id_no_answer_makes_it_absent(
    bank: ScriptedBank, desk: Callable[..., Desk], answer: bytes, believing: bool
) -> None:
    bank.then(LOST, answer)
    at = desk(absence_by_client_id=believing)
    with pytest.raises(errors.AnswerLost):
        ask(at, at.intent(Event.HANDED_IN, task_id="T-2"))
    assert {fate for fate, _calls in at.kept} == {Fate.HANDED_IN}


@pytest.mark.parametrize(
    ("believing", "answer", "fate"),
    [
        (False, NOT_KNOWN, Fate.UNKNOWN),
        (True, NOT_KNOWN, Fate.NOT_SENT),
        (True, NO_STATES, Fate.UNKNOWN),
        (False, STATES, Fate.TAKEN),
    ],
    ids=["not able to know", "able to know", "an empty list is no absence", "a yes is always good"],
)
def test_a_lost_answer_without_a_task_is_asked_for_by_our_own_id(
    bank: ScriptedBank, desk: Callable[..., Desk], believing: bool, answer: bytes, fate: Fate
) -> None:
    bank.then(answer)
    at = desk(absence_by_client_id=believing)
    asked = ask(at, at.intent(Event.DOUBT))
    assert asked.fate is fate
    assert at.newest == asked
    assert at.asked_for == ["B-1"]


@pytest.mark.parametrize("answer", [LOST, fault("X-1", "?"), http("<html/>", "502 Bad Gateway")])
def test_a_failed_question_about_the_group_changes_nothing(
    bank: ScriptedBank, desk: Callable[..., Desk], answer: bytes
) -> None:
    bank.then(answer)
    at = desk(absence_by_client_id=True)
    with pytest.raises(errors.BankError):
        ask(at, at.intent(Event.DOUBT))
    assert [fate for fate, _calls in at.kept] == [Fate.UNKNOWN]


def test_a_bank_that_can_be_asked_by_nothing_is_not_asked(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    at = desk(status_by_client_id=False)
    intent = at.intent(Event.DOUBT)
    assert ask(at, intent) == intent
    assert bank.bodies == []


def test_orders_taken_without_a_group_id_are_asked_for_again(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    bank.then(HANDED_IN, NO_GROUP, TAKEN, STATES)
    at = desk()
    sent = send(at)
    assert (sent.fate, sent.task_id, sent.group_id) == (Fate.TAKEN, "T-2", None)
    assert ask(at, sent).group_id == "G-9"


@pytest.mark.parametrize("fate", [fate for fate in Fate if fate is not Fate.SENDING])
def test_only_what_is_stored_as_sending_leaves(bank: ScriptedBank, desk: Callable[..., Desk], fate: Fate) -> None:
    at = desk()
    event = {Fate.UNKNOWN: Event.DOUBT}.get(fate) or Event[fate.name]
    with pytest.raises(errors.IntentError):
        at.connection.client.sending.hand_in(TOKEN, at.intent(event), DATA, at.keep)
    assert (bank.bodies, at.kept) == ([], [])


def test_another_bank_is_neither_sent_to_nor_asked(bank: ScriptedBank, desk: Callable[..., Desk]) -> None:
    """It would truly not know the file."""
    at = desk(absence_by_client_id=True)
    other = OrderIntent.from_json(at.intent(Event.DOUBT).to_json() | {"endpoint": "https://other.example/ws"})
    with pytest.raises(errors.ProfileError, match=r"other\.example"):
        ask(at, other)
    with pytest.raises(errors.ProfileError):
        at.connection.client.sending.hand_in(TOKEN, other, DATA, at.keep)
    assert (bank.bodies, at.kept) == ([], [])
