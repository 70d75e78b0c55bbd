"""A trust list, as states of the EU publish them: whose certificates are qualified.  # S-166

An administrator puts in the file and the certificates its signers have; nothing is fetched. Loading takes a
moment (and so does importing this module): load once and keep.
"""

import asyncio
import base64
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from lxml import etree
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.qualified.assess import QualificationAssessor
from pyhanko.sign.validation.qualified.eutl_parse import trust_list_to_registry_unsafe
from pyhanko.sign.validation.qualified.tsp import CA_QC_URI, QcCertType, TSPRegistry, TSPTrustManager
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, ValidationError
from signxml.exceptions import SignXMLException
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from companynet.errors import DriverError, FormatError
from companynet.formats.xml import parse_xml
from companynet.signing.certificate import UNREADABLE, CertificateInfo, read_certificate
from companynet.signing.cms import MALFORMED
from companynet.signing.trust import ListedAs, ListEntry, TrustSource

# Its warnings name the person a certificate is for, with the PESEL.
logging.getLogger("pyhanko.sign.validation.qualified.assess").setLevel(logging.ERROR)

_NAMESPACE: Final = "http://uri.etsi.org/02231/v2#"
_NAMES: Final = {"t": _NAMESPACE}
#: The largest national list has some 10 MB.
_SIZE_LIMIT: Final = 32 * 1024 * 1024


class TrustList(TrustSource):
    """A trust list whose signature was verified. Make it with :meth:`load`."""

    def __init__(self, name: str, registry: TSPRegistry, issuers: frozenset[bytes], next_update: datetime) -> None:
        self._name = name
        self._registry = registry
        self._issuers = issuers
        self._next_update = next_update

    @property
    def next_update(self) -> datetime:
        """When its publisher promised the next one, UTC; it tells nothing after that."""
        return self._next_update

    @classmethod
    def load(
        cls, data: bytes, signers: Sequence[bytes], now: datetime, *, name: str = "the trust list"
    ) -> "TrustList":
        """Read a list, and verify that one of the signers signed all of it.

        Args:
            data: the XML file, as published.
            signers: certificates of who may sign it, DER or PEM; the list's own word on its signer counts nothing.
            now: the signer's certificate must be in its time.
            name: of the list, for messages.

        Raises:
            FormatError: it is no trust list, or not signed by one of these.
            DriverError: a signer's certificate cannot be read.
        """
        parse_xml(data, name, limit=_SIZE_LIMIT)
        pinned = [x509.load_der_x509_certificate(read_certificate(signer).der) for signer in signers]
        signed, root = _verified(data, pinned, now, name)
        return cls(name, _registry(signed, name), _issuers(root), _next_update(root, name))

    def status(self, certificate: CertificateInfo, at: datetime) -> ListEntry:
        """What the list says of a certificate whose issuer is on it, or is not.

        Args:
            certificate: of a person.
            at: the time it is asked for; aware.
        """
        if at > self._next_update:
            moment = f"{self._next_update:%Y-%m-%d}"
            return ListEntry(ListedAs.UNKNOWN, f"{self._name} is outdated: its publisher replaced it at {moment}")
        leaf = asn1_x509.Certificate.load(certificate.der)
        try:
            return asyncio.run(self._assess(leaf, at))
        except PathBuildingError:
            if leaf.issuer.dump() in self._issuers:
                return ListEntry(
                    ListedAs.NOT_QUALIFIED, f"{self._name} names the issuer, but not as one of qualified certificates"
                )
            return ListEntry(ListedAs.UNKNOWN, f"{self._name} does not name the issuer")
        except ValidationError:
            return ListEntry(
                ListedAs.NOT_QUALIFIED,
                f"{self._name} names the issuer, but the certificate was not right at that time",
            )
        except (NotImplementedError, SignatureValidationError, *MALFORMED):
            return ListEntry(ListedAs.UNKNOWN, f"{self._name} cannot be applied to this certificate")

    async def _assess(self, leaf: asn1_x509.Certificate, at: datetime) -> ListEntry:
        context = ValidationContext(
            trust_manager=TSPTrustManager(self._registry),
            moment=at,
            allow_fetching=False,
        )
        path = await CertificateValidator(leaf, validation_context=context).async_validate_path()
        result = QualificationAssessor(self._registry).check_entity_cert_qualified(path, at)
        if not result.status.qualified:
            return ListEntry(ListedAs.NOT_QUALIFIED, f"by {self._name} it was not qualified at that time")
        if result.status.qc_type is not QcCertType.QC_ESIGN:
            return ListEntry(ListedAs.NOT_QUALIFIED, f"by {self._name} it is qualified, but not for signatures")
        return ListEntry(ListedAs.QUALIFIED, f"qualified by {self._name}")


def _verified(
    data: bytes, signers: Sequence[x509.Certificate], now: datetime, name: str
) -> tuple[str, etree._Element]:
    """The signed part of a list, which must be the whole of it: its bytes and its root.  # S-167"""
    for signer in signers:
        configuration = XAdESSignatureConfiguration(require_x509=True, expect_references=True, verification_time=now)
        try:
            results = XAdESVerifier().verify(data, x509_cert=signer, expect_config=configuration)
        except (SignXMLException, etree.LxmlError, *UNREADABLE, *MALFORMED):
            # Of another signer, or not a signature in this form.
            continue
        for result in results:
            if result.signed_xml is not None and result.signed_xml.tag == f"{{{_NAMESPACE}}}TrustServiceStatusList":
                return result.signed_data.decode("utf-8"), result.signed_xml
    raise FormatError(name, "the signature", "is not right, or not by one of the signers it may have")


def _registry(signed: str, name: str) -> TSPRegistry:
    failed = False
    try:
        # "Unsafe" because it verifies no signature; that was done.
        registry, _problems = trust_list_to_registry_unsafe(signed)
    except (*MALFORMED, AssertionError):
        failed = True
    if failed:
        raise FormatError(name, "the services", "cannot be read as ETSI TS 119 612")
    return registry


def _issuers(root: etree._Element) -> frozenset[bytes]:
    """The names of all issuers of qualified certificates on the list, granted or withdrawn."""
    found = set()
    for service in root.iterfind(".//t:TSPService", _NAMES):
        if service.findtext(".//t:ServiceTypeIdentifier", namespaces=_NAMES) != CA_QC_URI:
            continue
        for element in service.iterfind(".//t:X509Certificate", _NAMES):
            try:
                certificate = read_certificate(base64.b64decode(element.text or ""))
            except (DriverError, ValueError):
                continue
            found.add(asn1_x509.Certificate.load(certificate.der).subject.dump())
    return frozenset(found)


def _next_update(root: etree._Element, name: str) -> datetime:
    text = root.findtext("t:SchemeInformation/t:NextUpdate/t:dateTime", namespaces=_NAMES)
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        moment = None
    if moment is None:
        raise FormatError(name, "NextUpdate", "is missing: the list is closed, or no trust list")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
