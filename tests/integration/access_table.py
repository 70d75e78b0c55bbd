"""Who may do what, as one table: `test_access_matrix.py` asks the server about every cell.

A new model, wizard, button or route of the modules fails the test until it has its line here.
"""

import datetime as dt
from decimal import Decimal

#: The kinds of user and the groups each is in.
KINDS: dict[str, tuple[str, ...]] = {
    "none": (),
    "creator": ("mbank.group_session_create",),
    "manager": ("mbank.group_session_manage",),
    "accountant": ("account.group_account", "account_statement.group_statement", "mbank.group_statement_download"),
    "payer": ("account_payment.group_payment", "mbank.group_payment_send"),
    "approver": ("mbank.group_payment_approve",),
    "sharer": ("mbank.group_session_create", "mbank.group_share"),
    "auditor": ("mbank.group_audit",),
    "mbank_admin": ("mbank.group_mbank_admin",),
    "erp_admin": ("res.group_admin",),
}

#: Model → kind → reach and letters. Reach: own records, those of the user's head offices, or all. Letters: read,
#: write, create (and copy), delete. Who has no entry may do nothing.
MODELS: dict[str, dict[str, str]] = {
    "mbank.session": {"creator": "own r", "sharer": "own r", "manager": "office r", "auditor": "office r"},
    "mbank.session.dik": {"creator": "own r", "sharer": "own r", "manager": "office r", "auditor": "office r"},
    "mbank.signing.job": {"creator": "own r", "sharer": "own r"},
    "mbank.certificate": {"creator": "own rd", "sharer": "own rd"},
    "mbank.session.event": {"creator": "own r", "sharer": "own r", "manager": "office r", "auditor": "office r"},
    "mbank.ending": {"creator": "own r", "sharer": "own r", "manager": "office r", "auditor": "office r"},
    "mbank.overview": {"manager": "office r", "mbank_admin": "office r"},
    "mbank.call": {"creator": "own r", "sharer": "own r", "manager": "office r", "auditor": "office r"},
    "mbank.call.export": {"auditor": "office r"},
    "mbank.server_key": {"mbank_admin": "all rwd"},
    # No client reaches the pairs but through the key.
    "mbank.server_key.user": {},
    "mbank.share": {"creator": "own r", "sharer": "own r", "manager": "office r", "auditor": "office r"},
    "mbank.share.inbox": {"creator": "own r", "sharer": "own r", "mbank_admin": "all r"},
    "mbank.trusted_source": {"mbank_admin": "all rwcd"},
    "mbank.external_database": {"sharer": "all r", "mbank_admin": "all rwcd"},
    "mbank.database": {"mbank_admin": "all r"},
    "mbank.configuration": {"mbank_admin": "all rwc"},
    # Values of parameters: no client reaches them but through the parameters.
    "mbank.configuration.default_authorising_user": {},
    "mbank.order.batch": {"payer": "office r", "approver": "office r"},
    "mbank.order.batch.status": {"payer": "office r", "approver": "office r"},
    "mbank.payment.event": {"payer": "office r", "approver": "office r"},
    # Written by the server, shown with the payment.
    "mbank.payment.maker": {},
    "mbank.report": {"accountant": "office r"},
    "mbank.statement.account": {"accountant": "office r", "mbank_admin": "office rwcd"},
    "automatic_settlement.configuration": {"accountant": "all r"},
    "automatic_settlement.configuration.value": {},
    "automatic_settlement.proposal": {"accountant": "office r"},
    # Rows that transactions conflict on: no client reaches them.
    "automatic_settlement.turn": {},
}

