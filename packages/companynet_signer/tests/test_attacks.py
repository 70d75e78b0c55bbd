"""What a server, or who pretends to be one, must not get the signer to do."""

import json
import logging
import socket
import threading
import traceback

import pytest

from companynet.domain.session import Secret
from companynet_signer.errors import (
    AnswerLost,
    AnswerRefused,
    JobChanged,
    ServerRefused,
    ServerUnreachable,
    SignerError,
)
from companynet_signer.job import read_granted, read_job
from companynet_signer.link import Link
from companynet_signer.server import Limits, SigningServer

PASSWORD = Secret("tajne-hasło")


def send(handler, body: bytes, *, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def altered(**changed):
    """Answers with members changed; None removes one."""

    def answer(handler, right) -> None:
        answer = {name: value for name, value in {**right, **changed}.items() if value is not None}
        send(handler, json.dumps(answer).encode())

    return answer


def with_content(**changed):
    def answer(handler, right) -> None:
        content = {name: value for name, value in {**right["content"], **changed}.items() if value is not ...}
        send(handler, json.dumps({**right, "content": content}).encode())

    return answer


def raw(body: bytes, **options):
    return lambda handler, _right: send(handler, body, **options)


def fetched(workstation, server, **keys):
    workstation.has(**keys)
    conversation = workstation.opening.conversation(server.link)
    conversation.fetch()
    return conversation


def refused(workstation, server, kind=AnswerRefused) -> SignerError:
    conversation = workstation.opening.conversation(server.link)
    with pytest.raises(kind) as caught:
        conversation.fetch()
    assert conversation.job is None
    return caught.value


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"v": 2}, "answer_version"),
        ({"v": "1"}, "answer_version"),
        ({"v": True}, "answer_version"),
        ({"v": None}, "answer_version"),
        ({"ticket": None}, "answer_wrong"),
        ({"ticket": "a\r\nX-Evil: 1"}, "answer_wrong"),
        ({"ticket": ""}, "answer_wrong"),
        ({"expires": None}, "answer_wrong"),
        ({"expires": "2025-09-01T08:00:00+02:00"}, "answer_wrong"),
        ({"expires": "2025-02-30T08:00:00Z"}, "answer_wrong"),
        ({"round": 2}, "answer_wrong"),
        ({"round": True}, "answer_wrong"),
        ({"encoding": "utf-16"}, "answer_wrong"),
        ({"encoding": "rot13"}, "answer_wrong"),
        ({"encoding": ["utf-8"]}, "answer_wrong"),
        ({"content": None}, "answer_wrong"),
        ({"content": []}, "answer_wrong"),
        ({"text": None}, "not_text"),
        ({"text": ""}, "not_text"),
        ({"text": " \r\n"}, "not_text"),
        ({"text": 5}, "not_text"),
        ({"text": "a\x00b"}, "not_text"),
        ({"text": "a\x1b[2Jb"}, "not_text"),
        ({"text": "10 PLN \u202egnp.000 01"}, "not_text"),
        ({"text": "a\u2066b"}, "not_text"),
        ({"text": "a\u200bb"}, "not_text"),
        ({"text": "\ufeffa"}, "not_text"),
        ({"text": "a\ud800b"}, "not_text"),
        ({"text": "a\u2028b"}, "not_text"),
        ({"text": "a\ue000b"}, "not_text"),
        ({"text": "日本", "encoding": "iso-8859-2"}, "not_text"),
    ],
)
def test_a_job_with_a_wrong_member_is_refused(server, workstation, changed, key) -> None:
    server.wrong["job"] = altered(**changed)
    assert refused(workstation, server).sentence.key == key


@pytest.mark.parametrize(
    "changed",
    [
        {"purpose": "payment"},
        {"purpose": ...},
        {"bank": ""},
        {"bank": "mBank\nCompanyNet"},
        {"bank": "x" * 251},
        {"endpoint": ...},
        {"bank_user": "ALFA\u202e01"},
        {"diks": []},
        {"diks": "10000001"},
        {"diks": [{"dik": "10000001"}]},
        {"diks": [["10000001", "Alfa"]]},
        {"diks": [{"dik": "1" * 36, "head_office": ""}]},
        {"diks": [{"dik": "1", "head_office": ""}] * 201},
        {"operations": []},
        {"operations": [1]},
        {"operations": ...},
        {"operations": [""]},
        {"operations": {"getStatus": 1}},
        {"end": ...},
        {"end": "2025-12-01"},
        {"requested_by": ...},
        {"database": "beta"},
        {"certificate": ...},
        {"certificate": "AB" * 32},
        {"certificate": ""},
    ],
)
def test_content_with_a_wrong_field_is_not_shown(server, workstation, changed) -> None:
    """What is missing, too: nothing may be signed for that was not shown. An absent certificate means any."""
    server.wrong["job"] = with_content(**changed)
    if changed == {"certificate": ...}:
        assert fetched(workstation, server).job.content.certificate is None
    else:
        refused(workstation, server)


