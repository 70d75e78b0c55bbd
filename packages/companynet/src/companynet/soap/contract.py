"""The contract with the bank at work: messages made, answers checked and read.

zeep makes and reads messages after the WSDL but does not enforce the facets of the XSD (lengths, patterns, choices of
values), so both directions are validated with libxml2 as well.  # S-153
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

import zeep
import zeep.exceptions
import zeep.settings
import zeep.transports
import zeep.xsd
import zeep.xsd.context
from lxml import etree

from companynet.contract import wsdl_path
from companynet.errors import ProfileError
from companynet.soap.envelope import EnvelopeError, body_of

_WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_XSD: Final = "http://www.w3.org/2001/XMLSchema"

#: Elements whose value never goes into a text: validators quote what they refuse.  # L-016, L-018, L-021, L-022
_SECRET_ELEMENTS: Final = frozenset({"authenticationToken", "generatedToken", "sessionToken", "signature", "token"})


class ContractBroken(ValueError):
    """A message does not fit the contract; the text says where and why."""


class _FilesOnly(zeep.transports.Transport):
    """Loads a WSDL and what it names from files; the network is no place for a contract."""

    def _load_remote_data(self, url: str) -> bytes:
        if urlsplit(url).scheme != "file":
            raise OSError(f"{url} is not a file")
        return Path(unquote(urlsplit(url).path)).read_bytes()


class Contract:
    """A WSDL with its XSD, loaded once.

    Args:
        wsdl: the file; None for the one shipped with the library.

    Raises:
        ProfileError: the WSDL or a schema of it cannot be used; the text names the file.
    """

    def __init__(self, wsdl: Path | None = None) -> None:
        self._path = path = wsdl or wsdl_path()
        failure: str | None = None
        try:
            self._client: Any = zeep.Client(  # type: ignore[no-untyped-call]
                str(path),
                transport=_FilesOnly(),  # type: ignore[no-untyped-call]
                settings=zeep.settings.Settings(
                    strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False
                ),
            )
            self._binding = self._client.service._binding  # zeep names the chosen binding nowhere else
            self._schema = _schema_of(path)
        except (zeep.exceptions.Error, etree.LxmlError, OSError, ValueError, TypeError, LookupError) as error:
            failure = f"{path}: the WSDL cannot be used: {error}"
        if failure:
            raise ProfileError(failure)

    def soap_action(self, operation: str) -> str:
        """The SOAPAction of an operation.

        Raises:
            ProfileError: the WSDL has no such operation.
        """
        return self._operation(operation).soapaction or ""

    def request(self, operation: str, arguments: Mapping[str, object]) -> bytes:
        """The envelope of a call, UTF-8, validated.

        Raises:
            ProfileError: the WSDL has no such operation, or gives it another shape.
            ContractBroken: a value breaks the contract.
        """
        self._operation(operation)
        failure: str | None = None
        try:
            envelope = self._client.create_message(self._client.service, operation, **arguments)
        except zeep.exceptions.ValidationError as error:
            # "Missing element x (y.x)": names only.
            failure = f"{self._path}: {operation} cannot be made: {error}"
        except (zeep.exceptions.Error, TypeError, ValueError, LookupError) as error:
            failure = f"{self._path}: {operation} has another shape in this WSDL ({type(error).__name__})"
        if failure:
            raise ProfileError(failure)
        self._validate(body_of(envelope))
        made: bytes = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
        return made

    def answer(self, operation: str, envelope: etree._Element) -> Any:
        """The value of an answer: what its one element, or of several its ``return``, holds; None if there is none.

        Raises:
            ContractBroken: the answer is not one of this operation, or breaks the contract.
        """
        output = self._operation(operation).output
        failure: str | None = None
        try:
            body = body_of(envelope)
            self._validate(body, output.body.qname.text)
            context = zeep.xsd.context.XmlParserContext(settings=self._client.settings)  # type: ignore[no-untyped-call]
            parsed = output.body.parse(body, self._client.wsdl.types, context=context)
        except ContractBroken:
            raise
        except (EnvelopeError, zeep.exceptions.Error, ValueError, TypeError, LookupError) as error:
            failure = str(error) if isinstance(error, EnvelopeError) else type(error).__name__
        if failure:
            raise ContractBroken(f"the answer to {operation} cannot be read: {failure}")
        # zeep's own way of reading also unwraps a value that happens to have one part; here it keeps its shape.
        if not isinstance(parsed, zeep.xsd.CompoundValue):
            return parsed
        values = parsed.__values__
        if len(values) == 1:
            return next(iter(values.values()))
        # A customer's WSDL may have more beside it.
        return values.get("return")

    def is_answer(self, operation: str, element: etree._Element) -> bool:
        """Whether an element has the name of an operation's answer, whatever is in it, in any namespace."""
        expected = etree.QName(self._operation(operation).output.body.qname.text)
        return etree.QName(element).localname == expected.localname

    def _operation(self, name: str) -> Any:
        failure = False
        try:
            return self._binding.get(name)
        except (ValueError, LookupError):
            failure = True
        if failure:
            raise ProfileError(f"{self._path}: the WSDL has no operation {name}")
        return None

    def _validate(self, element: etree._Element, expected: str | None = None) -> None:
        if expected is not None and element.tag != expected:
            raise ContractBroken(
                f"the body holds {etree.QName(element).localname} in place of {etree.QName(expected).localname}"
            )
        # A copy: libxml2 writes default values into what it validates.
        copy = etree.fromstring(etree.tostring(element))
        if self._schema.validate(copy):
            return
        errors: Any = self._schema.error_log
        entry = errors[0]
        names = [etree.QName(step).localname for step in _steps(copy, entry.path)]
        place = "/".join(names) or etree.QName(copy).localname
        if _SECRET_ELEMENTS.intersection(names[-1:]):
            raise ContractBroken(f"{place}: {entry.type_name}")
        raise ContractBroken(f"{place}: {entry.message}")


