"""Every kind of user asks for everything, over JSON-RPC with a session of the server; `access_table.py` says who may.

The requests go through Tryton's own WSGI application and dispatcher, with what an attacker adds: a forged action,
a forged context, records of others. They are rolled back, so that one does not change what the next one finds.
"""

import base64
import contextlib
import datetime as dt
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from trytond.exceptions import UserError
from trytond.model import ModelSingleton, ModelStorage, ModelView
from trytond.model.exceptions import AccessButtonError, AccessError
from trytond.modules.mbank.clock import utcnow
from trytond.modules.mbank.tests.firm import Firm, nrb
from trytond.modules.mbank.tests.tools import configured
from trytond.pool import Pool
from trytond.protocols.jsonrpc import JSONDecoder, JSONEncoder
from trytond.tests.test_tryton import DB_NAME, activate_module, drop_db
from trytond.transaction import Transaction, TransactionError
from trytond.wizard import StateAction, StateTransition, StateView
from trytond.wsgi import app
from werkzeug.test import Client
from werkzeug.wrappers import Response

from tests.integration.access_table import (
    BUTTONS,
    FORGED,
    HOST_READERS,
    HOST_WIZARDS,
    KINDS,
    MASTER_OF_DATA,
    MODELS,
    ROUTES,
    SUBMITTED,
    WIZARDS,
)

PASSWORD = "hasło-do-macierzy-7391"
OURS = ("trytond.modules.mbank.", "trytond.modules.automatic_settlement.")
PREFIXES = ("mbank.", "automatic_settlement.")
#: Models whose records belong to a head office only if credentials are kept per head office.
BY_CONTEXT = {"mbank.session", "mbank.session.dik", "mbank.session.event", "mbank.ending", "mbank.share"}

_raised: list[Exception] = []


@app.error_handler
def _note(_app: Any, _request: Any, error: Exception) -> None:
    _raised.append(error)


