"""XML as a bank reads it: no entities, no documents type, no comments, no surprises."""

from typing import Any

from lxml import etree


class XmlRefused(Exception):
    """The document is not read; the text says why."""


def parse_strictly(data: bytes) -> etree._Element:
    """Read a document that must hold nothing but elements, attributes and text.

    A comment inside an amount would cut it short for a careless reader, so there are none.

    Raises:
        XmlRefused: it is not XML, or has a document type, comments or processing instructions.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise XmlRefused(f"not well-formed XML: {error.msg}") from None
    except ValueError as error:
        raise XmlRefused(f"not XML: {error}") from None
    document: Any = root.getroottree()  # the stubs know no doctype
    if document.docinfo.doctype:
        raise XmlRefused("a document type is not taken")
    if next(root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity), None) is not None:
        raise XmlRefused("comments, processing instructions and entities are not taken")
    return root


def local_names(root: etree._Element) -> None:
    """Take the namespace off the elements of a document that has one only.

    Raises:
        XmlRefused: an element is of another namespace than the root.
    """
    prefix = f"{{{etree.QName(root).namespace}}}"
    for element in root.iter():
        if not element.tag.startswith(prefix):
            raise XmlRefused(f"element {element.tag} is not of the document's namespace")
        element.tag = element.tag.removeprefix(prefix)
