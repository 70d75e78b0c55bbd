"""A customer's traffic with the running bank, recorded: nothing of anybody is in the file, and it plays again."""

import base64
import datetime as dt
import gzip
import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companynet.client import CompanyNet, Exchange, OrderFile
from companynet.domain.account_state import account_states
from companynet.domain.order_snapshot import OrderGroupSnapshot
from companynet.domain.session import BackgroundSession, Permission, PermissionConfig, Secret
from companynet.domain.statement import Statement
from companynet.errors import BankError, DuplicateOrder, OrderRefused
from companynet.orders import SentOrders
from companynet.profile import BankProfile
from companynet.signing import Pkcs12Signer
from companynet.testing import Recorder, Recording, ReplayBank
from companynet_sandbox.books.numbers import make_nrb
from companynet_sandbox.customers import demo_data
from companynet_sandbox.customers.demo_day import demo_entries
from companynet_sandbox.testing import Identity, RunningBank

PIN = "haslo-p12"
DAY = dt.date(2026, 1, 7)
END = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=3)
DIKS = (demo_data.DIK_ALFA, demo_data.DIK_ALFA_SERVICE)
RECEIVABLES = [
    {
        "number": f"FV/{number}/2026",
        "amount": f"{number}1.37",
        "party_name": "Grzegorz Brzęczyszczykiewicz ul. Chrząszczowa 7 34-600 Łękołody",
        "party_account": make_nrb("10201026", f"{number:04d}123412345678"),
    }
    for number in range(1, 25)
]

RUNS = itertools.count(1)


@pytest.fixture(scope="module")
def busy(bank: RunningBank) -> RunningBank:
    """A bank with a day of entries of all common kinds."""
    bank.post("/entries", demo_entries(demo_data.ALFA_PLN, DAY, RECEIVABLES, RECEIVABLES[:4]))
    entry = {"account": demo_data.ALFA_SERVICE_PLN, "amount": "9.99", "date": DAY.isoformat(), "code": "770"}
    bank.post("/entries", {**entry, "fields": [["OD", "Brzęczyszczykiewicz"], ["TYT.", "Serwis"]]})
    return bank


@dataclass
class Results:
    """What a run of a client brought."""

    sessions: list[BackgroundSession] = field(default_factory=list)
    statements: list[tuple[Statement, ...]] = field(default_factory=list)
    sent: list[SentOrders] = field(default_factory=list)
    states: list[OrderGroupSnapshot] = field(default_factory=list)
    errors: list[BankError] = field(default_factory=list)


@dataclass
class Customer:
    """Who uses the bank, and with what."""

    signer: Pkcs12Signer
    passwords: list[str]
    file: OrderFile
    wrong: OrderFile

    def use(self, bank: CompanyNet) -> Results:
        """Every operation of the contract, and refusals."""
        found = Results()
        asked = PermissionConfig(END, tuple(Permission(dik) for dik in DIKS))
        password = Secret(self.passwords[0])
        session = bank.sessions.open_with_password(
            DIKS[0], demo_data.USER_ALFA, password, asked, self.signer, keep=[].append
        )
        second = bank.sessions.open(DIKS[0], demo_data.USER_ALFA, asked, self.signer, keep=[].append)
        found.sessions += [session, second]
        bank.sessions.prove(session.token, DIKS[1])
        for dik, compressed in itertools.product(DIKS, (False, True)):
            package = bank.statements.fetch(session.token, dik, DAY, DAY, compressed=compressed)
            found.statements.append(package.read())
            bank.statements.confirm(session.token, dik, package.task_id)
        found.sent.append(
            bank.orders.result(session.token, DIKS[0], bank.orders.hand_in(session.token, DIKS[0], self.file))
        )
        group = str(found.sent[0].group_id)
        found.states.append(bank.orders.snapshot(session.token, DIKS[0], group))
        found.states.append(bank.orders.snapshot(session.token, DIKS[0], self.file.client_order_group_id))
        for call in (
            lambda: bank.orders.result(
                session.token, DIKS[0], bank.orders.hand_in(session.token, DIKS[0], self.file)
            ),
            lambda: bank.orders.result(
                session.token, DIKS[0], bank.orders.hand_in(session.token, DIKS[0], self.wrong)
            ),
            lambda: bank.orders.status(session.token, DIKS[1], group),
            lambda: bank.sessions.login_challenge("99999999", demo_data.USER_ALFA),
            lambda: bank.sessions.login_alone(DIKS[0], demo_data.USER_ALFA, Secret(self.passwords[1])),
            lambda: bank.sessions.finish(Secret("token-never-given")),
        ):
            with pytest.raises(BankError) as caught:
                call()
            found.errors.append(caught.value)
        bank.sessions.finish(session.token)
        bank.sessions.finish(second.token)
        return found