def test_a_job_that_cannot_be_shown_is_declined(server, workstation) -> None:
    server.wrong["job"] = altered(text="a\x00b")
    conversation = workstation.opening.conversation(server.link)
    with pytest.raises(AnswerRefused):
        conversation.fetch()
    conversation.decline("failed")
    assert server.declined == ["failed"]


def test_a_member_that_is_not_known_is_passed_over(server, workstation) -> None:
    server.wrong["job"] = altered(later="x")
    assert fetched(workstation, server).job.content.database == "alfa"


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (raw(b"<html>no</html>"), "not_json"),
        (raw(b""), "not_json"),
        (raw(b"[]"), "not_json"),
        (raw(b"\xff\xfe"), "not_json"),
        (raw(b'{"v": NaN}'), "not_json"),
        (raw(b'{"v": 1, "v": 1}'), "not_json"),
        (raw(b"[" * 60000), "not_json"),
        (raw(b" " * 65537), "answer_long"),
        (raw(b'{"v": 1, "x": "' + b"x" * 100_000 + b'"}'), "answer_long"),
        (raw(b"", status=302, Location="http://127.0.0.1:1/"), "redirect"),
        (raw(b"", status=307, Location="/elsewhere"), "redirect"),
        (raw(b"{}", Content_Encoding="gzip"), "answer_wrong"),
        (raw(b"", status=500), "server_status"),
        (raw(b"<html>bad gateway</html>", status=502), "server_status"),
        (raw(b'{"v": 1, "error": {"pl": "\\u001b[2J", "en": "x"}}', status=404), "server_status"),
        (raw(b'{"v": 2, "error": {"pl": "x", "en": "x"}}', status=404), "answer_version"),
    ],
)
def test_an_answer_outside_the_protocol_is_refused(server, workstation, answer, key) -> None:
    server.wrong["job"] = answer
    assert refused(workstation, server).sentence.key == key
    assert len(server.requests) == 1


def test_an_answer_of_just_64_kib_is_read(server, workstation) -> None:
    def padded(handler, right) -> None:
        body = json.dumps(right).encode()
        send(handler, body + b" " * (65536 - len(body)))

    server.wrong["job"] = padded
    assert fetched(workstation, server).job


def test_no_says_the_server_in_the_persons_language(server, workstation) -> None:
    """Whether a code is missing, used or outdated is the same."""
    fetched(workstation, server)
    error = refused(workstation, server, ServerRefused)
    from companynet_signer.language import say

    assert say(error.sentence, "pl") == "Serwer odmówił: Kod jest nieważny."
    assert say(error.sentence, "en") == "The server said no: The code is not valid."


@pytest.mark.parametrize(
    "changed",
    [
        {"end": "2026-12-01T22:59:59Z"},
        {"diks": [{"dik": "20000001", "head_office": "Beta Handel S.A."}]},
        {"operations": ["getStatus"]},
        {"requested_by": "Ewa Wiśniewska"},
        {"bank_user": "BETA01"},
        {"later": "a member that is not known"},
    ],
)
def test_a_job_that_changed_after_it_was_shown_is_not_signed(server, workstation, key_file, changed) -> None:
    first = server.content_of
    server.content_of = lambda round_: first(1) if round_ == 1 else {**first(1), **changed}
    conversation = fetched(workstation, server, files=(key_file,))
    (choice,) = conversation.rack.choices(conversation.rack.listing(), None)
    with pytest.raises(JobChanged):
        conversation.sign(choice, PASSWORD)
    assert len(server.signatures) == 1
    assert not server.done


def test_a_second_text_that_is_no_text_is_not_signed(server, workstation, key_file) -> None:
    server.work.session_text = lambda _signature: "a\x00b"
    conversation = fetched(workstation, server, files=(key_file,))
    (choice,) = conversation.rack.choices(conversation.rack.listing(), None)
    with pytest.raises(AnswerRefused):
        conversation.sign(choice, PASSWORD)
    assert len(server.signatures) == 1


@pytest.mark.parametrize("round_", [1, 2])
def test_a_lost_answer_is_never_sent_again(server, workstation, key_file, round_) -> None:
    """After the second round the session may exist, and that is what is remembered."""

    def lose(handler, right) -> None:
        if ("done" in right) == (round_ == 2):
            handler.connection.shutdown(socket.SHUT_RDWR)
        else:
            send(handler, json.dumps(right).encode())

    server.wrong["signature"] = lose
    conversation = fetched(workstation, server, files=(key_file,))
    (choice,) = conversation.rack.choices(conversation.rack.listing(), None)
    with pytest.raises(AnswerLost):
        conversation.sign(choice, PASSWORD)
    assert [name for name, *_ in server.requests] == ["job", *["signature"] * round_]
    assert conversation.perhaps_made == (round_ == 2)


