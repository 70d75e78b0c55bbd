"""Tries the one-folder build: from another folder, without this checkout's Python, with a token and a screen.

``python packages/companynet_signer/packaging/try_folder.py FOLDER/companynet-signer``; needs SoftHSM, Xvfb, xdotool
and OpenSSL. Exit status 0 if all of it works.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from cryptography.hazmat.primitives.asymmetric import ec

from companynet.signing.token_worker import worker_for

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "packages" / "companynet_signer" / "tests"
LIBRARY_TESTS = ROOT / "packages" / "companynet" / "tests" / "signing"
TEXT = "Sesja długotrwała"


def main() -> None:
    """Try it."""
    with tempfile.TemporaryDirectory(prefix="signer ") as name:
        folder = Path(name)
        # A blank in its path, and nothing of the place it was built in.
        program = shutil.copytree(sys.argv[1], folder / "put elsewhere") / "companynet-signer"
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "SOFTHSM2_CONF": str(folder / "softhsm2.conf"),
        }
        library = make_token(folder)

        def run(*words: object) -> str:
            command = [str(word) for word in (program, *words)]
            started = time.monotonic()
            done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            print(f"{words[0]}: {time.monotonic() - started:.2f} s")
            return done.stdout

        assert "Anna P-256" in run("list", "--pkcs11", library)
        sign_and_verify(run, folder, library)
        run("register")
        entry = (folder / ".local/share/applications/companynet-signer.desktop").read_text()
        assert f'Exec="{program}" open %u' in entry, entry
        open_window(program, environment, folder)
    print("the folder works")


def make_token(folder: Path) -> str:
    """A token with one key and its certificate; the module's path."""
    helpers = load(LIBRARY_TESTS / "conftest.py")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = f"softhsm2-util --init-token --free --label P-256 --pin {helpers.PIN} --so-pin 12345678"
    subprocess.run(command.split(), check=True, capture_output=True)
    (folder / "pin").write_text(helpers.PIN)
    (folder / "pin").chmod(0o600)
    authority, key = helpers.Authority.make(), ec.generate_private_key(ec.SECP256R1())
    library: str = helpers.softhsm_library()
    worker_for(library).run(lambda module: helpers.put(module, "P-256", key, authority))
    return library


def sign_and_verify(run, folder: Path, library: str) -> None:  # type: ignore[no-untyped-def]
    """A signature by the folder's program, judged by OpenSSL."""
    (folder / "text").write_text(TEXT, encoding="utf-8")
    (folder / "content").write_bytes(TEXT.encode("utf-16-le"))
    run("sign", "--pkcs11", library, "--pin-file", folder / "pin", "--text", folder / "text")
    verify = "openssl cms -verify -binary -noverify -inform DER -in text.p7s -content content"
    subprocess.run(verify.split(), cwd=folder, check=True, capture_output=True)


def open_window(program: Path, environment: dict[str, str], folder: Path) -> None:
    """The window comes up and goes with Escape; a link that is not right is told in it, exit status 1."""
    screen = load(TESTS / "screen.py")
    with screen.xvfb(folder / "xvfb.log") as display:
        started = time.monotonic()
        process = subprocess.Popen([program, "open", "mbanksign://x"], env={**environment, "DISPLAY": display})
        screen.press(display, "search", "--sync", "--onlyvisible", "--name", "Signature for mBank")
        print(f"window: {time.monotonic() - started:.2f} s")
        time.sleep(0.5)
        screen.press(display, "key", "Escape")
        assert process.wait(timeout=20) == 1


def load(path: Path) -> ModuleType:
    """A helper of the tests."""
    spec = importlib.util.spec_from_file_location(f"helper_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
