"""Order files in pain.001.001.03 and .09, read by the bank's own means.  # S-206, L-117"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from lxml import etree

from companynet_sandbox.books.numbers import bare_account, is_iban, is_nrb, to_minor
from companynet_sandbox.formats import tax
from companynet_sandbox.formats.xml import XmlRefused, local_names, parse_strictly

#: The old form and the new one are both taken.
NAMESPACES: Final = tuple(f"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}" for version in ("03", "09"))
_NAME_LENGTH: Final = 70  # L-243
_TITLE_LENGTH: Final = 140  # L-243
_ID_LENGTH: Final = 35  # S-206, L-243


class FileRefused(Exception):
    """The file cannot be read as orders at all; the text says where and why."""


@dataclass(frozen=True)
class Finding:
    """Something wrong with a file or one order of it."""

    code: str
    message: str
    order: str = ""
    """The EndToEndId of the order; empty for the whole file."""


@dataclass(frozen=True)
class Order:
    """One credit transfer as it stands in the file. The amount is in hundredths; 0 if it is not readable."""

    instruction_id: str
    end_to_end_id: str
    debtor_account: str
    creditor_account: str
    creditor_name: str
    creditor_address: str
    amount: int
    currency: str
    title: str
    execution_date: date | None
    instrument: str = ""
    """Of LclInstrm."""

    service_level: str = ""
    """Of SvcLvl."""

    priority: str = ""
    """InstrPrty: NORM or HIGH."""

    charge_bearer: str = ""
    """ChrgBr: SLEV, SHAR, DEBT or CRED."""

    tax: tuple[tuple[str, str], ...] = ()
    """Label and value of what a payment to a tax office is for."""


class _Codes(NamedTuple):
    """What selects the kind of an order; a transfer's own codes go before those of its block."""

    instrument: str
    service_level: str
    priority: str
    charge_bearer: str


@dataclass(frozen=True)
class OrderFile:
    """A file with what is wrong in it."""

    message_id: str
    orders: tuple[Order, ...]
    findings: tuple[Finding, ...]


def read_file(data: bytes) -> OrderFile:
    """Read an order file.

    Raises:
        FileRefused: it is no pain.001 of these versions, or lacks what its orders could not be told apart without.
    """
    try:
        root = parse_strictly(data)
        if root.tag not in {f"{{{namespace}}}Document" for namespace in NAMESPACES}:
            raise FileRefused(f"the root element is {root.tag}, not Document of pain.001.001.03 or .09")
        local_names(root)
    except XmlRefused as error:
        raise FileRefused(str(error)) from None
    message_id = _text(root, "CstmrCdtTrfInitn/GrpHdr/MsgId")
    payments = root.findall("CstmrCdtTrfInitn/PmtInf")
    if not 1 <= len(message_id) <= _ID_LENGTH or not payments:
        raise FileRefused("GrpHdr/MsgId (1 to 35 characters) or PmtInf is missing")
    orders: list[Order] = []
    findings: list[Finding] = []
    for payment in payments:
        found = _payment(payment, findings)
        findings += _totals(payment, found, f"PmtInf {_text(payment, 'PmtInfId')}", required=False)
        orders += found
    header = root.find("CstmrCdtTrfInitn/GrpHdr")
    if header is not None:
        findings += _totals(header, orders, "GrpHdr", required=True)
    return OrderFile(message_id, tuple(orders), tuple(findings))


def _payment(payment: etree._Element, findings: list[Finding]) -> list[Order]:
    place = f"PmtInf {_text(payment, 'PmtInfId')}"
    if _text(payment, "PmtMtd") != "TRF":
        findings.append(Finding("PAYMENT_METHOD", f"{place}: PmtMtd is not TRF"))
    execution = _text(payment, "ReqdExctnDt/Dt") or _text(payment, "ReqdExctnDt")
    try:
        execution_date = date.fromisoformat(execution[:10])
    except ValueError:
        execution_date = None
        findings.append(Finding("EXECUTION_DATE", f"{place}: ReqdExctnDt {execution!r} is not a date"))
    debtor = _account(payment, "DbtrAcct")
    if not is_nrb(debtor):
        findings.append(Finding("DEBTOR_ACCOUNT", f"{place}: debtor account {debtor!r} is not a right NRB"))
    orders = []
    block = _codes(payment)
    for transfer in payment.findall("CdtTrfTxInf"):
        order = _order(transfer, debtor, execution_date, block)
        findings += check(order)
        orders.append(order)
    if not orders:
        findings.append(Finding("NO_ORDERS", f"{place}: has no CdtTrfTxInf"))
    return orders


