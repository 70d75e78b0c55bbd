"""The tutorial for integrators is true: its blocks run, in their order, and print what the page says.

A block's fence says what it is: ``sh``, ``python``, ``text`` for what the block before it prints. ``sh installs`` is
run where a copy of the two distributions lies, and its environment is kept in .build as long as these do not change;
``sh runs`` goes on until the end of the page. All Python of the page is one program.
"""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guide" / "integrator.md"
BUILD = ROOT / ".build" / f"tutorial{os.environ.get('PYTEST_XDIST_WORKER', '')}"
DISTRIBUTIONS = ("packages/companynet", "packages/companynet_sandbox")
#: Ports of the page, which may be taken on this machine.
PORTS = ("18080", "18081")

#: Runs blocks of one program: a line of JSON with the text in, one with what it printed out.
_INTERPRETER = """
import contextlib, io, json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    printed, failed = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(json.loads(line), "tutorial", "exec"), names)
        except BaseException:
            failed = traceback.format_exc()
    print(json.dumps([printed.getvalue(), failed]), flush=True)
"""


@dataclass
class Block:
    """A block of the page."""

    kind: str
    text: str
    line: int
    expected: str | None = None
    """What it prints; None if the page does not say."""


def blocks_of(page: str) -> list[Block]:
    """The blocks of a page that are run."""
    found: list[Block] = []
    for match in re.finditer(r"^```([^\n]+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        line = page.count("\n", 0, match.start()) + 1
        if match[1] == "text":
            found[-1].expected = match[2]
        else:
            found.append(Block(match[1], match[2], line))
    return found


def fits(expected: str, printed: str) -> bool:
    """Whether the print is what the page shows; ``…`` is anything, and blanks at the end do not count."""
    pattern = ".*".join(re.escape(part) for part in expected.rstrip().split("…"))
    return re.fullmatch(pattern, printed.rstrip(), re.DOTALL) is not None


def free_ports() -> list[str]:
    """Ports that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _port in PORTS]
    ports = [str(item.getsockname()[1]) for item in sockets]
    for item in sockets:
        item.close()
    return ports


def installed(block: Block) -> Path:
    """The folder of the commands that an installing block made; made anew if anything in it changed."""
    checkout = BUILD / "checkout"
    files = sorted(
        path
        for part in DISTRIBUTIONS
        for path in [ROOT / part / "pyproject.toml", *(ROOT / part / "src").rglob("*")]
        if path.is_file() and "__pycache__" not in path.parts and ".egg-info" not in path.parent.name
    )
    digest = hashlib.sha256(block.text.encode() + (ROOT / "constraints.txt").read_bytes())
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    stamp = BUILD / "stamp"
    if not stamp.is_file() or stamp.read_text() != digest.hexdigest():
        shutil.rmtree(BUILD, ignore_errors=True)
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", "tests")
        for part in DISTRIBUTIONS:
            shutil.copytree(ROOT / part, checkout / part, ignore=ignored)
        quiet = {"PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        shell(block, checkout, {**os.environ, **quiet})
        stamp.write_text(digest.hexdigest())
    return checkout / "venv" / "bin"


def shell(block: Block, folder: Path, environment: dict[str, str]) -> str:
    """What a block for the shell printed; it must end well."""
    command = ["bash", "-euo", "pipefail", "-c", block.text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"line {block.line}:\n{block.text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def interpreter(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A Python that runs one block after another."""
    with subprocess.Popen(
        ["python", "-c", _INTERPRETER], cwd=folder, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process
        assert process.stdin
        process.stdin.close()


def execute(process: subprocess.Popen[str], block: Block) -> str:
    """What a block of the program printed; it must end well."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(block.text) + "\n")
    process.stdin.flush()
    printed, failed = json.loads(process.stdout.readline())
    assert not failed, f"line {block.line}:\n{block.text}\n{failed}"
    return str(printed)


def test_the_page_runs_and_prints_what_it_says(tmp_path: Path) -> None:
    """From the installation to the end of the session, in an empty folder."""
    page = PAGE.read_text(encoding="utf-8")
    for port, free in zip(PORTS, free_ports(), strict=True):
        page = page.replace(port, free)
    install, *blocks = blocks_of(page)
    assert install.kind == "sh installs"
    commands = installed(install)
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    running: list[subprocess.Popen[str]] = []
    printed: list[tuple[Block, str]] = []
    with interpreter(tmp_path, environment) as program:
        try:
            for block in blocks:
                if block.kind == "sh runs":
                    running.append(
                        subprocess.Popen(
                            block.text.split(), cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
                        )
                    )
                    stream = running[-1].stdout
                    assert stream
                    printed.append((block, stream.readline()))
                elif block.kind == "sh":
                    printed.append((block, shell(block, tmp_path, environment)))
                else:
                    assert block.kind == "python", block.kind
                    printed.append((block, execute(program, block)))
        finally:
            for process in running:
                process.terminate()
                process.wait()
                assert process.stdout
                process.stdout.close()
    compared = [(block, text) for block, text in printed if block.expected is not None]
    assert len(compared) > 10
    for block, text in compared:
        assert fits(block.expected or "", text), (
            f"line {block.line} prints:\n{text}\nand the page says:\n{block.expected}"
        )


def test_another_print_does_not_fit() -> None:
    """The comparison finds a wrong figure, a missing line and one too many."""
    assert fits("a …\nb\n", "a 1 2\nb\n")
    for other in ("a 1\nc\n", "a 1\n", "a 1\nb\nb2\n", ""):
        assert not fits("a …\nb\n", other)
