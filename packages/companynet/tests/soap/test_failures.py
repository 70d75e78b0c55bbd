"""Each way a call can fail has its class and its outcome, and a call that left is never sent again."""

import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest

from companynet import errors
from companynet.client import CallRecord, CompanyNet, PendingCall
from companynet.domain.session import Secret
from companynet.errors import BankError, Outcome
from companynet.profile import BankProfile
from companynet.testing import FakeClock, ScriptedBank, fault, http, soap
from companynet.testing.scripted import envelope

TOKEN = Secret("token-that-nobody-may-see")
GOOD = soap("initLoginWithSignature", "Podpisz: zażółć 123")


@pytest.fixture
def bank() -> Iterator[ScriptedBank]:
    with ScriptedBank() as bank:
        yield bank


def profile(url: str, **values: object) -> BankProfile:
    settings: dict[str, object] = {"connect_timeout": 2.0, "read_timeout": 10.0, "call_timeout": 20.0} | values
    return BankProfile(endpoint=url, **settings)  # type: ignore[arg-type]


def failing(url: str, **values: object) -> tuple[BankError, CallRecord]:
    """The error of one call and its record."""
    records: list[CallRecord] = []
    with (
        CompanyNet(profile(url, **values), clock=FakeClock(), on_call=records.append) as client,
        pytest.raises(BankError) as caught,
    ):
        client.orders.status(TOKEN, "10000001", "G-1")
    error = caught.value
    assert len(records) == 1
    assert (records[0].operation, records[0].reference) == ("getStatus", error.reference)
    assert (records[0].outcome, records[0].error) == (error.outcome.value, type(error).__name__)
    assert error.operation == "getStatus"
    # Nothing foreign hangs on the error, and nothing in it shows the token.
    assert error.__context__ is None
    assert error.__cause__ is None
    assert TOKEN.reveal() not in f"{error!r} {error} {error.__dict__} {records!r}"
    return error, records[0]


def test_no_listener_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error, _ = failing(f"http://127.0.0.1:{port}/")
    assert type(error) is errors.BankUnreachable
    assert error.outcome is Outcome.NOT_SENT


def test_an_unknown_host_is_not_sent() -> None:
    error, _ = failing("http://bank.invalid/ws")
    assert (type(error), error.outcome) == (errors.BankUnreachable, Outcome.NOT_SENT)


def test_an_endpoint_that_is_no_url_is_not_sent() -> None:
    error, _ = failing("companynet")
    assert (type(error), error.outcome) == (errors.BankUnreachable, Outcome.NOT_SENT)


def test_a_peer_without_tls_is_not_sent(bank: ScriptedBank) -> None:
    """The handshake fails before anything of the call goes out."""
    error, _ = failing(bank.url.replace("http:", "https:"), read_timeout=0.5)
    assert (type(error), error.outcome) == (errors.BankUnreachable, Outcome.NOT_SENT)
    assert bank.bodies == []


def test_silence_after_sending_is_a_timeout(bank: ScriptedBank) -> None:
    bank.then(lambda _connection: bank.wait(5), GOOD)
    error, _ = failing(bank.url, read_timeout=0.3)
    assert (type(error), error.outcome) == (errors.BankTimeout, Outcome.UNKNOWN)
    assert len(bank.bodies) == 1


