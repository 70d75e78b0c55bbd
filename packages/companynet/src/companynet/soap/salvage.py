"""What can be saved of an answer that is not as it should be, when the bank has acted.

A task id or a token that is lost with its answer cannot be asked for again.
"""

from lxml import etree


def leaves(element: etree._Element) -> list[tuple[str, str]]:
    """The elements without others in them that hold a text: local name and text, without blanks around it."""
    return [
        (etree.QName(node).localname, node.text.strip())
        for node in element.iter()
        if not len(node) and node.text and node.text.strip()
    ]


def only_text(element: etree._Element) -> str | None:
    """The one text of an answer; of several the one that is called ``taskId``; None if neither is there."""
    found = leaves(element)
    # L-023, L-026
    named = {text for name, text in found if name == "taskId"}
    if len(named) == 1:
        return named.pop()
    return found[0][1] if len(found) == 1 else None


def identity(value: object) -> str:
    """An id that the bank gave, as text: it may be a number in a customer's WSDL. An empty one is none.

    Raises:
        ValueError: it is none, or no plain value.
    """
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text:
        raise ValueError("no id")
    return text
