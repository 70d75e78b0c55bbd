"""XML from outside can neither harm nor mislead."""

import pytest
from lxml import etree

from companynet.errors import FormatError
from companynet.formats.xml import parse_xml

BOMB = '<!DOCTYPE a [<!ENTITY x "1"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;</a>'

ATTACKS = {
    "external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "bomb": BOMB.encode(),
    "bomb in UTF-16": BOMB.encode("utf-16"),
    "bomb in an attribute": b'<!DOCTYPE a [<!ENTITY x "11">]><a b="&x;"/>',
    "bare document type": b"<!DOCTYPE a><a/>",
    "external document type": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
    "comment inside an amount": b"<a><m>52600<!---->01246</m></a>",
    "comment before an amount": b"<a><m><!-- -->526</m></a>",
    "comment behind an amount": b"<a><m>526<!-- --></m></a>",
    "instruction inside an amount": b"<a><m>52600<?x?>01246</m></a>",
    "unknown entity": b"<a>&x;</a>",
    "cut": b"<a><b></a",
    "empty": b"",
    "not XML": b"hello",
    "unknown code page": b"<?xml version='1.0' encoding='nonsense'?><a/>",
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS.keys())
def test_attacks_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse_xml(data, "attack.xml")
    assert caught.value.source == "attack.xml"
    assert "root:" not in str(caught.value)


def test_a_deep_or_big_document_is_refused() -> None:
    with pytest.raises(FormatError):
        parse_xml(b"<a>" * 100_000 + b"</a>" * 100_000, "deep.xml")
    with pytest.raises(FormatError, match="more than the 10"):
        parse_xml(b"<a>12345678</a>", "big.xml", limit=10)


def test_comments_between_elements_are_harmless() -> None:
    root = parse_xml(b"<!-- x --><a>\n <!-- y --> <b>1</b><?z?></a>", "x")
    assert etree.QName(root).localname == "a"
    assert root.findtext("b") == "1"
