"""The bank's own check of signatures."""

import base64
import datetime as dt

import pytest
from asn1crypto import cms as asn1_cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12

from companynet_sandbox.access import cms
from companynet_sandbox.customers import demo_data
from companynet_sandbox.testing import Identity, RunningBank, make_identity
from companynet_sandbox.testing.client import Customer, Fault, sign

TEXT = "CompanyNet zażółć 1"
PASSWORD = "haslo-p12"
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture(scope="module")
def curve() -> Identity:
    return make_identity("Anna Ec", NOW - dt.timedelta(days=1), NOW + dt.timedelta(days=9), PASSWORD, key="ec")


def login_fault(customer: Customer, signature: str | None = None) -> str:
    body = f"<m:userLogin>{customer.user}</m:userLogin><m:signature>{signature or ''}</m:signature>"
    with pytest.raises(Fault) as caught:
        customer.caller.call("loginWithSignature", body, dik=customer.dik) if signature else customer.login()
    return caught.value.code


def challenge(customer: Customer) -> str:
    body = f"<m:userLogin>{customer.user}</m:userLogin>"
    return customer.caller.call("initLoginWithSignature", body, dik=customer.dik).text("return")


@pytest.mark.parametrize("pss", [False, True])
def test_rsa_signatures_are_taken(identity: Identity, *, pss: bool) -> None:
    """PKCS#1 v1.5 and PSS, over UTF-16LE."""
    signed = cms.read_signature(sign(identity, PASSWORD, TEXT, pss=pss))
    assert signed.text_among(["other", TEXT]) == TEXT
    signed.verify()


def test_elliptic_signatures_are_taken(curve: Identity) -> None:
    """P-256."""
    cms.read_signature(sign(curve, PASSWORD, TEXT)).verify()


def test_header_and_footer_may_be_there(curve: Identity) -> None:
    """Whether the bank wants them is not known, so both forms are read."""
    body = sign(curve, PASSWORD, TEXT)
    cms.read_signature(f"-----BEGIN PKCS7-----\n{body}\n-----END PKCS7-----").verify()
    cms.read_signature(f"{body}-----END CMS-----").verify()


def test_altered_content_is_refused(curve: Identity) -> None:
    """A signature over another text is over none of those given out."""
    signed = cms.read_signature(sign(curve, PASSWORD, TEXT + "0"))
    with pytest.raises(cms.SignatureWrong, match="not over a text"):
        signed.text_among([TEXT])


def alter(signature: str, what: str) -> str:
    content = asn1_cms.ContentInfo.load(base64.b64decode(signature))
    info = content["content"]["signer_infos"][0]
    if what == "signature":
        raw = bytearray(info["signature"].native)
        raw[-1] ^= 1
        info["signature"] = bytes(raw)
    elif what == "digest":
        for attribute in info["signed_attrs"]:
            if attribute["type"].native == "message_digest":
                attribute["values"][0] = b"\x00" * 32
    elif what == "certificate":
        content["content"]["certificates"] = []
    elif what == "unsigned attributes":
        info["signed_attrs"] = None
    return base64.b64encode(content.dump(force=True)).decode()


@pytest.mark.parametrize("what", ["signature", "digest"])
def test_altered_signatures_are_refused(identity: Identity, what: str) -> None:
    """A changed bit in the signature, or in the digest it covers."""
    signed = cms.read_signature(alter(sign(identity, PASSWORD, TEXT), what))
    with pytest.raises(cms.SignatureWrong, match="does not fit"):
        signed.verify()


@pytest.mark.parametrize("what", ["certificate", "unsigned attributes"])
def test_incomplete_signatures_are_refused(identity: Identity, what: str) -> None:
    """The certificate and the signed attributes must be there."""
    with pytest.raises(cms.SignatureWrong):
        cms.read_signature(alter(sign(identity, PASSWORD, TEXT), what))


@pytest.mark.parametrize("text", ["", "!!!", base64.b64encode(b"\x30\x03\x02\x01\x01").decode(), "QUJD"])
def test_what_is_no_cms_is_refused(text: str) -> None:
    """Whatever else comes is an error of the caller, never of the bank."""
    with pytest.raises(cms.SignatureWrong):
        cms.read_signature(text)


