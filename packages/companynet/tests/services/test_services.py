"""Sessions, statements and orders over real HTTP, against a bank that says what the test wants."""

import base64
import hashlib
from datetime import UTC, date, datetime, timedelta, timezone
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from companynet import errors
from companynet.client import CallRecord, CompanyNet, OrderFile
from companynet.domain.kind import ERP_OPERATIONS
from companynet.domain.session import Login, Permission, PermissionConfig, Secret
from companynet.errors import Outcome
from companynet.profile import BankProfile
from companynet.signing import Pkcs12Signer, check_signature
from companynet.testing import FakeClock, ScriptedBank, fault, http, make_identity, soap
from companynet.testing.scripted import envelope

DIK = "10000001"
TOKEN = Secret("session-token")
ANNA = make_identity()
CONFIG = PermissionConfig(
    end_time=datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))),
    permissions=(Permission(DIK), Permission("10000002", frozenset({"getStatus"}))),
)
LOGIN = "<m:generatedToken>login-token</m:generatedToken><m:confirmationsRequired>0</m:confirmationsRequired>"


class Side:
    """The client of a test, with what it was made of."""

    def __init__(self, url: str, **values: object) -> None:
        self.clock = FakeClock()
        self.records: list[CallRecord] = []
        settings: dict[str, object] = {"read_timeout": 10.0} | values
        profile = BankProfile(endpoint=url, **settings)  # type: ignore[arg-type]
        self.client = CompanyNet(profile, clock=self.clock, on_call=self.records.append)

    @property
    def operations(self) -> list[str]:
        return [record.operation for record in self.records]


def sent(bank: ScriptedBank, number: int) -> etree._Element:
    """What the bank got."""
    return etree.fromstring(bank.bodies[number])


def value(root: etree._Element, name: str) -> str | None:
    return root.findtext(f".//{{*}}{name}")


def granted(end: str, *entries: tuple[str, list[str]]) -> str:
    body = "".join(
        f"<m:BackgroundSessionPermissionEntry><m:DIK>{dik}</m:DIK>"
        + "".join(f"<m:allowedOperations>{name}</m:allowedOperations>" for name in names)
        + "</m:BackgroundSessionPermissionEntry>"
        for dik, names in entries
    )
    return (
        "<m:sessionToken>session-token</m:sessionToken><m:permissionConfig>"
        f"<m:endTime>{end}</m:endTime><m:permissionsEntries>{body}</m:permissionsEntries></m:permissionConfig>"
    )


def test_a_whole_session_is_opened_with_two_signatures(bank: ScriptedBank) -> None:
    """Each signature is over the text the bank gave for it, and the login is closed after."""
    login_text, session_text = " Zaloguj: żółw\n\t1 ", "Sesja długotrwała do 2026-03-01, DIK 10000001"
    bank.then(
        soap("initLoginWithSignature", login_text),
        soap("loginWithSignature", LOGIN),
        soap("initCreateBackgroundSessionWithSignature", session_text),
        soap("createBackgroundSessionWithSignature", granted("2026-02-01T00:00:00Z", (DIK, ["getStatus"]))),
        soap("logout"),
    )
    side = Side(bank.url)
    signer = Pkcs12Signer.load(ANNA.p12, Secret(ANNA.password))
    session = side.client.sessions.open(DIK, "ALFA01", CONFIG, signer, keep=[].append)
    assert session.token == TOKEN
    assert session.granted == PermissionConfig(
        datetime(2026, 2, 1, tzinfo=UTC), (Permission(DIK, frozenset({"getStatus"})),)
    )
    for number, text in ((1, login_text), (3, session_text)):
        signature = base64.b64decode(value(sent(bank, number), "signature") or "", validate=True)
        check_signature(signature, text.encode("utf-16-le"), signer.certificate)
    assert value(sent(bank, 0), "authenticationToken") is None
    assert [value(sent(bank, number), "authenticationToken") for number in (2, 3, 4)] == ["login-token"] * 3
    assert [value(sent(bank, number), "dik") for number in range(5)] == [DIK, DIK, DIK, DIK, None]
    assert value(sent(bank, 0), "version") == "1.0.9"
    for number in (2, 3):
        assert value(sent(bank, number), "endTime") == "2026-03-01T00:30:00+01:00"
        assert len(sent(bank, number).findall(".//{*}allowedOperations")) == len(ERP_OPERATIONS) + 1
    assert side.operations == [
        "initLoginWithSignature",
        "loginWithSignature",
        "initCreateBackgroundSessionWithSignature",
        "createBackgroundSessionWithSignature",
        "logout",
    ]
    assert {record.outcome for record in side.records} == {"answered"}
    assert len({record.reference for record in side.records}) == 5
    assert TOKEN.reveal() not in repr(session)