@dataclass
class House:
    """The database: who is there and which records there are."""

    tokens: dict[str, str] = field(default_factory=dict)
    """Kind → what its client sends to be known."""

    users: dict[str, int] = field(default_factory=dict)
    """Kind → the id of the user, whose head office is A."""

    records: dict[tuple[str, str], int] = field(default_factory=dict)
    """(model, whose) → id; whose is a kind, "other" in the same head office, or "foreign" in head office B."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Model → the values of a record, where the right to create is only asked for a whole one."""

    payment: dict[str, Any] = field(default_factory=dict)
    """The approved payment, ``id``, and what its order is made of."""

    companies: list[int] = field(default_factory=list)
    """The ids of head offices A and B."""

    answer: Any = None
    """To the last request that was no error."""

    commit: Callable[..., None] = Transaction.commit
    """Of a transaction, for what shall stay."""

    client: Client = field(default_factory=lambda: Client(app, Response))

    def ask(self, kind: str, method: str, *params: Any, **context: Any) -> Exception | None:
        """What a request ended in: the error, or None."""
        _raised.clear()
        message = {"id": 1, "method": method, "params": [*params, {"company": self.companies[0], **context}]}
        answer = self.client.post(
            f"/{DB_NAME}/rpc/",
            data=json.dumps(message, cls=JSONEncoder),
            content_type="application/json",
            headers={"Authorization": self.tokens[kind]},
        )
        if answer.status_code != 200:
            return PermissionError(answer.status_code)
        content = json.loads(answer.data, object_hook=JSONDecoder())
        if "error" in content:
            return _raised[-1]
        self.answer = content["result"]
        return None

    def result(self, kind: str, method: str, *params: Any, **context: Any) -> Any:
        """What a request that is allowed answers."""
        assert self.ask(kind, method, *params, **context) is None
        return self.answer

    def denied(self, kind: str, method: str, *params: Any, **context: Any) -> bool:
        """Whether the right was missing; any other refusal came after that question.

        A button that the state of the record rules out was asked for by somebody who has the right to it.
        """
        error = self.ask(kind, method, *params, **context)
        if isinstance(error, AccessButtonError):
            return not str(error.message).startswith("You can not call")
        if isinstance(error, PermissionError):
            return True
        return isinstance(error, AccessError)

    def record(self, model: str, whose: str) -> int | None:
        """A record, None if the model has none of the sort."""
        return self.records.get((model, whose))


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One database for all, with two head offices; nothing that is asked for stays."""
    activate_module("mbank")
    made = House()
    with configured(), contextlib.ExitStack() as stack:
        commit(build, made)
        for kind in [*KINDS, "deactivated", "master"]:
            made.tokens[kind] = log_in(made.client, kind)
        commit(deactivate, made.users["deactivated"])
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(Transaction, "commit", Transaction.rollback)
        yield made
    drop_db()


def log_in(client: Client, login: str) -> str:
    """A session of the server, as a client begins it."""
    message = {"id": 1, "method": "common.db.login", "params": [login, {"password": PASSWORD}]}
    answer = client.post(f"/{DB_NAME}/rpc/", data=json.dumps(message), content_type="application/json")
    user, session, *_ = json.loads(answer.data)["result"]
    return "Session " + base64.b64encode(f"{login}:{user}:{session}".encode()).decode()


# What is there


def commit(function: Callable[..., None], *args: Any) -> None:
    """Run the function in a transaction, again if it asks for a lock."""
    extras: dict[str, Any] = {}
    while True:
        with Transaction().start(DB_NAME, 1, **extras) as transaction:
            try:
                function(*args)
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)
                continue
            return


def deactivate(user: int) -> None:
    """Let a user go."""
    users = Pool().get("res.user")
    users.write([users(user)], {"active": False})


class Office(Firm):  # type: ignore[misc]
    """A head office with books; its parties have no accounts, which are unique in a database."""

    def __init__(self) -> None:
        super(Firm, self).__init__(bank_accounts=False)
        self.clearing_journal = self.bank_journal


def build(house: House) -> None:
    """Two head offices, a user of each kind in the first, and records of all of them."""
    offices = [Office(), Office()]
    house.companies = [office.company.id for office in offices]
    for kind in [*KINDS, "deactivated", "other", "master"]:
        house.users[kind] = make_user(kind, offices[0])
    owners = {**house.users, "foreign": make_user("foreign", offices[1])}
    for whose, office in (("other", offices[0]), ("foreign", offices[1])):
        with office.opened():
            for model, record in of_office(office).items():
                house.records[model, whose] = record
    database = create("mbank.external_database", code="x", name="X", connection_secret="host=x;username=x;Database=x")
    for whose, user in owners.items():
        office = offices[whose == "foreign"]
        for model, record in of_owner(user, office, database).items():
            house.records[model, whose] = record
    house.values["automatic_settlement.proposal"] = {
        "origin": house.records["account.statement.origin", "other"],
        "related_to": f"account.payment,{house.records['account.payment', 'other']}",
        "account": offices[0].payable.id,
        "amount": 1,
    }
    for model, record in of_database(offices[0]).items():
        house.records[model, "other"] = record
    house.records["mbank.external_database", "other"] = database
    with offices[0].opened():
        house.payment = approved_payment(offices[0], house.users["approver"])


def make_user(login: str, office: Office) -> int:
    """A user with the groups of the kind; one that was let go had them all."""
    data = Pool().get("ir.model.data")
    names = MASTER_OF_DATA if login == "master" else KINDS.get(login, ())
    if login == "deactivated":
        names = tuple({group for groups in KINDS.values() for group in groups})
    return create(
        "res.user", name=login, login=login, password=PASSWORD, companies=[("add", [office.company.id])],
        company=office.company.id, groups=[("add", [data.get_id(*name.split(".")) for name in names])],
    )  # fmt: skip


def create(model: str, **values: Any) -> int:
    """The id of a new record."""
    [record] = Pool().get(model).create([values])
    return int(record.id)


def insert(model: str, **values: Any) -> int:
    """The id of a new row, past what the model checks."""
    table = Pool().get(model).__table__()
    cursor = Transaction().connection.cursor()
    cursor.execute(*table.insert([getattr(table, name) for name in values], [list(values.values())]))
    cursor.execute(*table.select(table.id, order_by=table.id.desc, limit=1))
    return int(cursor.fetchone()[0])


def of_owner(user: int, office: Office, database: int) -> dict[str, int]:
    """Records that belong to a user."""
    now = utcnow()
    session = insert(
        "mbank.session", user=user, context_key="database", state="active", finish_pending=False,
        end=now + dt.timedelta(days=30),
    )  # fmt: skip
    return {
        "mbank.session": session,
        "mbank.session.event": insert(
            "mbank.session.event", session=session, time=now, before="awaiting_signature", after="active"
        ),
        # What ends is read from the sessions and the certificates (ending.py).
        "mbank.ending": session * 2,
        "mbank.session.dik": insert("mbank.session.dik", session=session, dik="1", asked=True, granted=True),
        "mbank.signing.job": insert(
            "mbank.signing.job", user=user, context_key="database", state="cancelled", way="workstation", made=now,
            signatures=0, content="{}",
        ),
        "mbank.certificate": insert("mbank.certificate", user=user, name="C", fingerprint=f"F{user}", valid_to=now),
        "mbank.call": insert(
            "mbank.call", time=now, operation="logout", company=office.company.id, requester=user, authoriser=user,
            session_number=session, outcome="accepted",
        ),
        "mbank.share": insert(
            "mbank.share", identity=f"S{user}", session=session, database=database, target_identity="T", user_id=1,
            user_login="x", head_office_id=1, dik="1", shared_at=now, expires=now, state="shared",
        ),
        "mbank.share.inbox": insert("mbank.share.inbox", source="S", state="opened", session=session),
    }  # fmt: skip


def of_office(office: Office) -> dict[str, int]:
    """Records that belong to a head office."""
    now = utcnow()
    today = now.date()
    company = office.company.id
    journal, _ = office.new_journal()
    payments = office.new_payment_journal()
    group = create("account.payment.group", company=company, journal=payments.id, kind="payable")
    payment = create(
        "account.payment", company=company, journal=payments.id, kind="payable", party=office.alfa.id, amount=1,
        date=today,
    )  # fmt: skip
    batch = create(
        "mbank.order.batch", company=company, group=group, order_count=1, amount=1,
        client_order_group_id=f"G{company}", message_id=f"M{company}", file_name="x", data=b"x", md5="x",
        created_at=now,
    )  # fmt: skip
    statement = create(
        "account.statement", name="1", company=company, journal=journal.id, date=today, start_balance=0,
        end_balance=1, origins=[("create", [{"number": "1", "date": today, "amount": 1}])],
    )  # fmt: skip
    [origin] = Pool().get("account.statement")(statement).origins
    [overview, *_] = Pool().get("mbank.overview").search([("company", "=", company)])
    return {
        "account.payment.group": group,
        "mbank.overview": overview.id,
        "mbank.order.batch": batch,
        "mbank.order.batch.status": create("mbank.order.batch.status", batch=batch, at=now),
        "mbank.report": create(
            "mbank.report", name="R", company=company, task_id="T", position=1, fetched_at=now, date_from=today,
            date_to=today, content=b"x", sha256="x",
        ),
        "mbank.call.export": insert(
            "mbank.call.export", time=now, date_from=today, date_to=today, company=company, rows=0, sha256="x"
        ),
        "mbank.statement.account": create(
            "mbank.statement.account", company=company, journal=journal.id, first_day=today
        ),
        "account.payment": payment,
        "mbank.payment.event": create("mbank.payment.event", payment=payment, at=now, text="x"),
        "mbank.payment.maker": create("mbank.payment.maker", payment=payment, user=1),
        "account.statement": statement,
        "account.statement.origin": origin.id,
        "automatic_settlement.proposal": create(
            "automatic_settlement.proposal", origin=origin.id, related_to=f"account.payment,{payment}",
            account=office.payable.id, amount=1,
        ),
        "automatic_settlement.turn": create("automatic_settlement.turn", company=company, taken=1),
    }  # fmt: skip


def approved_payment(office: Office, approver: int) -> dict[str, Any]:
    """A payment of an invoice that waits for its order, with what the order is made of."""
    pool = Pool()
    party = office.create_party("Omega sp. z o.o.", nrb(7001, bank="10901014"))
    invoice = office.create_invoice(1, type="in", party=party, post=False)
    invoice.supplier_payment_reference = "FV 7/2026"
    invoice.save()
    invoice.post([invoice])
    journal = office.new_payment_journal()
    journal.name = "Omega orders"
    journal.save()
    _, account = office.new_account()
    payments = pool.get("account.payment")
    payment = payments(create(
        "account.payment", company=office.company.id, journal=journal.id, kind="payable", party=party.id, amount=1,
        date=dt.date.today(), line=invoice.lines_to_pay[0].id,
    ))  # fmt: skip
    payments.submit([payment])
    with Transaction().set_user(approver):
        payments.approve([payments(payment.id)])
    [number] = party.bank_accounts[0].numbers
    return {
        "id": payment.id, "party": party.id, "account": party.bank_accounts[0].id, "number": number.id,
        "address": party.addresses[0].id, "journal": journal.id, "invoice": invoice.id, "line": payment.line.id,
        "other_account": account.numbers[0].id, "own_party": office.company.party.id,
        "manual": create(
            "account.payment.journal", name="By hand", company=office.company.id, currency=office.pln.id,
            process_method="manual",
        ),
    }  # fmt: skip


def of_database(office: Office) -> dict[str, int]:
    """Records that belong to all."""
    settlement = create("automatic_settlement.configuration")
    key = insert("mbank.server_key", name="K", kind="pkcs12", fingerprint="F", pin_way="asked", pin_tried=False)
    return {
        "mbank.configuration": create("mbank.configuration"),
        "mbank.configuration.default_authorising_user": create(
            "mbank.configuration.default_authorising_user", company=office.company.id
        ),
        "mbank.database": Pool().get("mbank.database").get_singleton().id,
        "mbank.server_key": key,
        "mbank.server_key.user": insert("mbank.server_key.user", key=key, user=1),
        "mbank.trusted_source": insert("mbank.trusted_source", name="S", public_identity="P", identity="I"),
        "automatic_settlement.configuration": settlement,
        "automatic_settlement.configuration.value": create(
            "automatic_settlement.configuration.value", company=office.company.id
        ),
    }


@pytest.fixture(params=["database", "head office"])
def context(house: House, request: pytest.FixtureRequest) -> str:
    """What sessions are kept for; those of the table follow."""
    set_context(house, request.param)
    return str(request.param)


def set_context(house: House, context: str) -> None:
    """Let the sessions belong to the database, or each to the head office of its user."""
    session = Pool(DB_NAME).get("mbank.session").__table__()
    configuration = Pool(DB_NAME).get("mbank.configuration").__table__()
    per_company = context == "head office"
    with Transaction().start(DB_NAME, 0) as transaction:
        cursor = transaction.connection.cursor()
        cursor.execute(*configuration.update([configuration.credentials_per_company], [per_company]))
        for (model, whose), record in house.records.items():
            if model == "mbank.session":
                company = house.companies[whose == "foreign"] if per_company else None
                key = f"company,{company}" if company else "database"
                cursor.execute(
                    *session.update(
                        [session.company, session.context_key], [company, key], where=session.id == record
                    )
                )
        # Commits are rolled back here (see house): this one is meant.
        transaction.connection.commit()


# The table


def reach_of(model: str, kind: str) -> tuple[str, str]:
    """How far the rights of the kind reach in the model, and which they are."""
    if model in HOST_READERS:
        return ("office", "r") if kind in HOST_READERS[model].split() else ("", "")
    reach, letters = MODELS[model].get(kind, " ").split(" ", 1)
    return reach, letters


def reaches(model: str, kind: str, whose: str, context: str) -> bool:
    """Whether the kind has its rights on this record."""
    reach, _ = reach_of(model, kind)
    near = {"": (), "own": ("own",), "office": ("own", "other"), "all": ("own", "other", "foreign")}[reach]
    if whose == "foreign" and reach == "office" and model in BY_CONTEXT and context == "database":
        return True
    return whose in near


def places(house: House, model: str, kind: str) -> Iterator[tuple[str, int]]:
    """The records the kind tries: its own, another's, a foreign one."""
    for whose, key in (("own", kind), ("other", "other"), ("foreign", "foreign")):
        record = house.record(model, key)
        if record is not None:
            yield whose, record


