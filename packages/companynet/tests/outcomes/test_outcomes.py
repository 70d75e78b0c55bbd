"""Every row of the table of outcomes happens as it says."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from companynet import errors
from companynet.cli import main
from companynet.client import CallRecord, CompanyNet, OrderFile, PendingCall
from companynet.contract import wsdl_path
from companynet.domain.session import Login, Permission, PermissionConfig, Secret
from companynet.errors import BankError, Outcome
from companynet.outcomes import OPERATIONS, TABLE, Failure, Row, row
from companynet.profile import DEFAULT_FAULT_CODES, BankProfile
from companynet.testing import FakeClock, ScriptedBank, fault, http, soap
from companynet.testing.scripted import Step, envelope

PAGE = Path(__file__).parents[4] / "docs" / "outcomes.md"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAY = date(2026, 1, 5)
CONFIG = PermissionConfig(datetime(2026, 6, 1, tzinfo=UTC), (Permission("10000001"),))
FILE = OrderFile("B-1", "B-1.xml", b"<Document/>", NOON)
UNFINISHED = "<m:finished>false</m:finished>"
SERVER_FAULT = "<s:Fault><faultcode>s:Server</faultcode><faultstring>NullPointer</faultstring></s:Fault>"
INVALID_ORDER = (
    "<m:finished>true</m:finished><m:errors><m:ValidationError><m:code>V1</m:code><m:message>nie</m:message>"
    "</m:ValidationError></m:errors>"
)

Call = Callable[[CompanyNet, str, Secret], object]
#: What a user of the library does that makes each operation; the DIK and the token are given.
CALLS: dict[str, Call] = {
    "login": lambda bank, dik, token: bank.sessions.login_with_password(dik, "A", token),
    "initLoginWithSignature": lambda bank, dik, _: bank.sessions.login_challenge(dik, "A"),
    "loginWithSignature": lambda bank, dik, _: bank.sessions.login(dik, "A", "c2ln"),
    "logout": lambda bank, _, token: bank.sessions.logout(token),
    "initCreateBackgroundSessionWithSignature": lambda bank, dik, token: bank.sessions.session_text(
        Login(token, 0), dik, CONFIG
    ),
    "createBackgroundSessionWithSignature": lambda bank, dik, token: bank.sessions.create(
        Login(token, 0), dik, CONFIG, "c2ln"
    ),
    "finishBackgroundSession": lambda bank, _, token: bank.sessions.finish(token),
    "getMT940Ex": lambda bank, dik, token: bank.statements.request(token, dik, DAY, DAY),
    "checkGetMT940Result": lambda bank, dik, token: bank.statements.result(token, dik, "T-1"),
    "confirmResponseReceived": lambda bank, dik, token: bank.statements.confirm(token, dik, "T-1"),
    "universalPaymentSend": lambda bank, dik, token: bank.orders.hand_in(token, dik, FILE),
    "checkPaymentSendResult": lambda bank, dik, token: bank.orders.result(token, dik, "T-1"),
    "getStatus": lambda bank, dik, token: bank.orders.status(token, dik, "B-1"),
}


def hang(connection: socket.socket) -> None:
    """No answer, until the client gives up."""
    connection.recv(1)


CODES = {getattr(errors, name): code for code, name in DEFAULT_FAULT_CODES.items()}
#: What the bank does for each failure; more than one way where there is.
STEPS: dict[Failure, dict[str, Step]] = {
    Failure.TIMEOUT: {"silence": hang},
    Failure.LOST: {"closed": b"", "cut": http(envelope("<m:x/>"))[:-9]},
    Failure.INVALID: {"garbage": http("\x00 garbage"), "another answer": soap("noOperation")},
    Failure.SERVER_FAILED: {
        "page": http("<html/>", "500 Internal Server Error", content_type="text/html"),
        "fault": http(envelope(SERVER_FAULT), "500 Internal Server Error"),
        "4xx": http("<html/>", "404 Not Found", content_type="text/html"),
        "proxy": http("<html/>", "502 Bad Gateway", content_type="text/html"),
        "redirect": http("", "302 Found", extra="Location: /gdzie-indziej\r\n"),
        "page without an error": http("<html/>", content_type="text/html"),
        "listed code, foreign status": fault("SESSION_INVALID", "?", status="403 Forbidden"),
        "listed code, no XML": http(
            fault("SESSION_INVALID", "?").partition(b"\r\n\r\n")[2], "500 X", content_type="text/html"
        ),
    },
    Failure.BUSY: {
        "503": http("", "503 X"),
        "429": http("", "429 X"),
        "fault below": fault("THROTTLED", "?", status="503 X"),
    },
    Failure.UNLISTED: {
        "unknown code": fault("E-4711", "Odmowa bez nazwy"),
        "no code": http(
            envelope("<s:Fault><faultcode>s:Client</faultcode><faultstring>Nie</faultstring></s:Fault>"), "500 X"
        ),
        "nothing in it": http(envelope("<s:Fault/>"), "500 X"),
    },
    Failure.THROTTLED: {"fault": fault("THROTTLED", "później")},
    Failure.REFUSED: {"fault": fault("REQUEST_INVALID", "Nie w tej wersji")},
}


#: Code and text that are kept for people.
WORDS = {
    Failure.UNLISTED: {("E-4711", "Odmowa bez nazwy"), ("Client", "Nie"), (None, None)},
    Failure.REFUSED: {("REQUEST_INVALID", "Nie w tej wersji")},
}


def steps_of(item: Row) -> dict[str, Step | None]:
    """The ways to make a row happen; None where nothing reaches the bank."""
    if item.failure in {Failure.CALLED_OFF, Failure.NOT_RECORDED, Failure.REQUEST_BROKEN, Failure.UNREACHABLE}:
        return {"before it": None}
    if item.failure is Failure.UNFINISHED:
        return {"not yet": soap(item.operation, UNFINISHED)}
    if item.failure in STEPS:
        return dict(STEPS[item.failure])
    found: dict[str, Step | None] = {"fault": fault(CODES[item.error], "Nie, bo nie")}
    if item.operation == "checkPaymentSendResult" and item.failure is Failure.ORDER_REFUSED:
        found["validation errors"] = soap(item.operation, INVALID_ORDER)
    return found


CASES = [
    pytest.param(item, step, id=f"{item.operation}-{item.failure.name.lower()}-{name}")
    for item in TABLE
    for name, step in steps_of(item).items()
]


def full(pending: PendingCall) -> None:
    """An audit that takes no more."""
    raise OSError(f"no place for {pending.reference}")


class Side:
    """One bank and the clients of all the cases."""

    def __init__(self, bank: ScriptedBank) -> None:
        self.bank = bank
        self.records: list[CallRecord] = []
        self.called_off = threading.Event()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            closed = taken.getsockname()[1]
        self.client = self._client(bank.url)
        self.audited = self._client(bank.url, before_call=full)
        self.impatient = self._client(bank.url, read_timeout=0.1)
        self.unreachable = self._client(f"http://127.0.0.1:{closed}/")

    def _client(
        self, url: str, read_timeout: float = 20.0, before_call: Callable[[PendingCall], None] | None = None
    ) -> CompanyNet:
        return CompanyNet(
            BankProfile(endpoint=url, read_timeout=read_timeout, poll_limit=1),
            clock=FakeClock(),
            on_call=self.records.append,
            cancellation=self.called_off,
            before_call=before_call,
        )


@pytest.fixture(scope="module")
def side() -> Iterator[Side]:
    with ScriptedBank() as bank:
        yield Side(bank)


@pytest.mark.parametrize(("item", "step"), CASES)
def test_each_failure_has_the_class_and_the_outcome_of_its_row(side: Side, item: Row, step: Step | None) -> None:
    client, dik, token = side.client, "10000001", Secret("session-token")
    side.called_off.clear()
    side.records.clear()
    before = len(side.bank.bodies)
    if item.failure is Failure.CALLED_OFF:
        side.called_off.set()
    elif item.failure is Failure.NOT_RECORDED:
        client = side.audited
    elif item.failure is Failure.REQUEST_BROKEN:
        dik, token = "", Secret("")
    elif item.failure is Failure.UNREACHABLE:
        client = side.unreachable
    elif item.failure is Failure.TIMEOUT:
        client = side.impatient
    if step is not None:
        side.bank.then(step)
    with pytest.raises(BankError) as caught:
        CALLS[item.operation](client, dik, token)
    error = caught.value
    assert type(error) is item.error
    assert error.outcome is item.outcome
    assert error.operation == item.operation
    # Once at most, whatever happened to it. The bank may be late to read what the client gave up on.
    expected = before + (0 if step is None else 1)
    for _wait in range(1000):
        if len(side.bank.bodies) >= expected:
            break
        side.bank.wait(0.01)
    assert len(side.bank.bodies) == expected
    assert "session-token" not in f"{error} {error!r} {error.__dict__} {side.records}"
    assert (error.code, error.bank_text) in WORDS.get(item.failure, {(error.code, error.bank_text)})


def test_every_operation_of_the_contract_is_in_the_table() -> None:
    names = etree.parse(str(wsdl_path())).iterfind(".//{*}portType/{*}operation")
    assert {name.get("name") for name in names} == set(OPERATIONS) == {item.operation for item in TABLE} == set(CALLS)


def test_every_class_of_bank_error_is_in_the_table() -> None:
    """A class of the tree that no failure leads to would be one that nobody can meet."""

    def family(error: type[BankError]) -> set[type[BankError]]:
        return {error}.union(*(family(child) for child in error.__subclasses__()))

    assert {item.error for item in TABLE} == family(BankError)


def test_every_fault_code_of_the_profile_is_in_the_table() -> None:
    assert {getattr(errors, name) for name in DEFAULT_FAULT_CODES.values()} <= {item.error for item in TABLE}


def test_an_unknown_sending_is_never_to_be_repeated() -> None:
    """The advice of each unknown outcome of a sending forbids a second one."""
    unknown = [item for item in TABLE if item.operation == "universalPaymentSend" and item.outcome is Outcome.UNKNOWN]
    assert {item.failure for item in unknown} == {
        Failure.TIMEOUT,
        Failure.LOST,
        Failure.INVALID,
        Failure.SERVER_FAILED,
        Failure.BUSY,
        Failure.UNLISTED,
    }
    assert all("Never send again" in item.advice for item in unknown)


#: Failures of which the bank itself has told nothing, and those by a code on the list.
NEVER_LEFT = {Failure.CALLED_OFF, Failure.NOT_RECORDED, Failure.REQUEST_BROKEN, Failure.UNREACHABLE}
LISTED = {
    Failure.THROTTLED, Failure.LOGIN_REFUSED, Failure.CERTIFICATE_REFUSED, Failure.SIGNATURE_REFUSED,
    Failure.DIK_REFUSED, Failure.PERMISSION_REFUSED, Failure.SESSION_INVALID, Failure.DUPLICATE_ORDER,
    Failure.ORDER_REFUSED, Failure.GROUP_UNKNOWN, Failure.REFUSED,
}  # fmt: skip


def test_only_what_never_left_is_not_sent_and_only_a_listed_code_is_a_refusal() -> None:
    """Of every operation, whatever it does."""
    assert {item.failure for item in TABLE if item.outcome is Outcome.NOT_SENT} == NEVER_LEFT
    assert {item.failure for item in TABLE if item.outcome is Outcome.REFUSED} == LISTED


def test_no_failed_question_makes_orders_look_refused() -> None:
    refused = {
        item.failure
        for item in TABLE
        if item.operation == "checkPaymentSendResult" and item.outcome in {Outcome.REFUSED, Outcome.NOT_SENT}
    }
    assert refused == {Failure.DUPLICATE_ORDER, Failure.ORDER_REFUSED}


def test_a_row_is_found_by_operation_and_failure() -> None:
    assert row("getStatus", Failure.GROUP_UNKNOWN).error is errors.OrderGroupUnknown
    with pytest.raises(LookupError, match="logout"):
        row("logout", Failure.CALLED_OFF)
    assert len({(item.operation, item.failure) for item in TABLE}) == len(TABLE)


def test_the_page_is_current(capsys: pytest.CaptureFixture[str]) -> None:
    """Made anew with ``companynet outcomes > docs/outcomes.md``."""
    assert main(["outcomes"]) == 0
    assert PAGE.read_text(encoding="utf-8") == capsys.readouterr().out


def test_the_table_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outcomes", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(TABLE)
