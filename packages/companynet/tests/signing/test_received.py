"""Signatures made with another program: OpenSSL's here, in every form vendors' programs write."""

import base64
import io
import random
import zipfile
from datetime import UTC, datetime

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from companynet.errors import CertificateUnusable, SigningError, UnusableReason
from companynet.profile import BankProfile
from companynet.signing import check_signature, read_certificate, receive_signature, signature_text
from companynet.signing.policy import Requirement, SigningPolicy
from companynet.signing_reasons import ReasonCode
from companynet.testing import FakeClock
from companynet_sandbox.access import cms as sandbox_cms

PROFILE = BankProfile(endpoint="http://127.0.0.1:1/")
TEXT = "Sesja długotrwała: użytkownik ALFA01\nDIK 12345678, do 2026-01-01"
CONTENT = TEXT.encode("utf-16-le")
NOW = datetime(2025, 9, 1, tzinfo=UTC)


def receive(
    data: bytes, text: str, profile: BankProfile, certificate=None, *, now: datetime = NOW, **options
) -> bytes:
    received = receive_signature(data, text, profile, certificate, clock=FakeClock(now), **options)
    assert check_signature(received.der, text.encode(profile.challenge_encoding)) == received.certificate.der
    return received.der


FORMS = {
    "DER": lambda der: der,
    "PEM CMS": lambda der: pem(der, "CMS"),
    "PEM PKCS7": lambda der: pem(der, "PKCS7"),
    "PEM CERTIFICATE": lambda der: pem(der, "CERTIFICATE"),
    "PEM with CRLF": lambda der: pem(der, "PKCS7").replace(b"\n", b"\r\n"),
    "PEM with notes before": lambda der: b"signed by: Anna\r\n\r\n" + pem(der, "CMS"),
    "PEM with a BOM": lambda der: b"\xef\xbb\xbf" + pem(der, "PKCS7"),
    "base64 on one line": base64.b64encode,
    "base64 on one line with a footer": lambda der: base64.b64encode(der) + b"-----END PKCS7-----",
    "base64 on many lines": base64.encodebytes,
    "base64 with CRLF and a BOM": lambda der: b"\xef\xbb\xbf" + base64.encodebytes(der).replace(b"\n", b"\r\n"),
    "base64 in UTF-16": lambda der: base64.b64encode(der).decode().encode("utf-16"),
    "base64 with blanks around": lambda der: b" \r\n" + base64.b64encode(der) + b"\r\n\r\n",
}


def pem(der: bytes, label: str) -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) + f"-----END {label}-----\n".encode()


