"""Rules of every test run: a skipped test is a failure, unless it waits for the real bank."""

import pytest

REAL_BANK = "real bank"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the run if a test was skipped for any reason but the real bank."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = [
        report for report in reporter.stats.get("skipped", []) if REAL_BANK not in str(report.longrepr)
    ]
    if skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"{len(skipped)} tests were skipped: a skip is a failure here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
