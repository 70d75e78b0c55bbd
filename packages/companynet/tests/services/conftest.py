"""A bank on a real socket that says what the test wants, and a client of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from companynet.client import CallRecord, CompanyNet
from companynet.clock import Cancellation
from companynet.profile import BankProfile
from companynet.testing import FakeClock, ScriptedBank


@pytest.fixture
def bank() -> Iterator[ScriptedBank]:
    with ScriptedBank() as bank:
        yield bank


@dataclass
class Connection:
    """A client with what it was made of."""

    client: CompanyNet
    clock: FakeClock
    records: list[CallRecord] = field(default_factory=list)

    @property
    def operations(self) -> list[str]:
        return [record.operation for record in self.records]


@pytest.fixture
def connect(bank: ScriptedBank) -> Callable[..., Connection]:
    """Makes a client of the bank; further arguments are settings of the profile."""

    def make(*, cancellation: Cancellation | None = None, **values: object) -> Connection:
        clock = FakeClock()
        records: list[CallRecord] = []
        settings: dict[str, object] = {"endpoint": bank.url, "read_timeout": 10.0} | values
        profile = BankProfile(**settings)  # type: ignore[arg-type]
        client = CompanyNet(profile, clock=clock, on_call=records.append, cancellation=cancellation)
        return Connection(client, clock, records)

    return make
