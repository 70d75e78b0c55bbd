"""Orders as rows of the books."""

import json
from datetime import date
from sqlite3 import Connection, Row
from typing import Any

from companynet_sandbox.formats.pain import Order
from companynet_sandbox.formats.split_payment import vat_of_title


def insert(db: Connection, group_id: str, dik: str, order: Order, *, kind: str, status: str) -> int:
    """Write a new order with its first state, which is not in its history by that; its id."""
    values = {
        "group_id": group_id,
        "dik": dik,
        "instruction_id": order.instruction_id,
        "end_to_end_id": order.end_to_end_id,
        "status": status,
        **_values(order, kind),
    }
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    cursor = db.execute(f"INSERT INTO orders ({names}) VALUES ({marks})", values)  # noqa: S608 - names of columns
    assert cursor.lastrowid is not None  # noqa: S101 - a row was written
    return cursor.lastrowid


def update(db: Connection, order_id: int, order: Order, kind: str) -> None:
    """Write what an edited order says; its ids stay."""
    values = _values(order, kind)
    changes = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(f"UPDATE orders SET {changes} WHERE id = :id", {**values, "id": order_id})  # noqa: S608 - names


def read(row: Row) -> Order:
    """The order a row holds, as it would stand in a file."""
    return Order(
        instruction_id=row["instruction_id"],
        end_to_end_id=row["end_to_end_id"],
        debtor_account=row["debtor_account"],
        creditor_account=row["creditor_account"],
        creditor_name=row["creditor_name"],
        creditor_address=row["creditor_address"],
        amount=row["amount"],
        currency=row["currency"],
        title=row["title"],
        execution_date=date.fromisoformat(row["execution_date"]) if row["execution_date"] else None,
        instrument=row["instrument"],
        service_level=row["service_level"],
        priority=row["priority"],
        charge_bearer=row["charge_bearer"],
        tax=tuple((label, value) for label, value in json.loads(row["tax"])),
    )


def _values(order: Order, kind: str) -> dict[str, Any]:
    return {
        "debtor_account": order.debtor_account,
        "creditor_account": order.creditor_account,
        "creditor_name": order.creditor_name,
        "creditor_address": order.creditor_address,
        "amount": order.amount,
        "currency": order.currency,
        "title": order.title,
        "execution_date": order.execution_date.isoformat() if order.execution_date else "",
        "kind": kind,
        "split_vat": vat_of_title(order.title),
        "charge_bearer": order.charge_bearer,
        "instrument": order.instrument,
        "service_level": order.service_level,
        "priority": order.priority,
        "tax": json.dumps(order.tax, ensure_ascii=False),
    }
