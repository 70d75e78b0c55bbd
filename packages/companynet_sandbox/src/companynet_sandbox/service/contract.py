"""Envelopes and messages, held to the contract's schema in both directions."""

from dataclasses import dataclass
from typing import Final

from lxml import etree

from companynet import contract as shipped
from companynet_sandbox.formats.xml import XmlRefused, parse_strictly

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
MODEL: Final = "http://model.ws.hp.com"  # L-014


class ContractBroken(Exception):
    """A message does not keep to the contract. ``ours`` tells whether it is an answer of the bank.

    Args:
        code: the SOAP fault code, Client or Server.
        reason: what is wrong.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class Request:
    """A request that keeps to the contract."""

    operation: str
    body: etree._Element

    def text(self, *path: str) -> str:
        """The text at a path of element names below the operation; empty if it is not there."""
        found = self.body.findtext("/".join(f"{{{MODEL}}}{name}" for name in path))
        return (found or "").strip()

    def element(self, *path: str) -> etree._Element:
        """The element at a path; the schema made sure it is there."""
        found = self.body.find("/".join(f"{{{MODEL}}}{name}" for name in path))
        if found is None:
            raise ContractBroken("Client", f"{self.operation} has no {'/'.join(path)}")
        return found

    def flag(self, *path: str) -> bool:
        """A boolean at a path."""
        return self.text(*path) in {"true", "1"}


class Contract:
    """The schema of the contract, ready for use."""

    def __init__(self) -> None:
        document = etree.parse(str(shipped.schema_path()))
        self._schema = etree.XMLSchema(document)
        names = {element.get("name") or "" for element in document.getroot().findall("{*}element")}
        #: The operations of the contract.  # L-015
        self.operations: Final = frozenset(name for name in names if f"{name}Response" in names)

    def read(self, data: bytes) -> Request:
        """Read an envelope.

        Raises:
            ContractBroken: it is no SOAP 1.1 envelope with one request of the contract.
        """
        try:
            envelope = parse_strictly(data)
        except XmlRefused as error:
            raise ContractBroken("Client", str(error)) from None
        if envelope.tag != f"{{{SOAP}}}Envelope":
            code = "VersionMismatch" if etree.QName(envelope).localname == "Envelope" else "Client"
            raise ContractBroken(code, "not a SOAP 1.1 envelope")
        for header in envelope.iterfind(f"{{{SOAP}}}Header/*"):
            if header.get(f"{{{SOAP}}}mustUnderstand") in {"1", "true"}:
                raise ContractBroken("MustUnderstand", f"header {header.tag} is not understood")
        bodies = envelope.findall(f"{{{SOAP}}}Body")
        if len(bodies) != 1 or len(bodies[0]) != 1:
            raise ContractBroken("Client", "the envelope must have one body with one request")
        element = bodies[0][0]
        name = etree.QName(element)
        if name.namespace != MODEL or name.localname not in self.operations:
            raise ContractBroken("Client", f"{element.tag} is no operation of the contract")
        self._check(element, "Client")
        return Request(name.localname, element)

    def answer(self, element: etree._Element) -> bytes:
        """The envelope of an answer or of a fault's detail, checked first.

        Raises:
            ContractBroken: the bank itself breaks the contract.
        """
        self._check(element, "Server")
        return _envelope(element)

    def fault(self, code: str, message: str, faultcode: str = "Server") -> bytes:
        """The envelope of a fault with the bank's code and sentence.  # S-201, L-005, L-150"""
        detail = node("CompanyNetFault", node("code", code), node("message", message))
        self._check(detail, "Server")
        fault = etree.Element(f"{{{SOAP}}}Fault")
        etree.SubElement(fault, "faultcode").text = f"soap:{faultcode}"
        etree.SubElement(fault, "faultstring").text = message
        etree.SubElement(fault, "detail").append(detail)
        return _envelope(fault)

    @staticmethod
    def bare_fault(faultcode: str, message: str) -> bytes:
        """The envelope of a fault without a code of the bank; with nothing in it if both are empty."""
        fault = etree.Element(f"{{{SOAP}}}Fault")
        if faultcode:
            etree.SubElement(fault, "faultcode").text = f"soap:{faultcode}"
            etree.SubElement(fault, "faultstring").text = message
        return _envelope(fault)

    def _check(self, element: etree._Element, code: str) -> None:
        # lxml asks the schema about the element as a root, wherever in its document it stands.
        try:
            self._schema.assertValid(element)
        except etree.DocumentInvalid as error:
            raise ContractBroken(code, f"{etree.QName(element).localname}: {error}") from None


def node(name: str, *content: "etree._Element | str") -> etree._Element:
    """An element of the contract's namespace with texts or elements in it."""
    element = etree.Element(f"{{{MODEL}}}{name}", nsmap={"m": MODEL})
    for part in content:
        if isinstance(part, str):
            element.text = (element.text or "") + part
        else:
            element.append(part)
    return element


def flag_text(value: object) -> str:
    """A boolean as the schema writes it."""
    return "true" if value else "false"


def _envelope(content: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(content)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
