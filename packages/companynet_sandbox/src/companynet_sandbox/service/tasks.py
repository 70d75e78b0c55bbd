"""Tasks: what is asked for now and answered a little later.  # L-023, L-026"""

import json
import secrets
from typing import Any

from lxml import etree

from companynet_sandbox.access import refusal
from companynet_sandbox.access.refusal import Refusal
from companynet_sandbox.books.file import setting
from companynet_sandbox.service.contract import node
from companynet_sandbox.service.guard import Call, authorise


def open_task(call: Call, answer: dict[str, Any]) -> str:
    """Keep an answer for later; the task's id.  # L-238"""
    task_id = f"T{call.now:%Y%m%d}{secrets.token_hex(8).upper()}"
    call.db.execute(
        "INSERT INTO tasks (id, operation, dik, created, polls_left, answer) VALUES (?, ?, ?, ?, ?, ?)",
        (
            task_id,
            call.request.operation,
            call.dik,
            call.now.isoformat(),
            int(setting(call.db, "polls")),
            json.dumps(answer),
        ),
    )
    return task_id


def poll_task(call: Call, operation: str) -> dict[str, Any] | None:
    """The answer of a task of that operation, or None while it is not finished."""
    dik = authorise(call)
    task_id = call.request.text("taskId")
    row = call.db.execute(
        "SELECT * FROM tasks WHERE id = ? AND dik = ? AND operation = ?", (task_id, dik, operation)
    ).fetchone()
    if row is None:
        raise _unknown(task_id)
    if row["polls_left"] > 0:
        call.db.execute("UPDATE tasks SET polls_left = polls_left - 1 WHERE id = ?", (task_id,))
        return None
    answer: dict[str, Any] = json.loads(row["answer"])
    return answer


def confirm_response_received(call: Call) -> etree._Element:
    """Note that the caller has stored the answer of a task; again, too.  # L-025, L-165"""
    dik = authorise(call)
    task_id = call.request.text("taskId")
    done = call.db.execute(
        "UPDATE tasks SET confirmed = coalesce(confirmed, ?) WHERE id = ? AND dik = ? AND polls_left = 0",
        (call.now.isoformat(), task_id, dik),
    ).rowcount
    if not done:
        raise _unknown(task_id)
    return node("confirmResponseReceivedResponse")


def _unknown(task_id: str) -> Refusal:
    return Refusal(
        refusal.REQUEST_INVALID, f"Nieznane zadanie {task_id}", f"Task {task_id} is not known, or not finished"
    )
