"""A running bank for the tests, and its customer; a bank without a process, whose time is the test's."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import Identity, RunningBank, make_identity, running_bank
from companynet_sandbox.testing.client import Customer
from companynet_sandbox.testing.room import Room

PASSWORD = "haslo-p12"


@pytest.fixture(scope="session")
def identity() -> Identity:
    """The signature of the demonstration's signatory."""
    now = dt.datetime.now(dt.UTC)
    return make_identity("Jan Kowalski", now - dt.timedelta(days=100), now + dt.timedelta(days=600), PASSWORD)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[RunningBank]:
    """A bank with the demonstration's customers and no past."""
    with running_bank(tmp_path / "bank") as running:
        yield running


@pytest.fixture
def customer(bank: RunningBank, identity: Identity) -> Customer:
    """ALFA01, whose certificate is registered."""
    bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": identity.certificate_pem})
    return Customer(bank, identity, PASSWORD)


@pytest.fixture
def room(tmp_path: Path, identity: Identity) -> Iterator[Room]:
    """The engine room on Wednesday 4 March 2026, 8:00."""
    made = Room(tmp_path / "room", identity, PASSWORD)
    yield made
    made.books.close()
