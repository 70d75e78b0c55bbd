"""The command ``companynet-sandbox``, run as users run it."""

import datetime as dt
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from companynet_sandbox.books.file import FILE_NAME
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import Identity, RunningBank, running_bank
from companynet_sandbox.testing.client import Caller, Customer, Fault

COMMAND = Path(sys.executable).with_name("companynet-sandbox")
SMALL = ("--accounts", "2", "--entries", "20", "--days", "2", "--seed", "5")


def run(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [str(COMMAND), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **more)


def done(*arguments: object) -> str:
    """Run it and expect that it works and says nothing against it; its output."""
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return result.stdout


def refused(*arguments: object) -> str:
    """Run it and expect that it declines with one line and nothing on its output; the line."""
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (1, ""), result.stderr
    assert re.fullmatch(r"companynet-sandbox: [^\n]+\n", result.stderr)
    return result.stderr


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """Books with the demonstration's customers."""
    done("init", "--dir", tmp_path / "books", "--demo")
    return tmp_path / "books"


def test_init_makes_books_once(tmp_path: Path) -> None:
    """Without --demo they are empty; books that are there stay as they are, unless told otherwise."""
    books = tmp_path / "new" / "books"
    done("init", "--dir", books)
    assert json.loads(done("status", "--dir", books, "--json"))["customers"] == 0
    before = (books / FILE_NAME).read_bytes()
    assert f"{books / FILE_NAME}: books are here already" in refused("init", "--dir", books, "--demo")
    assert (books / FILE_NAME).read_bytes() == before
    done("init", "--dir", books, "--demo", "--force")
    assert json.loads(done("status", "--dir", books, "--json"))["customers"] == 3


def test_force_takes_no_books_from_a_running_bank(tmp_path: Path) -> None:
    """The bank goes on with them."""
    with running_bank(tmp_path) as bank:
        before = bank.get("/directory")
        assert "a bank is running on these books" in refused("init", "--dir", tmp_path, "--force")
        bank.post("/incoming", {"account": demo_data.ALFA_PLN, "amount": "1.00", "debtor_name": "A"})
        assert bank.get("/directory") == before
        assert len(bank.get("/entries")) == 1


def test_force_removes_nothing_but_books(tmp_path: Path) -> None:
    """A file that is something else stays."""
    (tmp_path / FILE_NAME).write_text("a poem, not a database, and long enough to be looked at" * 40)
    assert "is no file of books" in refused("init", "--dir", tmp_path, "--force")
    assert (tmp_path / FILE_NAME).read_text().startswith("a poem")
    assert "cannot be read as books" in refused("status", "--dir", tmp_path)


def test_serve_tells_its_addresses_and_ends_when_told(demo: Path) -> None:
    """One line of JSON; SIGTERM ends it with status 0."""
    process = subprocess.Popen([COMMAND, "serve", "--dir", demo], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process.stdout:
        told = json.loads(process.stdout.readline())
        assert told["soap"].startswith("http://127.0.0.1:")
        assert told["control"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        assert process.stdout.read() == ""


@pytest.mark.parametrize("option", ["--port", "--control-port"])
def test_serve_names_a_port_that_is_taken(demo: Path, option: str) -> None:
    """Which of the two, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"{option} {port}: 127.0.0.1 port {port} cannot be used" in refused(
            "serve", "--dir", demo, option, port
        )


@pytest.mark.parametrize(
    "command",
    [
        ("serve",),
        ("status",),
        ("password", "--user", "A"),
        ("generate", *SMALL),
    ],
)
def test_missing_books_are_named_with_the_way_to_make_them(tmp_path: Path, command: tuple[str, ...]) -> None:
    """In every command that needs books."""
    line = refused(*command, "--dir", tmp_path)
    assert f"{tmp_path / FILE_NAME}: no books here" in line
    assert "companynet-sandbox init" in line


def test_a_registered_certificate_signs(demo: Path, identity: Identity) -> None:
    """Registered in the books while no bank runs, it is good for a session when one does; PEM and DER alike."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = demo.parent / "jan.pem"
    pem.write_text(identity.certificate_pem)
    der = demo.parent / "jan.der"
    der.write_bytes(x509.load_pem_x509_certificate(pem.read_bytes()).public_bytes(Encoding.DER))
    told = done("register", "--dir", demo, "--user", demo_data.USER_ALFA, "--certificate", pem)
    made = json.loads(done("register", "--dir", demo, "--user", demo_data.USER_ALFA, "--certificate", der, "--json"))
    assert told.split()[0] == made["sha256"]
    with running_bank(demo) as bank:
        Customer(bank, identity, "haslo-p12").open_session()
        assert len(bank.get("/sessions")) == 1


def test_register_names_what_is_wrong(demo: Path, identity: Identity) -> None:
    """The file that cannot be read, the file that is none, the user that is not known beside those that are."""
    good, bad = demo.parent / "good.pem", demo.parent / "bad.pem"
    good.write_text(identity.certificate_pem)
    bad.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    absent = demo.parent / "absent.pem"
    command = ("register", "--dir", demo, "--user", demo_data.USER_ALFA, "--certificate")
    assert f"--certificate {absent}: cannot be read (No such file or directory)" in refused(*command, absent)
    assert f"--certificate {bad}: is no certificate in PEM or DER" in refused(*command, bad)
    line = refused("register", "--dir", demo, "--user", "GHOST", "--certificate", good)
    assert "--user GHOST: not known; there are ALFA01, BETA01" in line
    assert json.loads(done("status", "--dir", demo, "--json"))["certificates"] == 0


def log_in(bank: RunningBank, password: str) -> None:
    """Log in with a one-time password."""
    body = f"<m:userLogin>{demo_data.USER_ALFA}</m:userLogin><m:token>{password}</m:token>"
    Caller(bank).call("login", body, dik=demo_data.DIK_ALFA)


def test_a_password_is_good_once_even_while_the_bank_runs(demo: Path) -> None:
    """And only as its digest is it kept in the books."""
    with running_bank(demo) as bank:
        password = done("password", "--dir", demo, "--user", demo_data.USER_ALFA).strip()
        other = json.loads(done("password", "--dir", demo, "--user", demo_data.USER_ALFA, "--json"))["password"]
        assert password != other
        log_in(bank, password)
        with pytest.raises(Fault, match="LOGIN_REFUSED"):
            log_in(bank, password)
        log_in(bank, other)
    assert password.encode() not in (demo / FILE_NAME).read_bytes()


def test_status_for_people_and_for_programs(demo: Path) -> None:
    """The same figures; the time with the zone's name."""
    done("generate", "--dir", demo, *SMALL)
    figures = json.loads(done("status", "--dir", demo, "--json"))
    assert (figures["customers"], figures["accounts"], figures["entries"]) == (4, 6, 80)
    assert (figures["first_day"], figures["last_day"], figures["orders"]) == ("2026-01-05", "2026-01-06", {})
    text = done("status", "--dir", demo)
    assert "entries    80, 2026-01-05 to 2026-01-06\n" in text
    assert re.search(r"time       \d{4}-\d\d-\d\d \d\d:\d\d:\d\d Europe/Warsaw, the real time\n", text)


def test_generate_twice_with_one_seed_is_refused_and_keeps_the_files(demo: Path) -> None:
    """The truth of the first time is not overwritten."""
    truth = demo.parent / "truth.jsonl"
    done("generate", "--dir", demo, *SMALL, "--truth", truth)
    before = truth.read_bytes()
    assert "customer 30000005 is in these books already" in refused(
        "generate", "--dir", demo, *SMALL, "--truth", truth
    )
    assert truth.read_bytes() == before


def test_a_file_that_cannot_be_written_leaves_no_customer(demo: Path) -> None:
    """It is named, and the same command works with another."""
    line = refused("generate", "--dir", demo, *SMALL, "--truth", demo / "nowhere" / "t.jsonl")
    assert f"{demo / 'nowhere' / 't.jsonl'}: No such file or directory" in line
    done("generate", "--dir", demo, *SMALL, "--truth", demo / "t.jsonl")


def test_generate_notes_days_to_come(demo: Path) -> None:
    """Statements of days that are not over are not given out: that is said."""
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    result = run("generate", "--dir", demo, *SMALL, "--first-day", day, "--json")
    assert result.returncode == 0
    assert "are not given out yet" in result.stderr
    assert json.loads(result.stdout)["entries"] == 80


def test_an_interrupted_generation_keeps_whole_days_of_accounts(demo: Path) -> None:
    """Ctrl+C ends it with the shell's status for that; what is in the books is told, and is whole."""
    plan = ("--accounts", "50", "--entries", "30", "--days", "1000", "--seed", "1")
    # What runs in the background of a shell has Ctrl+C switched off.
    command = ["env", "--default-signal=INT", COMMAND, "generate", "--dir", demo, *plan]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while json.loads(done("status", "--dir", demo, "--json"))["entries"] == 0:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (130, "")
    figures = json.loads(done("status", "--dir", demo, "--json"))
    assert errors == f"companynet-sandbox: stopped; {figures['entries']:,} entries are in the books\n"
    assert figures["entries"] % 30 == 0


def test_progress_is_for_terminals(demo: Path) -> None:
    """On a terminal the count and the rate appear; the output stays one line."""
    terminal, other_end = pty.openpty()
    command = [COMMAND, "generate", "--dir", demo, *SMALL]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=other_end, check=True, timeout=60)
    os.close(other_end)
    seen = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert re.search(r"of 80 entries, [\d,]+/s", seen)
    assert result.stdout.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("serve", "--port", "70000"), "must be a whole number from 0 to 65535, is '70000'"),
        (("generate", *SMALL[:-1], "x"), "must be a whole number from 0 to 9999999, is 'x'"),
        (("generate", *SMALL, "--first-day", "5.1.2026"), "must be a day YYYY-MM-DD, is '5.1.2026'"),
        (("status", "--jason"), "unrecognized arguments: --jason"),
        ((), "required: COMMAND"),
    ],
)
def test_wrong_options_are_named(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    """Status 2, and the value that was wrong."""
    result = run(*arguments, *(("--dir", tmp_path) if arguments else ()))
    assert result.returncode == 2
    assert reason in result.stderr


@pytest.mark.parametrize("command", ["", "init", "serve", "generate", "register", "password", "status"])
def test_help_shows_an_example(command: str) -> None:
    """Of the command itself."""
    assert f"companynet-sandbox {command}" in done(*command.split(), "--help").partition("example")[2]