#: Button → who may press it, on records that are readable.
BUTTONS: dict[tuple[str, str], str] = {
    ("mbank.session", "revoke"): "creator sharer manager",
    ("mbank.session", "share"): "sharer",
    ("mbank.session", "renew"): "creator sharer",
    ("mbank.share", "revoke"): "sharer manager",
    ("mbank.share.inbox", "receive"): "creator sharer mbank_admin",
    ("mbank.external_database", "check_connection"): "mbank_admin",
    ("mbank.database", "declare_compared"): "mbank_admin",
    ("mbank.external_database", "fingerprints_agree"): "mbank_admin",
    ("mbank.trusted_source", "fingerprints_agree"): "mbank_admin",
    ("mbank.configuration", "change_context"): "mbank_admin",
    ("mbank.server_key", "test"): "mbank_admin",
    ("mbank.server_key", "set_pin"): "mbank_admin",
    ("mbank.statement.account", "download_missing"): "accountant",
    ("mbank.report", "import_again"): "accountant",
    ("mbank.order.batch", "send"): "payer",
    ("mbank.order.batch", "send_again"): "payer",
    ("mbank.order.batch", "check_status"): "payer",
    ("mbank.order.batch", "declare_absent"): "payer",
    ("mbank.order.batch", "cancel"): "payer",
    ("mbank.order.batch", "give_up"): "payer",
    ("account.payment", "draft"): "payer",
    ("account.payment", "submit"): "payer",
    ("account.payment", "approve"): "approver",
    ("account.payment", "fail"): "payer",
    ("account.payment", "mbank_fail"): "payer",
    ("account.payment", "succeed"): "payer",
    ("account.statement", "validate_statement"): "accountant",
    ("account.statement", "post"): "accountant",
    # The host leaves it to the administrators of accounting.
    ("account.statement", "cancel"): "",
    ("account.statement", "draft"): "accountant",
    ("account.statement", "apply_rules"): "accountant",
    ("account.statement", "settle"): "accountant",
    ("account.statement", "settle_remaining"): "accountant",
    ("account.statement", "undo_settlements"): "accountant",
    ("account.statement.origin", "accept_proposal"): "accountant",
    ("account.statement.origin", "undo_settlement"): "accountant",
    ("automatic_settlement.proposal", "accept"): "accountant",
}

#: Who reads the host's records that have buttons of ours; what else is done with them is the host's.
HOST_READERS: dict[str, str] = {
    "account.payment": "payer approver",
    "account.statement": "accountant",
    "account.statement.origin": "accountant",
}

#: Wizard → who may begin it and call any of its states.
WIZARDS: dict[str, str] = {
    "mbank.session.create": "creator sharer",
    "mbank.certificate.register": "creator sharer",
    "mbank.context.change": "mbank_admin",
    "mbank.call.export": "auditor",
    "mbank.server_key.register": "mbank_admin",
    "mbank.server_key.pin": "mbank_admin",
    "mbank.server_key.test": "mbank_admin",
    "mbank.session.share": "sharer",
    "mbank.share.receive": "creator sharer mbank_admin",
    "mbank.statement.download": "accountant",
    "mbank.order.batch.declare_absent": "payer",
    "mbank.order.batch.give_up": "payer",
    "mbank.payment.fail": "payer",
}

#: A wizard of the host with a state of ours: (wizard, state) → who.
HOST_WIZARDS: dict[tuple[str, str], str] = {
    ("account.statement.import", "import_"): "accountant",
}

#: Routes of the modules. They know no user: a code or a ticket of one signing job is the right.
ROUTES = {
    "/<database_name>/mbank/signing/job",
    "/<database_name>/mbank/signing/signature",
    "/<database_name>/mbank/signing/declined",
}

#: Who may change all that an order is made of and still approves nothing: no kind of the table, for the ways in.
MASTER_OF_DATA: tuple[str, ...] = (
    "account_payment.group_payment",
    "account.group_account_admin",
    "account.group_account",
    "account_statement.group_statement",
    "party.group_party_admin",
    "bank.group_bank_admin",
    "company.group_company_admin",
)

#: The ERP's times have no zone.
_TIME = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None)

#: What a client may claim of a payment that only buttons and the bank write.
FORGED: tuple[dict[str, object], ...] = (
    {"state": "submitted"},
    {"state": "approved"},
    {"state": "processing"},
    {"state": "succeeded"},
    {"mbank_approved_by": 1},
    {"mbank_approved_at": _TIME},
    {"mbank_submitted_by": 1},
    {"mbank_order": "{}"},
    {"mbank_order_hash": "0" * 64},
    {"mbank_voided": "x"},
    {"mbank_batch": 1},
    {"mbank_end_to_end_id": "x"},
    {"mbank_instruction_id": "x"},
    {"mbank_status_key": "REALIZED"},
    {"mbank_status_text": "x"},
    {"mbank_events": [("create", [{"at": _TIME, "text": "x"}])]},
    {"group": 1},
)

#: What of a payment that was submitted or approved stays as it is.
SUBMITTED: tuple[dict[str, object], ...] = (
    {"amount": Decimal(2)},
    {"date": dt.date(2026, 1, 1)},
    {"reference": "x"},
    {"reference_type": None},
    {"party": 1},
    {"line": None},
    {"kind": "receivable"},
    {"mbank_title": "x"},
    {"mbank_account_number": 1},
)
