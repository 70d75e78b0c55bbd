"""Heavy libraries are loaded when they are needed: what starts does not wait for them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = ROOT / "packages" / "companynet" / "tests" / "golden" / "mbank_day.sta"
COMMAND = "from companynet.cli import main; main({})"
SIGNER = "from companynet_signer.cli import main; main({})"

#: At its end a program says on its error stream what it loaded.
TOLD = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"

WITHOUT_BANK = ("zeep", "requests", "pkcs11", "asn1crypto", "pyhanko", "pyhanko_certvalidator")
WITHOUT_SIGNATURE = ("pyhanko", "pyhanko_certvalidator")


def test_what_signs_is_loaded_for_who_will_sign_soon() -> None:
    """It is there before the PIN is typed, not loaded after it."""
    code = TOLD + "from companynet.signing import load_signing; load_signing()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pyhanko" in done.stderr.splitlines()[-1].split()


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        (COMMAND.format(["--help"]), WITHOUT_BANK),
        (COMMAND.format(["statement", "parse", str(STATEMENT)]), WITHOUT_BANK),
        ("import companynet.client", WITHOUT_SIGNATURE),
        ("import companynet.signing", WITHOUT_SIGNATURE),
        (SIGNER.format(["list", "--help"]), WITHOUT_SIGNATURE),
        ("import companynet_signer.window", WITHOUT_SIGNATURE),
        ("from trytond.modules import register_classes; register_classes()", WITHOUT_SIGNATURE),
    ],
)
def test_what_starts_does_not_load_what_it_does_not_need(code: str, heavy: tuple[str, ...]) -> None:
    """A bank's client, a driver of tokens and a maker of signatures are loaded by the first who needs them."""
    done = subprocess.run([sys.executable, "-c", TOLD + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = done.stderr.splitlines()[-1].split()
    assert "sys" in loaded
    assert not set(heavy) & set(loaded)