@pytest.fixture
def customer(desk: Any, identity: Identity, busy: RunningBank) -> Customer:
    def file(name: str, *amounts: str) -> OrderFile:
        path = desk.order_file(name, *amounts)
        return OrderFile(name, "zlecenia Kowalskiego.xml", path.read_bytes(), dt.datetime(2026, 1, 5, tzinfo=dt.UTC))

    number = next(RUNS)
    right = file(f"REC-{number}-A", "12.34", "0.56")
    wrong = file(f"REC-{number}-B", "1.00")
    data = wrong.data.replace(demo_data.ALFA_PLN.encode(), demo_data.BETA_PLN.encode(), 1)
    wrong = OrderFile(wrong.client_order_group_id, wrong.file_name, data, wrong.modified_at)
    busy.post("/passwords", {"user": demo_data.USER_ALFA, "password": "one-time-17"})
    return Customer(Pkcs12Signer.load(identity.p12, Secret(PIN)), ["one-time-17", "wrong-one-time"], right, wrong)


def profile(url: str) -> BankProfile:
    return BankProfile(endpoint=url, poll_interval=0.01, read_timeout=20)


def all_of(recording: Recording) -> str:
    """All that a recording holds, what is packed and encoded unfolded."""
    parts = []
    for exchange in recording.exchanges:
        for text in (exchange.request, exchange.answer or ""):
            parts.append(text)
            for encoded in re.findall(r"<[^>]*(?:data|content)>([^<]+)<", text):
                data = base64.b64decode(encoded)
                data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
                parts += [data.decode("iso-8859-2"), data.decode("utf-8", "replace")]
    # As they would be found: whatever their case, however they are wrapped or grouped.
    return re.sub(r"\s", "", "".join(parts)).casefold()


def is_in(value: str, text: str) -> bool:
    return re.sub(r"\s", "", value).casefold() in text


def secrets_of(exchanges: list[Exchange]) -> set[str]:
    """Tokens, passwords, signatures and texts to sign as they went over the line, and the parts of long ones."""
    names = "authenticationToken|generatedToken|sessionToken|token|signature"
    found = set()
    for exchange in exchanges:
        text = exchange.request.decode() + (exchange.answer.content.decode() if exchange.answer else "")
        found |= set(re.findall(rf"<[^>/]*\b(?:{names})>([^<]+)<", text))
        if exchange.operation.startswith("init"):
            found |= set(re.findall(r"<[^>/]*return>([^<]+)<", text))
    return {part for value in found for part in (value, value[:40], value[-40:])}


@pytest.fixture
def recorded(customer: Customer, busy: RunningBank, tmp_path: Path) -> tuple[Results, Recording, list[Exchange]]:
    """A run, its recording, and what really went over the line."""
    raw: list[Exchange] = []
    with Recorder(tmp_path / "run.jsonl") as recorder:

        def take(exchange: Exchange) -> None:
            raw.append(exchange)
            recorder(exchange)

        with CompanyNet(profile(busy.soap_url), on_exchange=take) as client:
            results = customer.use(client)
        assert recorder.problem is None
    return results, Recording.load(tmp_path / "run.jsonl"), raw


