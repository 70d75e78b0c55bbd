"""A real forward proxy between the client and a bank behind TLS; only the profile chooses it."""

import base64
import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from companynet.client import CompanyNet
from companynet.errors import BankUnreachable, Outcome, ProfileError
from companynet.profile import BankProfile
from companynet.testing import ScriptedBank, soap

CREDENTIALS = "alfa:hasło-proxy"


class Proxy:
    """Joins the client with where it wants to go (CONNECT), if it may.

    Args:
        credentials: wanted; empty for none.
        refusal: the status line with which it refuses all; empty to serve.
        trickle: seconds between the bytes of its answer.
    """

    def __init__(self, credentials: str = "", refusal: str = "", trickle: float = 0.0) -> None:
        self.wanted = f"Basic {base64.b64encode(credentials.encode()).decode()}" if credentials else ""
        self._refusal, self._trickle = refusal, trickle
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.heads: list[str] = []
        self.passed = b""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._stop.set()
        with contextlib.suppress(OSError), socket.create_connection(self._listener.getsockname(), timeout=1):
            pass
        self._thread.join(5)
        self._listener.close()

    def _run(self) -> None:
        while True:
            client, _address = self._listener.accept()
            with client, contextlib.suppress(OSError):
                if self._stop.is_set():
                    return
                client.settimeout(5)
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (byte := client.recv(1)):
                return
            head += byte
        text = head.decode("latin-1")
        self.heads.append(text)
        method, target, _version = text.split("\r\n")[0].split(" ")
        answer = b"HTTP/1.1 200 Connection established\r\n\r\n"
        if self._refusal:
            answer = f"HTTP/1.1 {self._refusal}\r\nContent-Length: 0\r\n\r\n".encode()
        elif f"Proxy-Authorization: {self.wanted}\r\n" not in text and self.wanted:
            answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
        assert method == "CONNECT"
        for start in range(0, len(answer), 1 if self._trickle else len(answer)):
            client.sendall(answer[start : start + 1] if self._trickle else answer)
            self._stop.wait(self._trickle)
        if b" 200 " in answer:
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=5) as bank:
                self._join(client, bank)

    def _join(self, client: socket.socket, bank: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, bank], [], [], 5)
            for source in ready:
                data = source.recv(65536)
                if not data:
                    return
                self.passed += data
                (bank if source is client else client).sendall(data)


@pytest.fixture
def proxy() -> Iterator[Callable[..., Proxy]]:
    running: list[Proxy] = []

    def start(**values: Any) -> Proxy:
        running.append(Proxy(**values))
        return running[-1]

    yield start
    for item in running:
        item.close()


def ask(bank: Any, authority: Any, proxy_url: str, **values: object) -> str:
    settings: dict[str, object] = {"connect_timeout": 3.0, "read_timeout": 3.0} | values
    profile = BankProfile(endpoint=bank.url, ca_file=authority.root, proxy=proxy_url, **settings)  # type: ignore[arg-type]
    with CompanyNet(profile) as client:
        return client.sessions.login_challenge("10000001", "ALFA01")


def test_calls_go_through_the_proxy_which_reads_nothing(
    tls_bank: Callable[..., Any], authority: Any, proxy: Callable[..., Proxy]
) -> None:
    """TLS reaches through: the bank's certificate is checked, and the proxy sees only where it goes."""
    bank, between = tls_bank(), proxy()
    assert ask(bank, authority, between.url) == "podpisz"
    assert between.heads[0].startswith(f"CONNECT 127.0.0.1:{bank.port} ")
    assert len(bank.heads) == 1
    assert between.passed
    assert b"ALFA01" not in between.passed


def test_the_proxy_alone_gets_its_credentials(
    tls_bank: Callable[..., Any], authority: Any, proxy: Callable[..., Proxy], tmp_path: Path
) -> None:
    bank, between = tls_bank(), proxy(credentials=CREDENTIALS)
    file = tmp_path / "proxy-credentials"
    file.write_text(CREDENTIALS + "\n", encoding="utf-8")
    assert ask(bank, authority, between.url, proxy_credentials_file=file) == "podpisz"
    assert "Proxy-Authorization" in between.heads[0]
    assert "Proxy-Authorization" not in bank.heads[0]


@pytest.mark.parametrize("refusal", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"])
def test_a_proxy_that_refuses_sends_nothing(
    tls_bank: Callable[..., Any], authority: Any, proxy: Callable[..., Proxy], refusal: str
) -> None:
    bank, between = tls_bank(), proxy(refusal=refusal)
    with pytest.raises(BankUnreachable) as caught:
        ask(bank, authority, between.url)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert bank.connections == 0


def test_a_proxy_that_is_not_there_sends_nothing(tls_bank: Callable[..., Any], authority: Any) -> None:
    bank = tls_bank()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(BankUnreachable) as caught:
        ask(bank, authority, f"http://127.0.0.1:{port}")
    assert caught.value.outcome is Outcome.NOT_SENT
    assert bank.connections == 0


def test_a_proxy_that_trickles_ends_with_the_whole_call(
    tls_bank: Callable[..., Any], authority: Any, proxy: Callable[..., Proxy]
) -> None:
    bank, between = tls_bank(), proxy(trickle=0.3)
    begun = time.monotonic()
    with pytest.raises(BankUnreachable) as caught:
        ask(bank, authority, between.url, call_timeout=0.5)
    assert caught.value.outcome is Outcome.NOT_SENT
    # By its own end the proxy would have taken more than ten.
    assert time.monotonic() - begun < 8


def test_a_bank_without_tls_is_called_through_the_proxy_too(tmp_path: Path) -> None:
    """The proxy is the only one that can be reached: the name of the bank is nobody's."""
    file = tmp_path / "proxy-credentials"
    file.write_text("a:b", encoding="utf-8")
    with ScriptedBank(soap("initLoginWithSignature", "podpisz")) as between:
        profile = BankProfile(
            endpoint="http://bank.invalid/ws",
            proxy=between.url.partition("/ws")[0],
            proxy_credentials_file=file,
        )
        with CompanyNet(profile) as client:
            assert client.sessions.login_challenge("10000001", "ALFA01") == "podpisz"
    assert between.heads[0].startswith("POST http://bank.invalid/ws HTTP/1.1")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'a:b').decode()}" in between.heads[0]


@pytest.mark.parametrize("url", ["http://alfa:tajne@proxy.example:3128", "http://tajne@proxy.example"])
def test_credentials_in_the_url_of_a_proxy_are_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ProfileError, match="proxy_credentials_file") as caught:
        BankProfile(endpoint="https://bank.example/", proxy=url)
    assert "tajne" not in str(caught.value)


@pytest.mark.parametrize("url", ["proxy.example:3128", "socks5://proxy.example", "http://", "https://proxy.example"])
def test_what_is_no_http_proxy_is_a_profile_error(url: str) -> None:
    with pytest.raises(ProfileError, match="proxy is"):
        BankProfile(endpoint="https://bank.example/", proxy=url)


def test_missing_credentials_are_a_profile_error(tmp_path: Path) -> None:
    profile = BankProfile(
        endpoint="https://bank.example/", proxy="http://proxy.example", proxy_credentials_file=tmp_path / "absent"
    )
    with pytest.raises(ProfileError, match="absent"):
        CompanyNet(profile)
