"""`list` and `sign` with keys on tokens."""

import subprocess
from pathlib import Path

import pytest

from companynet.testing import FakeClock
from companynet_signer.cli import main

PIN = "314159"


class Desk:
    """A folder with a PIN and a text."""

    def __init__(self, folder: Path, clock: FakeClock) -> None:
        self.folder = folder
        self.clock = clock
        self.pin = folder / "pin"
        self.pin.write_text(PIN)
        self.pin.chmod(0o600)
        self.text = folder / "text.txt"
        self.text.write_text("Sesja długotrwała", encoding="utf-8")

    def run(self, *words: object) -> int:
        return main([str(word) for word in words], clock=self.clock)

    def signed(self) -> bool:
        (self.folder / "content").write_bytes("Sesja długotrwała".encode("utf-16-le"))
        command = "openssl cms -verify -binary -noverify -inform DER -in text.txt.p7s -content content"
        return subprocess.run(command.split(), cwd=self.folder, capture_output=True, check=False).returncode == 0


@pytest.fixture
def desk(tmp_path, clock) -> Desk:
    return Desk(tmp_path, clock)


def blocks(text: str) -> list[dict[str, str]]:
    return [
        dict((part.strip() for part in line.split(":", 1)) for line in block.splitlines())
        for block in text.strip().split("\n\n")
    ]


def test_list_shows_what_the_module_shows_without_a_pin(desk, proxy, capsys) -> None:
    assert desk.run("list", "--pkcs11", proxy.module) == 0
    shown = capsys.readouterr()
    by_place = {block["where"]: block for block in blocks(shown.out)}
    assert by_place.keys() == {"card “RSA-2048”", "card “P-256”", "card “at each”"}
    assert by_place["card “P-256”"]["key"] == "EC 256"
    assert by_place["card “P-256”"]["qualified"] == "yes, by its own word, on a qualified device"
    assert by_place["card “P-256”"]["usable"] == "yes"
    assert "card “hidden”: shows no certificates without its PIN" in shown.err
    assert proxy.calls == ""


def test_list_speaks_polish(desk, tokens, capsys, monkeypatch) -> None:
    monkeypatch.setenv("LC_ALL", "pl_PL.UTF-8")
    assert desk.run("list", "--pkcs11", tokens.module) == 0
    assert "kwalifik.:  tak, według niego samego" in capsys.readouterr().out


def test_list_without_options_looks_in_the_settings(desk, tokens, capsys, key_file) -> None:
    assert desk.run("list") == 1
    assert "no file with a key was found" in capsys.readouterr().err
    assert desk.run("settings", "--add-module", tokens.module, "--add-file", key_file) == 0
    capsys.readouterr()
    assert desk.run("list") == 0
    shown = capsys.readouterr().out
    assert "card “P-256”" in shown
    assert f"file {key_file}: (shown after the password)" in shown


def test_list_shows_a_card_that_hides_its_certificates_after_its_pin(desk, tokens, capsys) -> None:
    assert desk.run("list", "--pkcs11", tokens.module, "--token", "hidden", "--pin-file", desk.pin) == 0
    (block,) = blocks(capsys.readouterr().out)
    assert block["subject"] == "serialNumber=PNOPL-44051401359,CN=Anna hidden,C=PL"


def test_list_of_a_broken_module_is_a_sentence(desk, tmp_path, capsys) -> None:
    (tmp_path / "broken.so").write_bytes(b"no library")
    assert desk.run("list", "--pkcs11", tmp_path / "broken.so") == 1
    assert "broken.so: The card's driver cannot be loaded" in capsys.readouterr().err


def test_sign_with_the_certificate_named(desk, proxy, capsys) -> None:
    desk.run("list", "--pkcs11", proxy.module)
    sha256 = next(b["sha256"] for b in blocks(capsys.readouterr().out) if b["where"] == "card “P-256”")
    words = ("sign", "--pkcs11", proxy.module, "--pin-file", desk.pin, "--text", desk.text)
    assert desk.run(*words, "--identity", sha256[:12].upper()) == 0
    assert "signed by Anna P-256" in capsys.readouterr().out
    assert desk.signed()
    assert proxy.calls == "LSO"


def test_sign_with_the_only_certificate_of_a_card(desk, tokens) -> None:
    for label in ("RSA-2048", "hidden"):
        words = ("sign", "--pkcs11", tokens.module, "--token", label, "--pin-file", desk.pin, "--text", desk.text)
        assert desk.run(*words) == 0
        assert desk.signed()
        (desk.folder / "text.txt.p7s").unlink()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "Several certificates fit"),
        (("--identity", "00"), "no certificate here"),
        (("--token", "absent"), "no card “absent”"),
        (("--token", "P-256"), "locked"),
    ],
)
def test_what_cannot_sign_is_a_sentence_and_no_pin_is_used(desk, proxy, capsys, more, says) -> None:
    proxy.play("locked")
    words = ("sign", "--pkcs11", proxy.module, "--pin-file", desk.pin, "--text", desk.text)
    assert desk.run(*words, *more) == 1
    assert says in capsys.readouterr().err
    assert proxy.calls == ""
    assert not (desk.folder / "text.txt.p7s").exists()


def test_sign_warns_and_tries_a_wrong_pin_once(desk, proxy, capsys) -> None:
    desk.pin.write_text("271828")
    proxy.play("last")
    words = ("sign", "--pkcs11", proxy.module, "--token", "P-256", "--pin-file", desk.pin, "--text", desk.text)
    assert desk.run(*words) == 1
    shown = capsys.readouterr().err
    assert "this is the last try" in shown
    assert "one more wrong PIN locks the card" in shown
    assert proxy.calls == "L"


def test_an_unusable_certificate_that_is_named_is_told_why(desk, tokens, capsys) -> None:
    desk.run("list", "--pkcs11", tokens.module)
    sha256 = blocks(capsys.readouterr().out)[0]["sha256"]
    desk.clock.advance(600 * 24 * 3600)
    words = ("sign", "--pkcs11", tokens.module, "--pin-file", desk.pin, "--text", desk.text)
    assert desk.run(*words, "--identity", sha256) == 1
    assert "expired at 2027-01-01" in capsys.readouterr().err
