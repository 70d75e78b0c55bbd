"""Trust lists, revocation, and what is required of a certificate: all made by the tests and their own CA."""

import base64
import random
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.xades.xades import XAdESSigner

from companynet.errors import CertificateUnusable, FormatError, UnusableReason
from companynet.profile import BankProfile
from companynet.signing import read_certificate, signature_for_bank
from companynet.signing.policy import Requirement, SigningPolicy
from companynet.signing.revocation import RevocationEvidence, RevocationStatus
from companynet.signing.revocation_check import check_revocation
from companynet.signing.trust import ListedAs
from companynet.signing.trust_list import TrustList
from companynet.testing import FakeClock

NOW = datetime(2025, 9, 1, tzinfo=UTC)
STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
SIGNATURES = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSignatures"
#: QCStatements: qualified; qualified and of the type seal.
QUALIFIED = bytes.fromhex("300a3008060604008e460101")
QUALIFIED_SEAL = bytes.fromhex("301f3008060604008e4601013013060604008e4601063009060704008e46010602")
SEALS = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSeals"


def identity_of(certificate: x509.Certificate) -> str:
    der = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return f"<DigitalId><X509Certificate>{der}</X509Certificate></DigitalId>"


def status_of(certificate, status, since, purpose=SIGNATURES):
    return f"""
      <ServiceTypeIdentifier>http://uri.etsi.org/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>
      <ServiceName><Name xml:lang="pl">Próbne centrum</Name></ServiceName>
      <ServiceDigitalIdentity>{identity_of(certificate)}</ServiceDigitalIdentity>
      <ServiceStatus>{STATUS}{status}</ServiceStatus>
      <StatusStartingTime>{since}</StatusStartingTime>
      <ServiceInformationExtensions><Extension Critical="true">
        <AdditionalServiceInformation><URI xml:lang="en">{purpose}</URI></AdditionalServiceInformation>
      </Extension></ServiceInformationExtensions>"""


def service(certificate, status="granted", since="2025-01-01T00:00:00Z", history="", purpose=SIGNATURES):
    history = (
        f"<ServiceHistory><ServiceHistoryInstance>{history}</ServiceHistoryInstance></ServiceHistory>"
        if history
        else ""
    )
    current = status_of(certificate, status, since, purpose)
    return f"<TSPService><ServiceInformation>{current}</ServiceInformation>{history}</TSPService>"


def list_of(*services: str, next_update="2026-01-01T00:00:00Z", note="") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="list"
  TSLTag="http://uri.etsi.org/19612/TSLTag">{note}
  <SchemeInformation><TSLVersionIdentifier>5</TSLVersionIdentifier><SchemeTerritory>PL</SchemeTerritory>
    <ListIssueDateTime>2025-07-01T00:00:00Z</ListIssueDateTime>
    <NextUpdate><dateTime>{next_update}</dateTime></NextUpdate></SchemeInformation>
  <TrustServiceProviderList><TrustServiceProvider><TSPServices>{"".join(services)}</TSPServices>
  </TrustServiceProvider></TrustServiceProviderList></TrustServiceStatusList>""".encode()


class ListSigner:
    """Who publishes the list."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Wydawca listy")])
        years = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), x509.random_serial_number(), *years)
        self.certificate = builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def sign(self, data: bytes) -> bytes:
        signer = XAdESSigner(method=SignatureConstructionMethod.enveloped)
        signed = signer.sign(etree.fromstring(data), key=self.key, cert=self.pem.decode())
        return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")


@pytest.fixture(scope="module")
def publisher() -> ListSigner:
    return ListSigner()


@pytest.fixture(scope="module")
def person_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def anna(authority, person_key):
    return read_certificate(authority.certify(person_key).public_bytes(Encoding.DER))


def load(publisher, data: bytes, now=NOW) -> TrustList:
    return TrustList.load(publisher.sign(data), [publisher.pem], now)


def test_the_list_knows_a_qualified_certificate(publisher, authority, anna) -> None:
    entry = load(publisher, list_of(service(authority.certificate))).status(anna, NOW)
    assert entry.listed_as is ListedAs.QUALIFIED


def test_the_list_overrules_a_certificates_own_silence_never_by_itself(publisher, authority, person_key) -> None:
    """A certificate of a listed issuer that does not call itself qualified is not qualified."""
    plain = read_certificate(authority.certify(person_key, statements=b"").public_bytes(Encoding.DER))
    entry = load(publisher, list_of(service(authority.certificate))).status(plain, NOW)
    assert entry.listed_as is ListedAs.NOT_QUALIFIED


def test_an_issuer_that_is_not_on_the_list_is_unknown(publisher, another_authority, anna) -> None:
    entry = load(publisher, list_of(service(another_authority.certificate))).status(anna, NOW)
    assert entry.listed_as is ListedAs.UNKNOWN