def test_nothing_of_the_customer_is_in_the_recording(
    customer: Customer, recorded: tuple[Results, Recording, list[Exchange]]
) -> None:
    """No secret that went over the line, and nothing of anybody who has an account here or was paid."""
    results, recording, raw = recorded
    text = all_of(recording)
    secrets = secrets_of(raw) | {PIN, *customer.passwords, *(session.token.reveal() for session in results.sessions)}
    assert len(secrets) > 20
    personal = {demo_data.USER_ALFA, *DIKS, "99999999", "Kowalsk", "Przykładow", "Brzęczyszczykiewicz", "Łękołody"}
    personal |= {"Chrząszczow", "34-600", *demo_data.OPENING_BALANCES, "5252445767", "5174990000000004"}
    for statement in (statement for package in results.statements for statement in package):
        personal.add(statement.account)
        for entry in statement.entries:
            personal |= {entry.counterparty_account or "", entry.virtual_account or ""}
            texts = (entry.remittance, entry.counterparty_name, entry.counterparty_address)
            personal |= {word for value in texts for word in re.findall(r"\w{8,}", value or "")}
    personal -= {"", "CZESC"}
    assert len(personal) > 60
    assert sorted(value for value in secrets | personal if is_in(value, text)) == []
    # They are there to be found in what was not masked.
    unmasked = re.sub(r"\s", "", "".join(item.request.decode() for item in raw)).casefold()
    assert len([value for value in secrets | personal if is_in(value, unmasked)]) > 10


def test_the_recording_plays_again(customer: Customer, recorded: tuple[Results, Recording, list[Exchange]]) -> None:
    """The same program at the recording gets the same values, those masked apart, and makes the same calls."""
    results, recording, _raw = recorded
    assert {item.operation for item in recording.exchanges} >= {
        "login",
        "getStatus",
        "universalPaymentSend",
        "logout",
    }
    with ReplayBank(recording) as bank, CompanyNet(profile(bank.url)) as client:
        played = customer.use(client)
        assert (bank.differences, bank.left) == ([], ())
    assert [item.granted for item in played.sessions] == [item.granted for item in results.sessions]
    assert played.sent == results.sent
    assert [item.states for item in played.states] == [item.states for item in results.states]
    assert [(type(item), item.outcome, item.code, item.operation) for item in played.errors] == [
        (type(item), item.outcome, item.code, item.operation) for item in results.errors
    ]
    assert {DuplicateOrder, OrderRefused} <= {type(item) for item in played.errors}
    for before, after in zip(results.statements, played.statements, strict=True):
        assert [states.closing for states in account_states(after)] == [s.closing for s in account_states(before)]
        assert sum(len(statement.entries) for statement in after) == sum(len(item.entries) for item in before)
        for old, new in zip(before, after, strict=True):
            assert (new.problems, new.number, new.currency) == (old.problems, old.number, old.currency)
            assert new.account != old.account
            for was, now in zip(old.entries, new.entries, strict=True):
                for name in ("value_date", "booking_date", "amount", "type", "code", "transaction_number"):
                    assert getattr(now, name) == getattr(was, name)


def test_masked_accounts_stay_the_same_throughout(recorded: tuple[Results, Recording, list[Exchange]]) -> None:
    """The account in the statements is the one debited by the orders, in the recording too."""
    _results, recording, _raw = recorded
    text = all_of(recording)
    statements = set(re.findall(r":25:pl(\d{26})", text))
    debited = set(re.findall(r"<dbtracct><id><iban>pl(\d{26})", text))
    assert len(statements) == 2
    assert len(debited & statements) == 1
    for account in statements | debited:
        assert make_nrb(account[2:10], account[10:]) == account


words = st.text(alphabet="ABCDEFGHIJKLMNOPRSTUVWYZĄĆĘŁŃÓŚŹŻ", min_size=9, max_size=14)
# Without zeros: those stand in the bank's own numbers, which stay.
digits = st.text(alphabet="123456789", min_size=9, max_size=16)
separators = st.sampled_from(
    [
        " ",
        "; ",
        ": ",
        "/",
        "-",
        ", ",
        "; OD: ",
        "; NR: ",
        " TNR: ",
        "; KWOTA: ",
        "; TYT.: ",
        "/INV/",
        " UL.",
        "; OKRES: ",
    ]
)


