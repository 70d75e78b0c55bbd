"""Links of the scheme start the command: registered in a home of the tests' own, opened by the desktop's tools."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from companynet_signer import commands, scheme
from companynet_signer.cli import main

LINK = "mbanksign://sign?v=1&server=https%3A%2F%2Ferp.example&database=alfa&code=x%20y&quote=%22%24%60"


@pytest.fixture
def recorder(tmp_path: Path) -> Path:
    """A program that writes down its arguments."""
    script = tmp_path / "recorder.py"
    seen = tmp_path / "seen"
    script.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\n"
        f"pathlib.Path({str(seen)!r}).write_text(json.dumps(sys.argv[1:]))\n"
    )
    script.chmod(0o700)
    return script


def test_xdg_open_starts_the_command_with_the_link(tmp_path, recorder) -> None:
    """As a browser does, on a system without a desktop of its own; no shell sees the link."""
    scheme.register([str(recorder), "open"], terminal=False)
    environment = {**os.environ, "DISPLAY": ":0", "XDG_CURRENT_DESKTOP": "X-Generic", "BROWSER": "false"}
    subprocess.run(["xdg-open", LINK], check=True, env=environment, timeout=60, capture_output=True)
    assert json.loads((tmp_path / "seen").read_text()) == ["open", LINK]


def test_every_argument_is_quoted_as_the_specification_says() -> None:
    """Read back by its two rules: the value's escapes, then the quotes of Exec."""
    command = ["/opt/a b/sign", '"$HOME"', "`x`", "100%", "back\\slash", "żółw", "plain-1.0"]
    text = scheme.desktop_file(command, terminal=False)
    value = next(line for line in text.splitlines() if line.startswith("Exec=")).removeprefix("Exec=")
    found = re.findall(r'"((?:\\.|[^"\\])*)"|(\S+)', value.replace("\\\\", "\\"))
    words = [re.sub(r"\\(.)", r"\1", quoted) or plain for quoted, plain in found]
    assert [word.replace("%%", "%") for word in words[:-1]] == command
    assert words[-1] == "%u"


def test_the_desktop_entry_is_right_for_the_validator() -> None:
    path = Path(scheme.register(scheme.own_command(terminal=False), terminal=False))
    subprocess.run(["desktop-file-validate", str(path)], check=True)
    assert path == Path.home() / ".local/share/applications/companynet-signer.desktop"


def test_the_command_registers_and_takes_back(capsys) -> None:
    """What others registered stays."""
    lists = Path.home() / ".config" / "mimeapps.list"
    lists.parent.mkdir(parents=True)
    lists.write_text("[Default Applications]\ntext/html=firefox.desktop\n")
    query = ["xdg-mime", "query", "default", "x-scheme-handler/mbanksign"]
    assert main(["register"]) == 0
    assert subprocess.run(query, capture_output=True, text=True, check=True).stdout == "companynet-signer.desktop\n"
    assert main(["register"]) == 0
    assert main(["unregister"]) == 0
    assert subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip() == ""
    assert lists.read_text() == "[Default Applications]\ntext/html=firefox.desktop\n"
    assert not list((Path.home() / ".local/share/applications").glob("*.desktop"))
    assert main(["unregister"]) == 0
    assert "mbanksign" in capsys.readouterr().out


def test_what_is_registered_starts_this_program(server) -> None:
    """The command of the entry, run as it stands there, is the signer and takes the link."""
    main(["register"])
    entry = (Path.home() / ".local/share/applications/companynet-signer.desktop").read_text()
    line = next(line for line in entry.splitlines() if line.startswith("Exec="))
    words = [word if word != "%u" else "mbanksign://sign?v=1" for word in shlex.split(line.removeprefix("Exec="))]
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [*words[:-1], "--terminal", words[-1]],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "unknown, missing or repeated parameters" in done.stdout


def test_without_the_desktops_tool_it_says_what_is_missing(monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["register"]) == 1
    assert "xdg-utils" in capsys.readouterr().err


def test_without_tk_links_open_a_terminal(monkeypatch) -> None:
    monkeypatch.setattr(commands, "_has_tk", lambda: False)
    assert main(["register"]) == 0
    entry = (Path.home() / ".local/share/applications/companynet-signer.desktop").read_text()
    assert "Terminal=true\n" in entry
    assert " open --terminal %u\n" in entry


def test_a_wrong_command_line_does_not_repeat_the_code(capsys) -> None:
    """argparse complains with what it did not understand."""
    with pytest.raises(SystemExit):
        main(["open", "--terminal", "x", "mbanksign://sign?code=geheim"])
    assert "geheim" not in capsys.readouterr().err