def test_a_withdrawn_issuer_is_not_qualified(publisher, authority, anna) -> None:
    entry = load(publisher, list_of(service(authority.certificate, "withdrawn"))).status(anna, NOW)
    assert entry.listed_as is ListedAs.NOT_QUALIFIED


@pytest.mark.parametrize(
    ("at", "listed_as"),
    [
        (datetime(2025, 3, 1, tzinfo=UTC), ListedAs.QUALIFIED),
        (datetime(2025, 7, 1, tzinfo=UTC), ListedAs.NOT_QUALIFIED),
        (datetime(2024, 12, 1, tzinfo=UTC), ListedAs.NOT_QUALIFIED),
    ],
)
def test_the_time_asked_for_counts(publisher, authority, anna, at, listed_as) -> None:
    """Granted from January, withdrawn in May."""
    history = status_of(authority.certificate, "granted", "2025-01-01T00:00:00Z")
    data = list_of(service(authority.certificate, "withdrawn", "2025-05-01T00:00:00Z", history))
    assert load(publisher, data).status(anna, at).listed_as is listed_as


@pytest.mark.parametrize("statements", [QUALIFIED, QUALIFIED_SEAL])
def test_seals_are_not_signatures(publisher, authority, person_key, statements) -> None:
    """Neither an issuer of seals alone, nor a certificate that is qualified for seals."""
    seal = read_certificate(authority.certify(person_key, statements=statements).public_bytes(Encoding.DER))
    entry = load(publisher, list_of(service(authority.certificate, purpose=SEALS))).status(seal, NOW)
    assert entry.listed_as is ListedAs.NOT_QUALIFIED
    assert seal.qualified


def test_a_certificate_that_only_names_a_listed_issuer_is_not_qualified(publisher, authority, person_key) -> None:
    forger = type(authority).make(authority.name)
    forged = read_certificate(forger.certify(person_key).public_bytes(Encoding.DER))
    entry = load(publisher, list_of(service(authority.certificate))).status(forged, NOW)
    assert entry.listed_as is ListedAs.NOT_QUALIFIED


def test_an_issuer_listed_twice_is_taken_and_nobody_is_named_in_logs(publisher, authority, anna, caplog) -> None:
    """Lists name an issuer once for each of its services; pyHanko's warning on that has the person's PESEL."""
    services = (service(authority.certificate), service(authority.certificate, since="2025-02-01T00:00:00Z"))
    assert load(publisher, list_of(*services)).status(anna, NOW).listed_as is ListedAs.QUALIFIED
    assert anna.pnopl
    assert anna.pnopl not in caplog.text


def test_an_outdated_list_tells_nothing(publisher, authority, anna) -> None:
    trust_list = load(publisher, list_of(service(authority.certificate), next_update="2025-08-01T00:00:00Z"))
    assert trust_list.next_update == datetime(2025, 8, 1, tzinfo=UTC)
    assert trust_list.status(anna, NOW).listed_as is ListedAs.UNKNOWN
    assert trust_list.status(anna, datetime(2025, 7, 31, tzinfo=UTC)).listed_as is ListedAs.QUALIFIED


def test_a_list_that_nobody_known_signed_is_refused(publisher, authority) -> None:
    data = list_of(service(authority.certificate))
    for bad in (data, ListSigner().sign(data)):
        with pytest.raises(FormatError, match="signature"):
            TrustList.load(bad, [publisher.pem], NOW)
    with pytest.raises(FormatError, match="signature"):
        TrustList.load(publisher.sign(data), [], NOW)


def test_a_list_signed_by_one_of_several_is_taken(publisher, authority) -> None:
    signed = publisher.sign(list_of(service(authority.certificate)))
    assert TrustList.load(signed, [ListSigner().pem, publisher.pem], NOW)


def test_a_list_changed_after_its_signature_is_refused(publisher, authority) -> None:
    signed = publisher.sign(list_of(service(authority.certificate, "withdrawn")))
    changed = signed.replace(b"Svcstatus/withdrawn", b"Svcstatus/granted")
    assert changed != signed
    with pytest.raises(FormatError, match="signature"):
        TrustList.load(changed, [publisher.pem], NOW)


def test_a_signed_list_inside_another_counts_alone(publisher, authority, another_authority, anna) -> None:
    """What is wrapped around the signed list was signed by nobody, and is not read."""
    signed = etree.fromstring(publisher.sign(list_of(service(another_authority.certificate))))
    outer = etree.fromstring(list_of(service(authority.certificate)))
    outer.append(signed)
    try:
        trust_list = TrustList.load(etree.tostring(outer), [publisher.pem], NOW)
    except FormatError:
        return
    assert trust_list.status(anna, NOW).listed_as is ListedAs.UNKNOWN


