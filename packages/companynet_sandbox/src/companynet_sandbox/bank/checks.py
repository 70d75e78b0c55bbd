"""What is wrong with an order, when it is sent and when it was edited."""

from datetime import date, timedelta
from sqlite3 import Connection

from companynet_sandbox.accounts.posting import account_row
from companynet_sandbox.bank.kinds import check_kind
from companynet_sandbox.formats.pain import Finding, Order

#: How far ahead an order's day may be.  # L-233
_HORIZON = timedelta(days=366)


def check_for_customer(db: Connection, today: date, dik: str, order: Order, kind: str) -> list[Finding]:
    """What only the bank can find: whose account, which currency, how far ahead, and the rules of the kind."""
    findings = []
    account = account_row(db, order.debtor_account)
    if account is None or account["dik"] != dik:
        findings.append(("DEBTOR_ACCOUNT", f"account {order.debtor_account} is none of customer {dik}"))
    elif account["currency"] != order.currency:
        text = f"an order in {order.currency} cannot be paid from an account in {account['currency']}"
        findings.append(("CURRENCY", text))
    elif _is_vat_account(db, order.debtor_account):
        findings.append(("DEBTOR_ACCOUNT", f"account {order.debtor_account} is for VAT: no orders are paid from it"))
    if order.execution_date and order.execution_date > today + _HORIZON:
        findings.append(("EXECUTION_DATE", f"{order.execution_date} is more than 366 days ahead"))
    found = [Finding(code, text, order.end_to_end_id) for code, text in findings]
    return [*found, *check_kind(order, kind)]


def _is_vat_account(db: Connection, number: str) -> bool:
    return db.execute("SELECT 1 FROM accounts WHERE vat_account = ?", (number,)).fetchone() is not None