def wrong(kind: str, what: str, expected: bool, denied: bool) -> list[str]:
    """A line about a cell that is not as the table says."""
    if denied != expected:
        return []
    return [f"{kind}: {what} is {'allowed' if not denied else 'denied'}"]


@pytest.mark.usefixtures("house")
def test_every_model_button_wizard_and_route_is_in_the_table() -> None:
    """What the modules add without a line in the table fails here, and a line without a thing too."""
    pool = Pool(DB_NAME)
    models = {
        name for name, model in pool.iterobject("model")
        if name.startswith(PREFIXES) and issubclass(model, ModelStorage)
    }  # fmt: skip
    assert models == set(MODELS)
    buttons = {
        (name, button) for name, model in pool.iterobject("model") if issubclass(model, ModelView)
        for button in model._buttons if is_ours(model, button)
    }  # fmt: skip
    assert buttons == set(BUTTONS)
    assert {name for name, _ in pool.iterobject("wizard") if name.startswith(PREFIXES)} == set(WIZARDS)
    extended = {
        name for name, wizard in pool.iterobject("wizard")
        if not name.startswith(PREFIXES) and any(base.__module__.startswith(OURS) for base in wizard.__mro__)
    }  # fmt: skip
    assert extended == {name for name, _ in HOST_WIZARDS}
    assert not [name for name, _ in pool.iterobject("report") if name.startswith(PREFIXES)]
    assert {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.__module__.startswith(OURS)} == ROUTES