def _codes(level: etree._Element) -> _Codes:
    """The codes of a block, or of a transfer."""
    kind = level.find("PmtTpInf")
    bearer = _text(level, "ChrgBr")
    if kind is None:
        return _Codes("", "", "", bearer)
    instrument, service_level = (
        _text(kind, f"{name}/Cd") or _text(kind, f"{name}/Prtry") for name in ("LclInstrm", "SvcLvl")
    )
    # One word, however it is written.
    instrument = instrument.upper().replace(" ", "").replace("_", "")
    return _Codes(instrument, service_level, _text(kind, "InstrPrty"), bearer)


def _order(transfer: etree._Element, debtor: str, execution_date: date | None, block: _Codes) -> Order:
    amount = transfer.find("Amt/InstdAmt")
    currency = (amount.get("Ccy") or "") if amount is not None else ""
    try:
        minor = to_minor((amount.text or "").strip() if amount is not None else "")
    except ValueError:
        minor = 0
    address = [(item.text or "").strip() for item in transfer.findall("Cdtr/PstlAdr/AdrLine")]
    title = "".join(item.text or "" for item in transfer.findall("RmtInf/Ustrd")).strip()
    own = _codes(transfer)
    return Order(
        instruction_id=_text(transfer, "PmtId/InstrId"),
        end_to_end_id=_text(transfer, "PmtId/EndToEndId"),
        debtor_account=debtor,
        creditor_account=_account(transfer, "CdtrAcct"),
        creditor_name=_text(transfer, "Cdtr/Nm"),
        creditor_address=" ".join(address),
        amount=max(minor, 0),
        currency=currency,
        title=title,
        execution_date=execution_date,
        instrument=own.instrument or block.instrument,
        service_level=own.service_level or block.service_level,
        priority=own.priority or block.priority,
        charge_bearer=own.charge_bearer or block.charge_bearer,
        tax=tax.from_element(transfer.find("Tax")) or tax.from_title(title),
    )


def check(order: Order) -> list[Finding]:
    """What is wrong with one order taken by itself."""
    rules = (
        (1 <= len(order.instruction_id) <= _ID_LENGTH, "INSTRUCTION_ID", "InstrId must have 1 to 35 characters"),
        (1 <= len(order.end_to_end_id) <= _ID_LENGTH, "END_TO_END_ID", "EndToEndId must have 1 to 35 characters"),
        (order.amount > 0, "AMOUNT", "InstdAmt is not a positive amount with at most two decimals"),
        (bool(re.fullmatch("[A-Z]{3}", order.currency)), "CURRENCY", f"currency {order.currency!r} is none"),
        (1 <= len(order.creditor_name) <= _NAME_LENGTH, "CREDITOR_NAME", "the payee's name must have 1 to 70 signs"),
        (len(order.title) <= _TITLE_LENGTH, "TITLE", "the title is longer than 140 characters"),
        (
            is_nrb(order.creditor_account) or (order.currency != "PLN" and is_iban(order.creditor_account)),
            "CREDITOR_ACCOUNT",
            f"the payee's account {order.creditor_account!r} is not right",
        ),
    )  # fmt: skip
    return [Finding(code, message, order.end_to_end_id) for holds, code, message in rules if not holds]


def _totals(parent: etree._Element, orders: list[Order], place: str, *, required: bool) -> list[Finding]:
    findings = []
    count, total = _text(parent, "NbOfTxs"), _text(parent, "CtrlSum")
    if (count or required) and count != str(len(orders)):
        findings.append(Finding("ORDER_COUNT", f"{place}: NbOfTxs is {count!r}, and there are {len(orders)} orders"))
    if total:
        real = Decimal(sum(order.amount for order in orders)) / 100
        try:
            fits = Decimal(total) == real
        except InvalidOperation:
            fits = False
        if not fits:
            findings.append(Finding("CONTROL_SUM", f"{place}: CtrlSum is {total!r}, and the orders add up to {real}"))
    return findings


def _account(parent: etree._Element, tag: str) -> str:
    return bare_account(_text(parent, f"{tag}/Id/IBAN") or _text(parent, f"{tag}/Id/Othr/Id"))


def _text(parent: etree._Element, path: str) -> str:
    return (parent.findtext(path) or "").strip()
