"""The commands' promises: exit status, one object a line, one line about a failure."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from companynet.cli import main

GOLDEN = Path(__file__).parents[1] / "golden"
PROGRAM = "import sys; from companynet.cli import main; sys.exit(main())"
STATEMENT_KEYS = (
    "source format account currency number reference opening_balance closing_balance available_balance"
    " entries problems"
)
ENTRY_KEYS = (
    "value_date booking_date amount currency type code code_name customer_reference bank_reference"
    " counterparty_account counterparty_name remittance transaction_number virtual_account details raw"
)


def test_parse_prints_one_object_a_line_and_statement(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(GOLDEN / "mbank_day.sta")
    assert main(["statement", "parse", path, str(GOLDEN / "mbank_intraday.sta"), "--json"]) == 0
    output = capsys.readouterr()
    statements = [json.loads(line) for line in output.out.splitlines()]
    assert output.err == ""
    assert [item["format"] for item in statements] == ["MT940", "MT940", "MT942"]
    assert list(statements[0]) == STATEMENT_KEYS.split()
    assert list(statements[0]["entries"][0]) == ENTRY_KEYS.split()
    assert statements[0]["source"] == path
    assert statements[0]["entries"][1]["amount"] == "-1230.00"
    assert statements[0]["closing_balance"] == {"amount": "-58723.98", "date": "2026-01-02"}


def test_parse_exits_with_1_on_problems_and_2_on_unreadable_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    damaged = str(GOLDEN / "mbank_damaged.sta")
    assert main(["statement", "parse", damaged, "--json"]) == 1
    capsys.readouterr()
    bad = tmp_path / "bad.sta"
    bad.write_bytes(b"no statement\n")
    assert main(["statement", "parse", str(bad), damaged, str(tmp_path / "absent"), "--json"]) == 2
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 2
    first, second = output.err.splitlines()
    assert f"{bad}: line 1: " in first
    assert str(tmp_path / "absent") in second


@pytest.mark.parametrize("name", ["mbank_day", "mbank_damaged", "other_bank", "mbank_intraday"])
def test_the_table_shows_every_problem(capsys: pytest.CaptureFixture[str], name: str) -> None:
    status = main(["statement", "parse", str(GOLDEN / f"{name}.sta")])
    expected = json.loads((GOLDEN / f"{name}.expected.json").read_text(encoding="utf-8"))
    output = capsys.readouterr().out
    problems = sum(len(item["problems"]) for item in expected)
    assert output.count("PROBLEM") == problems
    assert status == (1 if problems else 0)


def test_the_installed_program_writes_utf_8_whatever_the_locale() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "statement", "parse", str(GOLDEN / "mbank_day.sta"), "--json"],
        capture_output=True,
        check=False,
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert "ŻÓŁĆ" in done.stdout.decode("utf-8")


def test_orders_are_written_and_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "orders.xml"
    assert main(["order", "write", str(GOLDEN / "orders.json"), "--format", "pain001", "--output", str(target)]) == 0
    assert target.read_bytes() == (GOLDEN / "orders.pain001.xml").read_bytes()
    assert main(["order", "check", str(target)]) == 0
    target.write_bytes(target.read_bytes().replace(b"1335.09", b"1335.08"))
    assert main(["order", "check", str(target)]) == 1
    assert "1335.08" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("PLN", "USD"), "currency"),
        (('"kind": "domestic"', '"kind": "elixir"'), "orders[0].kind"),
        (('"initiating_party"', '"initiator"'), "initiating_party"),
        (('"remittance"', '"title"'), "remittance"),
        (('"1230.00"', "1230.001"), "1230.001"),
        (('"1230.00"', "true"), "amount"),
        (('"1230.00"', '"1_230"'), "amount"),
        (("+01:00", ""), "time zone"),
        (('"orders": [', '"orders": '), "line"),
    ],
)
def test_wrong_orders_are_not_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    text = (GOLDEN / "orders.json").read_text(encoding="utf-8")
    assert change[0] in text
    source, target = tmp_path / "orders.json", tmp_path / "orders.xml"
    source.write_text(text.replace(*change), encoding="utf-8")
    assert main(["order", "write", str(source), "--format", "pain001", "--output", str(target)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert list(tmp_path.iterdir()) == [source]


def test_a_file_that_is_not_xml_cannot_be_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_bytes(b"<!DOCTYPE a><a/>")
    assert main(["order", "check", str(bad)]) == 2
    assert "DOCTYPE" in capsys.readouterr().err


def test_domestic_orders_are_written_for_the_file_import(tmp_path: Path) -> None:
    target = tmp_path / "orders.pli"
    write = ["order", "write", str(GOLDEN / "elixir.json"), "--format", "elixir", "--output", str(target)]
    assert main(write) == 0
    assert target.read_bytes() == (GOLDEN / "elixir.pli").read_bytes()
    assert main([*write, "--code-page", "iso-8859-2"]) == 0
    assert "Śrubek".encode("iso-8859-2") in target.read_bytes()


@pytest.mark.parametrize(
    ("source", "arguments", "words"),
    [
        ("orders.json", ["--format", "elixir"], "FV-4-2026: kind: 'sepa': ELIXIR-0 holds transfers in PLN"),
        ("elixir.json", ["--format", "elixir", "--code-page", "cp9999"], "'cp9999' is not known"),
        ("elixir.json", ["--format", "pain001", "--code-page", "cp1250"], "--code-page is of elixir"),
    ],
)
def test_what_elixir_does_not_hold_is_not_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, source: str, arguments: list[str], words: str
) -> None:
    target = tmp_path / "orders.pli"
    assert main(["order", "write", str(GOLDEN / source), *arguments, "--output", str(target)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command", ["session open", "session show", "session close", "statement fetch", "order send", "order status"]
)
def test_the_help_of_what_talks_to_the_bank_documents_the_exit_status(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert "Exit status: 0 done; 1 done, with something to look at; 2 not done; 3" in capsys.readouterr().out


def test_no_command_takes_a_secret_as_the_value_of_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments are seen by every user of the machine: secrets come by file, descriptor or terminal."""
    for option in ("--pin", "--password", "--token"):
        with pytest.raises(SystemExit) as ended:
            main(["session", "open", "--profile", "p", "--session", "s", "--dik", "1", "--user", "A", option, "x"])
        assert ended.value.code == 2
    capsys.readouterr()


def test_a_reader_that_goes_early_is_no_failure() -> None:
    """As with head: what was asked for was done, so neither a complaint nor another exit status."""
    command = [sys.executable, "-c", PROGRAM, "outcomes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.close()
        assert process.stderr
        complaint = process.stderr.read()
    assert (process.returncode, complaint) == (0, b"")


def test_output_that_cannot_be_written_is_a_failure() -> None:
    """A disk that is full must not pass for a done parse."""
    path = str(GOLDEN / "mbank_day.sta")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "statement", "parse", path],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"companynet: the output cannot be written: ")
    assert len(done.stderr.splitlines()) == 1


def test_an_interrupt_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("companynet.cli.program.run", interrupted)
    assert main(["outcomes"]) == 130
    assert capsys.readouterr().err == "\n"
