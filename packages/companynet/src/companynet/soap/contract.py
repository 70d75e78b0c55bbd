"""The contract with the bank at work: requests fitted to the WSDL that is there, answers read for what is wanted.

zeep makes messages after the WSDL but does not enforce the facets of the XSD (lengths, patterns, choices of values),
so requests are validated with libxml2 as well.  # S-153
Answers are validated too, and read whether they keep to the schema or not: banks do not always keep to their own.
What breaks it is a notice.  # L-032
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

import zeep
import zeep.exceptions
import zeep.settings
import zeep.transports
import zeep.xsd
from lxml import etree

from companynet.contract import wsdl_path
from companynet.errors import ProfileError
from companynet.soap.answers import AnswerNeeds
from companynet.soap.envelope import body_of
from companynet.soap.errors import ContractBroken
from companynet.soap.fitting import Fit, Fitting
from companynet.soap.needs import NEEDS, Names

_WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_XSD: Final = "http://www.w3.org/2001/XMLSchema"
#: Of one answer: whoever reads them looks at the first few.
_MOST_NOTICES: Final = 10

#: Elements whose value never goes into a text: validators quote what they refuse.  # L-016, L-018, L-021, L-022
_SECRET_ELEMENTS: Final = frozenset({"authenticationToken", "generatedToken", "sessionToken", "signature", "token"})


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
        names: the bank's names of ours, where they are others, see :class:`~companynet.soap.needs.Names`.
        values: for what the WSDL requires and this library does not know, by operation and path.

    Raises:
        ProfileError: the WSDL or a schema of it cannot be used; the text names the file.
    """

    def __init__(
        self,
        wsdl: Path | None = None,
        names: Mapping[str, str] = MappingProxyType({}),
        values: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._names = Names(names)
        self._values = values
        self._fits: dict[str, Fit] = {}
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

    def fit(self, operation: str) -> Fit:
        """How an operation of ours fits this WSDL.

        Raises:
            ProfileError: the WSDL has no such operation.
        """
        if operation not in self._fits:
            element = self._operation(operation).input.body
            fitting = Fitting(operation, self._names, self._values)
            self._fits[operation] = fitting.fit(NEEDS[operation].request, element.type)
        return self._fits[operation]

    def request(self, operation: str, arguments: Mapping[str, object]) -> bytes:
        """The envelope of a call, UTF-8, validated.

        Args:
            operation: ours.
            arguments: what :data:`~companynet.soap.needs.NEEDS` names, by our names.

        Raises:
            ProfileError: the WSDL has no such operation, or does not fit; the text says what is missing or unknown.
            ContractBroken: a value breaks the contract.
        """
        fit = self.fit(operation)
        if fit.problems:
            raise ProfileError(f"{self._path}: {operation} does not fit this WSDL: {'; '.join(fit.problems)}")
        filled = fit.fill(arguments)
        failure: str | None = None
        try:
            envelope = self._client.create_message(self._client.service, self._names.operation(operation), **filled)
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

    def answer(self, operation: str, body: etree._Element) -> Any:
        """What is wanted of an answer, see :class:`~companynet.soap.answers.AnswerNeeds`; None for nothing.

        Args:
            operation: ours.
            body: the one element of the answer's body.

        Raises:
            ContractBroken: the answer is not one of this operation, or has not what is needed.
        """
        expected = etree.QName(self._operation(operation).output.body.qname.text).localname
        if (found := etree.QName(body).localname) != expected:
            raise ContractBroken(f"the body holds {found} in place of {expected}")
        need = NEEDS[operation].answer
        return None if need is None else AnswerNeeds(operation, need, self._names).read(body)

    def notices(self, operation: str, body: etree._Element) -> tuple[str, ...]:
        """Where an answer breaks the schema: names and the kind of each break, no value of it.

        An answer that was read all the same is good for what it was asked; these are for who looks after the profile.
        """
        expected = self._operation(operation).output.body.qname.text
        if body.tag != expected:
            return (f"{etree.QName(body).localname}: another namespace",)
        return tuple(dict.fromkeys(f"{place}: {kind}" for place, kind, _text in self._breaks(body)))[:_MOST_NOTICES]

    def _operation(self, name: str) -> Any:
        failure = False
        try:
            return self._binding.get(self._names.operation(name))
        except (ValueError, LookupError):
            failure = True
        if failure:
            raise ProfileError(f"{self._path}: the WSDL has no operation {name}")
        return None

    def _validate(self, element: etree._Element) -> None:
        for place, kind, text in self._breaks(element):
            if _SECRET_ELEMENTS.intersection(place.split("/")[-1:]):
                raise ContractBroken(f"{place}: {kind}")
            raise ContractBroken(f"{place}: {text}")

    def _breaks(self, element: etree._Element) -> Iterator[tuple[str, str, str]]:
        """Where an element breaks the schema: names from it down, libxml2's word for it, and its sentence."""
        # A copy: libxml2 writes default values into what it validates.
        copy = etree.fromstring(etree.tostring(element))
        if self._schema.validate(copy):
            return
        errors: Any = self._schema.error_log
        for entry in errors:
            names = [etree.QName(step).localname for step in _steps(copy, entry.path)]
            yield "/".join(names) or etree.QName(copy).localname, entry.type_name, entry.message


def _steps(root: etree._Element, path: str | None) -> list[etree._Element]:
    """The elements from the root down to a path of libxml2's error log."""
    # The log writes the prefixes of the message.
    prefixes = {prefix: uri for node in root.iter() for prefix, uri in node.nsmap.items() if prefix}
    try:
        found = root.getroottree().xpath(path or "/*", namespaces=prefixes)
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
