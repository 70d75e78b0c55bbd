"""The signer's command, run whole: files in, files and sentences out."""

import base64
import getpass
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from companynet.testing import FakeClock, make_identity
from companynet_signer.cli import main

ANNA = make_identity("Anna Próbna")
TEXT = "Sesja długotrwała\r\nDIK 10000001\n"


class Desk:
    """A folder with a key, its PIN and a text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "anna.p12"
        self.key.write_bytes(ANNA.p12)
        self.pin = folder / "pin"
        self.pin.write_text(ANNA.password + "\n", encoding="utf-8")
        self.pin.chmod(0o600)
        self.text = folder / "text.txt"
        self.text.write_bytes(TEXT.encode("utf-8"))
        self.clock = FakeClock()

    def run(self, *words: object) -> int:
        return main([str(word) for word in words], clock=self.clock)

    def verify(self, signature: Path, content: bytes) -> bool:
        (self.folder / "signer.pem").write_text(ANNA.certificate_pem, encoding="ascii")
        (self.folder / "content").write_bytes(content)
        command = [
            "openssl",
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            str(signature),
            "-content",
            "content",
        ]
        more = ["-CAfile", "signer.pem", "-purpose", "any", "-no_check_time"]
        done = subprocess.run([*command, *more], cwd=self.folder, capture_output=True, check=False)
        return done.returncode == 0


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_list_shows_whose_certificate_it_is(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("list", "--pkcs12", desk.key, "--pin-file", desk.pin) == 0
    shown = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    assert shown["subject"].strip() == "CN=Anna Próbna,C=PL"
    assert shown["valid"].strip() == "2025-01-01 00:00 to 2027-01-01 00:00 UTC"
    assert shown["qualified"].strip().startswith("yes")
    assert shown["usable"].strip() == "yes"
    assert {"issuer", "serial", "sha256"} <= shown.keys()


def test_list_says_why_a_certificate_cannot_be_used(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.clock = FakeClock(datetime(2028, 1, 1, tzinfo=UTC))
    assert desk.run("list", "--pkcs12", desk.key, "--pin-file", desk.pin) == 1
    assert "usable:     no: the certificate expired at 2027-01-01" in capsys.readouterr().out
    assert desk.run("sign", "--pkcs12", desk.key, "--pin-file", desk.pin, "--text", desk.text) == 1
    assert "expired" in capsys.readouterr().err
    assert not (desk.folder / "text.txt.p7s").exists()


def test_a_text_is_signed_as_utf16_to_the_last_byte(desk: Desk) -> None:
    """Line ends and blanks are part of the text."""
    assert desk.run("sign", "--pkcs12", desk.key, "--pin-file", desk.pin, "--text", desk.text) == 0
    signature = desk.folder / "text.txt.p7s"
    assert desk.verify(signature, TEXT.encode("utf-16-le"))
    assert not desk.verify(signature, TEXT.encode("utf-8"))
    assert not desk.verify(signature, TEXT.replace("\r\n", "\n").encode("utf-16-le"))


def test_bytes_are_signed_as_they_are(desk: Desk) -> None:
    output = desk.folder / "out"
    assert (
        desk.run("sign", "--pkcs12", desk.key, "--pin-file", desk.pin, "--bytes", desk.text, "--output", output) == 0
    )
    assert desk.verify(output, TEXT.encode("utf-8"))


def test_the_line_the_bank_takes(desk: Desk) -> None:
    output = desk.folder / "line"
    words = ("sign", "--pkcs12", desk.key, "--pin-file", desk.pin, "--text", desk.text, "--output", output)
    assert desk.run(*words, "--form", "line") == 0
    der = desk.folder / "der"
    der.write_bytes(base64.b64decode(output.read_bytes(), validate=True))
    assert desk.verify(der, TEXT.encode("utf-16-le"))


def test_the_pin_is_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return ANNA.password

    monkeypatch.setattr(getpass, "getpass", answer)
    assert desk.run("list", "--pkcs12", desk.key) == 0
    assert asked == ["PIN of anna.p12: "]


def wrong_pin(desk: Desk) -> None:
    desk.pin.write_text("1234-wrong", encoding="utf-8")


def open_pin(desk: Desk) -> None:
    desk.pin.chmod(0o644)


def damaged(desk: Desk) -> None:
    desk.key.write_bytes(ANNA.p12[:-5])


def absent(desk: Desk) -> None:
    desk.key.unlink()


def no_text(desk: Desk) -> None:
    desk.text.write_bytes("żółw".encode("iso-8859-2"))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (wrong_pin, "password of the PKCS#12 file is wrong"),
        (open_pin, "chmod 600"),
        (damaged, "damaged"),
        (absent, "There is no file"),
        (no_text, "no UTF-8 text"),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_status_1(
    desk: Desk, capsys: pytest.CaptureFixture[str], harm: Callable[[Desk], None], says: str
) -> None:
    harm(desk)
    assert desk.run("sign", "--pkcs12", desk.key, "--pin-file", desk.pin, "--text", desk.text) == 1
    shown = capsys.readouterr()
    assert says in shown.err
    assert len(shown.err.splitlines()) == 1
    assert ANNA.password not in shown.err + shown.out
    assert "1234-wrong" not in shown.err + shown.out
    assert not (desk.folder / "text.txt.p7s").exists()


def test_no_pin_given_is_declined(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", end)
    assert desk.run("list", "--pkcs12", desk.key) == 1
    assert "no PIN was given" in capsys.readouterr().err


def test_a_wrong_command_line_is_status_2(desk: Desk) -> None:
    with pytest.raises(SystemExit) as caught:
        desk.run("sign", "--pkcs12", desk.key)
    assert caught.value.code == 2