def test_a_list_signed_by_an_expired_certificate_is_refused(publisher, authority) -> None:
    with pytest.raises(FormatError, match="signature"):
        load(publisher, list_of(service(authority.certificate)), now=datetime(2027, 6, 1, tzinfo=UTC))


def test_a_damaged_list_is_refused_wherever_the_damage_is(publisher, authority, anna) -> None:
    """Damage outside what is signed may pass; what the list says does not change."""
    chance = random.Random(4711)  # noqa: S311
    signed = publisher.sign(list_of(service(authority.certificate, "withdrawn")))
    refused = 0
    for _round in range(150):
        damaged = bytearray(signed)
        damaged[chance.randrange(len(damaged))] = chance.choice(b"aZ09/<>&\"' \x00\xff")
        try:
            trust_list = TrustList.load(bytes(damaged), [publisher.pem], NOW)
        except FormatError:
            refused += 1
            continue
        assert trust_list.status(anna, NOW).listed_as is ListedAs.NOT_QUALIFIED
    assert refused > 100


BOMB = b'<!DOCTYPE a [<!ENTITY b "bb">]><TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">&b;</TrustServiceStatusList>'


@pytest.mark.parametrize("data", [b"", b"<a/>", b"not XML", BOMB, b"<TrustServiceStatusList"])
def test_what_is_no_list_is_refused(publisher, data) -> None:
    with pytest.raises(FormatError):
        TrustList.load(data, [publisher.pem], NOW)


def test_a_signed_document_that_is_no_list_is_refused(publisher) -> None:
    empty = list_of().replace(b"<NextUpdate><dateTime>2026-01-01T00:00:00Z</dateTime></NextUpdate>", b"<NextUpdate/>")
    for data in (b"<a xmlns='http://uri.etsi.org/02231/v2#'/>", empty):
        with pytest.raises(FormatError):
            load(publisher, data)


def test_comments_in_a_list_change_nothing(publisher, authority, anna) -> None:
    data = list_of(service(authority.certificate), note="<!-- a note of the publisher -->")
    assert load(publisher, data).status(anna, NOW).listed_as is ListedAs.QUALIFIED


# Revocation


def crl_of(authority, certificate, kind: str) -> bytes:
    next_update = NOW + (timedelta(hours=-1) if kind == "outdated" else timedelta(days=7))
    builder = x509.CertificateRevocationListBuilder(
        authority.certificate.subject, NOW - timedelta(days=1), next_update
    )
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(identifier, critical=False).add_extension(x509.CRLNumber(1), critical=False)
    if kind in ("with it", "with another", "outdated", "a stranger's"):
        serial = int(certificate.serial_hex, 16) + (kind == "with another")
        revoked = x509.RevokedCertificateBuilder(serial, NOW - timedelta(days=3)).build()
        builder = builder.add_revoked_certificate(revoked)
    key = type(authority).make(authority.name).key if kind == "a stranger's" else authority.key
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def ocsp_of(authority, certificate, kind: str) -> bytes:
    statuses = {"revoked": ocsp.OCSPCertStatus.REVOKED, "unknown": ocsp.OCSPCertStatus.UNKNOWN}
    responder = type(authority).make(authority.name) if kind == "a stranger's" else authority
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=x509.load_der_x509_certificate(certificate.der),
        issuer=authority.certificate,
        algorithm=hashes.SHA256(),
        cert_status=statuses.get(kind, ocsp.OCSPCertStatus.GOOD),
        this_update=NOW - timedelta(hours=1),
        next_update=NOW + (timedelta(minutes=-30) if kind == "outdated" else timedelta(days=1)),
        revocation_time=NOW - timedelta(days=3) if kind == "revoked" else None,
        revocation_reason=x509.ReasonFlags.key_compromise if kind == "revoked" else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, responder.certificate)
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(Encoding.DER)


def evidence_of(authority, certificate, crl: str, response: str) -> RevocationEvidence:
    return RevocationEvidence(
        issuers=(authority.der,),
        crls=(crl_of(authority, certificate, crl),) if crl else (),
        ocsp_responses=(ocsp_of(authority, certificate, response),) if response else (),
    )


GOOD, REVOKED, UNKNOWN = RevocationStatus.GOOD, RevocationStatus.REVOKED, RevocationStatus.UNKNOWN


@pytest.mark.parametrize(
    ("crl", "response", "status"),
    [
        ("", "", UNKNOWN),
        ("without it", "", GOOD),
        ("with another", "", GOOD),
        ("with it", "", REVOKED),
        ("outdated", "", UNKNOWN),
        ("a stranger's", "", UNKNOWN),
        ("", "good", GOOD),
        ("", "revoked", REVOKED),
        ("", "unknown", UNKNOWN),
        ("", "outdated", UNKNOWN),
        ("", "a stranger's", UNKNOWN),
        ("with it", "good", REVOKED),
        ("without it", "revoked", REVOKED),
        ("outdated", "good", GOOD),
    ],
)
def test_revocation_by_what_was_brought(authority, anna, crl, response, status) -> None:
    """Only what the issuer signed and what still holds tells; "revoked" outweighs "good"."""
    answer = check_revocation(anna, evidence_of(authority, anna, crl, response), NOW)
    assert answer.status is status
    assert "the bank's own check decides" in answer.text
    assert (answer.revoked_at == NOW - timedelta(days=3)) is (status is REVOKED)


