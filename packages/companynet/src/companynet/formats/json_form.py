"""Statements as plain JSON values, in the form that scripts rely on."""

from companynet.domain.statement import Balance, Entry, Problem, Statement


def statement_to_json(statement: Statement) -> dict[str, object]:
    """The statement as JSON values: dates ISO, amounts as strings with a point, absent values None."""
    return {
        "source": statement.source,
        "format": statement.format,
        "account": statement.account,
        "currency": statement.currency,
        "number": statement.number,
        "reference": statement.reference,
        "opening_balance": _balance(statement.opening_balance),
        "closing_balance": _balance(statement.closing_balance),
        "available_balance": _balance(statement.available_balance),
        "entries": [entry_to_json(entry) for entry in statement.entries],
        "problems": [problem_to_json(problem) for problem in statement.problems],
    }


def entry_to_json(entry: Entry) -> dict[str, object]:
    """One entry as JSON values; an address is among the details, as ``counterparty_address``."""
    details = dict(entry.details)
    if entry.counterparty_address:
        details.setdefault("counterparty_address", entry.counterparty_address)
    return {
        "value_date": entry.value_date.isoformat(),
        "booking_date": entry.booking_date.isoformat() if entry.booking_date else None,
        "amount": format(entry.amount, "f"),
        "currency": entry.currency,
        "type": entry.type,
        "code": entry.code,
        "code_name": entry.code_name,
        "customer_reference": entry.customer_reference,
        "bank_reference": entry.bank_reference,
        "counterparty_account": entry.counterparty_account,
        "counterparty_name": entry.counterparty_name,
        "remittance": entry.remittance or None,
        "transaction_number": entry.transaction_number,
        "virtual_account": entry.virtual_account,
        "details": details,
        "raw": entry.raw,
    }


def problem_to_json(problem: Problem) -> dict[str, object]:
    """One problem as JSON values."""
    return {"code": problem.code, "text": problem.text, "place": problem.place}


def _balance(balance: Balance | None) -> dict[str, object] | None:
    if balance is None:
        return None
    return {"amount": format(balance.amount, "f"), "date": balance.date.isoformat()}
