"""A workstation of the tests' own: settings, a language, tokens, a server and a bank."""

import importlib.util
import os
import secrets
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from companynet.signing.token_worker import worker_for
from companynet.testing import FakeClock, TestIdentity, make_identity
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import RunningBank, running_bank
from companynet_signer.opening import Opening
from companynet_signer.settings import ModuleSetting, Settings, SettingsStore

HERE = Path(__file__).parent
NOW = datetime(2025, 9, 1, 8, tzinfo=UTC)


def load(name: str, path: Path) -> ModuleType:
    """A helper module by its path."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


#: The authority, tokens and the proxy of the library's own tests.
LIBRARY_TESTS = HERE.parents[1] / "companynet" / "tests" / "signing"
helpers = load("companynet_signing_helpers", LIBRARY_TESTS / "conftest.py")
fake_server = load("companynet_signer_fake_server", HERE / "fake_server.py")


@pytest.fixture(autouse=True)
def _workstation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings of who runs it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / ".local" / "share"))
    for name in ("LANGUAGE", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="session")
def authority():
    return helpers.Authority.make()


@dataclass(frozen=True)
class Tokens:
    """Tokens in SoftHSM and the proxy in front of it."""

    module: str
    proxy: object
    configuration: Path


@pytest.fixture(scope="session")
def tokens(authority, tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    """Tokens named after what is on them, in a SoftHSM of their own.

    A copy of the library is another module to the system: tests of the library that run in the same process have
    their own tokens in the other.
    """
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    library = folder / "libsofthsm2.so"
    shutil.copyfile(helpers.softhsm_library(), library)
    environment = {**os.environ, "SOFTHSM2_CONF": str(configuration)}
    keys = {
        "RSA-2048": rsa.generate_private_key(65537, 2048),
        "P-256": ec.generate_private_key(ec.SECP256R1()),
        "at each": rsa.generate_private_key(65537, 2048),
        "hidden": ec.generate_private_key(ec.SECP256R1()),
    }
    for label in keys:
        command = f"softhsm2-util --init-token --free --label '{label}' --pin {helpers.PIN} --so-pin 12345678"
        subprocess.run(shlex.split(command), check=True, capture_output=True, env=environment)
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    try:
        for label, key in keys.items():
            worker_for(str(library)).run(lambda lib, label=label, key=key: helpers.put(lib, label, key, authority))
    finally:
        # The module has read it; what the others start later must not.
        if before is None:
            del os.environ["SOFTHSM2_CONF"]
        else:
            os.environ["SOFTHSM2_CONF"] = before
    proxy = helpers.proxy_library.__wrapped__(helpers.Tokens(str(library), folder))
    return Tokens(str(library), proxy, configuration)


@pytest.fixture
def proxy(tokens: Tokens):
    """The proxy, playing nothing yet, with no call noted."""
    tokens.proxy.play()
    tokens.proxy.calls_file.unlink(missing_ok=True)
    yield tokens.proxy
    tokens.proxy.play()


@pytest.fixture(scope="session")
def anna() -> TestIdentity:
    """A person with a key in a file."""
    return make_identity("Anna Próbna")


@pytest.fixture
def key_file(tmp_path: Path, anna: TestIdentity) -> Path:
    path = tmp_path / "anna.p12"
    path.write_bytes(anna.p12)
    return path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBank]:
    """The sandbox bank, in a process of its own."""
    with running_bank(tmp_path_factory.mktemp("bank")) as running:
        running.post("/clock", {"now": NOW.isoformat()})
        yield running


@pytest.fixture
def registered(bank: RunningBank):
    """Registers a certificate with the bank."""

    def register(der: bytes) -> None:
        pem = x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode("ascii")
        bank.post("/certificates", {"user": demo_data.USER_ALFA, "certificate_pem": pem})

    return register


@pytest.fixture
def server() -> Iterator[object]:
    """A server of the protocol that asks no bank."""
    with fake_server.running() as running:
        yield running


@pytest.fixture
def server_later():
    """A link to a server that is not there, its origin, and what starts the server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    origin, code = f"http://127.0.0.1:{port}", secrets.token_urlsafe(32)
    return fake_server.link(origin, code), origin, lambda: fake_server.running(port=port, code=code)


@pytest.fixture
def tls_server():
    """What starts a server with TLS."""
    return lambda context: fake_server.running(tls=context)


@pytest.fixture
def bank_server(bank: RunningBank) -> Iterator[object]:
    """A server of the protocol with the sandbox bank behind it."""
    with fake_server.running(fake_server.BankWork(bank.soap_url, NOW)) as running:
        yield running


@dataclass
class Workstation:
    """Settings and what opens links with them."""

    store: SettingsStore
    opening: Opening

    def trusts(self, server: object) -> None:
        self.store.change(lambda settings: Settings(**{**vars(settings), "servers": (server.origin,)}))

    def has(self, *, modules: tuple[str, ...] = (), files: tuple[Path, ...] = ()) -> None:
        self.store.change(
            lambda settings: Settings(
                **{
                    **vars(settings),
                    "modules": tuple(ModuleSetting(module) for module in modules),
                    "files": tuple(str(file) for file in files),
                }
            )
        )


@pytest.fixture
def workstation(clock: FakeClock) -> Workstation:
    store = SettingsStore()
    return Workstation(store, Opening(store, clock))
