"""Orders sent by customers: taken once, kept through their whole life, told about when asked.  # L-026"""

import base64
import hashlib
from sqlite3 import Connection

from lxml import etree

from companynet_sandbox.access import refusal
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.bank import order_rows
from companynet_sandbox.bank.checks import check_for_customer
from companynet_sandbox.bank.kinds import kind_of
from companynet_sandbox.bank.order_states import enter
from companynet_sandbox.books.clock import bank_day
from companynet_sandbox.books.file import next_number, setting
from companynet_sandbox.formats.pain import FileRefused, OrderFile, read_file
from companynet_sandbox.service.contract import flag_text, node
from companynet_sandbox.service.guard import Call, authorise
from companynet_sandbox.service.tasks import open_task, poll_task

_FORMAT = "CT_ISO20022"  # L-009


def universal_payment_send(call: Call) -> etree._Element:
    """Take an order file.

    Its ids may be used once ever: a repeated one is refused and nothing is taken.  # L-204
    What is wrong with orders is told with the task's result. If the caller wants errors to be fatal nothing is taken
    then; else the right orders are, and the wrong ones wait to be edited.  # L-237
    """
    dik = authorise(call)
    data = base64.b64decode(call.request.text("data"))
    file = _read(call, data)
    client_id = call.request.text("orderMetadata", "clientOrderGroupId")
    _check_once(call.db, dik, client_id, file)
    today = bank_day(call.now)
    kinds = [kind_of(call.db, dik, order) for order in file.orders]
    findings = list(file.findings)
    for order, kind in zip(file.orders, kinds, strict=True):
        findings += check_for_customer(call.db, today, dik, order, kind)
    group_id = ""
    fatal = call.request.flag("validationErrorsAreFatal") or any(not item.order for item in findings)
    if not (findings and fatal):
        group_id = _keep(call, dik, file, kinds, {item.order for item in findings})
    errors = [[item.code, item.message, item.order] for item in findings]
    task_id = open_task(call, {"group_id": group_id, "errors": errors})
    return node("universalPaymentSendResponse", node("return", task_id))


def check_payment_send_result(call: Call) -> etree._Element:
    """Say whether a file was looked at, and what came of it.  # L-027"""
    answer = poll_task(call, "universalPaymentSend")
    result = node("return", node("finished", flag_text(answer is not None)))
    if answer is not None:
        if answer["group_id"]:
            result.append(node("groupId", answer["group_id"]))
        if answer["errors"]:
            result.append(node("errors", *(_error(*error) for error in answer["errors"])))
    return node("checkPaymentSendResultResponse", result)


def get_status(call: Call) -> etree._Element:
    """The states of a group's orders; the group by the bank's id, or by the customer's own unless the setting
    ``finds_own_ids`` says otherwise.  # L-011, L-030"""
    dik = authorise(call)
    wanted = call.request.text("orderGroupId")
    own = wanted if setting(call.db, "finds_own_ids") == "true" else None
    rows = call.db.execute(
        "SELECT orders.* FROM orders JOIN order_groups ON order_groups.id = group_id"
        " WHERE order_groups.dik = ? AND (order_groups.id = ? OR client_id = ?) ORDER BY orders.id",
        (dik, wanted, own),
    ).fetchall()
    if not rows:
        raise Refusal(
            refusal.ORDER_GROUP_UNKNOWN,
            f"Nieznana grupa zleceń {wanted}",
            f"Order group {wanted} is not known for DIK {dik}",
        )
    states = []
    for row in rows:
        status = node("status", node("statusKey", row["status"]))
        if row["description"]:
            status.append(node("description", row["description"]))
        states.append(
            node(
                "OrderState",
                node("orderGroupId", row["group_id"]),
                # Which order it is: by the id the customer gave it.  # L-212
                node("orderReference", row["end_to_end_id"]),
                status,
            )
        )
    return node("getStatusResponse", node("return", *states))


def _read(call: Call, data: bytes) -> OrderFile:
    # L-028, L-157
    metadata = {name: call.request.text("orderMetadata", name) for name in ("format", "encoding", "md5")}
    problem = None
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != metadata["md5"]:
        problem = ("suma md5 nie zgadza się z danymi", "md5 does not fit the data")
    elif metadata["format"] != _FORMAT:
        problem = (f"nieobsługiwany format {metadata['format']}", f"format {metadata['format']} is not taken")
    elif metadata["encoding"].lower() not in {"utf8", "utf-8"}:
        problem = (f"nieobsługiwane kodowanie {metadata['encoding']}", "the encoding is not utf8")
    try:
        if problem is None:
            return read_file(data)
    except FileRefused as error:
        problem = (f"plik nie jest poprawnym pain.001 ({error})", str(error))
    assert problem is not None  # noqa: S101 - every way here has set it
    raise Refusal(refusal.ORDER_INVALID, f"Plik odrzucony: {problem[0]}", f"The file is refused: {problem[1]}")


def _check_once(db: Connection, dik: str, client_id: str, file: OrderFile) -> None:
    if db.execute("SELECT 1 FROM order_groups WHERE dik = ? AND client_id = ?", (dik, client_id)).fetchone():
        raise _duplicate("clientOrderGroupId", client_id)
    if db.execute("SELECT 1 FROM order_groups WHERE dik = ? AND message_id = ?", (dik, file.message_id)).fetchone():
        raise _duplicate("MsgId", file.message_id)
    seen: set[str] = set()
    for order in file.orders:
        used = db.execute(
            "SELECT 1 FROM orders WHERE dik = ? AND instruction_id = ?", (dik, order.instruction_id)
        ).fetchone()
        if used or order.instruction_id in seen:
            raise _duplicate("InstrId", order.instruction_id)
        seen.add(order.instruction_id)


def _keep(call: Call, dik: str, file: OrderFile, kinds: list[str], wrong: set[str]) -> str:
    # L-238
    group_id = f"CN{bank_day(call.now):%y%m%d}{next_number(call.db, 'order_groups'):06d}"
    call.db.execute(
        "INSERT INTO order_groups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            group_id,
            dik,
            call.request.text("orderMetadata", "clientOrderGroupId"),
            file.message_id,
            call.request.text("orderMetadata", "fileName"),
            call.login,
            call.now.isoformat(),
            call.request.flag("orderMetadata", "orderAwaitingFunds"),
            call.request.flag("orderMetadata", "editable"),
        ),
    )
    # People authorise in CompanyNet; an order handed on is in authorisation already.  # L-211
    first = "IN_AUTH" if call.request.flag("orderMetadata", "sendToAuth") else "TO_AUTH"
    for order, kind in zip(file.orders, kinds, strict=True):
        status = "TO_EDIT" if order.end_to_end_id in wrong else first
        order_id = order_rows.insert(call.db, group_id, dik, order, kind=kind, status=status)
        enter(call.db, order_id, call.now, status)
    return group_id


def _duplicate(name: str, value: str) -> Refusal:
    return Refusal(
        refusal.DUPLICATE_ID, f"{name} {value} został już użyty", f"{name} {value} was used before; ids serve once"
    )


def _error(code: str, message: str, order: str) -> etree._Element:
    element = node("ValidationError", node("code", code), node("message", message))
    if order:
        element.append(node("orderReference", order))
    return element