def _steps(root: etree._Element, path: str | None) -> list[etree._Element]:
    """The elements from the root down to a path of libxml2's error log."""
    try:
        found = root.getroottree().xpath(path or "/*")
    except etree.XPathError:
        return [root]
    if not isinstance(found, list) or not found or not isinstance(found[0], etree._Element):
        return [root]
    return [*reversed(list(found[0].iterancestors())), found[0]]


def _schema_of(wsdl: Path) -> etree.XMLSchema:
    """One schema of all the types of a WSDL, several namespaces and inline schemas included."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.parse(str(wsdl), parser).getroot()
    base = wsdl.resolve().as_uri()
    with tempfile.TemporaryDirectory(prefix="companynet-") as folder:
        parts: dict[str, list[str]] = {}
        for number, inline in enumerate(root.iterfind(f"{{{_WSDL}}}types/{{{_XSD}}}schema")):
            for node in inline.iter(f"{{{_XSD}}}include", f"{{{_XSD}}}import", f"{{{_XSD}}}redefine"):
                if (location := node.get("schemaLocation")) is not None:
                    absolute = urljoin(base, location)
                    if urlsplit(absolute).scheme != "file":
                        raise OSError(f"{absolute} is not a file")
                    node.set("schemaLocation", absolute)
            name = f"part-{number}.xsd"
            Path(folder, name).write_bytes(etree.tostring(inline))
            parts.setdefault(inline.get("targetNamespace", ""), []).append(name)
        if not parts:
            raise ValueError("it has no types")
        # libxml2 takes the first import of a namespace only, so the parts of one namespace are included in one file.
        wrapper = etree.Element(f"{{{_XSD}}}schema", nsmap={"xsd": _XSD})
        # One without a namespace, which often holds imports alone, cannot be imported by another without.
        for name in parts.pop("", ()):
            etree.SubElement(wrapper, f"{{{_XSD}}}include", schemaLocation=name)
        for number, (namespace, names) in enumerate(parts.items()):
            holder = etree.Element(f"{{{_XSD}}}schema", nsmap={"xsd": _XSD}, targetNamespace=namespace)
            for name in names:
                etree.SubElement(holder, f"{{{_XSD}}}include", schemaLocation=name)
            Path(folder, f"namespace-{number}.xsd").write_bytes(etree.tostring(holder))
            etree.SubElement(
                wrapper, f"{{{_XSD}}}import", namespace=namespace, schemaLocation=f"namespace-{number}.xsd"
            )
        everything = Path(folder, "all.xsd")
        everything.write_bytes(etree.tostring(wrapper))
        return etree.XMLSchema(etree.parse(str(everything), parser))
