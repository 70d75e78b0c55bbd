"""Signatures as the bank takes them, judged by OpenSSL and by ourselves."""

import base64
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from companynet.domain.session import Secret
from companynet.errors import (
    CertificateUnusable,
    DriverError,
    ProfileError,
    SigningError,
    TokenAbsent,
    UnusableReason,
    WrongPin,
)
from companynet.profile import BankProfile
from companynet.signing import (
    CertificateInfo,
    CmsSigner,
    Pkcs12Signer,
    check_signature,
    file_identity,
    read_certificate,
    read_signature,
    signature_for_bank,
    signature_text,
)
from companynet.testing import FakeClock, TestIdentity, make_identity

PROFILE = BankProfile(endpoint="http://127.0.0.1:1/")
NOW = datetime(2025, 9, 1, tzinfo=UTC)
TEXT = "Logowanie użytkownika ALFA01, żądanie nr 4711 — podpisz"
ANNA = make_identity("Anna Próbna")
EWA = make_identity("Ewa Krzywa", kind="ec")
IDENTITIES = pytest.mark.parametrize("identity", [ANNA, EWA], ids=["RSA", "EC"])


def load(identity: TestIdentity) -> Pkcs12Signer:
    return Pkcs12Signer.load(identity.p12, Secret(identity.password))


def openssl(
    folder: Path, identity: TestIdentity, signature: bytes, content: bytes
) -> "subprocess.CompletedProcess[bytes]":
    (folder / "signer.pem").write_text(identity.certificate_pem, encoding="ascii")
    (folder / "signature.der").write_bytes(signature)
    (folder / "content").write_bytes(content)
    command = (
        "openssl cms -verify -binary -inform DER -in signature.der -content content -CAfile signer.pem -purpose any"
    )
    return subprocess.run([*command.split(), "-no_check_time"], cwd=folder, capture_output=True, check=False)


