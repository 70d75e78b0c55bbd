"""What was recorded of a scripted bank is played again: answers, failures, and the refusal of what differs."""

import json
import socket
import stat
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from companynet.client import CompanyNet, Exchange
from companynet.domain.session import Secret
from companynet.errors import BankError, FormatError, Outcome, UnlistedFault
from companynet.profile import BankProfile
from companynet.soap.transport import HttpAnswer
from companynet.testing import FakeClock, Recorder, Recording, ReplayBank, ScriptedBank, fault, http, soap
from companynet.testing.scripted import Step

DAY = date(2026, 1, 5)
DIK, TOKEN = "10000001", Secret("session-token-of-anna")


def client(url: str, recorder: Recorder | None = None, **values: object) -> CompanyNet:
    settings: dict[str, object] = {"endpoint": url, "read_timeout": 20.0, "poll_interval": 0.0} | values
    return CompanyNet(BankProfile(**settings), clock=FakeClock(), on_exchange=recorder)  # type: ignore[arg-type]


def record(path: Path, steps: list[Step], use: Callable[[CompanyNet], object], **values: object) -> Recording:
    """What a client did at a bank that took these steps."""
    with ScriptedBank(*steps) as bank, Recorder(path) as recorder:
        use(client(bank.url, recorder, **values))
        assert recorder.problem is None
    return Recording.load(path)


def request(bank: CompanyNet, day: date = DAY, dik: str = DIK) -> str:
    return bank.statements.request(TOKEN, dik, day, day)


def failing(call: Callable[[], object]) -> BankError:
    with pytest.raises(BankError) as caught:
        call()
    return caught.value


def told(error: BankError) -> tuple[type[BankError], Outcome, str | None]:
    return type(error), error.outcome, error.code


def hang(connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(hang, id="timeout"),
        pytest.param(b"", id="closed"),
        pytest.param(soap("getMT940Ex", "T-1")[:-9], id="cut"),
        pytest.param(http("\x00 garbage"), id="garbage"),
        pytest.param(http("<html/>", "500 Internal Server Error"), id="page"),
        pytest.param(http("", "503 Service Unavailable"), id="503"),
        pytest.param(http("", "302 Found", extra="Location: http://elsewhere/\r\n"), id="redirect"),
        pytest.param(fault("THROTTLED", "później"), id="throttled"),
        pytest.param(fault("SESSION_INVALID", "nie ma"), id="refused"),
        pytest.param(fault("E-4711", "Odmowa"), id="unknown code"),
        pytest.param(soap("getStatus", ""), id="another answer"),
    ],
)
def test_a_failure_is_played_as_it_was(tmp_path: Path, step: Step) -> None:
    """Class, outcome and code are those of the recording, and so is what comes after."""
    errors: list[BankError] = []

    def use(bank: CompanyNet) -> None:
        errors.append(failing(lambda: request(bank)))
        assert request(bank) == "T-2"

    recording = record(tmp_path / "r", [step, soap("getMT940Ex", "T-2")], use, read_timeout=1.5)
    with ReplayBank(recording) as bank:
        use(client(bank.url, read_timeout=1.5))
        assert (bank.differences, bank.left) == ([], ())
    assert told(errors[0]) == told(errors[1])


def test_what_never_reached_the_bank_is_left_out(tmp_path: Path) -> None:
    """The caller's next try is the first the recording has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    with Recorder(tmp_path / "r") as recorder:
        assert failing(lambda: request(client(closed, recorder))).outcome is Outcome.NOT_SENT
        with ScriptedBank(soap("getMT940Ex", "T-1")) as bank:
            request(client(bank.url, recorder))
    recording = Recording.load(tmp_path / "r")
    assert [item.failure for item in recording.exchanges] == ["unreachable", None]
    with ReplayBank(recording) as bank:
        assert request(client(bank.url)) == "T-1"
        assert bank.left == ()


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Statements asked for, and confirmed."""

    def use(bank: CompanyNet) -> None:
        request(bank)
        bank.statements.confirm(TOKEN, DIK, "T-1")

    return record(tmp_path / "r", [soap("getMT940Ex", "T-1"), soap("confirmResponseReceived")], use)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda bank: request(bank, DAY + timedelta(days=1)), "getMT940Ex: from is '2026-01-06', '2026-01-05' was"),
        (
            lambda bank: bank.statements.confirm(TOKEN, DIK, "T-1"),
            "confirmResponseReceived was called, getMT940Ex was",
        ),
        (lambda bank: bank.sessions.finish(TOKEN), "finishBackgroundSession was called"),
    ],
)
def test_what_differs_is_refused(recording: Recording, call: Callable[[CompanyNet], object], words: str) -> None:
    """The difference is named, and the call that was recorded is still waited for."""
    with ReplayBank(recording) as bank:
        error = failing(lambda: call(client(bank.url)))
        assert (type(error), error.code) == (UnlistedFault, "REPLAY_DIFFERS")
        assert words in str(error)
        assert [words in difference for difference in bank.differences] == [True]
        assert request(client(bank.url)) == "T-1"
        assert bank.left == ("confirmResponseReceived",)


