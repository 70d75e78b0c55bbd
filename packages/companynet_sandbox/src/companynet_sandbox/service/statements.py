"""Statements of a customer's accounts: made when they are asked for, fetched by polling.  # L-023, L-024"""

import base64
import gzip
from datetime import date

from lxml import etree

from companynet_sandbox.access import refusal
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.accounts import reports
from companynet_sandbox.service.contract import flag_text, node
from companynet_sandbox.service.guard import Call, authorise
from companynet_sandbox.service.tasks import open_task, poll_task


def get_mt940_ex(call: Call) -> etree._Element:
    """Make the statements of all the customer's accounts for the days asked for.

    The setting ``report_format`` chooses their format: the contract knows of MT940 only (L-229).
    """
    dik = authorise(call)
    # A day of the schema may carry a zone, which says nothing here.
    first = date.fromisoformat(call.request.text("from")[:10])
    last = date.fromisoformat(call.request.text("to")[:10])
    if last < first:
        raise Refusal(
            refusal.REQUEST_INVALID, "Data końcowa przed początkową", f"The days {first} to {last} run backwards"
        )
    contents = []
    for content in reports.reports_of_days(call.db, dik, first, last, call.now):
        data = gzip.compress(content, mtime=0) if call.request.flag("compressed") else content
        # XML has no place for 0x01 and 0x03, so the bytes travel as base64.  # L-214
        contents.append(base64.b64encode(data).decode())
    task_id = open_task(call, {"reports": contents})
    return node("getMT940ExResponse", node("return", task_id))


def check_get_mt940_result(call: Call) -> etree._Element:
    """Say whether the statements are ready, and give them out."""
    answer = poll_task(call, "getMT940Ex")
    result = node("return", node("finished", flag_text(answer is not None)))
    if answer is not None:
        result.append(node("reports", *(node("Report", node("content", content)) for content in answer["reports"])))
    return node("checkGetMT940ResultResponse", result)