def is_ours(model: Any, button: str) -> bool:
    """Whether one of our modules defines or extends the button."""
    return any(base.__module__.startswith(OURS) and button in vars(base) for base in inspect.getmro(model))


def is_stored(model: str) -> bool:
    """Whether the model is ours and keeps records: of one that is a query nothing is ever written."""
    return model in MODELS and not callable(getattr(Pool(DB_NAME).get(model), "table_query", None))


@pytest.mark.parametrize("kind", KINDS)
def test_records(house: House, context: str, kind: str) -> None:
    """Each kind reads, writes, deletes and copies the records of the table and no others, nor creates any."""
    lines = []
    for model in [*MODELS, *HOST_READERS]:
        _, letters = reach_of(model, kind)
        for whose, record in places(house, model, kind):
            near = reaches(model, kind, whose, context)
            calls = {"r": ("read", [record], ["id"])}
            if context == "database" and is_stored(model):
                calls |= {"w": ("write", [record], {}), "d": ("delete", [record])}
                if whose == "other" and not issubclass(Pool(DB_NAME).get(model), ModelSingleton):
                    calls |= {"c": ("copy", [record])}
            for letter, (method, *params) in calls.items():
                denied = house.denied(kind, f"model.{model}.{method}", *params)
                lines += wrong(kind, f"{method} {whose} {model}", near and letter in letters, denied)
        if context == "database" and is_stored(model):
            denied = house.denied(kind, f"model.{model}.create", [house.values.get(model, {})])
            lines += wrong(kind, f"create {model}", "c" in letters, denied)
    assert lines == []


