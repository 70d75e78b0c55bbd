"""The main job goes through the product once: the demonstration checks each step by reading it back."""

from demo.job import Job


def test_every_step_of_the_main_job_is_verified(job: Job) -> None:
    """The steps raise if what is read back differs; here only their number is left to see."""
    assert job.report.steps >= 13


def test_no_secret_is_in_a_log(job: Job) -> None:
    """Neither the PIN nor a password of the demonstration stands in any log."""
    from demo import firms
    from demo.job import PIN

    logs = list(job.world.directory.glob("*.log"))
    assert logs
    for log in logs:
        text = log.read_text(errors="replace")
        assert firms.PASSWORD not in text, log
        assert f'"{PIN}"' not in text and f"'{PIN}'" not in text, log