def test_silence_in_the_middle_is_a_timeout(bank: ScriptedBank) -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(GOOD[:-40])
        bank.wait(5)

    bank.then(half, GOOD)
    error, _ = failing(bank.url, read_timeout=0.3)
    assert (type(error), error.outcome) == (errors.BankTimeout, Outcome.UNKNOWN)
    assert len(bank.bodies) == 1


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_peer_that_trickles_ends_with_the_whole_call(bank: ScriptedBank, part: str) -> None:
    """The read timeout begins anew with each byte; the limit of the whole call does not."""

    def trickle(connection: socket.socket) -> None:
        if part == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for byte in b"HTTP/1.1 200 OK" + b" " * 200:
            connection.sendall(bytes([byte]))
            bank.wait(0.05)

    bank.then(trickle, GOOD)
    begun = time.monotonic()
    error, _ = failing(bank.url, call_timeout=0.6)
    assert (type(error), error.outcome) == (errors.BankTimeout, Outcome.UNKNOWN)
    # By its own end the peer would have taken more than ten.
    assert time.monotonic() - begun < 8
    assert len(bank.bodies) == 1


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "step",
    [
        b"",
        GOOD[:20],
        GOOD[: GOOD.index(b"\r\n\r\n") + 4],
        GOOD[:-1],
        b"HTTP/1.1 200 OK\r\n\r\n" + GOOD.partition(b"\r\n\r\n")[2][:-30],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n<s:Envelope",
        reset,
    ],
    ids=["nothing", "in the head", "after the head", "last byte", "without a length", "in a chunk", "reset"],
)
def test_a_cut_answer_is_lost(bank: ScriptedBank, step: bytes | Callable[[socket.socket], None]) -> None:
    bank.then(step, GOOD)
    error, _ = failing(bank.url)
    assert (type(error), error.outcome) == (errors.AnswerLost, Outcome.UNKNOWN)
    assert len(bank.bodies) == 1


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>&b;</s:Body></s:Envelope>'
)
STATES = (
    "<m:getStatusResponse><m:return><m:OrderState><m:orderGroupId>G-1</m:orderGroupId><m:status>"
    "<m:statusKey>{key}</m:statusKey></m:status></m:OrderState></m:return></m:getStatusResponse>"
)

