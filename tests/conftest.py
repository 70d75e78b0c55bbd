"""The whole product, once for all tests of this folder: the demonstration's world after its main job."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.job import Job
from demo.report import Report
from demo.world import BUILD, World

from tests.houses.databases import new_world
from tests.softhsm import soft_token

#: Of the token that the server has for keys.
TOKEN_PIN = "654321"


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Job]:
    """The main job, done; its bank, host and databases are running, and the server has a token for keys."""
    token = soft_token(tmp_path_factory.mktemp("token") / "softhsm", "Sejf", TOKEN_PIN)
    with (
        pytest.MonkeyPatch.context() as patch,
        new_world("main-job", f"hsm={token.module}") as world,
    ):
        patch.setenv("SOFTHSM2_CONF", str(token.configuration))
        made = Job(world, Report(), dt.date.today())
        made.run()
        yield made


@pytest.fixture
def world(job: Job) -> World:
    """What runs."""
    return job.world


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of the web client are written."""
    return Path(os.environ.get("MBANK_SCREENSHOTS", str(BUILD / "tests" / "screenshots")))
