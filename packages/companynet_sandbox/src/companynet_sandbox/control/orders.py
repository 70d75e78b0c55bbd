"""Requests of the control plane about orders, and faults: what people and the bank's staff do."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any, Final

from companynet_sandbox.access import demands
from companynet_sandbox.access.operations import OPERATIONS
from companynet_sandbox.bank import execution, people
from companynet_sandbox.bank.order_states import STOPPED, move
from companynet_sandbox.books import clock
from companynet_sandbox.books.numbers import bare_account
from companynet_sandbox.control import views
from companynet_sandbox.control.requests import Fields, RequestWrong, as_list


def authorise(db: Connection, body: object) -> dict[str, Any]:
    """Authorise a group's orders, or one of them: as one named person, or as all the people it takes."""
    fields = Fields(body, "authorise")
    group, order, user = _group(fields), fields.text("order_reference", "") or None, fields.text("user", "") or None
    fields.end()
    waiting = [row for row in people.find(db, group, order) if row["status"] in {"TO_AUTH", "IN_AUTH"}]
    if group is not None and not waiting:
        raise RequestWrong(f"group {group}: has no orders that wait for authorisation")
    try:
        return {"authorised": people.authorise(db, clock.bank_now(db), group, order, user)}
    except ValueError as error:
        raise RequestWrong(str(error)) from None


def deny(db: Connection, body: object) -> dict[str, Any]:
    """Refuse orders as the bank."""
    fields = Fields(body, "deny")
    group, order = _group(fields), fields.text("order_reference", "") or None
    reason = fields.text("reason", "Odmowa banku")
    fields.end()
    return {"denied": people.deny(db, clock.bank_now(db), group, order, reason)}


def delete(db: Connection, body: object) -> dict[str, Any]:
    """Delete orders as a person of the customer."""
    fields = Fields(body, "delete")
    group, order = fields.text("group_id"), fields.text("order_reference", "") or None
    fields.end()
    deleted = people.delete(db, clock.bank_now(db), group, order)
    if not deleted:
        raise RequestWrong(f"group {group}: has no such orders")
    return {"deleted": deleted}


def edit(db: Connection, body: object) -> dict[str, Any]:
    """Change values of one order as a person of the customer."""
    fields = Fields(body, "edit")
    given = body if isinstance(body, dict) else {}
    group, order = fields.text("group_id"), fields.text("order_reference")
    changes: dict[str, Any] = {
        name: fields.text(name)
        for name in ("creditor_name", "creditor_address", "title", "charge_bearer", "instrument", "service_level")
        if name in given
    }
    if "creditor_account" in given:
        changes["creditor_account"] = bare_account(fields.text("creditor_account"))
    if "amount" in given:
        changes["amount"] = fields.amount("amount")
    if "execution_date" in given:
        changes["execution_date"] = fields.day("execution_date")
    fields.end()
    try:
        return {"errors": people.edit(db, clock.bank_now(db), group, order, changes)}
    except ValueError as error:
        raise RequestWrong(str(error)) from None


def stop(db: Connection, body: object) -> dict[str, Any]:
    """Stop orders as the bank, until they are released or denied."""
    fields = Fields(body, "stop")
    group, order = _group(fields), fields.text("order_reference", "") or None
    reason = fields.text("reason", "Zatrzymane przez bank")
    fields.end()
    rows = [row for row in people.find(db, group, order) if row["status"] in {"VALIDATED", "REALIZ", "CONDITIONAL"}]
    for row in rows:
        move(db, row["id"], clock.bank_now(db), "STOPPED", reason)
    return {"stopped": len(rows)}


def release(db: Connection, body: object) -> dict[str, Any]:
    """Let stopped orders go on."""
    fields = Fields(body, "release")
    group, order = _group(fields), fields.text("order_reference", "") or None
    fields.end()
    rows = [row for row in people.find(db, group, order) if row["status"] in STOPPED]
    for row in rows:
        execution.release(db, clock.bank_now(db), row["id"])
    return {"released": len(rows)}


def faults(db: Connection, body: object) -> dict[str, Any]:
    """Order faults: by operation and count, or with a probability and a seed."""
    for item in as_list(body):
        fields = Fields(item, "fault")
        if fields.flag("clear"):
            fields.end()
            demands.clear(db)
            continue
        given = item if isinstance(item, dict) else {}
        operation, kind = fields.text("operation", "*"), fields.text("kind")
        if operation != "*" and operation not in OPERATIONS:
            known = ", ".join(OPERATIONS)
            raise RequestWrong(f"fault: operation {operation!r} is not known; there are * for every one, {known}")
        probability = fields.fraction("probability", 1)
        # By chance there is no end to it, unless one is given.
        count = fields.number("count", 1) if "count" in given or probability == 1 else None
        skip, seconds, seed = fields.number("skip", 0), fields.seconds("seconds", 5), fields.text("seed", "")
        fields.end()
        try:
            demands.add(
                db, operation, kind, count=count, skip=skip, seconds=seconds, probability=probability, seed=seed
            )
        except ValueError as error:
            raise RequestWrong(str(error)) from None
    return {"faults": views.faults(db)}


def _group(fields: Fields) -> str | None:
    everything, group = fields.flag("all"), fields.text("group_id", "")
    if everything == bool(group):
        raise RequestWrong('give "group_id" (the bank\'s or the customer\'s), or "all": true')
    return group or None


WRITERS: Final[dict[str, Callable[[Connection, object], Any]]] = {
    "/authorise": authorise,
    "/deny": deny,
    "/orders/edit": edit,
    "/orders/delete": delete,
    "/orders/stop": stop,
    "/orders/release": release,
    "/faults": faults,
}