def test_a_refused_certificate_leaves_nothing_half_made(bank: ScriptedBank) -> None:
    bank.then(soap("initLoginWithSignature", "x"), fault("CERTIFICATE_REFUSED", "Certyfikat nie jest zarejestrowany"))
    side = Side(bank.url)
    with pytest.raises(errors.CertificateRefused) as caught:
        side.client.sessions.open(
            DIK, "ALFA01", CONFIG, Pkcs12Signer.load(ANNA.p12, Secret(ANNA.password)), keep=[].append
        )
    assert caught.value.outcome is Outcome.REFUSED
    assert len(bank.bodies) == 2


def test_a_session_that_fails_logs_out_and_tells_the_first_error(bank: ScriptedBank) -> None:
    """The logout is best effort: its own failure hides nothing."""
    bank.then(
        soap("initLoginWithSignature", "x"),
        soap("loginWithSignature", LOGIN),
        soap("initCreateBackgroundSessionWithSignature", "y"),
        b"",
        http("", "500 X"),
    )
    side = Side(bank.url)
    with pytest.raises(errors.AnswerLost) as caught:
        side.client.sessions.open(
            DIK, "ALFA01", CONFIG, Pkcs12Signer.load(ANNA.p12, Secret(ANNA.password)), keep=[].append
        )
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.operation == "createBackgroundSessionWithSignature"
    assert side.operations[-2:] == ["createBackgroundSessionWithSignature", "logout"]
    assert len(bank.bodies) == 5


def test_an_expired_certificate_troubles_no_bank(bank: ScriptedBank) -> None:
    side = Side(bank.url)
    side.clock.advance(3 * 365 * 86400)
    with pytest.raises(errors.CertificateUnusable, match="expired"):
        side.client.sessions.open(
            DIK, "ALFA01", CONFIG, Pkcs12Signer.load(ANNA.p12, Secret(ANNA.password)), keep=[].append
        )
    assert side.operations == []


def test_a_login_that_waits_for_others_makes_no_session(bank: ScriptedBank) -> None:
    bank.then(
        soap("initLoginWithSignature", "x"), soap("loginWithSignature", LOGIN.replace(">0<", ">2<")), soap("logout")
    )
    side = Side(bank.url)
    with pytest.raises(errors.LoginRefused, match="2 more people"):
        side.client.sessions.open(
            DIK, "ALFA01", CONFIG, Pkcs12Signer.load(ANNA.p12, Secret(ANNA.password)), keep=[].append
        )
    assert side.operations[-1] == "logout"


def test_an_empty_text_is_never_signed(bank: ScriptedBank) -> None:
    bank.then(http(soap("initLoginWithSignature", "x").partition(b"\r\n\r\n")[2].replace(b">x<", b"><")))
    with pytest.raises(errors.AnswerInvalid, match="nothing is in it"):
        Side(bank.url).client.sessions.login_challenge(DIK, "ALFA01")


def test_a_bank_that_names_no_permissions_granted_all(bank: ScriptedBank) -> None:
    bank.then(soap("createBackgroundSessionWithSignature", "<m:sessionToken>t</m:sessionToken>"))
    session = Side(bank.url).client.sessions.create(Login(Secret("l"), 0), DIK, CONFIG, "c2ln")
    assert session.granted is CONFIG


def test_odd_grants_do_not_lose_the_token(bank: ScriptedBank) -> None:
    """A DIK named twice is joined; a time without a zone is the bank's own."""
    answer = granted("2026-02-01T00:00:00", (DIK, ["getStatus"]), (DIK, ["getMT940Ex"]))
    bank.then(soap("createBackgroundSessionWithSignature", answer))
    session = Side(bank.url).client.sessions.create(Login(Secret("l"), 0), DIK, CONFIG, "c2ln")
    assert session.granted.permissions == (Permission(DIK, frozenset({"getStatus", "getMT940Ex"})),)
    assert session.granted.end_time == datetime(2026, 1, 31, 23, tzinfo=UTC)