def test_a_masked_value_may_be_any_but_must_stay_the_same(recording: Recording) -> None:
    """The DIK, and the token: neither is shown."""
    other = "20000002"
    with ReplayBank(recording) as bank:
        caller = client(bank.url)
        request(caller, dik=other)
        for token, dik in ((TOKEN, DIK), (Secret("another-token"), other)):
            error = failing(lambda token=token, dik=dik: caller.statements.confirm(token, dik, "T-1"))  # type: ignore[misc]
            assert "is not the value that was sent for the same before" in str(error)
            assert "another-token" not in str(error)
        caller.statements.confirm(TOKEN, other, "T-1")
        assert bank.left == ()


def test_what_was_different_must_stay_different(tmp_path: Path) -> None:
    """Two customers in the recording are two in the replay."""

    def use(bank: CompanyNet) -> None:
        request(bank, dik=DIK)
        request(bank, dik="20000002")

    recording = record(tmp_path / "two", [soap("getMT940Ex", "T-1"), soap("getMT940Ex", "T-2")], use)
    with ReplayBank(recording) as bank:
        caller = client(bank.url)
        request(caller)
        assert "context/dik is not the value" in str(failing(lambda: request(caller)))
        assert request(caller, dik="30000003") == "T-2"


def test_an_element_may_be_let_differ(recording: Recording) -> None:
    with ReplayBank(recording, free={"from", "to"}) as bank:
        assert request(client(bank.url, client_version="9.9"), DAY + timedelta(days=1)) == "T-1"


def test_an_element_more_or_less_differs(recording: Recording) -> None:
    """Even an empty one of the context."""
    with ReplayBank(recording) as bank:
        error = failing(lambda: client(bank.url)._caller.call("getMT940Ex", _arguments(), token=TOKEN))
        assert "context/dik is missing" in str(error)


def _arguments() -> dict[str, object]:
    return {"from": DAY, "to": DAY, "compressed": False}


def test_calls_beyond_the_recording_are_refused(recording: Recording) -> None:
    with ReplayBank(recording) as bank:
        caller = client(bank.url)
        request(caller)
        caller.statements.confirm(TOKEN, DIK, "T-1")
        assert "nothing more was recorded" in str(failing(lambda: request(caller)))


def test_no_secret_is_in_a_recording(recording: Recording) -> None:
    texts = [f"{item.request}{item.answer}" for item in recording.exchanges]
    assert all("anna" not in text and DIK not in text for text in texts)
    assert all("masked-token-1" in text for text in texts)


def test_a_recording_is_its_owners_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "r"
    with Recorder(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        Recorder(path)


def test_a_call_outlives_its_recording(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of a recorder that cannot write the caller learns afterwards; of a hook that raises the log has the class."""
    with ScriptedBank(soap("getMT940Ex", "T-1"), soap("getMT940Ex", "T-2")) as bank:
        recorder = Recorder(tmp_path / "r")
        recorder.close()
        assert request(client(bank.url, recorder)) == "T-1"
        assert recorder.problem == "getMT940Ex was not recorded: ValueError"

        def hook(exchange: Exchange) -> None:
            raise RuntimeError(exchange.request.decode())

        with CompanyNet(BankProfile(endpoint=bank.url), on_exchange=hook) as caller:
            assert request(caller) == "T-2"
    assert "RuntimeError" in caplog.text
    assert "anna" not in caplog.text


def test_an_exchange_shows_nothing_of_itself() -> None:
    exchange = Exchange("login", datetime(2026, 1, 5, tzinfo=UTC), 1.0, b"secret", HttpAnswer(200, b"secret"), None)
    assert "secret" not in f"{exchange!r} {exchange}"


def test_threads_share_a_recorder(tmp_path: Path) -> None:
    """Each line is whole, and the same value is masked as the same."""
    exchange = Exchange(
        "getStatus",
        datetime(2026, 1, 5, tzinfo=UTC),
        0.0,
        soap("getStatus", "<m:token>x</m:token>").partition(b"\r\n\r\n")[2],
        None,
        "lost",
    )
    with Recorder(tmp_path / "r") as recorder:
        threads = [
            threading.Thread(target=lambda: [recorder(exchange) for _time in range(50)]) for _thread in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    exchanges = Recording.load(tmp_path / "r").exchanges
    assert len(exchanges) == 200
    assert len({item.request for item in exchanges}) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1"),
        ("{}", "line 1"),
        ('{"recording": "companynet", "version": 2}', "line 1"),
        ('{"recording": "companynet", "version": 1}\nx', "line 2"),
        ('{"recording": "companynet", "version": 1}\n{}', "line 2"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "r"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=place):
        Recording.load(path)


def test_the_file_is_lines_of_json(tmp_path: Path, recording: Recording) -> None:
    """For tools of others: a head, then one exchange a line."""
    head, *lines = (tmp_path / "r").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert json.loads(head)["amounts"] == "kept"
    first = json.loads(lines[0])
    assert (first["operation"], first["status"], first["failure"]) == ("getMT940Ex", 200, None)
    assert first["duration"] == 0.0
    assert len(lines) == len(recording.exchanges)