@pytest.mark.parametrize("options", ["", "-nodetach", "-cades", "-stream", "-nodetach -stream"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_detached_signature(person, form, options) -> None:
    """Detached or with the text inside, definite or streamed: what comes out is detached DER, and right."""
    made = person.openssl_sign(CONTENT, f"-md sha256 -outform DER {options}")
    signature = receive(FORMS[form](made), TEXT, PROFILE, read_certificate(person.certificate))
    assert check_signature(signature, CONTENT) == person.certificate
    whole = cms.ContentInfo.load(signature, strict=True)
    assert whole["content"]["encap_content_info"]["content"].native is None
    assert signature[1] != 0x80
    assert CONTENT not in signature
    signed = sandbox_cms.read_signature(signature_text(signature, PROFILE))
    signed.verify()
    assert signed.text_among([TEXT]) == TEXT


def test_a_detached_stream_becomes_der(person) -> None:
    """Lengths that are not told (BER) are met in detached signatures too."""
    made = person.openssl_sign(CONTENT, "-md sha256 -outform DER")
    contents = cms.ContentInfo.load(made).contents
    assert receive(b"\x30\x80" + contents + b"\0\0", TEXT, PROFILE) == made


SAVED = {
    "as UTF-8;": TEXT.encode(),
    "as UTF-8 with a byte-order mark;": b"\xef\xbb\xbf" + TEXT.encode(),
    "as UTF-16-LE with a byte-order mark;": b"\xff\xfe" + CONTENT,
    "as UTF-16-BE;": TEXT.encode("utf-16-be"),
    "as CP1250;": TEXT.encode("cp1250"),
    "as UTF-16-LE and a line end added": (TEXT + "\n").encode("utf-16-le"),
    "as UTF-8 and a line end (CR LF) added": (TEXT + "\r\n").encode(),
    "as UTF-16-LE with lines ended by CR LF;": TEXT.replace("\n", "\r\n").encode("utf-16-le"),
}


@pytest.mark.parametrize("options", ["", "-nodetach"])
@pytest.mark.parametrize("words", SAVED)
def test_a_text_saved_in_another_way_is_named(person, words, options) -> None:
    made = person.openssl_sign(SAVED[words], f"-md sha256 -outform DER {options}")
    with pytest.raises(SigningError) as caught:
        receive(made, TEXT, PROFILE)
    assert words in str(caught.value)


def test_another_text_is_told_by_where_it_begins_to_differ(person) -> None:
    other = TEXT.replace("12345678", "12345679")
    made = person.openssl_sign(other.encode("utf-16-le"), "-md sha256 -outform DER -nodetach")
    with pytest.raises(SigningError, match=f"from character {TEXT.index('8,') + 1} of {len(TEXT)} on") as caught:
        receive(made, TEXT, PROFILE)
    assert "12345" not in str(caught.value)
    assert caught.value.reason_code is ReasonCode.SIGNATURE_TEXT_DIFFERS
    assert not caught.value.reason_code.no_signature
    assert caught.value.parameters == {"character": TEXT.index("8,") + 1, "length": len(TEXT)}
    for content, options in ((b"\0\1\2", "-nodetach"), (other.encode("utf-16-le"), "")):
        made = person.openssl_sign(content, f"-md sha256 -outform DER {options}")
        with pytest.raises(SigningError, match="another"):
            receive(made, TEXT, PROFILE)


def test_its_certificate_is_asked_as_for_our_own_signatures(person) -> None:
    made = person.openssl_sign(CONTENT, "-md sha256 -outform DER")
    assert receive(made, TEXT, PROFILE, policy=SigningPolicy(Requirement.OWN_WORD))
    with pytest.raises(CertificateUnusable) as caught:
        receive(made, TEXT, PROFILE, now=datetime(2027, 2, 1, tzinfo=UTC))
    assert caught.value.reason is UnusableReason.EXPIRED
    assert caught.value.reason_code is ReasonCode.CERTIFICATE_EXPIRED
    assert caught.value.parameters["valid_to"] == read_certificate(person.certificate).valid_to


def test_content_of_another_kind_is_refused(person) -> None:
    made = person.openssl_sign(CONTENT, "-md sha256 -outform DER -econtent_type 1.2.3.4")
    with pytest.raises(SigningError, match="not data"):
        receive(made, TEXT, PROFILE)


def test_somebody_elses_signature_is_refused(person, another_authority) -> None:
    made = person.openssl_sign(CONTENT, "-md sha256 -outform DER")
    with pytest.raises(SigningError, match="another certificate"):
        receive(made, TEXT, PROFILE, read_certificate(another_authority.der))


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("-md sha1", "sha1"),
        ("-md sha512", "sha512"),
        ("-md sha256 -nocerts", "certificate is not in it"),
        ("-md sha256 -noattr", "no signed attributes"),
        ("-md sha256 -signer second_certificate.pem -inkey second_key.pem", "2 signers"),
    ],
)
@pytest.mark.parametrize("carried", ["", "-nodetach"])
def test_what_the_bank_would_refuse_is_refused_before(person, options, problem, carried) -> None:
    made = person.openssl_sign(CONTENT, f"-outform DER {options} {carried}")
    with pytest.raises(SigningError, match=problem):
        receive(made, TEXT, PROFILE)


