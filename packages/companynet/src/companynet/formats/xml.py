"""XML that came from outside, read so that it cannot harm or mislead."""

from lxml import etree

from companynet.errors import FormatError

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes."""


def parse_xml(data: bytes, source: str, *, limit: int = SIZE_LIMIT) -> etree._Element:
    """The root element of a document.

    No DTD, no entity, no network. Comments and processing instructions are allowed between elements only: inside
    a value they would cut it in two, and an amount would read short.

    Args:
        data: the document.
        source: its name, for messages.
        limit: the most bytes it may have.

    Raises:
        FormatError: it is not well formed, too big, has a document type, or a comment inside a value.
    """
    if len(data) > limit:
        raise FormatError(source, "the file", f"has {len(data)} bytes, more than the {limit} allowed")
    # Looked for before parsing, so that no entity is ever read; blanked zeros find it in UTF-16 and UTF-32 too.
    if b"<!DOCTYPE" in data.replace(b"\0", b""):
        raise FormatError(source, "the head", "has a document type (DOCTYPE), which is refused")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise FormatError(source, f"line {line}, column {column}", f"is not well-formed XML: {error.msg}") from None
    except ValueError as error:
        raise FormatError(source, "the head", f"cannot be read as XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise FormatError(source, "the head", "has a document type (DOCTYPE), which is refused")
    _refuse_hidden(root, source)
    return root


def schema_errors(schema: etree.XMLSchema, root: etree._Element) -> list[tuple[int, str]]:
    """The line and the sentence of each thing in a document that breaks its schema."""
    schema.validate(root)
    return [(error.line, error.message) for error in schema.error_log]  # type: ignore[attr-defined]


def _refuse_hidden(root: etree._Element, source: str) -> None:
    for node in root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity):
        parent = node.getparent()
        if parent is None:
            continue
        texts = [parent.text, *(child.tail for child in parent)]
        if node.tag is etree.Entity or any(text and text.strip() for text in texts):
            place = f"line {node.sourceline}, {etree.QName(parent).localname}"
            raise FormatError(source, place, "a comment, processing instruction or entity stands inside a value")
