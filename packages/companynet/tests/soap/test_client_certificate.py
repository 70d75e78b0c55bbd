"""A bank that wants to know who connects: client certificates by file, over real TLS."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from companynet.client import CompanyNet
from companynet.errors import AnswerLost, BankError, BankUnreachable, Outcome, ProfileError
from companynet.profile import BankProfile

PASSWORD = "hasło-do-klucza"
VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])

REFUSED_BY_TLS = {
    ssl.TLSVersion.TLSv1_2: (BankUnreachable, Outcome.NOT_SENT),
    ssl.TLSVersion.TLSv1_3: (AnswerLost, Outcome.UNKNOWN),
}


def ask(profile: BankProfile) -> str:
    with CompanyNet(profile) as client:
        return client.sessions.login_challenge("10000001", "ALFA01")


def profile_of(bank: Any, authority: Any, **values: object) -> BankProfile:
    settings: dict[str, object] = {"endpoint": bank.url, "ca_file": authority.root, "connect_timeout": 3.0} | values
    return BankProfile(**settings, read_timeout=20.0)  # type: ignore[arg-type]


@VERSIONS
def test_the_bank_sees_the_certificate_of_the_profile(
    tls_bank: Callable[..., Any], authority: Any, version: ssl.TLSVersion
) -> None:
    bank = tls_bank(clients=authority.root, version=version)
    certificate, key = authority.issue("Alfa")
    assert ask(profile_of(bank, authority, client_certificate=certificate, client_key=key)) == "podpisz"
    assert bank.callers == ["Alfa"]


def test_key_and_certificate_may_be_one_file(tls_bank: Callable[..., Any], authority: Any, tmp_path: Path) -> None:
    bank = tls_bank(clients=authority.root)
    certificate, key = authority.issue("Alfa")
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    assert ask(profile_of(bank, authority, client_certificate=both)) == "podpisz"


@VERSIONS
def test_without_a_certificate_the_bank_is_told_nothing(
    tls_bank: Callable[..., Any], authority: Any, version: ssl.TLSVersion
) -> None:
    """In TLS 1.3 the refusal comes after the request went out: then it is not said that it never left."""
    bank = tls_bank(clients=authority.root, version=version)
    with pytest.raises(BankError) as caught:
        ask(profile_of(bank, authority))
    assert (type(caught.value), caught.value.outcome) == REFUSED_BY_TLS[version]
    assert bank.heads == []


@VERSIONS
def test_a_certificate_of_another_authority_is_told_nothing(
    tls_bank: Callable[..., Any], authority: Any, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    bank = tls_bank(clients=authority.root, version=version)
    (tmp_path / "other").mkdir()
    other = type(authority)(tmp_path / "other", "Inny CA")
    certificate, key = other.issue("Alfa")
    with pytest.raises(BankError, match="certificate") as caught:
        ask(profile_of(bank, authority, client_certificate=certificate, client_key=key))
    assert (type(caught.value), caught.value.outcome) == REFUSED_BY_TLS[version]
    assert bank.heads == []


def test_the_password_of_the_key_is_in_a_file(tls_bank: Callable[..., Any], authority: Any, tmp_path: Path) -> None:
    bank = tls_bank(clients=authority.root)
    certificate, key = authority.issue("Alfa", password=PASSWORD)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    profile = profile_of(
        bank, authority, client_certificate=certificate, client_key=key, client_key_password_file=secret
    )
    assert ask(profile) == "podpisz"
    assert PASSWORD not in repr(profile)


@pytest.mark.parametrize(
    ("password", "words"), [("inne", "client.key"), ("", "client.key"), (None, "password: No such file")]
)
def test_a_key_that_does_not_open_is_a_profile_error_without_the_password(
    authority: Any, tmp_path: Path, password: str | None, words: str
) -> None:
    certificate, key = authority.issue("client", password=PASSWORD)
    secret = tmp_path / "password"
    if password is not None:
        secret.write_text(password, encoding="utf-8")
    profile = BankProfile(
        endpoint="https://127.0.0.1:1/",
        client_certificate=certificate,
        client_key=key,
        client_key_password_file=secret,
    )
    with pytest.raises(ProfileError) as caught:
        CompanyNet(profile)
    assert words in str(caught.value)
    assert not password or f"{password} " not in str(caught.value)
    assert caught.value.__context__ is None


def test_files_that_cannot_be_used_are_profile_errors(authority: Any, tmp_path: Path) -> None:
    certificate, key = authority.issue("client")
    _other, other_key = authority.issue("another")
    absent, empty = tmp_path / "absent.pem", tmp_path / "empty.pem"
    empty.write_text("")
    cases: list[dict[str, object]] = [
        {"ca_file": absent},
        {"ca_file": empty},
        {"client_certificate": absent},
        {"client_certificate": certificate, "client_key": absent},
        {"client_certificate": certificate, "client_key": other_key},
        {"client_certificate": certificate},
        {"client_key": key},
    ]
    for values in cases:
        with pytest.raises(ProfileError):
            CompanyNet(BankProfile(endpoint="https://127.0.0.1:1/", **values))  # type: ignore[arg-type]