@pytest.mark.parametrize("kind", KINDS)
def test_buttons(house: House, context: str, kind: str) -> None:
    """A button answers who has its right, on records that are theirs to see."""
    lines = []
    for (model, button), who in BUTTONS.items():
        for whose, record in places(house, model, kind):
            near = reaches(model, kind, whose, context) and kind in who.split()
            if model == "mbank.share" and button == "revoke" and kind == "sharer" and whose != "own":
                near = False
            denied = house.denied(kind, f"model.{model}.{button}", [record], **forged(house))
            lines += wrong(kind, f"{button} {whose} {model}", near, denied)
    assert lines == []


def forged(house: House) -> dict[str, Any]:
    """A context that claims everything there is to claim."""
    everything = list(range(1, 1000))
    return {
        "company": house.companies[1], "companies": house.companies, "_companies": house.companies,
        "groups": everything, "_groups": everything, "user": 1, "_user": 1, "_check_access": False,
        "_skip_warnings": True,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_wizards(house: House, kind: str) -> None:
    """Who has no right begins no wizard and calls none of its states, whatever action and context are claimed.

    Whoever has it is let in everywhere; what is missing for the state is said there.
    """
    lines = []
    for name, wizard in Pool(DB_NAME).iterobject("wizard"):
        if name not in WIZARDS:
            continue
        allowed = kind in WIZARDS[name].split()
        claims = forged(house)
        if allowed:
            # The own head office: a foreign one is refused to everybody, see below.
            claims["company"] = house.companies[0]
        for context in ({}, {"action_id": 10**6}, {"action_id": 10**6, **claims}):
            denied = house.denied(kind, f"wizard.{name}.create", **context)
            lines += wrong(kind, f"begin {name} with {sorted(context)}", allowed, denied)
            session = wizard_session(house)
            for state in states_of(wizard):
                denied = house.denied(kind, f"wizard.{name}.execute", session, {}, state, **context)
                lines += wrong(kind, f"{state} of {name} with {sorted(context)}", allowed, denied)
    for (name, state), who in HOST_WIZARDS.items():
        data = {"start": {"company": house.companies[0], "file_": b"x", "file_format": "mbank_mt940"}}
        denied = house.denied(kind, f"wizard.{name}.execute", wizard_session(house), data, state, action_id=10**6)
        lines += wrong(kind, f"{state} of {name}", kind in who.split(), denied)
    assert lines == []


def states_of(wizard: Any) -> list[str]:
    """The states a client can call."""
    return sorted(
        name for name, state in wizard.states.items() if isinstance(state, StateView | StateTransition | StateAction)
    )


def wizard_session(house: House) -> int:
    """The session of a wizard somebody has begun."""
    if ("wizard", "other") not in house.records:
        with Transaction().start(DB_NAME, 1) as transaction:
            house.records["wizard", "other"] = create("ir.session.wizard")
            transaction.connection.commit()
    return house.records["wizard", "other"]


@pytest.mark.parametrize(
    ("name", "state", "data"),
    [
        ("mbank.session.create", "result", {"result": {"session_id": ("mbank.session", "other")}}),
        ("mbank.session.share", "target", {"start": {"session": ("mbank.session", "other")}}),
        ("mbank.session.share", "connect", {"start": {"session": ("mbank.session", "other")}}),
        ("mbank.session.share", "share_", {"start": {"session": ("mbank.session", "other")}}),
        ("mbank.session.share", "result", {"result": {"share_id": ("mbank.share", "other")}}),
        ("mbank.session.create", "waiting", {"waiting": {"job": ("mbank.signing.job", "other")}}),
        ("mbank.session.create", "by_hand", {"by_hand": {"job": ("mbank.signing.job", "other")}}),
        ("mbank.session.create", "over", {"over": {"job": ("mbank.signing.job", "other")}}),
        ("mbank.session.create", "cancel_", {"waiting": {"job": ("mbank.signing.job", "other")}}),
        ("mbank.session.create", "check_", {"waiting": {"job": ("mbank.signing.job", "other")}}),
    ],
)
def test_a_wizard_shows_nothing_of_others(house: House, name: str, state: str, data: dict[str, Any]) -> None:
    """The number of another's record in the data of a wizard is refused, with the right to the wizard too."""
    filled = {
        view: {field: house.records[reference] for field, reference in values.items()}
        for view, values in data.items()
    }
    error = house.ask("sharer", f"wizard.{name}.execute", wizard_session(house), filled, state)
    assert isinstance(error, UserError)
    own = {
        view: {field: house.records[reference[0], "sharer"] for field, reference in values.items()}
        for view, values in data.items()
    }
    error_of_own = house.ask("sharer", f"wizard.{name}.execute", wizard_session(house), own, state)
    assert error_of_own is None or str(error_of_own) != str(error)


@pytest.mark.parametrize("company", [0, 1])
def test_a_download_is_for_the_head_offices_of_the_user(house: House, company: int) -> None:
    """With the right to download statements, those of a foreign head office are refused all the same."""
    today = dt.date.today()
    data = {"start": {"company": house.companies[company], "date_from": today, "date_to": today}}
    denied = house.denied(
        "accountant", "wizard.mbank.statement.download.execute", wizard_session(house), data, "download"
    )
    assert denied == bool(company)


@pytest.mark.parametrize("company", [0, 1])
def test_an_import_is_for_the_head_offices_of_the_user(house: House, company: int) -> None:
    """A file is not read for a foreign head office: the answer tells which statements it has."""
    data = {"start": {"company": house.companies[company], "file_": b"x", "file_format": "mbank_mt940"}}
    denied = house.denied(
        "accountant", "wizard.account.statement.import.execute", wizard_session(house), data, "import_"
    )
    assert denied == bool(company)


def test_who_was_let_go_is_out(house: House) -> None:
    """A deactivated user with every right and a session of the server from before is answered nothing."""
    assert isinstance(house.ask("none", "model.res.user.get_preferences", True), type(None))
    for model, button in BUTTONS:
        for method, params in (("read", (["id"],)), (button, ())):
            record = house.records[model, "other"]
            error = house.ask("deactivated", f"model.{model}.{method}", [record], *params)
            assert isinstance(error, PermissionError)
    for name in WIZARDS:
        assert isinstance(house.ask("deactivated", f"wizard.{name}.create"), PermissionError)


def test_routes_know_no_user(house: House) -> None:
    """A session of the server is no right at the signer's routes: the code or the ticket of a job is."""
    for rule in sorted(ROUTES):
        answer = house.client.post(
            rule.replace("<database_name>", DB_NAME),
            data=json.dumps({"v": 1, "code": "x" * 43, "client": "test", "round": 1, "signature": "eA=="}),
            content_type="application/json", headers={"Authorization": house.tokens["creator"]},
        )  # fmt: skip
        assert answer.status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_payments_for_the_bank_are_approved_by_the_button_alone(house: House, kind: str) -> None:
    """Nobody writes or makes a payment that counts as approved, whatever fields the client sends."""
    payment = house.records["account.payment", "other"]
    for values in FORGED:
        assert house.denied(kind, "model.account.payment.write", [payment], values), values


@pytest.mark.parametrize("method", ["mbank", "manual"])
def test_no_way_in_forges_an_approval(house: House, method: str) -> None:
    """Neither making, copying, importing nor writing fills in what buttons write, in a journal of any method."""
    journal = house.payment["journal" if method == "mbank" else "manual"]
    whole = {
        "company": house.companies[0], "journal": journal, "kind": "payable", "party": house.payment["party"],
        "amount": Decimal(1), "date": dt.date.today(),
    }  # fmt: skip
    columns = ["journal", "kind", "party", "amount", "date"]
    row = ["Omega orders" if method == "mbank" else "By hand", "payable", "Omega sp. z o.o.", "1", "2026-01-02"]
    assert house.ask("master", "model.account.payment.import_data", columns, [row]) is None
    assert house.ask("master", "model.account.payment.create", [whole]) is None
    payment = house.records["account.payment", "other"]
    for values in FORGED:
        assert house.denied("master", "model.account.payment.create", [{**whole, **values}]), values
        assert house.denied("master", "model.account.payment.write", [payment], {"journal": journal, **values}), (
            values
        )
        if "mbank_events" in values:
            continue
        assert house.denied("master", "model.account.payment.copy", [payment], values), values
        [(name, value)] = values.items()
        context = {f"default_{name}": value}
        assert house.ask("master", "model.account.payment.create", [whole], **context) is None, values
        defaults = house.result("master", "model.account.payment.default_get", [name], **context)
        assert defaults.get(name) in (None, "draft"), values
    for name, value in (("state", "approved"), ("mbank_order_hash", "x"), ("mbank_end_to_end_id", "x")):
        assert house.denied("master", "model.account.payment.import_data", [*columns, name], [[*row, value]]), name


def test_what_was_approved_is_written_by_nobody(house: House) -> None:
    """Who may change all master data changes no approved payment: itself, through its group, line or batch."""
    payment = house.payment["id"]
    group = house.records["account.payment.group", "other"]
    for values in (*SUBMITTED, *FORGED, {"journal": house.payment["manual"]}):
        assert house.denied("master", "model.account.payment.write", [payment], values), values
        through = {"payments": [("write", [payment], values)]}
        assert house.denied("master", "model.account.payment.group.write", [group], through), values
        assert house.denied("master", "model.account.move.line.write", [house.payment["line"]], through), values
    for way in ("add", "remove"):
        through = {"payments": [(way, [payment])]}
        assert house.denied("master", "model.account.payment.group.write", [group], through)
        batch = house.records["mbank.order.batch", "other"]
        assert house.denied("master", "model.mbank.order.batch.write", [batch], through)
    assert house.denied("master", "model.account.payment.delete", [payment])
    for journal, method in ((house.payment["journal"], "manual"), (house.payment["manual"], "mbank")):
        changed = house.ask("master", "model.account.payment.journal.write", [journal], {"process_method": method})
        assert isinstance(changed, UserError)
    title = {"supplier_payment_reference": "FV 8/2026"}
    assert house.denied("master", "model.account.invoice.write", [house.payment["invoice"]], title)
    for method, *args in (("succeed",), ("fail",), ("proceed",), ("approve",), ("submit",)):
        error = house.ask("master", f"model.account.payment.{method}", [payment], *args)
        assert isinstance(error, AccessError | AccessButtonError), method


def test_master_data_changed_by_a_client_void_the_approval(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change is let through, its payment is not: it is approved anew, by a sentence that names who changed it."""
    monkeypatch.setattr(Transaction, "commit", house.commit)
    data = house.payment
    payment = [data["id"]]
    new_number = {"numbers": [("create", [{"type": "iban", "number": nrb(7004, bank="10901014")}])]}
    changes: list[tuple[str, int, dict[str, Any]]] = [
        ("bank.account.number", data["number"], {"number": nrb(7002, bank="10901014")}),
        ("bank.account", data["account"], {"numbers": [("delete", [data["number"]]), *new_number["numbers"]]}),
        ("party.party", data["party"], {"name": "Inna sp. z o.o."}),
        ("party.address", data["address"], {"city": "Radom"}),
        ("account.payment.journal", data["journal"], {"mbank_account_number": data["other_account"]}),
        ("bank.account.number", data["other_account"], {"number": nrb(7003)}),
        ("party.party", data["own_party"], {"name": "My sp. z o.o."}),
    ]
    for model, record, values in changes:
        assert house.ask("master", f"model.{model}.write", [record], values) is None, model
        claims = {"active_model": "account.payment", "active_ids": payment, "active_id": payment[0]}
        session = house.result("payer", "wizard.account.payment.process.create", **claims)[0]
        done = house.result("payer", "wizard.account.payment.process.execute", session, {}, "process", **claims)
        assert not done.get("actions"), model
        names = ["state", "mbank_voided", "mbank_approved_by", "mbank_batch"]
        [row] = house.result("approver", "model.account.payment.read", payment, names)
        assert (row["state"], row["mbank_approved_by"], row["mbank_batch"]) == ("submitted", None, None), model
        assert "changed by master" in row["mbank_voided"], model
        assert house.ask("approver", "model.account.payment.approve", payment) is None, model
