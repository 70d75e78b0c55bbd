"""The targets: the sandbox always, a real bank if the environment names one.

A test is made for those targets alone that have what it needs, so that no test is ever skipped for a target; the
absence of a real bank is told by the one skip of ``test_real_target.py``.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from companynet.client import CompanyNet
from companynet.domain.session import BackgroundSession
from companynet_sandbox.testing import running_bank
from tests.contract.real_target import RealTarget, settings_of
from tests.contract.sandbox_target import SandboxTarget
from tests.contract.target import Ability, Target

SETTINGS = settings_of(os.environ)
REAL = RealTarget(SETTINGS) if SETTINGS else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make each test for the targets that have what it needs."""
    if "target" not in metafunc.fixturenames:
        return
    needed = getattr(metafunc.function, "abilities_needed", frozenset())
    names = [SandboxTarget.name] if needed <= frozenset(Ability) else []
    if REAL is not None and needed <= frozenset(REAL.abilities):
        names.append(REAL.name)
    metafunc.parametrize("target", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The bank of the test."""
    if request.param == RealTarget.name:
        assert REAL is not None
        yield REAL
        return
    with running_bank(Path(tmp_path_factory.mktemp("contract"))) as bank:
        yield SandboxTarget(bank)


@pytest.fixture(scope="session")
def shared(target: Target) -> Iterator[BackgroundSession]:
    """A session for all DIKs of the target, for tests that only use it; ended at the end."""
    with target.client() as client:
        session = client.sessions.open(
            target.dik, target.user, target.asking(*target.diks), target.signer, keep=[].append
        )
        try:
            yield session
        finally:
            client.sessions.finish(session.token)


@pytest.fixture
def bank(target: Target) -> Iterator[CompanyNet]:
    """A client of the target."""
    with target.client() as client:
        yield client