def test_a_responder_that_says_try_later_tells_nothing(authority, anna) -> None:
    later = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    evidence = RevocationEvidence((authority.der,), ocsp_responses=(later.public_bytes(Encoding.DER),))
    assert check_revocation(anna, evidence, NOW).status is UNKNOWN


def test_a_crl_may_be_pem(authority, anna) -> None:
    der = crl_of(authority, anna, "with it")
    pem = x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)
    evidence = RevocationEvidence((authority.certificate.public_bytes(Encoding.PEM),), crls=(pem,))
    assert check_revocation(anna, evidence, NOW).status is REVOKED


def test_another_issuers_crl_tells_nothing(authority, another_authority, anna) -> None:
    evidence = RevocationEvidence(
        issuers=(another_authority.der,), crls=(crl_of(another_authority, anna, "with it"),)
    )
    assert check_revocation(anna, evidence, NOW).status is RevocationStatus.UNKNOWN


@pytest.mark.parametrize("name", ["issuers", "crls", "ocsp_responses"])
def test_evidence_that_cannot_be_read_is_named(authority, anna, name) -> None:
    parts = {"issuers": (authority.der,), name: (b"damaged",)}
    with pytest.raises(FormatError):
        check_revocation(anna, RevocationEvidence(**parts), NOW)


def test_damaged_evidence_never_breaks_the_reader_and_never_makes_good(authority, anna) -> None:
    """A certificate that was revoked stays revoked, or its state becomes unknown; nothing else is raised."""
    chance = random.Random(4711)  # noqa: S311
    crl, response = crl_of(authority, anna, "with it"), ocsp_of(authority, anna, "revoked")
    seen = set()
    for _round in range(100):
        for name, data in (("crls", crl), ("ocsp_responses", response)):
            damaged = bytearray(data)
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
            try:
                answer = check_revocation(
                    anna, RevocationEvidence((authority.der,), **{name: (bytes(damaged),)}), NOW
                )
            except FormatError:
                continue
            seen.add(answer.status)
    assert UNKNOWN in seen
    assert GOOD not in seen


# The requirement decides


class NeverSigns:
    """Fails the test when it is asked to sign."""

    def __init__(self, certificate) -> None:
        self.certificate = certificate

    def sign_detached(self, _content: bytes) -> bytes:
        raise AssertionError("asked to sign")


def refused(certificate, policy: SigningPolicy) -> CertificateUnusable:
    with pytest.raises(CertificateUnusable) as caught:
        signature_for_bank(
            NeverSigns(certificate), "text", BankProfile(endpoint="x"), clock=FakeClock(NOW), policy=policy
        )
    assert "the bank's own check decides" in str(caught.value)
    return caught.value


def test_each_requirement_is_asked_before_anything_is_signed(
    publisher, authority, another_authority, anna, person_key
) -> None:
    plain = read_certificate(authority.certify(person_key, statements=b"").public_bytes(Encoding.DER))
    trust_list = load(publisher, list_of(service(authority.certificate)))
    elsewhere = load(publisher, list_of(service(another_authority.certificate)))
    own_word, listed = SigningPolicy(Requirement.OWN_WORD), SigningPolicy(Requirement.LISTED, trust_list)
    assert SigningPolicy().check(plain, NOW) == ()
    assert own_word.check(anna, NOW) == ()
    assert len(listed.check(anna, NOW)) == 1
    assert refused(plain, own_word).reason is UnusableReason.NOT_QUALIFIED
    assert refused(plain, listed).reason is UnusableReason.NOT_QUALIFIED
    assert refused(anna, SigningPolicy(Requirement.LISTED, elsewhere)).reason is UnusableReason.NOT_KNOWN
    revoked = evidence_of(authority, anna, "with it", "")
    assert refused(anna, SigningPolicy(evidence=revoked)).reason is UnusableReason.REVOKED


def test_what_is_not_known_does_not_stop_but_is_said(authority, anna) -> None:
    """Without CRL and OCSP nothing is known; the bank decides, and the person reads so."""
    (note,) = SigningPolicy(evidence=RevocationEvidence((authority.der,))).check(anna, NOW)
    assert "not known" in note
    assert "the bank's own check decides" in note


def test_a_list_is_needed_where_it_is_required() -> None:
    with pytest.raises(ValueError, match="list"):
        SigningPolicy(Requirement.LISTED)
