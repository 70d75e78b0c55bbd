"""What the bank says after it has acted may be strange: the token and the task id are never lost for that."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from companynet import errors
from companynet.client import OrderFile
from companynet.domain.session import BackgroundSession, Login, Permission, PermissionConfig, Secret
from companynet.errors import Outcome
from companynet.signing import Pkcs12Signer
from companynet.testing import ScriptedBank, make_identity, soap
from companynet.testing.scripted import envelope, fault, http

DIK = "10000001"
ASKED = PermissionConfig(datetime(2026, 3, 1, tzinfo=UTC), (Permission(DIK),))
TOKEN = "<m:sessionToken>session-token</m:sessionToken>"
ENTRY = (
    f"<m:BackgroundSessionPermissionEntry><m:DIK>{DIK}</m:DIK><m:allowedOperations>getStatus</m:allowedOperations>"
    "</m:BackgroundSessionPermissionEntry>"
)
FILE = OrderFile("B-1", "B-1.xml", b"<Document/>", datetime(2026, 1, 5, tzinfo=UTC))
LOGIN = "<m:generatedToken>login-token</m:generatedToken><m:confirmationsRequired>0</m:confirmationsRequired>"
Connect = Callable[..., Any]


def config(end: str, entries: str = ENTRY) -> str:
    inner = f"<m:endTime>{end}</m:endTime><m:permissionsEntries>{entries}</m:permissionsEntries>"
    return f"<m:permissionConfig>{inner}</m:permissionConfig>"


def create(connect: Connect) -> BackgroundSession:
    made: BackgroundSession = connect().client.sessions.create(Login(Secret("l"), 0), DIK, ASKED, "c2ln")
    return made


STRANGE = {
    "no permissions named": "<m:permissionConfig/>",
    "no entries": config("2026-02-01T00:00:00Z", ""),
    "an end that is no time": config("kiedyś"),
    "no end": config(""),
    "an end before all time": config("0001-01-01T00:00:00"),
    "an end after all time": config("9999-12-31T23:59:59-12:00"),
    "an entry without a DIK": config("2026-02-01T00:00:00Z", ENTRY.replace(DIK, "")),
}


@pytest.mark.parametrize("strange", STRANGE.values(), ids=STRANGE.keys())
def test_a_session_the_bank_made_is_not_lost_whatever_it_says_of_it(
    bank: ScriptedBank, connect: Connect, strange: str
) -> None:
    """What was granted is taken as asked, and that this is so is told."""
    bank.then(soap("createBackgroundSessionWithSignature", TOKEN + strange))
    made = create(connect)
    assert made.token == Secret("session-token")
    assert made.granted == ASKED
    assert made.doubt
    assert "session-token" not in f"{made!r} {made.doubt}"


def test_something_unheard_of_beside_is_told_and_no_doubt(bank: ScriptedBank, connect: Connect) -> None:
    """It touches nothing of what is needed."""
    bank.then(soap("createBackgroundSessionWithSignature", f"{TOKEN}<m:sessionType>BG</m:sessionType>"))
    connection = connect()
    made = connection.client.sessions.create(Login(Secret("l"), 0), DIK, ASKED, "c2ln")
    assert (made.token, made.granted, made.doubt) == (Secret("session-token"), ASKED, None)
    (notice,) = connection.records[0].notices
    assert "sessionType" in notice
    assert "BG" not in notice


SCALARS = {
    "the token itself": "<m:return>session-token</m:return>",
    "below another name": "<m:out><m:value>session-token</m:value></m:out>",
    "without a wrapper": "<m:sessionToken>session-token</m:sessionToken>",
    "something nil beside": (
        '<m:return>session-token</m:return><m:x xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'
    ),
}


@pytest.mark.parametrize("answer", SCALARS.values(), ids=SCALARS.keys())
def test_a_session_is_its_token_where_the_bank_says_no_more(
    bank: ScriptedBank, connect: Connect, answer: str
) -> None:
    """What was asked counts as granted then."""
    operation = "createBackgroundSessionWithSignature"
    bank.then(http(envelope(f"<m:{operation}Response>{answer}</m:{operation}Response>")))
    made = create(connect)
    assert (made.token, made.granted, made.doubt) == (Secret("session-token"), ASKED, None)


def test_an_answer_as_it_should_be_leaves_no_doubt(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(soap("createBackgroundSessionWithSignature", f"{TOKEN}{config('2026-02-01T00:00:00Z')}"))
    made = create(connect)
    assert (made.doubt, made.granted.end_time) == (None, datetime(2026, 2, 1, tzinfo=UTC))


NO_TOKEN = {
    "none": "",
    "empty": "<m:sessionToken/>",
    "blank": "<m:sessionToken>  </m:sessionToken>",
    "two": TOKEN + TOKEN.replace("session-token", "another"),
}


@pytest.mark.parametrize("answer", NO_TOKEN.values(), ids=NO_TOKEN.keys())
def test_a_session_without_one_token_is_unknown(bank: ScriptedBank, connect: Connect, answer: str) -> None:
    """It may be there; an empty token is none."""
    body = f"<m:return>{answer}</m:return>"
    operation = "createBackgroundSessionWithSignature"
    bank.then(http(envelope(f"<m:{operation}Response>{body}</m:{operation}Response>")))
    with pytest.raises(errors.AnswerInvalid) as caught:
        create(connect)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert "another" not in str(caught.value)


TASKS = {
    "as it should be": "<m:return>T-2</m:return>",
    "blanks around": "<m:return>\n  T-2\n</m:return>",
    "another name": "<m:taskId>T-2</m:taskId>",
    "something beside": "<m:status>OK</m:status><m:taskId>T-2</m:taskId>",
    "wrapped": "<m:return><m:taskId>T-2</m:taskId><m:status>OK</m:status></m:return>",
}
#: Operations that answer a task id.
TASK_OF = {
    "universalPaymentSend": lambda client: client.orders.hand_in(Secret("t"), DIK, FILE),
    "getMT940Ex": lambda client: client.statements.request(Secret("t"), DIK, date(2026, 1, 5), date(2026, 1, 5)),
}


@pytest.mark.parametrize("operation", TASK_OF)
@pytest.mark.parametrize("answer", TASKS.values(), ids=TASKS.keys())
def test_a_task_id_is_not_lost_in_an_odd_answer(
    bank: ScriptedBank, connect: Connect, operation: str, answer: str
) -> None:
    bank.then(http(envelope(f"<m:{operation}Response>{answer}</m:{operation}Response>")))
    assert TASK_OF[operation](connect().client) == "T-2"


NO_TASK = {
    "none": "",
    "empty": "<m:return/>",
    "blank": "<m:return>   </m:return>",
    "which of them": "<m:return>T-2</m:return><m:return>T-3</m:return>",
}


@pytest.mark.parametrize("operation", TASK_OF)
@pytest.mark.parametrize("answer", NO_TASK.values(), ids=NO_TASK.keys())
def test_an_empty_task_id_is_none_and_the_orders_are_unknown(
    bank: ScriptedBank, connect: Connect, operation: str, answer: str
) -> None:
    bank.then(http(envelope(f"<m:{operation}Response>{answer}</m:{operation}Response>")))
    with pytest.raises(errors.AnswerInvalid) as caught:
        TASK_OF[operation](connect().client)
    assert caught.value.outcome is Outcome.UNKNOWN


def test_the_answer_of_another_operation_is_no_task_id(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(soap("getMT940Ex", "T-2"))
    with pytest.raises(errors.AnswerInvalid):
        TASK_OF["universalPaymentSend"](connect().client)


@pytest.mark.parametrize("group", ["", "<m:groupId/>", "<m:groupId>  </m:groupId>"], ids=["none", "empty", "blank"])
def test_a_result_without_a_group_is_a_result(bank: ScriptedBank, connect: Connect, group: str) -> None:
    bank.then(soap("checkPaymentSendResult", f"<m:finished>true</m:finished>{group}"))
    sent = connect().client.orders.result(Secret("t"), DIK, "T-2")
    assert (sent.task_id, sent.group_id) == ("T-2", None)


def signer() -> Pkcs12Signer:
    identity = make_identity()
    return Pkcs12Signer.load(identity.p12, Secret(identity.password))


OPENING = (
    soap("initLoginWithSignature", "x"),
    soap("loginWithSignature", LOGIN),
    soap("initCreateBackgroundSessionWithSignature", "y"),
    soap("createBackgroundSessionWithSignature", TOKEN),
    soap("logout"),
)


@pytest.mark.parametrize("way", ["signature", "password"])
def test_a_session_is_kept_before_anything_else_is_asked(bank: ScriptedBank, connect: Connect, way: str) -> None:
    """The logout may take its time, or the process: the token is stored by then."""
    side, kept = connect(), []

    def keep(made: BackgroundSession) -> None:
        kept.append((made.token.reveal(), side.operations[-1]))

    if way == "signature":
        bank.then(*OPENING)
        side.client.sessions.open(DIK, "A", ASKED, signer(), keep=keep)
    else:
        bank.then(soap("login", LOGIN), *OPENING[2:])
        side.client.sessions.open_with_password(DIK, "A", Secret("1"), ASKED, signer(), keep=keep)
    assert kept == [("session-token", "createBackgroundSessionWithSignature")]
    assert side.operations[-1] == "logout"


def test_what_keeping_raises_is_raised_after_the_login_is_closed(bank: ScriptedBank, connect: Connect) -> None:
    """Whoever cannot keep the session ends it: the token is theirs alone."""
    bank.then(*OPENING[:4], soap("finishBackgroundSession"), soap("logout"))
    side = connect()

    def full(made: BackgroundSession) -> None:
        side.client.sessions.finish(made.token)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        side.client.sessions.open(DIK, "A", ASKED, signer(), keep=full)
    assert side.operations[-2:] == ["finishBackgroundSession", "logout"]


def test_a_fault_nobody_listed_is_no_refused_session(bank: ScriptedBank, connect: Connect) -> None:
    bank.then(*OPENING[:3], fault("INTERNAL_ERROR", "?"), soap("logout"))
    side, kept = connect(), []
    with pytest.raises(errors.UnlistedFault) as caught:
        side.client.sessions.open(DIK, "A", ASKED, signer(), keep=kept.append)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert (caught.value.operation, kept) == ("createBackgroundSessionWithSignature", [])