INVALID = {
    "server error without a fault": http("<html>500</html>", "500 Internal Server Error"),
    "not found": http("", "404 Not Found"),
    "nothing at all": http(""),
    "accepted without an answer": http("", "202 Accepted"),
    "garbage": http("\x00\x01 garbage <<<"),
    "html": http("<html><body>login page</body></html>"),
    "DOCTYPE bomb": http(BOMB),
    "DOCTYPE in UTF-16": http(BOMB.replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16")),
    "comment in a value": http(envelope(STATES.format(key="REAL<!---->IZED"))),
    "processing instruction": http(envelope(STATES.format(key="REAL<?x y?>IZED"))),
    "comment before the envelope": http(envelope(STATES.format(key="A")).replace("?>", "?><!-- x -->", 1)),
    "comment after the envelope": http(envelope(STATES.format(key="A")) + "<!-- x -->"),
    "two bodies": http(envelope(STATES.format(key="A") * 2)),
    "empty body": http(envelope("")),
    "another operation's answer": http(envelope("<m:logoutResponse/>")),
    "facet broken": http(envelope(STATES.format(key=""))),
    "element unknown": http(envelope(STATES.format(key="A").replace("statusKey", "statusKeys"))),
    "answer under an error status": http(envelope(STATES.format(key="A")), "500 Internal Server Error"),
    "redirect": http("", "302 Found", extra="Location: /elsewhere\r\n"),
    "redirect that keeps the method": http("", "307 Temporary Redirect", extra="Location: /elsewhere\r\n"),
    "packed": http(envelope(STATES.format(key="A")), extra="Content-Encoding: gzip\r\n"),
    "server failed": http(
        envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>NullPointer</faultstring></s:Fault>"),
        "500 Internal Server Error",
    ),
}


@pytest.mark.parametrize("answer", INVALID.values(), ids=INVALID.keys())
def test_an_answer_that_breaks_the_contract_leaves_the_outcome_unknown(bank: ScriptedBank, answer: bytes) -> None:
    bank.then(answer, http(envelope(STATES.format(key="A"))))
    error, _ = failing(bank.url)
    assert (type(error), error.outcome) == (errors.AnswerInvalid, Outcome.UNKNOWN)
    assert len(bank.bodies) == 1


ODD_HEADS = {
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "a status of six digits": b"HTTP/1.1 200200 OK\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
    "a length below zero": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nxxxxx",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nxxxxx",
    "a chunk of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nxx\r\n0\r\n\r\n",
    "lines without a colon": b"HTTP/1.1 200 OK\r\nnothing\r\n\r\n",
    "too many lines": b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 500 + b"\r\n",
    "a line without end": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "continue and no more": b"HTTP/1.1 100 Continue\r\n\r\n",
    "early hints": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "bytes that are no text": b"HTTP/1.1 200 OK\r\nX-\xff\x00: \xfe\r\n\r\n",
    "a cookie of no form": b"HTTP/1.1 200 OK\r\nSet-Cookie: =;=;;\x01\r\nContent-Length: 0\r\n\r\n",
    "an encoding nobody knows": b"HTTP/1.1 200 OK\r\nContent-Encoding: \xe9\r\nContent-Length: 0\r\n\r\n",
    "a redirect to nowhere": b"HTTP/1.1 301 X\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "who are you": b"HTTP/1.1 407 X\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("answer", ODD_HEADS.values(), ids=ODD_HEADS.keys())
def test_whatever_comes_back_a_call_that_left_is_not_said_to_be_unsent(bank: ScriptedBank, answer: bytes) -> None:
    bank.then(answer, GOOD)
    error, _ = failing(bank.url)
    assert error.outcome is Outcome.UNKNOWN
    assert len(bank.bodies) == 1


@pytest.mark.parametrize("raised", [KeyboardInterrupt, RecursionError, MemoryError, LookupError, ValueError])
def test_what_breaks_off_after_the_call_has_left_is_unknown(
    bank: ScriptedBank, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    """In the record too, which an interrupt must not make "answered"."""

    def fail(*_arguments: object, **_more: object) -> None:
        raise raised(TOKEN.reveal())

    monkeypatch.setattr("companynet.soap.reading.parse_envelope", fail)
    bank.then(GOOD)
    records: list[CallRecord] = []
    expected = KeyboardInterrupt if raised is KeyboardInterrupt else errors.AnswerInvalid
    with CompanyNet(profile(bank.url), on_call=records.append) as client, pytest.raises(expected) as caught:
        client.orders.status(TOKEN, "10000001", "G-1")
    assert [record.outcome for record in records] == ["unknown"]
    if raised is not KeyboardInterrupt:
        assert isinstance(caught.value, errors.AnswerInvalid)
        assert TOKEN.reveal() not in str(caught.value)
        assert caught.value.__context__ is None


def test_an_answer_past_the_limit_is_not_read(bank: ScriptedBank) -> None:
    bank.then(http("x" * 200_000), GOOD)
    error, _ = failing(bank.url, answer_limit=100_000)
    assert (type(error), error.outcome) == (errors.AnswerInvalid, Outcome.UNKNOWN)
    assert "100000 bytes" in str(error)
    assert len(bank.bodies) == 1


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_server_without_time_may_have_handed_the_call_on(bank: ScriptedBank, status: str) -> None:
    """A balancer answers so when it lost the answer. Retry-After is told and not followed: when to ask again is the
    caller's."""
    bank.then(http("later", status, extra="Retry-After: 17\r\n"), GOOD)
    error, _ = failing(bank.url)
    assert type(error) is errors.BankBusy
    assert (error.outcome, error.code, error.retry_after) == (Outcome.UNKNOWN, status[:3], "17")
    assert len(bank.bodies) == 1


@pytest.mark.parametrize(
    "answer",
    [
        fault("SESSION_INVALID", "nie", status="404 Not Found"),
        fault("SESSION_INVALID", "nie", status="502 Bad Gateway"),
        http(fault("SESSION_INVALID", "nie").partition(b"\r\n\r\n")[2], "500 X", content_type="text/html"),
    ],
    ids=["4xx", "gateway", "no XML"],
)
def test_a_listed_code_that_is_not_the_services_own_is_no_refusal(bank: ScriptedBank, answer: bytes) -> None:
    bank.then(answer)
    error, _ = failing(bank.url)
    assert (type(error), error.outcome) == (errors.AnswerInvalid, Outcome.UNKNOWN)
    assert (error.code, error.bank_text) == ("SESSION_INVALID", "nie")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("LOGIN_REFUSED", errors.LoginRefused),
        ("CERTIFICATE_REFUSED", errors.CertificateRefused),
        ("SIGNATURE_INVALID", errors.SignatureRefused),
        ("DIK_REFUSED", errors.DikRefused),
        ("PERMISSION_DENIED", errors.PermissionRefused),
        ("SESSION_INVALID", errors.SessionInvalid),
        ("DUPLICATE_ID", errors.DuplicateOrder),
        ("ORDER_INVALID", errors.OrderRefused),
        ("ORDER_GROUP_UNKNOWN", errors.OrderGroupUnknown),
        ("THROTTLED", errors.BankThrottled),
        ("REQUEST_INVALID", errors.Refused),
    ],
)
@pytest.mark.parametrize("status", ["500 Internal Server Error", "200 OK"])
def test_a_fault_keeps_code_and_text(bank: ScriptedBank, code: str, expected: type[BankError], status: str) -> None:
    """A code on the list is a refusal with the bank's own words."""
    bank.then(fault(code, "Odmowa: żądanie odrzucone", status=status), GOOD)
    error, _ = failing(bank.url)
    assert type(error) is expected
    assert (error.outcome, error.code, error.bank_text) == (Outcome.REFUSED, code, "Odmowa: żądanie odrzucone")
    assert len(bank.bodies) == 1


@pytest.mark.parametrize("faultcode", ["s:Client", "s:Client.Authentication", "E17", ""])
def test_a_fault_that_is_not_listed_is_no_refusal(bank: ScriptedBank, faultcode: str) -> None:
    """Without a detail, faultcode and faultstring are what is kept."""
    inner = f"<faultcode>{faultcode}</faultcode><faultstring>Nie</faultstring>" if faultcode else ""
    bank.then(http(envelope(f"<s:Fault>{inner}</s:Fault>"), "500 X"))
    error, _ = failing(bank.url)
    assert (type(error), error.outcome) == (errors.UnlistedFault, Outcome.UNKNOWN)
    kept = (faultcode.removeprefix("s:"), "Nie") if faultcode else (None, None)
    assert (error.code, error.bank_text) == kept


@pytest.mark.parametrize(
    ("faultcode", "expected"), [("s:Client", errors.UnlistedFault), ("s:Server", errors.AnswerInvalid)]
)
def test_a_code_that_nobody_listed_is_kept_for_people(
    bank: ScriptedBank, faultcode: str, expected: type[BankError]
) -> None:
    """An INTERNAL_ERROR after the work was done reads like a refusal too."""
    bank.then(fault("INTERNAL_ERROR", "Błąd wewnętrzny", faultcode=faultcode))
    error, _ = failing(bank.url)
    assert (type(error), error.outcome) == (expected, Outcome.UNKNOWN)
    assert (error.code, error.bank_text) == ("INTERNAL_ERROR", "Błąd wewnętrzny")


def test_a_profile_gives_codes_their_class(bank: ScriptedBank) -> None:
    bank.then(fault("901", "sesja wygasła"))
    error, _ = failing(bank.url, fault_codes={"901": "SessionInvalid"})
    assert type(error) is errors.SessionInvalid


@pytest.mark.parametrize(
    ("code", "expected"), [("LOGIN_REFUSED", errors.LoginRefused), ("SESSION_INVALID", errors.UnlistedFault)]
)
def test_codes_a_profile_says_nothing_of_keep_their_class_and_those_it_takes_away_lose_it(
    bank: ScriptedBank, code: str, expected: type[errors.BankError]
) -> None:
    bank.then(fault(code, "nie"))
    error, _ = failing(bank.url, fault_codes={"901": "SessionInvalid", "SESSION_INVALID": None})
    assert type(error) is expected
    assert error.code == code


@pytest.mark.parametrize(
    "name", ["Exception", "WrongPin", "PollingExpired", "BankUnreachable", "Cancelled", "Nobody"]
)
def test_a_profile_with_a_class_that_is_no_bank_error_is_refused(name: str) -> None:
    with pytest.raises(errors.ProfileError, match=name):
        CompanyNet(BankProfile(endpoint="http://127.0.0.1:1/", fault_codes={"1": name}))


def test_a_token_quoted_by_the_bank_is_hidden(bank: ScriptedBank) -> None:
    bank.then(fault("SESSION_INVALID", f"no session {TOKEN.reveal()} here"))
    error, _ = failing(bank.url)
    assert error.bank_text == "no session *** here"


def test_a_call_that_breaks_the_contract_is_not_sent(bank: ScriptedBank) -> None:
    bank.then(GOOD)
    with CompanyNet(profile(bank.url)) as client, pytest.raises(BankError, match="userLogin") as caught:
        client.sessions.login_challenge("10000001", "")
    assert caught.value.outcome is Outcome.NOT_SENT
    assert bank.bodies == []


def test_an_empty_token_is_named_and_not_shown(bank: ScriptedBank) -> None:
    with CompanyNet(profile(bank.url)) as client, pytest.raises(BankError, match="authenticationToken") as caught:
        client.sessions.finish(Secret(""))
    assert caught.value.outcome is Outcome.NOT_SENT
    assert bank.bodies == []


def test_a_record_that_cannot_be_taken_loses_no_answer(bank: ScriptedBank, caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_record: CallRecord) -> None:
        raise RuntimeError("disk full")

    bank.then(GOOD)
    with caplog.at_level(logging.ERROR), CompanyNet(profile(bank.url), on_call=refuse) as client:
        assert client.sessions.login_challenge("10000001", "ALFA01") == "Podpisz: zażółć 123"
    assert "disk full" in caplog.text


def test_a_call_is_announced_before_it_leaves_and_recorded_after(bank: ScriptedBank) -> None:
    """By the same reference; the record has the bank's code."""
    bank.then(fault("E-4711", "Nie"))
    before: list[tuple[PendingCall, int]] = []
    records: list[CallRecord] = []
    with (
        CompanyNet(
            profile(bank.url),
            before_call=lambda made: before.append((made, len(bank.bodies))),
            on_call=records.append,
        ) as client,
        pytest.raises(errors.UnlistedFault) as caught,
    ):
        client.sessions.login_challenge("10000001", "ALFA01")
    [(pending, sent)] = before
    assert (pending.operation, pending.dik, sent) == ("initLoginWithSignature", "10000001", 0)
    assert (records[0].outcome, records[0].code) == ("unknown", "E-4711")
    assert pending.reference == records[0].reference == caught.value.reference


def test_a_call_that_cannot_be_recorded_is_not_made(bank: ScriptedBank) -> None:
    """Nor is the failure's own text shown, which may hold anything."""

    def refuse(_pending: PendingCall) -> None:
        raise RuntimeError("disk full")

    bank.then(GOOD)
    with CompanyNet(profile(bank.url), before_call=refuse) as client, pytest.raises(errors.NotRecorded) as caught:
        client.sessions.finish(TOKEN)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert "RuntimeError" in str(caught.value)
    assert "disk full" not in str(caught.value)
    assert bank.bodies == []


def test_a_whole_answer_without_a_length_is_taken(bank: ScriptedBank) -> None:
    bank.then(b"HTTP/1.0 200 OK\r\n\r\n" + GOOD.partition(b"\r\n\r\n")[2])
    with CompanyNet(profile(bank.url)) as client:
        assert client.sessions.login_challenge("10000001", "ALFA01") == "Podpisz: zażółć 123"


def test_the_environment_leads_no_call_astray(bank: ScriptedBank, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy or a bundle of roots in the environment is not used."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    bank.then(GOOD)
    with CompanyNet(profile(bank.url)) as client:
        assert client.sessions.login_challenge("10000001", "ALFA01")
    assert "Connection: close" in bank.heads[0]