def test_a_login_by_password_hides_it(bank: ScriptedBank) -> None:
    bank.then(soap("login", LOGIN), fault("LOGIN_REFUSED", "hasło 123456 odrzucone"))
    side = Side(bank.url)
    assert side.client.sessions.login_with_password(DIK, "ALFA01", Secret("123456")).token == Secret("login-token")
    with pytest.raises(errors.LoginRefused) as caught:
        side.client.sessions.login_with_password(DIK, "ALFA01", Secret("123456"))
    assert caught.value.bank_text == "hasło *** odrzucone"
    assert value(sent(bank, 0), "token") == "123456"


def test_finishing_a_session_names_no_dik(bank: ScriptedBank) -> None:
    bank.then(soap("finishBackgroundSession"), fault("SESSION_INVALID", "nie ma takiej sesji"))
    side = Side(bank.url)
    side.client.sessions.finish(TOKEN)
    assert (value(sent(bank, 0), "authenticationToken"), value(sent(bank, 0), "dik")) == ("session-token", None)
    with pytest.raises(errors.SessionInvalid):
        side.client.sessions.finish(TOKEN)


MT940 = "\x01\r\n:20:ST250901CYC/1\r\n:86:944 ŻÓŁĆ\r\n-\x03\r\n".encode("iso-8859-2")
NOT_YET = "<m:finished>false</m:finished>"


def reports(*contents: str) -> str:
    inner = "".join(f"<m:Report><m:content>{escape(content)}</m:content></m:Report>" for content in contents)
    return f"<m:finished>true</m:finished><m:reports>{inner}</m:reports>"


def fetch(side: Side) -> tuple[bytes, ...]:
    package = side.client.statements.fetch(TOKEN, DIK, date(2025, 9, 1), date(2025, 9, 2))
    assert package.task_id == "T-1"
    return package.reports


def test_statements_come_as_the_bank_made_them(bank: ScriptedBank) -> None:
    """Base64 keeps what XML has no place for; plain text goes back into the bank's code page."""
    bank.then(
        soap("getMT940Ex", "T-1"),
        soap("checkGetMT940Result", NOT_YET),
        soap("checkGetMT940Result", NOT_YET),
        soap("checkGetMT940Result", reports(base64.encodebytes(MT940).decode(), ":20:ST\n:86:944 ŻÓŁĆ\n-", "")),
        soap("confirmResponseReceived"),
    )
    side = Side(bank.url)
    assert fetch(side) == (MT940, ":20:ST\n:86:944 ŻÓŁĆ\n-".encode("iso-8859-2"))
    assert side.clock.waits == [5.0, 5.0]
    first = sent(bank, 0)
    assert [value(first, name) for name in ("dik", "from", "to", "compressed", "authenticationToken")] == [
        DIK,
        "2025-09-01",
        "2025-09-02",
        "false",
        "session-token",
    ]
    side.client.statements.confirm(TOKEN, DIK, "T-1")
    assert value(sent(bank, 4), "taskId") == "T-1"


@pytest.mark.parametrize("answer", ["<m:finished>true</m:finished>", reports(), reports("")])
def test_no_statements_is_a_result(bank: ScriptedBank, answer: str) -> None:
    bank.then(soap("getMT940Ex", "T-1"), soap("checkGetMT940Result", answer))
    assert fetch(Side(bank.url)) == ()


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("text", "OjIwOlNU", b"OjIwOlNU"),
        ("base64", "OjIwOlNU", b":20:ST"),
        ("auto", "OjIwOlNU", b":20:ST"),
        ("auto", "TEKST123", b"TEKST123"),
        ("text", ":20:Ω", b":20:\xce\xa9"),
        ("auto", ":20:Ω", b":20:\xce\xa9"),
    ],
)
def test_the_profile_says_what_a_report_is(bank: ScriptedBank, kind: str, content: str, expected: bytes) -> None:
    bank.then(soap("getMT940Ex", "T-1"), soap("checkGetMT940Result", reports(content)))
    assert fetch(Side(bank.url, report_content=kind)) == (expected,)


def test_a_report_that_is_not_what_the_profile_says_is_invalid(bank: ScriptedBank) -> None:
    bank.then(soap("getMT940Ex", "T-1"), soap("checkGetMT940Result", reports(":20:ST")))
    with pytest.raises(errors.AnswerInvalid):
        fetch(Side(bank.url, report_content="base64"))


