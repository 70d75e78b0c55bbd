"""The real bank as a target: asked only with settings in the environment, and for no more than they allow.

That is proven here on a sandbox bank that the suite takes for a real one.
"""

import contextlib
import datetime as dt
import json
import os
import pty
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from companynet.domain.session import Secret
from companynet.errors import TriesLeft, WrongPin
from companynet.signing_reasons import ReasonCode
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import RunningBank, make_identity, running_bank
from tests.contract import token_signer
from tests.contract.conftest import REAL
from tests.contract.real_target import RealTarget, SettingsWrong, settings_of
from tests.contract.target import Ability
from tests.softhsm import KEY_ID, OWNER, SoftToken, soft_token

ROOT = Path(__file__).resolve().parents[2]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist"]
READING = {
    "initLoginWithSignature", "loginWithSignature", "logout", "initCreateBackgroundSessionWithSignature",
    "createBackgroundSessionWithSignature", "finishBackgroundSession", "getMT940Ex", "checkGetMT940Result",
    "getStatus",
}  # fmt: skip


def test_a_real_bank_gives_a_challenge() -> None:
    """The first contact, and the one place that tells of an absent real bank."""
    if REAL is None:
        pytest.skip("no real bank: docs/guide/contract-suite.md says how one is named in the environment")
    with REAL.client() as client:
        assert client.sessions.login_challenge(REAL.dik, REAL.user)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[RunningBank]:
    with running_bank(tmp_path / "bank") as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, bank: RunningBank) -> dict[str, str]:
    """What a customer would put into the environment to read."""
    now = dt.datetime.now(dt.UTC)
    identity = make_identity("Jan Kowalski", now - dt.timedelta(days=9), now + dt.timedelta(days=9), "pin-of-anna")
    bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": identity.certificate_pem})
    (tmp_path / "anna.p12").write_bytes(identity.p12)
    (tmp_path / "pin").write_text("pin-of-anna\n", encoding="utf-8")
    profile = {"endpoint": bank.soap_url, "poll_interval": 0.02}
    (tmp_path / "profile.json").write_text(json.dumps(profile), encoding="utf-8")
    return {
        "PROFILE": str(tmp_path / "profile.json"),
        "DIK": f"{demo_data.DIK_ALFA},{demo_data.DIK_BETA}",
        "USER": demo_data.USER_ALFA,
        "P12": str(tmp_path / "anna.p12"),
        "PIN_FILE": str(tmp_path / "pin"),
    }


def suite_environment(settings: dict[str, str], token: SoftToken | None = None) -> dict[str, str]:
    """The environment of a process that runs the suite against a real bank."""
    before = os.environ if token is None else token.environment
    environment = {name: value for name, value in before.items() if not name.startswith("PYTEST_")}
    return environment | {f"COMPANYNET_CONTRACT_{name}": value for name, value in settings.items()}


def run_suite(
    settings: dict[str, str], token: SoftToken | None = None, tests: str = "tests/contract"
) -> Counter[str]:
    """The suite's tests for a real bank, in a process of their own; how many passed and so on."""
    done = subprocess.run(
        [*PYTEST, tests, "-k", "real-bank"],
        cwd=ROOT, env=suite_environment(settings, token), capture_output=True, text=True, check=False,
    )  # fmt: skip
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", done.stdout)}
    assert done.returncode == 0, done.stdout
    for pin in ("pin-of-anna", *([] if token is None else [token.pin])):
        assert pin not in done.stdout + done.stderr
    return Counter(counts)


def test_a_real_bank_is_only_read(bank: RunningBank, settings: dict[str, str]) -> None:
    """Without a further setting nothing is sent, confirmed or logged in by password; every session is ended."""
    counts = run_suite(settings)
    assert counts["passed"] >= 15
    assert counts.keys() == {"passed"}
    assert {call["operation"] for call in bank.get("/calls")} == READING
    assert bank.get("/orders") == []
    granted = {name for item in bank.get("/sessions") for names in item["permissions"].values() for name in names}
    assert granted == {"getMT940Ex", "checkGetMT940Result", "getStatus"}
    assert all(session["ended"] for session in bank.get("/sessions"))


def on_terminal(command: list[str], environment: dict[str, str], question: str, answer: str) -> tuple[int, str]:
    """Run a program on a terminal of its own and answer its one question; exit status, and all that was seen."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(ROOT)
        os.execve(command[0], command, environment)  # noqa: S606 -- our own program
    seen = b""
    answered = False
    # Linux says EIO when the other side is gone.
    with contextlib.suppress(OSError):
        while piece := os.read(terminal, 4096):
            seen += piece
            if not answered and question.encode() in seen:
                os.write(terminal, answer.encode() + b"\n")
                answered = True
    os.close(terminal)
    _pid, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), seen.decode("utf-8")


@pytest.fixture
def token(tmp_path: Path, bank: RunningBank) -> SoftToken:
    """A token whose certificate is registered with the bank."""
    made = soft_token(tmp_path / "softhsm", "Karta Jana", "314159")
    bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": made.certificate_pem})
    return made


@pytest.fixture
def on_token(tmp_path: Path, settings: dict[str, str], token: SoftToken) -> dict[str, str]:
    """The settings of a customer whose signature is on a token."""
    (tmp_path / "pin").write_text(f"{token.pin}\n", encoding="utf-8")
    named = {"PKCS11": token.module, "PKCS11_TOKEN": token.label, "PKCS11_KEY": KEY_ID}
    return {name: value for name, value in settings.items() if name != "P12"} | named


def test_the_signature_may_be_on_a_token(bank: RunningBank, on_token: dict[str, str], token: SoftToken) -> None:
    """The suite's sessions with a PKCS#11 module: the token signs each text, and its PIN is shown nowhere."""
    counts = run_suite(on_token, token, "tests/contract/test_sessions.py")
    assert counts.keys() == {"passed"}
    assert counts["passed"] >= 5
    made = bank.get("/sessions")
    assert made
    assert all(OWNER in session["certificate"] for session in made)
    assert all(session["ended"] for session in made)


