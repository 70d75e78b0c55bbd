"""``companynet session open`` with a key on a token (SoftHSM), as a program of its own against a running bank."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import RunningBank, running_bank
from tests.softhsm import KEY_ID, OWNER, SoftToken, soft_token

PROGRAM = "import sys; from companynet.cli import main; sys.exit(main())"
PIN = "314159"


class Desk:
    """A folder with a profile and a PIN, a token, and the bank that knows its certificate."""

    def __init__(self, folder: Path, bank: RunningBank, token: SoftToken) -> None:
        self.folder, self.bank, self.token = folder, bank, token
        self.session = folder / "session.json"
        self.pin = folder / "pin"
        self.pin.write_text(f"{PIN}\n", encoding="utf-8")
        (folder / "bank.json").write_text(json.dumps({"endpoint": bank.soap_url}), encoding="utf-8")

    def open(self, *more: object) -> subprocess.CompletedProcess[str]:
        """Open a session for thirty days."""
        command = ["session", "open", "--profile", self.folder / "bank.json", "--session", self.session, "--days", 30]
        who = ["--dik", demo_data.DIK_ALFA, "--user", demo_data.USER_ALFA, "--pkcs11", self.token.module]
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, *map(str, [*command, *who, *more])],
            env=self.token.environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBank]:
    with running_bank(tmp_path_factory.mktemp("bank")) as running:
        yield running


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory, bank: RunningBank) -> SoftToken:
    made = soft_token(tmp_path_factory.mktemp("token") / "softhsm", "Karta", PIN)
    bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": made.certificate_pem})
    return made


@pytest.fixture
def desk(tmp_path: Path, bank: RunningBank, token: SoftToken) -> Desk:
    return Desk(tmp_path, bank, token)


def calls(bank: RunningBank) -> list[Any]:
    return list(bank.get("/calls"))


@pytest.mark.parametrize("named", [(), ("--card", "Karta"), ("--card", "Karta", "--key-id", KEY_ID.upper())])
def test_one_entry_of_the_pin_makes_the_session(desk: Desk, named: tuple[str, ...]) -> None:
    done = desk.open(*named, "--pin-file", desk.pin, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["differences"] == []
    newest = desk.bank.get("/sessions")[-1]
    assert OWNER in newest["certificate"]
    assert PIN not in done.stdout + done.stderr + desk.session.read_text(encoding="utf-8")


def test_a_wrong_pin_is_told_before_the_bank_is_asked(desk: Desk) -> None:
    before = len(calls(desk.bank))
    desk.pin.write_text("271828", encoding="utf-8")
    done = desk.open("--pin-file", desk.pin)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "companynet: Karta: the PIN is wrong\n"
    assert len(calls(desk.bank)) == before
    assert not desk.session.exists()
    desk.pin.write_text(PIN, encoding="utf-8")
    assert desk.open("--pin-file", desk.pin).returncode == 0


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (("--card", "Inna"), "Inna: there is no such token (there are: Karta)"),
        (("--slot", "7"), "there is no such token (there are: Karta)"),
        (("--key-id", "0b"), "no certificate that fits is to be seen there without a PIN"),
        (("--p12", "x.p12"), "not allowed with argument"),
    ],
)
def test_what_names_no_key_is_told_and_no_pin_asked_for(desk: Desk, named: tuple[str, ...], words: str) -> None:
    done = desk.open(*named)
    assert done.returncode == 2
    assert words in done.stderr
    assert not desk.session.exists()


def test_without_a_terminal_the_ways_to_give_the_pin_are_told(desk: Desk) -> None:
    done = desk.open()
    assert done.returncode == 2
    assert "--pin-file or --pin-fd" in done.stderr
    assert not desk.session.exists()