def test_polling_ends(bank: ScriptedBank) -> None:
    """To be turned away for now is "not yet"; after the last question the task's id is in the error."""
    bank.then(soap("getMT940Ex", "T-1"), soap("checkGetMT940Result", NOT_YET), http("", "503 X"))
    bank.then(soap("checkGetMT940Result", NOT_YET))
    side = Side(bank.url, poll_interval=7.0, poll_limit=3)
    with pytest.raises(errors.PollingExpired) as caught:
        fetch(side)
    assert (caught.value.task_id, caught.value.outcome) == ("T-1", Outcome.ACCEPTED)
    assert side.clock.waits == [7.0, 7.0]
    assert len(bank.bodies) == 4


def test_days_in_the_wrong_order_are_not_asked_for(bank: ScriptedBank) -> None:
    with pytest.raises(ValueError, match="2025-09-02"):
        Side(bank.url).client.statements.fetch(TOKEN, DIK, date(2025, 9, 2), date(2025, 9, 1))
    assert bank.bodies == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [("SESSION_INVALID", errors.SessionInvalid), ("PERMISSION_DENIED", errors.PermissionRefused)],
)
def test_statements_refused(bank: ScriptedBank, code: str, expected: type[errors.BankError]) -> None:
    bank.then(fault(code, "nie"))
    with pytest.raises(expected):
        fetch(Side(bank.url))


FILE = OrderFile(
    client_order_group_id="B-1",
    file_name="B-1.xml",
    data="<Document>Żółw & s-ka</Document>".encode(),
    modified_at=datetime(2025, 9, 1, 14, 0, 5, 999, tzinfo=timezone(timedelta(hours=2))),
)
TAKEN = "<m:finished>true</m:finished><m:groupId>G-9</m:groupId>"


def test_orders_are_handed_in_and_their_group_is_told(bank: ScriptedBank) -> None:
    bank.then(
        soap("universalPaymentSend", "T-2"),
        soap("checkPaymentSendResult", NOT_YET),
        soap("checkPaymentSendResult", TAKEN),
    )
    side = Side(bank.url)
    orders = side.client.orders.result(TOKEN, DIK, side.client.orders.hand_in(TOKEN, DIK, FILE))
    assert (orders.task_id, orders.group_id) == ("T-2", "G-9")
    first = sent(bank, 0)
    metadata = first.find(".//{*}orderMetadata")
    assert metadata is not None
    assert {etree.QName(node).localname: node.text for node in metadata} == {
        "clientOrderGroupId": "B-1",
        "fileName": "B-1.xml",
        "format": "CT_ISO20022",
        "encoding": "utf8",
        "md5": hashlib.md5(FILE.data, usedforsecurity=False).hexdigest(),
        "modificationDate": "2025-09-01T14:00:05+02:00",
        "editable": "true",
        "sendToAuth": "false",
        "orderAwaitingFunds": "false",
        "massPayment": "false",
        "massPlus": "false",
        "massTransfer": "false",
    }
    assert base64.b64decode(value(first, "data") or "") == FILE.data
    assert value(first, "validationErrorsAreFatal") == "true"
    assert [value(sent(bank, number), "taskId") for number in (1, 2)] == ["T-2", "T-2"]


def test_validation_errors_refuse_the_orders_with_the_banks_words(bank: ScriptedBank) -> None:
    found = (
        "<m:ValidationError><m:code>V01</m:code><m:message>Błędny NRB</m:message>"
        "<m:orderReference>E2E-1</m:orderReference></m:ValidationError>"
        "<m:ValidationError><m:code>V02</m:code><m:message>Brak nazwy</m:message></m:ValidationError>"
    )
    bank.then(
        soap("universalPaymentSend", "T-2"),
        soap("checkPaymentSendResult", f"<m:finished>true</m:finished><m:errors>{found}</m:errors>"),
    )
    orders = Side(bank.url).client.orders
    with pytest.raises(errors.OrderRefused) as caught:
        orders.result(TOKEN, DIK, orders.hand_in(TOKEN, DIK, FILE))
    assert (caught.value.outcome, caught.value.code) == (Outcome.REFUSED, "V01")
    assert caught.value.bank_text == "E2E-1: V01 Błędny NRB; V02 Brak nazwy"


