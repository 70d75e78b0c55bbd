"""pain.001.001.03, after the Polish Bank Association's recommendation 2.0.  # S-109, L-117

One PmtInf for each debited account, kind and day (L-118). All ids come from the batch and nothing from a clock, so
the same batch is the same bytes.
"""

import functools
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING

from lxml import etree

from companynet.domain.account import to_iban
from companynet.domain.order import CreditTransfer, OrderBatch, OrderKind, Party
from companynet.domain.statement import Problem
from companynet.errors import FormatError, OrderError
from companynet.formats.order_codes import KindCodes, OrderCodes
from companynet.formats.order_rules import check_batch
from companynet.formats.pain001_check import check_document
from companynet.formats.xml import parse_xml, schema_errors

if TYPE_CHECKING:
    from datetime import date

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"


def write(batch: OrderBatch, codes: OrderCodes | None = None) -> bytes:
    """The file of a batch: UTF-8, validated against the schema.

    Args:
        batch: with its ids, which are never made up here.
        codes: the codes that select the order types; None for the defaults.

    Raises:
        OrderError: an order breaks a rule; it names the order and the field. Nothing was written or sent.
    """
    check_batch(batch)
    codes = codes or OrderCodes()
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    initiation = _add(root, "CstmrCdtTrfInitn")
    header = _add(initiation, "GrpHdr")
    _add(header, "MsgId", batch.message_id)
    _add(header, "CreDtTm", batch.created_at.isoformat(timespec="seconds"))
    _totals(header, batch.orders)
    _add(_add(header, "InitgPty"), "Nm", batch.initiating_party)
    for orders in _groups(batch):
        _payment(initiation, orders, codes)
    for _line, message in schema_errors(load_schema(), root):
        raise OrderError(f"batch {batch.message_id}", "the file", f"breaks the schema: {message}")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def check(data: bytes, source: str = "order file") -> tuple[Problem, ...]:
    """What is wrong with an order file, whoever made it; empty if nothing is.

    Raises:
        FormatError: it is not XML that can be read.
    """
    root = parse_xml(data, source)
    if root.tag != f"{{{NAMESPACE}}}Document":
        text = f"the root element is {root.tag}, not Document of pain.001.001.03"
        return (Problem("schema", text, f"line {root.sourceline}"),)
    broken = [Problem("schema", message, f"line {line}") for line, message in schema_errors(load_schema(), root)]
    return (*broken, *check_document(root, NAMESPACE))


def message_id(data: bytes, source: str = "order file") -> str:
    """The ``MsgId`` of an order file, whoever made it: the customer's own name of the batch.

    Raises:
        FormatError: it is not XML that can be read, or has none.
    """
    found = parse_xml(data, source).findtext(f".//{{{NAMESPACE}}}GrpHdr/{{{NAMESPACE}}}MsgId")
    if not found:
        raise FormatError(source, "GrpHdr", "has no MsgId")
    return found


@functools.cache
def load_schema() -> etree.XMLSchema:
    """The schema of ISO 20022, from the package."""
    resource = files("companynet.formats").joinpath("schemas", "pain.001.001.03.xsd")
    return etree.XMLSchema(etree.fromstring(resource.read_bytes()))


def _groups(batch: OrderBatch) -> list[list[CreditTransfer]]:
    groups: dict[tuple[str, OrderKind, date], list[CreditTransfer]] = {}
    for order in batch.orders:
        key = (to_iban(order.debtor.account), order.kind, order.execution_date)
        groups.setdefault(key, []).append(order)
    for orders in groups.values():
        for order in orders:
            if order.debtor != orders[0].debtor:
                reason = f"differs from that of order {orders[0].end_to_end_id} with the same account and day"
                raise OrderError(order.end_to_end_id, "debtor", reason)
    return list(groups.values())


def _payment(parent: etree._Element, orders: list[CreditTransfer], codes: OrderCodes) -> None:
    first = orders[0]
    kind = codes.of(first.kind)
    payment = _add(parent, "PmtInf")
    # An instruction id is used once ever, and so is the first one of a group.
    _add(payment, "PmtInfId", first.instruction_id)
    _add(payment, "PmtMtd", "TRF")
    _totals(payment, orders)
    _type(payment, kind)
    _add(payment, "ReqdExctnDt", first.execution_date.isoformat())
    _party(payment, "Dbtr", first.debtor)
    _account(payment, "DbtrAcct", first.debtor)
    _agent(payment, "DbtrAgt", first.debtor.bic or codes.debtor_bic)
    if kind.charge_bearer:
        _add(payment, "ChrgBr", kind.charge_bearer)
    for order in orders:
        _transfer(payment, order)


def _transfer(parent: etree._Element, order: CreditTransfer) -> None:
    transfer = _add(parent, "CdtTrfTxInf")
    ids = _add(transfer, "PmtId")
    _add(ids, "InstrId", order.instruction_id)
    _add(ids, "EndToEndId", order.end_to_end_id)
    amount = _add(_add(transfer, "Amt"), "InstdAmt", f"{order.amount:.2f}")
    amount.set("Ccy", order.currency)
    if order.creditor.bic:
        _agent(transfer, "CdtrAgt", order.creditor.bic)
    _party(transfer, "Cdtr", order.creditor)
    _account(transfer, "CdtrAcct", order.creditor)
    if order.remittance:
        _add(_add(transfer, "RmtInf"), "Ustrd", order.remittance)


def _totals(parent: etree._Element, orders: list[CreditTransfer] | tuple[CreditTransfer, ...]) -> None:
    _add(parent, "NbOfTxs", str(len(orders)))
    _add(parent, "CtrlSum", f"{sum((order.amount for order in orders), Decimal(0)):.2f}")


def _type(parent: etree._Element, kind: KindCodes) -> None:
    parts = (
        ("SvcLvl", kind.service_level),
        ("LclInstrm", kind.local_instrument),
        ("CtgyPurp", kind.category_purpose),
    )
    if not kind.priority and not any(value for _tag, value in parts):
        return
    payment_type = _add(parent, "PmtTpInf")
    if kind.priority:
        _add(payment_type, "InstrPrty", kind.priority)
    for tag, value in parts:
        if value:
            _add(_add(payment_type, tag), "Cd" if len(value) <= 4 else "Prtry", value)


def _party(parent: etree._Element, tag: str, party: Party) -> None:
    element = _add(parent, tag)
    _add(element, "Nm", party.name)
    if party.country or party.address_lines:
        address = _add(element, "PstlAdr")
        if party.country:
            _add(address, "Ctry", party.country)
        for line in party.address_lines:
            _add(address, "AdrLine", line)


def _account(parent: etree._Element, tag: str, party: Party) -> None:
    _add(_add(_add(parent, tag), "Id"), "IBAN", to_iban(party.account))


def _agent(parent: etree._Element, tag: str, bic: str) -> None:
    _add(_add(_add(parent, tag), "FinInstnId"), "BIC", bic)


def _add(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    element.text = text
    return element
