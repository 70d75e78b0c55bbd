"""Calls about orders: a file handed in, what came of it, how its orders stand.  # L-026"""

import base64
import hashlib

from lxml import etree

from companynet_sandbox.access import refusal
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.bank import order_groups
from companynet_sandbox.bank.order_groups import Submission
from companynet_sandbox.formats.pain import FileRefused, OrderFile, read_file
from companynet_sandbox.service.contract import flag_text, node
from companynet_sandbox.service.guard import Call, authorise
from companynet_sandbox.service.tasks import open_task, poll_task

_FORMAT = "CT_ISO20022"  # L-009


def universal_payment_send(call: Call) -> etree._Element:
    """Take an order file; a repeated id refuses it.

    What is wrong with its orders is told with the task's result, and the caller says whether that is fatal.  # L-237
    """
    dik = authorise(call)
    file = _read(call, base64.b64decode(call.request.text("data")))
    fatal = call.request.flag("validationErrorsAreFatal")
    try:
        taken = order_groups.take(call.db, call.now, dik, file, _submission(call), errors_are_fatal=fatal)
    except order_groups.IdUsed as error:
        name, value = error.name, error.value
        raise Refusal(
            refusal.DUPLICATE_ID,
            f"{name} {value} został już użyty",
            f"{name} {value} was used before; ids serve once",
        ) from None
    errors = [[item.code, item.message, item.order] for item in taken.findings]
    task_id = open_task(call, {"group_id": taken.group_id, "errors": errors})
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
    """The states of a group's orders.  # L-030"""
    dik = authorise(call)
    wanted = call.request.text("orderGroupId")
    rows = order_groups.orders_of(call.db, dik, wanted)
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


def _submission(call: Call) -> Submission:
    # L-028
    request = call.request
    return Submission(
        client_id=request.text("orderMetadata", "clientOrderGroupId"),
        file_name=request.text("orderMetadata", "fileName"),
        login=call.login,
        awaits_funds=request.flag("orderMetadata", "orderAwaitingFunds"),
        editable=request.flag("orderMetadata", "editable"),
        to_authorisation=request.flag("orderMetadata", "sendToAuth"),
    )


def _error(code: str, message: str, order: str) -> etree._Element:
    element = node("ValidationError", node("code", code), node("message", message))
    if order:
        element.append(node("orderReference", order))
    return element
