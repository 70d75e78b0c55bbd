"""Answers of the bank as XML, read with suspicion."""

from typing import Final

from lxml import etree

SOAP_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"


class EnvelopeError(ValueError):
    """The bytes are no SOAP envelope this library accepts; the text says why and quotes nothing of them."""


def parse_envelope(content: bytes) -> etree._Element:
    """Read a SOAP envelope.

    Nothing outside the bytes is loaded and no entity is expanded. A DOCTYPE is refused: SOAP forbids it, and it is
    what entity attacks need. So are comments and processing instructions: the text of an element with a comment
    inside reads as the part before it, and an amount or an account would be cut short unseen.  # S-150

    One text of the answer may have 10 MB, the limit of libxml2.

    Raises:
        EnvelopeError: the bytes are no well-formed XML, hold something refused, or are no SOAP envelope.
    """
    if b"<!DOCTYPE" in content:
        raise EnvelopeError("the answer has a DOCTYPE")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    problem: str | None = None
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        # The parser's own text may quote the answer.
        problem = "the answer is not well-formed XML"
    if problem:
        raise EnvelopeError(problem)
    # In UTF-16 the search above sees nothing.
    if root.getroottree().docinfo.internalDTD is not None:
        raise EnvelopeError("the answer has a DOCTYPE")
    for node in root.getroottree().iter():
        if not isinstance(node.tag, str):
            raise EnvelopeError("the answer has a comment, a processing instruction or an entity")
    for node in (*root.itersiblings(), *root.itersiblings(preceding=True)):
        if not isinstance(node.tag, str):
            raise EnvelopeError("the answer has a comment or a processing instruction beside its envelope")
    if root.tag != f"{{{SOAP_ENVELOPE}}}Envelope":
        raise EnvelopeError("the answer is XML but no SOAP 1.1 envelope")
    return root


def body_of(envelope: etree._Element) -> etree._Element:
    """The one element in the body of an envelope.

    Raises:
        EnvelopeError: there is no body, or not exactly one element in it.
    """
    body = envelope.find(f"{{{SOAP_ENVELOPE}}}Body")
    if body is None:
        raise EnvelopeError("the SOAP envelope has no body")
    if len(body) != 1:
        raise EnvelopeError(f"the SOAP body has {len(body)} elements in place of one")
    return body[0]