@IDENTITIES
def test_openssl_takes_the_signature_over_the_utf16_bytes(tmp_path: Path, identity: TestIdentity) -> None:
    signature = base64.b64decode(signature_for_bank(load(identity), TEXT, PROFILE, clock=FakeClock()), validate=True)
    done = openssl(tmp_path, identity, signature, TEXT.encode("utf-16-le"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == TEXT.encode("utf-16-le")


@IDENTITIES
def test_nobody_takes_it_over_another_text(tmp_path: Path, identity: TestIdentity) -> None:
    """One letter, or another encoding of the same text, is another text."""
    signature = load(identity).sign_detached(TEXT.encode("utf-16-le"))
    for other in (TEXT.replace("4711", "4712").encode("utf-16-le"), TEXT.encode("utf-8"), b""):
        assert openssl(tmp_path, identity, signature, other).returncode != 0
        with pytest.raises(SigningError, match="another text"):
            check_signature(signature, other)


@IDENTITIES
def test_an_altered_signature_is_refused(identity: TestIdentity) -> None:
    """Each changed byte near the end lies in the signature value."""
    content = TEXT.encode("utf-16-le")
    signature = bytearray(load(identity).sign_detached(content))
    assert check_signature(bytes(signature), content) == identity.certificate_der
    signature[-3] ^= 0x01
    with pytest.raises(SigningError):
        check_signature(bytes(signature), content)


def test_a_signature_by_another_is_refused() -> None:
    other = make_identity("Anna Próbna")
    signature = load(other).sign_detached(b"x")
    with pytest.raises(SigningError, match="another certificate"):
        check_signature(signature, b"x", load(ANNA).certificate)


def test_a_signature_that_carries_its_text_is_refused(tmp_path: Path) -> None:
    """A person's own program may make one; the bank wants it detached."""
    key, certificate, _ = pkcs12.load_key_and_certificates(ANNA.p12, ANNA.password.encode())
    assert key is not None
    assert certificate is not None
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "signer.pem").write_text(ANNA.certificate_pem, encoding="ascii")
    (tmp_path / "text").write_bytes(b"text")
    base = "openssl cms -sign -binary -in text -signer signer.pem -inkey key.pem -outform DER"
    for more, problem in (
        ("-nodetach", "detached"),
        ("-nocerts", "certificate is not in it"),
        ("-md sha512", "sha512"),
    ):
        made = subprocess.run([*base.split(), *more.split()], cwd=tmp_path, capture_output=True, check=True).stdout
        with pytest.raises(SigningError, match=problem):
            check_signature(made, b"text")
    made = subprocess.run([*base.split(), "-md", "sha256"], cwd=tmp_path, capture_output=True, check=True).stdout
    assert check_signature(made, b"text") == ANNA.certificate_der


class LyingKey:
    """A token that answers, and answers wrong."""

    signature_length = 256

    def sign_raw(self, data: bytes, digest: str) -> bytes:  # noqa: ARG002 -- the protocol's
        return b"\x01" * 256


def test_a_wrong_signature_never_leaves() -> None:
    signer = CmsSigner(LyingKey(), read_certificate(ANNA.certificate_der))
    with pytest.raises(SigningError, match="does not fit"):
        signature_for_bank(signer, TEXT, PROFILE, clock=FakeClock())


def test_the_form_follows_the_profile() -> None:
    signature = load(ANNA).sign_detached(b"x")
    line = signature_text(signature, PROFILE)
    assert "\n" not in line
    assert "-" not in line
    assert base64.b64decode(line, validate=True) == signature
    footer = BankProfile(endpoint="x", signature_footer=True)
    assert signature_text(signature, footer) == line + "-----END PKCS7-----"
    whole = signature_text(signature, BankProfile(endpoint="x", signature_line=False))
    assert whole.startswith("-----BEGIN PKCS7-----\n")
    assert max(map(len, whole.splitlines())) == 64
    assert {read_signature(form) for form in (signature, line.encode(), whole.encode())} == {signature}


@pytest.mark.parametrize("data", [b"", b"\x30\x03", b"AAAA", b"not a signature!", b"-----BEGIN PKCS7-----\n"])
def test_a_file_that_is_no_signature_is_refused(data: bytes) -> None:
    with pytest.raises(SigningError):
        read_signature(data)
    with pytest.raises(SigningError):
        check_signature(data, b"x")


@pytest.mark.parametrize("encoding", ["utf-61", "ascii"])
def test_an_encoding_that_does_not_fit_is_a_profile_error(encoding: str) -> None:
    with pytest.raises(ProfileError, match=encoding):
        signature_for_bank(
            load(ANNA), TEXT, BankProfile(endpoint="x", challenge_encoding=encoding), clock=FakeClock()
        )


class CountingSigner:
    """Tells how often it was asked to sign."""

    def __init__(self, identity: TestIdentity) -> None:
        self._signer = load(identity)
        self.certificate: CertificateInfo = self._signer.certificate
        self.asked = 0

    def sign_detached(self, content: bytes) -> bytes:
        self.asked += 1
        return self._signer.sign_detached(content)


@pytest.mark.parametrize(
    ("identity", "now", "reason"),
    [
        (ANNA, datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC), "valid only from 2025-01-01 00:00 UTC"),
        (ANNA, datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC), "expired at 2027-01-01 00:00 UTC"),
        (
            make_identity("Serwer", non_repudiation=False),
            datetime(2025, 9, 1, tzinfo=UTC),
            "not for binding signatures",
        ),
        (
            make_identity("Pieczęć", non_repudiation=False, digital_signature=True),
            datetime(2025, 9, 1, tzinfo=UTC),
            "no nonRepudiation",
        ),
    ],
    ids=["before", "after", "no usage", "digitalSignature alone"],
)
def test_a_certificate_that_cannot_sign_is_not_asked_to(identity: TestIdentity, now: datetime, reason: str) -> None:
    signer = CountingSigner(identity)
    with pytest.raises(CertificateUnusable, match=reason):
        signature_for_bank(signer, TEXT, PROFILE, clock=FakeClock(now))
    assert signer.asked == 0


