"""The bank must show a certificate under the roots of the profile before it is told anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from companynet.client import CompanyNet
from companynet.errors import BankUnreachable, Outcome
from companynet.profile import BankProfile


def ask(bank: Any, ca_file: Path | None) -> str:
    with CompanyNet(BankProfile(endpoint=bank.url, ca_file=ca_file, connect_timeout=20, read_timeout=20)) as client:
        return client.sessions.login_challenge("10000001", "ALFA01")


def test_a_bank_under_the_roots_of_the_profile_is_called(tls_bank: Callable[..., Any], authority: Any) -> None:
    bank = tls_bank()
    assert ask(bank, authority.root) == "podpisz"
    assert len(bank.heads) == 1


@pytest.mark.parametrize(
    ("settings", "trusted", "words"),
    [
        ({}, False, "unable to get local issuer certificate"),
        ({"address": "127.0.0.2"}, True, "IP address mismatch"),
        ({"hours": -1}, True, "certificate has expired"),
    ],
    ids=["another root", "another address", "ran out"],
)
def test_a_bank_that_cannot_show_who_it_is_is_told_nothing(
    tls_bank: Callable[..., Any], authority: Any, settings: dict[str, object], trusted: bool, words: str
) -> None:
    bank = tls_bank(**settings)
    with pytest.raises(BankUnreachable, match=words) as caught:
        ask(bank, authority.root if trusted else None)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert bank.heads == []


def test_the_roots_of_the_profile_are_the_only_ones(
    tls_bank: Callable[..., Any], authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Roots named in the environment are not trusted beside them."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.root))
    bank = tls_bank()
    with pytest.raises(BankUnreachable, match="issuer"):
        ask(bank, None)
    assert bank.heads == []
