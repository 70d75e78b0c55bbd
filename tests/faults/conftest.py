"""One bank in a process of its own for the tests of a module, each of which has ids of its own."""

from collections.abc import Iterator

import pytest

from companynet_sandbox.testing import running_bank
from tests.faults.side import Side


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with running_bank(tmp_path_factory.mktemp("bank")) as bank:
        yield Side(bank)


@pytest.fixture
def side(running: Side) -> Iterator[Side]:
    yield running
    running.bank.post("/faults", {"clear": True})