def test_enveloping_and_sha512_signatures_are_refused(identity: Identity) -> None:
    """The content stays outside, and the digest is SHA-256."""
    key, certificate, _chain = pkcs12.load_key_and_certificates(identity.p12, PASSWORD.encode())
    builder = pkcs7.PKCS7SignatureBuilder().set_data(TEXT.encode("utf-16-le"))
    inside = builder.add_signer(certificate, key, hashes.SHA256()).sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    other = builder.add_signer(certificate, key, hashes.SHA512()).sign(Encoding.DER, options)
    for der, reason in ((inside, "detached"), (other, "SHA-256")):
        with pytest.raises(cms.SignatureWrong, match=reason):
            cms.read_signature(base64.b64encode(der).decode())


def test_another_key_under_the_registered_certificate_is_refused(identity: Identity) -> None:
    """The certificate alone proves nothing."""
    _key, certificate, _chain = pkcs12.load_key_and_certificates(identity.p12, PASSWORD.encode())
    builder = pkcs7.PKCS7SignatureBuilder().set_data(TEXT.encode("utf-16-le"))
    stranger = ec.generate_private_key(ec.SECP256R1())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    der = builder.add_signer(certificate, stranger, hashes.SHA256()).sign(Encoding.DER, options)
    with pytest.raises(cms.SignatureWrong):
        cms.read_signature(base64.b64encode(der).decode()).verify()


def test_a_challenge_serves_once(customer: Customer) -> None:
    """A signature sent again logs nobody in."""
    signature = customer.sign(challenge(customer))
    body = f"<m:userLogin>{customer.user}</m:userLogin><m:signature>{signature}</m:signature>"
    customer.caller.call("loginWithSignature", body, dik=customer.dik)
    assert login_fault(customer, signature) == "LOGIN_REFUSED"
    challenge(customer)
    assert login_fault(customer, signature) == "SIGNATURE_INVALID"


def test_a_challenge_lives_shortly(customer: Customer) -> None:
    """After its time there is nothing to log in to."""
    signature = customer.sign(challenge(customer))
    customer.bank.post("/clock", {"advance_seconds": 600})
    assert login_fault(customer, signature) == "LOGIN_REFUSED"


def test_a_signature_over_something_else_is_invalid(customer: Customer) -> None:
    """SIGNATURE_INVALID for altered content."""
    assert login_fault(customer, customer.sign(challenge(customer) + "x")) == "SIGNATURE_INVALID"


def test_unregistered_certificates_are_refused(customer: Customer, curve: Identity) -> None:
    """CERTIFICATE_REFUSED: the bank knows another one."""
    customer.identity = curve
    assert login_fault(customer) == "CERTIFICATE_REFUSED"


def test_anothers_certificate_is_refused(bank: RunningBank, customer: Customer, curve: Identity) -> None:
    """Registered, but for another user."""
    bank.post("/certificates", {"user": demo_data.USER_BETA, "certificate_pem": curve.certificate_pem})
    customer.identity = curve
    assert login_fault(customer) == "CERTIFICATE_REFUSED"


def test_certificates_out_of_their_time_are_refused(customer: Customer) -> None:
    """Expired by the bank's clock; before its time, too."""
    customer.bank.post("/clock", {"advance_seconds": 700 * 86400})
    assert login_fault(customer) == "CERTIFICATE_REFUSED"
    customer.bank.post("/clock", {"advance_seconds": -900 * 86400})
    assert login_fault(customer) == "CERTIFICATE_REFUSED"


def test_revoked_certificates_are_refused(customer: Customer) -> None:
    """Until they are registered anew."""
    sha256 = customer.bank.get("/state")["users"][0]["certificates"][0]["sha256"]
    customer.bank.post("/certificates/revoke", {"sha256": sha256})
    assert login_fault(customer) == "CERTIFICATE_REFUSED"


def test_the_identity_looks_like_a_qualified_one(identity: Identity) -> None:
    """nonRepudiation and nothing else, PNOPL serial number, QCStatements."""
    certificate = x509.load_pem_x509_certificate(identity.certificate_pem.encode())
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.content_commitment
    assert not usage.digital_signature
    assert not usage.key_encipherment
    assert certificate.subject.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)[0].value.startswith("PNOPL-")
    assert certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"))
