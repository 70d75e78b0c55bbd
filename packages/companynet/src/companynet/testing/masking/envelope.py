"""SOAP envelopes of the contract: which element is masked how. What is not known is masked as text."""

import base64
import binascii
import enum
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final

from lxml import etree

from companynet.soap.envelope import SOAP_ENVELOPE, parse_envelope
from companynet.testing.masking.document import mask_data, mask_report
from companynet.testing.masking.masker import Masker


class Kind(enum.Enum):
    """What stands in an element."""

    KEPT = "kept"
    """Nothing of anybody."""

    CODE = "code"
    """A code of the bank, if it looks like one."""

    TOKEN = "token"  # noqa: S105 -- a word, no token
    """Of a login or a session."""

    PASSWORD = "password"  # noqa: S105 -- a word, no password
    """One-time."""

    SIGNATURE = "signature"
    CHALLENGE = "text-to-sign"
    """A text the bank gives to be signed."""

    DIK = "dik"
    SENTENCE = "sentence"
    """Words of the bank."""

    DATA = "data"
    """A file of orders, base64."""

    MD5 = "md5"
    """Of the file of orders."""

    REPORT = "report"
    """The content of a report."""

    TEXT = "text"
    """Anything else."""


#: Ids that serve once, names of the contract, flags, days and counts.
_KEPT_NAMES: Final = """\
language version clientInfo clientVersion endTime allowedOperations from to compressed taskId finished format
encoding modificationDate editable sendToAuth orderAwaitingFunds massPayment massPlus massTransfer
clientOrderGroupId orderGroupId groupId orderReference statusKey confirmationsRequired validationErrorsAreFatal
faultcode
"""
_KINDS: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(_KEPT_NAMES.split(), Kind.KEPT),
    "code": Kind.CODE,
    "authenticationToken": Kind.TOKEN,
    "generatedToken": Kind.TOKEN,
    # Elements that hold a token.  # L-020, L-021, L-022
    "sessionToken": Kind.TOKEN,
    "token": Kind.PASSWORD,
    "signature": Kind.SIGNATURE,
    "dik": Kind.DIK,
    "DIK": Kind.DIK,
    **dict.fromkeys(("message", "description", "faultstring"), Kind.SENTENCE),
    "data": Kind.DATA,
    "md5": Kind.MD5,
    "content": Kind.REPORT,
}
#: What an answer gives, where it is one value.
_ANSWERS: Final[Mapping[str, Kind]] = {
    "initLoginWithSignatureResponse": Kind.CHALLENGE,
    "initCreateBackgroundSessionWithSignatureResponse": Kind.CHALLENGE,
    "getMT940ExResponse": Kind.KEPT,
    "universalPaymentSendResponse": Kind.KEPT,
}
_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,40}", re.ASCII)
#: Values of no one, in elements that are not known: yes and no, days and times.
_PLAIN: Final = re.compile(r"true|false|\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_FREE_NAMESPACES: Final = ("{http://www.w3.org/", f"{{{SOAP_ENVELOPE}}}")


def kind_of(element: etree._Element) -> Kind:
    """What stands in an element, after its name and the operation it belongs to."""
    name = etree.QName(element).localname
    parent = element.getparent()
    if name == "return" and parent is not None:
        return _ANSWERS.get(etree.QName(parent).localname, Kind.TEXT)
    return _KINDS.get(name, Kind.TEXT)


def mask_envelope(content: bytes, masker: Masker) -> str:
    """An envelope without secrets and personal data.

    Raises:
        EnvelopeError: it is none.
    """
    root = parse_envelope(content)
    for element in root.iter():
        for name, value in element.attrib.items():
            if not str(name).startswith(_FREE_NAMESPACES):
                element.set(name, masker.text(str(value)))
        if element.text and element.text.strip():
            element.text = _leaf(element, element.text, masker)
        if element.tail and element.tail.strip():
            element.tail = masker.text(element.tail)
    for data in root.iter("{*}data"):
        # The sum fits what the recording holds.
        made = hashlib.md5(base64.b64decode(data.text or ""), usedforsecurity=False).hexdigest()
        for md5 in root.iter("{*}md5"):
            md5.text = made
    return etree.tostring(root, encoding="unicode")


def _leaf(element: etree._Element, text: str, masker: Masker) -> str:
    kind = kind_of(element)
    if kind is Kind.KEPT or (kind is Kind.TEXT and _PLAIN.fullmatch(text.strip())):
        return text
    if kind is Kind.CODE and _CODE.fullmatch(text.strip()):
        return text
    if kind in _SECRETS:
        return masker.token(kind.value, text)
    return _MASKS.get(kind, Masker.whole)(masker, text)


def _dik(masker: Masker, text: str) -> str:
    return masker.digits(text) if text.isascii() and text.isdecimal() else masker.whole(text)


def _data(masker: Masker, text: str) -> str:
    try:
        data = base64.b64decode(text)
    except binascii.Error:
        return masker.text(text)
    return base64.b64encode(mask_data(data, masker)).decode("ascii")


def _report(masker: Masker, text: str) -> str:
    return mask_report(text, masker)


_SECRETS: Final = frozenset({Kind.TOKEN, Kind.PASSWORD, Kind.SIGNATURE, Kind.CHALLENGE})
_MASKS: Final[Mapping[Kind, Callable[[Masker, str], str]]] = {
    Kind.DIK: _dik,
    Kind.SENTENCE: Masker.sentence,
    Kind.CODE: Masker.sentence,
    Kind.DATA: _data,
    Kind.REPORT: _report,
}