def test_sha1_below_a_sha256_digest_is_refused(person) -> None:
    """The text's digest is SHA-256 and all fits, but the signature itself is made with SHA-1."""
    whole = cms.ContentInfo.load(person.openssl_sign(CONTENT, "-md sha256 -outform DER"))
    info = whole["content"]["signer_infos"][0]
    key = load_pem_private_key((person.folder / "key.pem").read_bytes(), None)
    attributes = b"\x31" + info["signed_attrs"].dump()[1:]
    info["signature"] = key.sign(attributes, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    info["signature_algorithm"] = {"algorithm": "sha1_rsa"}
    with pytest.raises(SigningError, match="sha1"):
        check_signature(whole.dump(), CONTENT)


def test_a_signature_of_the_attributes_alone_does_not_pass(person) -> None:
    """Cutting the text out must not let another text in."""
    made = person.openssl_sign(CONTENT, "-md sha256 -outform DER -nodetach")
    whole = cms.ContentInfo.load(made)
    other = CONTENT.replace(b"1\x002\x00", b"9\x009\x00")
    assert other != CONTENT
    whole["content"]["encap_content_info"]["content"] = other
    with pytest.raises(SigningError):
        receive(whole.dump(force=True), TEXT, PROFILE)
    with pytest.raises(SigningError, match="another text"):
        receive(whole.dump(force=True), other.decode("utf-16-le"), PROFILE)


def archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return file.getvalue()


XADES = b'<?xml version="1.0"?><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"%PDF-1.7\n", "PAdES"),
        (XADES, "XAdES"),
        (b"\xef\xbb\xbf" + XADES, "XAdES"),
        (XADES.decode().encode("utf-16"), "XAdES"),
        (archive("mimetype", "text.txt", "META-INF/signatures001.p7s"), "ASiC"),
        (archive("text.txt"), "ZIP"),
        (b"PK\x03\x04 cut", "ZIP"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/signed\n", "S/MIME"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "private key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PUBLIC KEY"),
        (b"0000", "no signature"),
        (b"Podpisano", "no signature"),
        (b"\x30\x03\x02\x01\x01", "no signature"),
        (b"\x00\xff", "no signature"),
        (b"A" * (5 << 20), "bytes"),
    ],
)
def test_other_formats_are_named(data, words) -> None:
    with pytest.raises(SigningError, match=words) as caught:
        receive(data, TEXT, PROFILE)
    assert caught.value.reason_code.no_signature


def test_neighbours_of_a_signature_are_named(person) -> None:
    """A certificate, certificates alone, several things in one file, CMS of another kind."""
    made = person.openssl_sign(CONTENT, "-md sha256 -outform DER")
    bare = cms.ContentInfo.load(made)
    bare["content"]["signer_infos"] = []
    data = cms.ContentInfo({"content_type": "data", "content": b"x"}).dump()
    for given, words in (
        (person.certificate, "this is a certificate"),
        (pem(person.certificate, "CERTIFICATE"), "this is a certificate"),
        (bare.dump(force=True), "certificates alone"),
        (pem(made, "CMS") + pem(person.certificate, "CERTIFICATE"), "several things"),
        (data, "another kind"),
        (made[:-20], "no signature"),
    ):
        with pytest.raises(SigningError, match=words):
            receive(given, TEXT, PROFILE)


@pytest.mark.parametrize("options", ["", "-nodetach"])
def test_a_damaged_signature_never_breaks_the_reader(person, options) -> None:
    """Damage by the thousand, the same in each run: refused in our words, or of no weight for what was signed."""
    made = person.openssl_sign(CONTENT, f"-md sha256 -outform DER {options}")
    chance = random.Random(4711)  # noqa: S311
    certificate = read_certificate(person.certificate)
    for _round in range(1500):
        damaged = bytearray(made)
        for _change in range(chance.choice((1, 1, 3))):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randrange(2)] = chance.randbytes(chance.randrange(2))
        try:
            signature = receive(bytes(damaged), TEXT, PROFILE, certificate)
        except SigningError:
            continue
        assert check_signature(signature, CONTENT) == person.certificate


@pytest.mark.parametrize("data", [b"\x30\x80" * 50_000, b"\x30\x84\xff\xff\xff\xff", b"\x30\x80" * 3 + b"\0" * 6])
def test_nested_and_endless_structures_are_refused(data) -> None:
    with pytest.raises(SigningError):
        receive(data, TEXT, PROFILE)
    with pytest.raises(SigningError):
        check_signature(data, CONTENT)


def test_another_encoding_of_the_profile_is_followed(person) -> None:
    made = person.openssl_sign(TEXT.encode(), "-md sha256 -outform DER -nodetach")
    assert receive(made, TEXT, BankProfile(endpoint="x", challenge_encoding="utf-8"))


def test_no_message_quotes_the_text_or_the_signature(person) -> None:
    made = person.openssl_sign(TEXT.encode(), "-md sha256 -outform DER")
    with pytest.raises(SigningError) as caught:
        receive(made, TEXT, PROFILE)
    assert "ALFA01" not in str(caught.value)
    assert caught.value.__context__ is None