def test_a_pin_is_asked_for_on_the_terminal(on_token: dict[str, str], token: SoftToken) -> None:
    """Without a file the one who runs the suite is asked once, without echo."""
    settings = {name: value for name, value in on_token.items() if name != "PIN_FILE"}
    status, seen = on_terminal(
        [*PYTEST, "tests/contract/test_real_target.py::test_a_real_bank_gives_a_challenge"],
        suite_environment(settings, token),
        "PIN of Karta Jana: ",
        token.pin,
    )
    assert status == 0, seen
    assert "1 passed" in seen
    assert token.pin not in seen
    without = subprocess.run(
        [*PYTEST, "tests/contract/test_real_target.py::test_a_real_bank_gives_a_challenge"],
        cwd=ROOT, env=suite_environment(settings, token), capture_output=True, text=True, check=False,
        start_new_session=True,
    )  # fmt: skip
    assert without.returncode != 0
    assert "there is no terminal to ask for the PIN on" in without.stdout + without.stderr


def test_a_wrong_pin_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token locks after three: whatever tests are still to come, it is not asked again."""
    asked = []

    class Refusing:
        def __init__(self, identity: object) -> None:
            self.identity = identity

        def unlocked(self, pin: Secret, *, signatures: int) -> None:
            asked.append((pin, signatures))
            raise WrongPin("the PIN is wrong", reason_code=ReasonCode.PIN_WRONG, place="x", tries_left=TriesLeft.LOW)

    monkeypatch.setattr(token_signer, "Pkcs11Signer", Refusing)
    signer = token_signer.TokenSigner(None, Secret("1"))
    for _test in range(4):
        with pytest.raises(WrongPin):
            signer.sign_detached(b"text")
    assert asked == [(Secret("1"), 1)]


def test_orders_stay_within_their_limit(bank: RunningBank, settings: dict[str, str]) -> None:
    """All orders of a run together, and none of them is authorised."""
    allowed = settings | {
        "ORDERS": "yes",
        "CONFIRM": "yes",
        "ORDER_FROM": demo_data.ALFA_PLN,
        "ORDER_TO": demo_data.BETA_PLN,
        "ORDER_TO_NAME": "Beta Handel S.A.",
        "ORDER_LIMIT": "0.10",
    }
    run_suite(allowed)
    orders = [order for group in bank.get("/orders") for order in group["orders"]]
    assert orders
    assert sum(Decimal(order["amount"]) for order in orders) <= Decimal("0.10")
    assert {order["status"] for order in orders} == {"TO_AUTH"}
    assert all(session["ended"] for session in bank.get("/sessions"))
    with pytest.raises(ValueError, match=r"0\.02 PLN is more than what is left of the limit, 0\.01 PLN"):
        RealTarget(allowed | {"ORDER_LIMIT": "0.01"}).order_file("limit", "0.01", "0.01")


def test_what_is_missing_or_wrong_is_named(settings: dict[str, str]) -> None:
    assert settings_of({"HOME": "x", "COMPANYNET_CONTRACT_DIK": "1"}) == {"DIK": "1"}
    with pytest.raises(SettingsWrong, match=r"missing: COMPANYNET_CONTRACT_PROFILE, .*P12 or .*PKCS11$"):
        RealTarget({"DIK": "1"})
    with pytest.raises(SettingsWrong, match=r"unknown: COMPANYNET_CONTRACT_ORDER$"):
        RealTarget(settings | {"ORDER": "yes"})
    with pytest.raises(SettingsWrong, match=r"missing for orders: .*ORDER_LIMIT"):
        RealTarget(settings | {"ORDERS": "yes"})
    with pytest.raises(SettingsWrong, match="P12 is a file: it goes with no setting of a token"):
        RealTarget(settings | {"PKCS11_TOKEN": "Anna"})
    on_token = {name: value for name, value in settings.items() if name not in {"P12", "PIN_FILE"}}
    with pytest.raises(SettingsWrong, match="PKCS11_SLOT is no number"):
        RealTarget(on_token | {"PKCS11": "module.so", "PKCS11_SLOT": "first"})
    assert Ability.ORDERS not in RealTarget(settings | {"ORDERS": "no", "ORDER_LIMIT": "1"}).abilities
