"""A sandbox bank in a process of its own, its customer, and the commands in a folder of their own.

The tests of this folder need the distribution companynet-sandbox; those of the others do not.
"""

import contextlib
import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from companynet.cli import main
from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.formats import pain001
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import Identity, RunningBank, make_identity, running_bank

PIN = "haslo-p12"


@dataclass
class Ended:
    """A command that ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed with ``--json``."""
        return json.loads(self.out)


class Desk:
    """A user's folder: profile, signature, PIN, and the commands run in it."""

    def __init__(self, folder: Path, bank: RunningBank, identity: Identity) -> None:
        self.folder, self.bank = folder, bank
        self.session = folder / "session.json"
        self.profile = self.write_profile()
        self.p12 = folder / "anna.p12"
        self.p12.write_bytes(identity.p12)
        self.pin = folder / "pin"
        self.pin.write_text(PIN + "\n", encoding="utf-8")

    def write_profile(self, name: str = "bank.json", **values: object) -> Path:
        path = self.folder / name
        settings = {"endpoint": self.bank.soap_url, "poll_interval": 0.02, "language": "en", "read_timeout": 20}
        path.write_text(json.dumps(settings | values), encoding="utf-8")
        return path

    def run(self, *arguments: object) -> Ended:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main([str(item) for item in arguments])
            except SystemExit as error:
                status = int(error.code or 0)
        return Ended(status, out.getvalue(), err.getvalue())

    def on_session(self, *arguments: object) -> Ended:
        """Run a command with the profile and the session."""
        return self.run(*arguments, "--profile", self.profile, "--session", self.session)

    def open(self, *arguments: object) -> Ended:
        """Open a session for ALFA01."""
        dik = () if "--dik" in arguments else ("--dik", demo_data.DIK_ALFA)
        who = ("--user", demo_data.USER_ALFA, "--p12", self.p12, "--pin-file", self.pin)
        return self.on_session("session", "open", *dik, *who, *arguments)

    @property
    def token(self) -> str:
        """The token in the session file."""
        token: str = json.loads(self.session.read_text(encoding="utf-8"))["token"]
        return token

    def order_file(self, name: str, *amounts: str) -> Path:
        """An order file to an account of Beta; ids are made from its name."""
        day = dt.date.fromisoformat(self.bank.get("/state")["day"])
        debtor = Party("Alfa", (), demo_data.ALFA_PLN)
        creditor = Party("Beta Handel S.A.", (), demo_data.BETA_PLN)
        orders = tuple(
            CreditTransfer(
                OrderKind.DOMESTIC,
                debtor,
                creditor,
                pain_amount(amount),
                "PLN",
                f"FV {number}",
                f"{name}-{number}",
                f"I-{name}-{number}",
                day,
            )
            for number, amount in enumerate(amounts or ("10.00",), 1)
        )
        batch = OrderBatch(name, dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC), "Alfa", orders)
        path = self.folder / f"{name}.xml"
        path.write_bytes(pain001.write(batch))
        return path

    def groups(self, client_id: str) -> list[Any]:
        """The order groups of the bank's books under our id."""
        return [group for group in self.bank.get("/orders") if group["client_order_group_id"] == client_id]


def pain_amount(text: str) -> Any:
    from decimal import Decimal

    return Decimal(text)


@pytest.fixture(scope="session")
def identity() -> Identity:
    now = dt.datetime.now(dt.UTC)
    return make_identity("Jan Kowalski", now - dt.timedelta(days=100), now + dt.timedelta(days=200), PIN)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, identity: Identity) -> Iterator[RunningBank]:
    with running_bank(tmp_path_factory.mktemp("bank")) as running:
        running.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": identity.certificate_pem})
        yield running


@pytest.fixture
def desk(tmp_path: Path, bank: RunningBank, identity: Identity) -> Iterator[Desk]:
    yield Desk(tmp_path, bank, identity)
    bank.post("/faults", {"clear": True})


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """A desk whose session is open."""
    assert desk.open().status == 0
    return desk