@pytest.mark.parametrize("now", [datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)])
def test_the_first_and_last_moment_count(now: datetime) -> None:
    assert signature_for_bank(load(ANNA), TEXT, PROFILE, clock=FakeClock(now))


def test_what_a_certificate_says() -> None:
    info = read_certificate(ANNA.certificate_pem.encode())
    assert info == read_certificate(ANNA.certificate_der) == load(ANNA).certificate
    assert info.common_name == "Anna Próbna"
    assert info.subject == info.issuer == "CN=Anna Próbna,C=PL"
    loaded = x509.load_der_x509_certificate(ANNA.certificate_der)
    assert int(info.serial_hex, 16) == loaded.serial_number
    assert (info.valid_from, info.valid_to) == (datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert (info.qualified, info.non_repudiation, info.digital_signature) == (True, True, False)


@pytest.mark.parametrize("data", [b"", b"x", ANNA.certificate_der[:200], b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(DriverError):
        read_certificate(data)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_a_damaged_certificate_is_a_driver_error_wherever_the_damage_is() -> None:
    """Each single bit of it turned over: it is read, or refused in our words, so that it hides no other."""
    refused = 0
    for bit in range(8 * len(ANNA.certificate_der)):
        damaged = bytearray(ANNA.certificate_der)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            read_certificate(bytes(damaged))
        except DriverError:
            refused += 1
    assert refused > 1000


@pytest.mark.parametrize("password", ["", "złe", "tajne-hasło "])
def test_a_wrong_password_is_a_wrong_pin(password: str) -> None:
    with pytest.raises(WrongPin) as caught:
        Pkcs12Signer.load(ANNA.p12, Secret(password))
    assert caught.value.__context__ is None
    if password:
        assert password not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"no store", ANNA.p12[:-1], ANNA.p12[:100], ANNA.p12 + b"x", ANNA.certificate_der, b"\x30\x80" + ANNA.p12],
    ids=["empty", "text", "cut at the end", "cut early", "too long", "a certificate", "shifted"],
)
def test_a_damaged_file_is_a_driver_error(data: bytes) -> None:
    """Cut or foreign files are told from a wrong password: nobody should try PINs on them."""
    with pytest.raises(DriverError):
        Pkcs12Signer.load(data, Secret(ANNA.password))


def test_a_file_without_a_key_is_a_driver_error() -> None:
    certificate = x509.load_der_x509_certificate(ANNA.certificate_der)
    data = pkcs12.serialize_key_and_certificates(b"x", None, None, [certificate], BestAvailableEncryption(b"p"))
    with pytest.raises(DriverError, match="no private key"):
        Pkcs12Signer.load(data, Secret("p"))


def test_the_key_shows_itself_nowhere() -> None:
    signer = load(ANNA)
    assert repr(signer) == "Pkcs12Signer('Anna Próbna')"
    assert ANNA.password not in repr(vars(signer))


def test_a_file_is_an_identity_too(tmp_path: Path) -> None:
    """With the same words as a key on a token, and with the reasons of files."""
    path = tmp_path / "anna.p12"
    path.write_bytes(ANNA.p12)
    identity = file_identity(path, Secret(ANNA.password), datetime(2027, 2, 1, tzinfo=UTC))
    assert identity.place == path
    assert identity.certificate == load(ANNA).certificate
    assert identity.unusable is not None
    assert identity.unusable.reason is UnusableReason.EXPIRED
    with pytest.raises(WrongPin) as caught:
        file_identity(path, Secret("x"), NOW)
    assert caught.value.tries_left is None
    with pytest.raises(TokenAbsent):
        file_identity(tmp_path / "none.p12", Secret("x"), NOW)
    with pytest.raises(DriverError):
        file_identity(tmp_path, Secret("x"), NOW)
