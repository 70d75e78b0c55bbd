"""Order files and reports inside the messages."""

import base64
import binascii
import gzip
import re
from typing import Final

from lxml import etree

from companynet.errors import FormatError
from companynet.formats.code_pages import CODE_PAGE, UTF_8, choose_pages
from companynet.formats.packed import is_packed, unpack
from companynet.formats.xml import parse_xml
from companynet.testing.masking.masker import Masker
from companynet.testing.masking.statement import mask_statement

_LIMIT: Final = 256 * 1024 * 1024
_XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
#: Elements of ISO 20022 without anything of anybody: ids that serve once, codes, counts, banks.
_KEPT_NAMES: Final = """\
MsgId PmtInfId InstrId EndToEndId CreDtTm NbOfTxs NbOfNtries PmtMtd BtchBookg ReqdExctnDt Dt DtTm FrDtTm ToDtTm
InstrPrty Cd ChrgBr BIC BICFI Ctry Ccy CdtDbtInd Sts ElctrncSeqNb LglSeqNb PgNb LastPgInd SubFmlyCd RvslInd
AcctSvcrRef XchgRate SrcCcy TrgtCcy UnitCcy
"""
_KEPT: Final = frozenset(_KEPT_NAMES.split())
_OWN_IDS: Final = frozenset({"InstrId", "EndToEndId"})
#: The element below the root of an order file.
_ORDERS: Final = "CstmrCdtTrfInitn"
_AMOUNTS: Final = frozenset({"InstdAmt", "Amt", "CtrlSum", "Sum", "TtlNetNtryAmt", "TxAmt"})
#: Where a proprietary value is a code of the bank's.
_CODED: Final = frozenset({"LclInstrm", "SvcLvl", "CtgyPurp", "BkTxCd", "CdOrPrtry", "Sts"})
_PLAIN_AMOUNT: Final = re.compile(r"-?\d{1,18}(\.\d{1,5})?", re.ASCII)


def mask_data(data: bytes, masker: Masker) -> bytes:
    """The bytes of an order file or a report; what cannot be read is made text, and masked as such."""
    if is_packed(data):
        return gzip.compress(mask_data(unpack(data, _LIMIT), masker), mtime=0)
    if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        try:
            return _document(data, masker)
        except FormatError:
            return masker.text(data.decode(CODE_PAGE)).encode(CODE_PAGE, "replace")
    (page,) = choose_pages([data])
    encoding = UTF_8 if page.name == UTF_8 else CODE_PAGE
    text = data.decode(encoding, "replace")
    if ":20:" in text or ":25:" in text:
        return mask_statement(text, masker).encode(encoding)
    return masker.text(text).encode(encoding)


def mask_report(content: str, masker: Masker) -> str:
    """The content of a report: text, or base64 of packed or plain bytes."""
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if data and (is_packed(data) or b":20:" in data or b":25:" in data or data.lstrip().startswith(b"<")):
        return base64.b64encode(mask_data(data, masker)).decode("ascii")
    if ":20:" in content or ":25:" in content:
        return mask_statement(content, masker)
    return masker.text(content)


def _document(data: bytes, masker: Masker) -> bytes:
    root = parse_xml(data, "a message")
    for node in list(root.iter(etree.Comment, etree.ProcessingInstruction)):
        if (parent := node.getparent()) is not None:
            parent.remove(node)
    for element in root.iter():
        for name, value in element.attrib.items():
            if name != "Ccy" and not str(name).startswith(_XSI):
                element.set(name, masker.text(str(value)))
        if element.text and element.text.strip():
            element.text = _leaf(element, element.text, masker)
        if element.tail and element.tail.strip():
            element.tail = masker.text(element.tail)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _leaf(element: etree._Element, text: str, masker: Masker) -> str:
    name = etree.QName(element).localname
    parent = element.getparent()
    if name in _AMOUNTS and _PLAIN_AMOUNT.fullmatch(text.strip()):
        return masker.amount(text.strip())
    if name in _OWN_IDS and etree.QName(element.getroottree().getroot()[0]).localname != _ORDERS:
        # In a report they are those of whoever paid, and may say anything.
        return masker.whole(text)
    if name in _KEPT or (name == "Prtry" and parent is not None and etree.QName(parent).localname in _CODED):
        return text
    masks = {"IBAN": masker.account, "Nm": masker.name}
    return masks.get(name, masker.whole)(text)
