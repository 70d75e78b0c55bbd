"""The tree keeps no path of a machine, no registry host, no file without a place."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Written in two parts, so that this file does not name what it forbids.
FORBIDDEN = re.compile(
    "|".join(("index-" + "url", "find-" + "links", '"resol' + 'ved": *"http', "/wo" + "rk/[a-z.]"))
)


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_registry_host_and_no_machine_path() -> None:
    found = []
    for path in tracked():
        if path.suffix in {".png", ".svg", ".zip", ".p12"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in FORBIDDEN.findall(text)]
    assert not found


def test_every_constraint_is_pinned() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line), line


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_path_of_the_map_is_there(page: str) -> None:
    """A map that names what is gone leads nowhere: each path in code marks, and each link, is a file or a folder."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:packages|modules|tests|demo|docs)(?:/[\w.]+)*)/?`", text)
    links = re.findall(r"\]\(([^)#]+)\)", text)
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()]
    assert missing == []
    assert named
