"""The real bank as a target: asked only with settings in the environment, and for no more than they allow.

That is proven here on a sandbox bank that the suite takes for a real one.
"""

import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from companynet_sandbox import demo_data
from companynet_sandbox.testing import RunningBank, running_bank
from companynet_sandbox.testkit import make_identity
from tests.contract.conftest import REAL
from tests.contract.real_target import RealTarget, SettingsWrong, settings_of
from tests.contract.target import Ability

ROOT = Path(__file__).resolve().parents[2]
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


def run_suite(settings: dict[str, str]) -> Counter[str]:
    """The suite's tests for a real bank, in a process of their own; how many passed and so on."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {f"COMPANYNET_CONTRACT_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "tests/contract", "-k", "real-bank"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", done.stdout)}
    assert done.returncode == 0, done.stdout
    assert "pin-of-anna" not in done.stdout + done.stderr
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
    with pytest.raises(SettingsWrong, match=r"missing: COMPANYNET_CONTRACT_PROFILE, .*PIN_FILE"):
        RealTarget({"DIK": "1"})
    with pytest.raises(SettingsWrong, match=r"unknown: COMPANYNET_CONTRACT_ORDER$"):
        RealTarget(settings | {"ORDER": "yes"})
    with pytest.raises(SettingsWrong, match=r"missing for orders: .*ORDER_LIMIT"):
        RealTarget(settings | {"ORDERS": "yes"})
    assert Ability.ORDERS not in RealTarget(settings | {"ORDERS": "no", "ORDER_LIMIT": "1"}).abilities
