"""The whole product, once for all tests of this folder: the demonstration's world after its main job."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo.job import Job
from demo.report import Report
from demo.world import BUILD, World


@pytest.fixture(scope="session")
def job() -> Iterator[Job]:
    """The main job, done; its bank, host and databases are running."""
    with World(BUILD / "demo" / "test-run") as world:
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