@st.composite
def titles(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A text as people could write it, and the words and numbers in it."""
    parts = draw(st.lists(st.one_of(words, digits), min_size=1, max_size=4))
    text = "".join(f"{part}{draw(separators)}" for part in parts)
    return text, parts


@given(title=titles(), name=titles(), client=st.text(alphabet="123456789", min_size=16, max_size=16))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_people_write_is_not_in_the_recording(
    open_desk: Any, title: tuple[str, list[str]], name: tuple[str, list[str]], client: str
) -> None:
    """Words and numbers of titles and names, labels of the bank's own form among them; accounts; read over HTTP."""
    desk, account = open_desk, make_nrb("10901014", client)
    number = next(RUNS)
    day = dt.date(2020, 1, 1) + dt.timedelta(days=number)
    own = make_nrb("11401010", f"{number:016d}")
    desk.bank.post("/accounts/open", {"account": own, "dik": demo_data.DIK_ALFA, "opening": "0.00"})
    entry = {"account": own, "amount": "1.00", "date": day.isoformat(), "code": "770"}
    fields = [["Z RACH.", account], ["OD", name[0]], ["TYT.", title[0]]]
    desk.bank.post("/entries", {**entry, "fields": fields})
    path = desk.folder / f"run-{number}.jsonl"
    with Recorder(path) as recorder, CompanyNet(profile(desk.bank.soap_url), on_exchange=recorder) as bank:
        (statement,) = bank.statements.fetch(Secret(desk.token), demo_data.DIK_ALFA, day, day).read()
    text = all_of(Recording.load(path))
    values = [value for value in (*title[1], *name[1], account, client, own, desk.token) if len(value) > 8]
    assert [value for value in values if is_in(value, text)] == []
    with ReplayBank(Recording.load(path)) as replayed, CompanyNet(profile(replayed.url)) as bank:
        (again,) = bank.statements.fetch(Secret("any"), demo_data.DIK_ALFA, day, day).read()
    # What letters mean is doubted by the letters, and those are not in the recording.
    problems = [problem.code for problem in statement.problems if problem.code != "code_page"]
    assert [problem.code for problem in again.problems] == problems
    assert [item.transaction_number for item in again.entries] == [s.transaction_number for s in statement.entries]


def test_the_commands_record(desk: Any, busy: RunningBank) -> None:
    """Each with a file of its own; a new command on the recording gets the same."""
    folder = desk.folder
    (folder / "out").mkdir()
    steps = {
        "open": ("session", "open", "--dik", DIKS[0], "--user", demo_data.USER_ALFA, "--p12", desk.p12, "--pin-file"),
        "show": ("session", "show", "--prove"),
        "fetch": ("statement", "fetch", "--from", DAY, "--to", DAY, "--output", folder / "out", "--confirm"),
        "send": ("order", "send", desk.order_file("REC-CLI")),
        "status": ("order", "status", folder / "REC-CLI.xml"),
        "close": ("session", "close"),
    }
    token = ""
    for name, arguments in steps.items():
        more = (desk.pin,) if name == "open" else ()
        ended = desk.on_session(*arguments, *more, "--record", folder / f"{name}.jsonl")
        assert (ended.status, ended.err) == (0, ""), name
        token = token or desk.token
    operations = {
        name: [item.operation for item in Recording.load(folder / f"{name}.jsonl").exchanges] for name in steps
    }
    assert operations["open"][-1] == "logout"
    assert operations["fetch"][-1] == "confirmResponseReceived"
    assert operations["send"][0] == "universalPaymentSend"
    assert operations["close"] == ["finishBackgroundSession"]
    for name in steps:
        text = all_of(Recording.load(folder / f"{name}.jsonl"))
        assert not [value for value in (token, PIN, *DIKS, "ALFA01", demo_data.ALFA_PLN) if is_in(value, text)]
    assert json.loads((folder / "REC-CLI.xml.journal-1.json").read_text())["fate"] == "taken"


def test_a_recording_that_cannot_be_made_begins_nothing(open_desk: Any) -> None:
    file = open_desk.order_file("REC-NOT")
    there = open_desk.folder / "there.jsonl"
    there.touch()
    refused = open_desk.on_session("order", "send", file, "--record", there)
    assert refused.status == 2
    assert "there.jsonl" in refused.err
    assert list(open_desk.folder.glob("*.journal-*")) == []
    assert open_desk.groups("REC-NOT") == []
    idle = open_desk.on_session("session", "show", "--record", open_desk.folder / "new.jsonl")
    assert idle.status == 2
    assert "--record needs --prove" in idle.err


def test_a_recording_that_is_not_whole_is_told(open_desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command does its work all the same."""

    def fail(self: Recorder, exchange: Exchange) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Recorder, "_masked", fail)
    shown = open_desk.on_session("session", "show", "--prove", "--record", open_desk.folder / "r.jsonl")
    assert shown.status == 0
    assert "the recording is not whole: getStatus was not recorded: OSError" in shown.err