@pytest.mark.parametrize("half", ["length", "chunked"])
def test_half_an_answer_is_a_lost_one(server, workstation, half) -> None:
    def cut(handler, right) -> None:
        body = json.dumps(right).encode()
        handler.send_response(200)
        if half == "length":
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body[:50])
        else:
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            handler.wfile.write(b"%x\r\n%s\r\n" % (50, body[:50]))
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)

    server.wrong["job"] = cut
    refused(workstation, server, AnswerLost)


def test_no_connection_means_nothing_was_sent(server, workstation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    link = server.link.replace(server.origin.rpartition(":")[2], str(port))
    with pytest.raises(ServerUnreachable):
        workstation.opening.conversation(link).fetch()


def test_an_answer_that_drips_is_given_up(server, clock) -> None:
    """Each byte comes in time, the whole does not."""
    done = threading.Event()

    def drip(handler, right) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not done.wait(0.01):
            clock.advance(1)
            handler.wfile.write(b" ")

    server.wrong["job"] = drip
    try:
        with pytest.raises(AnswerLost):
            SigningServer(Link.parse(server.link), clock, limits=Limits(whole=5)).change_code()
    finally:
        done.set()


def test_a_server_that_is_silent_is_given_up(server, clock) -> None:
    done = threading.Event()
    server.wrong["job"] = lambda _handler, _right: done.wait(5)
    try:
        with pytest.raises(AnswerLost):
            SigningServer(Link.parse(server.link), clock, limits=Limits(read=0.2)).change_code()
    finally:
        done.set()


def test_netrc_and_proxies_of_the_environment_are_ignored(
    server, workstation, key_file, monkeypatch, tmp_path
) -> None:
    """netrc would put a password in the ticket's place."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login anna password tajne\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    conversation = fetched(workstation, server, files=(key_file,))
    conversation.decline("declined")
    assert server.requests[0][2].get("Authorization") is None
    assert server.requests[1][2]["Authorization"] == f"Bearer {server.ticket}"


@pytest.mark.parametrize(
    "done",
    [
        None,
        {},
        {"end": "2025-12-01", "diks": [], "difference": None},
        {"end": "2025-12-01T22:59:59Z", "diks": ["a\nb"], "difference": None},
        {"end": "2025-12-01T22:59:59Z", "diks": [], "difference": 5},
        {"end": "2025-12-01T22:59:59Z", "diks": [], "difference": "a\x1bb"},
    ],
)
def test_an_end_that_cannot_be_read_is_refused(done) -> None:
    with pytest.raises(AnswerRefused):
        read_granted({"v": 1, "done": done})


@pytest.fixture
def attacked(server, workstation, key_file):
    workstation.has(files=(key_file,))
    return server, workstation.opening.conversation(server.link)


def caught_in(conversation) -> SignerError:
    """The error a whole conversation ends with."""
    try:
        conversation.fetch()
        conversation.sign(conversation.rack.choices(conversation.rack.listing(), None)[0], PASSWORD)
    except SignerError as error:
        return error
    return pytest.fail("nothing went wrong")


def secrets_of(server) -> tuple[str, ...]:
    return (server.code, server.ticket, PASSWORD.reveal())


def lose(handler, _right) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("wrong", ["job", "signature"])
@pytest.mark.parametrize("answer", [raw(b"no"), raw(b"", status=302, Location="/"), lose])
def test_no_secret_is_in_an_error_a_log_or_a_repr(attacked, caplog, wrong, answer) -> None:
    """Nor in the variables of the frames an error leads to, below the one that called."""
    caplog.set_level(logging.DEBUG)
    server, conversation = attacked
    server.wrong[wrong] = answer
    error = caught_in(conversation)
    said = f"{error!r} {error} {vars(error)} {caplog.text} {conversation.link!r} {vars(conversation)}"
    assert error.__context__ is None
    assert error.__cause__ is None
    for secret in secrets_of(server):
        assert secret not in said
        for frame, _line in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename != __file__:
                values = frame.f_locals.values()
                assert not [
                    value for value in values if isinstance(value, str | bytes | dict) and secret in str(value)
                ]


def test_an_absent_field_of_a_job_is_named() -> None:
    with pytest.raises(AnswerRefused, match=r"content"):
        read_job({"v": 1}, "alfa")
