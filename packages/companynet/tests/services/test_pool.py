"""Many jobs at once: at the same time, in order, and each with its own fate."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lxml import etree

from companynet.client import CallRecord, CompanyNet
from companynet.domain.session import Secret
from companynet.errors import Cancelled, OrderGroupUnknown, Outcome, ProfileError
from companynet.pool import ask_many
from companynet.profile import BankProfile
from companynet.testing import fault, soap

TOKEN = Secret("session-token")
PARALLEL = 4


class Bank(ThreadingHTTPServer):
    """Answers getStatus with the group's own id as its key, after as many calls are in at once as it waits for."""

    daemon_threads = True
    # Sixteen connect in the same moment: of more than the base's five that wait, some systems lose a few.
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.barrier: threading.Barrier | None = None
        self.lock = threading.Lock()
        self.inside = self.most = self.calls = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/ws"


class Answer(BaseHTTPRequestHandler):
    server: Bank

    def do_POST(self) -> None:
        body = etree.fromstring(self.rfile.read(int(self.headers["Content-Length"])))
        bank = self.server
        with bank.lock:
            bank.calls += 1
            bank.inside += 1
            bank.most = max(bank.most, bank.inside)
        if bank.barrier:
            bank.barrier.wait(60)
        group = body.findtext(".//{*}orderGroupId") or ""
        state = f"<m:orderGroupId>{group}</m:orderGroupId><m:status><m:statusKey>K{group}</m:statusKey></m:status>"
        with bank.lock:
            bank.inside -= 1
        if group == "absent":
            self.wfile.write(fault("ORDER_GROUP_UNKNOWN", "brak"))
        else:
            self.wfile.write(soap("getStatus", f"<m:OrderState>{state}</m:OrderState>"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Quiet."""


@pytest.fixture
def bank() -> Iterator[Bank]:
    with Bank() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(5)


class Ask:
    """A job: the key of a group's only order."""

    def __init__(self, group: str) -> None:
        self.group = group

    def __call__(self, client: CompanyNet) -> str:
        (state,) = client.orders.status(TOKEN, "10000001", self.group)
        return state.key


def profile(bank: Bank) -> BankProfile:
    return BankProfile(endpoint=bank.url, parallel_limit=PARALLEL)


def test_as_many_calls_as_the_limit_are_under_way_at_once(bank: Bank) -> None:
    """The bank answers none before four are in; a slower client would wait for ever."""
    bank.barrier = threading.Barrier(PARALLEL)
    records: list[CallRecord] = []
    jobs = [Ask(str(number)) for number in range(PARALLEL * 5)]
    results = ask_many(profile(bank), jobs, on_call=records.append)
    assert [done.result() for done in results] == [f"K{number}" for number in range(PARALLEL * 5)]
    assert bank.most == PARALLEL
    assert len(records) == PARALLEL * 5


def test_without_a_limit_of_the_profile_sixteen_calls_are_under_way_at_once(bank: Bank) -> None:
    """No answer before sixteen are in, and never more."""
    bank.barrier = threading.Barrier(16)
    results = ask_many(BankProfile(endpoint=bank.url), [Ask(str(number)) for number in range(32)])
    assert [done.result() for done in results] == [f"K{number}" for number in range(32)]
    assert bank.most == 16


def test_one_failure_loses_none_of_the_others(bank: Bank) -> None:
    def broken(_client: CompanyNet) -> str:
        raise KeyError("a mistake in the job")

    results = ask_many(profile(bank), [Ask("1"), Ask("absent"), broken, Ask("2")])
    assert [done.value for done in results] == ["K1", None, None, "K2"]
    assert isinstance(results[1].error, OrderGroupUnknown)
    assert isinstance(results[2].error, KeyError)
    with pytest.raises(OrderGroupUnknown):
        results[1].result()


def test_jobs_not_begun_are_called_off(bank: Bank) -> None:
    called_off = threading.Event()

    def last(_client: CompanyNet) -> str:
        called_off.set()
        return "done"

    limited = BankProfile(endpoint=bank.url, parallel_limit=1)
    first, second, third = ask_many(limited, [Ask("1"), last, Ask("2")], cancellation=called_off)
    assert (first.value, second.value) == ("K1", "done")
    assert isinstance(third.error, Cancelled)
    assert third.error.outcome is Outcome.NOT_SENT
    assert bank.calls == 1


def test_no_jobs_no_results(bank: Bank) -> None:
    assert ask_many(profile(bank), []) == ()


def test_a_profile_that_cannot_be_used_begins_nothing(bank: Bank) -> None:
    with pytest.raises(ProfileError):
        ask_many(BankProfile(endpoint=bank.url, fault_codes={"1": "Nobody"}), [Ask("1")])
    assert bank.calls == 0
