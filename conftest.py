"""Of every test run: a skipped test is a failure, unless it waits for the real bank; Tryton's databases are kept."""

import os

import pytest
from tests.tryton_tools import choose_cache, quicken

REAL_BANK = "real bank"

choose_cache(os.environ)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Without ``--proof`` the tests that repeat a rule at further points are left out."""
    parser.addoption("--proof", action="store_true", help="run the long tests too, those marked `proof`")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "proof: repeats a rule at further points; runs with --proof, `make proof`")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for the proof."""
    quicken()
    if config.getoption("--proof"):
        return
    left_out = [item for item in items if item.get_closest_marker("proof")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("proof")]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the run if a test was skipped for any reason but the real bank."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if REAL_BANK not in str(report.longrepr)]
    if skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} tests were skipped: a skip is a failure here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