@pytest.mark.parametrize(
    ("answer", "expected", "outcome"),
    [
        (fault("SESSION_INVALID", "x"), errors.SessionInvalid, Outcome.UNKNOWN),
        (fault("E-1", "x"), errors.UnlistedFault, Outcome.UNKNOWN),
        (fault("REQUEST_INVALID", "x"), errors.Refused, Outcome.UNKNOWN),
        (b"", errors.AnswerLost, Outcome.UNKNOWN),
        (fault("DUPLICATE_ID", "x"), errors.DuplicateOrder, Outcome.REFUSED),
        (fault("ORDER_INVALID", "x"), errors.OrderRefused, Outcome.REFUSED),
        (soap("checkPaymentSendResult", NOT_YET), errors.PollingExpired, Outcome.ACCEPTED),
    ],
    ids=["session ended", "unknown code", "listed code", "lost", "duplicate", "orders refused", "still at work"],
)
def test_a_failed_question_says_nothing_about_orders_the_bank_has(
    bank: ScriptedBank, answer: bytes, expected: type[errors.BankError], outcome: Outcome
) -> None:
    """A session refused after the handing-in must not look like refused orders."""
    bank.then(soap("universalPaymentSend", "T-2"), answer)
    orders = Side(bank.url, poll_limit=1).client.orders
    with pytest.raises(expected) as caught:
        orders.result(TOKEN, DIK, orders.hand_in(TOKEN, DIK, FILE))
    assert type(caught.value) is expected
    assert caught.value.outcome is outcome
    assert len(bank.bodies) == 2


@pytest.mark.parametrize(
    ("step", "expected", "outcome"),
    [
        (b"", errors.AnswerLost, Outcome.UNKNOWN),
        (lambda _connection: None, errors.AnswerLost, Outcome.UNKNOWN),
        (http("", "500 X"), errors.AnswerInvalid, Outcome.UNKNOWN),
        (http("", "503 X"), errors.BankBusy, Outcome.UNKNOWN),
        (fault("THROTTLED", "x"), errors.BankThrottled, Outcome.REFUSED),
        (fault("INTERNAL_ERROR", "x"), errors.UnlistedFault, Outcome.UNKNOWN),
        (http(envelope("<s:Fault/>"), "500 X"), errors.UnlistedFault, Outcome.UNKNOWN),
        (fault("DUPLICATE_ID", "zlecenie już jest"), errors.DuplicateOrder, Outcome.REFUSED),
    ],
    ids=[
        "nothing",
        "closed",
        "server error",
        "busy",
        "throttled",
        "unlisted",
        "empty fault",
        "duplicate",
    ],
)
def test_a_failed_handing_in_is_never_repeated(
    bank: ScriptedBank, step: bytes, expected: type[errors.BankError], outcome: Outcome
) -> None:
    bank.then(step, soap("universalPaymentSend", "T-2"))
    with pytest.raises(expected) as caught:
        Side(bank.url).client.orders.hand_in(TOKEN, DIK, FILE)
    assert caught.value.outcome is outcome
    assert len(bank.bodies) == 1


def test_the_states_of_a_group(bank: ScriptedBank) -> None:
    """A key nobody knows is kept as it came."""
    states = "".join(
        f"<m:OrderState><m:orderGroupId>G-9</m:orderGroupId>{reference}<m:status><m:statusKey>{key}</m:statusKey>"
        f"{text}</m:status></m:OrderState>"
        for key, reference, text in (
            ("TO_AUTH", "", ""),
            ("DENIED", "<m:orderReference>E2E-1</m:orderReference>", "<m:description>Brak środków</m:description>"),
            ("KEY_FROM_2031", "<m:orderReference>E2E-2</m:orderReference>", ""),
        )
    )
    bank.then(soap("getStatus", states), fault("ORDER_GROUP_UNKNOWN", "brak paczki"))
    side = Side(bank.url)
    first, second, third = side.client.orders.status(TOKEN, DIK, "B-1")
    assert (first.key, first.group_id, first.end_to_end_id, first.final) == ("TO_AUTH", "G-9", None, False)
    assert (second.end_to_end_id, second.text, second.final) == ("E2E-1", "Brak środków", True)
    assert (third.key, third.final) == ("KEY_FROM_2031", False)
    assert value(sent(bank, 0), "orderGroupId") == "B-1"
    with pytest.raises(errors.OrderGroupUnknown):
        side.client.orders.status(TOKEN, DIK, "B-2")


def test_a_group_without_orders_has_no_states(bank: ScriptedBank) -> None:
    empty = http(soap("getStatus", "x").partition(b"\r\n\r\n")[2].replace(b">x<", b"><"))
    bank.then(empty)
    assert Side(bank.url).client.orders.status(TOKEN, DIK, "G-9") == ()


def test_an_order_file_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        OrderFile("B-1", "B-1.xml", b"", datetime(2025, 9, 1))  # noqa: DTZ001 -- what the rule is about
