"""The web client of the demonstration's world, for whoever logs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from demo import firms
from demo.job import Job

from tests.browser.webclient import LogIn, WebClient, web_client


@pytest.fixture
def log_in(job: Job, screenshots: Path) -> LogIn:
    """Logs a person of the first database in, in a browser of its own."""

    @contextmanager
    def enter(login: str) -> Iterator[WebClient]:
        with web_client(job.world.web_url, firms.ALFA.database, screenshots) as client:
            client.log_in(login, firms.PASSWORD)
            yield client

    return enter
